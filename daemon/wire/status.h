// What the daemon says of itself, in answers and publications.
#pragma once
#include <stdbool.h>

#include "core/alert.h"
#include "core/view.h"

// A bound of the configuration (daemon.limits), and how it fares.
struct vsm_bound {
  const char *name, *socket; // its key; "": of the whole daemon
  uint64_t now;              // how much of it is taken; 0 too where that is not known
  uint64_t most;
  uint64_t beyond; // how often it was met since the start, and something was refused, lost, or counted under "other"
};
enum { VSM_BOUND_ROWS_MAX = 32 };
struct vsm_bounds {
  struct vsm_bound at[VSM_BOUND_ROWS_MAX];
  unsigned n;
};
static inline void vsm_bounds_add(struct vsm_bounds *b, struct vsm_bound bound) {
  if (b->n < VSM_BOUND_ROWS_MAX)
    b->at[b->n++] = bound;
}

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
  double received_per_second;  // over the last minute
  uint64_t waiting_bytes;      // records and acks that wait for the disk
  double commit_worst_seconds; // from a batch's receipt until it was on disk: the longest of the last minutes
  uint64_t disk_free_bytes;    // where the state directory is
  double disk_days_left;       // 0: the disk does not fill
  const char *security;        // "curve", "local", "insecure"
  uint64_t refused_handshakes, refused_messages;
  struct vsm_alert_counts alerts;
  struct vsm_bounds bounds;
  struct vsm_lags_view lags;
};
