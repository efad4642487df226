#include "compare.h"

#include <string.h>

#include "text.h"

// Columns of the table behind its two texts. What a stream does not have stays empty.
enum column { WIP, IN, OUT, P50, P85, REWORK, SKIPPED, BYPASSED, COLUMNS };

struct cells {
  char at[COLUMNS][32];
};

static void put(struct cells *c, enum column at, uint64_t n) {
  vsm_text_number(n, c->at[at], sizeof c->at[at]);
}

static void put_flow(struct cells *c, const struct vsm_figures *f) {
  put(c, WIP, f->wip);
  put(c, IN, f->in);
  put(c, OUT, f->out);
  bool any = f->time && f->time->count > 0;
  vsm_text_worked(any ? f->time->p50 : -1, f->working_day_seconds, c->at[P50], sizeof c->at[P50]);
  vsm_text_worked(any ? f->time->p85 : -1, f->working_day_seconds, c->at[P85], sizeof c->at[P85]);
}

static struct cells of_stage(const Vsm__V1__Stage *stage, const char *window) {
  struct cells c = {0};
  struct vsm_figures f = vsm_figures_of_stage(stage, window, false);
  const Vsm__V1__StageWindow *w = vsm_stage_window(stage, window);
  put_flow(&c, &f);
  put(&c, REWORK, w ? w->rework : 0);
  put(&c, SKIPPED, w ? w->skipped : 0);
  put(&c, BYPASSED, w ? w->bypassed : 0);
  return c;
}

static struct cells of_stream(const Vsm__V1__ValueStream *s, const char *window) {
  struct cells c = {0};
  struct vsm_figures f = vsm_figures_of_stream(s, window, false);
  put_flow(&c, &f);
  return c;
}

// --- who is who

static const Vsm__V1__ValueStream *find_stream(const Vsm__V1__Snapshot *s, const char *id) {
  for (size_t i = 0; i < s->n_value_streams; i++)
    if (strcmp(s->value_streams[i]->id, id) == 0)
      return s->value_streams[i];
  return NULL;
}

const Vsm__V1__ValueStream *vsm_compare_stream(const struct vsm_compared *c, const char *id) {
  return find_stream(c->today, id);
}

static const Vsm__V1__Stage *find_stage(const Vsm__V1__ValueStream *s, const char *id) {
  for (size_t i = 0; i < s->n_stages; i++)
    if (strcmp(s->stages[i]->id, id) == 0)
      return s->stages[i];
  return NULL;
}

static const char *earlier_name(const struct vsm_model *m, const char *stream, const char *id) {
  for (unsigned i = 0; m && i < m->n_streams; i++)
    for (unsigned k = 0; strcmp(m->streams[i].id, stream) == 0 && k < m->streams[i].n_stages; k++)
      if (strcmp(m->streams[i].stages[k].id, id) == 0)
        return m->streams[i].stages[k].was;
  return NULL;
}

// An id that is still there has itself gone on: it is no earlier name of another.
const Vsm__V1__Stage *vsm_compare_stage(const struct vsm_compared *c, const Vsm__V1__ValueStream *before,
                                        const char *stream, const char *id) {
  const Vsm__V1__Stage *same = before ? find_stage(before, id) : NULL;
  const char *was = same ? NULL : earlier_name(c->model, stream, id);
  const Vsm__V1__ValueStream *now = find_stream(c->then, stream);
  return same || !was || !before || (now && find_stage(now, was)) ? same : find_stage(before, was);
}

// --- rows

static void row(struct vsm_text_table *t, const char *name, const char *as, const struct cells *c) {
  vsm_text_table_row(t, name, as, c->at[WIP], c->at[IN], c->at[OUT], c->at[P50], c->at[P85], c->at[REWORK],
                     c->at[SKIPPED], c->at[BYPASSED]);
}

// A second row where anything differs, with that alone. renamed: by its name then; NULL: it has the same.
static void pair(struct vsm_text_table *t, const struct vsm_compared *c, const char *name, const char *renamed,
                 const struct cells *today, struct cells then) {
  bool differs = renamed != NULL;
  for (int i = 0; i < COLUMNS; i++) {
    if (strcmp(today->at[i], then.at[i]) == 0)
      then.at[i][0] = '\0';
    else
      differs = true;
  }
  row(t, name, c->names[0], today);
  if (differs)
    row(t, renamed ? renamed : "", c->names[1], &then);
}

