// Two timers of real time, whatever the daemon's clock. One is set when figures may have changed, for the end of the
// interval since it last ran; it publishes each node that the core says has changed. The other runs every 5 s and
// publishes everything. What nobody subscribes to is not even read from the core: it stays marked as changed there,
// and goes out at the first turn after somebody came.
//
// libzmq keeps what is subscribed to as long as the socket is there, some 35 bytes for each byte of it, and says no to
// nobody. So where there is too much of it the socket is opened anew, and all come again.
//
// A subscriber that is too slow loses messages in its own queue and sees it by the numbers; sending never waits.
#include "shell/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "shell/alert_since.h"
#include "shell/clock.h"
#include "shell/open.h"
#include "shell/topics.h"
#include "wire/publication.h"

// libzmq takes in all subscriptions that it can read before it returns; so few of them wait that a peer cannot add any
// as fast.
enum { SUBSCRIPTION_BYTES_MAX = 1024, SUBSCRIPTIONS_UNREAD_MAX = 16 };
#define ALL_EVERY_US (5 * VSM_SECOND_US)

struct vsm_publish {
  struct vsm_publish_options o;
  struct vsm_core *core;         // borrowed
  const struct vsm_model *model; // borrowed
  struct vsm_zsock *sock;        // NULL: none
  struct vsm_timer *changed, *all, *cut_off;
  bool is_cut_off;      // soon
  uint64_t cuts;        // how often it was
  bool soon;            // the timer is set
  bool status_alone;    // no figures go out
  bool wants_changes;   // somebody subscribes to transitions
  int64_t interval_us;  // least time between two turns
  int64_t turn_boot_us; // when the last one was
  struct vsm_topics *topics;
  struct vsm_arena arena;
};

static void publish_changed(void *ctx);
static void publish_all(void *ctx);
static void cut_off(void *ctx);

struct vsm_publish *vsm_publish_create(const struct vsm_publish_options *o) {
  struct vsm_publish *p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->o = *o;
  vsm_arena_init(&p->arena, 0);
  p->topics = vsm_topics_create();
  p->changed = vsm_timer_create(o->loop, publish_changed, p);
  p->all = vsm_timer_create(o->loop, publish_all, p);
  p->cut_off = vsm_timer_create(o->loop, cut_off, p);
  if (!p->changed || !p->all || !p->cut_off) {
    vsm_publish_destroy(p);
    return NULL;
  }
  return p;
}

void vsm_publish_destroy(struct vsm_publish *p) {
  if (!p)
    return;
  vsm_zsock_destroy(p->sock);
  vsm_timer_destroy(p->changed);
  vsm_timer_destroy(p->all);
  vsm_timer_destroy(p->cut_off);
  vsm_topics_destroy(p->topics);
  vsm_arena_fini(&p->arena);
  free(p);
}

// Where the kind of a topic is followed by its stream.
static const char *const of_streams[] = {"metric", "transition", "alert"};

// What connection `who` asks for, or does not any more.
struct asked {
  uint64_t who;
  struct vsm_str prefix;
  bool subscribed;
};

// The narrower of what was asked for and what may be heard, where one lies within the other. What several prefixes are
// cut to ends with the last of them.
static unsigned grant_within(struct vsm_publish *p, const struct asked *a, const char *may) {
  struct vsm_str heard = vsm_str_of(may);
  bool narrower = a->prefix.n > heard.n && vsm_str_begins(a->prefix, heard);
  if (!narrower && !vsm_str_begins(heard, a->prefix))
    return 0;
  if (narrower || a->subscribed || !vsm_topics_asks(p->topics, a->who, heard))
    vsm_zsock_grant(p->sock, narrower ? a->prefix : heard, a->subscribed);
  return 1;
}

