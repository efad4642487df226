#include "core/sequence.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void vsm_sequence_fini(struct vsm_sequence *s) {
  free(s->gaps);
  *s = (struct vsm_sequence){0};
}

static void insert_gap(struct vsm_sequence *s, size_t at, uint64_t first, uint64_t last) {
  s->gaps = vsm_mem_grow(s->gaps, s->n, &s->cap, sizeof *s->gaps);
  memmove(s->gaps + at + 1, s->gaps + at, (s->n++ - at) * sizeof *s->gaps);
  s->gaps[at] = (struct vsm_gap){first, last};
}

static void remove_gap(struct vsm_sequence *s, size_t at) {
  memmove(s->gaps + at, s->gaps + at + 1, (--s->n - at) * sizeof *s->gaps);
}

// What lies between a new number and the greatest, or the smallest, seen before. Where there is no room for a gap the
// one at that end reaches further.
static void miss(struct vsm_sequence *s, size_t at, uint64_t first, uint64_t last) {
  if (first > last)
    return;
  s->missing += last - first + 1;
  if (s->n < VSM_GAPS_MAX) {
    s->listed += last - first + 1;
    insert_gap(s, at, first, last);
    return;
  }
  struct vsm_gap *g = &s->gaps[at ? s->n - 1 : 0], was = *g;
  if (at)
    g->last = last;
  else
    g->first = first;
  s->listed += (g->last - g->first) - (was.last - was.first);
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
  struct vsm_gap *g = &s->gaps[i];
  bool splits = number > g->first && number < g->last;
  bool was_missing = s->listed <= s->missing || (splits && s->n == VSM_GAPS_MAX);
  s->missing -= was_missing && s->missing > 0;
  if (splits && s->n == VSM_GAPS_MAX)
    return; // stays listed
  s->listed--;
  if (splits) {
    uint64_t last = g->last;
    g->last = number - 1;
    insert_gap(s, i + 1, number + 1, last);
  } else if (g->first == g->last) {
    remove_gap(s, i);
  } else if (number == g->first) {
    g->first++;
  } else {
    g->last--;
  }
}

void vsm_sequence_see(struct vsm_sequence *s, uint64_t epoch, uint64_t number) {
  if (epoch < s->epoch)
    return;
  if (epoch > s->epoch || s->last == 0) {
    s->epoch = epoch;
    s->first = s->last = number;
    s->n = 0;
    s->missing = s->listed = 0;
  } else if (number > s->last) {
    miss(s, s->n, s->last + 1, number - 1);
    s->last = number;
  } else if (number < s->first) {
    miss(s, 0, number + 1, s->first - 1);
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
    if (in->bad)
      return;
    insert_gap(s, s->n, g.first, g.last);
    s->listed += g.last - g.first + 1;
    before = g.last;
  }
}
