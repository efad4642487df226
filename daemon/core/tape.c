// Entries are sorted; most come at the end. Before the array would grow, what has aged is put together: within each
// band to the band's panes, behind the longest window to one time. A count beyond 16 bits stands in several equal
// entries.
#include "core/tape.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_ENTRIES = 8, BUCKETS = VSM_N_SLOTS }; // what: a slot, or BUCKETS + a bucket

struct vsm_tape_entry {
  int64_t sum;   // of the durations of a bucket, in microseconds
  uint32_t time; // in units of the first band's panes; 0: behind all windows
  uint16_t what;
  int16_t n;
};

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
static uint32_t time_of(const struct vsm_bands *bands, int64_t us) {
  unsigned band = band_of(bands, us);
  return band == bands->n ? 0 : (uint32_t)((us - us % bands->at[band].pane_us) / unit(bands));
}

static int cmp(const struct vsm_tape_entry *e, uint32_t time, uint16_t what) {
  return e->time != time ? (e->time > time) - (e->time < time) : (e->what > what) - (e->what < what);
}

// The first entry that is not before this one. It is looked for from the end, where most come.
static uint32_t seek(const struct vsm_tape *t, uint32_t time, uint16_t what) {
  uint32_t low = t->n, high = t->n;
  for (uint32_t step = 1; low > 0 && cmp(&t->entries[low - 1], time, what) >= 0; step *= 2) {
    high = low - 1;
    low = high > step ? high - step : 0;
  }
  while (low < high) {
    uint32_t mid = (low + high) / 2;
    if (cmp(&t->entries[mid], time, what) < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static bool fits(const struct vsm_tape_entry *e, int n) {
  return e->n + n == (int16_t)(e->n + n);
}

static int by_place(const void *pa, const void *pb) {
  const struct vsm_tape_entry *b = pb;
  return cmp(pa, b->time, b->what);
}

// From sorted times that became coarser: entries of one time lie together still, but those of several panes that are
// one now are to be sorted.
static void sort_times(struct vsm_tape *t) {
  for (uint32_t i = 0, next; i < t->n; i = next) {
    bool sorted = true;
    for (next = i + 1; next < t->n && t->entries[next].time == t->entries[i].time; next++)
      sorted = sorted && t->entries[next - 1].what <= t->entries[next].what;
    if (!sorted)
      qsort(t->entries + i, next - i, sizeof *t->entries, by_place);
  }
}

static void coarsen(struct vsm_tape *t, const struct vsm_bands *bands) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < t->n; i++)
    t->entries[i].time = time_of(bands, (int64_t)t->entries[i].time * unit(bands));
  sort_times(t);
  for (uint32_t i = 0; i < t->n; i++) {
    struct vsm_tape_entry *e = &t->entries[i], *last = n ? &t->entries[n - 1] : NULL;
    if (last && cmp(last, e->time, e->what) == 0 && fits(last, e->n)) {
      last->n = (int16_t)(last->n + e->n);
      last->sum += e->sum;
    } else {
      t->entries[n++] = *e;
    }
    if (t->entries[n - 1].n == 0 && t->entries[n - 1].sum == 0)
      n--; // taken back whole
  }
  t->n = n;
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

// As time_of(); most often it is that of the last entry, which needs no division.
static uint32_t time_to_add(const struct vsm_tape *t, const struct vsm_bands *bands, int64_t us) {
  if (t->n > 0 && bands->n > 0 && us >= bands->at[0].start_us) {
    uint32_t last = t->entries[t->n - 1].time;
    int64_t behind = us - (int64_t)last * unit(bands);
    if (behind >= 0 && behind < unit(bands))
      return last;
  }
  return time_of(bands, us);
}

static void add(struct vsm_tape *t, const struct vsm_bands *bands, int64_t us, uint16_t what, int n, int64_t sum) {
  uint32_t time = time_to_add(t, bands, us), i = seek(t, time, what);
  while (i < t->n && cmp(&t->entries[i], time, what) == 0 && !fits(&t->entries[i], n))
    i++;
  if (i < t->n && cmp(&t->entries[i], time, what) == 0) {
    t->entries[i].n = (int16_t)(t->entries[i].n + n);
    t->entries[i].sum += sum;
    return;
  }
  if (t->n == t->cap) {
    make_room(t, bands);
    i = seek(t, time, what);
  }
  memmove(t->entries + i + 1, t->entries + i, (t->n++ - i) * sizeof *t->entries);
  t->entries[i] = (struct vsm_tape_entry){sum, time, what, (int16_t)n};
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
    int64_t us = (int64_t)e->time * unit(bands);
    if (us < from || us >= to)
      continue;
    if (e->what < BUCKETS) {
      into->counts[e->what] += e->n;
    } else {
      vsm_sketch_add(cycle, e->what - BUCKETS, e->n);
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
    for (next = i; next < copy.n && cmp(&copy.entries[next], e->time, e->what) == 0; next++) {
      n += copy.entries[next].n;
      sum += copy.entries[next].sum;
    }
    if (n == 0)
      continue;
    vsm_out_number(o, (uint64_t)n);
    vsm_out_number(o, (uint64_t)sum);
    vsm_out_number(o, (uint64_t)e->time * (uint64_t)unit(bands));
    vsm_out_number(o, e->what);
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
