// A frame becomes a batch in an arena of its own, and each of its events a step of the core. What a frame is refused
// for as a whole is counted in the core, and answered on submit like any other batch.
//
// With a journal each batch is a record, byte for byte as it came, before the core takes it; its ack waits until that
// is on disk (acks.c), and so do the acks behind it. While too much waits, or the journal has failed, nothing is
// received: peers notice, and nothing is taken that could not be kept. Without one the ack goes out at once.
//
// An ack says that nothing of the batch needs to be sent again. So where memory ran out in the middle of a batch there
// is none: the client sends it again, and what had been taken of it is a repetition then. An ack that cannot be sent
// is given up, since to wait for one client would hold up all others.
#include "shell/ingest.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "shell/acks.h"
#include "shell/log.h"
#include "shell/open.h"
#include "shell/recover.h"
#include "shell/vet.h"
#include "store/failpoint.h"
#include "store/journal.h"
#include "wire/ack.h"
#include "wire/batch.h"

enum {
  MESSAGE_BY_FRAME = 4,        // so much larger than a frame may be, and it is answered; beyond it the connection ends
  PENDING_BYTES_MAX = 8 << 20, // of records and acks that wait for the disk, beyond which nothing is received
};

struct source_sock {
  char *endpoint, *id, *server_key; // server_key NULL: unencrypted
  struct vsm_zsock *sock;
};

struct vsm_ingest {
  struct vsm_ingest_options o;
  struct vsm_core *core; // borrowed
  struct vsm_batch_bounds most;
  struct vsm_zsock *submit;
  struct vsm_zsock *subscribe; // binds; NULL: none
  struct source_sock *sources; // one socket for each source that is connected to
  size_t n_sources, cap_sources;
  struct vsm_recover *recover;
  struct vsm_arena arena;
  struct vsm_effects effects;
  struct vsm_ingest_counts counts;
  struct vsm_journal *journal; // borrowed; NULL: none
  uint64_t appended;           // position of the last record
  struct vsm_acks acks;
  bool shut; // until opened by vsm_ingest_receive()
};

static void source_close(struct source_sock *s) {
  vsm_zsock_destroy(s->sock);
  free(s->endpoint);
  free(s->id);
  free(s->server_key);
}

void vsm_ingest_destroy(struct vsm_ingest *in) {
  if (!in)
    return;
  for (size_t i = 0; i < in->n_sources; i++)
    source_close(&in->sources[i]);
  free(in->sources);
  vsm_recover_destroy(in->recover);
  vsm_zsock_destroy(in->submit);
  vsm_zsock_destroy(in->subscribe);
  vsm_arena_fini(&in->arena);
  vsm_effects_fini(&in->effects);
  vsm_acks_fini(&in->acks);
  free(in);
}

void vsm_ingest_set_core(struct vsm_ingest *in, struct vsm_core *core) {
  in->core = core;
  vsm_recover_set_core(in->recover, core);
}

// --- the journal

static void hold(struct vsm_ingest *in, bool held) {
  vsm_zsock_hold(in->submit, held);
  vsm_zsock_hold(in->subscribe, held);
  for (size_t i = 0; i < in->n_sources; i++)
    vsm_zsock_hold(in->sources[i].sock, held);
}

bool vsm_ingest_waits(const struct vsm_ingest *in) {
  bool waits = vsm_zsock_waits(in->submit) || vsm_zsock_waits(in->subscribe);
  for (size_t i = 0; !waits && i < in->n_sources; i++)
    waits = vsm_zsock_waits(in->sources[i].sock);
  return waits;
}

size_t vsm_ingest_waiting_bytes(const struct vsm_ingest *in) {
  return in->journal ? vsm_journal_state(in->journal).pending_bytes + vsm_acks_bytes(&in->acks) : 0;
}