static void add_stage(struct vsm_text_table *t, const struct vsm_compared *c, const Vsm__V1__ValueStream *before,
                      const Vsm__V1__ValueStream *s, const Vsm__V1__Stage *stage) {
  const Vsm__V1__Stage *old = vsm_compare_stage(c, before, s->id, stage->id);
  struct cells then = of_stage(stage, c->window);
  if (!old) {
    row(t, stage->name, "new", &then);
    return;
  }
  struct cells today = of_stage(old, c->window);
  bool renamed = strcmp(old->id, stage->id) != 0 || strcmp(old->name, stage->name) != 0;
  pair(t, c, old->name, renamed ? stage->name : NULL, &today, then);
}

static bool goes_on(const struct vsm_compared *c, const Vsm__V1__ValueStream *before, const Vsm__V1__ValueStream *s,
                    const Vsm__V1__Stage *old) {
  for (size_t i = 0; i < s->n_stages; i++)
    if (vsm_compare_stage(c, before, s->id, s->stages[i]->id) == old)
      return true;
  return false;
}

static void add_vanished(struct vsm_text_table *t, const struct vsm_compared *c, const Vsm__V1__ValueStream *before,
                         const Vsm__V1__ValueStream *s) {
  for (size_t i = 0; before && i < before->n_stages; i++)
    if (!goes_on(c, before, s, before->stages[i])) {
      struct cells today = of_stage(before->stages[i], c->window);
      row(t, before->stages[i]->name, "gone", &today);
    }
}

static void print_stream(FILE *out, const struct vsm_compared *c, const Vsm__V1__ValueStream *s) {
  const Vsm__V1__ValueStream *before = vsm_compare_stream(c, s->id);
  struct cells then = of_stream(s, c->window);
  fprintf(out, "\n%s %s, %s%s\n", s->id, s->name, c->window, before ? "" : ": a new value stream");
  struct vsm_text_table *t = vsm_text_table_create("llrrrrrrrr", "stage", "", "wip", "in", "out", "p50", "p85",
                                                   "rework", "skipped", "bypassed");
  if (before) {
    struct cells today = of_stream(before, c->window);
    pair(t, c, "(the stream)", NULL, &today, then);
  } else {
    row(t, "(the stream)", "new", &then);
  }
  for (size_t i = 0; i < s->n_stages; i++)
    add_stage(t, c, before, s, s->stages[i]);
  add_vanished(t, c, before, s);
  vsm_text_table_print(t, out);
}

// --- all of it

static void print_count(FILE *out, const struct vsm_compared *c, const char *what, uint64_t today, uint64_t then) {
  fprintf(out, ", %llu %s", (unsigned long long)today, what);
  if (then != today)
    fprintf(out, " (%s %llu)", c->names[1], (unsigned long long)then);
}

void vsm_compare_print(FILE *out, const struct vsm_compared *c) {
  char now[32];
  const Vsm__V1__Ingest *a = c->today->ingest, *b = c->then->ingest;
  fprintf(out, "%s UTC; events: %llu received", vsm_text_time(c->today->time_unix_nano, now, sizeof now),
          (unsigned long long)a->received);
  print_count(out, c, "applied", a->applied, b->applied);
  print_count(out, c, "unmapped", a->unmapped, b->unmapped);
  print_count(out, c, "ignored", a->ignored, b->ignored);
  print_count(out, c, "refused", a->rejected, b->rejected);
  fputc('\n', out);
  for (size_t i = 0; i < c->then->n_value_streams; i++)
    print_stream(out, c, c->then->value_streams[i]);
  for (size_t i = 0; i < c->today->n_value_streams; i++) {
    const Vsm__V1__ValueStream *s = c->today->value_streams[i];
    if (!find_stream(c->then, s->id))
      fprintf(out, "\n%s %s: gone, with %llu in progress\n", s->id, s->name, (unsigned long long)s->wip);
  }
}