// Whoever may watch some streams gets of a prefix what is theirs.
static unsigned grant_some(struct vsm_publish *p, const struct vsm_caller *c, const struct asked *a) {
  unsigned granted = grant_within(p, a, "v1/status/");
  char topic[128];
  for (unsigned i = 0; i < c->client->streams.n; i++)
    for (unsigned k = 0; k < sizeof of_streams / sizeof *of_streams; k++) {
      snprintf(topic, sizeof topic, "v1/%s/%s/", of_streams[k], c->client->streams.at[i].z);
      granted += grant_within(p, a, topic);
    }
  return granted;
}

// False: nothing of it may be heard.
static bool grant(struct vsm_publish *p, const struct asked *a) {
  if (!vsm_auth_is_on(p->o.auth))
    return true;
  struct vsm_caller c = vsm_auth_caller(p->o.auth, p->sock);
  const char *refused = NULL;
  if (vsm_caller_watches_all(&c))
    vsm_zsock_grant(p->sock, a->prefix, a->subscribed);
  else if (!vsm_caller_may(&c, VSM_WATCH))
    refused = "this client may not watch";
  else if (grant_some(p, &c, a) == 0)
    refused = "this client may not watch such a topic";
  if (refused)
    vsm_auth_refuse(p->o.auth, &c, "publish", refused);
  return !refused;
}

static void cut_off(void *ctx) {
  struct vsm_publish *p = ctx;
  p->cuts++;
  vsm_log_gated(p->o.gates, VSM_STR("publish"), "subscribers_cut_off", "subscriptions=%zu",
                vsm_topics_subscriptions(p->topics));
  p->o.cut_off(p->o.ctx);
}

// Not while the socket is in use.
static void look_for_too_many(struct vsm_publish *p) {
  if (p->is_cut_off || !vsm_topics_is_beyond(p->topics))
    return;
  p->is_cut_off = true;
  vsm_zsock_hold(p->sock, true);
  vsm_timer_set(p->cut_off, 0);
}

// ZeroMQ passes on whatever ends, and once more, without saying whose it was, what ends with its connection: so an end
// counts where the connection is known to have had it, and the end of all is taken from on_peer().
static void on_subscription(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n) {
  struct vsm_publish *p = ctx;
  struct vsm_str frame = frames[0];
  struct asked a = {.who = vsm_zsock_peer(sock)};
  if (n != 1 || frame.n == 0 || (frame.p[0] != 0 && frame.p[0] != 1) || !a.who)
    return;
  a.prefix = (struct vsm_str){frame.p + 1, frame.n - 1};
  a.subscribed = frame.p[0] == 1;
  if (!a.subscribed && !vsm_topics_unsubscribe(p->topics, a.who, a.prefix))
    return;
  if (grant(p, &a) && a.subscribed)
    vsm_topics_subscribe(p->topics, a.who, a.prefix);
  look_for_too_many(p);
  p->wants_changes = vsm_topics_transitions_wanted(p->topics);
  vsm_publish_soon(p);
  if (p->status_alone) // which is all that there is for now
    vsm_publish_status_now(p);
}

static void on_peer(void *ctx, struct vsm_zsock *sock, const char *what, struct vsm_str endpoint) {
  struct vsm_publish *p = ctx;
  vsm_log_peer(p->o.gates, sock, what, endpoint);
  if (strcmp(what, "disconnected") != 0)
    return;
  vsm_topics_drop(p->topics, vsm_zsock_peer(sock));
  p->wants_changes = vsm_topics_transitions_wanted(p->topics);
}

static int listen(struct vsm_publish *p, const struct vsm_config *c) {
  struct vsm_conf_endpoints own = vsm_open_one(&c->daemon.publish), next = vsm_open_one(&c->daemon.curve.next_publish);
  return vsm_open_listeners(p->sock, "publish", &own, &next, vsm_auth_keys(p->o.auth));
}

