// A lane is a receiver, by its id: what is under way ends as it began, whatever a new configuration says. While
// something of it is under way, nothing else of it is begun, so what a receiver hears first was first; other lanes do
// not notice. How it ended is written down before the next: a message is gone from the store once it was taken, and
// else has another time at which it is due.
#include "agents/notify/deliver.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "shell/log.h"

struct lane {
  struct lane *next;
  struct vsm_deliver *of;
  char *id;
  const struct vsm_receiver *to; // NULL: the configuration does not have it any more
  bool busy;
  struct vsm_message message; // under way
  struct vsm_standing_sent sent;
  int64_t resend_us;  // of what is under way
  int64_t tries;      // of an Alertmanager, since it last answered
  int64_t pause_us;   // nothing before then
  int64_t failing_us; // of an Alertmanager: since when it does not take what it is told; 0: it does
};

struct vsm_deliver {
  const struct vsm_settings *settings;
  struct vsm_store *store;
  struct vsm_carrier *carrier;
  struct lane *lanes;
  int64_t now_us;
  int64_t lost_us; // when to look again for what no lane can send
  unsigned short random[3];
  struct vsm_deliver_counts counts;
};

static struct lane *find_lane(const struct vsm_deliver *d, const char *id) {
  struct lane *l = d->lanes;
  while (l && strcmp(l->id, id) != 0)
    l = l->next;
  return l;
}

// Why no lane can send messages to it; NULL: one can.
static const char *why_gone(const struct vsm_deliver *d, const char *receiver) {
  const struct vsm_receiver *to = vsm_settings_receiver(d->settings, receiver);
  if (!to)
    return "the configuration has no such receiver";
  return to->channel == VSM_ALERTMANAGER ? "it is an Alertmanager now, which takes no messages" : NULL;
}

static void look_for_gone(struct vsm_deliver *d) {
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_MESSAGE_EACH, "");
  while (vsm_store_row(d->store, st)) {
    const char *receiver = vsm_store_text(st, 0), *why = why_gone(d, receiver);
    if (why)
      vsm_log("receiver_gone", "receiver=%s messages for it wait, and %s", receiver, why);
  }
}

// Before there are others for the same recipients, so that their order stays.
static void address(struct lane *l) {
  if (l->to && l->to->channel == VSM_MAIL)
    vsm_queue_address(l->of->store, l->to, l->busy ? l->message.id : -1);
}

static void add_lane(struct vsm_deliver *d, const char *id) {
  struct lane **last = &d->lanes;
  while (*last)
    last = &(*last)->next;
  *last = vsm_mem_alloc(sizeof **last);
  **last = (struct lane){.of = d, .id = vsm_mem_copy(vsm_str_of(id))};
}

// A lane that leads nowhere now is kept: its receiver may come back.
void vsm_deliver_follow(struct vsm_deliver *d, const struct vsm_settings *s) {
  d->settings = s;
  d->lost_us = 0;
  for (unsigned i = 0; i < s->receivers.n; i++)
    if (!find_lane(d, s->receivers.at[i].id.z))
      add_lane(d, s->receivers.at[i].id.z);
  for (struct lane *l = d->lanes; l; l = l->next) {
    l->to = vsm_settings_receiver(s, l->id);
    l->pause_us = l->tries = 0;
    if (!l->to || l->to->channel != VSM_ALERTMANAGER)
      l->failing_us = 0;
    address(l);
  }
  look_for_gone(d);
}

struct vsm_deliver *vsm_deliver_create(const struct vsm_settings *s, struct vsm_store *store, struct vsm_carrier *c) {
  struct vsm_deliver *d = vsm_mem_alloc(sizeof *d);
  d->store = store;
  d->carrier = c;
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  d->random[0] = (unsigned short)t.tv_nsec;
  d->random[1] = (unsigned short)(t.tv_nsec >> 16);
  vsm_store_begin(store);
  vsm_deliver_follow(d, s);
  vsm_store_commit(store); // what was not written is when it is sent
  return d;
}

void vsm_deliver_destroy(struct vsm_deliver *d) {
  if (!d)
    return;
  for (struct lane *l = d->lanes, *next; l; l = next) {
    next = l->next;
    vsm_queue_free(&l->message);
    vsm_standing_free(&l->sent);
    free(l->id);
    free(l);
  }
  free(d);
}

struct vsm_deliver_counts vsm_deliver_counts(const struct vsm_deliver *d) {
  return d->counts;
}

