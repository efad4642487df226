// The daemon's answers as a page for Prometheus. What each name means: docs/metrics.md.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "vsm/messages.h"

enum {
  VSM_METRICS_SOURCES_MAX = 1000,
  VSM_METRICS_ALERTS_MAX = 5000,
};

// Each may be NULL: then what it tells is left out. Without a status the daemon counts as not there.
struct vsm_metrics {
  const Vsm__V1__Status *status;
  const Vsm__V1__Snapshot *snapshot; // its segments are shown where they are filled in
  const Vsm__V1__Sources *sources;
  const Vsm__V1__Alerts *alerts;
  struct vsm_metrics_refused {
    uint64_t wrong, put_off;
  } logins, bearers; // at the gateway, since its start
};

#define VSM_METRICS_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define VSM_METRICS_OPEN "application/openmetrics-text; version=1.0.0; charset=utf-8"

// As OpenMetrics 1.0, or as Prometheus' text format 0.0.4. For free(); *n: its length. NULL: out of memory.
char *vsm_metrics_print(const struct vsm_metrics *m, bool open, size_t *n);
