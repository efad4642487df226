// Alerts of random logs through virtual time: the core against the reference, and against itself with batches shuffled,
// time split and its state read again.
// VSM_SEED=N runs that seed alone; VSM_SECONDS=N runs for so long from a seed that the time of day gives (default: a
// fixed number of seeds, the same every time).
#include <stdlib.h>
#include <time.h>

#include "property/alerts.h"

// Logs that the reference, which scans everything, gets through in a moment.
static const uint64_t seeds[] = {3,  6,  7,  9,  10, 12, 13, 14, 16, 17, 18, 22, 23, 24, 25, 28, 32, 34, 38, 39,
                                 40, 41, 44, 47, 48, 49, 51, 53, 54, 55, 57, 58, 59, 61, 62, 63, 66, 68, 69};
enum { SEEDS = sizeof seeds / sizeof *seeds };

static void make(struct scenario *s, uint64_t seed, struct vsm_arena *arena) {
  struct rig_random r = {.state = seed};
  do
    scenario_make(s, &r, &r, true, 1, arena);
  while (!alerts_short_enough(s));
  alerts_watch(s, &r, arena);
}

static void print_failure(uint64_t seed, struct scenario *s, const char *text) {
  printf("seed %llu fails:\n%sits smallest log:\n", (unsigned long long)seed, text);
  fflush(stdout);
  scenario_shrink_by(s, alerts_run);
  scenario_print(stdout, s);
  for (unsigned i = 0; i < s->n_models; i++)
    alerts_print_watched(stdout, s->models[i]);
  alerts_trace = true;
  alerts_run(stdout, s);
}

static bool run_seed(uint64_t seed) {
  struct vsm_arena arena;
  struct scenario s;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  vsm_arena_init(&arena, 0);
  make(&s, seed, &arena);
  bool good = alerts_run(out, &s) == 0;
  fclose(out);
  if (!good)
    print_failure(seed, &s, text);
  free(text);
  vsm_arena_fini(&arena);
  return good;
}

int main(void) {
  const char *one = getenv("VSM_SEED"), *seconds = getenv("VSM_SECONDS");
  alerts_trace = getenv("VSM_TRACE") != NULL;
  if (one)
    return run_seed(strtoull(one, NULL, 10)) ? 0 : 1;
  time_t end = time(NULL) + (seconds ? atol(seconds) : 0);
  uint64_t seed = (uint64_t)time(NULL) * 1000000, n = 0;
  for (; seconds ? time(NULL) < end : n < SEEDS; n++)
    if (!run_seed(seconds ? seed + n : seeds[n]))
      return 1;
  printf("%llu random logs\n", (unsigned long long)n);
  return 0;
}
