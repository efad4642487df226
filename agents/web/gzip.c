#include "agents/web/gzip.h"

#include <event2/buffer.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8, LEVEL = 5, PIECE_BYTES = 16 * 1024 };

typedef int step_fn(z_stream *z, int flush);

static bool run(z_stream *z, step_fn *step, const void *p, size_t n, struct evbuffer *out) {
  unsigned char piece[PIECE_BYTES];
  size_t before = evbuffer_get_length(out);
  int err = Z_OK;
  z->next_in = (z_const Bytef *)p;
  z->avail_in = (uInt)n;
  while (err == Z_OK) {
    z->next_out = piece;
    z->avail_out = sizeof piece;
    err = step(z, Z_FINISH);
    if (err == Z_BUF_ERROR && z->avail_out == 0)
      err = Z_OK;
    if ((err == Z_OK || err == Z_STREAM_END) && evbuffer_add(out, piece, sizeof piece - z->avail_out) != 0)
      err = Z_MEM_ERROR;
  }
  size_t added = evbuffer_get_length(out) - before;
  if (err != Z_STREAM_END && before == 0)
    evbuffer_drain(out, added);
  return err == Z_STREAM_END;
}

bool vsm_gzip(const void *p, size_t n, struct evbuffer *out) {
  z_stream z = {0};
  if (n > UINT32_MAX || deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
    return false;
  bool good = run(&z, deflate, p, n, out);
  deflateEnd(&z);
  return good;
}

bool vsm_gunzip(const void *p, size_t n, struct evbuffer *out) {
  z_stream z = {0};
  if (n > UINT32_MAX || inflateInit2(&z, GZIP_WINDOW) != Z_OK)
    return false;
  bool good = run(&z, inflate, p, n, out);
  inflateEnd(&z);
  return good;
}