static bool too_much_waits(const struct vsm_ingest *in) {
  return in->journal && (vsm_journal_state(in->journal).health == VSM_JOURNAL_FAILED ||
                         vsm_ingest_waiting_bytes(in) > PENDING_BYTES_MAX);
}

static void hold_where_too_much_waits(struct vsm_ingest *in) {
  if (!in->shut && in->journal)
    hold(in, too_much_waits(in));
}

void vsm_ingest_receive(struct vsm_ingest *in, struct vsm_journal *journal) {
  in->journal = journal;
  in->appended = journal ? vsm_journal_state(journal).appended : 0;
  in->shut = false;
  hold(in, false);
  vsm_recover_begin(in->recover);
}

void vsm_ingest_shut(struct vsm_ingest *in) {
  in->shut = true;
  hold(in, true);
  vsm_recover_end(in->recover);
}

// By which way, and as whom it is known, a frame came.
struct origin {
  enum vsm_channel channel;
  const char *name;      // of the socket
  struct vsm_str sender; // of a source that is connected to its id; else empty
  struct vsm_str peer;   // tells peers apart in the log
  struct vsm_caller caller;
};

// A source that is connected to encrypted is known by its key, and speaks for itself alone.
static struct vsm_caller caller_of(const struct vsm_ingest *in, const struct vsm_zsock *sock, const char *source,
                                   bool encrypted) {
  if (!source)
    return vsm_auth_caller(in->o.auth, sock);
  return (struct vsm_caller){.anybody = !encrypted, .source = source, .name = source, .key = "", .address = ""};
}

static struct origin origin_of(const struct vsm_ingest *in, const struct vsm_zsock *sock, struct vsm_str peer) {
  bool is_source = sock != in->submit && sock != in->subscribe; // their sockets are named after them
  const char *name = vsm_zsock_name(sock);
  return (struct origin){.channel = sock == in->submit ? VSM_CHANNEL_SUBMIT : VSM_CHANNEL_SUBSCRIBE,
                         .name = name,
                         .sender = is_source ? vsm_str_of(name) : (struct vsm_str){0},
                         .peer = peer,
                         .caller = caller_of(in, sock, is_source ? name : NULL, vsm_zsock_is_client(sock))};
}

static int journal_batch(struct vsm_ingest *in, const struct origin *from, struct vsm_time received,
                         struct vsm_str frame) {
  if (!in->journal)
    return 0;
  int64_t position = vsm_journal_append(in->journal, &(struct vsm_record){.kind = VSM_RECORD_BATCH,
                                                                          .channel = from->channel,
                                                                          .received = received,
                                                                          .sender = from->sender,
                                                                          .payload = frame});
  if (position < 0)
    return (int)position;
  in->appended = (uint64_t)position;
  return 0;
}

struct vsm_ingest_counts vsm_ingest_counts(const struct vsm_ingest *in) {
  return in->counts;
}

// Counts a frame that is not taken as a batch; events: how many were in it.
static void refuse_frame(struct vsm_ingest *in, const struct origin *from, const struct vsm_batch *batch) {
  in->counts.bad_frames += batch->refused_events > 0; // an empty batch of nobody is one, too
  in->counts.frames_too_large += batch->refused == VSM_R_FRAME_TOO_LARGE;
  in->counts.batches_too_large += batch->refused == VSM_R_BATCH_TOO_LARGE;
  vsm_core_refuse_frame(in->core, batch->source, batch->refused, batch->refused_events);
  vsm_log_gated(in->o.gates, from->peer, "refused", "socket=%s reason=%s detail=\"%s\"", from->name,
                vsm_reason_name(batch->refused), batch->refused_detail ? batch->refused_detail : "");
}

static void refuse_frames(struct vsm_ingest *in, const struct origin *from, const char *detail) {
  refuse_frame(in, from,
               &(struct vsm_batch){.refused = VSM_R_BAD_FRAME, .refused_detail = detail, .refused_events = 1});
}

