// What alerts about sources go by: when each was last heard, what was refused of what it sent lately, what is missing.
// Sources that the configuration names stand in it from the start, others from when they are first heard.
#pragma once
#include "core/bytes.h"
#include "core/detect.h"
#include "core/event.h"

enum {
  VSM_REFUSED_MINUTES = 15,
  VSM_QUARTER_MINUTES = 15,  // of an hour
  VSM_USUAL_QUARTERS = 96,   // hours that a usual rate goes by, in quarters: a day
  VSM_USUAL_QUARTERS_MIN = 4 // fewer tell none
};

struct vsm_hearing_source {
  char *id;
  int model;                               // index in the model; -1: not named there
  uint32_t row;                            // in the ledger; VSM_NO_ROW: it was never heard
  int64_t from_us;                         // counted from at the earliest: the start, or when it was first named
  int64_t heard_us;                        // at which now; -1: never
  bool awaited;                            // not heard since the start
  uint32_t silent, refused, gap;           // numbers of its alerts; VSM_NO_ALERT: none
  int64_t minute;                          // the newest of those counted, since 1970
  uint32_t got[VSM_REFUSED_MINUTES];       // events, by minute
  uint32_t not_taken[VSM_REFUSED_MINUTES]; // of these unmapped or rejected
  uint64_t all_got, all_not_taken;         // over all of them
  uint64_t quarter_got;                    // in the quarter of an hour of that minute
  uint64_t quarters;                       // before it, in which anything came; VSM_USUAL_QUARTERS at most
  uint64_t usual_milli;                    // events in one of them, in thousandths: their mean, newer ones weigh more
  char *type, *detail;                     // of the newest that was not taken; NULL: none
  enum vsm_reason reason;                  // VSM_R_NONE: unmapped
  uint64_t missing, given_up;              // sequence numbers
  uint64_t given_first, given_last;        // what is missing between these was given up
  bool ever_missing;
};
enum { VSM_NO_ROW = -1 };

struct vsm_hearing {
  struct vsm_hearing_source *at;
  size_t n, cap;
  uint32_t *of_row; // place by row of the ledger
  size_t n_rows, cap_rows;
  uint32_t *of_model; // place by index in the model
  int64_t begun_us;   // the start
};

void vsm_hearing_fini(struct vsm_hearing *h);
// The core's model is another one; sources that are known keep what is known of them.
void vsm_hearing_configure(struct vsm_core *core);
// The process began, or there is a now for the first time.
void vsm_hearing_begin(struct vsm_core *core);

// An event of this row of the ledger was taken or refused (fx), or with fx NULL a sign of life came.
void vsm_hearing_take(struct vsm_core *core, uint32_t row, const struct vsm_event *e, const struct vsm_effects *fx);

// What an alert of a source goes by.
void vsm_hearing_detect(struct vsm_core *core, const struct vsm_subject *s, struct vsm_sign *out);
// Is it still to be waited for, since it was not heard after the start? *until: when no longer.
bool vsm_hearing_awaited(const struct vsm_core *core, const struct vsm_hearing_source *s, int64_t *until);
bool vsm_hearing_is_silent(const struct vsm_core *core, const struct vsm_hearing_source *s); // its alert fires
int64_t vsm_hearing_unheard_us(const struct vsm_core *core, uint32_t place); // for how long, in its calendar
void vsm_hearing_give_up(struct vsm_core *core, uint32_t place);             // what is missing now will not come

// How much comes from the source of a row of the ledger, and how much usually does, while it sends.
struct vsm_rate_view vsm_hearing_rate(const struct vsm_core *core, uint32_t row);

void vsm_hearing_save(const struct vsm_hearing *h, struct vsm_out *o);
void vsm_hearing_load(struct vsm_core *core, struct vsm_in *in, uint64_t version); // of a checkpoint
