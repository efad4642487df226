// The daemon: owns every part and wires them.
#pragma once

#include <stdbool.h>

struct vsm_daemon;

enum { VSM_CLOCK_AS_CONFIGURED = -1 };

struct vsm_daemon_options {
  const char *config; // path, borrowed
  int clock;          // enum vsm_clock, or VSM_CLOCK_AS_CONFIGURED
  bool salvage;       // go on with what is left of a damaged journal
};

// Reads the configuration and opens every socket. NULL: it could not, and the log says why.
struct vsm_daemon *vsm_daemon_create(const struct vsm_daemon_options *options);
void vsm_daemon_destroy(struct vsm_daemon *d); // NULL-safe
int vsm_daemon_run(struct vsm_daemon *d);      // until SIGTERM or SIGINT; 0 or a negative enum vsm_err
