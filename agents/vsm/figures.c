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

enum { DAY_S = 24 * 60 * 60 };

int vsm_worst_stage(const Vsm__V1__ValueStream *s) {
  int worst = -1;
  double most = 0;
  for (size_t i = 0; i < s->n_stages; i++) {
    const Vsm__V1__Stage *st = s->stages[i];
    double day = st->working_day_seconds > 0 ? st->working_day_seconds : DAY_S;
    double weight = st->age ? (double)st->wip * st->age->p85 / day : 0;
    if (weight > most) {
      most = weight;
      worst = (int)i;
    }
  }
  return worst;
}

// --- all of a node, or a part of it

static struct vsm_figures of_segment(const Vsm__V1__Segment *g, const char *window, bool stream, double day) {
  if (g->n_windows == 0)
    return (struct vsm_figures){.window = window, .wip = g->wip};
  const Vsm__V1__SegmentWindow *w = g->windows[0];
  for (size_t i = 0; i < g->n_windows; i++)
    if (strcmp(g->windows[i]->window, window) == 0)
      w = g->windows[i];
  return (struct vsm_figures){w->window,
                              g->wip,
                              stream ? w->started : w->arrivals,
                              stream ? w->finished : w->departures,
                              stream ? w->lead_time : w->cycle_time,
                              day};
}

// Of the one value that was asked for; nothing where no item has it.
static struct vsm_figures of_part(Vsm__V1__Segment *const *segments, size_t n, const char *window, bool stream,
                                  double day) {
  return n ? of_segment(segments[0], window, stream, day) : (struct vsm_figures){.window = window};
}

struct vsm_figures vsm_figures_of_stage(const Vsm__V1__Stage *stage, const char *window, bool part) {
  const Vsm__V1__StageWindow *w = vsm_stage_window(stage, window);
  if (part)
    return of_part(stage->segments, stage->n_segments, window, false, stage->working_day_seconds);
  if (!w)
    return (struct vsm_figures){.window = window, .wip = stage->wip};
  return (struct vsm_figures){w->window,     stage->wip,    w->arrivals,
                              w->departures, w->cycle_time, stage->working_day_seconds};
}

struct vsm_figures vsm_figures_of_stream(const Vsm__V1__ValueStream *s, const char *window, bool part) {
  const Vsm__V1__StreamWindow *w = vsm_stream_window(s, window);
  if (part)
    return of_part(s->segments, s->n_segments, window, true, s->working_day_seconds);
  if (!w)
    return (struct vsm_figures){.window = window, .wip = s->wip};
  return (struct vsm_figures){w->window, s->wip, w->started, w->finished, w->lead_time, s->working_day_seconds};
}

uint64_t vsm_figures_most(const Vsm__V1__ValueStream *s, const char *window, bool part) {
  uint64_t most = 0;
  for (size_t i = 0; i < s->n_stages; i++) {
    uint64_t wip = vsm_figures_of_stage(s->stages[i], window, part).wip;
    most = wip > most ? wip : most;
  }
  return most;
}

// --- waits, expectations

static const Vsm__V1__WaitWindow *wait_window(const Vsm__V1__Wait *wait, const char *window) {
  static const Vsm__V1__WaitWindow none = VSM__V1__WAIT_WINDOW__INIT;
  for (size_t i = 0; i < wait->n_windows; i++)
    if (strcmp(wait->windows[i]->window, window) == 0)
      return wait->windows[i];
  return wait->n_windows ? wait->windows[0] : &none;
}

static bool is_larger(const Vsm__V1__Wait *a, const Vsm__V1__Wait *b, const char *window) {
  if (a->wip != b->wip)
    return a->wip > b->wip;
  return wait_window(a, window)->seconds > wait_window(b, window)->seconds;
}

size_t vsm_waits_largest(const Vsm__V1__Stage *stage, const char *window, const Vsm__V1__Wait **out, size_t most) {
  size_t n = 0;
  for (size_t i = 0; i < stage->n_waits; i++) {
    const Vsm__V1__Wait *w = stage->waits[i];
    if (w->wip == 0 && wait_window(w, window)->count == 0)
      continue;
    size_t at = n < most ? n : most; // where it goes among the largest so far
    for (; at > 0 && is_larger(w, out[at - 1], window); at--)
      if (at < most)
        out[at] = out[at - 1];
    if (at < most)
      out[at] = w;
    n++;
  }
  return n;
}

