// Value streams: the stages with what follows each, and the windows. `next` is by id; what is left out is the following
// stage, and after the last the outcome. Stages may part and join, but never come back: a depth-first search colours
// each stage white, grey (on the way that led here) and black; meeting a grey one closes a circle, which is then named
// by walking that way.
#include "conf/resolve.h"

#include <string.h>

#include "conf/names.h"

// What is left out is said, so that it is printed too.
static void default_next(struct vsm_conf_reader *r, struct vsm_conf_stream *s, unsigned i) {
  struct vsm_conf_stage *stage = &s->stages.at[i];
  if (stage->next.n)
    return;
  stage->next.at = vsm_conf_alloc(r, 1, sizeof *stage->next.at);
  stage->next.at[0] = stage->id;
  stage->next.at[0].z = i + 1 < s->stages.n ? s->stages.at[i + 1].id.z : "outcome";
  stage->next.n = stage->next.at[0].z != NULL;
}

static void resolve_next(struct vsm_conf_reader *r, struct vsm_conf_stream *s, unsigned i, struct vsm_stage *out) {
  struct vsm_conf_stage *stage = &s->stages.at[i];
  default_next(r, s, i);
  uint16_t *next = vsm_conf_alloc(r, stage->next.n + 1, sizeof *next);
  vsm_conf_check_twice(r, stage->next.at, stage->next.n, sizeof *stage->next.at, "next stage");
  for (unsigned k = 0; k < stage->next.n; k++) {
    const struct vsm_conf_word *w = &stage->next.at[k];
    int to = vsm_name_index(w->z, vsm_conf_stage_id, s);
    if (strcmp(w->z, "outcome") == 0)
      out->to_outcome = true;
    else if (to >= 0)
      next[out->n_next++] = (uint16_t)to;
    else
      vsm_conf_blame(r, w, "no stage \"%s\" in value stream %s%s the id of one of its stages, or outcome", w->z,
                     s->id.z, vsm_conf_hint(r->report, w->z, vsm_conf_stage_id, s));
  }
  out->next = next;
  out->fork_all = stage->fork == 1;
}

struct search {
  struct vsm_conf_reader *r;
  const struct vsm_conf_stream *s;
  const struct vsm_stage *stages;
  enum { WHITE, GREY, BLACK } colour[VSM_STAGES_MAX];
  unsigned way[VSM_STAGES_MAX + 1];
  unsigned n;
};

