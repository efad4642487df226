// The resolved model: what the configuration and the drawing say, ready for the core. Plain data, immutable once
// built; conf fills it, core reads it. Everything in it lives in the arena of who built it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/time.h"

enum { VSM_STAGES_MAX = 254, VSM_ID_MAX = 64, VSM_KEY_MAX = 256, VSM_LINKS_MAX = 32, VSM_SEGMENTS_MAX = 16 };
// Of these a model may allow fewer (struct vsm_limits): transitions of an item, values of a segment that are told
// apart.
enum { VSM_TRANSITIONS_MAX = 4096, VSM_SEGMENT_VALUES_MAX = 64 };

// The order is the canonical order of an item's transitions at one instant and stage (3 bits). Progress and "none"
// (a rule that carries links and values alone) are no steps of the walk.
enum vsm_lifecycle {
  VSM_SCHEDULE,
  VSM_START,
  VSM_SUSPEND,
  VSM_RESUME,
  VSM_COMPLETE,
  VSM_FINISH,
  VSM_WITHDRAW,
  VSM_PROGRESS,
  VSM_NO_LIFECYCLE,
};

enum vsm_party { VSM_US, VSM_CUSTOMER, VSM_THIRD_PARTY };

const char *vsm_lifecycle_name(enum vsm_lifecycle l); // "schedule", ...; "" for VSM_NO_LIFECYCLE
const char *vsm_party_name(enum vsm_party p);         // "us", "customer", "third-party"

struct vsm_calendar; // core/calendar.h

struct vsm_window {
  const char *name; // as configured: "24h"
  int64_t us;       // a whole number of minutes, and a whole multiple of the stream's shortest
};

// An attribute has one of these values.
struct vsm_where {
  unsigned attribute; // index among the stream's segments
  const struct vsm_str *values;
  unsigned n;
};

// A service level expectation. Of the expectations of a node with one name, the first whose `where` fits an item counts
// for it. Of a stage it is about its visits, of a stream about its items between two times.
struct vsm_expectation {
  const char *name;  // "": none
  int64_t within_us; // of `calendar`
  uint32_t target_ppm;
  int64_t window_us; // over which it is judged; a whole number of minutes
  uint64_t min_count;
  const struct vsm_where *where; // all of them must fit
  unsigned n_where;
  bool ours;                           // leaves out suspended time whose party is not us
  const struct vsm_calendar *calendar; // NULL: none
  int from, to;                        // of a stream: stages as declared; -1: first transition, finish
  bool from_left, to_left;             // when it was left, rather than entered
};

// --- alerts (docs/alerts.md)

enum vsm_alert_kind {
  VSM_ITEM_STALLED,
  VSM_ITEM_OVERDUE,
  VSM_STAGE_STALLED,
  VSM_WIP_LIMIT,
  VSM_SLE_MISSED,
  VSM_SOURCE_SILENT,
  VSM_SOURCE_REFUSED,
  VSM_SOURCE_GAP,
  VSM_ALERT_KINDS,
};
enum vsm_severity { VSM_CRITICAL, VSM_ERROR, VSM_WARNING, VSM_INFO };
const char *vsm_alert_kind_name(enum vsm_alert_kind k); // "item_stalled", ...
const char *vsm_severity_name(enum vsm_severity s);     // "critical", ...

// How alerts of one kind behave at one stage, stream or source, with nothing left to look up elsewhere. Elapsed times.
struct vsm_alert_rule {
  enum vsm_severity severity;
  int64_t for_us, keep_us;        // before it fires; before it is resolved
  int64_t announce_us, repeat_us; // at least a millisecond
  uint64_t min_visits;            // of VSM_ITEM_STALLED: below so many a percentile tells nothing
  uint32_t refused_ppm;           // of VSM_SOURCE_REFUSED
};

// Who is told of an alert, and where to read what to do. "": not said.
struct vsm_ownership {
  const char *owner, *runbook;
};

// After what time without a move an item is stalled. Of a node's the first whose `where` fits an item counts for it.
struct vsm_stall {
  int64_t after_us;              // of `calendar`; 0: relative
  unsigned percentile;           // relative: of the node's cycle or lead time, 50, 85, 95 or 99
  uint32_t factor_ppm;           // relative: times this
  const struct vsm_where *where; // all of them must fit
  unsigned n_where;
  const struct vsm_calendar *calendar; // NULL: none
};

struct vsm_stage {
  const char *id, *name;
  const char *was;      // the id it had before; NULL: none
  const uint16_t *next; // indexes of stages of this stream, as declared
  unsigned n_next;      // of stages
  bool to_outcome;      // the outcome stands among its next ones
  bool fork_all;
  const struct vsm_calendar *calendar; // its own, or its stream's; NULL: none
  const struct vsm_expectation *expected;
  unsigned n_expected;
  uint64_t min_visits; // below so many nothing is told from percentiles
  const struct vsm_stall *stalls;
  unsigned n_stalls;
  int64_t stage_stall_us; // of `calendar`; 0: not watched
  uint64_t wip_limit;     // 0: not watched
  struct vsm_ownership ownership;
  const struct vsm_alert_rule *alerts; // by kind, those of sources left aside; NULL: not watched
};

