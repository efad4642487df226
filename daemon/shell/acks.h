// Acks that wait until their record is on disk: first in, first out, so each client gets them in the order of its
// requests.
#pragma once
#include "base/str.h"
#include "shell/zsock.h"

struct vsm_acks {
  unsigned char *bytes;
  size_t from, n, cap; // those that wait lie in [from, n)
};

void vsm_acks_fini(struct vsm_acks *a);
static inline size_t vsm_acks_bytes(const struct vsm_acks *a) {
  return a->n - a->from;
}

// Copies an ack for a message of n frames, of which the last is replaced by the content. `position` never falls.
void vsm_acks_put(struct vsm_acks *a, uint64_t position, const struct vsm_str *frames, size_t n,
                  const struct vsm_zpart *content);
// Takes out the oldest one whose position is at most `committed`: its frames, valid until the next call. False: none.
bool vsm_acks_take(struct vsm_acks *a, uint64_t committed, struct vsm_str *frames, size_t *n);
