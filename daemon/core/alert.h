// The life of alerts (docs/alerts.md): pending, firing, resolved; what is announced; silences and acknowledgements.
// Whether a rule holds is asked of core/detect.h, after each call into the core that changes something, and at the time
// steps that are due.
#pragma once
#include "core/detect.h"

struct vsm_alerts;
struct vsm_stream_state;

enum vsm_alert_state { VSM_QUIET, VSM_PENDING, VSM_FIRING, VSM_RESOLVED };
const char *vsm_alert_state_name(enum vsm_alert_state s); // "", "pending", "firing", "resolved"

// What a notice tells of.
enum vsm_alert_change {
  VSM_BECAME_PENDING,
  VSM_FIRED,
  VSM_JOINED,
  VSM_REPEATED,
  VSM_ENDED,   // resolved
  VSM_DROPPED, // was pending, and is over
  VSM_MARKED,  // silenced, acknowledged, inhibited, or no more
};
const char *vsm_alert_change_name(enum vsm_alert_change c); // "pending", "firing", "joined", ...

// Why it was over.
enum vsm_alert_end {
  VSM_NOT_ENDED,
  VSM_END_MOVED,     // what it was about moved on, or is below the threshold again
  VSM_END_LATE_NEWS, // an event told that it had moved before the alert fired
  VSM_END_HEARD,     // the source was heard, or what was missing came
  VSM_END_ORDER,     // withdrawn, forgotten, silenced, given up
  VSM_END_RULE,      // the configuration does not have it any more, or has another threshold
  VSM_END_TIME,      // by time alone: the window moved on
};

struct vsm_mark_view {
  struct vsm_str by, why;
  struct vsm_time at, until; // until 0: until the alert is over
};

// A stage, or with stage -1 the stream itself; indexes in the model.
struct vsm_fed {
  unsigned stream;
  int stage;
};

#define VSM_ALERT_NEW_US VSM_DAY_US

struct vsm_alert_view {
  const char *id;
  enum vsm_alert_kind kind;
  enum vsm_severity severity;
  struct vsm_ownership ownership;
  const char *stream, *stage; // ids; "": none
  const char *stream_name, *stage_name;
  const char *source; // "": none
  const char *name;   // of the expectation
  enum vsm_alert_state state;
  enum vsm_alert_change change; // the last one
  enum vsm_alert_end end;
  uint64_t number;                        // rises with each change of any alert
  struct vsm_time since, fired, resolved; // fired, resolved 0: not
  struct vsm_sign sign;                   // of the last look; a resolved one's: as it last held
  int64_t moved_us;                       // of a resolved one: the event time of what ended it; INT64_MIN: not known
  const struct vsm_str *inhibited_by;     // silent sources
  unsigned n_inhibited_by;
  const struct vsm_fed *blinds; // of VSM_SOURCE_SILENT: stages that the source feeds
  unsigned n_blinds;
  const struct vsm_mark_view *silenced, *acknowledged; // NULL: not
  uint64_t unacknowledged;
  const struct vsm_alert_item_view *items; // ten at most
  unsigned n_items;
  const struct vsm_str *joined, *left; // ten at most; since the announcement before
  unsigned n_joined, n_left;
  uint64_t joined_count, left_count;
  const struct vsm_str *newest; // of VSM_ITEM_STALLED: ten at most that stalled within VSM_ALERT_NEW_US, newest first
  unsigned n_newest;
  uint64_t newest_count;
  struct vsm_str type, detail; // of VSM_SOURCE_REFUSED: a sample
  enum vsm_reason reason;      // of it; VSM_R_NONE: unmapped
};

struct vsm_alerts_query {
  struct vsm_str stream, stage, source; // ids; empty: all
  int kind;                             // -1: all
  bool history; // the resolved ones, the newest first; else pending and firing ones, the most severe first
  size_t limit; // 0: no limit
};
// Rows in the arena; -1: no memory.
long vsm_core_list_alerts(struct vsm_core *core, const struct vsm_alerts_query *query, struct vsm_arena *arena,
                          struct vsm_alert_view **rows);

// How many fire, by severity, those that are silenced aside; and how many are.
struct vsm_alert_counts {
  uint64_t firing[VSM_INFO + 1], silenced;
};
struct vsm_alert_counts vsm_core_count_alerts(const struct vsm_core *core);

// Notices: what changed, in the order in which it did, each as it was then. They belong to the process: nobody hears of
// what was not listened to. Valid until they are dropped.
void vsm_core_listen(struct vsm_core *core, bool listen);
size_t vsm_core_notices(const struct vsm_core *core, const struct vsm_alert_view **rows);
void vsm_core_drop_notices(struct vsm_core *core);

// The process began: alerts that do not fire yet wait for the sources that feed them. A record of the journal.
void vsm_core_started(struct vsm_core *core, struct vsm_time at);

// --- orders. Author and reason are copied.

struct vsm_silence_view {
  uint64_t id;
  int kind;                     // -1: any
  struct vsm_str stream, stage; // ids; empty: any
  struct vsm_str source, item;  // empty: any
  struct vsm_mark_view mark;
};
enum { VSM_SILENCES_MAX = 1000, VSM_ALERT_HISTORY_MAX = 1000 };
// *id: its number. VSM_EINVAL: it fits nothing, or its end is not later than now; VSM_ELIMIT: there are as many as
// there can be.
int vsm_core_silence(struct vsm_core *core, const struct vsm_silence_view *silence, uint64_t *id);
int vsm_core_end_silence(struct vsm_core *core, uint64_t id); // VSM_ENOENT: there is none of this number
// VSM_ENOENT: no alert of this id is pending or firing; VSM_EINVAL: `lost` is for VSM_SOURCE_GAP alone.
int vsm_core_acknowledge(struct vsm_core *core, struct vsm_str id, struct vsm_str by, struct vsm_str why, bool lost);
long vsm_core_silences(struct vsm_core *core, struct vsm_arena *arena, struct vsm_silence_view **rows);

// Does a silence that names an item take this one out of the counts of this kind at this place (-1: the stream)?
// The stream need not be one of the core's yet.
bool vsm_silence_covers(const struct vsm_core *core, enum vsm_alert_kind kind, const struct vsm_stream_state *stream,
                        int place, uint32_t item);
bool vsm_silence_any_item(const struct vsm_core *core); // does any of them name an item?
