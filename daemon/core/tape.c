// What comes is written at the end. When the array is full it is put in order, and what has aged since that was done
// last is put together: within each band to the band's panes, behind the longest window to one time. All else stays as
// it is: it came to its pane when it came to its band. A count beyond 16 bits stands in several equal entries.
//
// What follows from another entry has none of its own: what has a duration was completed, and a clean first pass is a
// first pass.
#include "core/tape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { FIRST_ENTRIES = 8, FEW = 64, LOOK_BACK = 8, BUCKETS = VSM_N_SLOTS }; // what: a slot, or BUCKETS + a bucket

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

static void move_to(struct vsm_tape_entry *e, uint32_t time) {
  e->place = (uint64_t)time << 32 | (uint32_t)e->place;
}

static struct vsm_tape_entry entry(uint64_t place, int n, int64_t sum) {
  return (struct vsm_tape_entry){sum, place << 16 | (uint16_t)n};
}

// The slot that is counted with it; -1: none.
static int implied(uint16_t what) {
  static_assert((int)VSM_N_COMPLETED == (int)VSM_N_FINISHED, "a duration counts for either");
  return what >= BUCKETS ? VSM_N_COMPLETED : what == VSM_N_FIRST_CLEAN ? VSM_N_FIRST_PASSES : -1;
}

void vsm_tape_fini(struct vsm_tape *t) {
  free(t->entries);
  *t = (struct vsm_tape){0};
}

uint32_t vsm_tape_time(struct vsm_bands *bands, int64_t us) {
  return vsm_bands_moment(bands, us)->number;
}

// A pane as tapes know time: from `start` on, before `end`.
struct pane {
  uint32_t start, end;
};

// Where the next newer band begins; INT64_MAX: it is the newest.
static int64_t end_of(const struct vsm_bands *bands, unsigned band) {
  int64_t end = INT64_MAX;
  while (band-- > 0)
    end = vsm_earlier_us(end, bands->at[band].start_us);
  return end;
}

// To which what lay in the pane that begins at `time` has come now.
static struct pane pane_now(const struct vsm_bands *bands, uint32_t time) {
  int64_t unit = vsm_bands_unit(bands), us = time * unit;
  struct vsm_moment m = vsm_moment_of(bands, us);
  int64_t end = end_of(bands, m.band) / unit;
  if (m.band < bands->n && m.number + bands->at[m.band].pane_us / unit < end)
    end = m.number + bands->at[m.band].pane_us / unit;
  return (struct pane){m.number, end < UINT32_MAX ? (uint32_t)end : UINT32_MAX};
}

