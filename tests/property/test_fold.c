// Random logs against the reference, in any order. VSM_SEED=N runs that seed alone; VSM_SECONDS=N runs for so long
// from a seed that the time of day gives (default: a fixed number of seeds, the same every time).
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "property/scenario.h"

enum { SEEDS = 533 };

struct kind {
  const char *name;
  bool wall;
  unsigned n_models;
};
static const struct kind kinds[] = {
    {"event clock", false, 1},
    {"wall clock", true, 1},
    {"event clock, other models on the way", false, 3},
    {"wall clock, another model on the way", true, 2},
};

static void print_failure(uint64_t seed, const struct kind *kind, struct scenario *s) {
  printf("seed %llu (%s) fails; its smallest log:\n", (unsigned long long)seed, kind->name);
  scenario_shrink(s);
  scenario_print(stdout, s);
  scenario_run(stdout, s);
}

static bool run_seed(uint64_t seed) {
  const struct kind *kind = &kinds[seed % (sizeof kinds / sizeof *kinds)];
  struct rig_random r = {.state = seed};
  struct vsm_arena arena;
  struct scenario s;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  vsm_arena_init(&arena, 0);
  scenario_make(&s, &r, &r, kind->wall, kind->n_models, &arena);
  bool good = scenario_run(out, &s) == 0;
  fclose(out);
  free(text);
  if (!good)
    print_failure(seed, kind, &s);
  vsm_arena_fini(&arena);
  return good;
}

int main(void) {
  const char *one = getenv("VSM_SEED"), *seconds = getenv("VSM_SECONDS");
  if (one)
    return run_seed(strtoull(one, NULL, 10)) ? 0 : 1;
  time_t end = time(NULL) + (seconds ? atol(seconds) : 0);
  uint64_t seed = seconds ? (uint64_t)time(NULL) * 1000000 : 1, n = 0;
  for (; seconds ? time(NULL) < end : n < SEEDS; n++)
    if (!run_seed(seed + n))
      return 1;
  printf("%llu random logs, each in four orders\n", (unsigned long long)n);
  return 0;
}
