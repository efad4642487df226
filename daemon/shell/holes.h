// What to ask a source's recover socket for, and when. Decides alone: sockets are shell/recover.c's, the numbers that
// were seen are the core's, and the time (since boot) is told.
#pragma once
#include "core/sequence.h"

// Numbers of an epoch, both inclusive.
struct vsm_holes_range {
  uint64_t epoch, first, last; // last VSM_HOLES_OPEN: whatever there is
};
#define VSM_HOLES_OPEN UINT64_MAX

struct vsm_holes_answer {
  uint64_t epoch;           // of its events, or without any a newer one than was asked for
  uint64_t events;          // how many
  uint64_t lowest, highest; // of their numbers
  uint64_t oldest;          // that the source still has of that epoch; 0: not said
};

struct vsm_holes {
  uint64_t epoch;  // that is asked about: the newest seen, or the one before while something may be left of it
  uint64_t next;   // what lies below was asked for and answered
  uint64_t gone;   // what lies below can never come
  uint64_t resume; // the lowest number missing when last looked at
  uint64_t seen_epoch, seen_last;
  bool begun;
  bool more;                     // the last answer to an open range may not have been all
  unsigned rounds;               // in which the source did not have what it should
  int64_t round_us;              // when the next one is due; 0: none
  int64_t tail_us, tail_wait_us; // when to ask for what lies above the greatest number seen; how long after that again
  unsigned led;                  // from epoch to epoch without an event
  unsigned failures;             // in a row
  int64_t not_before_us;
};

// True: ask for *range now. Else *again_us is when to look again, if nothing is heard before. seen NULL: nothing yet.
bool vsm_holes_ask(struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us, struct vsm_holes_range *range,
                   int64_t *again_us);
// The answer to it, once its events were taken.
void vsm_holes_answered(struct vsm_holes *h, const struct vsm_holes_range *range, const struct vsm_holes_answer *answer,
                        int64_t now_us);
// It could not be sent, was not answered, or not in a way that can be used.
void vsm_holes_failed(struct vsm_holes *h, int64_t now_us);
// There is a new connection: what failed before may succeed, and may have been lost.
void vsm_holes_connected(struct vsm_holes *h, int64_t now_us);