struct taking {
  struct vsm_ingest *in;
  const struct vsm_batch *batch;
  const struct vsm_vet *vet;
  struct vsm_ack *ack;
  uint32_t at; // index of the next event, in the batch as it came
};

static void taken(void *ctx, const struct vsm_event *e, const struct vsm_effects *fx) {
  struct taking *t = ctx;
  uint32_t left = (uint32_t)(e - t->batch->events), index = t->vet->index ? t->vet->index[left] : left;
  vsm_vet_tell(t->vet, t->ack, &t->at, index);
  t->at = index + 1;
  if (fx->result == VSM_REJECTED)
    vsm_ack_reject(t->ack, index, fx->reason, fx->detail);
  else
    vsm_ack_accept(t->ack);
  for (unsigned i = 0; i < fx->n_changes; i++)
    t->in->o.on_change(t->in->o.ctx, &fx->changes[i], e);
}

// At the level at which every batch is told of.
static void tell(const struct origin *from, const struct vsm_batch *batch, size_t bytes, const struct vsm_ack *ack) {
  if (vsm_log_wants(VSM_LOG_DEBUG))
    vsm_log("batch", "socket=%s source=%.*s bytes=%zu accepted=%u rejected=%u", from->name, (int)batch->source.n,
            batch->source.n ? batch->source.p : "", bytes, ack->accepted, ack->rejected);
}

// Counts and logs what its sender may not say.
static void refuse_some(struct vsm_ingest *in, const struct origin *from, const struct vsm_vet *v) {
  if (!v->detail)
    return;
  vsm_core_refuse_frame(in->core, v->source, VSM_R_NOT_ALLOWED, v->n_dropped);
  vsm_auth_refuse(in->o.auth, &from->caller, from->name, v->detail);
}

static int keep_and_step(struct vsm_ingest *in, const struct origin *from, struct vsm_time received,
                         struct vsm_str frame, struct taking *t) {
  int err = journal_batch(in, from, received, frame);
  if (err)
    return err;
  if (t->batch->n_events == 0)
    return vsm_core_alive(in->core, t->batch->source, received);
  return vsm_core_step_all(in->core, t->batch->events, t->batch->n_events, &in->effects, taken, t);
}

static int take_allowed(struct vsm_ingest *in, const struct origin *from, struct vsm_time received,
                        struct vsm_str frame, struct vsm_batch *batch, struct vsm_ack *ack) {
  struct vsm_vet vet;
  struct taking t = {in, batch, &vet, ack, 0};
  int err = vsm_vet_batch(&from->caller, &in->arena, batch, &frame, &vet);
  if (err)
    return err;
  refuse_some(in, from, &vet);
  if (!vsm_vet_left_nothing(&vet))
    err = keep_and_step(in, from, received, frame, &t);
  else if (vet.n == 0)
    vsm_ack_refuse(ack, &(struct vsm_batch){.refused = VSM_R_NOT_ALLOWED, .refused_detail = vet.detail});
  vsm_vet_tell(&vet, ack, &t.at, vet.n);
  return err;
}

static int take_batch(struct vsm_ingest *in, const struct origin *from, struct vsm_str frame, struct vsm_ack *ack) {
  struct vsm_batch batch;
  struct vsm_time received = in->o.pass_time(in->o.ctx);
  vsm_ack_init(ack, in->journal != NULL);
  in->effects.quiet = !in->o.wants_changes(in->o.ctx);
  vsm_arena_reset(&in->arena);
  int err = vsm_wire_decode_batch(frame, received, &in->arena, &batch);
  if (!err)
    vsm_batch_bound(&batch, frame.n, &in->most);
  if (!err && batch.refused != VSM_R_NONE) { // and not kept
    refuse_frame(in, from, &batch);
    vsm_ack_refuse(ack, &batch);
  } else if (!err) {
    err = take_allowed(in, from, received, frame, &batch, ack);
    vsm_failpoint(VSM_FAIL_step);
  }
  hold_where_too_much_waits(in);
  if (err)
    vsm_log_gated(in->o.gates, from->peer, "batch_given_up", "socket=%s why=\"%s\"", from->name, vsm_err_text(err));
  else
    tell(from, &batch, frame.n, ack);
  in->o.on_batch(in->o.ctx);
  vsm_recover_soon(in->recover);
  return err;
}

