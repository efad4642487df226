// The log: one line per event on standard error, "event=NAME key=value ...".
#pragma once
#include <stdint.h>

// Text after the name; values with spaces are quoted by the caller.
void vsm_log(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// For what a peer can cause at will: at most `VSM_LOG_BURST` lines a minute pass, then one that says how many did not.
struct vsm_log_gate {
  int64_t minute;
  unsigned passed, held;
};
enum { VSM_LOG_BURST = 10 };
void vsm_log_gated(struct vsm_log_gate *gate, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
