#include "core/sequence.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void vsm_sequence_fini(struct vsm_sequence *s) {
  free(s->gaps);
  *s = (struct vsm_sequence){0};
}

static void insert_gap(struct vsm_sequence *s, size_t at, uint64_t first, uint64_t last) {
  if (first > last || s->n == VSM_GAPS_MAX)
    return;
  s->gaps = vsm_mem_grow(s->gaps, s->n, &s->cap, sizeof *s->gaps);
  memmove(s->gaps + at + 1, s->gaps + at, (s->n++ - at) * sizeof *s->gaps);
  s->gaps[at] = (struct vsm_gap){first, last};
}

static size_t find_gap(const struct vsm_sequence *s, uint64_t number) {
  size_t low = 0, high = s->n; // the first gap that does not end before number
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (s->gaps[mid].last < number)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static void fill(struct vsm_sequence *s, uint64_t number) {
  size_t i = find_gap(s, number);
  if (i == s->n || s->gaps[i].first > number)
    return; // a repeat
  struct vsm_gap g = s->gaps[i];
  memmove(s->gaps + i, s->gaps + i + 1, (--s->n - i) * sizeof *s->gaps);
  insert_gap(s, i, number + 1, g.last);
  insert_gap(s, i, g.first, number - 1);
  s->missing--;
}

void vsm_sequence_see(struct vsm_sequence *s, uint64_t epoch, uint64_t number) {
  if (epoch < s->epoch)
    return;
  if (epoch > s->epoch || s->last == 0) {
    s->epoch = epoch;
    s->first = s->last = number;
    s->n = 0;
    s->missing = 0;
  } else if (number > s->last) {
    insert_gap(s, s->n, s->last + 1, number - 1);
    s->missing += number - s->last - 1;
    s->last = number;
  } else if (number < s->first) {
    insert_gap(s, 0, number + 1, s->first - 1);
    s->missing += s->first - number - 1;
    s->first = number;
  } else {
    fill(s, number);
  }
}

bool vsm_sequence_missing(const struct vsm_sequence *s, uint64_t from, struct vsm_gap *out) {
  size_t i = find_gap(s, from);
  if (i == s->n)
    return false;
  *out = s->gaps[i];
  if (out->first < from)
    out->first = from;
  return true;
}

void vsm_sequence_save(const struct vsm_sequence *s, struct vsm_out *o) {
  vsm_out_number(o, s->epoch);
  vsm_out_number(o, s->first);
  vsm_out_number(o, s->last);
  vsm_out_number(o, s->missing);
  vsm_out_number(o, s->n);
  for (size_t i = 0; i < s->n; i++) {
    vsm_out_number(o, s->gaps[i].first);
    vsm_out_number(o, s->gaps[i].last);
  }
}

void vsm_sequence_load(struct vsm_sequence *s, struct vsm_in *in) {
  s->epoch = vsm_in_number(in);
  s->first = vsm_in_number(in);
  s->last = vsm_in_number(in);
  s->missing = vsm_in_number(in);
  uint64_t n = vsm_in_below(in, VSM_GAPS_MAX + 1), before = s->first;
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_gap g = {.first = vsm_in_number(in)};
    g.last = vsm_in_number(in);
    in->bad = in->bad || g.first <= before || g.last < g.first || g.last >= s->last;
    insert_gap(s, s->n, g.first, g.last);
    before = g.last;
  }
}
