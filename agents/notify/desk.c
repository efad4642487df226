// An alert that fires is offered to the receivers of its routes. Where a receiver has not been told of it, a notice
// waits in a group: of one receiver, route, owner and stream. A group that is due becomes one message, and its alerts
// count as told; what is told of them later (joined, repeated, resolved) goes to the group that was told, whatever the
// routes say by then. While an alert is silenced, acknowledged or inhibited such a notice is withheld: it stays, and no
// message has it. An Alertmanager groups by itself: it has the state of each alert at once.
#include "agents/notify/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/notify/own.h"
#include "agents/notify/page.h"
#include "agents/notify/queue.h"
#include "agents/notify/quiet.h"
#include "agents/notify/route.h"
#include "agents/notify/standing.h"
#include "base/mem.h"
#include "base/time.h"

enum { KEPT_DAYS = 30, ID_BYTES = 512, WORD_BYTES = 16 };

// What the store knows of an alert.
struct known {
  bool is;
  int64_t number;
  bool fires;
  Vsm__V1__Alert *body; // owned
};

static struct known look_up(struct vsm_desk *d, const char *id) {
  struct known k = {0};
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_ALERT_GET, "t", id);
  while (vsm_store_row(d->store, st)) {
    size_t n;
    const void *p = vsm_store_blob(st, 2, &n);
    k = (struct known){true, vsm_store_int(st, 0, 0), strcmp(vsm_store_text(st, 1), "firing") == 0,
                       vsm__v1__alert__unpack(NULL, n, p)};
  }
  return k;
}

static void let_go(struct known *k) {
  if (k->body)
    vsm__v1__alert__free_unpacked(k->body, NULL);
}

static void save(struct vsm_desk *d, const Vsm__V1__Alert *a, int64_t now_us) {
  size_t n;
  void *p = vsm_alert_pack(a, &n);
  vsm_store_do(d->store, VSM_SQL_ALERT_PUT, "titbi", a->id, (int64_t)a->number, a->state, p, n, now_us);
  free(p);
}

// --- groups

struct group {
  char *receiver, *owner, *stream, *quiet, *digest;
  int64_t wait_us, interval_us, sent_us, due_us; // due INT64_MAX: nothing waits
};

static char *copy(struct sqlite3_stmt *st, int column) {
  return vsm_mem_copy(vsm_str_of(vsm_store_text(st, column)));
}

static bool read_group(struct vsm_desk *d, int64_t id, struct group *g) {
  bool found = false;
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_GROUP_GET, "i", id);
  while (vsm_store_row(d->store, st)) {
    found = true;
    *g = (struct group){copy(st, 0),
                        copy(st, 1),
                        copy(st, 2),
                        copy(st, 5),
                        copy(st, 6),
                        vsm_store_int(st, 3, 0),
                        vsm_store_int(st, 4, 0),
                        vsm_store_int(st, 7, INT64_MIN / 2),
                        vsm_store_int(st, 8, INT64_MAX)};
  }
  return found;
}

static void free_group(struct group *g) {
  free(g->receiver);
  free(g->owner);
  free(g->stream);
  free(g->quiet);
  free(g->digest);
}

// Its number; made where it is missing. It follows the route as it is now.
static int64_t group_of(struct vsm_desk *d, const struct vsm_destination *to, const Vsm__V1__Alert *a) {
  char route[16];
  int64_t id = -1;
  snprintf(route, sizeof route, "%u", (unsigned)(to->route - d->settings->routes.at));
  const char *receiver = to->to->id.z;
  struct sqlite3_stmt *st =
      vsm_store_ask(d->store, VSM_SQL_GROUP_FIND, "tttt", receiver, route, a->owner, a->value_stream);
  while (vsm_store_row(d->store, st))
    id = vsm_store_int(st, 0, -1);
  if (id < 0 && vsm_store_do(d->store, VSM_SQL_GROUP_ADD, "tttt", receiver, route, a->owner, a->value_stream))
    id = vsm_store_last_id(d->store);
  vsm_store_do(d->store, VSM_SQL_GROUP_SET, "iitti", to->route->group_wait.us, to->route->group_interval.us,
               to->route->quiet_outside.z, to->route->digest.z, id);
  return id;
}

