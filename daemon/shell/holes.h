// What to ask a source's recover socket for, and when. Decides alone: sockets are shell/recover.c's, the numbers that
// were seen are the core's, and the time (since boot) is told.
#pragma once
#include "core/sequence.h"

enum vsm_holes_why {
  VSM_HOLES_BETWEEN, // missing between numbers that were seen
  VSM_HOLES_OLDER,   // what may be left of an epoch that a newer one has followed
  VSM_HOLES_BELOW,   // what may lie below the first number seen
  VSM_HOLES_ABOVE,   // what may lie above the last, or in an epoch of which none was seen
};

// Numbers of an epoch, both inclusive. Where it is not known how far they reach as many as a batch may have.
struct vsm_holes_range {
  enum vsm_holes_why why;
  uint64_t epoch, first, last;
};
enum { VSM_HOLES_AT_ONCE = 65536 };

struct vsm_holes_answer {
  uint64_t epoch;           // of its events, or without any a newer one than was asked for
  uint64_t events;          // how many
  uint64_t lowest, highest; // of their numbers
  uint64_t oldest;          // that the source still has of that epoch; 0: not said
};

// What may be asked for again after it failed.
struct vsm_holes_pace {
  unsigned failures; // in a row
  int64_t not_before_us;
};

struct vsm_holes {
  uint64_t epoch; // the newest that was seen, or to which the source led
  uint64_t next;  // holes below it were asked for and answered
  uint64_t below; // likewise of what lies below the first number seen
  uint64_t above; // likewise of what lies above the last
  uint64_t gone;  // what lies below can never come
  struct {
    bool wanted;
    uint64_t epoch, next;
    struct vsm_holes_pace pace;
  } older;
  uint64_t missing; // the lowest number that was when last looked at
  uint64_t seen_epoch, seen_last;
  bool begun;
  bool more;                     // the last answer of what lies above may not have been all
  unsigned rounds;               // in which the source did not have what it should
  int64_t round_us;              // when the next one is due; 0: none
  int64_t tail_us, tail_wait_us; // when to ask for what lies above; how long after that again
  unsigned led;                  // from epoch to epoch without an event
  struct vsm_holes_pace holes, rest;
};

// True: ask for *range now. Else *again_us is when to look again, if nothing is heard before. seen NULL: nothing yet.
bool vsm_holes_ask(struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us, struct vsm_holes_range *range,
                   int64_t *again_us);
// The answer to it, once its events were taken.
void vsm_holes_answered(struct vsm_holes *h, const struct vsm_holes_range *range, const struct vsm_holes_answer *answer,
                        int64_t now_us);
// What was asked for is one event, which nobody can take: it counts as asked for and answered.
void vsm_holes_passed_over(struct vsm_holes *h, const struct vsm_holes_range *range);
// It could not be sent.
void vsm_holes_unsent(struct vsm_holes *h, const struct vsm_holes_range *range, int64_t now_us);
// It was not answered, or not in a way that can be used.
void vsm_holes_failed(struct vsm_holes *h, const struct vsm_holes_range *range, int64_t now_us);
// There is a new connection: what failed before may succeed, and may have been lost.
void vsm_holes_connected(struct vsm_holes *h, int64_t now_us);