// topic, batch
static void on_published(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n) {
  struct vsm_ingest *in = ctx;
  struct vsm_ack unused;
  struct origin from = origin_of(in, sock, vsm_str_of(vsm_zsock_name(sock)));
  uint64_t missing = vsm_core_ingest(in->core).gaps;
  if (n == 2)
    take_batch(in, &from, frames[1], &unused);
  else
    refuse_frames(in, &from, "a message has two frames: topic, batch");
  uint64_t gaps = vsm_core_ingest(in->core).gaps;
  in->counts.published_lost += gaps > missing ? gaps - missing : 0;
}

static void pack_ack(const void *ack, void *out) {
  vsm_ack_pack(ack, out);
}

static void send_ack(struct vsm_ingest *in, const struct vsm_str *frames, size_t n, const struct vsm_zpart *ack) {
  if (vsm_reply(in->submit, frames, n, ack->p, ack->n, ack->pack))
    return;
  in->counts.acks_lost++;
  vsm_log_gated(in->o.gates, frames[0], "ack_lost", "socket=submit acks_lost=%llu",
                (unsigned long long)in->counts.acks_lost);
}

void vsm_ingest_committed(struct vsm_ingest *in) {
  struct vsm_str frames[VSM_Z_FRAMES_MAX];
  size_t n;
  uint64_t committed = vsm_journal_committed(in->journal);
  while (vsm_acks_take(&in->acks, committed, frames, &n)) {
    vsm_failpoint(VSM_FAIL_ack);
    send_ack(in, frames, n, &(struct vsm_zpart){.p = &frames[n - 1], .n = frames[n - 1].n, .pack = vsm_pack_bytes});
  }
  hold_where_too_much_waits(in);
}

// identity, (an empty frame, from REQ), request id, batch
static void on_submitted(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n) {
  struct vsm_ingest *in = ctx;
  struct vsm_ack ack;
  struct origin from = origin_of(in, sock, frames[0]);
  if (!vsm_request_frames(frames, n)) {
    refuse_frames(in, &from, "a request has two frames: id of 1 to 1024 bytes, batch");
    return;
  }
  if (take_batch(in, &from, frames[n - 1], &ack) != 0)
    return;
  struct vsm_zpart part = {.p = &ack, .n = vsm_ack_bytes(&ack), .pack = pack_ack};
  if (!in->journal) {
    send_ack(in, frames, n, &part);
    return;
  }
  // What was refused waits for what came before, if for anything.
  vsm_acks_put(&in->acks, in->appended, frames, n, &part);
  vsm_ingest_committed(in); // the turn may have many more
}

// What a source's recover socket answered: as if it had come from the source in the first place.
static int take_recovered(void *ctx, const char *source, struct vsm_str frame) {
  struct vsm_ack unused;
  struct vsm_str id = vsm_str_of(source);
  // What it is asked for is of that source alone, which was looked at.
  return take_batch(ctx, &(struct origin){VSM_CHANNEL_SUBSCRIBE, "recover", id, id, {.anybody = true}}, frame, &unused);
}

static bool takes_more(void *ctx) {
  struct vsm_ingest *in = ctx;
  return !in->shut && !too_much_waits(in);
}

// --- life