static int64_t larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static void schedule(struct vsm_desk *d, int64_t id, int64_t now_us) {
  struct group g;
  if (!read_group(d, id, &g))
    return;
  const struct vsm_calendar *digest = vsm_settings_calendar(d->settings, g.digest);
  int64_t due_us = larger(now_us + g.wait_us, g.sent_us + g.interval_us);
  due_us = digest ? vsm_quiet_next_stretch(digest, now_us)
                  : vsm_quiet_until(vsm_settings_calendar(d->settings, g.quiet), due_us);
  if (g.due_us == INT64_MAX)
    vsm_store_do(d->store, VSM_SQL_GROUP_WAIT, "ii", due_us, id);
  free_group(&g);
}

// --- notices

// What one message says of two changes: that it fires, who joined, or that it is over.
static const char *merged(const char *before, const char *change) {
  bool is_news = strcmp(change, "joined") == 0 || strcmp(change, "repeated") == 0;
  if (is_news && strcmp(before, "firing") == 0)
    return "firing";
  return strcmp(change, "repeated") == 0 && strcmp(before, "joined") == 0 ? "joined" : change;
}

static void put_notice(struct vsm_desk *d, int64_t group, const Vsm__V1__Alert *a, const char *change, int64_t now_us) {
  char before[WORD_BYTES] = "";
  size_t n;
  void *p = vsm_alert_pack(a, &n);
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_NOTICE_GET, "it", group, a->id);
  while (vsm_store_row(d->store, st))
    snprintf(before, sizeof before, "%s", vsm_store_text(st, 0));
  vsm_store_do(d->store, VSM_SQL_NOTICE_PUT, "ittbi", group, a->id, merged(before, change), p, n, now_us);
  schedule(d, group, now_us);
  free(p);
}

// Groups that a statement yields for an alert, read before anything is changed.
struct groups {
  int64_t *at;
  size_t n, cap;
};

static struct groups groups_of(struct vsm_desk *d, enum vsm_sql q, const char *alert) {
  struct groups l = {0};
  struct sqlite3_stmt *st = vsm_store_ask(d->store, q, "t", alert);
  while (vsm_store_row(d->store, st)) {
    l.at = vsm_mem_grow(l.at, l.n, &l.cap, sizeof *l.at);
    l.at[l.n++] = vsm_store_int(st, 0, 0);
  }
  return l;
}

// Nothing is told of it now but its end. What a group that knows it should have heard is withheld until it may be told.
static void withhold(struct vsm_desk *d, const Vsm__V1__Alert *a, const char *news) {
  size_t n;
  void *p = vsm_alert_pack(a, &n);
  vsm_store_do(d->store, VSM_SQL_NOTICE_NOT_FIRING, "t", a->id);
  if (news)
    vsm_store_do(d->store, VSM_SQL_NOTICE_WITHHELD, "tbti", news, p, n, a->id, (int64_t)a->fired_unix_nano);
  vsm_store_do(d->store, VSM_SQL_NOTICE_WITHHOLD, "t", a->id);
  free(p);
}

static bool waits_by_calendar(struct vsm_desk *d, int64_t group) {
  struct group g;
  if (!read_group(d, group, &g))
    return false;
  bool waits = *g.quiet || *g.digest;
  free_group(&g);
  return waits;
}

// What is over before it was told is not told, but where a calendar held it back: there it came and went.
static void pass_untold(struct vsm_desk *d, const Vsm__V1__Alert *a, int64_t now_us) {
  struct groups l = groups_of(d, VSM_SQL_NOTICE_UNTOLD, a->id);
  for (size_t i = 0; i < l.n; i++)
    if (waits_by_calendar(d, l.at[i]))
      put_notice(d, l.at[i], a, "passed", now_us);
    else
      vsm_store_do(d->store, VSM_SQL_NOTICE_DROP, "it", l.at[i], a->id);
  free(l.at);
}

