// When a stage was last left, also where late events take departures back. The newest are kept, half of the room at
// least, and of the others only that none of them is newer than `floor`.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { VSM_DEPARTED_ROOM = 128 };

struct vsm_departed {
  int64_t floor; // what left up to then is not kept; INT64_MIN: all is kept
  unsigned n;
  struct {
    int64_t us;
    uint32_t times;        // so many left at this instant
  } at[VSM_DEPARTED_ROOM]; // rising
};

void vsm_departed_init(struct vsm_departed *d);
// One more left then (1), or it is taken back (-1), in which case it had been told before.
void vsm_departed_add(struct vsm_departed *d, int64_t us, int sign);
// INT64_MIN: none. False: it is not known, for all that were kept were taken back.
bool vsm_departed_newest(const struct vsm_departed *d, int64_t *us);
