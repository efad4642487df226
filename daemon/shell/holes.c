// A source answers from the first number asked for upwards, as much as fits. So one number, `next`, says how far it was
// asked: holes below it were answered, with or without success. What the source says it has no more (`gone`) is never
// asked for again. What it should have and did not send is asked for in a few later rounds, then left.
//
// In this order: holes, the lowest first. Then what is left of an epoch that a newer one has followed, from the lowest
// number that was missing, until the source has no more of it. Then, once, what lies below the first number seen: the
// source may have begun before we heard it. Then, at a slow pace, what lies above the last number seen: events lost at
// the end of a burst leave no hole. The pace is fast after news and doubles while there is none; while events come by
// themselves there is nothing to ask above them, and what is on its way would come twice. A source that does not answer
// about what may be is asked for what is missing nevertheless: these have a pace of their own. So has what is left of
// an epoch, which is never given up: while it waits, what lies below and above is asked for.
//
// Where the source has nothing of an epoch it names the next one that it has, so a daemon that knows nothing asks for
// epoch 0 and is led on.
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

// The number behind; there is none behind the greatest.
static uint64_t behind(uint64_t number) {
  return number == UINT64_MAX ? number : number + 1;
}

static int64_t sooner(int64_t a_us, int64_t b_us) {
  return a_us < b_us ? a_us : b_us;
}

static void begin_epoch(struct vsm_holes *h, uint64_t epoch, uint64_t from) {
  h->epoch = epoch;
  h->next = h->below = h->above = h->gone = h->missing = from;
  h->more = false;
  h->rounds = 0;
  h->round_us = 0;
}

static void hear(struct vsm_holes *h, int64_t now_us) {
  h->tail_us = now_us + TAIL_FIRST_US;
  h->tail_wait_us = TAIL_FIRST_US;
}

// The core hears of another epoch than the one that is asked about.
static void change_epoch(struct vsm_holes *h, uint64_t epoch) {
  if (epoch > h->epoch && !h->older.wanted) {
    h->older.wanted = true;
    h->older.epoch = h->epoch;
    h->older.next = larger(h->missing, 1);
    h->older.pace = h->rest; // what lies above was asked of the same epoch
  }
  begin_epoch(h, epoch, 0);
}

static void take_notice(struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us) {
  bool is_new = seen->epoch != h->seen_epoch || seen->last != h->seen_last;
  if (!h->begun)
    begin_epoch(h, seen->epoch, 0);
  else if (is_new && seen->epoch != h->epoch)
    change_epoch(h, seen->epoch);
  bool fetched = behind(seen->last) == h->above;
  if (is_new && !fetched)
    h->more = false; // more comes by itself
  if (!h->begun || is_new)
    hear(h, now_us);
  h->begun = true;
  h->seen_epoch = seen->epoch;
  h->seen_last = seen->last;
  if (h->epoch == seen->epoch) {
    struct vsm_gap gap;
    h->missing = vsm_sequence_missing(seen, h->next, &gap) ? gap.first : larger(behind(seen->last), h->above);
  }
}

static bool find_between(const struct vsm_holes *h, const struct vsm_sequence *seen, struct vsm_holes_range *range) {
  struct vsm_gap gap;
  if (!vsm_sequence_missing(seen, h->next, &gap))
    return false;
  *range = (struct vsm_holes_range){VSM_HOLES_BETWEEN, h->epoch, gap.first, gap.last};
  return true;
}

static bool find_below(const struct vsm_holes *h, const struct vsm_sequence *seen, struct vsm_holes_range *range) {
  uint64_t from = larger(h->below, 1);
  *range = (struct vsm_holes_range){VSM_HOLES_BELOW, h->epoch, from, seen->first - 1};
  return h->epoch == seen->epoch && seen->last && from < seen->first;
}

static struct vsm_holes_range reach_up(enum vsm_holes_why why, uint64_t epoch, uint64_t from) {
  uint64_t most = VSM_HOLES_AT_ONCE - 1;
  from = larger(from, 1);
  return (struct vsm_holes_range){why, epoch, from, from > UINT64_MAX - most ? UINT64_MAX : from + most};
}

static bool find_older(const struct vsm_holes *h, int64_t now_us, struct vsm_holes_range *range) {
  *range = reach_up(VSM_HOLES_OLDER, h->older.epoch, h->older.next);
  return h->older.wanted && now_us >= h->older.pace.not_before_us;
}