int vsm_publish_open(struct vsm_publish *p, const struct vsm_config *config) {
  struct vsm_zsock_options o = {.kind = VSM_Z_XPUB,
                                .name = "publish",
                                .message_bytes_max = SUBSCRIPTION_BYTES_MAX,
                                .receive_high_water = SUBSCRIPTIONS_UNREAD_MAX,
                                .send_high_water = (int)config->daemon.limit_publish_queue,
                                .fn = on_subscription,
                                .on_peer = on_peer,
                                .ctx = p,
                                .grants = vsm_auth_is_on(p->o.auth)};
  vsm_open_bounds(&o, config);
  vsm_topics_bound(p->topics, (size_t)config->daemon.limit_subscriptions);
  p->sock = vsm_zsock_create(p->o.zcontext, p->o.loop, &o);
  int err = p->sock ? listen(p, config) : VSM_ENOMEM;
  if (!err)
    vsm_timer_set(p->all, ALL_EVERY_US);
  return err;
}

void vsm_publish_tell_bounds(const struct vsm_publish *p, struct vsm_bounds *out) {
  if (!p->sock)
    return;
  vsm_open_tell_bounds(p->sock, out);
  vsm_bounds_add(out, (struct vsm_bound){"subscriptions", "publish", vsm_topics_subscriptions(p->topics),
                                         vsm_topics_most(p->topics), p->cuts});
  uint64_t most = (uint64_t)vsm_zsock_options(p->sock)->send_high_water;
  vsm_bounds_add(out, (struct vsm_bound){"publish_queue", "publish", 0, most, vsm_zsock_counts(p->sock).queues_full});
}

int vsm_publish_renew(struct vsm_publish *p, const struct vsm_config *config) {
  if (!p->sock)
    return 0;
  vsm_topics_end_subscriptions(p->topics);
  p->wants_changes = p->is_cut_off = false;
  int err = vsm_zsock_renew(p->sock);
  vsm_zsock_hold(p->sock, false);
  return err ? err : listen(p, config);
}

void vsm_publish_set_core(struct vsm_publish *p, struct vsm_core *core, const struct vsm_model *model,
                          int64_t interval_us) {
  p->core = core;
  p->model = model;
  p->interval_us = interval_us;
  vsm_topics_follow(p->topics, model);
  p->wants_changes = vsm_topics_transitions_wanted(p->topics);
  vsm_publish_soon(p);
}

void vsm_publish_soon(struct vsm_publish *p) {
  if (p->soon || !p->sock)
    return;
  p->soon = true;
  vsm_timer_set(p->changed, p->turn_boot_us + p->interval_us - vsm_clock_boot_us());
}

uint64_t vsm_publish_sequence(void *ctx, const char *stream, const char *stage) {
  return vsm_topics_sequence(((struct vsm_publish *)ctx)->topics, stream, stage);
}

// --- sending

static struct vsm_publication next(const struct vsm_publish *p, struct vsm_topic *topic) {
  return (struct vsm_publication){*p->o.epoch, ++topic->sequence, vsm_core_now(p->core)};
}

static void send(struct vsm_publish *p, const struct vsm_topic *topic, int err, const struct vsm_message *m) {
  if (err)
    vsm_log_gated(p->o.gates, topic->name, "publish_failed", "topic=%s why=\"%s\"", topic->name.p, vsm_err_text(err));
  else
    vsm_zsock_send(p->sock,
                   (struct vsm_zpart[]){{.p = topic->name.p, .n = topic->name.n},
                                        {.p = m, .n = m->bytes, .pack = vsm_pack_message}},
                   2);
}

static void publish_stream(struct vsm_publish *p, struct vsm_topic *topic, unsigned stream) {
  struct vsm_publication head = next(p, topic);
  struct vsm_stream_view view;
  struct vsm_message m;
  vsm_arena_reset(&p->arena);
  int err = vsm_core_view_node(p->core, stream, &p->arena, &view);
  if (!err)
    err = vsm_publish_stream(&head, &view, &p->arena, &m);
  send(p, topic, err, &m);
}

