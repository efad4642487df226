// Where a stream's flow is held up: its stages ranked by four signals, each a share from what can be counted. The rule
// and its reasons: docs/concepts.md, "Bottleneck".
#pragma once
#include "core/view.h"

enum vsm_signal {
  VSM_SIGNAL_OVERLOAD, // more arrives than departs
  VSM_SIGNAL_GROWTH,   // much of what stands here came on top in the window
  VSM_SIGNAL_QUEUE,    // much of the time here is waiting for somebody to begin
  VSM_SIGNAL_LATE,     // more is older than p85 than is usual
  VSM_SIGNALS,
};
const char *vsm_signal_name(enum vsm_signal s); // "overload", "growth", "queue", "late"

enum { VSM_PPM = 1000000 }; // a whole, in shares that are integers

// Does more come than leaves, beyond what chance alone would often do?
bool vsm_more_comes(uint64_t arrivals, uint64_t departures);

// What is counted of a stage: now, and in the window.
struct vsm_strain {
  uint64_t wip, older;           // open visits; of these, older than the p85 of cycle times
  uint64_t arrivals, departures; // in the window
  int64_t usual_older_ppm;       // how many a steady flow of such cycle times would keep older, x VSM_PPM; -1: not told
  uint32_t queue_ppm;            // queue time / cycle time in the window
};

// The signals in ppm, 0: does not speak. Growth and age speak only where chance does not explain them.
void vsm_strain_signals(const struct vsm_strain *s, uint32_t signals[VSM_SIGNALS]);

struct vsm_bottleneck_row {
  const char *stage; // id
  uint32_t signals[VSM_SIGNALS], score_ppm;
  uint64_t wip, queued, suspended, arrivals, departures, older;
  double queue_share, p85_seconds, older_usual_share; // p85_seconds 0: too few visits tell it
  double working_day_seconds;                         // of p85
};
struct vsm_bottleneck_view {
  const char *id, *window;
  double window_seconds;                 // 0: all time
  double observed_seconds;               // the shorter of the window and the time since the stream's first item
  const struct vsm_bottleneck_row *rows; // the worst first: by score, then WIP, then the order of the stream
  unsigned n_rows;
};

// window: as in views, 0 for "all", then as configured. 0 or VSM_ENOMEM.
int vsm_core_bottleneck(struct vsm_core *core, unsigned stream, unsigned window, struct vsm_arena *arena,
                        struct vsm_bottleneck_view *out);
