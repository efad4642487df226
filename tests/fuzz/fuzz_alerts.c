// As fuzz_core, of what is watched: batches, signs of life, starts, other models, withdrawals, silences,
// acknowledgements and the state read again, through virtual time. What the core tells of alerts must be what the
// reference tells.
#include <stdlib.h>

#include "property/alerts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS_MAX = 60 }; // the reference looks at all of them in each minute

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4)
    return -1;
  struct rig_random of_models = {.state = (uint64_t)data[1] << 8 | data[2]};
  struct rig_random of_events = {.bytes = data + 3, .end = data + size};
  struct vsm_arena arena;
  struct scenario s;
  vsm_arena_init(&arena, 0);
  scenario_make(&s, &of_models, &of_events, true, 1 + (data[0] & 1), &arena);
  bool fits = alerts_short_enough(&s) && s.n_events > 0 && s.n_events <= EVENTS_MAX;
  if (fits)
    alerts_watch(&s, &of_models, &arena);
  if (fits && alerts_run(stderr, &s) > 0) {
    scenario_shrink_by(&s, alerts_run);
    scenario_print(stderr, &s);
    for (unsigned i = 0; i < s.n_models; i++)
      alerts_print_watched(stderr, s.models[i]);
    alerts_run(stderr, &s);
    abort();
  }
  vsm_arena_fini(&arena);
  return fits ? 0 : -1;
}
