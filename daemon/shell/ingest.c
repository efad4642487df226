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
#include "store/failpoint.h"
#include "store/journal.h"
#include "wire/ack.h"
#include "wire/batch.h"

enum {
  MESSAGE_BYTES_MAX = 16 << 20,
  ACKS_UNREAD_MAX = 100000,
  UNREAD_BATCHES_MAX = 1000,
  UNREAD_PUBLISHED_MAX = 10000,
  PENDING_BYTES_MAX = 8 << 20, // of records and acks that wait for the disk, beyond which nothing is received
};

struct source_sock {
  char *endpoint, *id;
  struct vsm_zsock *sock;
};

struct vsm_ingest {
  struct vsm_ingest_options o;
  struct vsm_core *core; // borrowed
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

size_t vsm_ingest_waiting_bytes(const struct vsm_ingest *in) {
  return in->journal ? vsm_journal_state(in->journal).pending_bytes + vsm_acks_bytes(&in->acks) : 0;
}

static bool too_much_waits(const struct vsm_ingest *in) {
  if (!in->journal)
    return false;
  return vsm_journal_state(in->journal).health == VSM_JOURNAL_FAILED ||
         vsm_ingest_waiting_bytes(in) > PENDING_BYTES_MAX;
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
};

static struct origin origin_of(const struct vsm_ingest *in, const struct vsm_zsock *sock, struct vsm_str peer) {
  bool is_source = sock != in->submit && sock != in->subscribe; // their sockets are named after them
  const char *name = vsm_zsock_name(sock);
  return (struct origin){.channel = sock == in->submit ? VSM_CHANNEL_SUBMIT : VSM_CHANNEL_SUBSCRIBE,
                         .name = name,
                         .sender = is_source ? vsm_str_of(name) : (struct vsm_str){0},
                         .peer = peer};
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
  struct vsm_ack *ack;
};

static void taken(void *ctx, const struct vsm_event *e, const struct vsm_effects *fx) {
  const struct taking *t = ctx;
  if (fx->result == VSM_REJECTED)
    vsm_ack_reject(t->ack, (uint32_t)(e - t->batch->events), fx->reason, fx->detail);
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

static int take_batch(struct vsm_ingest *in, const struct origin *from, struct vsm_str frame, struct vsm_ack *ack) {
  struct vsm_batch batch;
  struct vsm_time received = in->o.pass_time(in->o.ctx);
  vsm_ack_init(ack, in->journal != NULL);
  in->effects.quiet = !in->o.wants_changes(in->o.ctx);
  vsm_arena_reset(&in->arena);
  int err = vsm_wire_decode_batch(frame, received, &in->arena, &batch);
  if (!err && batch.refused != VSM_R_NONE) { // and not kept
    refuse_frame(in, from, &batch);
    vsm_ack_refuse(ack, &batch);
  } else if (!err && (err = journal_batch(in, from, received, frame)) == 0) {
    err = batch.n_events == 0 ? vsm_core_alive(in->core, batch.source, received)
                              : vsm_core_step_all(in->core, batch.events, batch.n_events, &in->effects, taken,
                                                  &(struct taking){in, &batch, ack});
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
  if (n == 2)
    take_batch(in, &from, frames[1], &unused);
  else
    refuse_frames(in, &from, "a message has two frames: topic, batch");
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
  vsm_acks_put(&in->acks, in->appended, frames, n, &part);
  if (vsm_journal_committed(in->journal) >=
      in->appended) // what was refused waits for what came before, if for anything
    vsm_ingest_committed(in);
}

// What a source's recover socket answered: as if it had come from the source in the first place.
static int take_recovered(void *ctx, const char *source, struct vsm_str frame) {
  struct vsm_ack unused;
  struct vsm_str id = vsm_str_of(source);
  return take_batch(ctx, &(struct origin){VSM_CHANNEL_SUBSCRIBE, "recover", id, id}, frame, &unused);
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

static struct vsm_zsock *new_socket(struct vsm_ingest *in, enum vsm_zkind kind, const char *name) {
  bool acks = kind == VSM_Z_ROUTER;
  return vsm_zsock_create(
      in->o.zcontext, in->o.loop,
      &(struct vsm_zsock_options){.kind = kind,
                                  .name = name,
                                  .message_bytes_max = MESSAGE_BYTES_MAX,
                                  .receive_high_water = acks ? UNREAD_BATCHES_MAX : UNREAD_PUBLISHED_MAX,
                                  .send_high_water = ACKS_UNREAD_MAX,
                                  .fn = acks ? on_submitted : on_published,
                                  .on_peer = on_peer,
                                  .ctx = in});
}

int vsm_ingest_open(struct vsm_ingest *in, const struct vsm_config *config) {
  const struct vsm_conf_daemon *d = &config->daemon;
  if (d->submit) {
    in->submit = new_socket(in, VSM_Z_ROUTER, "submit");
    int err = vsm_open_listener(in->submit, "submit", d->submit);
    if (err)
      return err;
  }
  for (unsigned i = 0; i < d->subscribe.n; i++) {
    if (!in->subscribe)
      in->subscribe = new_socket(in, VSM_Z_SUB, "subscribe");
    int err = vsm_open_listener(in->subscribe, "subscribe", d->subscribe.at[i]);
    if (err)
      return err;
  }
  if (in->subscribe)
    vsm_zsock_subscribe(in->subscribe, "v1/event/");
  return vsm_ingest_follow(in, config);
}

static bool is_configured(const struct vsm_config *config, const struct source_sock *s) {
  for (unsigned i = 0; i < config->sources.n; i++)
    if (config->sources.at[i].connect && strcmp(config->sources.at[i].connect, s->endpoint) == 0 &&
        strcmp(config->sources.at[i].id.z, s->id) == 0)
      return true;
  return false;
}

static bool is_connected(const struct vsm_ingest *in, const struct vsm_conf_source *source) {
  for (size_t i = 0; i < in->n_sources; i++)
    if (strcmp(in->sources[i].endpoint, source->connect) == 0 && strcmp(in->sources[i].id, source->id.z) == 0)
      return true;
  return false;
}

static int connect_source(struct vsm_ingest *in, const struct vsm_conf_source *source) {
  struct source_sock s = {.endpoint = strdup(source->connect), .id = strdup(source->id.z)};
  char topic[256];
  const char *why = "out of memory or descriptors";
  snprintf(topic, sizeof topic, "v1/event/%s/", source->id.z);
  if (s.endpoint && s.id)
    s.sock = new_socket(in, VSM_Z_SUB, s.id);
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

int vsm_ingest_follow(struct vsm_ingest *in, const struct vsm_config *config) {
  for (size_t i = in->n_sources; i-- > 0;) {
    if (is_configured(config, &in->sources[i]))
      continue;
    source_close(&in->sources[i]);
    in->sources[i] = in->sources[--in->n_sources];
  }
  int err = 0;
  for (unsigned i = 0; i < config->sources.n; i++) {
    const struct vsm_conf_source *s = &config->sources.at[i];
    if (s->connect && !is_connected(in, s) && connect_source(in, s) != 0)
      err = VSM_EIO;
  }
  hold(in, in->shut);
  hold_where_too_much_waits(in);
  if (vsm_recover_follow(in->recover, config) != 0)
    err = VSM_EIO;
  return err;
}
