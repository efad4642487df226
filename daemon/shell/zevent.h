// What the monitor of a ZeroMQ socket tells of its connections.
#pragma once
#include <stdint.h>

#include "base/str.h"

struct vsm_zevent {
  const char *word; // NULL: of no concern
  uint16_t number;  // ZMQ_EVENT_*
  int32_t value;    // the descriptor, where it was accepted, or ended, or connected
};

int vsm_zevents(void);                                   // those that have words
struct vsm_zevent vsm_zevent_read(struct vsm_str frame); // the first frame of a message