static bool find_rest(const struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us,
                      struct vsm_holes_range *range) {
  if (find_below(h, seen, range))
    return true;
  uint64_t last = h->epoch == seen->epoch ? seen->last : 0;
  *range = reach_up(VSM_HOLES_ABOVE, h->epoch, larger(behind(last), h->above));
  return h->more || now_us >= h->tail_us;
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

static bool find_hole(struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us,
                      struct vsm_holes_range *range) {
  return h->epoch == seen->epoch &&
         (find_between(h, seen, range) || (begin_round(h, seen, now_us) && find_between(h, seen, range)));
}

bool vsm_holes_ask(struct vsm_holes *h, const struct vsm_sequence *seen, int64_t now_us, struct vsm_holes_range *range,
                   int64_t *again_us) {
  static const struct vsm_sequence nothing = {0};
  seen = seen ? seen : &nothing;
  take_notice(h, seen, now_us);
  bool may_ask_holes = now_us >= h->holes.not_before_us, may_ask_rest = now_us >= h->rest.not_before_us;
  if (may_ask_holes && find_hole(h, seen, now_us, range))
    return true;
  if (find_older(h, now_us, range) || (may_ask_rest && find_rest(h, seen, now_us, range)))
    return true;
  *again_us = may_ask_rest ? h->tail_us : h->rest.not_before_us;
  if (h->older.wanted)
    *again_us = sooner(*again_us, h->older.pace.not_before_us);
  if (!may_ask_holes)
    *again_us = sooner(*again_us, h->holes.not_before_us);
  else if (h->round_us)
    *again_us = sooner(*again_us, h->round_us);
  return false;
}

// --- answers

static struct vsm_holes_pace *pace_of(struct vsm_holes *h, const struct vsm_holes_range *range) {
  return range->why == VSM_HOLES_BETWEEN ? &h->holes : range->why == VSM_HOLES_OLDER ? &h->older.pace : &h->rest;
}

static void wait_longer(struct vsm_holes *h, int64_t now_us) {
  h->more = false;
  h->tail_us = now_us + h->tail_wait_us;
  h->tail_wait_us = sooner(h->tail_wait_us * 2, TAIL_LONGEST_US);
}

// The source names a newer epoch, of which nothing was heard yet: it gets a moment to come by itself.
static void follow(struct vsm_holes *h, const struct vsm_holes_answer *answer, int64_t now_us) {
  begin_epoch(h, answer->epoch, answer->oldest);
  if (h->led++ == 0)
    h->tail_wait_us = TAIL_FIRST_US;
  wait_longer(h, now_us);
}

static void take_older(struct vsm_holes *h, const struct vsm_holes_range *range,
                       const struct vsm_holes_answer *answer) {
  bool is_newer = answer->epoch > range->epoch;
  h->older.wanted = is_newer ? answer->epoch < h->epoch : answer->oldest > range->last;
  h->older.epoch = answer->epoch;
  h->older.next = answer->oldest;
}

static void take_nothing_above(struct vsm_holes *h, const struct vsm_holes_range *range,
                               const struct vsm_holes_answer *answer, int64_t now_us) {
  if (answer->oldest > range->last) { // but further up
    h->above = answer->oldest;
    h->more = true;
  } else if (range->epoch > h->seen_epoch && h->above == h->gone) { // there should be some of it
    begin_epoch(h, h->seen_epoch, 0);
    vsm_holes_failed(h, range, now_us);
  } else {
    wait_longer(h, now_us);
  }
}

static void take_nothing(struct vsm_holes *h, const struct vsm_holes_range *range,
                         const struct vsm_holes_answer *answer, int64_t now_us) {
  bool is_newer = answer->epoch > range->epoch;
  if (range->why == VSM_HOLES_OLDER)
    take_older(h, range, answer);
  else if (is_newer)
    follow(h, answer, now_us);
  else if (range->why == VSM_HOLES_ABOVE)
    take_nothing_above(h, range, answer, now_us);
  else if (range->why == VSM_HOLES_BELOW)
    h->below = behind(range->last);
  else
    h->next = behind(range->last);
}

static void take_events(struct vsm_holes *h, const struct vsm_holes_range *range,
                        const struct vsm_holes_answer *answer) {
  uint64_t next = behind(answer->highest);
  h->led = 0;
  if (range->why == VSM_HOLES_OLDER) {
    h->older.next = next;
    return;
  }
  h->next = next;
  if (range->why == VSM_HOLES_BELOW) {
    h->below = next;
  } else if (range->why == VSM_HOLES_ABOVE) {
    h->above = next;
    h->more = true;
  } else {
    h->rounds = 0;
  }
}

static void let_go(struct vsm_holes *h, const struct vsm_holes_range *range, const struct vsm_holes_answer *answer) {
  uint64_t most = answer->events ? answer->lowest : range->why == VSM_HOLES_ABOVE ? 0 : behind(range->last);
  if (h->epoch == range->epoch && answer->epoch == range->epoch)
    h->gone = larger(h->gone, answer->oldest < most ? answer->oldest : most);
}

void vsm_holes_answered(struct vsm_holes *h, const struct vsm_holes_range *range, const struct vsm_holes_answer *answer,
                        int64_t now_us) {
  struct vsm_holes_pace *pace = pace_of(h, range);
  bool is_told = answer->events == 0 && (answer->epoch > range->epoch || range->epoch > h->seen_epoch);
  if (!is_told) // of an epoch of which there may be nothing: that is no success yet
    *pace = (struct vsm_holes_pace){0};
  if (answer->events)
    take_events(h, range, answer);
  else
    take_nothing(h, range, answer, now_us);
  let_go(h, range, answer);
}

void vsm_holes_passed_over(struct vsm_holes *h, const struct vsm_holes_range *range) {
  *pace_of(h, range) = (struct vsm_holes_pace){0};
  if (range->why == VSM_HOLES_BETWEEN)
    h->next = behind(range->last);
  else if (range->why == VSM_HOLES_BELOW)
    h->below = behind(range->last);
  else
    take_events(h, range, &(struct vsm_holes_answer){range->epoch, 1, range->first, range->last, 0});
}

void vsm_holes_unsent(struct vsm_holes *h, const struct vsm_holes_range *range, int64_t now_us) {
  pace_of(h, range)->not_before_us = now_us + FAILED_FIRST_US;
}

void vsm_holes_failed(struct vsm_holes *h, const struct vsm_holes_range *range, int64_t now_us) {
  struct vsm_holes_pace *pace = pace_of(h, range);
  int64_t wait = FAILED_FIRST_US << (pace->failures < DOUBLINGS_MAX ? pace->failures : DOUBLINGS_MAX);
  pace->failures++;
  pace->not_before_us = now_us + sooner(wait, FAILED_LONGEST_US);
}

void vsm_holes_connected(struct vsm_holes *h, int64_t now_us) {
  h->holes = h->rest = h->older.pace = (struct vsm_holes_pace){.not_before_us = now_us + CONNECTED_US};
  hear(h, now_us);
}
