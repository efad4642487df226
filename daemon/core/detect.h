// Whether the rules of alerts hold (docs/alerts.md), by what is kept for them beside the figures: who is open, and when
// it last moved. What may have changed is noted as it happens, with who joined and who left; core/alert.c looks then,
// and when something is due by time alone. Its life (pending, firing, resolved) is not known here.
#pragma once
#include "base/arena.h"
#include "core/bytes.h"
#include "core/model.h"
#include "core/view.h"

struct vsm_core;

// What one alert is about.
struct vsm_subject {
  enum vsm_alert_kind kind;
  int stream;       // index in the model; -1: a source's
  int place;        // the stage's in the order of the stream; -1: the stream's own, or a source's
  uint32_t source;  // of a source's: its place in core/hearing.h
  const char *name; // of the expectation; "": none. Borrowed from the model
};

// What is seen of a rule at an instant.
struct vsm_sign {
  bool holds;
  bool untold;                       // nothing tells whether it holds: it stays as it was
  bool by_news;                      // looked at at a whole minute, and since the one before something came
  bool by_date;                      // of VSM_ITEM_OVERDUE: the worst one is past its date
  uint64_t count;                    // items, missing numbers, refused events
  int64_t threshold_us, observed_us; // of the item that has it worst; 0 where the rule is about no time
  int64_t day_us;                    // of the calendar that counts these: its working day; 0: elapsed time
  uint64_t threshold, observed;      // where it is no time: items, numbers; shares as parts in a million
  unsigned percentile;               // of VSM_ITEM_STALLED: the threshold is this one, times the factor; 0: it is not
  uint32_t factor_ppm;
  int64_t moved_us; // where it does not hold: the event time of what ended it last; INT64_MIN: not known. Of kinds with
                    // members vsm_detect_ended() tells of each of them
  int64_t due_us;   // when to look again by time alone, never later than the rule changes by it; INT64_MAX: never
};

// At now. Changes of sets that waited were made before (vsm_ranks_settle()). May note flips of this alert.
void vsm_detect(struct vsm_core *core, const struct vsm_subject *s, struct vsm_sign *out);

// The next whole minute.
static inline int64_t vsm_next_minute(int64_t now_us) {
  return now_us - now_us % VSM_MINUTE_US + VSM_MINUTE_US;
}

// What waits for the next whole minute is noted, and its minute is now: what came has changed it, or where `by_time`
// time will. False: nothing waits.
bool vsm_detect_hasten(struct vsm_core *core, bool by_time);

// What is observed by now of a rule that holds, where that grows with time alone. Changes nothing else.
void vsm_detect_observe(struct vsm_core *core, const struct vsm_subject *s, struct vsm_sign *sign);

// The worst of its items, the worst first: of VSM_ITEM_STALLED and VSM_ITEM_OVERDUE by when they came to hold (under
// `clock: ours` as if all that was left out lay before), of the others those open longest. Then by name. Returns how
// many, at most `most`; fewer, too, where there is no memory.
unsigned vsm_detect_items(struct vsm_core *core, const struct vsm_subject *s, struct vsm_arena *arena,
                          struct vsm_alert_item_view *out, unsigned most);

// Of VSM_ITEM_STALLED how many came to hold after since_us, and the newest of them, by that and by name. Returns how
// many are named, at most `most`; fewer, too, where there is no memory.
unsigned vsm_detect_newest(struct vsm_core *core, const struct vsm_subject *s, int64_t since_us,
                           struct vsm_arena *arena, struct vsm_str *names, unsigned most, uint64_t *count);

// Whether the item is a member now. Asked of a few: its story is told for it.
bool vsm_detect_counts(struct vsm_core *core, const struct vsm_subject *s, uint32_t item);
// Of one that was a member and is none now: when it moved on, or left; INT64_MIN: what ended it was no such thing.
int64_t vsm_detect_ended(struct vsm_core *core, const struct vsm_subject *s, uint32_t item);

// An item that a silence takes out of the counts, or that it gives back, leaves all sets before silences change, and
// comes back into those in which it then counts (vsm_silence_covers()).
void vsm_detect_take_out(struct vsm_core *core, unsigned stream, uint32_t item);
void vsm_detect_put_back(struct vsm_core *core, unsigned stream, uint32_t item);

// All sets were made anew out of the items that are held: they begin with who counts now, and nothing is noted of it.
void vsm_detect_begin(struct vsm_core *core);

// What does not follow from the items that are held, as bytes, and back into a core of the same model, before it
// begins. version: of a checkpoint.
void vsm_detect_save(const struct vsm_core *core, struct vsm_out *o);
void vsm_detect_load(struct vsm_core *core, struct vsm_in *in, uint64_t version);

// After a configuration, before its items are folded or after: by which number what concerns a subject is noted. Until
// then, and of those that are never bound, nothing is noted.
void vsm_detect_bind(struct vsm_core *core, const struct vsm_subject *s, uint32_t alert);

// --- what is noted between two looks (core->noted)

// `item` (its place) came into the members of an alert, or left them.
struct vsm_flip {
  uint32_t alert, item;
  int sign;
};
struct vsm_noted {
  uint32_t *alerts; // to be looked at, each once
  size_t n_alerts, cap_alerts;
  bool *marked; // by alert: stands in the list
  size_t n_marked, cap_marked;
  struct vsm_flip *flips; // in the order in which they happened
  size_t n_flips, cap_flips;
};
enum { VSM_NO_ALERT = -1 }; // as uint32_t: of what is not watched; nothing is noted of it
void vsm_noted_touch(struct vsm_noted *n, uint32_t alert);
void vsm_noted_flip(struct vsm_noted *n, uint32_t alert, uint32_t item, int sign);
void vsm_noted_clear(struct vsm_noted *n);
void vsm_noted_fini(struct vsm_noted *n);
