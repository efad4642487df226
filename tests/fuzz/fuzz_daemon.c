// Bytes as what comes to a daemon, piece by piece: batches, questions and orders as they stand in frames, other
// configurations, time. After each piece the balances hold, and every answer is a reply that can be printed as JSON;
// now and then, and at the end, the state is written as bytes and read again, and goes on from there.
#undef NDEBUG
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "agents/lib/unpack.h"
#include "base/err.h"
#include "core/alert.h"
#include "shell/answers.h"
#include "shell/control.h"
#include "tests/fuzz/fuzz.h"
#include "vsm/json.h"
#include "vsm/messages.h"
#include "wire/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES_MAX = 64 };

struct daemon {
  struct vsm_query_socket q;
  struct vsm_config *own; // of the input; NULL: one of ours is in force
  struct vsm_effects effects;
  struct vsm_time now;
};

// ---- what the query socket asks its owner for

static struct vsm_time pass_time(void *ctx) {
  struct daemon *d = ctx;
  vsm_core_advance(d->q.core, d->now);
  return d->now;
}

static void status(void *ctx, struct vsm_status_view *out) {
  (void)ctx;
  *out = (struct vsm_status_view){
      .version = "1", .clock = "wall", .state = "/state", .configuration = "fuzz.yaml", .security = "local"};
}

static int reload(void *ctx, char **text, uint64_t *recorded) {
  (void)ctx;
  *text = strdup("fuzz.yaml:1:1: not now");
  *recorded = 0;
  return VSM_ECONFIG;
}

static int order(void *ctx, const struct vsm_request *request, int stream, struct vsm_str frame,
                 struct vsm_arena *arena, struct vsm_ordered *done, const char **why) {
  struct daemon *d = ctx;
  struct vsm_str record = frame;
  *done = (struct vsm_ordered){0};
  return vsm_control(d->q.core, d->q.model, request, stream, &d->effects, arena, &record, &done->id, why);
}

static void clock_accept(void *ctx) {
  (void)ctx;
}

static int rebuild(void *ctx, bool partial, struct vsm_arena *arena, const char **why) {
  (void)ctx, (void)partial, (void)arena;
  *why = "not now";
  return VSM_EINVAL;
}

static uint64_t sequence(void *ctx, const char *stream, const char *stage) {
  (void)ctx, (void)stream, (void)stage;
  return 7;
}

// No socket has a message in hand. Put in the place of the shell's own by the linker.
const char *__wrap_vsm_zsock_address(const struct vsm_zsock *s);
const char *__wrap_vsm_zsock_address(const struct vsm_zsock *s) {
  (void)s;
  return NULL;
}

// ---- pieces

static void ask(struct daemon *d, struct vsm_str frame) {
  struct vsm_message m;
  struct vsm_arena arena;
  vsm_arena_reset(&d->q.arena);
  assert(vsm_answer(&d->q, frame, &m) == 0);
  char *packed = malloc(m.bytes + 1);
  vsm_message_pack(&m, packed);
  vsm_arena_init(&arena, 0);
  const ProtobufCMessage *reply = vsm_unpack(&arena, &vsm__v1__reply__descriptor, packed, m.bytes);
  assert(reply);
  size_t n;
  char *text = vsm_json_message(reply, &n);
  json_t *tree = json_loadb(text, n, JSON_DECODE_INT_AS_REAL, NULL); // which knows no integers of 64 bits without sign
  assert(tree);
  json_decref(tree);
  free(text);
  free(packed);
  vsm_arena_fini(&arena);
}

static void take_batch(struct daemon *d, struct vsm_str frame) {
  struct vsm_arena arena;
  struct vsm_batch batch;
  vsm_arena_init(&arena, VSM_BATCH_ARENA_BYTES);
  assert(vsm_wire_decode_batch(frame, d->now, &arena, &batch) == 0);
  vsm_core_advance(d->q.core, d->now);
  if (batch.refused != VSM_R_NONE)
    vsm_core_refuse_frame(d->q.core, batch.source, batch.refused, batch.refused_events);
  else if (batch.n_events == 0)
    vsm_core_alive(d->q.core, batch.source, d->now);
  else
    vsm_core_step_all(d->q.core, batch.events, batch.n_events, &d->effects, NULL, NULL);
  vsm_arena_fini(&arena);
}

static void adopt(struct daemon *d, const struct vsm_config *config, struct vsm_config *own) {
  if (vsm_core_configure(d->q.core, &config->model) != 0) {
    vsm_config_destroy(own);
    return;
  }
  vsm_config_destroy(d->own);
  d->own = own;
  d->q.model = &config->model;
}

// One of ours by its number, or what the piece says.
static void configure(struct daemon *d, struct vsm_str piece) {
  struct vsm_conf_report report;
  struct vsm_config *config;
  if (piece.n < 2) {
    adopt(d, fuzz_configuration(piece.n ? (unsigned char)*piece.p : 0), NULL);
    return;
  }
  char *text = strndup(piece.p, piece.n);
  if (vsm_config_parse("fuzz.yaml", text, &config, &report) == 0)
    adopt(d, config, config);
  vsm_conf_report_fini(&report);
  free(text);
}

// 1 us to 19 hours: the core takes each minute of it at which something may be looked at by itself.
static void pass(struct daemon *d, struct vsm_str piece) {
  unsigned char by = piece.n ? (unsigned char)*piece.p : 0;
  int64_t us = INT64_C(1) << by % 37;
  if (d->now.us + us < VSM_TIME_MAX)
    d->now.us += us;
  pass_time(d);
}

static void take(struct daemon *d, char kind, struct vsm_str piece) {
  switch (kind) {
  case 'b':
    take_batch(d, piece);
    break;
  case 'q':
    ask(d, piece);
    break;
  case 'c':
    configure(d, piece);
    break;
  case 't':
    pass(d, piece);
    break;
  case 's':
    vsm_core_started(d->q.core, d->now);
    break;
  case 'v':
    d->q.core = fuzz_check_saved(d->q.core, d->q.model);
    break;
  default:
    return;
  }
  fuzz_check_balances(d->q.core, d->q.model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct vsm_audit *audit;
  struct daemon d = {.now = {INT64_C(1700000000000000)}, .effects.quiet = true};
  struct vsm_str rest = {(const char *)data, size}, piece;
  if (!audit)
    audit = vsm_audit_create(NULL);
  d.q = (struct vsm_query_socket){.model = &fuzz_configuration(0)->model,
                                  .caller = {.anybody = true, .name = "", .key = "", .address = ""}};
  d.q.o = (struct vsm_query_socket_options){.audit = audit,
                                            .epoch = 1,
                                            .pass_time = pass_time,
                                            .status = status,
                                            .reload = reload,
                                            .order = order,
                                            .clock_accept = clock_accept,
                                            .rebuild = rebuild,
                                            .ctx = &d,
                                            .sequence = sequence};
  d.q.core = vsm_core_create(d.q.model);
  vsm_arena_init(&d.q.arena, 0);
  for (int i = 0; i < PIECES_MAX && fuzz_piece(&rest, &piece); i++)
    if (piece.n > 0)
      take(&d, *piece.p, (struct vsm_str){piece.p + 1, piece.n - 1});
  vsm_core_destroy(fuzz_check_saved(d.q.core, d.q.model));
  vsm_config_destroy(d.own);
  vsm_arena_fini(&d.q.arena);
  vsm_effects_fini(&d.effects);
  return 0;
}
