// The log: one line per event on standard error, "event=NAME key=value ...".
#pragma once
#include <stdint.h>

#include "base/str.h"

// Text after the name; values with spaces are quoted by the caller. Control characters come out as spaces.
void vsm_log(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// What a peer can cause at will passes a gate: of one kind (event) and peer at most VSM_LOG_BURST lines a minute, and
// one line that says how many did not pass. Gates are found by hash, so a few peers may share one.
enum { VSM_LOG_BURST = 10, VSM_LOG_GATES = 256 };

struct vsm_log_gate {
  int64_t minute; // since boot
  uint32_t passed, held;
};

struct vsm_log_gates {
  struct vsm_log_gate at[VSM_LOG_GATES];
};

// `peer` tells peers apart and is not shown.
void vsm_log_gated(struct vsm_log_gates *gates, struct vsm_str peer, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
