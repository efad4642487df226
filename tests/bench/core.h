// The core in this process, on the shipped configuration's model.
#pragma once
#include "core/core.h"
#include "stream.h"

struct bench_core {
  struct vsm_config *config;
  struct vsm_core *core;
  struct vsm_effects effects;
};

// Ends the process where the configuration does not load.
void bench_core_init(struct bench_core *c, enum vsm_clock clock);
void bench_core_fini(struct bench_core *c);

// Steps through the events as the daemon does, which looks at the clock once in so many. Ends the process where one is
// refused, or mapped by no rule.
void bench_core_step(struct bench_core *c, const struct vsm_event *events, size_t n);

// The stream's next n events (or with opening at most so many, opening the items with `steps` each). Returns how many.
size_t bench_core_events(struct bench_stream *s, bool opening, unsigned steps, struct vsm_arena *arena,
                         struct vsm_event *events, size_t n);
