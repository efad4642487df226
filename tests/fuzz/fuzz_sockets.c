// Bytes as messages to the sockets of a daemon with keys, frame by frame, and to its handler of ZAP: from clients of
// each role, from one that is not known any more, from nobody. Each message is answered as its socket's contract says,
// once or not at all; who may not, changes and learns nothing; after each the balances hold.
//
// A piece (tests/lib/pieces.h) is a message: the socket (z, u, p, x, q: ZAP, submit, subscribe, publish, query; t: time
// goes on), who sends it, and its frames, each behind its length (a byte; 255: all that is left).
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "agents/lib/unpack.h"
#include "shell/control.h"
#include "shell/ingest.h"
#include "shell/publish.h"
#include "shell/query.h"
#include "tests/fuzz/fake_zsock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/daemon_rig.h"
#include "vsm/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES_MAX = 64, FRAMES_MAX = 12, KEY_BYTES = 32, REST = 255 };

// Their keys are 32 times 'A', 'B' and so on; 'F' is nobody's.
static const struct {
  const char *roles, *only;
} kinds[] = {{"emit, watch, control", ""},
             {"emit", "sources: [crm]"},
             {"watch", ""},
             {"watch", "streams: [S]"},
             {"control", ""}};
enum { CLIENTS = sizeof kinds / sizeof *kinds, UNKNOWN = CLIENTS, NOBODY, SENDERS };
enum { EMITTER = 1, WATCHER_OF_S = 3 };
static const unsigned may[SENDERS] = {VSM_EMIT | VSM_WATCH | VSM_CONTROL, VSM_EMIT, VSM_WATCH, VSM_WATCH, VSM_CONTROL};

static char keys[CLIENTS + 1][41];
static struct vsm_config config;
static struct vsm_log_gates gates;
static struct vsm_loop *loop;
static struct vsm_auth *auth;

static struct {
  struct vsm_core *core;
  struct vsm_ingest *ingest;
  struct vsm_publish *publish;
  struct vsm_query_socket *query;
  struct vsm_effects effects;
  struct vsm_time now;
  // The message in hand.
  unsigned sender;
  struct vsm_str frames[VSM_Z_FRAMES_MAX];
  size_t n;
  unsigned answers;
} d;

// ---- what is sent

static struct vsm_str packed(struct vsm_arena *arena, const struct vsm_zpart *part) {
  char *bytes = vsm_arena_alloc(arena, part->n + 1);
  if (part->pack)
    part->pack(part->p, bytes);
  else if (part->n > 0)
    memcpy(bytes, part->p, part->n);
  return (struct vsm_str){bytes, part->n};
}

static bool is(const struct vsm_zpart *part, struct vsm_str text) {
  return part->n == text.n && (text.n == 0 || memcmp(part->p, text.p, text.n) == 0);
}

static void hear_zap(const struct vsm_zpart *parts, size_t n) {
  static const char *const sockets[] = {"submit", "subscribe", "publish", "query"};
  bool known = false;
  unsigned client = 0;
  for (unsigned i = 0; i < sizeof sockets / sizeof *sockets; i++)
    known = known || vsm_str_eq(d.frames[4], vsm_str_of(sockets[i]));
  while (client < CLIENTS && !(d.frames[8].n == KEY_BYTES && d.frames[8].p[0] == 'A' + (int)client &&
                               memcmp(d.frames[8].p, d.frames[8].p + 1, KEY_BYTES - 1) == 0))
    client++;
  bool lets_in = known && client < CLIENTS && vsm_str_eq(d.frames[7], VSM_STR("CURVE"));
  assert(d.n == 9 && n == 8);
  assert(is(&parts[0], d.frames[0]) && is(&parts[1], VSM_STR("")) && is(&parts[2], VSM_STR("1.0")));
  assert(is(&parts[3], d.frames[3]) && is(&parts[4], lets_in ? VSM_STR("200") : VSM_STR("400")));
  assert(is(&parts[6], lets_in ? vsm_str_of(keys[client]) : VSM_STR("")) && is(&parts[7], VSM_STR("")));
}