// The first of n sorted entries that is not before this place. It is looked for from the end, where most come.
static uint32_t seek(const struct vsm_tape_entry *at, uint32_t n, uint64_t place) {
  uint32_t low = n, high = n;
  for (uint32_t step = 1; low > 0 && place_of(&at[low - 1]) >= place; step *= 2) {
    high = low - 1;
    low = high > step ? high - step : 0;
  }
  while (low < high) {
    uint32_t mid = (low + high) / 2;
    if (place_of(&at[mid]) < place)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

// Adds e to an entry. False: that is at another place, or the sum would not fit into it.
static bool join(struct vsm_tape_entry *into, const struct vsm_tape_entry *e) {
  int n = n_of(into) + n_of(e);
  if (place_of(into) != place_of(e) || n != (int16_t)n)
    return false;
  *into = entry(place_of(e), n, into->sum + e->sum);
  return true;
}

// Puts one more among n sorted entries, behind which there is room. Returns how many there are then.
static uint32_t put(struct vsm_tape_entry *at, uint32_t n, struct vsm_tape_entry e) {
  uint32_t i = seek(at, n, place_of(&e));
  for (uint32_t k = i; k < n && place_of(&at[k]) == place_of(&e); k++)
    if (join(&at[k], &e))
      return n;
  if (i < n)
    memmove(at + i + 1, at + i, (n - i) * sizeof *at);
  at[i] = e;
  return n + 1;
}

static void put_in_order(struct vsm_tape *t) {
  uint32_t n = t->n_sorted;
  for (uint32_t i = n; i < t->n; i++)
    n = put(t->entries, n, t->entries[i]);
  t->n = t->n_sorted = n;
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

// n entries of one pane to as few as can be, at `to`, which is not behind them. Returns how many.
static uint32_t join_pane(struct vsm_tape_entry *to, struct vsm_tape_entry *at, uint32_t n) {
  uint32_t kept = 0;
  sort_pane(at, n);
  for (uint32_t i = 0; i < n; i++) {
    if (kept == 0 || !join(&to[kept - 1], &at[i]))
      to[kept++] = at[i];
    if (n_of(&to[kept - 1]) == 0 && to[kept - 1].sum == 0)
      kept--; // taken back whole
  }
  return kept;
}

// Brings the entries from .. to to their panes of now; those of a pane stand at `kept` then. Returns where they end.
static uint32_t age(struct vsm_tape *t, const struct vsm_bands *bands, uint32_t from, uint32_t to, uint32_t kept) {
  for (uint32_t i = from, next; i < to; i = next) {
    struct pane pane = pane_now(bands, time_of(&t->entries[i]));
    for (next = i; next < to && time_of(&t->entries[next]) < pane.end; next++)
      move_to(&t->entries[next], pane.start);
    kept += join_pane(t->entries + kept, t->entries + i, next - i);
  }
  return kept;
}

static uint32_t keep(struct vsm_tape *t, uint32_t from, uint32_t to, uint32_t kept) {
  if (kept < from)
    memmove(t->entries + kept, t->entries + from, (to - from) * sizeof *t->entries);
  return kept + (to - from);
}

// The first entry that is not before the window's start, as that is at now_us. Of long windows it is mostly the first.
static uint32_t seek_start(const struct vsm_tape *t, const struct vsm_bands *bands, unsigned band, int64_t now_us) {
  int64_t start_us = vsm_bands_start(bands, band, now_us);
  uint64_t start = start_us <= 0 ? 0 : place((uint32_t)(start_us / vsm_bands_unit(bands)), 0);
  return t->n == 0 || place_of(&t->entries[0]) >= start ? 0 : seek(t->entries, t->n, start);
}

// From the oldest band on: what lay in it when this was done last, and does not any more. Where windows may cross, that
// is not one stretch for each: all is gone through.
static void coarsen(struct vsm_tape *t, const struct vsm_bands *bands) {
  uint32_t done = 0, kept = 0;
  put_in_order(t);
  if (bands->crossing_us != INT64_MAX) {
    kept = age(t, bands, 0, t->n, 0);
    done = t->n;
  }
  for (unsigned i = bands->n; i-- > 0;) {
    uint32_t to = seek_start(t, bands, i, bands->now_us);
    if (to <= done) // it has left an older one, too
      continue;
    uint32_t from = seek_start(t, bands, i, t->aged * vsm_bands_unit(bands));
    from = from < done ? done : from;
    if (from >= to)
      continue;
    for (uint32_t start = pane_now(bands, time_of(&t->entries[from])).start;
         from > done && time_of(&t->entries[from - 1]) == start;)
      from--; // comes together with what came there before
    kept = keep(t, done, from, kept);
    kept = age(t, bands, from, to, kept);
    done = to;
  }
  t->n = t->n_sorted = keep(t, done, t->n, kept);
  t->aged = (uint32_t)(bands->now_us / vsm_bands_unit(bands));
}

static void make_room(struct vsm_tape *t, const struct vsm_bands *bands) {
  coarsen(t, bands);
  if (t->n >= t->cap / 4 * 3) {
    t->cap = t->cap ? t->cap + t->cap / 2 : FIRST_ENTRIES;
    t->entries = vsm_mem_resize(t->entries, t->cap * sizeof *t->entries);
  }
}

// The newest entries of a time are few. Among them it is put in its place, so that most often all stays in order.
static void add(struct vsm_tape *t, const struct vsm_bands *bands, uint32_t time, uint16_t what, int n, int64_t sum) {
  struct vsm_tape_entry e = entry(place(time, what), n, sum);
  if (t->n == t->cap)
    make_room(t, bands);
  uint32_t i = t->n, least = t->n > LOOK_BACK ? t->n - LOOK_BACK : 0, at = t->n;
  for (; i > least && time_of(&t->entries[i - 1]) == time; i--) {
    if (join(&t->entries[i - 1], &e))
      return;
    at -= place_of(&t->entries[i - 1]) > place_of(&e);
  }
  bool in_order = t->n_sorted == t->n && (at == 0 || place_of(&t->entries[at - 1]) <= place_of(&e));
  t->n_sorted += in_order;
  for (i = t->n++; in_order && i > at; i--)
    t->entries[i] = t->entries[i - 1];
  t->entries[i] = e;
}

void vsm_tape_count(struct vsm_tape *t, const struct vsm_bands *bands, uint32_t time, unsigned slot, int sign) {
  add(t, bands, time, (uint16_t)slot, sign, 0);
}

void vsm_tape_duration(struct vsm_tape *t, const struct vsm_bands *bands, uint32_t time, int64_t took_us, int sign) {
  add(t, bands, time, (uint16_t)(BUCKETS + vsm_sketch_bucket(took_us)), sign, sign * took_us);
}

static void add_entry(const struct vsm_tape_entry *e, int n, struct vsm_tally *into) {
  struct vsm_sketch *cycle = &into->dists[VSM_D_CYCLE];
  if (implied(what_of(e)) >= 0)
    into->counts[implied(what_of(e))] += n * n_of(e);
  if (what_of(e) < BUCKETS) {
    into->counts[what_of(e)] += n * n_of(e);
  } else {
    vsm_sketch_add(cycle, what_of(e) - BUCKETS, n * n_of(e));
    cycle->sum += n * e->sum;
  }
}

static void add_between(const struct vsm_tape *t, const struct vsm_bands *bands, int64_t from, int64_t to, int n,
                        struct vsm_tally *into) {
  for (uint32_t i = 0; i < t->n; i++) {
    int64_t us = (int64_t)time_of(&t->entries[i]) * vsm_bands_unit(bands);
    if (us >= from && us < to)
      add_entry(&t->entries[i], n, into);
  }
}

void vsm_tape_read(const struct vsm_tape *t, const struct vsm_bands *bands, unsigned band, struct vsm_tally *into) {
  int64_t from = band < bands->n ? bands->at[band].start_us : INT64_MIN;
  add_between(t, bands, from, end_of(bands, band), 1, into);
}

void vsm_tape_add_before(const struct vsm_tape *t, const struct vsm_bands *bands, unsigned band, int n,
                         struct vsm_tally *into) {
  if (bands->at[band].crosses)
    add_between(t, bands, end_of(bands, band), bands->at[band].start_us, n, into);
}

// --- as bytes: entries by time and what, one of each, and those that follow from others, too

#define COUNT_MAX (INT64_C(1) << 40) // of an entry, as read
#define SUM_MAX (INT64_C(1) << 62)

static void save_entry(struct vsm_out *o, int64_t n, int64_t sum, int64_t us, unsigned what) {
  if (n <= 0)
    return;
  vsm_out_number(o, (uint64_t)n);
  vsm_out_number(o, (uint64_t)sum);
  vsm_out_number(o, (uint64_t)us);
  vsm_out_number(o, what);
}

static void save_pane(const struct vsm_tape_entry *at, uint32_t n, int64_t us, struct vsm_out *o) {
  int64_t counts[VSM_N_SLOTS] = {0};
  uint32_t i = 0;
  for (uint32_t k = 0; k < n; k++) {
    if (what_of(&at[k]) < BUCKETS)
      counts[what_of(&at[i = k])] += n_of(&at[k]);
    if (implied(what_of(&at[k])) >= 0)
      counts[implied(what_of(&at[k]))] += n_of(&at[k]);
  }
  for (unsigned slot = 0; slot < VSM_N_SLOTS; slot++)
    save_entry(o, counts[slot], 0, us, slot);
  while (i < n && what_of(&at[i]) < BUCKETS)
    i++;
  for (uint32_t next; i < n; i = next) {
    int64_t count = 0, sum = 0;
    for (next = i; next < n && what_of(&at[next]) == what_of(&at[i]); next++) {
      count += n_of(&at[next]);
      sum += at[next].sum;
    }
    save_entry(o, count, sum, us, what_of(&at[i]));
  }
}

void vsm_tape_save(const struct vsm_tape *t, const struct vsm_bands *bands, struct vsm_out *o) {
  struct vsm_tape copy = *t;
  copy.entries = vsm_mem_alloc((t->n + 1) * sizeof *copy.entries);
  if (t->n > 0)
    memcpy(copy.entries, t->entries, t->n * sizeof *t->entries); // as it would be if all had aged to now
  coarsen(&copy, bands);
  for (uint32_t i = 0, next; i < copy.n; i = next) {
    for (next = i; next < copy.n && time_of(&copy.entries[next]) == time_of(&copy.entries[i]);)
      next++;
    save_pane(copy.entries + i, next - i, (int64_t)time_of(&copy.entries[i]) * vsm_bands_unit(bands), o);
  }
  vsm_out_number(o, 0);
  vsm_tape_fini(&copy);
}

// What follows from it was saved, too.
static void load_entry(struct vsm_tape *t, const struct vsm_bands *bands, uint32_t time, uint16_t what, int n,
                       int64_t sum) {
  add(t, bands, time, what, n, sum);
  if (implied(what) >= 0)
    add(t, bands, time, (uint16_t)implied(what), -n, 0);
}

void vsm_tape_load(struct vsm_tape *t, struct vsm_bands *bands, struct vsm_in *in) {
  for (int64_t n; (n = (int64_t)vsm_in_below(in, COUNT_MAX)) != 0;) {
    int64_t sum = (int64_t)vsm_in_below(in, SUM_MAX), us = (int64_t)vsm_in_below(in, VSM_TIME_MAX);
    uint16_t what = (uint16_t)vsm_in_below(in, BUCKETS + VSM_SKETCH_BUCKETS);
    for (int64_t part; t && !in->bad && n > 0; n -= part, sum = 0) {
      part = n < INT16_MAX ? n : INT16_MAX;
      load_entry(t, bands, vsm_tape_time(bands, us), what, (int)part, sum);
    }
  }
}