static void name_circle(struct search *d, unsigned to) {
  char text[700];
  size_t n = 0;
  unsigned from = d->n;
  while (d->way[from - 1] != to)
    from--;
  for (unsigned i = from - 1; i < d->n && n < sizeof text; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%s -> ", d->stages[d->way[i]].id);
  const struct vsm_conf_stage *last = &d->s->stages.at[d->way[d->n - 1]];
  const struct vsm_conf_word *at = &last->id;
  for (unsigned k = 0; k < last->next.n; k++)
    if (strcmp(last->next.at[k].z, d->stages[to].id) == 0)
      at = &last->next.at[k];
  vsm_conf_blame(d->r, at, "a circle: %s%s; allowed: stages that never lead back (work that goes back needs no arrow)",
                 text, d->stages[to].id);
}

static void visit(struct search *d, unsigned i) {
  d->colour[i] = GREY;
  d->way[d->n++] = i;
  for (unsigned k = 0; k < d->stages[i].n_next; k++) {
    unsigned to = d->stages[i].next[k];
    if (d->colour[to] == GREY)
      name_circle(d, to);
    else if (d->colour[to] == WHITE)
      visit(d, to);
  }
  d->n--;
  d->colour[i] = BLACK;
}

static void check_was(struct vsm_conf_reader *r, const struct vsm_conf_stream *s) {
  for (unsigned i = 0; i < s->stages.n; i++) {
    const struct vsm_conf_word *was = &s->stages.at[i].was;
    if (was->z && vsm_name_index(was->z, vsm_conf_stage_id, s) >= 0)
      vsm_conf_blame(r, was, "\"%s\" is the id of a stage that is still there; allowed: an id that no stage has now",
                     was->z);
    for (unsigned k = 0; was->z && k < i; k++)
      if (s->stages.at[k].was.z && strcmp(s->stages.at[k].was.z, was->z) == 0)
        vsm_conf_blame(r, was, "was: \"%s\" is given twice; allowed: one stage that takes its place", was->z);
  }
}

static void resolve_stages(struct vsm_conf_reader *r, const struct vsm_config *config, struct vsm_conf_stream *s,
                           struct vsm_stream *out) {
  const char *outer = vsm_conf_in_force(&s->calendar, NULL);
  unsigned before = r->report->n_mistakes + r->report->dropped;
  struct vsm_stage *stages = vsm_conf_alloc(r, s->stages.n, sizeof *stages);
  vsm_conf_check_twice(r, &s->stages.at->id, s->stages.n, sizeof *s->stages.at, "stage");
  check_was(r, s);
  for (unsigned i = 0; i < s->stages.n; i++) {
    struct vsm_conf_stage *from = &s->stages.at[i];
    if (!from->id.z)
      continue;
    if (!from->name)
      from->name = from->id.z;
    stages[i] = (struct vsm_stage){.id = from->id.z,
                                   .name = from->name,
                                   .was = from->was.z,
                                   .calendar = vsm_conf_calendar(config, vsm_conf_in_force(&from->calendar, outer))};
    resolve_next(r, s, i, &stages[i]);
  }
  out->stages = stages;
  out->n_stages = s->stages.n;
  struct search d = {.r = r, .s = s, .stages = stages};
  for (unsigned i = 0; r->report->n_mistakes + r->report->dropped == before && i < s->stages.n; i++)
    if (d.colour[i] == WHITE)
      visit(&d, i);
}

static void check_windows(struct vsm_conf_reader *r, const struct vsm_conf_durations *w) {
  int64_t shortest = INT64_MAX;
  for (unsigned i = 0; i < w->n; i++)
    if (w->at[i].us < shortest)
      shortest = w->at[i].us;
  for (unsigned i = 0; i < w->n; i++) {
    const struct vsm_conf_duration *d = &w->at[i];
    if (d->us % VSM_MINUTE_US)
      vsm_conf_complain(r, d->line, d->column, "window %s; allowed: whole minutes", d->text);
    else if (d->us % shortest)
      vsm_conf_complain(r, d->line, d->column,
                        "window %s is no whole multiple of the shortest one; allowed: multiples of it", d->text);
    for (unsigned k = 0; k < i; k++)
      if (w->at[k].us == d->us)
        vsm_conf_complain(r, d->line, d->column, "window %s is given twice; allowed: once", d->text);
  }
}

static void resolve_windows(struct vsm_conf_reader *r, const struct vsm_conf_durations *from, struct vsm_stream *out) {
  struct vsm_window *windows = vsm_conf_alloc(r, from->n + 1, sizeof *windows);
  for (unsigned i = 0; i < from->n; i++)
    windows[i] = (struct vsm_window){from->at[i].text, from->at[i].us};
  out->windows = windows;
  out->n_windows = from->n;
}

static void resolve_segments(struct vsm_conf_reader *r, const struct vsm_conf_stream *s, struct vsm_stream *out) {
  const char **names = vsm_conf_alloc(r, s->segments.n + 1, sizeof *names);
  vsm_conf_check_twice(r, s->segments.at, s->segments.n, sizeof *s->segments.at, "segment");
  for (unsigned i = 0; i < s->segments.n; i++)
    names[i] = s->segments.at[i].z;
  out->segments = names;
  out->n_segments = s->segments.n;
}

static void resolve_stream(struct vsm_conf_reader *r, struct vsm_config *config, struct vsm_conf_stream *s,
                           struct vsm_stream *out) {
  static const struct vsm_conf_word outcome = {.z = "outcome"};
  out->id = s->id.z; // rules can refer to a stream whose stages are broken
  if (s->diagram.z && !vsm_conf_take_diagram(r, s))
    return;
  if (s->stages.n == 0)
    vsm_conf_blame(r, &s->id, "value stream %s has no stages; allowed: stages, a diagram, or both", s->id.z);
  else if (s->stages.n > VSM_STAGES_MAX)
    vsm_conf_blame(r, &s->id, "%u stages in value stream %s; allowed: at most %d", s->stages.n, s->id.z,
                   VSM_STAGES_MAX);
  else
    resolve_stages(r, config, s, out);
  if (!s->name)
    s->name = s->id.z;
  if (!s->outcome.z)
    s->outcome = outcome;
  out->name = s->name;
  out->outcome = s->outcome.z;
  out->calendar = vsm_conf_calendar(config, vsm_conf_in_force(&s->calendar, NULL));
  check_windows(r, &s->windows);
  resolve_segments(r, s, out);
  resolve_windows(r, s->windows.n ? &s->windows : &config->daemon.windows, out);
}

void vsm_conf_resolve_streams(struct vsm_conf_reader *r, struct vsm_config *config) {
  struct vsm_stream *streams = vsm_conf_alloc(r, config->value_streams.n + 1, sizeof *streams);
  check_windows(r, &config->daemon.windows);
  if (config->value_streams.n)
    vsm_conf_check_twice(r, &config->value_streams.at->id, config->value_streams.n, sizeof *config->value_streams.at,
                         "value stream");
  for (unsigned i = 0; i < config->value_streams.n; i++)
    if (config->value_streams.at[i].id.z)
      resolve_stream(r, config, &config->value_streams.at[i], &streams[i]);
  config->model.streams = streams;
  config->model.n_streams = config->value_streams.n;
}
