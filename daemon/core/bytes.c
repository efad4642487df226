#include "core/bytes.h"

#include "base/mem.h"

enum { NUMBER_BYTES_MAX = 10 };

// --- writing

void vsm_out_begin(struct vsm_out *o, vsm_bytes_fn *put, void *ctx) {
  o->put = put;
  o->ctx = ctx;
  o->err = 0;
  o->n = 0;
}

static void flush(struct vsm_out *o) {
  if (!o->err && o->n > 0)
    o->err = o->put(o->ctx, o->buf, o->n);
  o->n = 0;
}

int vsm_out_end(struct vsm_out *o) {
  flush(o);
  return o->err;
}

void vsm_out_number(struct vsm_out *o, uint64_t v) {
  if (sizeof o->buf - o->n < NUMBER_BYTES_MAX)
    flush(o);
  for (; v >= 128; v >>= 7)
    o->buf[o->n++] = (unsigned char)(v | 128);
  o->buf[o->n++] = (unsigned char)v;
}

void vsm_out_signed(struct vsm_out *o, int64_t v) {
  vsm_out_number(o, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

void vsm_out_wide(struct vsm_out *o, vsm_wide v) {
  vsm_out_number(o, (uint64_t)v);
  vsm_out_signed(o, (int64_t)(v >> 64));
}

void vsm_out_text(struct vsm_out *o, struct vsm_str s) {
  vsm_out_number(o, s.n);
  for (size_t at = 0, n; at < s.n; at += n) {
    if (o->n == sizeof o->buf)
      flush(o);
    n = s.n - at < sizeof o->buf - o->n ? s.n - at : sizeof o->buf - o->n;
    memcpy(o->buf + o->n, s.p + at, n);
    o->n += n;
  }
}

// --- reading

static uint64_t spoil(struct vsm_in *in) {
  in->bad = true;
  in->at = in->end;
  return 0;
}

uint64_t vsm_in_number(struct vsm_in *in) {
  uint64_t v = 0;
  for (unsigned shift = 0; in->at < in->end && shift < 64; shift += 7) {
    unsigned char b = *in->at++;
    v |= (uint64_t)(b & 127) << shift;
    if (b < 128)
      return v;
  }
  return spoil(in);
}

int64_t vsm_in_signed(struct vsm_in *in) {
  uint64_t v = vsm_in_number(in);
  return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

vsm_wide vsm_in_wide(struct vsm_in *in) {
  uint64_t low = vsm_in_number(in);
  return (vsm_wide)vsm_in_signed(in) * ((vsm_wide)1 << 64) + low;
}

uint64_t vsm_in_below(struct vsm_in *in, uint64_t limit) {
  uint64_t v = vsm_in_number(in);
  return v < limit ? v : spoil(in);
}

uint64_t vsm_in_count(struct vsm_in *in) {
  uint64_t v = vsm_in_number(in);
  return v <= (uint64_t)(in->end - in->at) ? v : spoil(in);
}

struct vsm_str vsm_in_text(struct vsm_in *in, size_t most) {
  uint64_t n = vsm_in_count(in);
  if (n > most)
    n = spoil(in);
  struct vsm_str s = {(const char *)in->at, (size_t)n};
  in->at += n;
  return s;
}

void vsm_in_expect(struct vsm_in *in, uint64_t number) {
  if (vsm_in_number(in) != number)
    spoil(in);
}

int vsm_blob_put(void *ctx, const void *bytes, size_t n) {
  struct vsm_blob *b = ctx;
  if (n == 0)
    return 0;
  while (b->cap - b->n < n) {
    b->cap = b->cap ? b->cap * 2 : 256;
    b->at = vsm_mem_resize(b->at, b->cap);
  }
  memcpy(b->at + b->n, bytes, n);
  b->n += n;
  return 0;
}
