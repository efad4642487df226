// What a judgement is about: items, relative thresholds, sources, silences.
#include <stdlib.h>
#include <string.h>

#include "property/reference_alerts.h"

void ref_world_anew(struct ref_world *w) {
  const struct vsm_model *m = w->model;
  w->graphs = vsm_arena_zalloc(w->arena, m->n_streams * sizeof *w->graphs);
  w->items = vsm_arena_zalloc(w->arena, m->n_streams * sizeof(struct ref_item *));
  w->n_items = vsm_arena_zalloc(w->arena, m->n_streams * sizeof *w->n_items);
  for (unsigned i = 0; i < m->n_streams; i++) {
    ref_graph_of(&m->streams[i], &w->graphs[i]);
    w->items[i] = ref_items(w->ref, i, &w->n_items[i]);
  }
}

void ref_world_shared(struct ref_world *w) {
  w->then = w->items;
  w->n_then = w->n_items;
}

static int64_t longest(const struct vsm_stream *s) {
  int64_t us = 0;
  for (unsigned i = 0; i < s->n_windows; i++)
    us = s->windows[i].us > us ? s->windows[i].us : us;
  return us;
}

struct ref_figures ref_figures_at(struct ref_world *w, unsigned stream, int64_t now) {
  return (struct ref_figures){&w->graphs[stream], w->items[stream], w->n_items[stream], now, &w->scratch};
}

// Cycle or lead times over the longest window, in microseconds.
static int64_t *times(struct ref_world *w, unsigned stream, int stage, size_t *n) {
  int64_t now = ref_now(w->ref);
  const struct vsm_stream *s = &w->model->streams[stream];
  if (stage >= 0)
    return ref_cycle_times(&w->graphs[stream], w->items[stream], w->n_items[stream], now, stage, &w->scratch, n);
  int64_t *us = NULL, from = s->n_windows ? ref_window_start(longest(s), now) : INT64_MIN;
  *n = 0;
  for (size_t i = 0; i < w->n_items[stream]; i++) {
    const struct ref_fold *f = &w->items[stream][i].fold;
    for (size_t k = 0; k < f->n_finished; k++)
      if (f->finished[k].t >= from && f->finished[k].t > f->started)
        REF_PUSH(&w->scratch, us, *n, ref_worked(s->calendar, f->started, f->finished[k].t));
  }
  return us;
}

static int cmp_us(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

// A nearest rank, told by the middle of a bucket whose width is the 64th of the power of two below it, at least 1.
static int64_t percentile(int64_t *us, size_t n, unsigned percent) {
  qsort(us, n, sizeof *us, cmp_us);
  int64_t value = us[(n * percent + 99) / 100 - 1], width = 1;
  while (width * 128 <= value)
    width *= 2;
  return value - value % width + (width - 1) / 2;
}

static int64_t threshold(struct ref_world *w, unsigned stream, int stage, const struct vsm_stall *stall) {
  const struct vsm_stream *s = &w->model->streams[stream];
  const struct vsm_alert_rule *rules = stage < 0 ? s->alerts : s->stages[stage].alerts;
  size_t n;
  if (stall->after_us)
    return stall->after_us;
  int64_t *us = times(w, stream, stage, &n);
  if (!rules || n == 0 || n < rules[VSM_ITEM_STALLED].min_visits)
    return -1;
  return (int64_t)((unsigned __int128)percentile(us, n, stall->percentile) * stall->factor_ppm / 1000000);
}

void ref_world_thresholds(struct ref_world *w) {
  unsigned nodes = ref_node(w, w->model->n_streams, -1);
  w->stalls = vsm_arena_zalloc(w->arena, nodes * sizeof *w->stalls);
  for (unsigned i = 0; i < w->model->n_streams; i++) {
    const struct vsm_stream *s = &w->model->streams[i];
    for (int stage = -1; stage < (int)s->n_stages; stage++) {
      const struct vsm_stall *all = stage < 0 ? s->stalls : s->stages[stage].stalls;
      unsigned n = stage < 0 ? s->n_stalls : s->stages[stage].n_stalls;
      int64_t *us = vsm_arena_zalloc(w->arena, (n + 1) * sizeof *us);
      for (unsigned k = 0; k < n; k++)
        us[k] = threshold(w, i, stage, &all[k]);
      w->stalls[ref_node(w, i, stage)] = us;
    }
  }
}

struct ref_heard *ref_source(struct ref_world *w, const char *id) {
  for (size_t i = 0; i < w->n_sources; i++)
    if (strcmp(w->sources[i].id, id) == 0)
      return &w->sources[i];
  REF_PUSH(w->arena, w->sources, w->n_sources,
           (struct ref_heard){.id = vsm_arena_strdup(w->arena, id), .since = ref_now(w->ref), .heard = -1});
  return &w->sources[w->n_sources - 1];
}

bool ref_feeds(const struct vsm_model *model, const char *source, int stream, int stage) {
  for (unsigned i = 0; i < model->n_rules; i++) {
    const struct vsm_rule *r = &model->rules[i];
    if (!r->ignore && r->stream == stream && (stage < 0 || r->stage == stage) &&
        vsm_glob_match(r->source, vsm_str_of(source)))
      return true;
  }
  return false;
}

bool ref_silence_fits(const struct ref_world *w, const struct ref_silence *silence, const struct ref_subject *s) {
  const struct vsm_silence_view *v = &silence->view;
  if (silence->over || v->mark.until.us <= ref_now(w->ref) || (v->kind >= 0 && v->kind != (int)s->kind))
    return false;
  const struct vsm_stream *stream = s->stream < 0 ? NULL : &w->model->streams[s->stream];
  if (v->source.n && (!s->source || !vsm_str_eq(v->source, vsm_str_of(s->source))))
    return false;
  if (v->stream.n && (!stream || !vsm_str_eq(v->stream, vsm_str_of(stream->id))))
    return false;
  return !v->stage.n || (stream && s->stage >= 0 && vsm_str_eq(v->stage, vsm_str_of(stream->stages[s->stage].id)));
}