static void tell_over(struct vsm_desk *d, const Vsm__V1__Alert *a, int64_t now_us) {
  pass_untold(d, a, now_us);
  struct groups l = groups_of(d, VSM_SQL_TOLD_ALL, a->id);
  for (size_t i = 0; i < l.n; i++)
    put_notice(d, l.at[i], a, "resolved", now_us);
  free(l.at);
  vsm_standing_end(d->store, a, now_us);
}

// --- what fires

// Where it waits for this receiver already, but by another route or for another owner than now, it waits here instead,
// so that it is told once.
static void begin_telling(struct vsm_desk *d, const struct vsm_destination *to, const Vsm__V1__Alert *a,
                          int64_t now_us) {
  int64_t group = group_of(d, to, a);
  vsm_store_do(d->store, VSM_SQL_NOTICE_MOVED, "tit", a->id, group, to->to->id.z);
  put_notice(d, group, a, "firing", now_us);
}

static void offer(struct vsm_desk *d, const struct vsm_destination *to, const Vsm__V1__Alert *a, const char *news,
                  int64_t now_us) {
  int64_t group = -1, fired_ns = 0;
  bool withheld = false;
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_TOLD_GET, "tt", a->id, to->to->id.z);
  while (vsm_store_row(d->store, st)) {
    group = vsm_store_int(st, 0, -1);
    fired_ns = vsm_store_int(st, 1, 0);
    withheld = vsm_store_int(st, 2, 0);
  }
  if (group < 0)
    begin_telling(d, to, a, now_us);
  else if (fired_ns != (int64_t)a->fired_unix_nano)
    put_notice(d, group, a, "firing", now_us); // it was over in between
  else if (news || withheld)
    put_notice(d, group, a, news ? news : "repeated", now_us); // what was withheld, joined too, stays what it is
}

// news: "joined" or "repeated" where it is announced again, else NULL.
static void tell_firing(struct vsm_desk *d, const Vsm__V1__Alert *a, const char *news, int64_t now_us) {
  struct vsm_destination to[VSM_RECEIVERS_MAX];
  vsm_standing_refresh(d->store, a, now_us);
  if (vsm_alert_is_blocked(a)) {
    withhold(d, a, news);
    return;
  }
  unsigned n = vsm_route_find(d->settings, a, to);
  for (unsigned i = 0; i < n; i++)
    if (to[i].to->channel == VSM_ALERTMANAGER)
      vsm_standing_fire(d->store, to[i].to->id.z, a, now_us);
    else
      offer(d, &to[i], a, news, now_us);
}

// It fired when we heard of it last, and does not now; nobody tells of its end any more.
static void tell_lost(struct vsm_desk *d, const Vsm__V1__Alert *a, uint64_t at_ns, int64_t now_us) {
  static char resolved[] = "resolved", why[] = "The daemon does not list it any more.";
  Vsm__V1__Alert over = *a;
  char reason[1024];
  snprintf(reason, sizeof reason, "Over: the daemon does not list it any more. It was: %s", a->reason);
  over.state = over.change = resolved;
  over.ends_when = why;
  over.reason = reason;
  over.resolved_unix_nano = at_ns;
  save(d, &over, now_us);
  tell_over(d, &over, now_us);
}

static void end_missed(struct vsm_desk *d, const char *id, int64_t now_us) {
  struct known k = look_up(d, id);
  if (k.fires && k.body)
    tell_lost(d, k.body, (uint64_t)now_us * 1000, now_us);
  let_go(&k);
}

static void take(struct vsm_desk *d, const Vsm__V1__Alert *a, const char *news, int64_t now_us) {
  bool is_over = vsm_alert_is(a, "resolved");
  if (!is_over && !vsm_alert_is(a, "firing"))
    end_missed(d, a->id, now_us);
  if (vsm_alert_is(a, "firing")) {
    save(d, a, now_us);
    tell_firing(d, a, news, now_us);
  } else if (is_over) {
    save(d, a, now_us);
    tell_over(d, a, now_us);
  } else if (vsm_alert_is(a, "pending")) {
    save(d, a, now_us);
  } else {
    vsm_store_do(d->store, VSM_SQL_ALERT_DROP, "t", a->id);
  }
}

