#undef NDEBUG
#include "tests/lib/daemon_rig.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/alert.h"
#include "shell/control.h"
#include "tests/lib/rig_save.h"
#include "wire/batch.h"

static const unsigned char mark[] = {0xff, 0xfe};

bool daemon_rig_piece(struct vsm_str *rest, struct vsm_str *piece) {
  if (!rest->p)
    return false;
  const char *end = rest->n ? memmem(rest->p, rest->n, mark, sizeof mark) : NULL;
  *piece = (struct vsm_str){rest->p, end ? (size_t)(end - rest->p) : rest->n};
  if (end)
    *rest = (struct vsm_str){end + sizeof mark, rest->n - piece->n - sizeof mark};
  else
    *rest = (struct vsm_str){0};
  return true;
}

static const char *const texts[DAEMON_RIG_CONFIGURATIONS] = {
    "daemon: {windows: [1m, 1h]}\n"
    "sources: [{id: crm, silent_after: 30m}]\n"
    "value_streams:\n"
    "  - id: S\n"
    "    segments: [region]\n"
    "    expected: [{name: all, within: 2h, share: 0.5, window: 1h, min_count: 1}]\n"
    "    stall_after: 1h\n"
    "    stages:\n"
    "      - {id: a, next: [b, c], fork: all, expected: {within: 10m}, wip_limit: 2}\n"
    "      - {id: b, next: [d], stage_stall_after: 20m}\n"
    "      - {id: c, next: [d], stall_after: p85 x 2}\n"
    "      - {id: d}\n"
    "  - id: T\n"
    "    stages: [{id: a}, {id: z}]\n"
    "mappings:\n"
    "  - {source: crm, type: a.*, stage: S/a, lifecycle: start, item: \"{subject}\", links: [\"o:{data.o}\"],\n"
    "     segments: {region: \"{data.r}\"}, due: \"{data.due}\"}\n"
    "  - {source: crm, type: b, stage: S/b, lifecycle: complete, item: \"o:{data.o}\"}\n"
    "  - {source: crm, type: c, stage: S/c, lifecycle: suspend, item: \"{subject}\", reason: \"{data.why}\"}\n"
    "  - {source: \"*\", type: d, stage: S/d, lifecycle: complete, item: \"{subject}\", creates: false}\n"
    "  - {source: \"*\", type: end, stream: S, lifecycle: finish, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: z, stage: T/z, lifecycle: progress, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: y, stage: T/a, lifecycle: schedule, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: no, ignore: true}\n",
    "daemon: {windows: [1m, 1h]}\n"
    "calendars: [{id: office, zone: UTC, week: [\"mon-fri 08:00-17:00\"]}]\n"
    "value_streams:\n"
    "  - id: S\n"
    "    calendar: office\n"
    "    segments: [region]\n"
    "    stages: [{id: a, stall_after: 1wd}, {id: e, was: b}, {id: d}]\n"
    "mappings:\n"
    "  - {source: crm, type: a.*, stage: S/a, lifecycle: start, item: \"{subject}\"}\n"
    "  - {source: crm, type: b, stage: S/e, lifecycle: complete, item: \"o:{data.o}\"}\n"
    "  - {source: \"*\", type: d, stage: S/d, lifecycle: complete, item: \"{subject}\"}\n",
    "daemon: {windows: [5m, 24h], items: {keep: 30d}}\n"
    "value_streams:\n"
    "  - id: S\n"
    "    expected: [{within: 1d, from: b/entered, to: d/left}]\n"
    "    stages: [{id: d}, {id: c}, {id: b, next: outcome}, {id: a}]\n"
    "  - id: U\n"
    "    stages: [{id: a}]\n"
    "mappings:\n"
    "  - {source: crm, type: a.*, stage: S/a, lifecycle: start, item: \"{subject}\", links: [\"{id}\"]}\n"
    "  - {source: crm, type: b, stage: U/a, lifecycle: complete, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: d, stage: S/d, lifecycle: complete, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: end, stream: S, lifecycle: withdraw, item: \"{subject}\"}\n",
};

