#include "agents/ask/copy.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void *vsm_copy(const ProtobufCMessage *m) {
  size_t n = protobuf_c_message_get_packed_size(m);
  uint8_t *bytes = vsm_mem_alloc(n);
  protobuf_c_message_pack(m, bytes);
  ProtobufCMessage *c = vsm_mem_need(protobuf_c_message_unpack(m->descriptor, NULL, n, bytes), n);
  free(bytes);
  return c;
}

void vsm_drop(void *message) {
  if (message)
    protobuf_c_message_free_unpacked(message, NULL);
}

void vsm_copy_append(Vsm__V1__Items *to, Vsm__V1__Items *page) {
  size_t n = to->n_items + page->n_items;
  if (page->n_items > 0) {
    to->items = vsm_mem_need(realloc(to->items, n * sizeof *to->items), n);
    memcpy(to->items + to->n_items, page->items, page->n_items * sizeof *to->items);
  }
  to->n_items = n;
  page->n_items = 0;
  char *cursor = to->cursor;
  to->cursor = page->cursor;
  page->cursor = cursor;
  vsm_drop(page);
}

void vsm_copy_segments(Vsm__V1__Segment ***to, size_t *n_to, Vsm__V1__Segment *const *from, size_t n) {
  for (size_t i = 0; i < *n_to; i++)
    vsm_drop((*to)[i]);
  free(*to);
  *to = vsm_mem_alloc((n + 1) * sizeof **to);
  *n_to = n;
  for (size_t i = 0; i < n; i++)
    (*to)[i] = vsm_copy(&from[i]->base);
}
