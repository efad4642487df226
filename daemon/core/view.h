// Reading the core: plain structs that say what is published and answered. Everything that they point to lives in the
// arena given, or in the core and model until the next call that changes them. Seconds are doubles here and nowhere
// else: state holds none.
#pragma once
#include "base/arena.h"
#include "core/core.h"

// The length of a working day where a calendar counts a node's times (`wd`), 0 where they are elapsed time.
double vsm_working_day_seconds(const struct vsm_calendar *c);

struct vsm_age_view {
  double p50, p85, p95, max; // seconds
};

struct vsm_dist_view {
  uint64_t count;
  double mean, min, max, p50, p85, p95, p99; // seconds
};

// Of what was completed in the window, and of what is open and already older, the share within a time.
struct vsm_sle_view {
  const char *name;
  double within_seconds, target, attained; // target, attained: shares, 0 to 1
  uint64_t count;
  double working_day_seconds; // of `within`
};

#define VSM_STAGE_COUNTS(X)                                                                                            \
  X(arrivals)                                                                                                          \
  X(departures)                                                                                                        \
  X(completed) X(implied) X(skipped) X(returned) X(withdrawn) X(rework) X(unobserved) X(bypassed) X(redundant)
#define VSM_STREAM_COUNTS(X) X(started) X(finished) X(withdrawn) X(reopened) X(redundant)

struct vsm_stage_window_view {
  const char *window; // "all" first, then as configured
#define X(name) uint64_t name;
  VSM_STAGE_COUNTS(X)
#undef X
  struct vsm_dist_view cycle_time, queue_time, active_time, suspended_time;
  double flow_efficiency, first_pass_yield;
  const struct vsm_sle_view *sle; // as configured
  unsigned n_sle;
};

struct vsm_wait_window_view {
  const char *window;
  uint64_t count; // suspensions that ended
  double seconds;
};

struct vsm_wait_view {
  const char *party;
  struct vsm_str reason;
  uint64_t wip; // suspended for it now
  const struct vsm_wait_window_view *windows;
  unsigned n_windows;
};

struct vsm_stage_view {
  const char *id, *name;
  uint64_t wip, queued, active, suspended;
  struct vsm_age_view age;
  const struct vsm_stage_window_view *windows;
  unsigned n_windows;
  const struct vsm_wait_view *waits; // by party, then reason
  unsigned n_waits;
  double working_day_seconds;
};

struct vsm_stream_window_view {
  const char *window;
#define X(name) uint64_t name;
  VSM_STREAM_COUNTS(X)
#undef X
  double throughput_per_day, flow_efficiency;
  struct vsm_dist_view lead_time;
  const struct vsm_sle_view *sle; // as configured
  unsigned n_sle;
};

struct vsm_stream_view {
  const char *id, *name;
  uint64_t wip, between;
  struct vsm_age_view age;
  const struct vsm_stream_window_view *windows;
  unsigned n_windows;
  const struct vsm_stage_view *stages; // in the order of the stream
  unsigned n_stages;                   // 0 from vsm_core_view_node()
  double working_day_seconds;
};

// A node is a stage of a stream, or with stage -1 the stream itself. Indexes as in the model; VSM_ENOMEM or 0.
int vsm_core_view_stream(struct vsm_core *core, unsigned stream, struct vsm_arena *arena, struct vsm_stream_view *out);
// Of n streams from the first on; NULL: no memory.
struct vsm_stream_view *vsm_core_view_streams(struct vsm_core *core, size_t first, size_t n, struct vsm_arena *arena);
int vsm_core_view_stage(struct vsm_core *core, unsigned stream, unsigned stage, struct vsm_arena *arena,
                        struct vsm_stage_view *out);
// The stream's own figures, without its stages.
int vsm_core_view_node(struct vsm_core *core, unsigned stream, struct vsm_arena *arena, struct vsm_stream_view *out);