static int64_t wait_us(struct lane *l, int64_t tries, const struct vsm_tried *r) {
  int64_t us = vsm_queue_backoff(l->of->settings, tries, erand48(l->of->random));
  return us > r->retry_after_us ? us : r->retry_after_us;
}

static void commit(struct lane *l) {
  struct vsm_deliver *d = l->of;
  if (vsm_store_commit(d->store))
    return;
  vsm_log("store_failed", "why=\"%s\" what was delivered to %s may be delivered again", vsm_store_why(d->store), l->id);
  l->pause_us = d->now_us + d->settings->notify.retry.most.us;
}

// --- messages

// The log tells what is written down already.
static void message_ended(void *ctx, const struct vsm_tried *r) {
  struct lane *l = ctx;
  struct vsm_deliver *d = l->of;
  const struct vsm_message *m = &l->message;
  bool too_old = d->now_us - m->made_us >= d->settings->notify.retry.give_up_after.us;
  vsm_store_begin(d->store);
  if (r->outcome == VSM_SENT) {
    vsm_queue_done(d->store, m->id);
    if (m->tries)
      vsm_queue_back(d->store, l->id, d->now_us);
    d->counts.sent++;
    commit(l);
    vsm_log("delivered", "receiver=%s id=%s tries=%lld", l->id, m->delivery, (long long)m->tries + 1);
  } else if (r->outcome == VSM_REFUSED || too_old) {
    vsm_queue_done(d->store, m->id);
    d->counts.refused += r->outcome == VSM_REFUSED;
    d->counts.given_up++;
    commit(l);
    vsm_log("given_up", "receiver=%s id=%s tries=%lld why=\"%s\" THIS MESSAGE IS LOST: %s", l->id, m->delivery,
            (long long)m->tries + 1, r->said,
            r->outcome == VSM_REFUSED ? "the receiver refused it" : "give_up_after is over");
  } else {
    int64_t us = wait_us(l, m->tries, r);
    vsm_queue_later(d->store, m->id, d->now_us + us);
    d->counts.again++;
    commit(l);
    vsm_log("delivery_failed", "receiver=%s id=%s tries=%lld again_in_ms=%lld why=\"%s\"", l->id, m->delivery,
            (long long)m->tries + 1, (long long)us / 1000, r->said);
  }
  vsm_queue_free(&l->message);
  l->busy = false;
}

static void begin_message(struct lane *l, int64_t mono_us) {
  struct vsm_deliver *d = l->of;
  if (!vsm_queue_next(d->store, l->id, &l->message))
    return;
  if (l->message.due_us > d->now_us) {
    vsm_queue_free(&l->message);
    return;
  }
  if (l->to->channel == VSM_MAIL && !*l->message.recipient) { // it was under way when its receiver became mail
    vsm_queue_free(&l->message);
    vsm_store_begin(d->store);
    address(l);
    commit(l);
    return;
  }
  const struct vsm_message *m = &l->message;
  struct vsm_parcel p = {m->delivery, m->recipient, m->body, m->made_us, d->now_us, mono_us};
  l->busy = true;
  vsm_channel_send(d->carrier, l->to, &p, message_ended, l);
}

// --- what nobody can deliver

struct lost {
  int64_t id, due_us, tries; // due: when it is given up
  char *receiver, *delivery; // NULL: nothing is lost, and nothing can be before it is due
  const char *why;
};

static void free_lost(struct lost *m) {
  free(m->receiver);
  free(m->delivery);
}

// While its lane is at it, it may be what is under way, which ends as it began.
static int64_t lost_due(const struct vsm_deliver *d, const char *receiver, int64_t made_us) {
  int64_t due_us = made_us + d->settings->notify.retry.give_up_after.us, later_us = d->now_us + VSM_SECOND_US;
  const struct lane *l = find_lane(d, receiver);
  return l && l->busy && due_us < later_us ? later_us : due_us;
}

// The oldest that no lane can send, unless its receiver comes back.
static struct lost find_lost(struct vsm_deliver *d) {
  struct lost found = {.due_us = d->now_us + d->settings->notify.retry.give_up_after.us};
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_MESSAGE_EACH, "");
  while (vsm_store_row(d->store, st)) {
    const char *receiver = vsm_store_text(st, 0), *why = why_gone(d, receiver);
    int64_t due_us = lost_due(d, receiver, vsm_store_int(st, 1, 0));
    if (!why || due_us >= found.due_us)
      continue;
    free_lost(&found);
    found = (struct lost){vsm_store_int(st, 2, 0),
                          due_us,
                          vsm_store_int(st, 4, 0),
                          vsm_mem_copy(vsm_str_of(receiver)),
                          vsm_mem_copy(vsm_str_of(vsm_store_text(st, 3))),
                          why};
  }
  return found;
}

