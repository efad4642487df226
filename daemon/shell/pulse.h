// How fast things go: what comes in, and how fast the disk fills.
#pragma once
#include <stdint.h>

enum { VSM_PULSE_SAMPLES = 720 };

struct vsm_pulse_sample {
  int64_t boot_us; // when, by the time since boot
  uint64_t received;
  uint64_t free_bytes; // of the state directory's disk; 0: there is none
};

struct vsm_pulse {
  struct vsm_pulse_sample at[VSM_PULSE_SAMPLES]; // a ring
  unsigned n, next;
};

// One sample every few seconds. The oldest gives way.
void vsm_pulse_take(struct vsm_pulse *p, const struct vsm_pulse_sample *sample);

struct vsm_pulse_view {
  double received_per_second; // over the last minute
  double disk_days_left;      // until nothing is free, at the pace of the last hour; 0: it does not fill
};
struct vsm_pulse_view vsm_pulse_view(const struct vsm_pulse *p);

uint64_t vsm_pulse_free_bytes(const char *directory); // for whom we are; 0: unknown