struct vsm_stream {
  const char *id, *name, *outcome;
  const struct vsm_stage *stages;   // as declared; without circles by next
  unsigned n_stages;                // 1 .. VSM_STAGES_MAX
  const struct vsm_window *windows; // as configured, without "all"
  unsigned n_windows;
  const struct vsm_calendar *calendar; // NULL: none
  const char *const *segments;         // names of attributes
  unsigned n_segments;                 // at most VSM_SEGMENTS_MAX
  const struct vsm_expectation *expected;
  unsigned n_expected;
  const struct vsm_stall *stalls;
  unsigned n_stalls;
  struct vsm_ownership ownership;
  const struct vsm_alert_rule *alerts; // by kind, those of sources left aside; NULL: not watched
};

// A field of an event: subject, source, type, id or data.KEY.
enum vsm_field_kind { VSM_F_LITERAL, VSM_F_SUBJECT, VSM_F_SOURCE, VSM_F_TYPE, VSM_F_ID, VSM_F_DATA };
struct vsm_field {
  enum vsm_field_kind kind;
  struct vsm_str text; // the literal text, or KEY of data.KEY
};

// A template: parts set side by side. "so:{data.order}" is a literal and a field.
struct vsm_template {
  const struct vsm_field *parts;
  unsigned n; // 0: absent
};

enum vsm_op { VSM_IN, VSM_NOT_IN, VSM_EXISTS, VSM_MATCHES };
struct vsm_condition {
  struct vsm_field field;
  enum vsm_op op;
  bool exists;                  // of VSM_EXISTS
  const struct vsm_str *values; // of VSM_IN, VSM_NOT_IN; of VSM_MATCHES one glob
  unsigned n_values;
};

struct vsm_rule {
  struct vsm_str source, type; // globs: * stands for any run of characters
  const struct vsm_condition *when;
  unsigned n_when;
  int stream; // index; -1 for an ignore rule
  int stage;  // index as declared; -1: of the item
  enum vsm_lifecycle lifecycle;
  struct vsm_template item;
  const struct vsm_template *links;
  unsigned n_links;
  const struct vsm_template *segments; // of each attribute of the stream
  struct vsm_template reason, due, not_before;
  enum vsm_party party;
  bool creates; // default true
  bool ignore;
  const char *where; // "file:line" of the rule, shown to people
  unsigned line;
};

struct vsm_source {
  const char *id;
  int64_t offset_us;                   // known error of its clock, taken off its event times
  const struct vsm_calendar *calendar; // NULL: none
  int64_t silent_us;                   // of `calendar`; 0: not watched
  struct vsm_ownership ownership;
  const struct vsm_alert_rule *alerts; // by kind, those of streams left aside; NULL: not watched
};

struct vsm_limits {
  uint64_t items;             // open and held
  uint32_t sources;           // rows of the source table; later ones count under "other"
  uint32_t unmapped;          // rows of (source, type)
  uint32_t rejected;          // rows of (source, type, reason)
  uint32_t keys, transitions; // of an item; at most VSM_LINKS_MAX, VSM_TRANSITIONS_MAX
  uint32_t segment_values;    // of an attribute, at most VSM_SEGMENT_VALUES_MAX; later ones count under "other"
};
#define VSM_LIMITS_DEFAULT                                                                                             \
  ((struct vsm_limits){10000000, 10000, 10000, 10000, VSM_LINKS_MAX, VSM_TRANSITIONS_MAX, VSM_SEGMENT_VALUES_MAX})

enum vsm_clock { VSM_CLOCK_WALL, VSM_CLOCK_EVENT };

struct vsm_model {
  const struct vsm_calendar *calendars;
  unsigned n_calendars;
  const struct vsm_stream *streams;
  unsigned n_streams;
  const struct vsm_rule *rules;
  unsigned n_rules;
  const struct vsm_source *sources;
  unsigned n_sources;
  enum vsm_clock clock;
  int64_t max_future_skew_us; // wall clock
  int64_t max_step_us;        // event clock
  int64_t items_keep_us;      // 0: not said: 400 days, with the event clock for ever
  struct vsm_limits limits;
  const struct vsm_alert_rule *alerts; // by kind: of sources that the configuration does not name; NULL: not watched
};

// NULL: the configuration does not name it.
static inline const struct vsm_source *vsm_model_source(const struct vsm_model *m, struct vsm_str id) {
  for (unsigned i = 0; i < m->n_sources; i++)
    if (vsm_str_eq(vsm_str_of(m->sources[i].id), id))
      return &m->sources[i];
  return NULL;
}

// Case-sensitive; * stands for any run of characters, also none.
bool vsm_glob_match(struct vsm_str glob, struct vsm_str text);
