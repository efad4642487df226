// A business of four streams with eight stages each, at the limits of what is promised: for what depends on segments,
// calendars, expectations and waits. The core in this process, by the event clock; same calls, same events.
#pragma once
#include "base/arena.h"
#include "conf/conf.h"
#include "core/core.h"

enum { BENCH_BUSINESS_STREAMS = 4, BENCH_BUSINESS_STAGES = 8, BENCH_BUSINESS_STEPS = 2 * BENCH_BUSINESS_STAGES };
enum { BENCH_BUSINESS_CHUNK = 10000 };

struct bench_business {
  struct vsm_config *config;
  struct vsm_core *core;
  struct vsm_effects effects;
  struct vsm_arena arena;
  struct vsm_event *events; // BENCH_BUSINESS_CHUNK
  unsigned values;          // of each attribute
  unsigned reasons;         // for which work waits, at each stage; 0: it never does
  uint32_t n_items, n_slots;
  uint64_t random;
  int64_t now_us, gap_us; // time of the newest event, and from one to the next
  struct {
    uint32_t item, step;
  } * slots; // the open items
};

// full: two attributes, a calendar, an expectation at each stage and stream. Five windows in any case. Ends the process
// where something fails.
void bench_business_init(struct bench_business *b, bool full, unsigned values, uint32_t n_open);
// The next n events (BENCH_BUSINESS_CHUNK at most), each the next step of one of the open items: in `events`.
void bench_business_make(struct bench_business *b, size_t n);
// Makes n events (a multiple of 100) and takes them. Returns ns of the processor for each.
double bench_business_step(struct bench_business *b, size_t n);