static const char *news_of(const Vsm__V1__Alert *a) {
  return strcmp(a->change, "joined") == 0 ? "joined" : strcmp(a->change, "repeated") == 0 ? "repeated" : NULL;
}

void vsm_desk_publish(struct vsm_desk *d, const Vsm__V1__Alert *a, int64_t now_us) {
  struct known k = look_up(d, a->id);
  if (!k.is || (int64_t)a->number > k.number)
    take(d, a, news_of(a), now_us);
  let_go(&k);
}

// --- the list

// Changes may have been missed: the last one is in the row, and of an announcement before it who joined.
static void take_row(struct vsm_desk *d, const Vsm__V1__Alert *a, int64_t now_us) {
  struct known k = look_up(d, a->id);
  const char *news = news_of(a);
  if (k.is && (int64_t)a->number == k.number)
    news = NULL;
  else if (k.is && k.fires && k.body && !news && !vsm_alert_same_news(a, k.body))
    news = "joined";
  take(d, a, news, now_us);
  let_go(&k);
}

static const Vsm__V1__Alert *find(const Vsm__V1__Alerts *list, const char *id) {
  for (size_t i = 0; i < list->n_alerts; i++)
    if (strcmp(list->alerts[i]->id, id) == 0)
      return list->alerts[i];
  return NULL;
}

struct live {
  Vsm__V1__Alert **at;
  size_t n, cap;
};

static struct live read_live(struct vsm_desk *d) {
  struct live l = {0};
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_ALERT_LIVE, "");
  while (vsm_store_row(d->store, st)) {
    size_t n;
    const void *p = vsm_store_blob(st, 1, &n);
    Vsm__V1__Alert *a = vsm__v1__alert__unpack(NULL, n, p);
    l.at = vsm_mem_grow(l.at, l.n, &l.cap, sizeof *l.at);
    if (a)
      l.at[l.n++] = a;
  }
  return l;
}

void vsm_desk_offer_all(struct vsm_desk *d, int64_t now_us) {
  struct live l = read_live(d);
  for (size_t i = 0; i < l.n; i++) {
    if (vsm_alert_is(l.at[i], "firing"))
      tell_firing(d, l.at[i], NULL, now_us);
    vsm__v1__alert__free_unpacked(l.at[i], NULL);
  }
  free(l.at);
}

// An epoch anew: a daemon without a state directory, or after a rebuild, begins its numbers anew, too.
static bool take_epoch(struct vsm_desk *d, uint64_t epoch) {
  int64_t before = 0;
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_META_GET, "t", "epoch");
  while (vsm_store_row(d->store, st))
    before = vsm_store_int(st, 0, 0);
  if (before == (int64_t)epoch)
    return false;
  vsm_store_do(d->store, VSM_SQL_ALERT_ZERO, "");
  vsm_store_do(d->store, VSM_SQL_META_PUT, "ti", "epoch", (int64_t)epoch);
  return true;
}

void vsm_desk_list(struct vsm_desk *d, const Vsm__V1__Alerts *now, const Vsm__V1__Alerts *history, int64_t now_us) {
  struct live l = read_live(d);
  bool is_anew = take_epoch(d, now->epoch);
  for (size_t i = 0; i < l.n; i++) {
    if (is_anew)
      l.at[i]->number = 0;
    const Vsm__V1__Alert *ended = find(history, l.at[i]->id);
    if (!vsm_own_is(l.at[i]->kind) && !find(now, l.at[i]->id)) {
      bool fired = vsm_alert_is(l.at[i], "firing");
      if (fired && ended && ended->resolved_unix_nano >= l.at[i]->since_unix_nano)
        take(d, ended, NULL, now_us);
      else if (fired)
        tell_lost(d, l.at[i], now->time_unix_nano, now_us);
      else
        vsm_store_do(d->store, VSM_SQL_ALERT_DROP, "t", l.at[i]->id);
    }
    vsm__v1__alert__free_unpacked(l.at[i], NULL);
  }
  free(l.at);
  for (size_t i = 0; i < now->n_alerts; i++)
    take_row(d, now->alerts[i], now_us);
}