static void hear_ack(const Vsm__V1__Ack *ack) {
  assert(ack && !ack->durable && ack->n_errors <= 16 && ack->n_errors <= ack->rejected + 1u);
  assert((may[d.sender] & VSM_EMIT) || ack->accepted == 0);
}

static void hear_reply(const Vsm__V1__Reply *reply) {
  assert(reply);
  if (!(may[d.sender] & (VSM_WATCH | VSM_CONTROL)))
    assert(*reply->error);
  if (d.sender == WATCHER_OF_S && reply->kind_case == VSM__V1__REPLY__KIND_SNAPSHOT)
    for (size_t i = 0; i < reply->snapshot->n_value_streams; i++)
      assert(strcmp(reply->snapshot->value_streams[i]->id, "S") == 0);
}

static void hear_publication(struct vsm_arena *arena, const struct vsm_zpart *parts, size_t n) {
  assert(n == 2 && parts[0].n > 3 && memcmp(parts[0].p, "v1/", 3) == 0);
  struct vsm_str p = packed(arena, &parts[1]);
  assert(vsm_unpack(arena, &vsm__v1__publication__descriptor, p.p, p.n));
}

static void on_send(const struct vsm_zsock *s, const struct vsm_zpart *parts, size_t n) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  if (strcmp(vsm_zsock_name(s), "publish") == 0) {
    hear_publication(&arena, parts, n);
    vsm_arena_fini(&arena);
    return;
  }
  d.answers++;
  if (strcmp(vsm_zsock_name(s), "zap") == 0) {
    hear_zap(parts, n);
  } else {
    assert(n == d.n);
    for (size_t i = 0; i + 1 < n; i++)
      assert(is(&parts[i], d.frames[i]));
    struct vsm_str p = packed(&arena, &parts[n - 1]);
    if (strcmp(vsm_zsock_name(s), "submit") == 0)
      hear_ack(vsm_unpack(&arena, &vsm__v1__ack__descriptor, p.p, p.n));
    else
      hear_reply(vsm_unpack(&arena, &vsm__v1__reply__descriptor, p.p, p.n));
  }
  vsm_arena_fini(&arena);
}

static void on_grant(const struct vsm_zsock *s, struct vsm_str prefix, bool subscribed) {
  (void)s, (void)subscribed;
  assert(may[d.sender] & VSM_WATCH);
  if (d.sender == WATCHER_OF_S)
    assert(vsm_str_begins(prefix, VSM_STR("v1/status/")) || vsm_str_begins(prefix, VSM_STR("v1/metric/S/")) ||
           vsm_str_begins(prefix, VSM_STR("v1/transition/S/")) || vsm_str_begins(prefix, VSM_STR("v1/alert/S/")));
}

// ---- what the sockets ask their owner for

static struct vsm_time pass_time(void *ctx) {
  (void)ctx;
  vsm_core_advance(d.core, d.now);
  return d.now;
}

static void status(void *ctx, struct vsm_status_view *out) {
  (void)ctx;
  *out = (struct vsm_status_view){
      .version = "1", .clock = "wall", .state = "/state", .configuration = "rig.yaml", .security = "curve"};
}

static int reload(void *ctx, char **text, uint64_t *recorded) {
  (void)ctx;
  assert(may[d.sender] & VSM_CONTROL);
  *text = NULL;
  *recorded = 0;
  return 0;
}

static int order(void *ctx, const struct vsm_request *request, int stream, struct vsm_str frame,
                 struct vsm_arena *arena, struct vsm_ordered *done, const char **why) {
  struct vsm_str record = frame;
  (void)ctx;
  assert(may[d.sender] & VSM_CONTROL);
  *done = (struct vsm_ordered){0};
  return vsm_control(d.core, &config.model, request, stream, &d.effects, arena, &record, &done->id, why);
}