const char *vsm_text_waits(const Vsm__V1__Stage *stage, const Vsm__V1__Wait *wait, const char *window, char *buf,
                           size_t size) {
  const Vsm__V1__WaitWindow *w = wait_window(wait, window);
  char what[300], now[32], ended[32], mean[32];
  int n = snprintf(buf, size, "%s %s now, %s ended", vsm_text_wait(wait->party, wait->reason, what, sizeof what),
                   vsm_text_number(wait->wip, now, sizeof now), vsm_text_number(w->count, ended, sizeof ended));
  if (w->count > 0 && n > 0 && (size_t)n < size)
    snprintf(buf + n, size - (size_t)n, ", mean %s",
             vsm_text_worked(w->seconds / (double)w->count, stage->working_day_seconds, mean, sizeof mean));
  return buf;
}

bool vsm_sle_missed(const Vsm__V1__Sle *sle) {
  return sle->count > 0 && sle->attained < sle->target;
}

const char *vsm_text_sle(const Vsm__V1__Sle *sle, char *buf, size_t size) {
  char within[32], count[32];
  int n = snprintf(buf, size, "%s%s%.4g %% within %s; ", sle->name, *sle->name ? ": " : "", sle->target * 100,
                   vsm_text_worked(sle->within_seconds, sle->working_day_seconds, within, sizeof within));
  if (n < 0 || (size_t)n >= size)
    return buf;
  if (sle->count == 0)
    snprintf(buf + n, size - (size_t)n, "nothing to tell it from");
  else
    snprintf(buf + n, size - (size_t)n, "attained %.1f %% of %s%s", sle->attained * 100,
             vsm_text_number(sle->count, count, sizeof count), vsm_sle_missed(sle) ? ", MISSED" : "");
  return buf;
}

static void print_sle(FILE *out, const char *indent, Vsm__V1__Sle *const *sle, size_t n) {
  char text[512], plain[512];
  for (size_t i = 0; i < n; i++)
    fprintf(out, "%sSLE %s\n", indent, vsm_text_plain(vsm_text_sle(sle[i], text, sizeof text), plain, sizeof plain));
}

static void print_stage_why(FILE *out, const Vsm__V1__Stage *st, const char *window) {
  const Vsm__V1__StageWindow *w = vsm_stage_window(st, window);
  const Vsm__V1__Wait *largest[VSM_WAITS_SHOWN];
  char text[512], plain[512];
  size_t n = vsm_waits_largest(st, window, largest, VSM_WAITS_SHOWN);
  if (n == 0 && (!w || w->n_sle == 0))
    return;
  fprintf(out, "    %s\n", st->name);
  if (w)
    print_sle(out, "      ", w->sle, w->n_sle);
  for (size_t i = 0; i < n && i < VSM_WAITS_SHOWN; i++)
    fprintf(out, "      waits: %s\n",
            vsm_text_plain(vsm_text_waits(st, largest[i], window, text, sizeof text), plain, sizeof plain));
  if (n > VSM_WAITS_SHOWN)
    fprintf(out, "      waits: %zu more; --json has all\n", n - VSM_WAITS_SHOWN);
}

// What the table has no room for: what work waits for, and whether it is in time.
static void print_why(FILE *out, const Vsm__V1__ValueStream *s, const char *window) {
  const Vsm__V1__StreamWindow *w = vsm_stream_window(s, window);
  if (w)
    print_sle(out, "    ", w->sle, w->n_sle);
  for (size_t i = 0; i < s->n_stages; i++)
    print_stage_why(out, s->stages[i], window);
}

// --- tables

static void quantiles(const struct vsm_figures *f, char p50[32], char p85[32]) {
  bool any = f->time && f->time->count > 0;
  vsm_text_worked(any ? f->time->p50 : -1, f->working_day_seconds, p50, 32);
  vsm_text_worked(any ? f->time->p85 : -1, f->working_day_seconds, p85, 32);
}

static const char *number(bool known, uint64_t n, char *buf, size_t size) {
  snprintf(buf, size, known ? "%llu" : "-", (unsigned long long)n);
  return buf;
}

static void print_stage(FILE *out, const Vsm__V1__Stage *st, const struct vsm_figures_as *as, bool worst,
                        uint64_t most) {
  struct vsm_figures f = vsm_figures_of_stage(st, as->window, as->part);
  char p50[32], p85[32], oldest[32], n[3][24], bar[11] = "";
  bool whole = !as->part;
  quantiles(&f, p50, p85);
  vsm_text_worked(whole && st->wip > 0 && st->age ? st->age->max : -1, st->working_day_seconds, oldest, sizeof oldest);
  size_t filled = most > 0 ? (size_t)((f.wip * 10 + most - 1) / most) : 0;
  memset(bar, '#', filled);
  bar[filled] = '\0';
  fprintf(out, "  %c %-38.38s %6llu %6s %6s %6s %9s %9s %9s %8llu%s%s\n", worst ? '>' : ' ', st->name,
          (unsigned long long)f.wip, number(whole, st->queued, n[0], sizeof n[0]),
          number(whole, st->active, n[1], sizeof n[1]), number(whole, st->suspended, n[2], sizeof n[2]), p50, p85,
          oldest, (unsigned long long)f.out, filled ? "  " : "", bar);
}

