// Counts lie in one dense run of buckets that grows at either end. The smallest and largest values are the outermost
// buckets that hold anything, so that taking back needs no memory of what was there before.
#include "core/sketch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { GROW_BUCKETS = 64 };

int64_t vsm_sketch_least(unsigned bucket) {
  return bucket < 128 ? bucket : (int64_t)(bucket % 64 + 64) << (bucket / 64 - 1);
}

int64_t vsm_sketch_value(unsigned bucket) {
  return bucket < 128 ? bucket : vsm_sketch_least(bucket) + ((INT64_C(1) << (bucket / 64 - 1)) - 1) / 2;
}

static void cover(struct vsm_sketch *s, unsigned bucket) {
  uint32_t low = bucket / GROW_BUCKETS * GROW_BUCKETS, high = low + GROW_BUCKETS;
  if (s->n > 0) {
    low = s->first < low ? s->first : low;
    high = s->first + s->n > high ? s->first + s->n : high;
  }
  int64_t *counts = vsm_mem_alloc((high - low) * sizeof *counts);
  if (s->n > 0)
    memcpy(counts + (s->first - low), s->counts, s->n * sizeof *counts);
  free(s->counts);
  s->counts = counts;
  s->first = low;
  s->n = high - low;
}

void vsm_sketch_add(struct vsm_sketch *s, unsigned bucket, int64_t n) {
  if (bucket - s->first >= s->n) // also where bucket < first
    cover(s, bucket);
  s->counts[bucket - s->first] += n;
  s->count += n;
}

void vsm_sketch_merge(struct vsm_sketch *into, const struct vsm_sketch *from) {
  if (from->n > 0) {
    if (from->first - into->first >= into->n)
      cover(into, from->first);
    if (from->first + from->n > into->first + into->n)
      cover(into, from->first + from->n - 1);
    int64_t *counts = into->counts + (from->first - into->first);
    for (uint32_t i = 0; i < from->n; i++)
      counts[i] += from->counts[i];
  }
  into->count += from->count;
  into->sum += from->sum;
}

unsigned vsm_sketch_percentile(const struct vsm_sketch *s, unsigned percent) {
  int64_t rank = (s->count * percent + 99) / 100, below = 0;
  uint32_t i = 0;
  while (i + 1 < s->n && (below += s->counts[i]) < rank)
    i++;
  return s->first + i;
}

void vsm_sketch_clear(struct vsm_sketch *s) {
  if (s->n > 0)
    memset(s->counts, 0, s->n * sizeof *s->counts);
  s->count = 0;
  s->sum = 0;
}

void vsm_sketch_fini(struct vsm_sketch *s) {
  free(s->counts);
  *s = (struct vsm_sketch){0};
}

// The mean to the last bit that a double holds: whole microseconds and the rest apart.
static double mean_seconds(vsm_wide sum, int64_t count) {
  int64_t whole = (int64_t)(sum / count), rest = (int64_t)(sum % count);
  return ((double)whole + (double)rest / (double)count) / (double)VSM_SECOND_US;
}

struct vsm_dist_view vsm_sketch_view(const struct vsm_sketch *s) {
  struct vsm_dist_view d = {.count = (uint64_t)s->count};
  if (s->count <= 0)
    return d;
  d.mean = mean_seconds(s->sum, s->count);
  struct {
    int64_t rank; // nearest rank, from 1
    double *to;
  } asked[] = {{1, &d.min},
               {(s->count * 50 + 99) / 100, &d.p50},
               {(s->count * 85 + 99) / 100, &d.p85},
               {(s->count * 95 + 99) / 100, &d.p95},
               {(s->count * 99 + 99) / 100, &d.p99},
               {s->count, &d.max}};
  int64_t below = 0;
  size_t k = 0;
  for (uint32_t i = 0; i < s->n && k < 6; i++) {
    below += s->counts[i];
    while (k < 6 && below >= asked[k].rank)
      *asked[k++].to = vsm_seconds(vsm_sketch_value(s->first + i));
  }
  return d;
}

#define COUNT_MAX (INT64_C(1) << 50) // of a bucket, as read

void vsm_sketch_save(const struct vsm_sketch *s, struct vsm_out *o) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n; i++)
    n += s->counts[i] != 0;
  vsm_out_number(o, n);
  for (uint32_t i = 0; i < s->n; i++)
    if (s->counts[i] != 0) {
      vsm_out_number(o, s->first + i);
      vsm_out_signed(o, s->counts[i]);
    }
  vsm_out_wide(o, s->sum);
}

void vsm_sketch_load(struct vsm_sketch *s, struct vsm_in *in) {
  uint64_t n = vsm_in_below(in, VSM_SKETCH_BUCKETS + 1);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    unsigned bucket = (unsigned)vsm_in_below(in, VSM_SKETCH_BUCKETS);
    int64_t count = vsm_in_signed(in);
    in->bad = in->bad || count > COUNT_MAX || count < -COUNT_MAX;
    if (!in->bad)
      vsm_sketch_add(s, bucket, count);
  }
  s->sum = vsm_in_wide(in);
}