// One in a turn: the next is due at once then.
static void give_up_lost(struct vsm_deliver *d) {
  if (d->lost_us > d->now_us)
    return;
  struct lost m = find_lost(d);
  d->lost_us = m.due_us;
  if (m.receiver && m.due_us <= d->now_us) {
    vsm_store_begin(d->store);
    vsm_queue_done(d->store, m.id);
    d->counts.given_up++;
    if (vsm_store_commit(d->store))
      vsm_log("given_up", "receiver=%s id=%s tries=%lld why=\"%s\" THIS MESSAGE IS LOST: give_up_after is over",
              m.receiver, m.delivery, (long long)m.tries, m.why);
    else
      d->lost_us = d->now_us + d->settings->notify.retry.most.us;
  }
  free_lost(&m);
}

// --- an Alertmanager

static void standing_ended(void *ctx, const struct vsm_tried *r) {
  struct lane *l = ctx;
  struct vsm_deliver *d = l->of;
  if (r->outcome == VSM_AGAIN) {
    int64_t us = wait_us(l, l->tries++, r);
    l->pause_us = d->now_us + us;
    l->failing_us = l->failing_us ? l->failing_us : d->now_us;
    d->counts.again++;
    vsm_log("delivery_failed", "receiver=%s tries=%lld again_in_ms=%lld why=\"%s\"", l->id, (long long)l->tries,
            (long long)us / 1000, r->said);
  } else {
    vsm_store_begin(d->store);
    vsm_standing_took(d->store, l->id, l->resend_us, d->now_us, &l->sent, r->outcome == VSM_REFUSED);
    l->tries = l->failing_us = 0;
    if (r->outcome == VSM_SENT) {
      d->counts.sent++;
    } else {
      d->counts.refused++;
      d->counts.given_up++;
      vsm_log("given_up", "receiver=%s why=\"%s\" THE ALERTMANAGER REFUSED %zu ALERTS", l->id, r->said, l->sent.n);
    }
    commit(l);
  }
  vsm_standing_free(&l->sent);
  l->busy = false;
}

static void begin_standing(struct lane *l, int64_t mono_us) {
  struct vsm_deliver *d = l->of;
  l->resend_us = l->to->alertmanager.resend_interval.us;
  char *body = vsm_standing_batch(d->store, l->id, l->resend_us, d->now_us, &l->sent);
  if (!body)
    return;
  struct vsm_parcel p = {"", "", body, d->now_us, d->now_us, mono_us};
  l->busy = true;
  vsm_channel_send(d->carrier, l->to, &p, standing_ended, l);
  free(body);
}

// --- all

void vsm_deliver_turn(struct vsm_deliver *d, int64_t now_us, int64_t mono_us) {
  d->now_us = now_us;
  vsm_transfers_turn(d->carrier->transfers);
  vsm_child_turn(&d->carrier->children, mono_us);
  for (struct lane *l = d->lanes; l; l = l->next) {
    if (l->busy || !l->to || l->pause_us > now_us)
      continue;
    if (l->to->channel == VSM_ALERTMANAGER)
      begin_standing(l, mono_us);
    else
      begin_message(l, mono_us);
  }
  give_up_lost(d);
}

static int64_t lane_due(struct lane *l) {
  struct vsm_message m;
  int64_t due_us = INT64_MAX;
  if (l->busy || !l->to)
    return INT64_MAX;
  if (l->to->channel == VSM_ALERTMANAGER) {
    due_us = vsm_standing_due(l->of->store, l->id);
  } else if (vsm_queue_next(l->of->store, l->id, &m)) {
    due_us = m.due_us;
    vsm_queue_free(&m);
  }
  return due_us > l->pause_us ? due_us : l->pause_us;
}

int64_t vsm_deliver_due(struct vsm_deliver *d) {
  int64_t due_us = d->lost_us;
  for (struct lane *l = d->lanes; l; l = l->next) {
    int64_t us = lane_due(l);
    due_us = us < due_us ? us : due_us;
  }
  return due_us;
}

int64_t vsm_deliver_oldest(struct vsm_deliver *d) {
  int64_t waiting, oldest_us = vsm_queue_oldest(d->store, &waiting);
  for (const struct lane *l = d->lanes; l; l = l->next)
    if (l->failing_us && l->failing_us < oldest_us)
      oldest_us = l->failing_us;
  return oldest_us;
}