// The figures of one value of an attribute, of a stage or of the stream; of its windows the counts and the cycle or
// lead time are set.
struct vsm_segment_view {
  const char *attribute;
  struct vsm_str value; // "other" for what came beyond VSM_SEGMENT_VALUES_MAX
  uint64_t wip;
  const struct vsm_stage_window_view *windows;         // of a stage
  const struct vsm_stream_window_view *stream_windows; // of the stream
  unsigned n_windows;
};
struct vsm_segments_query {
  unsigned stream;
  int stage;            // -1: the stream's own figures
  int attribute;        // index among the stream's segments; -1: all
  struct vsm_str value; // empty: all
};
// Sorted by attribute as configured, then value. Returns the number of rows, or VSM_ENOMEM.
long vsm_core_view_segments(struct vsm_core *core, const struct vsm_segments_query *query, struct vsm_arena *arena,
                            struct vsm_segment_view **rows);

// What happened at a node from pane to pane.
#define VSM_QUARTER_US (15 * VSM_MINUTE_US)
#define VSM_SERIES_KEPT_US (400 * VSM_DAY_US)
struct vsm_series_pane {
  struct vsm_time start;
  int64_t arrivals, departures, completed; // of a stream: started and reopened; finished and withdrawn; finished
  uint64_t wip;                            // at the pane's end
  uint64_t cycle_time_count;               // of a stream: lead times
  double cycle_time_p50, cycle_time_mean;  // seconds
  double seconds;                          // its length up to now; working time where there is a calendar
};
enum { VSM_SERIES_PANES_MAX = 1000 };
struct vsm_series_query {
  unsigned stream;
  int stage;             // -1: the stream itself
  int window;            // index as configured, of its 60 panes; -1: the panes between `bounds`
  const int64_t *bounds; // never falling, whole quarters of an hour; 2 .. VSM_SERIES_PANES_MAX + 1 of them
  unsigned n_bounds;
};
struct vsm_series_picture {
  struct vsm_series_pane *panes; // in the arena; without those that begin more than VSM_SERIES_KEPT_US ago
  unsigned n;
  struct vsm_time end; // of the last pane
  bool more;           // panes before these are kept, and were too much for one answer
  double working_day_seconds;
};
// 0 or VSM_ENOMEM.
int vsm_core_view_series(struct vsm_core *core, const struct vsm_series_query *query, struct vsm_arena *arena,
                         struct vsm_series_picture *out);
// Memory of the quarter hours of all nodes.
size_t vsm_core_series_bytes(const struct vsm_core *core);

// True once after anything in the node's figures but ages may have changed.
bool vsm_core_take_changed(struct vsm_core *core, unsigned stream, int stage);

struct vsm_ingest_view {
  uint64_t received, applied, duplicates, unmapped, ignored, rejected, gaps;
};
struct vsm_ingest_view vsm_core_ingest(const struct vsm_core *core);

// What comes from a source.
struct vsm_rate_view {
  uint64_t recent; // events, in the last so many microseconds
  int64_t recent_us;
  uint64_t usual_milli; // in a quarter of an hour in which it sends anything, in thousandths; 0: not known yet
};

struct vsm_source_view {
  struct vsm_str source;
  struct vsm_time last; // receipt of what was last heard
  struct vsm_ingest_view counts;
  double delay_p95_seconds; // receipt minus event time
  uint32_t row;             // in the ledger
  struct vsm_rate_view rate;
};
// Of the first VSM_LAG_SOURCES_MAX sources those whose events come latest (receipt minus event time), the latest first.
enum { VSM_LAGS_MAX = 16, VSM_LAG_SOURCES_MAX = 1000 };
struct vsm_lag_view {
  struct vsm_str source; // borrowed, until the next event
  double delay_p95_seconds;
  struct vsm_time last; // receipt of what was last heard
};
struct vsm_lags_view {
  struct vsm_lag_view at[VSM_LAGS_MAX];
  unsigned n;
};
struct vsm_lags_view vsm_core_lags(const struct vsm_core *core);

// What was seen of a source's numbers (core/sequence.h), until the next event; NULL: nothing of this source.
struct vsm_sequence;
const struct vsm_sequence *vsm_core_numbers(const struct vsm_core *core, struct vsm_str source);

struct vsm_unmapped_view {
  struct vsm_str source, type;
  uint64_t count;
  struct vsm_time last; // receipt of the newest
};
struct vsm_rejected_view {
  struct vsm_str source, type;
  enum vsm_reason reason;
  struct vsm_str detail; // of the newest
  uint64_t count;
};
// Sorted by source, type, reason. *n rows in the arena; NULL with *n = 0 where there is none or no memory.
struct vsm_source_view *vsm_core_sources(struct vsm_core *core, struct vsm_arena *arena, size_t *n);
struct vsm_unmapped_view *vsm_core_unmapped(struct vsm_core *core, struct vsm_arena *arena, size_t *n);
struct vsm_rejected_view *vsm_core_rejected(struct vsm_core *core, struct vsm_arena *arena, size_t *n);

