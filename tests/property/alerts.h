// Random logs with thresholds, driven through virtual time by the wall clock: what the core says of alerts against the
// naive reference, and against itself with batches shuffled and idle time split otherwise; and by the event clock,
// against itself with the log cut into other batches.
#pragma once
#include "core/alert.h"
#include "property/scenario.h"

// ---- One that keeps alerts: the core (alerts_core.c) or the reference (alerts_reference.c)

struct keeper_ops {
  const char *name;
  void *(*create)(const struct vsm_model *model, struct vsm_arena *arena);
  void (*destroy)(void *k);
  void (*advance)(void *k, int64_t us);
  void (*started)(void *k, int64_t us);
  void (*batch)(void *k, const struct vsm_event *events, size_t n);
  void (*alive)(void *k, const char *source, int64_t us);
  void (*configure)(void *k, const struct vsm_model *model);
  bool (*withdraw)(void *k, unsigned stream, const char *key);
  bool (*forget)(void *k, unsigned stream, const char *key);
  uint64_t (*silence)(void *k, const struct vsm_silence_view *silence); // 0: refused
  bool (*end_silence)(void *k, uint64_t id);
  bool (*acknowledge)(void *k, const char *id, bool lost);
  void (*save)(void *k); // as bytes, and back
  // One line for each notice since the last time, in the order of ids, for each alert that is live and for each that
  // was resolved.
  void (*say)(void *k, FILE *out);
  // Ids of live alerts, in order.
  size_t (*live)(void *k, const char ***ids, struct vsm_arena *arena);
};
extern const struct keeper_ops keeper_core, keeper_reference;

// What is said of an alert, the same words for both.
struct said {
  const char *id;
  enum vsm_alert_state state;
  enum vsm_alert_change change;
  enum vsm_alert_end end;
  enum vsm_severity severity;
  int64_t since, fired, resolved, moved; // moved: when what ended it happened; INT64_MIN: not known
  uint64_t count;                        // where the rule does not hold: as it last did
  uint64_t unacknowledged;
  bool silenced, acknowledged;
  const char **inhibited_by, **joined, **left; // sorted
  size_t n_inhibited_by, n_joined, n_left;     // joined, left: ten at most are told, if there are more none is compared
  uint64_t joined_count, left_count;
  // Of one whose rule holds: why, and its items, ten at most.
  bool holds; // of one that is over the threshold alone, as it last held
  int64_t threshold_us, observed_us;
  uint64_t threshold, observed;
  unsigned percentile;
  uint32_t factor_ppm;
  bool by_date;
  const struct said_item {
    const char *name;
    int64_t age_us;
  } * items;
  size_t n_items;
};
struct saying_list {
  char **lines;
  size_t n;
  struct vsm_arena *arena;
};
void say_one(struct saying_list *l, const struct said *s, bool notice);
void say_all(struct saying_list *l, const char *what,
             FILE *out); // sorted by id, and of one id as they came; then empty

// ---- Scenarios

// What is watched, in each of the models. Of one that was made already.
void alerts_watch(struct scenario *s, struct rig_random *r, struct vsm_arena *arena);
void alerts_print_watched(FILE *out, const struct vsm_model *m);
// Whether it is short enough in time for a reference that looks at each minute, and not at the beginning of all time,
// when nobody has a now.
bool alerts_short_enough(const struct scenario *s);
// As scenario_run().
unsigned alerts_run(FILE *out, const struct scenario *s);
// Likewise its events with the event clock, cut into batches in several ways.
unsigned alerts_split(FILE *out, const struct scenario *s);
void alerts_core_look(void *keeper); // of keeper_core: vsm_core_look()
extern bool alerts_trace;            // steps are written to `out`
