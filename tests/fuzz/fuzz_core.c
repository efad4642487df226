// Bytes to a scenario: the first three choose clock and models, the others make events with links and repeats, other
// models on the way, time going on. What the core then says must be what the reference says, in any order, with its
// balances after each step.
#include <stdlib.h>

#include "property/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4)
    return 0;
  struct rig_random of_models = {.state = (uint64_t)data[1] << 8 | data[2]};
  struct rig_random of_events = {.bytes = data + 3, .end = data + size};
  struct vsm_arena arena;
  struct scenario s;
  vsm_arena_init(&arena, 0);
  scenario_make(&s, &of_models, &of_events, data[0] & 1, 1 + (data[0] >> 1) % SCENARIO_MODELS_MAX, &arena);
  if (scenario_run(stderr, &s) > 0) {
    scenario_shrink(&s);
    scenario_print(stderr, &s);
    scenario_run(stderr, &s);
    abort();
  }
  vsm_arena_fini(&arena);
  return 0;
}