enum vsm_visit_state { VSM_QUEUED, VSM_ACTIVE, VSM_SUSPENDED, VSM_CLOSED, VSM_BETWEEN };
const char *vsm_visit_state_name(enum vsm_visit_state s); // "queued", "active", "suspended", "", "between"

struct vsm_item_row {
  struct vsm_str item;
  const struct vsm_str *keys;
  unsigned n_keys;
  unsigned stream;
  int stage; // as declared; -1: between
  enum vsm_visit_state state;
  const char *party; // "" unless suspended
  struct vsm_str reason;
  double in_stage_seconds, age_seconds; // working time where there is a calendar
  double working_day_seconds, age_working_day_seconds;
  struct vsm_time due;      // of the visit, or else of the item; 0: none
  const char *pace;         // "on_pace", "slow", "at_risk", "over"; "" where too few visits tell it
  unsigned pace_percentile; // of the age, among the ages at which visits to the stage were completed
};

enum vsm_items_sort { VSM_BY_AGE, VSM_BY_PACE, VSM_BY_LAST };
const char *vsm_items_sort_name(enum vsm_items_sort s); // "age", "pace", "last"
struct vsm_items_query {
  int stream, stage; // indexes; -1: all
  int state;         // enum vsm_visit_state; -1: all
  int attribute;     // index among the stream's segments, of which only items with `value` are wanted; -1: all
  struct vsm_str value;
  enum vsm_items_sort sort;
  unsigned limit;        // 1 .. 1000
  struct vsm_str cursor; // from the page before; empty: the first
};

// Rows by age: stream by stream, the oldest first (for stage -1 by the item's start, else by entry into the stage). By
// pace: the highest percentile first, over all streams; behind them what has none. By last transition: stream by
// stream, the one that nothing moved for the longest time first. A page may end before its limit, even empty, where
// many rows were passed over. *cursor: for the next page, empty at the end. Returns the number of rows, VSM_EINVAL
// (cursor) or VSM_ENOMEM.
long vsm_core_items(struct vsm_core *core, const struct vsm_items_query *query, struct vsm_arena *arena,
                    struct vsm_item_row **rows, struct vsm_str *cursor);

struct vsm_segment_value {
  const char *attribute;
  struct vsm_str value;
};

// A visit that a stage completed, or an item that a stream finished: what cycle times and lead times are counted of.
struct vsm_finished_row {
  struct vsm_str item;
  struct vsm_time entered, left; // of a stream: first transition, finish
  // Working time where there is a calendar. cycle: of a stream the lead time. Of a stream queued and suspended are 0,
  // and active is the time in which some visit was.
  int64_t cycle_us, queued_us, active_us, suspended_us;
  const struct vsm_segment_value *segments;
  unsigned n_segments;
};
struct vsm_visits_query {
  unsigned stream;
  int stage;       // -1: the stream itself
  unsigned window; // 0: "all", then as configured
  int attribute;   // index among the stream's segments, of which only items with `value` are wanted; -1: all
  struct vsm_str value;
  unsigned limit;        // of how many the newest are wanted
  struct vsm_str cursor; // from the page before; empty: the first
};
struct vsm_visits_view {
  struct vsm_time since; // from then on all are told that are held: later than the window's start where it has more
  bool more;             // it has older ones
  double working_day_seconds;
  const struct vsm_finished_row *rows;
  size_t n;
  struct vsm_str cursor; // for the next page; empty: that was the last
};
// The newest of those that left in the window, in no order, a few more than `limit` maybe (with a segment fewer: those
// of them that are in it). A page may be empty. 0, VSM_EINVAL (cursor) or VSM_ENOMEM.
int vsm_core_visits(struct vsm_core *core, const struct vsm_visits_query *query, struct vsm_arena *arena,
                    struct vsm_visits_view *out);

