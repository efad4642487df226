#include "wire/ack.h"

#include "vsm/v1/event.pb-c.h"
#include "wire/utf8.h"

void vsm_ack_init(struct vsm_ack *ack, bool durable) {
  ack->accepted = ack->rejected = 0;
  ack->n_errors = 0;
  ack->durable = durable;
}

void vsm_ack_accept(struct vsm_ack *ack) {
  ack->accepted++;
}

void vsm_ack_reject(struct vsm_ack *ack, uint32_t index, enum vsm_reason reason, const char *detail) {
  ack->rejected++;
  if (ack->n_errors == VSM_ACK_ERRORS_MAX)
    return;
  struct vsm_ack_error *e = &ack->errors[ack->n_errors++];
  e->index = index;
  e->reason = reason;
  size_t n = vsm_utf8_fit(vsm_str_of(detail), sizeof e->detail - 1);
  if (n)
    memcpy(e->detail, detail, n);
  e->detail[n] = '\0';
}

void vsm_ack_refuse(struct vsm_ack *ack, const struct vsm_batch *batch) {
  vsm_ack_reject(ack, 0, batch->refused, batch->refused_detail);
  ack->rejected = (uint32_t)batch->refused_events;
}

// The message, built on the caller's stack.
struct built {
  Vsm__V1__Ack ack;
  Vsm__V1__AckError errors[VSM_ACK_ERRORS_MAX];
  Vsm__V1__AckError *pointers[VSM_ACK_ERRORS_MAX];
};

static const Vsm__V1__Ack *build(const struct vsm_ack *ack, struct built *b) {
  vsm__v1__ack__init(&b->ack);
  b->ack.accepted = ack->accepted;
  b->ack.rejected = ack->rejected;
  b->ack.durable = ack->durable;
  b->ack.n_errors = ack->n_errors;
  b->ack.errors = b->pointers;
  for (unsigned i = 0; i < ack->n_errors; i++) {
    vsm__v1__ack_error__init(&b->errors[i]);
    b->errors[i].index = ack->errors[i].index;
    b->errors[i].reason = (char *)vsm_reason_name(ack->errors[i].reason);
    b->errors[i].detail = (char *)ack->errors[i].detail;
    b->pointers[i] = &b->errors[i];
  }
  return &b->ack;
}

size_t vsm_ack_bytes(const struct vsm_ack *ack) {
  struct built b;
  return vsm__v1__ack__get_packed_size(build(ack, &b));
}

void vsm_ack_pack(const struct vsm_ack *ack, void *out) {
  struct built b;
  vsm__v1__ack__pack(build(ack, &b), out);
}
