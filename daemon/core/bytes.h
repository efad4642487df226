// Numbers and texts as bytes, one after another, for what outlives the process. A number is written in groups of 7
// bits, the lowest first, the eighth bit saying that there are more; a text as its length and its bytes.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

// Takes bytes; anything but 0 ends the writing with that.
typedef int vsm_bytes_fn(void *ctx, const void *bytes, size_t n);

enum { VSM_OUT_BYTES = 1 << 14 };
struct vsm_out {
  vsm_bytes_fn *put;
  void *ctx;
  int err;
  size_t n; // of buf
  unsigned char buf[VSM_OUT_BYTES];
};

void vsm_out_begin(struct vsm_out *o, vsm_bytes_fn *put, void *ctx);
int vsm_out_end(struct vsm_out *o); // 0, or what `put` returned
void vsm_out_number(struct vsm_out *o, uint64_t v);
void vsm_out_signed(struct vsm_out *o, int64_t v);
__extension__ typedef __int128 vsm_wide;
void vsm_out_wide(struct vsm_out *o, vsm_wide v);
void vsm_out_text(struct vsm_out *o, struct vsm_str s);

// What is not as it should be, or not there, makes it bad for good: from then on numbers are 0 and texts empty.
struct vsm_in {
  const unsigned char *at, *end;
  bool bad;
};

uint64_t vsm_in_number(struct vsm_in *in);
int64_t vsm_in_signed(struct vsm_in *in);
vsm_wide vsm_in_wide(struct vsm_in *in);
uint64_t vsm_in_below(struct vsm_in *in, uint64_t limit);   // bad where it is not
uint64_t vsm_in_count(struct vsm_in *in);                   // of things that take a byte at least
struct vsm_str vsm_in_text(struct vsm_in *in, size_t most); // borrowed
void vsm_in_expect(struct vsm_in *in, uint64_t number);

// Bytes in memory, as a vsm_bytes_fn of which they are the context. Free with free(at).
struct vsm_blob {
  char *at;
  size_t n, cap;
};
int vsm_blob_put(void *blob, const void *bytes, size_t n);
