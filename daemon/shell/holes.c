// A source answers from the first number asked for upwards, as much as fits. So one number, `next`, says how far it was
// asked: holes below it were answered, with or without success. What the source says it has no more (`gone`) is never
// asked for again. What it should have and did not send is asked for in a few later rounds, then left.
//
// In this order: holes, the lowest first, and before them what lies below the first number seen (the source had begun
// before we heard it). Then, at a slow pace, what lies above the last number seen: events lost at the end of a burst
// leave no hole. The pace is fast after news and doubles while there is none; while events come by themselves there is
// nothing to ask above them, and what is on its way would come twice.
//
// Where the core has gone on to a newer epoch the rest of the one before is asked for first, from the lowest number
// that was missing then, until the source has no more of it. Where the source has nothing of an epoch it names the next
// one that it has, so a daemon that knows nothing asks for epoch 0 and is led on.
#include "shell/holes.h"

#include "base/time.h"

#define TAIL_FIRST_US VSM_SECOND_US
#define TAIL_LONGEST_US (60 * VSM_SECOND_US)
#define ROUND_FIRST_US (10 * VSM_SECOND_US)
#define FAILED_FIRST_US VSM_SECOND_US
#define FAILED_LONGEST_US (60 * VSM_SECOND_US)
#define CONNECTED_US (50 * 1000) // until a new connection can be used
enum { ROUNDS_MAX = 4, DOUBLINGS_MAX = 6 };

static uint64_t larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

static void begin_epoch(struct vsm_holes *h, uint64_t epoch, uint64_t from) {
  h->epoch = epoch;
  h->next = h->gone = h->resume = from;
  h->rounds = 0;
  h->round_us = 0;
}

static void take_notice(struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us) {
  if (!h->begun) {
    h->begun = true;
    begin_epoch(h, seen->epoch, 0);
    h->tail_us = now_us;
    h->tail_wait_us = TAIL_FIRST_US;
  } else if (seen->epoch != h->seen_epoch || seen->last != h->seen_last) {
    bool fetched = seen->epoch == h->epoch && seen->last + 1 == h->next;
    h->more = h->more && fetched; // else more comes by itself
    h->tail_us = now_us + TAIL_FIRST_US;
    h->tail_wait_us = TAIL_FIRST_US;
  }
  h->seen_epoch = seen->epoch;
  h->seen_last = seen->last;
  if (h->epoch == seen->epoch) {
    struct vsm_gap gap;
    h->resume = vsm_sequence_missing(seen, h->next, &gap) ? gap.first : larger(seen->last + 1, h->next);
  }
}

// Of the newest epoch: what lies below the first number, or else the lowest hole.
static bool find_hole(struct vsm_holes *h, const struct vsm_sequence *seen, struct vsm_holes_range *range) {
  struct vsm_gap gap;
  uint64_t from = larger(h->next, 1);
  if (seen->last && from < seen->first)
    gap = (struct vsm_gap){from, seen->first - 1};
  else if (!vsm_sequence_missing(seen, h->next, &gap))
    return false;
  *range = (struct vsm_holes_range){h->epoch, gap.first, gap.last};
  return true;
}

// Everything was asked for: later again, where something is missing that the source should have.
static bool begin_round(struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us) {
  struct vsm_gap gap;
  bool wanted = h->rounds < ROUNDS_MAX && vsm_sequence_missing(seen, h->gone, &gap);
  if (wanted && !h->round_us)
    h->round_us = now_us + (ROUND_FIRST_US << h->rounds);
  bool begins = wanted && now_us >= h->round_us;
  if (begins) {
    h->rounds++;
    h->next = h->gone;
  }
  if (begins || !wanted)
    h->round_us = 0;
  return begins;
}

static bool ask_rest(struct vsm_holes *h, uint64_t from, int64_t now_us, struct vsm_holes_range *range) {
  if (!h->more && now_us < h->tail_us)
    return false;
  *range = (struct vsm_holes_range){h->epoch, larger(from, 1), VSM_HOLES_OPEN};
  return true;
}

