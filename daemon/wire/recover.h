// RecoverRequest and RecoverReply: events that were lost on the fire-and-forget way, asked for at their source.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { VSM_RECOVER_REQUEST_BYTES = 256 }; // the largest, of a source of 128 bytes

// Both numbers inclusive. Returns the bytes written to out, which has VSM_RECOVER_REQUEST_BYTES.
size_t vsm_wire_pack_recover(const char *source, uint64_t epoch, uint64_t first, uint64_t last, uint8_t *out);

struct vsm_recover_reply {
  struct vsm_str batch; // an EventBatch, not looked at; points into the frame
  uint64_t oldest;
};
// 0, or VSM_EFORMAT: no RecoverReply, or one with several batches.
int vsm_wire_decode_recover(struct vsm_str frame, struct vsm_recover_reply *out);
