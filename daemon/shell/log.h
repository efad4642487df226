// The log: one line per event on standard error, "event=NAME key=value ...". Each event has a level (log_levels.c), and
// is said where that is not above the level that is set, at first VSM_LOG_INFO.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

// Text after the name; values with spaces are quoted by the caller. Control characters come out as spaces.
void vsm_log(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum vsm_log_level { VSM_LOG_ERROR = 3, VSM_LOG_WARNING, VSM_LOG_NOTICE, VSM_LOG_INFO, VSM_LOG_DEBUG }; // as syslog's

enum vsm_log_level vsm_log_level_of(const char *event);
// Whether what costs something to say would be said.
bool vsm_log_wants(enum vsm_log_level level);
// SIGUSR1: one level more from now on; SIGUSR2: one fewer. Other signals change nothing.
void vsm_log_signal(int signal);

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
