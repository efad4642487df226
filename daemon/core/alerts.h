// What the life of alerts is made of. Seen by core/*.c alone; what others ask is in core/alert.h.
#pragma once
#include "base/table.h"
#include "core/alert.h"
#include "core/hearing.h"
#include "core/ranks.h"

// Who joined and who left since some moment.
struct vsm_since {
  struct vsm_table table; // by item: places in `at`
  struct vsm_member {
    uint32_t item;      // VSM_ITEM_NONE: one that is gone, of which it is only known that it left
    bool was, is, came; // was one at that moment; is one; came since then and is one
  } * at;
  size_t n, cap;
  uint64_t joined, left; // came; was and is not
};

struct vsm_marker {
  bool set;
  char *by, *why; // NULL: ""
  int64_t at_us, until_us;
};

struct vsm_life {
  enum vsm_alert_state state;
  enum vsm_alert_change change;
  uint64_t number;
  struct vsm_sign sign; // of the last look; once it holds no more, of the last one at which it held
  bool holds;           // the rule, at the last look that told
  bool lingers;         // it holds no more by time alone, but goes on until the sources that feed it are heard
  bool inhibited, silenced;
  uint64_t silent; // a sum over the silent sources that feed it; 0: none
  int64_t since_us, fired_us;
  int64_t clear_us; // since when it holds no more; INT64_MAX: it holds
  enum vsm_alert_end end;
  int64_t moved_us;
  int64_t announced_us;
  struct vsm_since announced; // since the last announcement
  struct vsm_since covered;   // since it was acknowledged
  struct vsm_marker ack;
};

struct vsm_alert {
  struct vsm_subject subject;
  uint32_t place;                                  // in the order of ids
  char *id, *name;                                 // owned, as all that follow; what it is of, also when that is gone
  char *stream, *stage, *stream_name, *stage_name; // "" where it has none
  char *source;
  const struct vsm_alert_rule *rule;
  struct vsm_ownership ownership;
  const uint64_t *feeds; // a set of the model's sources that have a silent_after; NULL: a source's own
  struct vsm_life life;
  int64_t due_us;        // its place among those due; INT64_MAX: nowhere
  bool soon;             // it is looked at at the next whole minute, if not before
  struct vsm_sign *seen; // while it is looked at
};

// One that is over. What it says of items is left out, so that a forgotten one is not named here.
struct vsm_past_alert {
  struct vsm_alert_view view; // strings owned by `text`
  struct vsm_arena text;
};

// One that a link has united with another, as an alert knew it.
struct vsm_united {
  uint32_t alert, item; // item: the other, which goes on
  struct vsm_member announced, covered;
};

struct vsm_silence {
  uint64_t id;
  int kind;                             // -1: any
  char *stream, *stage, *source, *item; // NULL: any
  struct vsm_marker mark;
};

struct vsm_alerts {
  struct vsm_alert *at; // those of the model first, in its order; then those of sources as they came
  size_t n, cap;
  uint32_t *by_id;  // their numbers
  uint64_t *chosen; // places in by_id, as a set; scratch, empty
  size_t cap_by_id, cap_chosen;
  struct vsm_ranks due; // (when, number) of those that wait for time
  // Those that wait for one and the same minute, as many do: in no order, some of them looked at meanwhile.
  uint32_t *soon;
  size_t n_soon, cap_soon, n_waiting; // n_waiting: of them, not looked at
  int64_t soon_us;                    // the minute; of none INT64_MAX
  uint64_t *feeds;                    // sets of sources
  size_t feed_words;
  struct vsm_silence *silences; // by id
  size_t n_silences, cap_silences;
  unsigned item_silences;  // of them naming an item
  int64_t silences_due_us; // when the next one ends; INT64_MAX: none
  uint64_t last_number, last_silence;
  struct vsm_past_alert *past; // a ring: the next one goes to past[n_past % VSM_ALERT_HISTORY_MAX]
  uint64_t n_past;
  struct vsm_united *united; // since the last look
  size_t n_united, cap_united;
  // Scratch of one look: which are looked at, and what is seen of each of them.
  uint32_t *looked;
  struct vsm_sign *signs;
  size_t cap_looked, cap_signs;
  bool listening;
  unsigned n_silent;     // sources whose silence fires
  bool blind;            // nobody looked in this time: nothing begins to fire
  struct vsm_arena said; // of the notices
  struct vsm_alert_view *notices;
  size_t n_notices, cap_notices;
};

// What made the core look.
enum vsm_cause { VSM_BY_EVENTS, VSM_BY_TIME, VSM_BY_ORDER, VSM_BY_MODEL };

