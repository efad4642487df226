// A pane is a small hash table of (what, how many) beside exact sums; a band's tally is dense. A contribution is
// written to both, once. When the start of a window passes a pane, the pane is taken off its band's tally and added to
// the next band, where panes are wider.
#include "core/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// What a pair counts: a slot, or a bucket of a distribution. 0: an empty place.
#define PAIR_SLOT(slot) ((uint32_t)(slot) + 1)
#define PAIR_BUCKET(dist, bucket) ((uint32_t)((dist) + 1) << 16 | (bucket))

struct pair {
  uint32_t what;
  int32_t n;
};

enum { FIRST_PAIRS = 8, SPARE_PAIRS = 64 };
struct vsm_pane {
  int64_t start_us;
  vsm_wide sums[VSM_D_N], effort;
  struct pair *pairs;
  uint32_t n, cap; // places taken; places, a power of two
  struct pair first[FIRST_PAIRS];
};

enum { STEPS_BEHIND = VSM_WINDOW_STEPS - 1 }; // from the step that is under way to the one in which a window starts

static int64_t gcd(int64_t a, int64_t b) {
  while (b) {
    int64_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

struct vsm_bands *vsm_bands_create(const struct vsm_stream *stream, int64_t now_us) {
  struct vsm_bands *b = calloc(1, sizeof *b + stream->n_windows * sizeof b->at[0]);
  if (!b)
    return NULL;
  for (b->n = 0; b->n < stream->n_windows; b->n++) {
    unsigned i = b->n;
    for (; i > 0 && b->at[i - 1].length_us > stream->windows[b->n].us; i--)
      b->at[i] = b->at[i - 1];
    b->at[i].length_us = stream->windows[b->n].us;
    b->at[i].step_us = stream->windows[b->n].us / VSM_WINDOW_STEPS;
    b->at[i].configured = b->n;
  }
  int64_t pane = 0;
  for (unsigned i = b->n; i-- > 0;)
    b->at[i].pane_us = pane = gcd(b->at[i].step_us, pane);
  for (unsigned i = 1; i < b->n; i++)
    b->at[i].crosses = STEPS_BEHIND * b->at[i].step_us < VSM_WINDOW_STEPS * b->at[i - 1].step_us;
  vsm_bands_advance(b, now_us);
  return b;
}

void vsm_bands_advance(struct vsm_bands *b, int64_t now_us) {
  b->now_us = now_us;
  b->crossing_us = INT64_MAX;
  for (unsigned i = 0; i < b->n; i++) {
    b->at[i].start_us = vsm_bands_start(b, i, now_us);
    if (b->at[i].crosses)
      b->crossing_us = vsm_earlier_us(b->crossing_us, b->at[i].start_us + VSM_WINDOW_STEPS * b->at[i].step_us);
  }
  b->moment.us = INT64_MIN;
}

struct vsm_moment vsm_moment_of(const struct vsm_bands *b, int64_t us) {
  struct vsm_moment m = {.us = us};
  while (m.band < b->n && us < b->at[m.band].start_us)
    m.band++;
  if (m.band < b->n) {
    m.start_us = us - us % b->at[m.band].pane_us;
    m.number = (uint32_t)(m.start_us / vsm_bands_unit(b));
  }
  return m;
}

void vsm_flow_init(struct vsm_flow *f, const struct vsm_bands *bands) {
  f->changed = true;
  f->due_us = INT64_MAX;
  f->bands = vsm_mem_alloc((bands->n + 1) * sizeof *f->bands);
}

static struct vsm_pane *pane_create(void) {
  struct vsm_pane *p = vsm_mem_alloc(sizeof *p);
  p->pairs = p->first;
  p->cap = FIRST_PAIRS;
  return p;
}

static void free_pairs(const struct vsm_pane *p, struct pair *pairs) {
  if (pairs != p->first)
    free(pairs);
}

static void pane_destroy(struct vsm_pane *p) {
  free_pairs(p, p->pairs);
  free(p);
}

static void clear(struct vsm_pane *p) {
  memset(p->sums, 0, sizeof p->sums);
  p->effort = 0;
  memset(p->pairs, 0, p->cap * sizeof *p->pairs);
  p->n = 0;
}

// Most panes begin when one of the same flow has just been passed on.
static struct vsm_pane *take_pane(struct vsm_flow *f, int64_t start_us) {
  struct vsm_pane *p = f->spare ? f->spare : pane_create();
  f->spare = NULL;
  p->start_us = start_us;
  return p;
}

static void give_pane_back(struct vsm_flow *f, struct vsm_pane *p) {
  if (f->spare || p->cap > SPARE_PAIRS) {
    pane_destroy(p);
    return;
  }
  clear(p);
  f->spare = p;
}

void vsm_flow_fini(struct vsm_flow *f, const struct vsm_bands *bands) {
  for (unsigned i = 0; f->bands && i <= bands->n; i++) {
    for (size_t k = 0; k < f->bands[i].n; k++)
      pane_destroy(f->bands[i].panes[k]);
    free(f->bands[i].panes);
    vsm_tally_fini(&f->bands[i].tally);
  }
  if (f->spare)
    pane_destroy(f->spare);
  free(f->bands);
  f->bands = NULL;
  f->spare = NULL;
}

static struct pair *place_of(const struct vsm_pane *p, uint32_t what) {
  uint32_t i = what * UINT32_C(0x9e3779b1) >> 7 & (p->cap - 1);
  while (p->pairs[i].what != 0 && p->pairs[i].what != what)
    i = (i + 1) & (p->cap - 1);
  return &p->pairs[i];
}

// Kept out of the way of what nearly all contributions need, as what stands behind find_pane().
static __attribute__((noinline)) void grow(struct vsm_pane *p) {
  struct vsm_pane old = *p;
  p->cap = old.cap * 2;
  p->pairs = vsm_mem_alloc(p->cap * sizeof *p->pairs);
  p->n = 0;
  for (uint32_t i = 0; i < old.cap; i++)
    if (old.pairs[i].n != 0) { // what was taken back whole is forgotten
      *place_of(p, old.pairs[i].what) = old.pairs[i];
      p->n++;
    }
  free_pairs(p, old.pairs);
}

static void pane_add(struct vsm_pane *p, uint32_t what, int32_t n) {
  if (p->n >= p->cap / 4 * 3)
    grow(p);
  struct pair *at = place_of(p, what);
  p->n += at->what == 0;
  at->what = what;
  at->n += n;
}

// The first pane that does not begin before `us`; most often it is asked for the end.
static size_t seek(const struct vsm_band *band, int64_t us) {
  size_t low = 0, high = band->n;
  if (high > 0 && band->panes[high - 1]->start_us < us)
    return high;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (band->panes[mid]->start_us < us)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

// When the band's window leaves a pane behind: its start has moved beyond the pane's. Another one that reaches it may
// do so before.
static int64_t due_of(const struct vsm_bands *bands, unsigned band, const struct vsm_pane *p) {
  int64_t step = bands->at[band].step_us, until = p->start_us + STEPS_BEHIND * step;
  return vsm_earlier_us(until - until % step + step, bands->crossing_us);
}

// The pane of a band that begins then; made where there is none.
static __attribute__((noinline)) struct vsm_pane *find_pane(struct vsm_flow *f, const struct vsm_bands *bands,
                                                            unsigned i, int64_t start) {
  struct vsm_band *band = &f->bands[i];
  size_t low = seek(band, start);
  if (low < band->n && band->panes[low]->start_us == start)
    return band->panes[low];
  band->panes = vsm_mem_grow(band->panes, band->n, &band->cap, sizeof *band->panes);
  memmove(band->panes + low + 1, band->panes + low, (band->n++ - low) * sizeof *band->panes);
  struct vsm_pane *p = take_pane(f, start);
  if (low == 0) // else it is due behind another one of the band
    f->due_us = vsm_earlier_us(f->due_us, due_of(bands, i, p));
  return band->panes[low] = p;
}

// Most often it is the last one.
static inline struct vsm_pane *pane_at(struct vsm_flow *f, const struct vsm_bands *bands, unsigned i, int64_t start) {
  const struct vsm_band *band = &f->bands[i];
  struct vsm_pane *last = band->n > 0 ? band->panes[band->n - 1] : NULL;
  return last && last->start_us == start ? last : find_pane(f, bands, i, start);
}

struct vsm_flow_at vsm_flow_at(struct vsm_flow *f, struct vsm_bands *bands, int64_t us) {
  const struct vsm_moment *m = vsm_bands_moment(bands, us);
  f->changed = true;
  return (struct vsm_flow_at){&f->bands[m->band].tally,
                              m->band < bands->n ? pane_at(f, bands, m->band, m->start_us) : NULL};
}

void vsm_flow_count(struct vsm_flow_at at, unsigned slot, int sign) {
  at.tally->counts[slot] += sign;
  if (at.pane)
    pane_add(at.pane, PAIR_SLOT(slot), sign);
}

void vsm_flow_duration(struct vsm_flow_at at, enum vsm_flow_dist d, int64_t us, int sign) {
  unsigned bucket = vsm_sketch_bucket(us);
  vsm_sketch_add(&at.tally->dists[d], bucket, sign);
  at.tally->dists[d].sum += sign * us;
  if (at.pane) {
    pane_add(at.pane, PAIR_BUCKET(d, bucket), sign);
    at.pane->sums[d] += sign * us;
  }
}

void vsm_flow_effort(struct vsm_flow_at at, int64_t us, int sign) {
  at.tally->effort += sign * us;
  if (at.pane)
    at.pane->effort += sign * us;
}

static void tally_add(struct vsm_tally *t, uint32_t what, int64_t n) {
  if (what >> 16 == 0)
    t->counts[what - 1] += n;
  else
    vsm_sketch_add(&t->dists[(what >> 16) - 1], what & 0xffff, n);
}

static void add_sums(struct vsm_tally *t, const struct vsm_pane *p, int n) {
  for (int d = 0; d < VSM_D_N; d++)
    t->dists[d].sum += n * p->sums[d];
  t->effort += n * p->effort;
}

// From the band's tally to the next one's, and into a pane of that, where it has any.
static void pass_on(struct vsm_flow *f, const struct vsm_bands *bands, unsigned i, struct vsm_pane *p) {
  struct vsm_tally *from = &f->bands[i].tally, *to = &f->bands[i + 1].tally;
  struct vsm_pane *into =
      i + 1 < bands->n ? pane_at(f, bands, i + 1, p->start_us - p->start_us % bands->at[i + 1].pane_us) : NULL;
  for (uint32_t k = 0; k < p->cap; k++) {
    struct pair pair = p->pairs[k];
    if (pair.n == 0)
      continue;
    tally_add(from, pair.what, -pair.n);
    tally_add(to, pair.what, pair.n);
    if (into)
      pane_add(into, pair.what, pair.n);
  }
  add_sums(from, p, -1);
  add_sums(to, p, 1);
  for (int d = 0; into && d < VSM_D_N; d++)
    into->sums[d] += p->sums[d];
  if (into)
    into->effort += p->effort;
  give_pane_back(f, p);
}

void vsm_flow_advance(struct vsm_flow *f, const struct vsm_bands *bands) {
  if (bands->now_us < f->due_us)
    return;
  f->due_us = INT64_MAX;
  f->changed = f->changed || bands->crossing_us != INT64_MAX;
  for (unsigned i = 0; i < bands->n; i++) {
    struct vsm_band *band = &f->bands[i];
    size_t gone = 0;
    while (gone < band->n && band->panes[gone]->start_us < bands->at[i].start_us)
      pass_on(f, bands, i, band->panes[gone++]);
    if (gone > 0) {
      memmove(band->panes, band->panes + gone, (band->n -= gone) * sizeof *band->panes);
      f->changed = true;
    }
    int64_t due = band->n > 0 ? due_of(bands, i, band->panes[0]) : INT64_MAX;
    f->due_us = vsm_earlier_us(f->due_us, due);
  }
}

static void read_pane(const struct vsm_pane *p, const struct vsm_flow_reader *r, void *ctx) {
  for (uint32_t i = 0; i < p->cap; i++) {
    uint32_t what = p->pairs[i].what;
    if (what >> 16)
      r->bucket(ctx, p->start_us, (what >> 16) - 1, what & 0xffff, p->pairs[i].n);
    else if (what)
      r->count(ctx, p->start_us, what - 1, p->pairs[i].n);
  }
  for (unsigned d = 0; d < VSM_D_N; d++)
    r->sum(ctx, p->start_us, d, p->sums[d]);
}

void vsm_flow_read(const struct vsm_flow *f, unsigned band, int64_t from, int64_t to, const struct vsm_flow_reader *r,
                   void *ctx) {
  const struct vsm_band *b = &f->bands[band];
  for (size_t i = seek(b, from); i < b->n && b->panes[i]->start_us < to; i++)
    read_pane(b->panes[i], r, ctx);
}

// The bands of a window: the newest so many.
static unsigned bands_of(const struct vsm_bands *bands, unsigned window) {
  for (unsigned i = 0; i < bands->n; i++)
    if (bands->at[i].configured + 1 == window)
      return i + 1;
  return bands->n + 1;
}

// The next pane of the bands up to a window's that begins before its start, from *band and *at on; NULL: no more.
static const struct vsm_pane *next_before(const struct vsm_flow *f, const struct vsm_bands *bands, unsigned window,
                                          unsigned *band, size_t *at) {
  if (window >= bands->n || !bands->at[window].crosses)
    return NULL;
  for (; *band < window; (*band)++, *at = 0) {
    const struct vsm_band *b = &f->bands[*band];
    if (*at < b->n && b->panes[*at]->start_us < bands->at[window].start_us)
      return b->panes[(*at)++];
  }
  return NULL;
}

void vsm_flow_add_before(const struct vsm_flow *f, const struct vsm_bands *bands, unsigned band, int n,
                         struct vsm_tally *sum) {
  const struct vsm_pane *p;
  unsigned i = 0;
  size_t at = 0;
  while ((p = next_before(f, bands, band, &i, &at)) != NULL) {
    for (uint32_t k = 0; k < p->cap; k++)
      if (p->pairs[k].n != 0)
        tally_add(sum, p->pairs[k].what, (int64_t)n * p->pairs[k].n);
    add_sums(sum, p, n);
  }
}

void vsm_flow_sum(const struct vsm_flow *f, const struct vsm_bands *bands, unsigned window, struct vsm_tally *sum) {
  unsigned n = bands_of(bands, window);
  for (unsigned i = 0; i < n; i++)
    vsm_tally_merge(sum, &f->bands[i].tally);
  vsm_flow_add_before(f, bands, n - 1, -1, sum);
}

int64_t vsm_flow_counted(const struct vsm_flow *f, const struct vsm_bands *bands, unsigned window, unsigned slot) {
  unsigned n = bands_of(bands, window), band = 0;
  const struct vsm_pane *p;
  int64_t counted = 0;
  size_t at = 0;
  for (unsigned i = 0; i < n; i++)
    counted += f->bands[i].tally.counts[slot];
  while ((p = next_before(f, bands, n - 1, &band, &at)) != NULL)
    counted -= place_of(p, PAIR_SLOT(slot))->n;
  return counted;
}

// --- as bytes: cells by time, each what was counted, rising by what, and the sums

enum { CELL_END = 0, CELL_OLD = 1, CELL_TIMES = 2 }; // a cell's number: behind all windows, or its time and this
#define COUNT_MAX (INT64_C(1) << 50)                 // of a pair, as read
#define SUM_MAX ((vsm_wide)1 << 90)

static int by_what(const void *pa, const void *pb) {
  uint32_t a = ((const struct pair *)pa)->what, b = ((const struct pair *)pb)->what;
  return (a > b) - (a < b);
}

static void save_pane(const struct vsm_pane *p, struct vsm_out *o) {
  struct pair *pairs = vsm_mem_alloc((p->cap + 1) * sizeof *pairs);
  uint32_t n = 0;
  for (uint32_t i = 0; i < p->cap; i++)
    if (p->pairs[i].n != 0)
      pairs[n++] = p->pairs[i];
  qsort(pairs, n, sizeof *pairs, by_what);
  if (n > 0) {
    vsm_out_number(o, CELL_TIMES + (uint64_t)p->start_us);
    for (uint32_t i = 0; i < n; i++) {
      vsm_out_number(o, pairs[i].what);
      vsm_out_number(o, (uint64_t)pairs[i].n);
    }
    vsm_out_number(o, 0);
    for (unsigned d = 0; d < VSM_D_N; d++)
      vsm_out_wide(o, p->sums[d]);
    vsm_out_wide(o, p->effort);
  }
  free(pairs);
}

static void save_old(const struct vsm_tally *t, struct vsm_out *o) {
  vsm_out_number(o, CELL_OLD);
  for (unsigned slot = 0; slot < VSM_N_SLOTS; slot++)
    if (t->counts[slot] != 0) {
      vsm_out_number(o, PAIR_SLOT(slot));
      vsm_out_number(o, (uint64_t)t->counts[slot]);
    }
  for (unsigned d = 0; d < VSM_D_N; d++)
    for (uint32_t i = 0; i < t->dists[d].n; i++)
      if (t->dists[d].counts[i] != 0) {
        vsm_out_number(o, PAIR_BUCKET(d, t->dists[d].first + i));
        vsm_out_number(o, (uint64_t)t->dists[d].counts[i]);
      }
  vsm_out_number(o, 0);
  for (unsigned d = 0; d < VSM_D_N; d++)
    vsm_out_wide(o, t->dists[d].sum);
  vsm_out_wide(o, t->effort);
}

void vsm_flow_save(const struct vsm_flow *f, const struct vsm_bands *bands, struct vsm_out *o) {
  save_old(&f->bands[bands->n].tally, o);
  for (unsigned i = bands->n; i-- > 0;)
    for (size_t k = 0; k < f->bands[i].n; k++)
      save_pane(f->bands[i].panes[k], o);
  vsm_out_number(o, CELL_END);
}

static bool is_what(uint32_t what) {
  return what >> 16 == 0 ? what >= 1 && what <= VSM_N_SLOTS
                         : what >> 16 <= VSM_D_N && (what & 0xffff) < VSM_SKETCH_BUCKETS;
}

static void add_pair(struct vsm_flow_at at, uint32_t what, int64_t n) {
  tally_add(at.tally, what, n);
  if (at.pane)
    pane_add(at.pane, what, (int32_t)n);
}

static void load_pairs(struct vsm_flow_at at, struct vsm_in *in) {
  for (uint32_t what, before = 0; (what = (uint32_t)vsm_in_below(in, UINT32_MAX)) != 0; before = what) {
    int64_t n = (int64_t)vsm_in_below(in, COUNT_MAX);
    in->bad = in->bad || what <= before || !is_what(what) || (at.pane && n > INT32_MAX);
    if (in->bad)
      return;
    if (at.tally)
      add_pair(at, what, n);
  }
}

static void add_sum(vsm_wide *tally, vsm_wide *pane, struct vsm_in *in) {
  vsm_wide sum = vsm_in_wide(in);
  in->bad = in->bad || sum < 0 || sum > SUM_MAX;
  if (in->bad)
    return;
  *tally += sum;
  if (pane)
    *pane += sum;
}

static void load_sums(struct vsm_flow_at at, struct vsm_in *in) {
  vsm_wide none = 0;
  for (unsigned d = 0; d < VSM_D_N; d++)
    add_sum(at.tally ? &at.tally->dists[d].sum : &none, at.pane ? &at.pane->sums[d] : NULL, in);
  add_sum(at.tally ? &at.tally->effort : &none, at.pane ? &at.pane->effort : NULL, in);
}

void vsm_flow_load(struct vsm_flow *f, struct vsm_bands *bands, struct vsm_in *in) {
  for (uint64_t cell, before = 0; (cell = vsm_in_below(in, VSM_TIME_MAX)) != CELL_END; before = cell) {
    in->bad = in->bad || cell <= before;
    if (in->bad)
      return;
    struct vsm_flow_at at = {NULL, NULL};
    if (f && cell == CELL_OLD)
      at.tally = &f->bands[bands->n].tally;
    else if (f)
      at = vsm_flow_at(f, bands, (int64_t)(cell - CELL_TIMES));
    load_pairs(at, in);
    load_sums(at, in);
  }
}
