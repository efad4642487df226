#include "figures.h"

#include "text.h"

#include <string.h>

const Vsm__V1__StageWindow *vsm_stage_window(const Vsm__V1__Stage *stage, const char *window) {
  for (size_t i = 0; i < stage->n_windows; i++)
    if (strcmp(stage->windows[i]->window, window) == 0)
      return stage->windows[i];
  return stage->n_windows ? stage->windows[0] : NULL;
}

const Vsm__V1__StreamWindow *vsm_stream_window(const Vsm__V1__ValueStream *s, const char *window) {
  for (size_t i = 0; i < s->n_windows; i++)
    if (strcmp(s->windows[i]->window, window) == 0)
      return s->windows[i];
  return s->n_windows ? s->windows[0] : NULL;
}

bool vsm_window_known(const Vsm__V1__Snapshot *snapshot, const char *window) {
  if (snapshot->n_value_streams == 0)
    return true;
  for (size_t i = 0; i < snapshot->n_value_streams; i++)
    for (size_t k = 0; k < snapshot->value_streams[i]->n_windows; k++)
      if (strcmp(snapshot->value_streams[i]->windows[k]->window, window) == 0)
        return true;
  fprintf(stderr, "vsm: no window \"%s\"; there are", window);
  for (size_t i = 0; i < snapshot->n_value_streams; i++) {
    const Vsm__V1__ValueStream *s = snapshot->value_streams[i];
    fprintf(stderr, "%s %s:", i ? ";" : "", s->id);
    for (size_t k = 0; k < s->n_windows; k++)
      fprintf(stderr, "%s %s", k ? "," : "", s->windows[k]->window);
  }
  fputc('\n', stderr);
  return false;
}

int vsm_worst_stage(const Vsm__V1__ValueStream *s) {
  int worst = -1;
  double most = 0;
  for (size_t i = 0; i < s->n_stages; i++) {
    double weight = s->stages[i]->age ? (double)s->stages[i]->wip * s->stages[i]->age->p85 : 0;
    if (weight > most) {
      most = weight;
      worst = (int)i;
    }
  }
  return worst;
}

static void print_stage(FILE *out, const Vsm__V1__Stage *st, const char *window, bool worst, uint64_t most) {
  const Vsm__V1__StageWindow *w = vsm_stage_window(st, window);
  const Vsm__V1__Distribution *c = w ? w->cycle_time : NULL;
  char p50[32] = "-", p85[32] = "-", oldest[32] = "-", bar[11] = "";
  if (c && c->count > 0) {
    vsm_text_duration(c->p50, p50, sizeof p50);
    vsm_text_duration(c->p85, p85, sizeof p85);
  }
  if (st->wip > 0 && st->age)
    vsm_text_duration(st->age->max, oldest, sizeof oldest);
  size_t n = most > 0 ? (size_t)((st->wip * 10 + most - 1) / most) : 0;
  memset(bar, '#', n);
  bar[n] = '\0';
  fprintf(out, "  %c %-38.38s %6llu %6llu %6llu %6llu %9s %9s %9s %8llu  %s\n", worst ? '>' : ' ', st->name,
          (unsigned long long)st->wip, (unsigned long long)st->queued, (unsigned long long)st->active,
          (unsigned long long)st->suspended, p50, p85, oldest, (unsigned long long)(w ? w->departures : 0), bar);
}

static void print_stream(FILE *out, const Vsm__V1__ValueStream *s, const char *window) {
  const Vsm__V1__StreamWindow *w = vsm_stream_window(s, window);
  char p50[32] = "-", p85[32] = "-";
  if (w && w->lead_time && w->lead_time->count > 0) {
    vsm_text_duration(w->lead_time->p50, p50, sizeof p50);
    vsm_text_duration(w->lead_time->p85, p85, sizeof p85);
  }
  fprintf(out, "\n%s %s: %llu in progress", s->id, s->name, (unsigned long long)s->wip);
  if (s->between > 0)
    fprintf(out, " (%llu between stages)", (unsigned long long)s->between);
  if (w)
    fprintf(out, "; %s: %llu in, %llu out, %.1f a day, lead time p50 %s, p85 %s", w->window,
            (unsigned long long)w->started, (unsigned long long)w->finished, w->throughput_per_day, p50, p85);
  fprintf(out, "\n  %c %-38s %6s %6s %6s %6s %9s %9s %9s %8s\n", ' ', "stage", "wip", "queued", "active", "held", "p50",
          "p85", "oldest", "left");
  uint64_t most = 0;
  for (size_t i = 0; i < s->n_stages; i++)
    most = s->stages[i]->wip > most ? s->stages[i]->wip : most;
  int worst = vsm_worst_stage(s);
  for (size_t i = 0; i < s->n_stages; i++)
    print_stage(out, s->stages[i], window, (int)i == worst, most);
}

void vsm_figures_print(FILE *out, const Vsm__V1__Snapshot *snapshot, const char *window) {
  char now[32];
  const Vsm__V1__Ingest *i = snapshot->ingest;
  fprintf(out, "%s UTC", vsm_text_time(snapshot->time_unix_nano, now, sizeof now));
  if (i)
    fprintf(out, "; events: %llu received, %llu unmapped, %llu refused, %llu missing", (unsigned long long)i->received,
            (unsigned long long)i->unmapped, (unsigned long long)i->rejected, (unsigned long long)i->gaps);
  fprintf(out, "\n");
  for (size_t k = 0; k < snapshot->n_value_streams; k++)
    print_stream(out, snapshot->value_streams[k], window);
  fprintf(out,
          "\n> most work stands longest here; p50, p85: cycle time of what left in the window; oldest: in progress\n");
}
