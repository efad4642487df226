// Bytes of memory in use, by the allocator.
#pragma once
#include <malloc.h>
#include <stddef.h>

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

// From when on the C library maps large blocks of their own depends on what was freed before; so both are counted.
static inline size_t test_bytes_in_use(void) {
  if (__sanitizer_get_current_allocated_bytes)
    return __sanitizer_get_current_allocated_bytes();
  struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
}