bool vsm_desk_fires(struct vsm_desk *d, const char *id) {
  struct known k = look_up(d, id);
  let_go(&k);
  return k.fires;
}

// --- messages

int64_t vsm_desk_due(struct vsm_desk *d) {
  int64_t due_us = INT64_MAX;
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_GROUP_DUE, "");
  while (vsm_store_row(d->store, st))
    due_us = vsm_store_int(st, 0, INT64_MAX);
  return due_us;
}

// Now the group counts as told of this.
static void mark_told(struct vsm_desk *d, int64_t group, const struct vsm_page_entry *e) {
  if (strcmp(e->change, "resolved") == 0)
    vsm_store_do(d->store, VSM_SQL_TOLD_DROP, "it", group, e->alert->id);
  else if (strcmp(e->change, "passed") != 0)
    vsm_store_do(d->store, VSM_SQL_TOLD_PUT, "iti", group, e->alert->id, (int64_t)e->alert->fired_unix_nano);
  vsm_store_do(d->store, VSM_SQL_NOTICE_DROP, "it", group, e->alert->id);
}

static size_t read_notices(struct vsm_desk *d, int64_t group, struct vsm_page *page) {
  size_t n = 0;
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_NOTICE_ALL, "i", group);
  while (vsm_store_row(d->store, st)) {
    size_t bytes;
    const void *p = vsm_store_blob(st, 2, &bytes);
    n++;
    if (n <= VSM_DESK_NOTICES_MAX)
      vsm_page_add(page, vsm_store_text(st, 1), vsm__v1__alert__unpack(NULL, bytes, p));
  }
  return n;
}

static void read_still(struct vsm_desk *d, int64_t group, struct vsm_page *page) {
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_TOLD_STILL, "i", group);
  while (vsm_store_row(d->store, st)) {
    size_t bytes;
    const void *p = vsm_store_blob(st, 1, &bytes);
    vsm_page_add(page, "still", vsm__v1__alert__unpack(NULL, bytes, p));
  }
}

static void make_message(struct vsm_desk *d, int64_t id, const struct group *g, int64_t now_us) {
  struct vsm_page page;
  vsm_page_begin(&page, *g->digest ? "digest" : "alerts", g->receiver, g->owner, g->stream, now_us);
  size_t waiting = read_notices(d, id, &page);
  size_t told = page.n;
  if (*g->digest && waiting <= VSM_DESK_NOTICES_MAX)
    read_still(d, id, &page);
  if (told > 0)
    vsm_queue_add(d->store, d->settings, id, &page);
  for (size_t i = 0; i < told; i++)
    mark_told(d, id, &page.at[i]);
  vsm_page_fini(&page);
  if (told > 0)
    vsm_store_do(d->store, VSM_SQL_GROUP_SENT, "ii", now_us, id);
  if (told == 0 || waiting > told)
    vsm_store_do(d->store, VSM_SQL_GROUP_WAIT, "ii", told ? now_us : INT64_MAX, id);
}

bool vsm_desk_flush(struct vsm_desk *d, int64_t now_us) {
  struct group g;
  int64_t id = -1;
  struct sqlite3_stmt *st = vsm_store_ask(d->store, VSM_SQL_GROUP_NEXT, "i", now_us);
  while (vsm_store_row(d->store, st))
    id = vsm_store_int(st, 0, -1);
  if (id < 0 || !read_group(d, id, &g))
    return false;
  make_message(d, id, &g, now_us);
  free_group(&g);
  return !vsm_store_failed(d->store);
}

void vsm_desk_wake(struct vsm_desk *d, int64_t now_us) {
  vsm_store_do(d->store, VSM_SQL_GROUP_WAKE, "i", now_us);
}

void vsm_desk_prune(struct vsm_desk *d, int64_t now_us) {
  int64_t before_us = now_us - KEPT_DAYS * VSM_DAY_US;
  vsm_store_do(d->store, VSM_SQL_ALERT_PRUNE, "i", before_us);
  vsm_store_do(d->store, VSM_SQL_GROUP_PRUNE, "i", before_us);
}
