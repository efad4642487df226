// What the daemon says of itself, in answers and publications.
#pragma once
#include <stdbool.h>

#include "core/alert.h"
#include "core/view.h"

struct vsm_status_view {
  const char *version, *clock; // "wall", "event"
  struct vsm_time time;        // the daemon's now
  uint64_t epoch;
  bool durable;      // acks mean on disk, and do not stand still
  const char *state; // the state directory; NULL: none
  struct vsm_ingest_view ingest;
  uint64_t items_open, items_held, memory_bytes;
  double uptime_seconds;
  const char *configuration; // path of the file in force
  struct vsm_time configured;
  struct {
    const char *state, *why; // NULL: none
    unsigned percent;
    uint64_t position;
  } rebuild;
  const char *trouble; // "" or NULL: none
  uint64_t bad_frames, acks_lost;
  struct vsm_alert_counts alerts;
  const char *const *without_effect;
  size_t n_without_effect;
};