void vsm_alerts_fini(struct vsm_alerts *a);

// alert.c
void vsm_alerts_settle(struct vsm_core *core, enum vsm_cause cause); // looks at what was noted, now
void vsm_alerts_step(struct vsm_core *core);                         // and at what is due at now
int64_t vsm_alerts_due(const struct vsm_core *core);
void vsm_alerts_await_minute(struct vsm_core *core, uint32_t alert); // looks at it at the next one, or before
void vsm_alerts_await_nothing(struct vsm_alerts *a);
void vsm_alerts_count_silent(struct vsm_core *core);
void vsm_alerts_all(struct vsm_core *core); // notes all, so that they are looked at
bool vsm_alerts_fires(const struct vsm_core *core, uint32_t alert);
bool vsm_alerts_is_quiet(const struct vsm_core *core, uint32_t alert);                 // VSM_NO_ALERT: yes
void vsm_alert_over(struct vsm_core *core, struct vsm_alert *a, enum vsm_cause cause); // its life ends now
void vsm_alerts_let_go(struct vsm_core *core, unsigned stream, uint32_t item);         // its place will be another's
void vsm_alerts_unite(struct vsm_core *core, unsigned stream, uint32_t item, uint32_t other); // the latter goes
void vsm_alerts_touch_fed(struct vsm_core *core, const struct vsm_hearing_source *s);
uint64_t vsm_alert_silent(const struct vsm_core *core, const struct vsm_alert *a); // as its life has it

// alert_list.c
void vsm_alerts_configure(struct vsm_core *core); // the model is another one
// The alert of a source, which is made where there is none; VSM_NO_ALERT where none is watched for.
uint32_t vsm_alerts_of_source(struct vsm_core *core, enum vsm_alert_kind kind, uint32_t source);
void vsm_alerts_watch_sources(struct vsm_core *core);
const struct vsm_alert_rule *vsm_alerts_source_rule(const struct vsm_core *core, enum vsm_alert_kind kind,
                                                    uint32_t source);
bool vsm_alerts_feeds(const struct vsm_core *core, unsigned source, unsigned stream, int stage);
uint32_t vsm_alerts_find(const struct vsm_alerts *a, struct vsm_str id);
void vsm_alert_free(struct vsm_alert *a);
void vsm_life_begin(struct vsm_life *l); // of one that was never raised
void vsm_life_end(struct vsm_life *l);   // frees what it has

// alert_members.c
void vsm_since_flip(struct vsm_since *s, uint32_t item, int sign);
void vsm_since_restore(struct vsm_since *s, const struct vsm_member *m);
void vsm_since_let_go(struct vsm_since *s, uint32_t item); // its place will be another's
// Takes out one that goes; `was`: where nothing is known of it, whether it is one.
struct vsm_member vsm_since_take(struct vsm_since *s, uint32_t item, bool was);
// It is one with `m` from now on: one at that moment if either was, and come since only if neither was one all the
// time.
void vsm_since_unite(struct vsm_since *s, uint32_t item, bool was, const struct vsm_member *m);
void vsm_since_clear(struct vsm_since *s);
void vsm_since_fini(struct vsm_since *s);

// alert_marks.c
void vsm_silence_free(struct vsm_silence *s);
void vsm_silences_pass(struct vsm_core *core); // those whose end has come go
void vsm_silences_rearm(struct vsm_alerts *a);
const struct vsm_silence *vsm_silence_of(const struct vsm_core *core, const struct vsm_alert *a);
void vsm_silences_forget(struct vsm_core *core, unsigned stream, const struct vsm_str *keys, unsigned n);
void vsm_marker_set(struct vsm_marker *m, struct vsm_str by, struct vsm_str why, int64_t at_us, int64_t until_us);
void vsm_marker_clear(struct vsm_marker *m);

// alert_view.c
bool vsm_alert_show(struct vsm_core *core, const struct vsm_alert *a, struct vsm_arena *arena,
                    struct vsm_alert_view *out);                                               // false: no memory
void vsm_alert_tell(struct vsm_core *core, struct vsm_alert *a, enum vsm_alert_change change); // a notice
void vsm_alert_remember(struct vsm_core *core, const struct vsm_alert *a);                     // into the history

// alert_save.c
void vsm_silences_save(const struct vsm_alerts *a, struct vsm_out *o);
void vsm_silences_load(struct vsm_alerts *a, struct vsm_in *in); // before items are folded
void vsm_alerts_save(const struct vsm_core *core, struct vsm_out *o);
void vsm_alerts_load(struct vsm_core *core, struct vsm_in *in, uint64_t version); // when all items are there
