// Collects what became of the events of one batch, and packs it as an Ack.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "wire/batch.h"

enum { VSM_ACK_ERRORS_MAX = 16, VSM_ACK_DETAIL_BYTES = 160 };

struct vsm_ack_error {
  uint32_t index;
  enum vsm_reason reason;
  char detail[VSM_ACK_DETAIL_BYTES];
};

struct vsm_ack {
  uint32_t accepted, rejected;
  bool durable;
  unsigned n_errors;
  struct vsm_ack_error errors[VSM_ACK_ERRORS_MAX]; // the first, in the order of index
};

void vsm_ack_init(struct vsm_ack *ack, bool durable);
void vsm_ack_accept(struct vsm_ack *ack);
// Call in the order of index. detail (may be NULL) is copied, cut to fit.
void vsm_ack_reject(struct vsm_ack *ack, uint32_t index, enum vsm_reason reason, const char *detail);
// A batch that was refused whole.
void vsm_ack_refuse(struct vsm_ack *ack, const struct vsm_batch *batch);

size_t vsm_ack_bytes(const struct vsm_ack *ack);
void vsm_ack_pack(const struct vsm_ack *ack, void *out); // vsm_ack_bytes() of room
