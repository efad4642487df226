// Reads the fields of a protobuf message one after the other, without copying and without recursion. Takes and refuses
// the same bytes as protobuf-c. Inline: decoding events is the hot path.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum vsm_wire_type { VSM_WIRE_VARINT = 0, VSM_WIRE_64BIT = 1, VSM_WIRE_BYTES = 2, VSM_WIRE_32BIT = 5 };

struct vsm_wire_field {
  uint32_t number;
  unsigned type;       // enum vsm_wire_type
  uint64_t value;      // of VSM_WIRE_VARINT and VSM_WIRE_64BIT
  struct vsm_str text; // of VSM_WIRE_BYTES: into the message
};

// A varint of at most max bytes; NULL where it does not end in them.
static inline const uint8_t *vsm_wire_varint(const uint8_t *p, const uint8_t *end, unsigned max, uint64_t *out) {
  uint64_t value = 0;
  for (unsigned i = 0; i < max && p < end; i++) {
    uint8_t byte = *p++;
    value |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      *out = value;
      return p;
    }
  }
  return NULL;
}

static inline const uint8_t *vsm_wire_bytes(const uint8_t *p, const uint8_t *end, struct vsm_str *out) {
  uint64_t n;
  if (p < end && *p < 0x80)
    n = *p++;
  else if (!(p = vsm_wire_varint(p, end, 5, &n)))
    return NULL;
  if (n > (uint64_t)(end - p))
    return NULL;
  *out = (struct vsm_str){(const char *)p, n};
  return p + n;
}

// The field at p < end; returns what follows it, or NULL: cut off, or of a number or type that does not exist
// (0, groups).
static inline const uint8_t *vsm_wire_next(const uint8_t *p, const uint8_t *end, struct vsm_wire_field *f) {
  uint64_t tag;
  if (*p < 8) // number 0
    return NULL;
  if (*p < 0x80)
    tag = *p++;
  else if (!(p = vsm_wire_varint(p, end, 5, &tag)))
    return NULL;
  f->number = (uint32_t)(tag >> 3);
  f->type = tag & 7;
  switch (f->type) {
  case VSM_WIRE_BYTES:
    return vsm_wire_bytes(p, end, &f->text);
  case VSM_WIRE_VARINT:
    return vsm_wire_varint(p, end, 10, &f->value);
  case VSM_WIRE_64BIT:
    if (end - p < 8)
      return NULL;
    f->value = 0;
    for (unsigned i = 0; i < 8; i++) // little-endian on the wire
      f->value |= (uint64_t)p[i] << (8 * i);
    return p + 8;
  case VSM_WIRE_32BIT:
    return end - p < 4 ? NULL : p + 4;
  default:
    return NULL;
  }
}
