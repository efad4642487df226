#include "shell/pulse.h"

#include <sys/statvfs.h>

#include "base/time.h"

#define OVER_US VSM_MINUTE_US             // what a rate of events is of
#define DISK_LEAST_US (5 * VSM_MINUTE_US) // what is free goes up and down; over less than this it says nothing

void vsm_pulse_take(struct vsm_pulse *p, const struct vsm_pulse_sample *sample) {
  p->at[p->next] = *sample;
  p->next = (p->next + 1) % VSM_PULSE_SAMPLES;
  p->n += p->n < VSM_PULSE_SAMPLES;
}

// The i-th newest, from 0.
static const struct vsm_pulse_sample *newest(const struct vsm_pulse *p, unsigned i) {
  return &p->at[(p->next + VSM_PULSE_SAMPLES - 1 - i) % VSM_PULSE_SAMPLES];
}

static double days_left(const struct vsm_pulse_sample *now, const struct vsm_pulse_sample *then) {
  int64_t us = now->boot_us - then->boot_us;
  if (us < DISK_LEAST_US || now->free_bytes >= then->free_bytes)
    return 0;
  double bytes_per_us = (double)(then->free_bytes - now->free_bytes) / (double)us;
  return (double)now->free_bytes / bytes_per_us / (double)VSM_DAY_US;
}

struct vsm_pulse_view vsm_pulse_view(const struct vsm_pulse *p) {
  struct vsm_pulse_view v = {0};
  unsigned i = 1;
  if (p->n < 2)
    return v;
  const struct vsm_pulse_sample *now = newest(p, 0);
  while (i + 1 < p->n && now->boot_us - newest(p, i)->boot_us < OVER_US)
    i++;
  int64_t us = now->boot_us - newest(p, i)->boot_us;
  if (us > 0)
    v.received_per_second = (double)(now->received - newest(p, i)->received) * (double)VSM_SECOND_US / (double)us;
  v.disk_days_left = days_left(now, newest(p, p->n - 1));
  return v;
}

uint64_t vsm_pulse_free_bytes(const char *directory) {
  struct statvfs s;
  return statvfs(directory, &s) == 0 ? (uint64_t)s.f_bavail * s.f_frsize : 0;
}
