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

// Pointers to rows, which `from` has no more. Returns where they are.
static void *append_rows(void *to, size_t *n_to, const void *from, size_t *n_from) {
  size_t n = *n_to + *n_from;
  if (*n_from > 0) {
    to = vsm_mem_need(realloc(to, n * sizeof(void *)), n);
    memcpy((char *)to + *n_to * sizeof(void *), from, *n_from * sizeof(void *));
  }
  *n_to = n;
  *n_from = 0;
  return to;
}

static void swap(char **a, char **b) {
  char *text = *a;
  *a = *b;
  *b = text;
}

void vsm_copy_append(Vsm__V1__Items *to, Vsm__V1__Items *page) {
  to->items = append_rows(to->items, &to->n_items, page->items, &page->n_items);
  swap(&to->cursor, &page->cursor);
  vsm_drop(page);
}

void vsm_copy_append_visits(Vsm__V1__Visits *to, Vsm__V1__Visits *page) {
  to->visits = append_rows(to->visits, &to->n_visits, page->visits, &page->n_visits);
  swap(&to->cursor, &page->cursor);
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
