#include "wire/recover.h"

#include "base/err.h"
#include "vsm/v1/event.pb-c.h"
#include "wire/fields.h"

size_t vsm_wire_pack_recover(const char *source, uint64_t epoch, uint64_t first, uint64_t last, uint8_t *out) {
  Vsm__V1__RecoverRequest r = VSM__V1__RECOVER_REQUEST__INIT;
  r.source = (char *)source;
  r.epoch = epoch;
  r.first = first;
  r.last = last;
  return vsm__v1__recover_request__pack(&r, out);
}

enum {
  REPLY_BATCH = VSM_WIRE_TAG(1, VSM_WIRE_BYTES),
  REPLY_OLDEST = VSM_WIRE_TAG(2, VSM_WIRE_VARINT),
  REPLY_KNOWN = 2
};

int vsm_wire_decode_recover(struct vsm_str frame, struct vsm_recover_reply *out) {
  *out = (struct vsm_recover_reply){0};
  if (frame.n == 0)
    return 0;
  const uint8_t *p = (const uint8_t *)frame.p, *end = p + frame.n;
  for (unsigned batches = 0; p < end;) {
    uint64_t tag;
    if (!(p = vsm_wire_tag(p, end, &tag)))
      return VSM_EFORMAT;
    if (tag == REPLY_BATCH && ++batches == 1)
      p = vsm_wire_bytes(p, end, &out->batch);
    else if (tag == REPLY_OLDEST)
      p = vsm_wire_varint(p, end, 10, &out->oldest);
    else
      p = vsm_wire_skip(p, end, tag, REPLY_KNOWN); // which refuses a second batch
    if (!p)
      return VSM_EFORMAT;
  }
  return 0;
}