static void clock_accept(void *ctx) {
  (void)ctx;
  assert(may[d.sender] & VSM_CONTROL);
}

static int rebuild(void *ctx, bool partial, struct vsm_arena *arena, const char **why) {
  (void)ctx, (void)partial, (void)arena, (void)why;
  assert(may[d.sender] & VSM_CONTROL);
  return 0;
}

static bool wants_changes(void *ctx) {
  (void)ctx;
  return vsm_publish_wants_changes(d.publish);
}

static void on_change(void *ctx, const struct vsm_change *change, const struct vsm_event *event) {
  (void)ctx;
  vsm_publish_change(d.publish, change, event);
}

static void on_batch(void *ctx) {
  (void)ctx;
  vsm_publish_alerts(d.publish);
}

static void cut_off(void *ctx) {
  (void)ctx;
}

// In the place of the log's own, by the linker: a line for each message takes longer than the message.
void __wrap_vsm_log_gated(struct vsm_log_gates *g, struct vsm_str peer, const char *event, const char *fmt, ...);
void __wrap_vsm_log_gated(struct vsm_log_gates *g, struct vsm_str peer, const char *event, const char *fmt, ...) {
  (void)g, (void)peer, (void)event, (void)fmt;
}

// ---- life

static struct vsm_clients *read_clients(void) {
  char text[2048];
  size_t n = 0;
  struct vsm_clients *clients;
  struct vsm_conf_report report;
  for (unsigned i = 0; i <= CLIENTS; i++) {
    char raw[KEY_BYTES];
    memset(raw, 'A' + (int)i, sizeof raw);
    zmq_z85_encode(keys[i], (const uint8_t *)raw, sizeof raw);
    if (i < CLIENTS)
      n += (size_t)snprintf(text + n, sizeof text - n, "- { name: c%u, public_key: '%s', roles: [%s]%s%s }\n", i,
                            keys[i], kinds[i].roles, *kinds[i].only ? ", " : "", kinds[i].only);
  }
  config.curve.clients = fuzz_file((struct vsm_str){text, n});
  assert(vsm_clients_load(&config, &clients, &report) == 0);
  vsm_conf_report_fini(&report);
  return clients;
}

static void begin(void) {
  config = *daemon_rig_configuration(0);
  fake_zsock_on_send = on_send;
  fake_zsock_on_grant = on_grant;
  loop = vsm_loop_create();
  auth = vsm_auth_create(&(struct vsm_auth_options){.loop = loop, .gates = &gates, .on = true});
  assert(loop && auth);
  vsm_auth_follow(auth, &(struct vsm_auth_keys){0}, read_clients());
}

static const uint64_t epoch = 1;

static void open_daemon(void) {
  d.now.us = INT64_C(1700000000000000);
  d.effects.quiet = true;
  d.core = vsm_core_create(&config.model);
  d.ingest = vsm_ingest_create(&(struct vsm_ingest_options){.loop = loop,
                                                            .gates = &gates,
                                                            .auth = auth,
                                                            .pass_time = pass_time,
                                                            .wants_changes = wants_changes,
                                                            .on_change = on_change,
                                                            .on_batch = on_batch});
  d.publish = vsm_publish_create(&(struct vsm_publish_options){.loop = loop,
                                                               .gates = &gates,
                                                               .auth = auth,
                                                               .epoch = &epoch,
                                                               .pass_time = pass_time,
                                                               .status = status,
                                                               .cut_off = cut_off});
  d.query = vsm_query_socket_create(&(struct vsm_query_socket_options){.loop = loop,
                                                                       .gates = &gates,
                                                                       .auth = auth,
                                                                       .epoch = &epoch,
                                                                       .pass_time = pass_time,
                                                                       .status = status,
                                                                       .reload = reload,
                                                                       .order = order,
                                                                       .clock_accept = clock_accept,
                                                                       .rebuild = rebuild,
                                                                       .sequence = vsm_publish_sequence,
                                                                       .sequence_ctx = d.publish});
  assert(d.core && d.ingest && d.publish && d.query);
  vsm_ingest_set_core(d.ingest, d.core);
  vsm_publish_set_core(d.publish, d.core, &config.model, VSM_SECOND_US);
  vsm_query_socket_set_core(d.query, d.core, &config.model);
  assert(vsm_ingest_open(d.ingest, &config) == 0 && vsm_publish_open(d.publish, &config) == 0);
  assert(vsm_query_socket_open(d.query, &config) == 0);
  vsm_ingest_receive(d.ingest, NULL);
}