struct vsm_transition_view {
  struct vsm_time time;
  const char *stage; // "": of the item
  enum vsm_lifecycle lifecycle;
  struct vsm_str source, type, rule, reason;
  const char *party; // "" unless a suspend
};
enum vsm_how { VSM_OPEN, VSM_COMPLETED, VSM_SKIPPED, VSM_RETURNED, VSM_WITHDRAWN };
const char *vsm_how_name(enum vsm_how h); // "", "completed", ...
struct vsm_visit_view {
  const char *stage;
  struct vsm_time entered, left; // left 0: open
  enum vsm_how how;
  enum vsm_visit_state state; // VSM_CLOSED unless open
  bool confirmed, rework, unobserved, implied;
  int64_t queued_us, active_us, suspended_us; // of an open visit up to now; working time where there is a calendar
  int64_t expected_us;                        // what the stage's expectation allows; 0: none
  int64_t counted_us;                         // what of its time that expectation counts
  double working_day_seconds, expected_working_day_seconds;
  struct vsm_time due, not_before; // 0: none
  struct vsm_str reason;           // of a suspended one
  const char *party;               // NULL: not suspended
};
struct vsm_item_view {
  struct vsm_str item;
  unsigned stream;
  const struct vsm_str *keys; // sorted
  unsigned n_keys;
  const char *state;                             // open, finished, withdrawn
  struct vsm_time started, ended;                // ended 0: open
  int64_t lead_us;                               // of a finished one; working time where there is a calendar
  const struct vsm_transition_view *transitions; // canonical order, progress (the newest of each stage) among them
  unsigned n_transitions;
  const struct vsm_visit_view *visits; // in the order in which they opened
  unsigned n_visits;
  struct vsm_time due, not_before; // of the item itself; 0: none
  const struct vsm_segment_value *segments;
  unsigned n_segments;
};
// stream -1: any. VSM_ENOENT, VSM_EAMBIGUOUS with *streams = a bit set of the (first 64) streams that know it, or 0.
int vsm_core_item(struct vsm_core *core, int stream, struct vsm_str key, struct vsm_arena *arena,
                  struct vsm_item_view *out, uint64_t *streams);

// Every item held of a stream, one after another: from 0 on, *place leads to the next. VSM_ENOENT: there is none any
// more; VSM_ENOMEM.
int vsm_core_next_item(struct vsm_core *core, unsigned stream, uint32_t *place, struct vsm_arena *arena,
                       struct vsm_item_view *out);
// By which key the item that this key names is shown; empty: none is held. Valid until the core changes.
struct vsm_str vsm_core_shown(const struct vsm_core *core, unsigned stream, struct vsm_str key);

// What `vsm try` shows: what each rule makes of one event, without applying it.
struct vsm_match {
  const struct vsm_rule *rule;
  enum vsm_reason reason; // VSM_R_NONE, or why this rule rejects it
  struct vsm_str detail;  // the missing field
  struct vsm_str item;
  const struct vsm_str *links;
  unsigned n_links;
};
// Rows in the arena, in the order of the rules; -1: no memory.
long vsm_match_event(const struct vsm_model *model, const struct vsm_event *event, struct vsm_arena *arena,
                     struct vsm_match **matches);

// Of an alert; ages as vsm_subject has it: of the visit, or of a stream's the item.
struct vsm_alert_item_view {
  struct vsm_str item;
  double age_seconds; // working time where there is a calendar
};

uint64_t vsm_core_items_open(const struct vsm_core *core);
uint64_t vsm_core_items_held(const struct vsm_core *core);

// Events that were refused since this core began, as their items were new and there was no memory for more.
uint64_t vsm_core_without_memory(const struct vsm_core *core);

// How far a table that the model bounds is filled.
enum vsm_bounded {
  VSM_BOUNDED_ITEMS,
  VSM_BOUNDED_SOURCES,
  VSM_BOUNDED_UNMAPPED,
  VSM_BOUNDED_REJECTED,
  VSM_BOUNDED_KEYS, // of an item; these two of the one that has most are not known, and n is 0
  VSM_BOUNDED_TRANSITIONS,
  VSM_BOUNDED_SEGMENT_VALUES, // of the attribute that has most
  VSM_BOUNDED_KINDS,
};
struct vsm_filling {
  uint64_t n, most;
  // What found no room, since this core began: events refused (items, transitions) or counted under "other", links
  // refused (keys, transitions), values of items counted under "other".
  uint64_t beyond;
};
struct vsm_filling vsm_core_filling(const struct vsm_core *core, enum vsm_bounded what);
