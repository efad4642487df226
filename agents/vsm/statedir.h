// Reading a state directory beside the daemon that has it: short transactions, and nothing is written there.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "shell/recovery.h"
#include "text.h"

// An event as the journal has it.
struct vsm_kept_event {
  const struct vsm_event *event; // valid during the call
  uint64_t position;             // of its record
  size_t index;                  // in its batch
  uint64_t time_unix_nano;       // its own, or where it has none that of its receipt
};

struct vsm_kept_reading {
  const char *directory;
  uint64_t last; // position to end with; 0: where the journal ends, which is told here
  int (*on_event)(void *ctx, const struct vsm_kept_event *e); // other than 0 stops the reading
  void (*on_progress)(void *ctx, double share);               // of the journal; may be NULL
  void *ctx;
  // What came of it.
  uint64_t refused; // events that no daemon takes: they were refused when they came
  uint64_t actions; // of people: they are no events
  uint64_t begins;  // position of the first record that is left
  bool damaged;     // and said on standard error
};
// Every event that is kept, in the order of the journal. 0, what on_event returned, or VSM_FAILED, said. What is
// damaged is said and passed over.
int vsm_kept_read(struct vsm_kept_reading *r);

// The items and figures that the journal came to, or comes to when all of it is mapped by another configuration as it
// is kept (empty: as it came); up to the position `last`, 0: all. VSM_DONE, or VSM_FAILED, said. vsm_recovered_fini()
// lets go of them.
int vsm_kept_recover(const char *directory, struct vsm_str under, uint64_t last, struct vsm_recovered *out);

// Is there a state directory? Else that is said on standard error.
bool vsm_kept_is_there(const char *directory);