static void print_head(FILE *out, const Vsm__V1__ValueStream *s, const struct vsm_figures_as *as) {
  const Vsm__V1__StreamWindow *w = vsm_stream_window(s, as->window);
  struct vsm_figures f = vsm_figures_of_stream(s, as->window, as->part);
  char p50[32], p85[32];
  quantiles(&f, p50, p85);
  fprintf(out, "\n%s %s", s->id, s->name);
  if (as->part)
    fprintf(out, ", %s", as->part);
  fprintf(out, ": %llu in progress", (unsigned long long)f.wip);
  if (s->between > 0 && !as->part)
    fprintf(out, " (%llu between stages)", (unsigned long long)s->between);
  fprintf(out, "; %s: %llu in, %llu out", f.window, (unsigned long long)f.in, (unsigned long long)f.out);
  if (w && !as->part)
    fprintf(out, ", %.1f a day", w->throughput_per_day);
  fprintf(out, ", lead time p50 %s, p85 %s", p50, p85);
  fprintf(out, "\n  %c %-38s %6s %6s %6s %6s %9s %9s %9s %8s\n", ' ', "stage", "wip", "queued", "active", "held", "p50",
          "p85", "oldest", "left");
}

static void add_segment(struct vsm_text_table *t, const char *where, const Vsm__V1__Segment *g, const char *window,
                        bool stream, double day) {
  struct vsm_figures f = of_segment(g, window, stream, day);
  char wip[24], in[24], left[24], p50[32], p85[32];
  quantiles(&f, p50, p85);
  vsm_text_table_row(t, where, g->value, number(true, f.wip, wip, sizeof wip), number(true, f.in, in, sizeof in),
                     number(true, f.out, left, sizeof left), p50, p85);
}

static void add_segments(struct vsm_text_table *t, const char *where, Vsm__V1__Segment *const *segments, size_t n,
                         const char *attribute, const char *window, bool stream, double day) {
  bool first = true;
  for (size_t i = 0; i < n; i++)
    if (strcmp(segments[i]->attribute, attribute) == 0) {
      add_segment(t, first ? where : "", segments[i], window, stream, day);
      first = false;
    }
}

// A table for each attribute: they come one after another.
static void print_segments(FILE *out, const Vsm__V1__ValueStream *s, const char *window) {
  const char *attribute = "";
  for (size_t i = 0; i < s->n_segments; i++) {
    if (strcmp(attribute, s->segments[i]->attribute) == 0)
      continue;
    attribute = s->segments[i]->attribute;
    fprintf(out, "\n%s by %s, %s\n", s->id, attribute, window);
    struct vsm_text_table *t = vsm_text_table_create("llrrrrr", "stage", attribute, "wip", "in", "out", "p50", "p85");
    add_segments(t, "(the stream)", s->segments, s->n_segments, attribute, window, true, s->working_day_seconds);
    for (size_t k = 0; k < s->n_stages; k++)
      add_segments(t, s->stages[k]->name, s->stages[k]->segments, s->stages[k]->n_segments, attribute, window, false,
                   s->stages[k]->working_day_seconds);
    vsm_text_table_print(t, out);
  }
}

static void print_stream(FILE *out, const Vsm__V1__ValueStream *s, const struct vsm_figures_as *as) {
  print_head(out, s, as);
  uint64_t most = vsm_figures_most(s, as->window, as->part);
  int worst = as->part ? -1 : vsm_worst_stage(s);
  for (size_t i = 0; i < s->n_stages; i++)
    print_stage(out, s->stages[i], as, (int)i == worst, most);
  if (!as->part)
    print_why(out, s, as->window);
  if (as->segments)
    print_segments(out, s, as->window);
}

void vsm_figures_print(FILE *out, const Vsm__V1__Snapshot *snapshot, const struct vsm_figures_as *as) {
  char now[32];
  const Vsm__V1__Ingest *i = snapshot->ingest;
  fprintf(out, "%s UTC", vsm_text_time(snapshot->time_unix_nano, now, sizeof now));
  if (i)
    fprintf(out, "; events: %llu received, %llu unmapped, %llu refused, %llu missing", (unsigned long long)i->received,
            (unsigned long long)i->unmapped, (unsigned long long)i->rejected, (unsigned long long)i->gaps);
  fprintf(out, "\n");
  for (size_t k = 0; k < snapshot->n_value_streams; k++)
    print_stream(out, snapshot->value_streams[k], as);
  fprintf(out,
          "\n> most work stands longest here; p50, p85: cycle time of what left in the window; oldest: in progress\n"
          "  times that a calendar counts are working time: wd, a working day of it\n");
}
