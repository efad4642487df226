// A record of the journal, and the bytes of a group of them, which is what is committed at once.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/time.h"

// Numbers on disk: none ever changes its meaning.
enum vsm_record_kind {
  VSM_RECORD_BATCH = 1,         // an EventBatch, byte for byte as it came
  VSM_RECORD_CONFIGURATION = 2, // from here on in force (conf/kept.h)
  VSM_RECORD_START = 3,         // a daemon began, of the version in the payload
  VSM_RECORD_CONTROL = 4,       // what a person asked for: a Request, byte for byte as it came
  VSM_RECORD_LOOKED = 5,        // a daemon told of what time up to here had brought; event clock: vsm_core_look()
  VSM_RECORD_ROOM = 6,          // for how many items there is memory from here on (core/horizon.h)
};

// By which way it came.
enum vsm_channel {
  VSM_CHANNEL_DAEMON = 0, // its own doing
  VSM_CHANNEL_SUBMIT = 1,
  VSM_CHANNEL_SUBSCRIBE = 2,
  VSM_CHANNEL_QUERY = 3,
};

enum {
  VSM_RECORD_BYTES_MAX = 32 << 20, // of a payload; a batch is one record, whole, and has 4 MiB at most
  VSM_SENDER_BYTES_MAX = 255,
  VSM_RECORD_HEAD_BYTES = 16,
  VSM_ROOM_BYTES = 8, // payload of VSM_RECORD_ROOM: the number, the lowest byte first; 0: as many as the model allows
};

struct vsm_record {
  enum vsm_record_kind kind;
  enum vsm_channel channel;
  struct vsm_time received;
  struct vsm_str sender; // who is known to have sent it; may be empty
  struct vsm_str payload;
};

// Bytes that a record takes in a group; 0: it is too large.
size_t vsm_record_bytes(const struct vsm_record *r);
void vsm_record_write(const struct vsm_record *r, unsigned char *out); // of that size
// The record at *at of a group's bytes, which it points into; moves *at behind it. False: there is none.
bool vsm_record_read(struct vsm_str group, size_t *at, struct vsm_record *r);

// Of a group of n records that begins at a position.
uint64_t vsm_group_checksum(struct vsm_str group, uint64_t first, uint64_t n);
