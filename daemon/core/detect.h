// Whether the rules of alerts hold (docs/alerts.md), by what is kept for them beside the figures: who is open, and when
// it last moved. What may have changed is noted as it happens, with who joined and who left; core/alert.c looks then,
// and when something is due by time alone. Its life (pending, firing, resolved) is not known here.
#pragma once
#include "base/arena.h"
#include "core/model.h"
#include "core/view.h"

struct vsm_core;

// What one alert is about.
struct vsm_subject {
  enum vsm_alert_kind kind;
  int stream;       // index in the model; -1: a source's
  int place;        // the stage's in the order of the stream; -1: the stream's own, or a source's
  uint32_t source;  // of a source's: its row in the ledger
  const char *name; // of the expectation; "": none. Borrowed from the model
};

// What is seen of a rule at an instant. Times are of the calendar given.
struct vsm_sign {
  bool holds;
  bool untold;                       // nothing tells whether it holds: it stays as it was
  uint64_t count;                    // items, missing numbers, refused events
  int64_t threshold_us, observed_us; // of the item that has it worst; 0 where the rule is about no time
  const struct vsm_calendar *calendar;
  uint64_t threshold, observed;  // where it is no time: items, numbers; shares as parts in a million
  const struct vsm_stall *stall; // of VSM_ITEM_STALLED, by which it has it worst; NULL: by none
  bool by_date;                  // of VSM_ITEM_OVERDUE: the worst one is past its date
  int64_t moved_us;              // where it holds no more: the event time of what ended it; INT64_MIN: not known
  int64_t due_us; // when to look again by time alone, never later than the rule changes by it; INT64_MAX: never
};

// At now. What is noted was settled before (vsm_ranks_settle()).
void vsm_detect(struct vsm_core *core, const struct vsm_subject *s, struct vsm_sign *out);

// The worst of its items, the worst first: of VSM_ITEM_STALLED and VSM_ITEM_OVERDUE by when they came to hold, of the
// others those open longest. Returns how many, at most `most`.
unsigned vsm_detect_items(struct vsm_core *core, const struct vsm_subject *s, struct vsm_arena *arena,
                          struct vsm_alert_item_view *out, unsigned most);

// --- what is noted between two looks

// `item` (its place) came into the members of an alert, or left them.
struct vsm_flip {
  uint32_t alert, item;
  int sign;
};
struct vsm_noted {
  uint32_t *alerts; // to be looked at, each once
  size_t n_alerts, cap_alerts;
  uint8_t *marked; // by alert: stands in the list
  size_t cap_marked;
  struct vsm_flip *flips; // in the order in which they happened
  size_t n_flips, cap_flips;
};
void vsm_noted_touch(struct vsm_noted *n, uint32_t alert);
void vsm_noted_flip(struct vsm_noted *n, uint32_t alert, uint32_t item, int sign);
void vsm_noted_clear(struct vsm_noted *n);
void vsm_noted_fini(struct vsm_noted *n);