static void close_daemon(void) {
  vsm_query_socket_destroy(d.query);
  vsm_publish_destroy(d.publish);
  vsm_ingest_destroy(d.ingest);
  vsm_core_destroy(d.core);
  vsm_effects_fini(&d.effects);
}

// ---- what comes

// A message has a frame at least, and of a ROUTER the first is the peer's identity.
static size_t split(struct vsm_str rest, struct vsm_str *frames, size_t n) {
  while (n < FRAMES_MAX && rest.n > 0) {
    size_t length = (unsigned char)*rest.p;
    length = length == REST || length > rest.n - 1 ? rest.n - 1 : length;
    if (n < VSM_Z_FRAMES_MAX)
      frames[n] = (struct vsm_str){rest.p + 1, length};
    n++;
    rest = (struct vsm_str){rest.p + 1 + length, rest.n - 1 - length};
  }
  return n;
}

static void say(const char *socket, struct vsm_str rest, bool has_identity, unsigned least, unsigned most) {
  d.frames[0] = VSM_STR("peer");
  d.n = split(rest, d.frames, has_identity);
  d.answers = 0;
  if (d.n == 0)
    return;
  uint64_t applied = vsm_core_ingest(d.core).applied;
  fake_zsock_hear(socket, d.frames, d.n);
  assert(d.answers >= least && d.answers <= most);
  assert((may[d.sender] & VSM_EMIT) || vsm_core_ingest(d.core).applied == applied);
}

// Is it a request, by the contract?
static bool is_request(struct vsm_str rest) {
  struct vsm_str f[VSM_Z_FRAMES_MAX];
  size_t n = split(rest, f, 1);
  return (n == 3 || (n == 4 && f[1].n == 0)) && f[n - 2].n >= 1 && f[n - 2].n <= 1024;
}

static void take(struct vsm_str piece) {
  if (piece.n < 2)
    return;
  d.sender = (unsigned char)piece.p[1] % SENDERS;
  fake_zsock_user = d.sender == NOBODY ? NULL : keys[d.sender];
  fake_zsock_peer = d.sender == NOBODY ? 0 : d.sender + 1;
  struct vsm_str rest = {piece.p + 2, piece.n - 2}, f[VSM_Z_FRAMES_MAX];
  bool request = is_request(rest), asked = split(rest, f, 1) == 9;
  switch (*piece.p) {
  case 'z':
    say("zap", rest, true, asked, asked);
    break;
  case 'u': // of an event without memory there is no ack; here there is memory
    say("submit", rest, true, request, request);
    break;
  case 'p':
    say("subscribe", rest, false, 0, 0);
    break;
  case 'x':
    say("publish", rest, false, 0, 0);
    break;
  case 'q':
    say("query", rest, true, request, request);
    break;
  case 't':
    d.now.us += INT64_C(1) << (unsigned char)piece.p[1] % 32;
    vsm_core_advance(d.core, d.now);
    vsm_publish_alerts(d.publish);
    vsm_publish_status_now(d.publish);
    break;
  default:
    break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct vsm_str rest = {(const char *)data, size}, piece;
  if (!loop)
    begin();
  open_daemon();
  for (int i = 0; i < PIECES_MAX && daemon_rig_piece(&rest, &piece); i++) {
    take(piece);
    fuzz_check_balances(d.core, &config.model);
  }
  close_daemon();
  return 0;
}
