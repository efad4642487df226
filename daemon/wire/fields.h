// Reads the fields of a protobuf message one after the other, without copying and without recursion. Takes and refuses
// the same bytes as protobuf-c. Each function begins at p and returns what follows, or NULL: cut off or malformed.
// Inline: decoding events is the hot path.
#pragma once
#include <stdint.h>

#include "base/str.h"

enum vsm_wire_type { VSM_WIRE_VARINT = 0, VSM_WIRE_64BIT = 1, VSM_WIRE_BYTES = 2, VSM_WIRE_32BIT = 5 };

// A field's tag, to switch on.
#define VSM_WIRE_TAG(number, type) ((uint64_t)(number) << 3 | (type))

// A number of at most max bytes; bits beyond 64 are dropped.
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

// p < end.
static inline const uint8_t *vsm_wire_tag(const uint8_t *p, const uint8_t *end, uint64_t *tag) {
  if (*p >= 0x80)
    return vsm_wire_varint(p, end, 5, tag);
  *tag = *p;
  return *tag >> 3 ? p + 1 : NULL;
}

static inline const uint8_t *vsm_wire_64bit(const uint8_t *p, const uint8_t *end, uint64_t *out) {
  if (end - p < 8)
    return NULL;
  *out = 0;
  for (unsigned i = 0; i < 8; i++) // little-endian on the wire
    *out |= (uint64_t)p[i] << (8 * i);
  return p + 8;
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

// Passes over a field whose number is not known. A known one, of numbers 1 to `known`, has another type than it
// should: malformed.
static inline const uint8_t *vsm_wire_skip(const uint8_t *p, const uint8_t *end, uint64_t tag, unsigned known) {
  uint64_t number = tag >> 3, value;
  struct vsm_str text;
  if (number >= 1 && number <= known)
    return NULL;
  switch (tag & 7) {
  case VSM_WIRE_VARINT:
    return vsm_wire_varint(p, end, 10, &value);
  case VSM_WIRE_64BIT:
    return vsm_wire_64bit(p, end, &value);
  case VSM_WIRE_BYTES:
    return vsm_wire_bytes(p, end, &text);
  case VSM_WIRE_32BIT:
    return end - p < 4 ? NULL : p + 4;
  default: // groups, and types that do not exist
    return NULL;
  }
}
