// Alerts of random logs through virtual time: the core against the reference, and against itself with batches shuffled,
// time split and its state read again.
// VSM_SEED=N runs that seed alone and makes its log smaller where it fails; VSM_SEEDS=N-M runs all of these and tells
// which fail; VSM_SECONDS=N runs for so long from a seed that the time of day gives (default: a fixed number of seeds,
// the same every time).
#include <stdlib.h>
#include <time.h>

#include "property/alerts.h"

enum { SEEDS = 150 };

static void make(struct scenario *s, uint64_t seed, struct vsm_arena *arena) {
  struct rig_random r = {.state = seed};
  do
    scenario_make(s, &r, &r, true, 1 + (unsigned)(seed % 3 == 0), arena);
  while (!alerts_short_enough(s));
  alerts_watch(s, &r, arena);
}

static unsigned run_both(FILE *out, const struct scenario *s) {
  unsigned wrong = alerts_run(out, s);
  return wrong ? wrong : alerts_split(out, s);
}

static void print_failure(uint64_t seed, struct scenario *s, const char *text) {
  printf("seed %llu fails:\n%sits smallest log:\n", (unsigned long long)seed, text);
  fflush(stdout);
  scenario_shrink_by(s, run_both);
  scenario_print(stdout, s);
  for (unsigned i = 0; i < s->n_models; i++)
    alerts_print_watched(stdout, s->models[i]);
  alerts_trace = true;
  run_both(stdout, s);
}

static bool run_seed(uint64_t seed, bool shrink) {
  struct vsm_arena arena;
  struct scenario s;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  vsm_arena_init(&arena, 0);
  make(&s, seed, &arena);
  bool good = run_both(out, &s) == 0;
  fclose(out);
  if (!good && shrink)
    print_failure(seed, &s, text);
  else if (!good)
    printf("seed %llu fails: %s", (unsigned long long)seed, text);
  fflush(stdout);
  free(text);
  vsm_arena_fini(&arena);
  return good;
}

static int run_range(const char *range) {
  char *end;
  uint64_t seed = strtoull(range, &end, 10), last = *end == '-' ? strtoull(end + 1, NULL, 10) : seed, n = 0, failed = 0;
  for (; seed <= last; seed++, n++)
    failed += !run_seed(seed, false);
  printf("%llu random logs, of which %llu fail\n", (unsigned long long)n, (unsigned long long)failed);
  return failed ? 1 : 0;
}

int main(void) {
  const char *one = getenv("VSM_SEED"), *range = getenv("VSM_SEEDS"), *seconds = getenv("VSM_SECONDS");
  alerts_trace = getenv("VSM_TRACE") != NULL;
  if (one)
    return run_seed(strtoull(one, NULL, 10), true) ? 0 : 1;
  if (range)
    return run_range(range);
  time_t end = time(NULL) + (seconds ? atol(seconds) : 0);
  uint64_t seed = seconds ? (uint64_t)time(NULL) * 1000000 : 1, n = 0;
  for (; seconds ? time(NULL) < end : n < SEEDS; n++)
    if (!run_seed(seed + n, true))
      return 1;
  printf("%llu random logs\n", (unsigned long long)n);
  return 0;
}
