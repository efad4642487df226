// A fold is a walk over an item's transitions (core/walk.h), and at its end the marks that hang on all of it.
#include "core/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/walk.h"

static void mark_bypassed(struct vsm_walk *w) {
  VSM_SET_EACH(b, &w->bypassed, w->graph->words)
    if (!vsm_set_has(&w->had, (unsigned)b))
      vsm_walk_mark(w, VSM_M_BYPASSED, (unsigned)b, w->bypassed_at[b]);
}

static bool is_empty(const struct vsm_set *s, unsigned words) {
  return !vsm_set_meet(s, s, words);
}

// Of these stages. One that has no completed visit was not visited.
static void mark_first_passes(struct vsm_walk *w, const struct vsm_set *of) {
  unsigned words = w->graph->words;
  struct vsm_set stages;
  for (unsigned k = 0; k < words; k++)
    stages.w[k] = of->w[k] & w->visited.w[k];
  for (size_t i = 0, n = w->out->n_visits; i < n && !is_empty(&stages, words); i++) {
    const struct vsm_visit *v = vsm_walk_visit(w, i);
    if (v->how != VSM_COMPLETED || !vsm_set_has(&stages, v->place))
      continue;
    vsm_set_del(&stages, v->place);
    vsm_walk_mark(w, VSM_M_FIRST_PASS, v->place, v->left)->rework = vsm_set_has(&w->reworked, v->place);
  }
}

void vsm_story_clear(struct vsm_story *s) {
  s->n_visits = s->n_marks = 0;
  s->n_open = s->n_ends = 0;
  s->exists = s->open = s->finished = false;
  s->started = s->last = 0;
}

static void begin_walk(struct vsm_walk *w, const struct vsm_graph *graph, const struct vsm_log *log,
                       struct vsm_story *out, struct vsm_common *common) {
  memset(w, 0, offsetof(struct vsm_walk, open_at)); // what the sets do not name is never read
  w->graph = graph;
  w->log = log;
  w->out = out;
  w->common = common;
  vsm_story_clear(out);
}

static void end_walk(struct vsm_walk *w, const struct vsm_set *stages) {
  mark_bypassed(w);
  mark_first_passes(w, stages);
}

void vsm_fold(const struct vsm_graph *graph, const struct vsm_log *log, size_t but, struct vsm_story *out) {
  struct vsm_walk w;
  struct vsm_common none = {0};
  begin_walk(&w, graph, log, out, &none);
  vsm_walk_on(&w, 0, but < log->n ? but : log->n);
  if (but < log->n)
    vsm_walk_on(&w, but + 1, log->n);
  end_walk(&w, &w.had);
}

static void *reserve(void *p, size_t *cap, size_t n, size_t size) {
  while (*cap < n)
    p = vsm_mem_grow(p, *cap, cap, size);
  return p;
}

// From here on the two walks have nothing in common but the visits and marks up to now.
static void part_walks(struct vsm_walk *to, const struct vsm_walk *from, struct vsm_retold *r,
                       struct vsm_common *common) {
  unsigned words = from->graph->words;
  memcpy(to, from, offsetof(struct vsm_walk, open_at));
  VSM_SET_EACH(i, &from->open, words) {
    to->open_at[i] = from->open_at[i];
    to->since[i] = from->since[i];
  }
  VSM_SET_EACH(b, &from->bypassed, words)
    to->bypassed_at[b] = from->bypassed_at[b];
  to->out = &r->is;
  r->is.visits = reserve(r->is.visits, &r->is.cap_visits, r->was.n_visits, sizeof *r->is.visits);
  r->is.marks = reserve(r->is.marks, &r->is.cap_marks, r->was.n_marks, sizeof *r->is.marks);
  r->is.n_visits = r->was.n_visits;
  r->is.n_marks = r->same_marks = r->was.n_marks;
  r->is.n_open = r->was.n_open;
  r->is.n_ends = r->was.n_ends;
  r->is.exists = r->was.exists;
  r->is.open = r->was.open;
  r->is.finished = r->was.finished;
  r->is.started = r->was.started;
  r->is.last = r->was.last;
  *common = (struct vsm_common){&r->was, &r->is, r->was.n_visits};
}

static void add_stages(struct vsm_set *stages, const struct vsm_story *s, size_t from) {
  for (size_t i = from; i < s->n_visits; i++)
    vsm_set_add(stages, s->visits[i].place);
}

void vsm_fold_both(const struct vsm_graph *graph, const struct vsm_log *log, size_t at, struct vsm_retold *r) {
  struct vsm_walk was, is;
  struct vsm_common common = {0};
  struct vsm_set stages = {{0}}; // of which any visit differs
  begin_walk(&was, graph, log, &r->was, &common);
  vsm_walk_on(&was, 0, at);
  part_walks(&is, &was, r, &common);
  vsm_walk_on(&was, at + 1, log->n);
  vsm_walk_on(&is, at, log->n);
  add_stages(&stages, &r->was, common.n);
  add_stages(&stages, &r->is, common.n);
  end_walk(&was, &stages);
  end_walk(&is, &stages);
  r->same_visits = common.n;
}

void vsm_story_fini(struct vsm_story *s) {
  free(s->visits);
  free(s->marks);
  *s = (struct vsm_story){0};
}

void vsm_retold_fini(struct vsm_retold *r) {
  vsm_story_fini(&r->was);
  vsm_story_fini(&r->is);
}
