// Counts and durations on a time line that is coarser the older they are: as fine as the panes of the windows need, and
// one sum behind all of them. For figures that are many and mostly quiet, where a vsm_flow would be large: it takes
// memory for what happened alone, and is added up only when it is read.
#pragma once
#include "core/flow.h"

struct vsm_tape_entry;

struct vsm_tape {
  struct vsm_tape_entry *entries;
  uint32_t n, cap;
  uint32_t n_sorted; // by time, then what; those behind are as they came
  uint32_t aged;     // the time up to which all has come to its panes
};

void vsm_tape_fini(struct vsm_tape *t);
// When something happened, as all tapes with these bands know it by now.
uint32_t vsm_tape_time(struct vsm_bands *bands, int64_t us);
void vsm_tape_count(struct vsm_tape *t, const struct vsm_bands *bands, uint32_t time, unsigned slot, int sign);
// Of VSM_D_CYCLE. What took that long was completed (or finished): that is counted with it.
void vsm_tape_duration(struct vsm_tape *t, const struct vsm_bands *bands, uint32_t time, int64_t took_us, int sign);
// Adds what lies in the band (bands->n: behind all windows) to *into.
void vsm_tape_read(const struct vsm_tape *t, const struct vsm_bands *bands, unsigned band, struct vsm_tally *into);
// What lies in the bands up to a window's, and before its start (core/flow.h): n times added to *into.
void vsm_tape_add_before(const struct vsm_tape *t, const struct vsm_bands *bands, unsigned band, int n,
                         struct vsm_tally *into);

// What was only ever added, as bytes by time, and added to a tape, which may have other windows (core/sealed.h). t
// NULL: it is read and left.
void vsm_tape_save(const struct vsm_tape *t, const struct vsm_bands *bands, struct vsm_out *o);
void vsm_tape_load(struct vsm_tape *t, struct vsm_bands *bands, struct vsm_in *in);
