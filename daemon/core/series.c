// A quarter holds its counts and a sorted list of (bucket, count); a few of them lie within it. A count beyond what 16
// bits hold is written as several entries of one bucket.
#include "core/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { INLINE_PAIRS = 4 };

struct pair {
  uint16_t bucket;
  int16_t n;
};

struct vsm_quarter {
  uint64_t sum_low; // of durations, in microseconds: 96 bits hold those of 2^43 visits of the longest there are
  union {
    struct pair few[INLINE_PAIRS];
    struct pair *many;
  };
  int32_t sum_high;
  uint32_t number; // since 1970
  int32_t counts[3];
  uint16_t n, cap; // pairs; cap 0: they lie within
};

static struct pair *pairs_of(struct vsm_quarter *q) {
  return q->cap ? q->many : q->few;
}

static void quarter_fini(struct vsm_quarter *q) {
  if (q->cap)
    free(q->many);
}

void vsm_series_fini(struct vsm_series *s) {
  for (size_t i = s->first; i < s->n; i++)
    quarter_fini(&s->quarters[i]);
  free(s->quarters);
  *s = (struct vsm_series){0};
}

// The first quarter that is not before this one.
static size_t seek(const struct vsm_series *s, uint32_t number) {
  size_t low = s->first, high = s->n;
  if (high > low && s->quarters[high - 1].number < number)
    return high;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (s->quarters[mid].number < number)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static uint32_t number_of(int64_t us) {
  return (uint32_t)(us / VSM_QUARTER_US);
}

static struct vsm_quarter *quarter_at(struct vsm_series *s, int64_t us) {
  uint32_t number = number_of(us);
  if (s->n > s->first && s->quarters[s->n - 1].number == number)
    return &s->quarters[s->n - 1];
  size_t i = seek(s, number);
  if (i < s->n && s->quarters[i].number == number)
    return &s->quarters[i];
  s->quarters = vsm_mem_grow(s->quarters, s->n, &s->cap, sizeof *s->quarters);
  memmove(s->quarters + i + 1, s->quarters + i, (s->n++ - i) * sizeof *s->quarters);
  s->quarters[i] = (struct vsm_quarter){.number = number};
  return &s->quarters[i];
}

void vsm_series_count(struct vsm_series *s, int64_t us, enum vsm_series_what what, int sign) {
  quarter_at(s, us)->counts[what] += sign;
}

static vsm_wide sum_of(const struct vsm_quarter *q) {
  return (vsm_wide)q->sum_high * ((vsm_wide)1 << 64) + q->sum_low;
}

static void add_to_sum(struct vsm_quarter *q, vsm_wide us) {
  vsm_wide sum = sum_of(q) + us;
  q->sum_low = (uint64_t)sum;
  q->sum_high = (int32_t)(sum >> 64);
}

static void make_room(struct vsm_quarter *q) {
  if (q->n < (q->cap ? q->cap : INLINE_PAIRS))
    return;
  uint16_t cap = (uint16_t)(q->n * 2);
  struct pair *many = vsm_mem_alloc(cap * sizeof *many);
  memcpy(many, pairs_of(q), q->n * sizeof *many);
  quarter_fini(q);
  q->many = many;
  q->cap = cap;
}

static void add_pair(struct vsm_quarter *q, uint16_t bucket, int n) {
  uint16_t low = 0, high = q->n;
  struct pair *p = pairs_of(q);
  while (low < high) {
    uint16_t mid = (uint16_t)((low + high) / 2);
    if (p[mid].bucket < bucket)
      low = (uint16_t)(mid + 1);
    else
      high = mid;
  }
  while (low < q->n && p[low].bucket == bucket && p[low].n + n != (int16_t)(p[low].n + n))
    low++;
  if (low < q->n && p[low].bucket == bucket) {
    p[low].n = (int16_t)(p[low].n + n);
    return;
  }
  make_room(q);
  p = pairs_of(q);
  memmove(p + low + 1, p + low, (size_t)(q->n++ - low) * sizeof *p);
  p[low] = (struct pair){bucket, (int16_t)n};
}

void vsm_series_duration(struct vsm_series *s, int64_t us, int64_t took_us, int sign) {
  struct vsm_quarter *q = quarter_at(s, us);
  add_to_sum(q, sign * took_us);
  add_pair(q, (uint16_t)vsm_sketch_bucket(took_us), sign);
}

static int64_t durations(struct vsm_quarter *q) {
  const struct pair *p = pairs_of(q);
  int64_t n = 0;
  for (uint16_t i = 0; i < q->n; i++)
    n += p[i].n;
  return n;
}

int64_t vsm_series_since(const struct vsm_series *s, int64_t from, int64_t n) {
  for (size_t first = seek(s, number_of(from)), i = s->n; i > first; i--) {
    n -= durations(&s->quarters[i - 1]);
    int64_t start = s->quarters[i - 1].number * VSM_QUARTER_US;
    if (n <= 0)
      return start > from ? start : from;
  }
  return from;
}

void vsm_series_forget(struct vsm_series *s, int64_t before_us) {
  size_t to = seek(s, number_of(before_us < 0 ? 0 : before_us));
  for (; s->first < to; s->first++)
    quarter_fini(&s->quarters[s->first]);
  if (s->first > s->n / 2) {
    memmove(s->quarters, s->quarters + s->first, (s->n - s->first) * sizeof *s->quarters);
    s->n -= s->first;
    s->first = 0;
  }
}

size_t vsm_series_bytes(const struct vsm_series *s) {
  size_t bytes = s->cap * sizeof *s->quarters;
  for (size_t i = s->first; i < s->n; i++)
    bytes += s->quarters[i].cap * sizeof(struct pair);
  return bytes;
}

void vsm_series_sum_bucket(struct vsm_series_sum *sum, unsigned bucket, int64_t n) {
  sum->buckets[bucket] += (int32_t)n;
  sum->n += n;
  sum->low = bucket < sum->low ? bucket : sum->low;
  sum->high = bucket > sum->high ? bucket : sum->high;
}

void vsm_series_counts(const struct vsm_series *s, int64_t from, int64_t to, int64_t counts[3]) {
  for (size_t i = seek(s, number_of(from)); i < s->n && (int64_t)s->quarters[i].number * VSM_QUARTER_US < to; i++)
    for (int k = 0; k < 3; k++)
      counts[k] += s->quarters[i].counts[k];
}

size_t vsm_series_add(const struct vsm_series *s, int64_t from, int64_t to, struct vsm_series_sum *sum) {
  size_t work = 0;
  vsm_series_counts(s, from, to, sum->counts);
  for (size_t i = seek(s, number_of(from)); i < s->n && (int64_t)s->quarters[i].number * VSM_QUARTER_US < to; i++) {
    struct vsm_quarter *q = &s->quarters[i];
    const struct pair *p = pairs_of(q);
    sum->sum += sum_of(q);
    for (uint16_t k = 0; k < q->n; k++)
      vsm_series_sum_bucket(sum, p[k].bucket, p[k].n);
    work += 1 + q->n;
  }
  return work;
}

int64_t vsm_series_sum_median(const struct vsm_series_sum *sum) {
  int64_t rank = (sum->n + 1) / 2, below = 0;
  for (uint32_t b = sum->low; sum->n > 0 && b <= sum->high; b++)
    if ((below += sum->buckets[b]) >= rank)
      return vsm_sketch_value(b);
  return 0;
}

void vsm_series_sum_clear(struct vsm_series_sum *sum) {
  if (sum->low <= sum->high)
    memset(sum->buckets + sum->low, 0, (sum->high - sum->low + 1) * sizeof *sum->buckets);
  *sum = (struct vsm_series_sum){.low = VSM_SKETCH_BUCKETS, .buckets = sum->buckets};
}

// --- as bytes: quarters by number, each its counts, its sum, and pairs by bucket

enum { COUNT_MAX = 1 << 28 }; // of a quarter, as read
#define SUM_MAX ((vsm_wide)1 << 90)

static void save_quarter(struct vsm_quarter *q, struct vsm_out *o) {
  const struct pair *p = pairs_of(q);
  vsm_out_number(o, q->number + UINT64_C(1));
  for (int k = 0; k < 3; k++)
    vsm_out_number(o, (uint64_t)q->counts[k]);
  vsm_out_wide(o, sum_of(q));
  for (uint16_t i = 0, next; i < q->n; i = next) {
    uint64_t n = 0;
    for (next = i; next < q->n && p[next].bucket == p[i].bucket; next++)
      n += (uint64_t)p[next].n;
    vsm_out_number(o, n);
    vsm_out_number(o, p[i].bucket);
  }
  vsm_out_number(o, 0);
}

void vsm_series_save(const struct vsm_series *s, struct vsm_out *o) {
  for (size_t i = s->first; i < s->n; i++)
    save_quarter(&s->quarters[i], o);
  vsm_out_number(o, 0);
}

static void load_quarter(struct vsm_quarter *q, struct vsm_in *in) {
  for (int k = 0; k < 3; k++)
    q->counts[k] += (int32_t)vsm_in_below(in, COUNT_MAX);
  vsm_wide sum = vsm_in_wide(in);
  in->bad = in->bad || sum < 0 || sum > SUM_MAX;
  if (!in->bad)
    add_to_sum(q, sum);
  for (int n; (n = (int)vsm_in_below(in, COUNT_MAX)) != 0;) {
    uint16_t bucket = (uint16_t)vsm_in_below(in, VSM_SKETCH_BUCKETS);
    for (int part; !in->bad && n > 0; n -= part) {
      part = n < INT16_MAX ? n : INT16_MAX;
      add_pair(q, bucket, part);
    }
  }
}

static void load(struct vsm_series *s, struct vsm_in *in) {
  for (uint64_t number, before = 0; (number = vsm_in_below(in, VSM_TIME_MAX / VSM_QUARTER_US + 1)) != 0;
       before = number) {
    in->bad = in->bad || number <= before;
    if (in->bad)
      return;
    load_quarter(quarter_at(s, (int64_t)(number - 1) * VSM_QUARTER_US), in);
  }
}

void vsm_series_load(struct vsm_series *s, struct vsm_in *in) {
  struct vsm_series left = {0};
  load(s ? s : &left, in);
  vsm_series_fini(&left);
}