const struct vsm_config *daemon_rig_configuration(unsigned which) {
  static struct vsm_config *configs[DAEMON_RIG_CONFIGURATIONS];
  struct vsm_conf_report report;
  struct vsm_config **c = &configs[which % DAEMON_RIG_CONFIGURATIONS];
  if (*c)
    return *c;
  if (vsm_config_parse("rig.yaml", texts[which % DAEMON_RIG_CONFIGURATIONS], c, &report) != 0) {
    for (unsigned i = 0; i < report.n_mistakes; i++)
      fprintf(stderr, "configuration %u, line %u: %s\n", which, report.mistakes[i].line, report.mistakes[i].text);
    abort();
  }
  vsm_conf_report_fini(&report);
  return *c;
}

// ---- what the query socket asks its owner for

static struct vsm_time pass_time(void *ctx) {
  struct daemon_rig *d = ctx;
  vsm_core_advance(d->q.core, d->now);
  return d->now;
}

static void status(void *ctx, struct vsm_status_view *out) {
  (void)ctx;
  *out = (struct vsm_status_view){
      .version = "1", .clock = "wall", .state = "/state", .configuration = "rig.yaml", .security = "local"};
}

static int reload(void *ctx, char **text, uint64_t *recorded) {
  (void)ctx;
  *text = strdup("rig.yaml:1:1: not now");
  *recorded = 0;
  return VSM_ECONFIG;
}

