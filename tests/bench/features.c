#include "features.h"

#include "base/mem.h"
#include "business.h"
#include "growth.h"
#include "measure.h"

enum { STEPS = BENCH_BUSINESS_STEPS, OPEN_ITEMS = 20000, ROUNDS = 5 };
enum { TIMED_EVENTS = 100000, FILLING_EVENTS = 600000 };

// Turn about, so that a busy machine weighs on both.
struct bench_features bench_features(void) {
  struct bench_business *plain = vsm_mem_alloc(sizeof *plain), *full = vsm_mem_alloc(sizeof *full);
  double a[ROUNDS], b[ROUNDS], share[ROUNDS];
  bench_business_init(plain, false, 8, OPEN_ITEMS);
  bench_business_init(full, true, 8, OPEN_ITEMS);
  bench_business_step(plain, TIMED_EVENTS);
  bench_business_step(full, TIMED_EVENTS);
  for (int i = 0; i < ROUNDS; i++) {
    a[i] = bench_business_step(plain, TIMED_EVENTS);
    b[i] = bench_business_step(full, TIMED_EVENTS);
    share[i] = a[i] / b[i];
  }
  return (struct bench_features){bench_median(a, ROUNDS), bench_median(b, ROUNDS), bench_median(share, ROUNDS)};
}

static double filled_bytes(unsigned full, int unused) {
  struct bench_business *r = vsm_mem_alloc(sizeof *r);
  (void)unused;
  bench_business_init(r, full, 64, OPEN_ITEMS);
  bench_business_step(r, FILLING_EVENTS);
  return bench_resident_bytes();
}

// Of both the items are the same; those with attributes keep two values each.
double bench_segments_bytes(void) {
  enum { VALUES_BYTES = 2 * 16 + 48 };
  return bench_in_child(filled_bytes, 1, 0) - bench_in_child(filled_bytes, 0, 0) -
         (double)VALUES_BYTES * (FILLING_EVENTS / STEPS + OPEN_ITEMS);
}