struct vsm_ingest *vsm_ingest_create(const struct vsm_ingest_options *o) {
  struct vsm_ingest *in = calloc(1, sizeof *in);
  if (!in)
    return NULL;
  in->o = *o;
  vsm_arena_init(&in->arena, VSM_BATCH_ARENA_BYTES);
  in->recover = vsm_recover_create(&(struct vsm_recover_options){.zcontext = o->zcontext,
                                                                 .loop = o->loop,
                                                                 .gates = o->gates,
                                                                 .auth = o->auth,
                                                                 .take = take_recovered,
                                                                 .is_ready = takes_more,
                                                                 .ctx = in});
  if (in->recover)
    return in;
  vsm_ingest_destroy(in);
  return NULL;
}

static void on_peer(void *ctx, struct vsm_zsock *sock, const char *what, struct vsm_str endpoint) {
  vsm_log_peer(((struct vsm_ingest *)ctx)->o.gates, sock, what, endpoint);
}

// server_key: of whom it connects to; NULL: nobody, or unencrypted.
static struct vsm_zsock *new_socket(struct vsm_ingest *in, const struct vsm_config *config, enum vsm_zkind kind,
                                    const char *name, const char *server_key) {
  const struct vsm_conf_daemon *d = &config->daemon;
  bool acks = kind == VSM_Z_ROUTER;
  int64_t queue = acks ? d->limit_submit_queue : d->limit_subscribe_queue;
  struct vsm_zsock_options o = {.kind = kind,
                                .name = name,
                                .message_bytes_max = (size_t)d->limit_frame_bytes * MESSAGE_BY_FRAME,
                                .receive_high_water = vsm_open_queue(config, queue, (size_t)d->limit_frame_bytes),
                                .send_high_water = (int)d->limit_ack_queue,
                                .fn = acks ? on_submitted : on_published,
                                .on_peer = on_peer,
                                .ctx = in,
                                .key = vsm_auth_keys(in->o.auth)->key,
                                .server_key = server_key};
  vsm_open_bounds(&o, config);
  return vsm_zsock_create(in->o.zcontext, in->o.loop, &o);
}

void vsm_ingest_tell_bounds(const struct vsm_ingest *in, struct vsm_bounds *out) {
  const struct vsm_ingest_counts *c = &in->counts;
  if (in->submit) {
    vsm_open_tell_bounds(in->submit, out);
    uint64_t most = (uint64_t)vsm_zsock_options(in->submit)->send_high_water;
    vsm_bounds_add(out, (struct vsm_bound){"ack_queue", "submit", 0, most, c->acks_lost});
  }
  if (in->subscribe)
    vsm_open_tell_bounds(in->subscribe, out);
  const struct vsm_zsock *hears = in->subscribe ? in->subscribe : in->n_sources ? in->sources->sock : NULL;
  if (hears)
    vsm_bounds_add(out, (struct vsm_bound){"subscribe_queue", "subscribe", 0,
                                           (uint64_t)vsm_zsock_options(hears)->receive_high_water, c->published_lost});
  vsm_bounds_add(out, (struct vsm_bound){"frame", "", 0, in->most.frame_bytes, c->frames_too_large});
  vsm_bounds_add(out, (struct vsm_bound){"batch", "", 0, in->most.events, c->batches_too_large});
}

static int listen_on(struct vsm_ingest *in, struct vsm_zsock *sock, const struct vsm_conf_daemon *d) {
  const struct vsm_auth_keys *keys = vsm_auth_keys(in->o.auth);
  struct vsm_conf_endpoints own = vsm_open_one(&d->submit), next = vsm_open_one(&d->curve.next_submit);
  return sock == in->submit ? vsm_open_listeners(sock, "submit", &own, &next, keys)
                            : vsm_open_listeners(sock, "subscribe", &d->subscribe, &d->curve.next_subscribe, keys);
}

int vsm_ingest_open(struct vsm_ingest *in, const struct vsm_config *config) {
  const struct vsm_conf_daemon *d = &config->daemon;
  if (d->submit && !(in->submit = new_socket(in, config, VSM_Z_ROUTER, "submit", NULL)))
    return VSM_ENOMEM;
  if (d->subscribe.n && !(in->subscribe = new_socket(in, config, VSM_Z_SUB, "subscribe", NULL)))
    return VSM_ENOMEM;
  int err = in->submit ? listen_on(in, in->submit, d) : 0;
  if (!err && in->subscribe && (err = listen_on(in, in->subscribe, d)) == 0)
    err = vsm_zsock_subscribe(in->subscribe, "v1/event/");
  return err ? err : vsm_ingest_follow(in, config, false);
}

