// What the alerts of a stream go by, beside its figures: when each open visit and item was last moved, their dates, who
// stands suspended, who left last. Kept only where the model asks for alerts.
//
// An item is looked at as it was and as it is, like its story; what differs is written into ordered sets. Members of an
// alert are the entries of a set up to a bound, which moves with time alone (core/detect.c). So what an event costs
// does not depend on how many are open, and a step of time costs as many as it makes members.
#pragma once
#include "core/departed.h"
#include "core/detect.h"
#include "core/stream.h"

// How far the members of a set reach.
struct vsm_front {
  int64_t k;     // entries up to this are members; INT64_MIN: none
  int64_t first; // between k and this one lies no entry; INT64_MAX: nor behind it
};

enum { VSM_NO_STALL = UINT16_MAX };

// A rule of VSM_ITEM_STALLED. What was entered behind the front cannot be a member, and is left alone whenever it
// moves: it is looked at when the front passes its entry, and stands in `moved` from then on.
struct vsm_guard_stall {
  const struct vsm_stall *rule;
  struct vsm_fits fits;
  struct vsm_ranks moved; // whom it is about and who was entered up to the front, by when each was last moved
  struct vsm_front front;
  int64_t after_us; // INT64_MAX: nothing stalls by it
};

struct vsm_guard_node;

// An expectation, of VSM_ITEM_OVERDUE and VSM_SLE_MISSED. Those that stand are in its own sets, or the node's.
struct vsm_guard_expected {
  struct vsm_guard_node *node;
  struct vsm_expecting *x;
  struct vsm_front front; // of `running`; where all that is open counts, of the node's open ones
  unsigned name;
};

struct vsm_guard_name {
  const char *name;
  uint32_t overdue, missed; // numbers of its alerts
  uint64_t n_overdue;
  bool calm;         // at the last look its share was told and met, and nothing came since that could change that
  bool armed;        // of its share something may have changed since it was looked at
  uint64_t news;     // a sum over what its expectations count now, less what they counted then; 0: the same
  int64_t minute_us; // when it is looked at next
};

// A stage or the stream itself.
struct vsm_guard_node {
  struct vsm_guard *guard;
  const struct vsm_alert_rule *alerts; // NULL: not watched
  int place;                           // -1: the stream
  uint32_t stalled, standing, limit;   // numbers of its alerts
  uint64_t wip_limit;                  // 0: none
  struct vsm_guard_stall *stalls;
  unsigned n_stalls;
  bool everybody;    // the first of them is about all that is open
  bool relative;     // any of them
  bool armed;        // what they follow from changed since they were worked out
  int64_t minute_us; // when they are worked out next
  uint64_t n_stalled;
  struct vsm_ranks due; // by date
  struct vsm_front due_front;
  struct vsm_guard_expected *expected; // of each expectation
  struct vsm_guard_name *names;        // of dates and expectations; the first is ""
  unsigned n_names;
  // Of VSM_STAGE_STALLED:
  int64_t still_after_us;        // 0: not watched
  struct vsm_departed *departed; // NULL: likewise
  struct vsm_ranks held;         // suspended visits by entry
  bool still;                    // at the last look
  int64_t still_from_us;         // what it was counted from then; INT64_MAX: nothing was queued or active
};

// An item's open visits, and itself, as alerts see them.
struct vsm_seen_visit {
  int64_t entered;
  int64_t moved;  // of a young one (vsm_guard_is_old()) when it was entered
  int64_t due;    // 0: none
  uint16_t stall; // which rule is about it; VSM_NO_STALL: none
  uint8_t place;
  bool out; // not held against expectations: it has a date, or a silence names it
};
struct vsm_seen {
  bool open;
  struct vsm_seen_visit item; // entered: when it started
  unsigned n;
  struct vsm_seen_visit *visits; // room for one at each stage; those of watched stages
};

const struct vsm_seen_visit *vsm_seen_at(const struct vsm_seen *seen, int place); // -1: the item; NULL: not open there

// What an event has changed that stories do not know: of one place, as it was before it.
struct vsm_guard_before {
  bool progress, due, not_before;             // these are told
  unsigned place;                             // or VSM_PLACE_ITEM
  int64_t progress_us, due_us, not_before_us; // 0: none
};

