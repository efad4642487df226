// Subscribed first, then the snapshot, then what is newer. While a snapshot is under way publications stay in the
// socket; afterwards each is compared with the last number known of its topic: from the snapshot, or from the one
// before. A snapshot is due when the subscription's connection was made (again), when a publication shows another
// epoch, and timeout_ms after one that failed.
//
// Which of two epochs is the later one their numbers do not tell: without a state directory the daemon takes them from
// its clock, which may have been set back. But messages come in their order, those of a connection behind what waits of
// the one before. So where their epoch changes that is a later start, and as long as it does not, while a snapshot has
// another one, they are from before that. On one connection none gets smaller.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <uthash.h>
#include <zmq.h>

#include "agents/lib/clock.h"
#include "agents/lib/sock.h"
#include "agents/lib/unpack.h"
#include "vsm/v1/query.pb-c.h"
#include "vsm/vsm.h"

enum { PUBLICATION_ARENA_BYTES = 1024 * 1024 * 1024, TIMEOUT_MS = 5000, RECEIVE_HWM = 10000, TOPIC_BYTES = 512 };
enum { TURN_MESSAGES = 1000 }; // of one call: who publishes faster than we read must not hold our caller for ever

struct topic {
  UT_hash_handle hh;
  uint64_t last; // number
  char name[];
};

struct vsm_subscriber {
  struct vsm_subscriber_options options; // of its strings none is used after _create but stream
  char *stream;
  int wait;
  struct vsm_sock sock;
  struct vsm_query *query; // NULL: no snapshots
  bool asked;              // a snapshot is under way
  int64_t due_ms;          // when the next one is asked for; INT64_MAX: not needed
  uint64_t epoch;          // of what is known: of the last snapshot, or of a later publication
  uint64_t heard;          // epoch of the last publication that was not passed over; 0: none
  bool anew;               // a connection was made since that epoch was first heard
  struct topic *topics;
  struct vsm_arena arena; // of the publication in hand
};

static int open_all(struct vsm_subscriber *s, const struct vsm_subscriber_options *o) {
  static const char *const all[] = {"v1/"};
  struct vsm_sock_options sock = {.type = ZMQ_SUB,
                                  .receive_hwm = RECEIVE_HWM,
                                  .connect = o->publish,
                                  .keys = o->keys,
                                  .topics = o->n_topics ? o->topics : all,
                                  .n_topics = o->n_topics ? o->n_topics : 1};
  int err = vsm_sock_open(&s->sock, o->zmq_context, s->wait, &sock);
  if (err || !o->query)
    return err;
  struct vsm_query_options query = {
      .query = o->query, .keys = o->keys, .timeout_ms = s->options.timeout_ms, .zmq_context = o->zmq_context};
  err = vsm_query_create(&query, &s->query);
  if (err)
    return err;
  struct epoll_event e = {.events = EPOLLIN};
  return epoll_ctl(s->wait, EPOLL_CTL_ADD, vsm_query_fd(s->query), &e) == 0 ? 0 : VSM_CLIENT_EIO;
}

int vsm_subscriber_create(const struct vsm_subscriber_options *options, struct vsm_subscriber **out) {
  *out = NULL;
  if (!options->publish)
    return VSM_CLIENT_EINVAL;
  struct vsm_subscriber *s = calloc(1, sizeof *s);
  if (!s)
    return VSM_CLIENT_ENOMEM;
  s->options = *options;
  if (s->options.timeout_ms == 0)
    s->options.timeout_ms = TIMEOUT_MS;
  s->due_ms = options->query ? vsm_clock_ms() + s->options.timeout_ms : INT64_MAX; // even where nothing is published
  vsm_arena_init(&s->arena, PUBLICATION_ARENA_BYTES);
  s->wait = epoll_create1(EPOLL_CLOEXEC);
  s->stream = strdup(options->stream ? options->stream : "");
  int err = s->wait < 0 ? VSM_CLIENT_EIO : !s->stream ? VSM_CLIENT_ENOMEM : open_all(s, options);
  if (err)
    vsm_subscriber_destroy(s);
  else
    *out = s;
  return err;
}

static void forget_topics(struct vsm_subscriber *s) {
  struct topic *t, *next;
  HASH_ITER(hh, s->topics, t, next) {
    HASH_DEL(s->topics, t);
    free(t);
  }
}

void vsm_subscriber_destroy(struct vsm_subscriber *s) {
  if (!s)
    return;
  vsm_query_destroy(s->query);
  vsm_sock_close(&s->sock);
  if (s->wait >= 0)
    close(s->wait);
  forget_topics(s);
  vsm_arena_fini(&s->arena);
  free(s->stream);
  free(s);
}

static struct topic *find(struct vsm_subscriber *s, const char *name) {
  struct topic *t;
  HASH_FIND_STR(s->topics, name, t);
  return t;
}

// The last number of a topic is at least this.
static void know(struct vsm_subscriber *s, const char *name, uint64_t last) {
  struct topic *t = find(s, name);
  if (!t) {
    size_t n = strlen(name) + 1;
    t = calloc(1, sizeof *t + n);
    if (!t)
      return;
    memcpy(t->name, name, n);
    HASH_ADD_STR(s->topics, name, t);
  }
  if (t->last < last)
    t->last = last;
}

// --- Snapshots

