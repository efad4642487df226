// A record in a group, integers little-endian: length of the payload (4 bytes), kind (1), channel (1), length of the
// sender's name (1), 0 (1), time of receipt in microseconds since 1970 (8), then the sender's name and the payload.
#include "store/record.h"

#include <xxhash.h>

#include "store/little.h"

size_t vsm_record_bytes(const struct vsm_record *r) {
  if (r->sender.n > VSM_SENDER_BYTES_MAX || r->payload.n > VSM_RECORD_BYTES_MAX)
    return 0;
  return VSM_RECORD_HEAD_BYTES + r->sender.n + r->payload.n;
}

void vsm_record_write(const struct vsm_record *r, unsigned char *out) {
  vsm_little_put(out, r->payload.n, 4);
  vsm_little_put(out + 4, (uint64_t)r->kind, 1);
  vsm_little_put(out + 5, (uint64_t)r->channel, 1);
  vsm_little_put(out + 6, r->sender.n, 1);
  vsm_little_put(out + 7, 0, 1);
  vsm_little_put(out + 8, (uint64_t)r->received.us, 8);
  if (r->sender.n)
    memcpy(out + VSM_RECORD_HEAD_BYTES, r->sender.p, r->sender.n);
  if (r->payload.n)
    memcpy(out + VSM_RECORD_HEAD_BYTES + r->sender.n, r->payload.p, r->payload.n);
}

bool vsm_record_read(struct vsm_str group, size_t *at, struct vsm_record *r) {
  const unsigned char *head = (const unsigned char *)group.p + *at;
  if (group.n - *at < VSM_RECORD_HEAD_BYTES)
    return false;
  size_t payload = vsm_little_get(head, 4), sender = vsm_little_get(head + 6, 1);
  if (payload > VSM_RECORD_BYTES_MAX || group.n - *at - VSM_RECORD_HEAD_BYTES < sender + payload)
    return false;
  *r = (struct vsm_record){.kind = (enum vsm_record_kind)vsm_little_get(head + 4, 1),
                           .channel = (enum vsm_channel)vsm_little_get(head + 5, 1),
                           .received = {(int64_t)vsm_little_get(head + 8, 8)},
                           .sender = {(const char *)head + VSM_RECORD_HEAD_BYTES, sender},
                           .payload = {(const char *)head + VSM_RECORD_HEAD_BYTES + sender, payload}};
  *at += VSM_RECORD_HEAD_BYTES + sender + payload;
  return true;
}

uint64_t vsm_group_checksum(struct vsm_str group, uint64_t first, uint64_t n) {
  return XXH3_64bits_withSeed(group.p, group.n, first * UINT64_C(0x9e3779b97f4a7c15) + n);
}