// What is said of an item's dates of one kind: by place, and where anything is said.
struct vsm_guard_dates {
  struct vsm_set has;
  uint32_t words[VSM_PLACE_ITEM + 1];
};
enum { VSM_GUARD_DATES = 256 };

struct vsm_guard {
  struct vsm_core *core;   // whose it is
  struct vsm_noted *noted; // borrowed
  struct vsm_guard_node stream;
  struct vsm_guard_node *stages; // by place
  unsigned n_stages;
  struct {
    uint32_t word;
    int64_t us;
  } dates[VSM_GUARD_DATES]; // words that were read last
  // Scratch of one item: as it was and as it is. Where something changes that stories do not know, it is kept how the
  // item was seen before, and how one that is united with it was.
  struct vsm_seen was, is, kept, other;
  const struct vsm_seen *seen; // as it was: one of these
  bool has_kept, has_other;
  struct vsm_guard_before before;
  struct vsm_guard_dates due, not_before; // its dates
  bool take_out;                          // it is to be seen no more
};

// NULL where the model asks for no alert of this stream, whose state has no items yet. The core is not configured yet.
struct vsm_guard *vsm_guard_create(struct vsm_core *core, struct vsm_stream_state *s);
void vsm_guard_destroy(struct vsm_guard *w); // NULL-safe
void vsm_guard_mark_words(struct vsm_guard *w, bool *used);

// What stands so is older than the expectation allows.
bool vsm_guard_is_older(const struct vsm_guard_expected *e, struct vsm_standing s);

// Hooks, by core/stream.c and core/expect.c.

// A progress or a date of a place is about to be another, or is already: what it was before the event.
void vsm_guard_tell_progress(struct vsm_guard *g, unsigned place, int64_t us);
void vsm_guard_tell_date(struct vsm_guard *g, enum vsm_value_kind kind, unsigned place, int64_t us);

// How an item is seen by this story, the transition at `but` left aside.
// `before`: what the event changed is seen as it was; NULL: as it is.
void vsm_guard_look(const struct vsm_stream_state *s, uint32_t item, size_t but, const struct vsm_story *story,
                    const struct vsm_guard_before *before, struct vsm_seen *out);
// Its story, r->is, is what it was; what changed is in no story.
void vsm_guard_see_again(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r);
// The item was not seen before.
void vsm_guard_unsee(struct vsm_guard *w);
// Both stories are told: how the item was seen (unless that was kept), and is.
void vsm_guard_see(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r);
// A visit that differs, after the stage's own sets were changed.
void vsm_guard_visit(struct vsm_stream_state *s, uint32_t item, const struct vsm_visit *was,
                     const struct vsm_visit *is);
// Writes what differs of the item.
void vsm_guard_write(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r);
// same: they do not differ; who is not held against expectations may.
void vsm_guard_stood(struct vsm_guard_expected *e, struct vsm_standing was, struct vsm_standing is, bool same,
                     uint32_t item);
void vsm_guard_done(struct vsm_guard_expected *e, int64_t at, bool met, int sign);

static inline struct vsm_guard_node *vsm_guard_node(struct vsm_guard *g, int place) {
  return place < 0 ? &g->stream : &g->stages[place];
}
// Was it entered up to the front of the rule that is about it?
static inline bool vsm_guard_is_old(const struct vsm_guard_node *n, const struct vsm_seen_visit *v) {
  return v->stall != VSM_NO_STALL && v->entered <= n->stalls[v->stall].front.k;
}
// Of what is open at a node since `entered`: which rule is about it (false: none, and *us stays), and when it was last
// moved.
bool vsm_guard_sight(const struct vsm_stream_state *s, const struct vsm_guard_node *n, uint32_t item, int64_t entered,
                     unsigned *rule, int64_t *us);

// Is the item not held against expectations of this node: has it a date, or is it covered?
bool vsm_guard_is_out(const struct vsm_stream_state *s, const struct vsm_guard_node *node, uint32_t item);
// The node's expectations.
static inline const struct vsm_expectings *vsm_guard_expectings(const struct vsm_stream_state *s,
                                                                const struct vsm_guard_node *node) {
  return node->place < 0 ? &s->expected : &s->stages[node->place].expected;
}
// One more member of an alert, or one less.
static inline void vsm_guard_flip(struct vsm_guard *w, uint32_t alert, uint64_t *members, uint32_t item, int sign) {
  *members += (uint64_t)sign;
  vsm_noted_flip(w->noted, alert, item, sign);
}
