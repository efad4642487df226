// The stages of a stream as a graph, by place: their place in the order of the stream (topological, the first declared
// first). Everything that the fold asks of it is worked out once, as sets.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/model.h"

struct vsm_set {
  uint64_t w[4]; // places 0 .. 255
};

static inline bool vsm_set_has(const struct vsm_set *s, unsigned i) {
  return s->w[i >> 6] >> (i & 63) & 1;
}
static inline void vsm_set_add(struct vsm_set *s, unsigned i) {
  s->w[i >> 6] |= UINT64_C(1) << (i & 63);
}
static inline void vsm_set_del(struct vsm_set *s, unsigned i) {
  s->w[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
// Of a graph of few stages only the first words of a set are used: `words` says how many.
static inline bool vsm_set_meet(const struct vsm_set *a, const struct vsm_set *b, unsigned words) {
  for (unsigned k = 0; k < words; k++)
    if (a->w[k] & b->w[k])
      return true;
  return false;
}
// Each member i in rising order, of the set as it was when its word was reached.
#define VSM_SET_EACH(i, s, words)                                                                                      \
  for (unsigned i##_k = 0; i##_k < (words); i##_k++)                                                                   \
    for (uint64_t i##_w = (s)->w[i##_k], i; i##_w && (i = i##_k * 64 + (unsigned)__builtin_ctzll(i##_w), true);        \
         i##_w &= i##_w - 1)

struct vsm_node_relations {
  struct vsm_set before;   // stages that this one can be reached from
  struct vsm_set after;    // stages that can be reached from this one
  struct vsm_set parallel; // an item can be here and there at once
  struct vsm_set required; // passed by every way to here, every arm of a passed fork among them
  struct vsm_set next;
  unsigned n_next; // the outcome counted
  bool to_outcome, fork_all;
  uint8_t declared;                    // index as declared
  const struct vsm_calendar *calendar; // NULL: none
};

struct vsm_graph {
  unsigned n, words;
  const struct vsm_calendar *calendar; // of the stream; NULL: none
  uint8_t place_of[VSM_STAGES_MAX];    // by index as declared
  struct vsm_node_relations at[];      // by place
};

// NULL: out of memory, or a circle (which the configuration refuses). Freed with free().
struct vsm_graph *vsm_graph_create(const struct vsm_stream *stream);

// The stage of an id, or that had it before (`was`), as declared; -1: none.
int vsm_find_stage(const struct vsm_stream *stream, const char *id);
// Of a model the value stream of an id; -1: none.
int vsm_find_stream(const struct vsm_model *model, struct vsm_str id);