static int order(void *ctx, const struct vsm_request *request, int stream, struct vsm_str frame,
                 struct vsm_arena *arena, struct vsm_ordered *done, const char **why) {
  struct daemon_rig *d = ctx;
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

// ---- pieces

static int ask(struct daemon_rig *d, struct vsm_str frame) {
  static const char none[] = "out of memory";
  struct vsm_message m;
  vsm_arena_reset(&d->q.arena);
  if (vsm_answer(&d->q, frame, &m) != 0)
    return VSM_ENOMEM;
  char *packed = malloc(m.bytes + 1);
  if (!packed)
    return VSM_ENOMEM;
  vsm_message_pack(&m, packed);
  bool refused = memmem(packed, m.bytes, none, sizeof none - 1);
  if (d->on_answer && !refused)
    d->on_answer(d, (struct vsm_str){packed, m.bytes});
  free(packed);
  return refused ? VSM_ENOMEM : 0;
}

static void count_taken(void *ctx, const struct vsm_event *event, const struct vsm_effects *fx) {
  (void)event, (void)fx;
  ((struct daemon_rig *)ctx)->taken++;
}

static int take_events(struct daemon_rig *d, const struct vsm_batch *b) {
  if (b->refused != VSM_R_NONE) {
    vsm_core_refuse_frame(d->q.core, b->source, b->refused, b->refused_events);
    return 0;
  }
  if (b->n_events == 0)
    return vsm_core_alive(d->q.core, b->source, d->now);
  size_t first = d->taken; // counted on meanwhile
  return vsm_core_step_all(d->q.core, b->events + first, b->n_events - first, &d->effects, count_taken, d);
}

static int take_batch(struct daemon_rig *d, struct vsm_str frame) {
  struct vsm_arena arena;
  struct vsm_batch batch;
  vsm_arena_init(&arena, VSM_BATCH_ARENA_BYTES);
  int err = vsm_wire_decode_batch(frame, d->now, &arena, &batch);
  if (!err) {
    vsm_core_advance(d->q.core, d->now);
    err = take_events(d, &batch);
  }
  if (!err)
    d->taken = 0;
  vsm_arena_fini(&arena);
  return err;
}

static int adopt(struct daemon_rig *d, const struct vsm_config *config, struct vsm_config *own) {
  int err = vsm_core_configure(d->q.core, &config->model);
  if (err) {
    vsm_config_destroy(own);
    return err == VSM_ENOMEM ? err : 0;
  }
  vsm_config_destroy(d->own);
  d->own = own;
  d->q.model = &config->model;
  return 0;
}

static int configure(struct daemon_rig *d, struct vsm_str piece) {
  struct vsm_conf_report report;
  struct vsm_config *config;
  if (piece.n < 2)
    return adopt(d, daemon_rig_configuration(piece.n ? (unsigned char)*piece.p : 0), NULL);
  char *text = strndup(piece.p, piece.n);
  if (!text)
    return VSM_ENOMEM;
  int err = vsm_config_parse("rig.yaml", text, &config, &report) == 0 ? adopt(d, config, config) : 0;
  vsm_conf_report_fini(&report);
  free(text);
  return err;
}

// 1 us to 19 hours: the core takes each minute of it at which something may be looked at by itself.
static void pass(struct daemon_rig *d, struct vsm_str piece) {
  unsigned char by = piece.n ? (unsigned char)*piece.p : 0;
  int64_t us = INT64_C(1) << by % 37;
  if (d->now.us + us < VSM_TIME_MAX)
    d->now.us += us;
  pass_time(d);
}

static int read_again(struct daemon_rig *d) {
  struct vsm_core *again;
  struct vsm_str bytes = rig_save(d->q.core);
  int err = bytes.p ? rig_load(d->q.model, bytes, &again) : VSM_ENOMEM;
  free((char *)bytes.p);
  assert(err == 0 || err == VSM_ENOMEM);
  if (err)
    return err;
  vsm_core_destroy(d->q.core);
  d->q.core = again;
  return 0;
}

int daemon_rig_take(struct daemon_rig *d, struct vsm_str piece) {
  struct vsm_str rest = {piece.n ? piece.p + 1 : NULL, piece.n ? piece.n - 1 : 0};
  switch (piece.n ? *piece.p : 0) {
  case 'b':
    return take_batch(d, rest);
  case 'q':
    return ask(d, rest);
  case 'c':
    return configure(d, rest);
  case 't':
    pass(d, rest);
    return 0;
  case 's':
    vsm_core_started(d->q.core, d->now);
    return 0;
  case 'v':
    return read_again(d);
  default:
    return 0;
  }
}

void daemon_rig_init(struct daemon_rig *d) {
  *d = (struct daemon_rig){.now = {INT64_C(1700000000000000)}, .effects.quiet = true};
  d->q.model = &daemon_rig_configuration(0)->model;
  d->q.caller = (struct vsm_caller){.anybody = true, .name = "", .key = "", .address = ""};
  static const uint64_t epoch = 1;
  d->q.o = (struct vsm_query_socket_options){.epoch = &epoch,
                                             .pass_time = pass_time,
                                             .status = status,
                                             .reload = reload,
                                             .order = order,
                                             .clock_accept = clock_accept,
                                             .rebuild = rebuild,
                                             .ctx = d,
                                             .sequence = sequence};
  vsm_arena_init(&d->q.arena, 0);
  d->q.core = vsm_core_create(d->q.model);
}

void daemon_rig_fini(struct daemon_rig *d) {
  vsm_core_destroy(d->q.core);
  vsm_config_destroy(d->own);
  vsm_arena_fini(&d->q.arena);
  vsm_effects_fini(&d->effects);
}

// ---- in the place of the shell's own, by the linker

// A line for each order takes longer than the order.
void __wrap_vsm_log(const char *event, const char *fmt, ...);
void __wrap_vsm_log(const char *event, const char *fmt, ...) {
  (void)event, (void)fmt;
}

// No socket has a message in hand.
const char *__wrap_vsm_zsock_address(const struct vsm_zsock *s);
const char *__wrap_vsm_zsock_address(const struct vsm_zsock *s) {
  (void)s;
  return NULL;
}
