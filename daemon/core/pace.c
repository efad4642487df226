// Ages are compared by the sketch's buckets, so that an age and a percentile that cannot be told apart are equal.
#include "core/pace.h"

#include <string.h>

struct vsm_pace {
  uint64_t count;
  uint32_t p50, p85, p95; // buckets
  bool told;
  uint32_t first, n;
  uint64_t up_to[]; // visits in buckets up to first + i
};

static void sum_up(const struct vsm_stream_state *s, const struct vsm_flow *flow, struct vsm_sketch *sum) {
  unsigned bands = s->bands->n ? s->bands->n : 1; // the last band lies behind the longest window
  for (unsigned i = 0; i < bands; i++)
    vsm_sketch_merge(sum, &flow->bands[i].tally.dists[VSM_D_CYCLE]);
}

bool vsm_pace_at(const struct vsm_stream_state *s, int place, unsigned percent, uint64_t least, int64_t *us) {
  struct vsm_sketch sum = {0};
  sum_up(s, place < 0 ? &s->flow : &s->stages[place].flow, &sum);
  bool told = sum.count > 0 && (uint64_t)sum.count >= least;
  if (told)
    *us = vsm_sketch_value(vsm_sketch_percentile(&sum, percent));
  vsm_sketch_fini(&sum);
  return told;
}

struct vsm_pace *vsm_pace_read(const struct vsm_stream_state *s, unsigned place, struct vsm_arena *arena) {
  struct vsm_sketch sum = {0};
  sum_up(s, &s->stages[place].flow, &sum);
  struct vsm_pace *p = vsm_arena_zalloc(arena, sizeof *p + sum.n * sizeof p->up_to[0]);
  if (p) {
    uint64_t below = 0;
    p->first = sum.first;
    p->n = sum.n;
    for (uint32_t i = 0; i < sum.n; i++)
      p->up_to[i] = below += (uint64_t)sum.counts[i];
    p->count = below;
    p->told = p->count > 0 && p->count >= s->model->stages[s->graph->at[place].declared].min_visits;
    p->p50 = vsm_sketch_percentile(&sum, 50);
    p->p85 = vsm_sketch_percentile(&sum, 85);
    p->p95 = vsm_sketch_percentile(&sum, 95);
  }
  vsm_sketch_fini(&sum);
  return p;
}

bool vsm_pace_told(const struct vsm_pace *p) {
  return p->told;
}

const char *vsm_pace_word(const struct vsm_pace *p, int64_t age_us) {
  uint32_t bucket = vsm_sketch_bucket(age_us);
  if (!p->told)
    return "";
  return bucket <= p->p50 ? "on_pace" : bucket <= p->p85 ? "slow" : bucket <= p->p95 ? "at_risk" : "over";
}

unsigned vsm_pace_percentile(const struct vsm_pace *p, int64_t age_us) {
  uint32_t bucket = vsm_sketch_bucket(age_us);
  if (!p->told || bucket < p->first)
    return 0;
  uint32_t i = bucket - p->first < p->n ? bucket - p->first : p->n - 1;
  return (unsigned)(p->up_to[i] * 100 / p->count);
}
