// What of a batch its sender may not say: events of sources that it may not speak for.
#pragma once
#include "shell/auth.h"
#include "wire/ack.h"
#include "wire/batch.h"

// What was taken out. All in the arena.
struct vsm_vet {
  const bool *dropped;   // by index in the batch as it came; NULL: all of it is allowed
  const uint32_t *index; // of each event that is left: where it stood
  uint32_t n, n_dropped; // events as it came, and of them those that were taken out
  struct vsm_str source; // of the first of them, or of a batch without events
  const char *detail; // of the first of them, or of a batch without events that is not allowed; NULL: nothing is wrong
};

// Takes out of a batch, and of *frame, what the caller may not say. 0 or VSM_ENOMEM.
int vsm_vet_batch(const struct vsm_caller *caller, struct vsm_arena *arena, struct vsm_batch *batch,
                  struct vsm_str *frame, struct vsm_vet *out);
// Is nothing left of it, not even a sign of life?
bool vsm_vet_left_nothing(const struct vsm_vet *v);
// Tells the ack of those that were taken out, from *at to before an index; *at is then that index.
void vsm_vet_tell(const struct vsm_vet *v, struct vsm_ack *ack, uint32_t *at, uint32_t before);