static void know_snapshot(struct vsm_subscriber *s, const Vsm__V1__Snapshot *snapshot) {
  char name[TOPIC_BYTES];
  if (snapshot->epoch != s->epoch)
    forget_topics(s);
  s->epoch = snapshot->epoch;
  for (size_t i = 0; i < snapshot->n_value_streams; i++) {
    const Vsm__V1__ValueStream *stream = snapshot->value_streams[i];
    snprintf(name, sizeof name, "v1/metric/%s/", stream->id);
    know(s, name, stream->sequence);
    for (size_t k = 0; k < stream->n_stages; k++) {
      snprintf(name, sizeof name, "v1/metric/%s/%s/", stream->id, stream->stages[k]->id);
      know(s, name, stream->stages[k]->sequence);
    }
  }
}

static void snapshot_failed(struct vsm_subscriber *s, int err, const char *text) {
  s->due_ms = vsm_clock_ms() + s->options.timeout_ms;
  if (s->options.on_error)
    s->options.on_error(s->options.ctx, err, text);
}

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct vsm_subscriber *s = ctx;
  s->asked = false;
  if (err) {
    snapshot_failed(s, err, vsm_client_error(err));
  } else if (reply->error[0] || reply->kind_case != VSM__V1__REPLY__KIND_SNAPSHOT) {
    snapshot_failed(s, VSM_CLIENT_EFORMAT, reply->error);
  } else {
    know_snapshot(s, reply->snapshot);
    if (s->options.on_snapshot)
      s->options.on_snapshot(s->options.ctx, reply->snapshot);
  }
}

static void ask_snapshot(struct vsm_subscriber *s) {
  Vsm__V1__SnapshotRequest snapshot = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__Request request = VSM__V1__REQUEST__INIT;
  snapshot.stream = s->stream;
  request.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  request.snapshot = &snapshot;
  s->due_ms = INT64_MAX;
  int err = vsm_query_ask(s->query, &request, on_reply, s);
  s->asked = err == 0;
  if (err)
    snapshot_failed(s, err, vsm_client_error(err));
}

// --- Publications

static void restart(struct vsm_subscriber *s, uint64_t epoch) {
  bool known = s->epoch != 0;
  s->epoch = epoch;
  forget_topics(s);
  if (s->query)
    s->due_ms = vsm_clock_ms();
  if (known && s->options.on_restart)
    s->options.on_restart(s->options.ctx, epoch);
}

static void see_connections(struct vsm_subscriber *s) {
  bool connected = vsm_sock_connections(&s->sock) > 0;
  s->anew = s->anew || (connected && s->heard);
  if (connected && s->query)
    s->due_ms = vsm_clock_ms();
  if (connected && s->options.on_connect)
    s->options.on_connect(s->options.ctx);
}

// False: from before the start that is known.
static bool take_epoch(struct vsm_subscriber *s, uint64_t epoch) {
  if (epoch == s->heard)
    return epoch == s->epoch;
  see_connections(s); // the one that it came by may just have been made
  if (epoch < s->epoch && !s->anew)
    return false;
  s->heard = epoch;
  s->anew = false;
  if (epoch != s->epoch)
    restart(s, epoch);
  return true;
}

static void take(struct vsm_subscriber *s, const char *topic, const Vsm__V1__Publication *p) {
  if (!take_epoch(s, p->epoch))
    return;
  const struct topic *t = find(s, topic);
  if (t && p->sequence <= t->last)
    return;
  if (t && p->sequence > t->last + 1 && s->options.on_gap)
    s->options.on_gap(s->options.ctx, topic, t->last + 1, p->sequence - 1);
  know(s, topic, p->sequence);
  if (s->options.on_publication)
    s->options.on_publication(s->options.ctx, topic, p);
}

static void receive(struct vsm_subscriber *s) {
  struct vsm_sock_message m;
  for (int i = 0; i < TURN_MESSAGES && !s->asked && vsm_sock_receive(&s->sock, &m); i++) {
    const Vsm__V1__Publication *p = vsm_unpack(&s->arena, &vsm__v1__publication__descriptor, m.body.p, m.body.n);
    char *topic = vsm_arena_strndup(&s->arena, m.head.p, m.head.n);
    if (p && topic)
      take(s, topic, p);
    vsm_arena_reset(&s->arena);
    vsm_sock_message_close(&m);
    if (s->due_ms <= vsm_clock_ms()) // the rest waits for the snapshot
      return;
  }
}

int vsm_subscriber_process(struct vsm_subscriber *s) {
  see_connections(s);
  if (s->query)
    vsm_query_process(s->query);
  if (!s->asked && s->due_ms <= vsm_clock_ms())
    ask_snapshot(s);
  receive(s);
  return 0;
}

int vsm_subscriber_fd(const struct vsm_subscriber *s) {
  return s->wait;
}

int vsm_subscriber_timeout_ms(struct vsm_subscriber *s) {
  bool ready = vsm_sock_ready(&s->sock); // asked in any case: it quiets the descriptor
  int wait = s->query ? vsm_query_timeout_ms(s->query) : -1;
  if (ready && !s->asked)
    return 0;
  if (!s->asked && s->due_ms != INT64_MAX)
    wait = vsm_clock_sooner(wait, vsm_clock_until(vsm_clock_ms(), s->due_ms));
  return wait;
}
