// The naive reference of alerts, written from docs/alerts.md alone: at each instant that matters it scans all items,
// folded by the naive fold, and judges every rule anew (reference_judge.c); the life of each alert is kept in the
// plainest way (reference_alerts.c). Which instants matter it finds by asking of each item when it would come to count.
#pragma once
#include "core/alert.h"
#include "property/reference.h"

// ---- Whether rules hold (reference_judge.c)

struct ref_subject {
  enum vsm_alert_kind kind;
  int stream, stage; // as declared; -1: none
  const char *source, *name, *id;
  const struct vsm_alert_rule *rule;
};

// What is counted of an item, known by all its keys.
struct ref_member {
  const char *const *keys;
  size_t n_keys;
  const char *shown; // NULL: it is forgotten
  int64_t held_us;   // when it came to count
  unsigned order;    // of what it counts by: dates, then thresholds or expectations as declared
  struct ref_why {
    int64_t threshold_us, observed_us; // 0: of no time
    unsigned percentile;
    uint32_t factor_ppm;
    bool by_date;
  } why;
};

struct ref_listed { // an item of an alert
  int64_t from_us;  // when it came to count; of kinds without members, since when it is open
  const char *name;
  int64_t age_us; // of its visit, or its own
};

struct ref_sign {
  bool holds, untold;
  uint64_t count;
  uint64_t threshold, observed; // where they are no times
  bool by_news;                 // of a share: it is another one not by time alone
  int64_t still_from;           // of a stage that stands still: counted from then
  struct ref_why why;           // of who has it worst
  struct ref_listed *items;     // the worst first, by name where they are equal
  size_t n_items;
  struct ref_member *members; // of VSM_ITEM_STALLED and VSM_ITEM_OVERDUE
  size_t n_members;
};

struct ref_heard { // of a source
  const char *id;
  int64_t since; // silence is counted from then
  int64_t heard; // the last time; -1: never
  bool named, since_start;
  int64_t *good, *bad; // minutes of receipt of what was taken, and of what was unmapped or rejected
  size_t n_good, n_bad;
  struct ref_number *given_up;
  size_t n_given_up;
};

struct ref_silence {
  struct vsm_silence_view view; // its texts are kept
  bool over;                    // ended by an order
};

// All that a judgement is about.
struct ref_world {
  struct ref *ref;
  const struct vsm_model *model;
  struct vsm_arena *arena, scratch; // scratch: while one instant is judged
  struct ref_graph *graphs;         // by stream
  struct ref_item **items;          // likewise
  size_t *n_items;
  struct ref_item **then; // as they were when shares were looked at last
  size_t *n_then;
  int64_t **stalls; // by node (ref_node()): of each threshold, what it is now; -1: nothing stalls by it
  struct ref_heard *sources;
  size_t n_sources;
  struct ref_silence *silences;
  size_t n_silences;
};

// All that the model watches, sources first (reference_subjects.c).
struct ref_subject *ref_subjects(const struct ref_world *w, size_t *n);
unsigned ref_node(const struct ref_world *w, unsigned stream, int stage);
// Items anew, after anything but time.
void ref_world_anew(struct ref_world *w);
// Shares were looked at.
void ref_world_shared(struct ref_world *w);
// Relative thresholds, at a whole minute and with a configuration.
void ref_world_thresholds(struct ref_world *w);
struct ref_heard *ref_source(struct ref_world *w, const char *id);
struct ref_figures ref_figures_at(struct ref_world *w, unsigned stream, int64_t now);
// whole: `sle_missed` is looked at. Times up to now only.
void ref_judge(struct ref_world *w, const struct ref_subject *s, bool whole, struct ref_sign *out);
// The first instant after now, and not after `limit`, at which by time alone an item comes to count or the rule to
// hold, whole minutes left aside; INT64_MAX: none.
int64_t ref_next_by_time(struct ref_world *w, const struct ref_subject *s, int64_t limit);
// When what ended it happened: of what it counted, or from when it was counted, at the look before; INT64_MIN: not
// known.
int64_t ref_ended(struct ref_world *w, const struct ref_subject *s, const struct ref_sign *before,
                  const struct ref_sign *now);