int vsm_ingest_renew(struct vsm_ingest *in, const struct vsm_config *config, bool submit, bool subscribe) {
  int err = 0;
  if (submit && in->submit && (err = vsm_zsock_renew(in->submit)) == 0)
    err = listen_on(in, in->submit, &config->daemon);
  if (!err && subscribe && in->subscribe && (err = vsm_zsock_renew(in->subscribe)) == 0)
    err = listen_on(in, in->subscribe, &config->daemon);
  return err;
}

static bool is_source(const struct source_sock *s, const struct vsm_conf_source *c) {
  const char *key = c->server_key ? c->server_key : "", *mine = s->server_key ? s->server_key : "";
  return c->connect && strcmp(c->connect, s->endpoint) == 0 && strcmp(c->id.z, s->id) == 0 && strcmp(key, mine) == 0;
}

static bool is_configured(const struct vsm_config *config, const struct source_sock *s) {
  for (unsigned i = 0; i < config->sources.n; i++)
    if (is_source(s, &config->sources.at[i]))
      return true;
  return false;
}

static bool is_connected(const struct vsm_ingest *in, const struct vsm_conf_source *source) {
  for (size_t i = 0; i < in->n_sources; i++)
    if (is_source(&in->sources[i], source))
      return true;
  return false;
}

static int connect_source(struct vsm_ingest *in, const struct vsm_config *config,
                          const struct vsm_conf_source *source) {
  struct source_sock s = {.endpoint = strdup(source->connect),
                          .id = strdup(source->id.z),
                          .server_key = source->server_key ? vsm_mem_copy(vsm_str_of(source->server_key)) : NULL};
  char topic[256];
  const char *why = "out of memory or descriptors";
  snprintf(topic, sizeof topic, "v1/event/%s/", source->id.z);
  if (s.endpoint && s.id)
    s.sock = new_socket(in, config, VSM_Z_SUB, s.id, source->server_key);
  if (!s.sock || vsm_zsock_connect(s.sock, s.endpoint, &why) != 0) {
    vsm_log("connect_failed", "source=%s endpoint=%s why=\"%s\"", source->id.z, source->connect, why);
    source_close(&s);
    return VSM_EIO;
  }
  vsm_zsock_subscribe(s.sock, topic);
  vsm_log("connecting", "source=%s endpoint=%s", s.id, s.endpoint);
  in->sources = vsm_mem_grow(in->sources, in->n_sources, &in->cap_sources, sizeof *in->sources);
  in->sources[in->n_sources++] = s;
  return 0;
}

int vsm_ingest_follow(struct vsm_ingest *in, const struct vsm_config *config, bool our_key) {
  in->most = (struct vsm_batch_bounds){(size_t)config->daemon.limit_frame_bytes, (size_t)config->daemon.limit_batch};
  for (size_t i = in->n_sources; i-- > 0;) {
    if (is_configured(config, &in->sources[i]) && !(our_key && in->sources[i].server_key))
      continue;
    source_close(&in->sources[i]);
    in->sources[i] = in->sources[--in->n_sources];
  }
  int err = 0;
  for (unsigned i = 0; i < config->sources.n; i++) {
    const struct vsm_conf_source *s = &config->sources.at[i];
    if (s->connect && !is_connected(in, s) && connect_source(in, config, s) != 0)
      err = VSM_EIO;
  }
  hold(in, in->shut);
  hold_where_too_much_waits(in);
  if (vsm_recover_follow(in->recover, config, our_key) != 0)
    err = VSM_EIO;
  return err;
}