bool vsm_holes_ask(struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us, struct vsm_holes_range *range,
                   int64_t *again_us) {
  static const struct vsm_sequence nothing = {0};
  seen = seen ? seen : &nothing;
  take_notice(h, seen, now_us);
  *again_us = h->not_before_us;
  if (now_us < h->not_before_us)
    return false;
  if (h->epoch < seen->epoch)
    h->more = true; // the rest of an older one does not wait
  if (h->epoch != seen->epoch) {
    if (ask_rest(h, h->resume, now_us, range))
      return true;
  } else if (find_hole(h, seen, range) || (begin_round(h, seen, now_us) && find_hole(h, seen, range)) ||
             ask_rest(h, larger(seen->last + 1, h->next), now_us, range)) {
    return true;
  }
  *again_us = h->round_us && h->round_us < h->tail_us ? h->round_us : h->tail_us;
  return false;
}

static void wait_longer(struct vsm_holes *h, int64_t now_us) {
  h->more = false;
  h->tail_us = now_us + h->tail_wait_us;
  h->tail_wait_us = h->tail_wait_us * 2 < TAIL_LONGEST_US ? h->tail_wait_us * 2 : TAIL_LONGEST_US;
}

// The source names a newer epoch. The core may have heard of one between; what it has not heard of gets a moment to
// come by itself.
static void follow(struct vsm_holes *h, const struct vsm_holes_range *range, const struct vsm_holes_answer *answer,
                   int64_t now_us) {
  bool known = h->seen_epoch > range->epoch && h->seen_epoch < answer->epoch;
  begin_epoch(h, known ? h->seen_epoch : answer->epoch, known ? 0 : answer->oldest);
  if (h->led++ == 0)
    h->tail_wait_us = TAIL_FIRST_US;
  wait_longer(h, now_us);
}

// Nothing of what was asked for is there, nor a newer epoch.
static void take_nothing(struct vsm_holes *h, const struct vsm_holes_range *range, int64_t now_us) {
  bool newer = range->epoch > h->seen_epoch;
  if (newer && h->resume == h->gone) { // there should be some of it
    begin_epoch(h, h->seen_epoch, 0);
    vsm_holes_failed(h, now_us);
    return;
  }
  h->failures = h->led = 0;
  if (range->epoch < h->seen_epoch)
    begin_epoch(h, h->seen_epoch, 0);
  if (range->last == VSM_HOLES_OPEN)
    wait_longer(h, now_us);
  else
    h->next = range->last + 1;
}

static void take_events(struct vsm_holes *h, const struct vsm_holes_range *range,
                        const struct vsm_holes_answer *answer) {
  h->next = h->resume = answer->highest + 1;
  h->failures = h->led = 0;
  if (range->last == VSM_HOLES_OPEN)
    h->more = true;
  else
    h->rounds = 0;
}

static void let_go(struct vsm_holes *h, const struct vsm_holes_range *range, const struct vsm_holes_answer *answer) {
  uint64_t most = answer->events ? answer->lowest : range->last == VSM_HOLES_OPEN ? 0 : range->last + 1;
  if (h->epoch == range->epoch)
    h->gone = larger(h->gone, answer->oldest < most ? answer->oldest : most);
}

void vsm_holes_answered(struct vsm_holes *h, const struct vsm_holes_range *range, const struct vsm_holes_answer *answer,
                        int64_t now_us) {
  if (answer->events)
    take_events(h, range, answer);
  else if (answer->epoch > range->epoch)
    follow(h, range, answer, now_us);
  else
    take_nothing(h, range, now_us);
  if (answer->epoch == range->epoch)
    let_go(h, range, answer);
}

void vsm_holes_failed(struct vsm_holes *h, int64_t now_us) {
  int64_t wait = FAILED_FIRST_US << (h->failures < DOUBLINGS_MAX ? h->failures : DOUBLINGS_MAX);
  h->failures++;
  h->not_before_us = now_us + (wait < FAILED_LONGEST_US ? wait : FAILED_LONGEST_US);
}

void vsm_holes_connected(struct vsm_holes *h, int64_t now_us) {
  h->failures = 0;
  h->not_before_us = now_us + CONNECTED_US;
  h->tail_us = now_us;
}