// Whether the silence holds and is about such alerts.
bool ref_silence_fits(const struct ref_world *w, const struct ref_silence *silence, const struct ref_subject *s);
// Whether a mapping rule for the stage (-1: for any of the stream) can take the source's events.
bool ref_feeds(const struct vsm_model *model, const char *source, int stream, int stage);

// ---- Their life (reference_alerts.c)

struct ref_alert {
  struct ref_subject subject; // of when it last was one of the model's
  const char *id;
  enum vsm_severity severity;
  enum vsm_alert_state state;
  enum vsm_alert_change change; // the last one
  enum vsm_alert_end end;
  int64_t since, fired, resolved, moved; // moved: when what ended it happened; INT64_MIN: not known
  struct ref_sign sign;                  // of the last look
  struct ref_sign told;                  // of the last one at which its rule held
  bool silenced, acknowledged;
  uint64_t unacknowledged;
  const char **inhibited_by;
  size_t n_inhibited_by;
  bool marked, retold;              // at this look: something beside its state is another; it was told of
  struct ref_member *joined, *left; // at the last announcement but the first
  size_t n_joined, n_left;
  // For its own file
  bool held;            // the rule held at the last look
  bool lingers;         // it does not, by time alone, but a source was silent then
  int64_t ceased;       // since when the rule of a firing one does not hold; INT64_MAX: it does
  int64_t announced_us; // the last time
  struct ref_member *announced, *gone, *covered; // counted then; of these, those that left since; acknowledged
  size_t n_announced, n_gone, n_covered;
};

struct ref_alerts {
  struct ref_world w;
  struct ref_subject *subjects; // all that is watched, by the model and so many sources
  size_t n_subjects, subjects_of;
  bool started, minutes; // minutes: something is looked at at whole minutes
  bool blind;            // nobody runs
  int64_t start;
  uint64_t silence_id;
  struct ref_alert *alerts; // each that ever was, one for an id
  size_t n_alerts;
  struct ref_alert *notices; // since they were dropped last
  size_t n_notices;
  struct ref_alert *history; // resolved ones, the oldest first
  size_t n_history;
};

// Members (reference_members.c)
void ref_note_gone(struct ref_alerts *a, struct ref_alert *x); // at a look
void ref_find_joined(struct ref_alerts *a, struct ref_alert *x);
void ref_announced(struct ref_alerts *a, struct ref_alert *x);
void ref_cover(struct ref_alerts *a, struct ref_alert *x);
void ref_take_as_told(struct ref_alerts *a, struct ref_alert *x);

struct ref_alerts *ref_alerts_create(const struct vsm_model *model, struct vsm_arena *arena);
void ref_alerts_destroy(struct ref_alerts *a);
void ref_alerts_advance(struct ref_alerts *a, int64_t us);
void ref_alerts_started(struct ref_alerts *a, int64_t us);                             // nobody ran up to then
void ref_alerts_batch(struct ref_alerts *a, const struct vsm_event *events, size_t n); // received now
void ref_alerts_alive(struct ref_alerts *a, const char *source);
void ref_alerts_configure(struct ref_alerts *a, const struct vsm_model *model);
bool ref_alerts_withdraw(struct ref_alerts *a, unsigned stream, const char *key);
bool ref_alerts_forget(struct ref_alerts *a, unsigned stream, const char *key);
uint64_t ref_alerts_silence(struct ref_alerts *a, const struct vsm_silence_view *silence);
bool ref_alerts_end_silence(struct ref_alerts *a, uint64_t id);
bool ref_alerts_acknowledge(struct ref_alerts *a, const char *id, bool lost);
