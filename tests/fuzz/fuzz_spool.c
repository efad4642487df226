// Bytes as what becomes of the file in which an emitter keeps what it sent, piece by piece: events are put into it, its
// bytes are changed, its heads are signed anew, it is closed and opened again, and asked for what was lost. It is
// refused or taken; answers are RecoverReplies; numbers never go back.
#undef NDEBUG
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "agents/lib/spool.h"
#include "agents/lib/unpack.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/daemon_rig.h"
#include "vsm/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Of a head: where its sum stands, and what it is of.
enum { PIECES_MAX = 100, HALF_BYTES = 256 * 1024, SUM_AT = 8, SIGNED_AT = 16, HEAD_BYTES = 224 };

struct state {
  const char *path;
  int fd;
  struct vsm_spool *spool; // NULL: refused
};

static void open_spool(struct state *s) {
  struct vsm_spool_options o = {.path = s->path, .bytes = 2 * HALF_BYTES, .source = "crm", .boot = "1"};
  vsm_spool_close(s->spool);
  int err = vsm_spool_open(&o, &s->spool);
  assert((err == 0) == (s->spool != NULL));
}

static void put(struct state *s, struct vsm_str piece) {
  if (!s->spool)
    return;
  uint64_t epoch = vsm_spool_epoch(s->spool), last = vsm_spool_last(s->spool);
  if (last == UINT64_MAX)
    return;
  vsm_spool_put(s->spool, last + 1, piece.p, piece.n);
  assert(vsm_spool_last(s->spool) == last + 1 && vsm_spool_epoch(s->spool) == epoch);
  struct vsm_spool_extent x = vsm_spool_extent(s->spool, epoch);
  assert(x.oldest <= last + 1 && x.newest <= last + 1);
}

static void change(struct state *s, struct vsm_str piece) {
  if (piece.n < 4)
    return;
  const unsigned char *p = (const unsigned char *)piece.p;
  size_t at = ((size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16) % (2 * HALF_BYTES), n = piece.n - 3;
  vsm_spool_close(s->spool);
  s->spool = NULL;
  if (at + n <= 2 * HALF_BYTES)
    assert(pwrite(s->fd, piece.p + 3, n, (off_t)at) == (ssize_t)n);
  open_spool(s);
}

static void sign_heads(struct state *s) {
  vsm_spool_close(s->spool);
  s->spool = NULL;
  for (off_t at = 0; at <= HALF_BYTES; at += HALF_BYTES) {
    char head[HEAD_BYTES];
    if (pread(s->fd, head, sizeof head, at) != sizeof head)
      continue;
    uint64_t sum = XXH3_64bits(head + SIGNED_AT, sizeof head - SIGNED_AT);
    uint64_t half;
    memcpy(&half, head + SIGNED_AT + 8, sizeof half);
    if (half == HALF_BYTES) // else it would ask for that much of the disk
      assert(pwrite(s->fd, &sum, sizeof sum, at + SUM_AT) == sizeof sum);
  }
  open_spool(s);
}

static void ask(const struct state *s, struct vsm_str piece) {
  size_t n;
  const void *reply = s->spool ? vsm_spool_answer(s->spool, piece.p, piece.n, &n) : NULL;
  if (!reply)
    return;
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  const Vsm__V1__RecoverReply *r = vsm_unpack(&arena, &vsm__v1__recover_reply__descriptor, reply, n);
  assert(!r || (r->batch && strcmp(r->batch->source, "crm") == 0)); // what was put into it need not be events
  vsm_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct vsm_str rest = {(const char *)data, size}, piece;
  struct state s = {.path = fuzz_file((struct vsm_str){0})};
  s.fd = atoi(strrchr(s.path, '/') + 1);
  open_spool(&s);
  for (int i = 0; i < PIECES_MAX && daemon_rig_piece(&rest, &piece); i++) {
    struct vsm_str body = {piece.p + 1, piece.n - 1};
    switch (piece.n ? *piece.p : 0) {
    case 'p':
      put(&s, body);
      break;
    case 'x':
      change(&s, body);
      break;
    case 's':
      sign_heads(&s);
      break;
    case 'q':
      ask(&s, body);
      break;
    case 'o':
      open_spool(&s);
      break;
    default:
      break;
    }
  }
  vsm_spool_close(s.spool);
  return 0;
}
