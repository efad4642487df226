// The relations between the stages of a stream, by their definitions: every path is written down as a set of stages,
// and the definitions are read off those lists. Only for streams of a few stages.
#include "property/reference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// All paths between two stages, both ends included; each as a bit set.
struct paths {
  uint32_t *sets;
  size_t n, cap;
};

static void paths_add(struct paths *p, uint32_t set) {
  if (p->n == p->cap) {
    p->cap = p->cap ? 2 * p->cap : 16;
    p->sets = realloc(p->sets, p->cap * sizeof *p->sets);
    assert(p->sets);
  }
  p->sets[p->n++] = set;
}

static void paths_walk(const struct vsm_stream *s, unsigned from, unsigned to, uint32_t walked, struct paths *out) {
  walked |= UINT32_C(1) << from;
  if (from == to)
    paths_add(out, walked);
  else
    for (unsigned i = 0; i < s->stages[from].n_next; i++)
      paths_walk(s, s->stages[from].next[i], to, walked, out);
}

static struct paths paths_between(const struct vsm_stream *s, unsigned from, unsigned to) {
  struct paths p = {0};
  paths_walk(s, from, to, 0, &p);
  return p;
}

static bool all_pass(const struct paths *p, unsigned stage) {
  for (size_t i = 0; i < p->n; i++)
    if (!(p->sets[i] >> stage & 1))
      return false;
  return true;
}

static bool has_predecessor(const struct vsm_stream *s, unsigned stage) {
  for (unsigned a = 0; a < s->n_stages; a++)
    for (unsigned i = 0; i < s->stages[a].n_next; i++)
      if (s->stages[a].next[i] == stage)
        return true;
  return false;
}

static void find_before(struct ref_graph *g) {
  const struct vsm_stream *s = g->stream;
  for (unsigned a = 0; a < s->n_stages; a++)
    for (unsigned b = 0; b < s->n_stages; b++) {
      struct paths p = paths_between(s, a, b);
      g->before[a][b] = a != b && p.n > 0;
      free(p.sets);
    }
}

// Always the first declared among those whose predecessors are all placed.
static void find_order(struct ref_graph *g) {
  const struct vsm_stream *s = g->stream;
  bool placed[REF_STAGES_MAX] = {false};
  for (unsigned place = 0; place < s->n_stages; place++)
    for (unsigned a = 0; a < s->n_stages; a++) {
      bool ready = !placed[a];
      for (unsigned b = 0; b < s->n_stages; b++)
        if (g->before[b][a] && !placed[b])
          ready = false;
      if (!ready)
        continue;
      placed[a] = true;
      g->place[a] = place;
      g->order[place] = a;
      break;
    }
}

static bool disjoint_ways(const struct vsm_stream *s, unsigned from_a, unsigned a, unsigned from_b, unsigned b) {
  struct paths pa = paths_between(s, from_a, a), pb = paths_between(s, from_b, b);
  bool found = false;
  for (size_t i = 0; i < pa.n; i++)
    for (size_t j = 0; j < pb.n; j++)
      if (!(pa.sets[i] & pb.sets[j]))
        found = true;
  free(pa.sets);
  free(pb.sets);
  return found;
}

// Some `fork: all` stage leads to both through two different next stages by ways that share no stage.
static bool forked_apart(const struct vsm_stream *s, unsigned a, unsigned b) {
  for (unsigned f = 0; f < s->n_stages; f++) {
    const struct vsm_stage *fork = &s->stages[f];
    if (!fork->fork_all)
      continue;
    for (unsigned i = 0; i < fork->n_next; i++)
      for (unsigned j = 0; j < fork->n_next; j++)
        if (i != j && disjoint_ways(s, fork->next[i], a, fork->next[j], b))
          return true;
  }
  return false;
}

static void find_parallel(struct ref_graph *g) {
  for (unsigned a = 0; a < g->stream->n_stages; a++)
    for (unsigned b = 0; b < g->stream->n_stages; b++)
      g->parallel[a][b] = a != b && !g->before[a][b] && !g->before[b][a] && forked_apart(g->stream, a, b);
}

// Every path to s, from any stage without predecessors, passes b.
static bool on_every_path(const struct vsm_stream *s, unsigned b, unsigned to) {
  for (unsigned from = 0; from < s->n_stages; from++) {
    if (has_predecessor(s, from))
      continue;
    struct paths p = paths_between(s, from, to);
    bool all = all_pass(&p, b);
    free(p.sets);
    if (!all)
      return false;
  }
  return true;
}

// Every path to s from one next stage of a fork that is itself on every path to s passes b: a fork takes all its arms.
static bool on_every_path_of_an_arm(const struct vsm_stream *s, unsigned b, unsigned to) {
  for (unsigned f = 0; f < s->n_stages; f++) {
    if (f == to || !s->stages[f].fork_all || !on_every_path(s, f, to))
      continue;
    for (unsigned i = 0; i < s->stages[f].n_next; i++) {
      struct paths p = paths_between(s, s->stages[f].next[i], to);
      bool all = p.n > 0 && all_pass(&p, b);
      free(p.sets);
      if (all)
        return true;
    }
  }
  return false;
}

static void find_required(struct ref_graph *g) {
  const struct vsm_stream *s = g->stream;
  for (unsigned b = 0; b < s->n_stages; b++)
    for (unsigned to = 0; to < s->n_stages; to++)
      g->required[b][to] = g->before[b][to] && (on_every_path(s, b, to) || on_every_path_of_an_arm(s, b, to));
}

void ref_graph_of(const struct vsm_stream *stream, struct ref_graph *g) {
  assert(stream->n_stages <= REF_STAGES_MAX);
  memset(g, 0, sizeof *g);
  g->stream = stream;
  find_before(g);
  find_order(g);
  find_parallel(g);
  find_required(g);
}
