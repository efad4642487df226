// An EventBatch being filled and, once full, waiting for its ack: packed event by event, so that it goes out as it is.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct vsm_emitter_event;

struct vsm_outbatch {
  struct vsm_outbatch *next; // in the emitter's queue
  uint64_t id;               // of the request
  uint64_t first;            // number of its first event
  uint32_t events;
  int64_t since_ms; // while being filled: its first event; then: when it was sent last, or could not be again
  uint8_t *p;
  size_t n, cap;
};

enum { VSM_OUTBATCH_EVENT_BYTES = 64 * 1024, VSM_OUTBATCH_ATTRS = 256 };

// NULL: out of memory.
struct vsm_outbatch *vsm_outbatch_create(const char *source, uint64_t epoch);
void vsm_outbatch_destroy(struct vsm_outbatch *b); // NULL-safe

// Appends an event with its time and number. Returns 0, VSM_CLIENT_ELIMIT (more attributes or bytes than the protocol
// allows) or VSM_CLIENT_ENOMEM; then the batch is as it was.
int vsm_outbatch_add(struct vsm_outbatch *b, const struct vsm_emitter_event *event, uint64_t sequence);
