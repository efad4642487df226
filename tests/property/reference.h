// A naive reference for the core, written from docs/concepts.md and docs/mapping.md alone: remember everything that was
// said, sort, fold once, sum. It shares no code with the core but calendars, which have a test of their own, only its
// plain headers, and is meant to be read beside the text. Everything lives in the arena given; memory is never given
// back before the arena's end.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/event.h"
#include "core/map.h"
#include "core/model.h"
#include "core/view.h"

enum { REF_STAGES_MAX = 16 };

// ---- The stream (reference_graph.c)

struct ref_graph {
  const struct vsm_stream *stream;
  bool before[REF_STAGES_MAX][REF_STAGES_MAX];   // [a][b]: b can be reached from a
  bool parallel[REF_STAGES_MAX][REF_STAGES_MAX]; // [a][b]
  bool required[REF_STAGES_MAX][REF_STAGES_MAX]; // [b][s]: b is required before s
  unsigned place[REF_STAGES_MAX];                // of a stage, in the order of stages
  unsigned order[REF_STAGES_MAX];                // the stage at a place
};

void ref_graph_of(const struct vsm_stream *stream, struct ref_graph *g);

// ---- What rules say (reference_rules.c)

bool ref_rule_matches(const struct vsm_rule *rule, const struct vsm_event *e);
// NULL where a field is missing.
const char *ref_expand(const struct vsm_template *t, const struct vsm_event *e, struct vsm_arena *arena);

// ---- One item (reference_fold.c)

struct ref_transition {
  int64_t t;
  int stage; // as declared; -1: of the item
  enum vsm_lifecycle lifecycle;
  const char *reason, *party; // of a suspend; no part of its order
};

struct ref_span {
  int64_t from, to;
};

// A suspension, and what for.
struct ref_wait {
  size_t visit;
  int64_t from, to; // to: INT64_MAX while it lasts
  const char *reason, *party;
};

struct ref_visit {
  int stage;
  int64_t entered, left; // left: where closed
  enum vsm_how how;
  enum vsm_visit_state state; // VSM_CLOSED where closed
  bool confirmed, rework, unobserved, implied;
  bool late;     // recorded by late news
  bool way_made; // closed because way was made
  bool ever_active;
  int64_t queued, active, suspended; // up to the last change of state; in the stage's working time
  int64_t since;                     // the last change of state
};

struct ref_moment {
  int stage; // -1: of the item
  int64_t t;
  size_t visits; // that had opened
};

struct ref_fold {
  struct ref_visit *visits; // in the order in which they opened
  size_t n_visits;
  struct ref_span *active; // of any visit
  size_t n_active;
  struct ref_wait *waits;
  size_t n_waits;
  struct ref_moment *finished, *withdrawn, *reopened, *redundant;
  size_t n_finished, n_withdrawn, n_reopened, n_redundant;
  bool bypassed[REF_STAGES_MAX];
  int64_t bypassed_at[REF_STAGES_MAX];
  int64_t started;
  bool open, ever;             // ever: there was a transition at all
  enum vsm_lifecycle ended_by; // finish or withdraw, where not open
};

// Takes a set of transitions in any order, repeated or not; progress among them is passed over.
void ref_fold(const struct ref_graph *g, const struct ref_transition *transitions, size_t n, struct vsm_arena *arena,
              struct ref_fold *out);

// ---- All items of all streams (reference_collect.c)

struct ref;

struct ref_counts {
  uint64_t received, mapped, unmapped, ignored, rejected; // mapped: applied and duplicates together
};

struct ref_item {
  const char *shown;       // the key by which it is shown
  const char *const *keys; // sorted
  size_t n_keys;
  struct ref_transition *transitions; // canonical order, each once
  size_t n_transitions;
  bool has_progress[REF_STAGES_MAX + 1]; // by stage; the item's own last
  int64_t progress[REF_STAGES_MAX + 1];  // the newest
  struct ref_fold fold;
  const char *segments[VSM_SEGMENTS_MAX]; // its value of each attribute of the stream; NULL: none
  int64_t due[REF_STAGES_MAX + 1];        // by stage; the item's own last; 0: none
  int64_t not_before[REF_STAGES_MAX + 1]; // likewise
};

// The reference borrows models and arena.
struct ref *ref_create(const struct vsm_model *model, struct vsm_arena *arena);
void ref_configure(struct ref *ref, const struct vsm_model *model);
// Returns why it is refused, or VSM_R_NONE.
enum vsm_reason ref_take(struct ref *ref, const struct vsm_event *event);
void ref_advance(struct ref *ref, struct vsm_time wall);
int64_t ref_now(const struct ref *ref);
struct ref_counts ref_counts(const struct ref *ref);
// Of each source's newest epoch: the numbers between the smallest and the greatest seen that were not seen.
uint64_t ref_gaps(struct ref *ref);

