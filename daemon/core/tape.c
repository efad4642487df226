// Entries are sorted; most come at the end. Before the array would grow, what has aged is put together: within each
// band to the band's panes, behind the longest window to one time. A count beyond 16 bits stands in several equal
// entries.
#include "core/tape.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { FIRST_ENTRIES = 8, FEW = 64, BUCKETS = VSM_N_SLOTS }; // what: a slot, or BUCKETS + a bucket

struct vsm_tape_entry {
  int64_t sum;    // of the durations of a bucket, in microseconds
  uint64_t place; // 32 bits of time, in units of the first band's panes (0: behind all windows), 16 of what, 16 of n
};

static uint64_t place(uint32_t time, uint16_t what) {
  return (uint64_t)time << 16 | what;
}

static uint64_t place_of(const struct vsm_tape_entry *e) {
  return e->place >> 16;
}

static uint32_t time_of(const struct vsm_tape_entry *e) {
  return (uint32_t)(e->place >> 32);
}

static uint16_t what_of(const struct vsm_tape_entry *e) {
  return (uint16_t)(e->place >> 16);
}

static int n_of(const struct vsm_tape_entry *e) {
  return (int16_t)e->place;
}

static struct vsm_tape_entry entry(uint64_t place, int n, int64_t sum) {
  return (struct vsm_tape_entry){sum, place << 16 | (uint16_t)n};
}

void vsm_tape_fini(struct vsm_tape *t) {
  free(t->entries);
  *t = (struct vsm_tape){0};
}

static int64_t unit(const struct vsm_bands *bands) {
  return bands->n ? bands->at[0].pane_us : VSM_DAY_US;
}

static unsigned band_of(const struct vsm_bands *bands, int64_t us) {
  unsigned i = 0;
  while (i < bands->n && us < bands->at[i].start_us)
    i++;
  return i;
}

// The start of the pane that this time lies in now.
static uint32_t pane_of(const struct vsm_bands *bands, int64_t us) {
  unsigned band = band_of(bands, us);
  return band == bands->n ? 0 : (uint32_t)((us - us % bands->at[band].pane_us) / unit(bands));
}

