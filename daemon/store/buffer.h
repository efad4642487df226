// Records that wait to be committed together, as they will stand in a row of the journal.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "store/record.h"

struct vsm_buffer {
  unsigned char *bytes; // for free()
  size_t n, cap;
  uint64_t first, records; // position of the first, of the caller; how many there are
  int64_t since_boot_us;   // when the first was added; of the caller
};
// One more, that may be written (vsm_record_bytes()).
void vsm_buffer_add(struct vsm_buffer *b, const struct vsm_record *record);
void vsm_buffer_empty(struct vsm_buffer *b);