struct ref_number {
  uint64_t epoch, number;
};
// Those numbers, of one source.
struct ref_number *ref_missing(struct ref *ref, const char *source, size_t *n);

// Ends the item of the stream that has this key now; false: there is none that is open.
bool ref_withdraw(struct ref *ref, unsigned stream, const char *key);

// Forgets the item of the stream that has this key now: what it counted stays, but nobody can call it any more. *keys:
// those that it had. False: there is none.
bool ref_forget(struct ref *ref, unsigned stream, const char *key, const char *const **keys, size_t *n_keys);

// The items of one stream, folded, in no particular order.
struct ref_item *ref_items(struct ref *ref, unsigned stream, size_t *n);

// ---- Figures (reference_metrics.c)

// What vsm_core_view_stream() must give, with exact nearest-rank quantiles.
void ref_view(const struct ref_graph *g, const struct ref_item *items, size_t n_items, int64_t now,
              struct vsm_arena *arena, struct vsm_stream_view *out);

// The figures of the items that have one value of an attribute; of them a segment has wip, counts and cycle or lead
// times.
struct ref_segment {
  const char *attribute, *value;
  struct vsm_stream_view figures;
};
// Of all attributes, sorted by attribute as configured, then value; only values that some item has.
struct ref_segment *ref_segments(const struct ref_graph *g, const struct ref_item *items, size_t n_items, int64_t now,
                                 struct vsm_arena *arena, size_t *n);

// The cycle times in microseconds, sorted, among which the age of an open visit to the stage has its pace: of the
// completed visits in the longest window.
int64_t *ref_cycle_times(const struct ref_graph *g, const struct ref_item *items, size_t n_items, int64_t now,
                         int stage, struct vsm_arena *arena, size_t *n);

// What vsm_core_map() must give; `figures` is the stream's own view.
struct vsm_map_view ref_map(const struct ref_graph *g, const struct ref_item *items, size_t n_items, int64_t now,
                            const struct vsm_stream_view *figures, unsigned window, struct vsm_arena *arena);

// ---- For its own files

struct ref_figures {
  const struct ref_graph *g;
  const struct ref_item *items;
  size_t n_items;
  int64_t now;
  struct vsm_arena *arena;
};

// Waits and expectations (reference_expect.c)
struct vsm_wait_view *ref_waits(const struct ref_figures *x, int stage, unsigned *n);
// Of what happened from then on; stage -1: the stream's own.
struct vsm_sle_view *ref_sle(const struct ref_figures *x, int stage, int64_t from, unsigned *n);
struct ref_part { // of what is counted: when it was over (INT64_MAX: it is open), whether in time (open: its age)
  int64_t over, how;
};
struct ref_tally {
  uint64_t count, met;
  struct ref_part *parts; // what is open and not too old, too
  size_t n_parts;
};
struct ref_tally ref_tally(const struct ref_figures *x, int stage, unsigned at, int64_t from); // of one of them
bool ref_fits(const struct vsm_expectation *all, unsigned at, const struct ref_item *item);
bool ref_all_fit(const struct vsm_where *where, unsigned n, const struct ref_item *item);
// What an expectation counts of the age of an open visit, or with SIZE_MAX of the item; -1: nothing of it is open.
int64_t ref_counted_age(const struct ref_figures *x, const struct vsm_expectation *e, const struct ref_fold *f,
                        size_t visit);

// Of durations in microseconds, which it sorts.
struct vsm_dist_view ref_distribution(int64_t *us, size_t n);
// The first instant in a window: its pane is the 59th before the pane of now.
int64_t ref_window_start(int64_t window_us, int64_t now);
// Working time between two instants; 0 where the second is not later.
int64_t ref_worked(const struct vsm_calendar *calendar, int64_t from, int64_t to);
// Of the working time between two instants, that in which any of the spans lasted.
int64_t ref_covered(const struct ref_figures *x, const struct vsm_calendar *calendar, const struct ref_span *spans,
                    size_t n, int64_t from, int64_t to);

// Room for one more element in an array that grows by doubling.
void *ref_grow(struct vsm_arena *arena, void *array, size_t n, size_t element_bytes);
#define REF_PUSH(arena, array, n, ...)                                                                                 \
  ((array) = ref_grow((arena), (array), (n), sizeof *(array)), (array)[(n)++] = (__VA_ARGS__))
// Canonical order: negative, 0, positive.
int ref_transition_cmp(const struct ref_graph *g, const struct ref_transition *a, const struct ref_transition *b);
