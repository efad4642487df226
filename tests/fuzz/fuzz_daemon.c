// Bytes as what comes to a daemon, piece by piece: batches, questions and orders as they stand in frames, other
// configurations, time (tests/lib/daemon_rig.h). After each piece the balances hold, and every answer is a reply that
// can be printed as JSON; now and then, and at the end, the state is written as bytes and read again, and goes on from
// there.
#undef NDEBUG
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "agents/lib/unpack.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/daemon_rig.h"
#include "vsm/json.h"
#include "vsm/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES_MAX = 64 };

static void on_answer(struct daemon_rig *d, struct vsm_str packed) {
  struct vsm_arena arena;
  size_t n;
  (void)d;
  vsm_arena_init(&arena, 0);
  const ProtobufCMessage *reply = vsm_unpack(&arena, &vsm__v1__reply__descriptor, packed.p, packed.n);
  assert(reply);
  char *text = vsm_json_message(reply, &n);
  json_t *tree = json_loadb(text, n, JSON_DECODE_INT_AS_REAL, NULL); // which knows no integers of 64 bits without sign
  assert(tree);
  json_decref(tree);
  free(text);
  vsm_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct daemon_rig d;
  struct vsm_str rest = {(const char *)data, size}, piece;
  daemon_rig_init(&d);
  d.on_answer = on_answer;
  for (int i = 0; i < PIECES_MAX && daemon_rig_piece(&rest, &piece); i++) {
    daemon_rig_take(&d, piece);
    if (piece.n > 0 && *piece.p == 'v')
      d.q.core = fuzz_check_saved(d.q.core, d.q.model);
    fuzz_check_balances(d.q.core, d.q.model);
  }
  d.q.core = fuzz_check_saved(d.q.core, d.q.model);
  daemon_rig_fini(&d);
  return 0;
}
