// A line is put together in a buffer of its own and written with one call, so that lines of several programs on one
// terminal or pipe do not mix. Standard error is not waited for longer than the kernel does; what does not fit into
// a line is cut.
#include "shell/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 2048 };

static size_t end_of(int written, size_t at) {
  size_t n = at + (written > 0 ? (size_t)written : 0);
  return n < LINE_BYTES_MAX - 1 ? n : LINE_BYTES_MAX - 2;
}

static void put(const char *event, const char *fmt, va_list ap) {
  char line[LINE_BYTES_MAX];
  size_t n = end_of(snprintf(line, sizeof line, "event=%s ", event), 0);
  n = end_of(vsnprintf(line + n, sizeof line - n, fmt, ap), n);
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
      line[i] = ' ';
  line[n++] = '\n';
  if (write(STDERR_FILENO, line, n) < 0)
    return; // nobody to tell
}

void vsm_log(const char *event, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  put(event, fmt, ap);
  va_end(ap);
}

static struct vsm_log_gate *gate_of(struct vsm_log_gates *gates, struct vsm_str peer, const char *event) {
  uint32_t hash = 2166136261u; // FNV-1a
  for (const char *c = event; *c; c++)
    hash = (hash ^ (uint8_t)*c) * 16777619u;
  for (size_t i = 0; i < peer.n; i++)
    hash = (hash ^ (uint8_t)peer.p[i]) * 16777619u;
  return &gates->at[hash % VSM_LOG_GATES];
}

void vsm_log_gated(struct vsm_log_gates *gates, struct vsm_str peer, const char *event, const char *fmt, ...) {
  struct vsm_log_gate *gate = gate_of(gates, peer, event);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t minute = now.tv_sec / 60;
  if (minute != gate->minute) {
    if (gate->held > 0)
      vsm_log(event, "held_back=%u", gate->held);
    *gate = (struct vsm_log_gate){.minute = minute};
  }
  if (gate->passed == VSM_LOG_BURST) {
    gate->held++;
    return;
  }
  gate->passed++;
  va_list ap;
  va_start(ap, fmt);
  put(event, fmt, ap);
  va_end(ap);
}