// The first entry that is not before this place. It is looked for from the end, where most come.
static uint32_t seek(const struct vsm_tape *t, uint64_t place) {
  uint32_t low = t->n, high = t->n;
  for (uint32_t step = 1; low > 0 && place_of(&t->entries[low - 1]) >= place; step *= 2) {
    high = low - 1;
    low = high > step ? high - step : 0;
  }
  while (low < high) {
    uint32_t mid = (low + high) / 2;
    if (place_of(&t->entries[mid]) < place)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static bool fits(const struct vsm_tape_entry *e, int n) {
  return n_of(e) + n == (int16_t)(n_of(e) + n);
}

static int by_place(const void *pa, const void *pb) {
  const struct vsm_tape_entry *a = pa, *b = pb;
  return (place_of(a) > place_of(b)) - (place_of(a) < place_of(b));
}

// Most are few, and sorted but for some.
static void sort_pane(struct vsm_tape_entry *at, uint32_t n) {
  if (n > FEW) {
    vsm_sort(at, n, sizeof *at, by_place);
    return;
  }
  for (uint32_t i = 1; i < n; i++) {
    struct vsm_tape_entry e = at[i];
    uint32_t k = i;
    for (; k > 0 && place_of(&at[k - 1]) > place_of(&e); k--)
      at[k] = at[k - 1];
    at[k] = e;
  }
}

// What lies behind the first band's start comes to the panes of its band now. How many these are.
static uint32_t age(struct vsm_tape *t, const struct vsm_bands *bands) {
  int64_t young_us = bands->n ? bands->at[0].start_us : INT64_MAX;
  uint32_t n = 0, time = 0, pane = 0;
  for (; n < t->n && (int64_t)time_of(&t->entries[n]) * unit(bands) < young_us; n++) {
    struct vsm_tape_entry *e = &t->entries[n];
    if (time_of(e) != time) {
      time = time_of(e);
      pane = pane_of(bands, (int64_t)time * unit(bands));
    }
    *e = entry(place(pane, what_of(e)), n_of(e), e->sum);
  }
  for (uint32_t i = 0, next; i < n; i = next) {
    for (next = i + 1; next < n && time_of(&t->entries[next]) == time_of(&t->entries[i]);)
      next++;
    sort_pane(t->entries + i, next - i);
  }
  return n;
}

static void coarsen(struct vsm_tape *t, const struct vsm_bands *bands) {
  uint32_t aged = age(t, bands), n = 0;
  for (uint32_t i = 0; i < aged; i++) {
    const struct vsm_tape_entry *e = &t->entries[i];
    struct vsm_tape_entry *last = n ? &t->entries[n - 1] : NULL;
    if (last && place_of(last) == place_of(e) && fits(last, n_of(e)))
      *last = entry(place_of(last), n_of(last) + n_of(e), last->sum + e->sum);
    else
      t->entries[n++] = *e;
    if (n_of(&t->entries[n - 1]) == 0 && t->entries[n - 1].sum == 0)
      n--; // taken back whole
  }
  if (n < aged)
    memmove(t->entries + n, t->entries + aged, (t->n - aged) * sizeof *t->entries);
  t->n -= aged - n;
}

static void make_room(struct vsm_tape *t, const struct vsm_bands *bands) {
  if (t->n < t->cap)
    return;
  coarsen(t, bands);
  if (t->n > t->cap / 4 * 3 || t->cap == 0) {
    t->cap = t->cap ? t->cap + t->cap / 2 : FIRST_ENTRIES;
    t->entries = vsm_mem_resize(t->entries, t->cap * sizeof *t->entries);
  }
}

// As pane_of(); most often it is that of the last entry, which needs no division.
static uint32_t pane_to_add(const struct vsm_tape *t, const struct vsm_bands *bands, int64_t us) {
  if (t->n > 0 && bands->n > 0 && us >= bands->at[0].start_us) {
    uint32_t last = time_of(&t->entries[t->n - 1]);
    int64_t behind = us - (int64_t)last * unit(bands);
    if (behind >= 0 && behind < unit(bands))
      return last;
  }
  return pane_of(bands, us);
}

static void add(struct vsm_tape *t, const struct vsm_bands *bands, int64_t us, uint16_t what, int n, int64_t sum) {
  uint64_t at = place(pane_to_add(t, bands, us), what);
  uint32_t i = seek(t, at);
  while (i < t->n && place_of(&t->entries[i]) == at && !fits(&t->entries[i], n))
    i++;
  if (i < t->n && place_of(&t->entries[i]) == at) {
    t->entries[i] = entry(at, n_of(&t->entries[i]) + n, t->entries[i].sum + sum);
    return;
  }
  if (t->n == t->cap) {
    make_room(t, bands);
    i = seek(t, at);
  }
  if (i < t->n)
    memmove(t->entries + i + 1, t->entries + i, (t->n - i) * sizeof *t->entries);
  t->entries[i] = entry(at, n, sum);
  t->n++;
}

void vsm_tape_count(struct vsm_tape *t, const struct vsm_bands *bands, int64_t us, unsigned slot, int sign) {
  add(t, bands, us, (uint16_t)slot, sign, 0);
}

void vsm_tape_duration(struct vsm_tape *t, const struct vsm_bands *bands, int64_t us, int64_t took_us, int sign) {
  add(t, bands, us, (uint16_t)(BUCKETS + vsm_sketch_bucket(took_us)), sign, sign * took_us);
}

void vsm_tape_read(const struct vsm_tape *t, const struct vsm_bands *bands, unsigned band, struct vsm_tally *into) {
  struct vsm_sketch *cycle = &into->dists[VSM_D_CYCLE];
  int64_t from = band < bands->n ? bands->at[band].start_us : INT64_MIN;
  int64_t to = band > 0 ? bands->at[band - 1].start_us : INT64_MAX;
  for (uint32_t i = 0; i < t->n; i++) {
    const struct vsm_tape_entry *e = &t->entries[i];
    int64_t us = (int64_t)time_of(e) * unit(bands);
    if (us < from || us >= to)
      continue;
    if (what_of(e) < BUCKETS) {
      into->counts[what_of(e)] += n_of(e);
    } else {
      vsm_sketch_add(cycle, what_of(e) - BUCKETS, n_of(e));
      cycle->sum += e->sum;
    }
  }
}

// --- as bytes: entries by time and what, one of each

#define COUNT_MAX (INT64_C(1) << 40) // of an entry, as read
#define SUM_MAX (INT64_C(1) << 62)

void vsm_tape_save(const struct vsm_tape *t, const struct vsm_bands *bands, struct vsm_out *o) {
  struct vsm_tape copy = {vsm_mem_alloc((t->n + 1) * sizeof *copy.entries), t->n, t->n};
  if (t->n > 0)
    memcpy(copy.entries, t->entries, t->n * sizeof *t->entries); // as it would be if all had aged to now
  coarsen(&copy, bands);
  for (uint32_t i = 0, next; i < copy.n; i = next) {
    const struct vsm_tape_entry *e = &copy.entries[i];
    int64_t n = 0, sum = 0;
    for (next = i; next < copy.n && place_of(&copy.entries[next]) == place_of(e); next++) {
      n += n_of(&copy.entries[next]);
      sum += copy.entries[next].sum;
    }
    if (n == 0)
      continue;
    vsm_out_number(o, (uint64_t)n);
    vsm_out_number(o, (uint64_t)sum);
    vsm_out_number(o, (uint64_t)time_of(e) * (uint64_t)unit(bands));
    vsm_out_number(o, what_of(e));
  }
  vsm_out_number(o, 0);
  vsm_tape_fini(&copy);
}

void vsm_tape_load(struct vsm_tape *t, const struct vsm_bands *bands, struct vsm_in *in) {
  for (int64_t n; (n = (int64_t)vsm_in_below(in, COUNT_MAX)) != 0;) {
    int64_t sum = (int64_t)vsm_in_below(in, SUM_MAX), us = (int64_t)vsm_in_below(in, VSM_TIME_MAX);
    uint16_t what = (uint16_t)vsm_in_below(in, BUCKETS + VSM_SKETCH_BUCKETS);
    for (int64_t part; t && !in->bad && n > 0; n -= part, sum = 0) {
      part = n < INT16_MAX ? n : INT16_MAX;
      add(t, bands, us, what, (int)part, sum);
    }
  }
}
