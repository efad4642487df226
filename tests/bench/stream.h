// The events that are measured with: a business that goes on for ever, of the shipped configuration's kinds. Always so
// many items are open at a time; each event is the next step of one of them, picked at random; where an item's way
// ends, another one begins in its place. Some 110 bytes an event as sent. Same seed, same events.
#pragma once
#include <stdbool.h>

#include "base/arena.h"
#include "core/event.h"

// What the items are: of all kinds as a business has them, or of one alone.
enum bench_kind {
  BENCH_MIXED,
  BENCH_PLAIN,  // one key an item, that all systems know
  BENCH_LINKED, // six systems, six keys, joined on the way
};

struct bench_slot {
  uint32_t item; // its number, from 1
  uint32_t step; // heard so far
  int64_t last_us;
};

struct bench_stream {
  enum bench_kind kind;
  bool late;                // of each two steps of an item the second arrives first
  struct bench_slot *slots; // the open items
  uint32_t n_slots;
  uint32_t n_opened; // slots that bench_stream_open() is done with
  uint32_t n_items;  // begun so far
  uint32_t n_events;
  uint64_t random;
  int64_t now_us, gap_us; // time of the newest event, and from one to the next
};

// Ends the process where there is no memory.
void bench_stream_init(struct bench_stream *s, enum bench_kind kind, uint32_t n_open, int64_t start_us, int64_t gap_us);
void bench_stream_fini(struct bench_stream *s);

// Opens the items one after another: the next event of the first that has not had `steps` (0: as many as its place
// says, so that they are spread over all stages). False when all have.
bool bench_stream_open(struct bench_stream *s, unsigned steps, struct vsm_arena *arena, struct vsm_event *out);
// The next event. Its text lives in the arena.
void bench_stream_next(struct bench_stream *s, struct vsm_arena *arena, struct vsm_event *out);
