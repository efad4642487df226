// Two questions make a list: what is pending or fires, then what was resolved. In this order nothing falls between
// them. While they are under way publications wait in the socket; what of them is older than the list is told by the
// numbers of alerts. A list is due at the start, at each connection, where a number was left out or the daemon began
// anew; and once more with the first message of a connection, as only that shows that our subscription had arrived.
#include "agents/notify/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"

enum { AGAIN_US = 2 * VSM_SECOND_US, TIMEOUT_MS = 5000 };

struct vsm_inbox {
  struct vsm_inbox_options options;
  struct vsm_subscriber *news;
  struct vsm_query *query;
  int64_t due_us;        // when a list is to be asked for; INT64_MAX: not
  bool asked, unproven;  // a list is under way; nothing was heard on this connection yet
  uint64_t epoch;        // of the last list
  Vsm__V1__Alerts *live; // the first half of a list, owned
  int64_t mono_us;
};

static void on_connect(void *ctx) {
  struct vsm_inbox *in = ctx;
  in->due_us = in->mono_us;
  in->unproven = true;
}

static void on_gap(void *ctx, const char *topic, uint64_t first, uint64_t last) {
  struct vsm_inbox *in = ctx;
  (void)topic, (void)first, (void)last;
  in->due_us = in->mono_us;
}

static void on_restart(void *ctx, uint64_t epoch) {
  struct vsm_inbox *in = ctx;
  (void)epoch;
  in->due_us = in->mono_us;
}

static void on_publication(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  struct vsm_inbox *in = ctx;
  (void)topic;
  if (in->unproven)
    in->due_us = in->mono_us;
  in->unproven = false;
  if (p->body_case == VSM__V1__PUBLICATION__BODY_STATUS)
    in->options.on_status(in->options.ctx, p->status);
  else if (p->body_case == VSM__V1__PUBLICATION__BODY_ALERT && p->epoch == in->epoch)
    in->options.on_alert(in->options.ctx, p->alert); // of another epoch: the list, which is due, tells it
}

int vsm_inbox_create(const struct vsm_inbox_options *o, struct vsm_inbox **out) {
  static const char *const topics[] = {"v1/alert/", "v1/status/"};
  struct vsm_inbox *in = vsm_mem_alloc(sizeof *in);
  in->options = *o;
  struct vsm_subscriber_options news = {.publish = o->publish,
                                        .topics = topics,
                                        .n_topics = 2,
                                        .keys = o->keys,
                                        .on_publication = on_publication,
                                        .on_gap = on_gap,
                                        .on_restart = on_restart,
                                        .on_connect = on_connect,
                                        .ctx = in};
  struct vsm_query_options query = {.query = o->query, .keys = o->keys, .timeout_ms = TIMEOUT_MS};
  *out = NULL;
  int err = vsm_subscriber_create(&news, &in->news);
  if (err == 0)
    err = vsm_query_create(&query, &in->query);
  if (err)
    vsm_inbox_destroy(in);
  else
    *out = in;
  return err;
}

static void drop_live(struct vsm_inbox *in) {
  if (in->live)
    vsm__v1__alerts__free_unpacked(in->live, NULL);
  in->live = NULL;
}

void vsm_inbox_destroy(struct vsm_inbox *in) {
  if (!in)
    return;
  vsm_subscriber_destroy(in->news);
  vsm_query_destroy(in->query);
  drop_live(in);
  free(in);
}

int vsm_inbox_fd(const struct vsm_inbox *in, int which) {
  return which == 0 ? vsm_subscriber_fd(in->news) : vsm_query_fd(in->query);
}

void vsm_inbox_list_again(struct vsm_inbox *in, int64_t at_us) {
  in->due_us = at_us;
}

// --- the list

static vsm_query_fn take_live, take_history;

static void failed(struct vsm_inbox *in, const char *why) {
  in->asked = false;
  in->due_us = in->mono_us + AGAIN_US;
  drop_live(in);
  in->options.on_trouble(in->options.ctx, "alerts", why);
}

static void ask(struct vsm_inbox *in, bool history) {
  Vsm__V1__AlertsRequest alerts = VSM__V1__ALERTS_REQUEST__INIT;
  Vsm__V1__Request request = VSM__V1__REQUEST__INIT;
  alerts.history = history;
  request.kind_case = VSM__V1__REQUEST__KIND_ALERTS;
  request.alerts = &alerts;
  in->due_us = INT64_MAX;
  in->asked = true;
  int err = vsm_query_ask(in->query, &request, history ? take_history : take_live, in);
  if (err)
    failed(in, vsm_client_error(err));
}

// NULL: it is none, which is said.
static const Vsm__V1__Alerts *answer_of(struct vsm_inbox *in, int err, const Vsm__V1__Reply *reply) {
  if (!err && !*reply->error && reply->kind_case == VSM__V1__REPLY__KIND_ALERTS)
    return reply->alerts;
  failed(in, err ? vsm_client_error(err) : *reply->error ? reply->error : "another answer");
  return NULL;
}

static void take_live(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct vsm_inbox *in = ctx;
  const Vsm__V1__Alerts *a = answer_of(in, err, reply);
  if (!a)
    return;
  size_t n = vsm__v1__alerts__get_packed_size(a);
  uint8_t *p = vsm_mem_alloc(n + 1);
  vsm__v1__alerts__pack(a, p);
  in->live = vsm_mem_need(vsm__v1__alerts__unpack(NULL, n, p), n);
  free(p);
  ask(in, true);
}

static void take_history(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct vsm_inbox *in = ctx;
  const Vsm__V1__Alerts *a = answer_of(in, err, reply);
  if (!a)
    return;
  in->asked = false;
  in->epoch = in->live->epoch;
  in->options.on_list(in->options.ctx, in->live, a);
  drop_live(in);
}

void vsm_inbox_process(struct vsm_inbox *in, int64_t mono_us) {
  in->mono_us = mono_us;
  vsm_query_process(in->query);
  if (!in->asked)
    vsm_subscriber_process(in->news);
  if (!in->asked && in->due_us <= mono_us)
    ask(in, false);
}

int vsm_inbox_timeout_ms(struct vsm_inbox *in, int64_t mono_us) {
  int query = vsm_query_timeout_ms(in->query);
  int news = vsm_subscriber_timeout_ms(in->news); // asked in any case: it quiets the descriptor
  int wait = in->asked ? query : query < 0 || (news >= 0 && news < query) ? news : query;
  if (in->asked || in->due_us == INT64_MAX)
    return wait;
  int64_t ms = in->due_us <= mono_us ? 0 : (in->due_us - mono_us + 999) / 1000;
  return wait < 0 || ms < wait ? (int)ms : wait;
}
