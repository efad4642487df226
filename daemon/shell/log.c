#include "shell/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static void put(const char *event, const char *fmt, va_list ap) {
  char line[2048];
  int n = vsnprintf(line, sizeof line, fmt, ap);
  fprintf(stderr, "event=%s%s%s\n", event, n > 0 ? " " : "", line);
}

void vsm_log(const char *event, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  put(event, fmt, ap);
  va_end(ap);
}

void vsm_log_gated(struct vsm_log_gate *gate, const char *event, const char *fmt, ...) {
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
