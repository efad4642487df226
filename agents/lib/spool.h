// The last events that an emitter published, or should have, by number: what its recover socket answers from. Bounded:
// the oldest go. In memory, or in a file that a program which ends at any moment leaves readable.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vsm_spool;

struct vsm_spool_options {
  const char *path;   // NULL: memory
  size_t bytes;       // of a new one; a file that is there keeps its size
  const char *source; // whose events these are
  uint64_t epoch;     // 0: the file's, or made from the clock
  const char *boot;   // which boot of the system this is; NULL: the system says it
};

// 0, or VSM_CLIENT_ENOMEM; VSM_CLIENT_EINVAL: the epoch is not above the file's; VSM_CLIENT_ESPOOL: the file cannot be
// made, is in use, or is no spool of this source. On error *out is NULL, and a file that was there is unchanged.
int vsm_spool_open(const struct vsm_spool_options *options, struct vsm_spool **out);
void vsm_spool_close(struct vsm_spool *s); // NULL-safe

// In which epoch the numbers go on, and the last of it that was given; 0: none.
uint64_t vsm_spool_epoch(const struct vsm_spool *s);
uint64_t vsm_spool_last(const struct vsm_spool *s);

// Keeps an event as it stands in an EventBatch, with tag and length, under the next number. n 0: the number alone, of
// an event that is lost.
void vsm_spool_put(struct vsm_spool *s, uint64_t number, const void *field, size_t n);

// What is there of an epoch; all 0: nothing.
struct vsm_spool_extent {
  uint64_t oldest, newest; // numbers; newest: of an event
};
struct vsm_spool_extent vsm_spool_extent(const struct vsm_spool *s, uint64_t epoch);
uint64_t vsm_spool_epoch_after(const struct vsm_spool *s, uint64_t epoch); // the lowest with an event in it; 0: none
// Copies events with these numbers (inclusive), as they were put, as many as fit. Returns their bytes.
size_t vsm_spool_copy(const struct vsm_spool *s, uint64_t epoch, uint64_t first, uint64_t last, void *out, size_t room);

// Answers a RecoverRequest with a RecoverReply (docs/wire.md), in the spool's memory until the next call. NULL: it is
// none, or out of memory.
const void *vsm_spool_answer(struct vsm_spool *s, const void *request, size_t n, size_t *bytes);
