#include "store/buffer.h"

#include <stdlib.h>

#include "base/mem.h"

enum { FIRST_BYTES = 1 << 16, KEEP_BYTES = 16 << 20 }; // of memory; that one which is empty keeps

void vsm_buffer_add(struct vsm_buffer *b, const struct vsm_record *record) {
  size_t bytes = vsm_record_bytes(record);
  while (b->cap - b->n < bytes) {
    b->cap = b->cap ? b->cap * 2 : FIRST_BYTES;
    b->bytes = vsm_mem_resize(b->bytes, b->cap);
  }
  vsm_record_write(record, b->bytes + b->n);
  b->n += bytes;
  b->records++;
}

void vsm_buffer_empty(struct vsm_buffer *b) {
  if (b->cap > KEEP_BYTES) {
    free(b->bytes);
    *b = (struct vsm_buffer){0};
  }
  b->n = 0;
  b->records = 0;
}