static void publish_stage(struct vsm_publish *p, struct vsm_topic *topic, unsigned stream, unsigned stage) {
  struct vsm_publication head = next(p, topic);
  struct vsm_stage_view view;
  struct vsm_message m;
  vsm_arena_reset(&p->arena);
  int err = vsm_core_view_stage(p->core, stream, stage, &p->arena, &view);
  if (!err)
    err = vsm_publish_stage(&head, p->model->streams[stream].id, &view, &p->arena, &m);
  send(p, topic, err, &m);
}

static void publish_nodes(struct vsm_publish *p, bool all) {
  p->o.pass_time(p->o.ctx);
  p->turn_boot_us = vsm_clock_boot_us();
  if (p->status_alone)
    return;
  for (unsigned i = 0; i < p->model->n_streams; i++)
    for (int k = -1; k < (int)p->model->streams[i].n_stages; k++) {
      struct vsm_topic *topic = vsm_topics_metric(p->topics, i, k);
      if (!vsm_topics_wanted(p->topics, topic) || (!vsm_core_take_changed(p->core, i, k) && !all))
        continue;
      if (k < 0)
        publish_stream(p, topic, i);
      else
        publish_stage(p, topic, i, (unsigned)k);
    }
}

void vsm_publish_status_now(struct vsm_publish *p) {
  struct vsm_topic *topic = vsm_topics_status(p->topics);
  struct vsm_status_view status;
  struct vsm_message m;
  if (!p->sock || !vsm_topics_wanted(p->topics, topic))
    return;
  struct vsm_publication head = next(p, topic);
  p->o.status(p->o.ctx, &status);
  vsm_arena_reset(&p->arena);
  send(p, topic, vsm_publish_status(&head, &status, &p->arena, &m), &m);
}

static void publish_changed(void *ctx) {
  struct vsm_publish *p = ctx;
  p->soon = false;
  publish_nodes(p, false);
}

static void publish_all(void *ctx) {
  struct vsm_publish *p = ctx;
  vsm_timer_set(p->all, ALL_EVERY_US);
  publish_nodes(p, true);
  vsm_publish_status_now(p);
}

void vsm_publish_status_alone(struct vsm_publish *p, bool alone) {
  p->status_alone = alone;
  vsm_publish_soon(p);
}

bool vsm_publish_wants_changes(const struct vsm_publish *p) {
  return p->wants_changes;
}

void vsm_publish_change(struct vsm_publish *p, const struct vsm_change *c, const struct vsm_event *e) {
  struct vsm_topic *topic = vsm_topics_transition(p->topics, c->stream, c->stage);
  struct vsm_message m;
  if (!vsm_topics_wanted(p->topics, topic))
    return;
  struct vsm_publication head = next(p, topic);
  vsm_arena_reset(&p->arena);
  send(p, topic, vsm_publish_transition(&head, p->model, c, e->source, e->type, &p->arena, &m), &m);
}

static void publish_alert(struct vsm_publish *p, const struct vsm_alert_view *alert) {
  struct vsm_topic *topic = vsm_topics_alert(p->topics, alert->stream, alert->stage, alert->source);
  struct vsm_message m;
  if (!vsm_topics_wanted(p->topics, topic))
    return;
  vsm_arena_reset(&p->arena);
  struct vsm_alert_since since = {p->core, &p->arena};
  struct vsm_sentence_context context = {p->model, vsm_core_now(p->core), vsm_alert_silent_since, &since};
  struct vsm_publication head = next(p, topic);
  send(p, topic, vsm_publish_alert(&head, &context, alert, &p->arena, &m), &m);
}

void vsm_publish_alerts(struct vsm_publish *p) {
  const struct vsm_alert_view *notices;
  size_t n = vsm_core_notices(p->core, &notices);
  for (size_t i = 0; p->sock && i < n; i++)
    publish_alert(p, &notices[i]);
  if (n > 0)
    vsm_core_drop_notices(p->core);
}
