// What happened at a node in each quarter of an hour of the last 400 days: arrivals, departures, what was completed and
// how long it had taken. Made for pictures over months; windows have panes of their own (core/flow.h).
#pragma once
#include <stddef.h>

#include "core/sketch.h"

struct vsm_quarter;

struct vsm_series {
  struct vsm_quarter *quarters; // by time; those in which nothing happened are left out
  size_t first, n, cap;         // in use: first .. n
};

enum vsm_series_what { VSM_SERIES_ARRIVED, VSM_SERIES_DEPARTED, VSM_SERIES_DONE };

void vsm_series_fini(struct vsm_series *s);
void vsm_series_count(struct vsm_series *s, int64_t us, enum vsm_series_what what, int sign);
void vsm_series_duration(struct vsm_series *s, int64_t us, int64_t took_us, int sign);
// Forgets what lies before; what comes later for that time is forgotten at the next call.
void vsm_series_forget(struct vsm_series *s, int64_t before_us);
size_t vsm_series_bytes(const struct vsm_series *s);

// Adds up the counts of what happened from `from` on, before `to`; by enum vsm_series_what.
void vsm_series_counts(const struct vsm_series *s, int64_t from, int64_t to, int64_t counts[3]);

// From when on the newest n durations lie, to the quarter: more may; not before `from`, where fewer do.
int64_t vsm_series_since(const struct vsm_series *s, int64_t from, int64_t n);

// A pane of a picture: sums over a time.
struct vsm_series_sum {
  int64_t counts[3];  // by enum vsm_series_what
  int64_t n;          // durations
  vsm_wide sum;       // of them
  uint32_t low, high; // buckets that were touched: low .. high, none where low > high
  int32_t *buckets;   // VSM_SKETCH_BUCKETS of them, scratch of the caller, zero outside of low .. high
};

// Adds up what happened from `from` on, before `to`, both at the begin of a quarter. Returns how much was read:
// quarters and durations that differ.
size_t vsm_series_add(const struct vsm_series *s, int64_t from, int64_t to, struct vsm_series_sum *sum);
void vsm_series_sum_bucket(struct vsm_series_sum *sum, unsigned bucket, int64_t n);
// The value of nearest rank; 0 where there is none.
int64_t vsm_series_sum_median(const struct vsm_series_sum *sum);
// Ready for the next pane; the scratch is zero again.
void vsm_series_sum_clear(struct vsm_series_sum *sum);

// What was only ever added, as bytes, and added to a series (core/sealed.h). NULL: it is read and left.
void vsm_series_save(const struct vsm_series *s, struct vsm_out *o);
void vsm_series_load(struct vsm_series *s, struct vsm_in *in);
