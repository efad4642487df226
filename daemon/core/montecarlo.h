// Monte Carlo over days: what past days brought is drawn again and again for the days ahead. Pure functions over
// arrays, in integers, the same from the same seed. Method and limits: docs/concepts.md, "Forecast".
#pragma once
#include <stdbool.h>
#include <stdint.h>

// splitmix64.
struct vsm_dice {
  uint64_t state; // the seed
};
static inline uint64_t vsm_dice_next(struct vsm_dice *d) {
  uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}
// 0 .. n - 1; n below 2^32.
static inline uint32_t vsm_dice_below(struct vsm_dice *d, uint32_t n) {
  return (uint32_t)((vsm_dice_next(d) >> 32) * n >> 32);
}

// How sure a statement is.
enum { VSM_CHANCES = 3 };
extern const unsigned vsm_chance_percent[VSM_CHANCES]; // 50, 85, 95
// So many of n must bear a statement out: the nearest rank.
uint64_t vsm_chance_rank(unsigned percent, uint64_t n);

enum {
  VSM_FORECAST_HISTORY = 399, // whole days that the series keeps
  VSM_FORECAST_SAMPLED = 90,  // of these, the newest are drawn from
  VSM_FORECAST_AHEAD = 730,   // days that are looked ahead
  VSM_FORECAST_DAYS_MIN = 20, // fewer days, or fewer items done in them, tell too little
  VSM_FORECAST_DONE_MIN = 10,
  VSM_FORECAST_TRIALS = 10000, // at most
  VSM_FORECAST_DRAWS = 500000, // days drawn for an answer, and as many for its back-test: what bounds the time
  VSM_FORECAST_TESTS = 60,     // past days tried, at most
};

// Days of two kinds, of which each is drawn for its like: 1: with working time, 0: without. `now` lies between the n
// days of the past, oldest first, and those ahead.
struct vsm_days {
  const uint32_t *done;
  const uint8_t *kind;
  unsigned n; // at most VSM_FORECAST_HISTORY
  const uint8_t *kind_ahead;
  unsigned n_ahead; // at most VSM_FORECAST_AHEAD
};

enum vsm_forecast_trouble {
  VSM_FORECAST_TOLD,
  VSM_FORECAST_FEW_DAYS,
  VSM_FORECAST_FEW_DONE,
  VSM_FORECAST_UNSTABLE, // the newer half of the days is unlike the older
  VSM_FORECAST_FEW_LIKE, // of items: too few were like this one
};
const char *vsm_forecast_trouble_name(enum vsm_forecast_trouble t); // "", "few_days", ...

// May the days that follow day `end` be told from those before it?
enum vsm_forecast_trouble vsm_days_trouble(const struct vsm_days *d, unsigned end);

// The day ahead, from 1, by whose end `items` are done, in so many of a hundred trials; 0: not within n_ahead. Returns
// the number of trials.
uint32_t vsm_days_until(const struct vsm_days *d, uint64_t items, uint64_t seed, unsigned out[VSM_CHANCES]);
// How many are done at least within the first `horizon` days ahead. `room` for VSM_FORECAST_TRIALS numbers.
uint32_t vsm_days_count(const struct vsm_days *d, unsigned horizon, uint64_t seed, uint64_t *room,
                        uint64_t out[VSM_CHANCES]);

// What became of statements like these: on past days, from what was known before each, how many would be done within
// `horizon` days; and how often so many were.
struct vsm_back_test {
  unsigned tests, inside[VSM_CHANCES];
};
void vsm_days_test(const struct vsm_days *d, unsigned horizon, uint64_t seed, struct vsm_back_test *out);
