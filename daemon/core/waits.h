// What a stage's visits wait for: by (party, reason) how many are suspended for it now, and the suspensions that ended.
#pragma once
#include "base/table.h"
#include "core/flow.h"
#include "core/intern.h"

enum { VSM_N_WAITS = 0, VSM_WAITS_MAX = 1024 }; // a slot of the flow; pairs of one stage

struct vsm_wait {
  uint32_t wait; // vsm_wait_pack()
  uint64_t suspended;
  struct vsm_flow flow; // VSM_N_WAITS, and the time waited as effort
};

struct vsm_waits {
  struct vsm_table table;
  struct vsm_wait **at; // in the order in which they came
  size_t n, cap;
};

// The pair's row, made where there is none; beyond VSM_WAITS_MAX that of "other" for its party. Stays valid.
struct vsm_wait *vsm_waits_at(struct vsm_waits *w, const struct vsm_bands *bands, uint32_t wait);
// A (party, reason) as it was written (core/save.h); bad where there is no such word.
uint32_t vsm_in_wait(struct vsm_in *in, const struct vsm_intern *words);
void vsm_waits_advance(struct vsm_waits *w, const struct vsm_bands *bands);
void vsm_waits_fini(struct vsm_waits *w, const struct vsm_bands *bands);
