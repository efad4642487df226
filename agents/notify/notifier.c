// One loop. A turn: what the daemon said goes to the desk, what the desk has ready becomes messages, all of that as one
// change of the store; then deliveries go on. Nothing waits for anything but in the one place at the end.
#include "agents/notify/notifier.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agents/notify/deliver.h"
#include "agents/notify/desk.h"
#include "agents/notify/heartbeat.h"
#include "agents/notify/inbox.h"
#include "agents/notify/own.h"
#include "base/mem.h"
#include "base/time.h"
#include "shell/log.h"
#include "shell/notify.h"

enum { FDS_MAX = 1024, WAIT_MAX_MS = 60000 };
static const int64_t STORE_AGAIN_US = 2 * VSM_SECOND_US, PRUNE_US = VSM_HOUR_US;

struct notifier {
  const char *config; // the path; borrowed
  struct vsm_settings *settings;
  struct vsm_store *store;
  struct vsm_desk desk;
  struct vsm_inbox *inbox;
  struct vsm_carrier carrier;
  struct vsm_deliver *deliver;
  struct vsm_heartbeat heartbeat;
  struct vsm_own_watch watch;
  int signals;
  bool stopping, reloading; // a signal said so
  bool changing;            // a change of the store has begun
  bool behind;              // the daemon is told of a past: what it says of that is not for anybody
  bool unanswered;          // the daemon was asked for its alerts last and did not say
  int64_t now_us, mono_us;  // of this turn; mono: of a clock that does not jump
  int64_t broken_until_us;  // the store failed: nothing is written before then (mono); 0: it works
  int64_t prune_us;
  int64_t alive_us; // the next sign of life to the service manager (mono)
  int64_t ahead_us; // the wall clock's time less that of the other
};

static int64_t read_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * VSM_SECOND_US + t.tv_nsec / 1000;
}

static void look_at_clocks(struct notifier *n) {
  n->now_us = read_clock(CLOCK_REALTIME);
  n->mono_us = read_clock(CLOCK_BOOTTIME);
}

// --- changes of the store

static void change(struct notifier *n) {
  if (!n->changing)
    vsm_store_begin(n->store);
  n->changing = true;
}

static void end_change(struct notifier *n) {
  if (!n->changing)
    return;
  bool was_broken = n->broken_until_us != 0, good = vsm_store_commit(n->store);
  n->changing = false;
  n->broken_until_us = good ? 0 : n->mono_us + STORE_AGAIN_US;
  if (!good) {
    vsm_log("store_failed", "why=\"%s\" what changed is asked for again", vsm_store_why(n->store));
    vsm_inbox_list_again(n->inbox, n->broken_until_us);
  } else if (was_broken) {
    vsm_log("store_works", "again");
  }
}

static void on_alert(void *ctx, const Vsm__V1__Alert *a) {
  struct notifier *n = ctx;
  if (n->behind)
    return;
  change(n);
  vsm_desk_publish(&n->desk, a, n->now_us);
}

static void on_list(void *ctx, const Vsm__V1__Alerts *live, const Vsm__V1__Alerts *history) {
  struct notifier *n = ctx;
  n->unanswered = false;
  if (n->behind)
    return;
  change(n);
  vsm_desk_list(&n->desk, live, history, n->now_us);
  vsm_log("listed", "alerts=%zu silences=%zu", live->n_alerts, live->n_silences);
}

// With the event clock, and a log that is replayed. When it has come near enough, the list tells how things stand.
static void look_whether_behind(struct notifier *n, const Vsm__V1__Status *s) {
  int64_t most_us = n->settings->notify.silent_while_behind.us;
  bool before = n->behind;
  n->behind =
      most_us > 0 && strcmp(s->clock, "event") == 0 && n->now_us - (int64_t)(s->time_unix_nano / 1000) > most_us;
  if (n->behind && !n->watch.heard)
    vsm_log("behind", "the daemon's events are of the past; nothing is told until they are not");
  if (before && !n->behind)
    vsm_inbox_list_again(n->inbox, n->mono_us);
}

static void on_status(void *ctx, const Vsm__V1__Status *s) {
  struct notifier *n = ctx;
  look_whether_behind(n, s);
  if (!n->watch.heard)
    vsm_log("heard", "version=%s epoch=%llu", s->version, (unsigned long long)s->epoch);
  vsm_own_hear(&n->watch, s, n->mono_us, n->now_us);
}

static void on_trouble(void *ctx, const char *what, const char *why) {
  struct notifier *n = ctx;
  if (!n->unanswered)
    vsm_log("ask_failed", "what=%s why=\"%s\" it is asked again and again", what, why);
  n->unanswered = true;
}

static void on_own(void *ctx, const Vsm__V1__Alert *a) {
  struct notifier *n = ctx;
  change(n);
  vsm_log("own_alert", "id=%s state=%s reason=\"%s\"", a->id, a->state, a->reason);
  vsm_desk_publish(&n->desk, a, n->now_us);
}

static void look_after_own(struct notifier *n) {
  for (int i = 0; i < VSM_OWNS; i++) {
    int holds = vsm_own_holds(&n->watch, (enum vsm_own)i, n->mono_us);
    if (holds >= 0 && holds != vsm_desk_fires(&n->desk, vsm_own_kind((enum vsm_own)i)))
      vsm_own_tell(&n->watch, n->settings, (enum vsm_own)i, holds, n->now_us, on_own, n);
  }
}

// What waits for a time of the wall clock does not wait longer because that was put back.
static void follow_clock(struct notifier *n) {
  int64_t ahead_us = n->now_us - n->mono_us, before_us = n->ahead_us;
  n->ahead_us = ahead_us;
  if (before_us == 0 || ahead_us > before_us - VSM_SECOND_US)
    return;
  change(n);
  vsm_queue_wake(n->store, n->now_us, n->settings->notify.retry.most.us);
  vsm_standing_wake(n->store, n->now_us);
  vsm_desk_wake(&n->desk, n->now_us);
}

static void write_changes(struct notifier *n) {
  if (!n->changing && n->broken_until_us > n->mono_us)
    return;
  follow_clock(n);
  look_after_own(n);
  while (vsm_desk_due(&n->desk) <= n->now_us) {
    change(n);
    if (!vsm_desk_flush(&n->desk, n->now_us))
      break;
  }
  if (n->prune_us <= n->mono_us) {
    change(n);
    vsm_desk_prune(&n->desk, n->now_us);
    n->prune_us = n->mono_us + PRUNE_US;
  }
  end_change(n);
}

// --- another configuration

static struct vsm_settings *load(const char *path) {
  struct vsm_settings *s;
  struct vsm_conf_report report;
  vsm_settings_load(path, &s, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  return s;
}

// Every part looks at it from now on. What waits is tried at once: the mistake may have been in what was replaced.
static void take(struct notifier *n, struct vsm_settings *fresh) {
  struct vsm_settings *old = n->settings;
  n->settings = fresh;
  n->desk.settings = fresh;
  n->watch.silent_us = fresh->notify.unheard_after.us;
  change(n);
  vsm_queue_wake(n->store, n->now_us, 0);
  vsm_deliver_follow(n->deliver, fresh);
  vsm_heartbeat_follow(&n->heartbeat, &fresh->notify.heartbeat);
  if (!n->behind)
    vsm_desk_offer_all(&n->desk, n->now_us);
  vsm_settings_destroy(old);
}

// Whole, or not at all.
static void reload(struct notifier *n) {
  vsm_notify_reloading();
  struct vsm_settings *fresh = load(n->config);
  bool elsewhere = fresh && strcmp(fresh->state, n->settings->state) != 0;
  if (elsewhere) {
    vsm_settings_destroy(fresh);
    vsm_log("reload_refused", "config=%s why=\"another state directory needs a restart\" the one before goes on",
            n->config);
  } else if (!fresh) {
    vsm_log("reload_refused", "config=%s why=\"the mistakes above\" the one before goes on", n->config);
  } else {
    take(n, fresh);
    vsm_log("reloaded", "config=%s receivers=%u routes=%u", n->config, fresh->receivers.n, fresh->routes.n);
  }
  n->reloading = false;
  vsm_notify("READY=1");
}

// --- the loop

// NULL: all is well; else what is not.
static const char *trouble(struct notifier *n) {
  if (vsm_own_holds(&n->watch, VSM_OWN_UNHEARD, n->mono_us) != 0)
    return "the daemon is not heard";
  if (vsm_own_holds(&n->watch, VSM_OWN_NOT_DURABLE, n->mono_us) != 0)
    return "the daemon is not durable";
  if (n->broken_until_us)
    return "the state cannot be written";
  int64_t oldest_us = vsm_deliver_oldest(n->deliver);
  return oldest_us != INT64_MAX && n->now_us - oldest_us > n->settings->notify.stuck_after.us
             ? "messages are stuck in the queue"
             : NULL;
}

static void turn(struct notifier *n) {
  struct signalfd_siginfo info;
  look_at_clocks(n);
  vsm_notify_alive(&n->alive_us, n->mono_us);
  if (n->reloading)
    reload(n);
  vsm_inbox_process(n->inbox, n->mono_us);
  write_changes(n);
  vsm_deliver_turn(n->deliver, n->now_us, n->mono_us);
  const char *why = trouble(n);
  vsm_heartbeat_turn(&n->heartbeat, !why, why ? why : "all is well", n->mono_us);
  while (!n->stopping && read(n->signals, &info, sizeof info) == (ssize_t)sizeof info) {
    vsm_log_signal((int)info.ssi_signo);
    n->stopping = info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
    n->reloading = n->reloading || info.ssi_signo == SIGHUP;
  }
}

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

// How long until the next turn, in milliseconds.
static int wait_ms(struct notifier *n) {
  int inbox = vsm_inbox_timeout_ms(n->inbox, n->mono_us);
  look_at_clocks(n);
  int64_t desk_us = n->broken_until_us ? INT64_MAX : vsm_desk_due(&n->desk);
  int64_t wall = sooner(desk_us, vsm_deliver_due(n->deliver)),
          mono = n->broken_until_us ? n->broken_until_us : INT64_MAX;
  int64_t unheard = vsm_own_due(&n->watch);
  if (vsm_own_holds(&n->watch, VSM_OWN_UNHEARD, n->mono_us) != 1)
    mono = sooner(mono, unheard);
  mono = sooner(mono, n->alive_us);
  mono = sooner(mono, sooner(vsm_child_due(n->carrier.children), vsm_heartbeat_due(&n->heartbeat)));
  int64_t us = sooner(wall == INT64_MAX ? wall : wall - n->now_us, mono == INT64_MAX ? mono : mono - n->mono_us);
  int64_t ms = us <= 0 ? 0 : sooner((us - 1) / 1000 + 1, WAIT_MAX_MS);
  return (int)(inbox < 0 ? ms : sooner(ms, inbox));
}

static void wait_for_work(struct notifier *n) {
  struct curl_waitfd fds[FDS_MAX] = {{.fd = vsm_inbox_fd(n->inbox, 0), .events = CURL_WAIT_POLLIN},
                                     {.fd = vsm_inbox_fd(n->inbox, 1), .events = CURL_WAIT_POLLIN},
                                     {.fd = n->signals, .events = CURL_WAIT_POLLIN}};
  unsigned count = 3 + vsm_child_fds(n->carrier.children, fds + 3, FDS_MAX - 3);
  curl_multi_poll(vsm_transfers_multi(n->carrier.transfers), fds, count, wait_ms(n), NULL);
}

// --- begin and end

// What we hold of secrets goes into no core file, and no other process of the user reads it.
static void hold_close(void) {
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  prctl(PR_SET_DUMPABLE, 0);
  umask(077);
  signal(SIGPIPE, SIG_IGN);
}

static int open_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static bool open_store(struct notifier *n) {
  char why[512];
  if (vsm_store_open(n->settings->state, &n->store, why, sizeof why) != 0) {
    vsm_log("start_failed", "why=\"%s\"", why);
    return false;
  }
  n->desk = (struct vsm_desk){n->settings, n->store};
  change(n);
  vsm_queue_wake(n->store, n->now_us, n->settings->notify.retry.most.us);
  vsm_standing_wake(n->store, n->now_us);
  n->changing = false;
  if (!vsm_store_commit(n->store)) {
    vsm_log("start_failed", "state=%s why=\"%s\"", n->settings->state, vsm_store_why(n->store));
    return false;
  }
  return true;
}

static bool open_inbox(struct notifier *n, const struct vsm_notifier_options *o) {
  struct vsm_inbox_options in = {.publish = o->publish,
                                 .keys = o->keys,
                                 .query = o->query,
                                 .on_alert = on_alert,
                                 .on_list = on_list,
                                 .on_status = on_status,
                                 .on_trouble = on_trouble,
                                 .ctx = n};
  int err = vsm_inbox_create(&in, &n->inbox);
  if (err)
    vsm_log("start_failed", "publish=%s query=%s why=\"%s\"", o->publish, o->query, vsm_client_error(err));
  return err == 0;
}

static bool begin(struct notifier *n, const struct vsm_notifier_options *o) {
  look_at_clocks(n);
  if (!(n->settings = load(n->config)) || !open_store(n) || !open_inbox(n, o))
    return false;
  n->signals = open_signals();
  n->carrier.transfers = vsm_transfers_create();
  if (n->signals < 0 || !n->carrier.transfers) {
    vsm_log("start_failed", "why=\"no descriptors or memory\"");
    return false;
  }
  n->deliver = vsm_deliver_create(n->settings, n->store, &n->carrier);
  vsm_heartbeat_init(&n->heartbeat, &n->settings->notify.heartbeat, n->carrier.transfers);
  n->behind = n->settings->notify.silent_while_behind.us > 0; // until a status says that it is not
  vsm_own_watch_begin(&n->watch, n->settings->notify.unheard_after.us, n->mono_us, n->now_us);
  int64_t waiting;
  vsm_queue_oldest(n->store, &waiting);
  vsm_log("ready", "version=%s config=%s state=%s query=%s publish=%s waiting=%lld", VSM_VERSION, o->config,
          n->settings->state, o->query, o->publish, (long long)waiting);
  vsm_notify("READY=1");
  return true;
}

// Once the secrets are gone the process may be looked into again.
static void end(struct notifier *n) {
  if (n->deliver) {
    struct vsm_deliver_counts c = vsm_deliver_counts(n->deliver);
    vsm_log("stopped", "sent=%llu again=%llu refused=%llu given_up=%llu", (unsigned long long)c.sent,
            (unsigned long long)c.again, (unsigned long long)c.refused, (unsigned long long)c.given_up);
  }
  vsm_child_kill_all(&n->carrier.children);
  vsm_transfers_destroy(n->carrier.transfers);
  vsm_deliver_destroy(n->deliver);
  vsm_inbox_destroy(n->inbox);
  vsm_store_close(n->store);
  vsm_settings_destroy(n->settings);
  if (n->signals >= 0)
    close(n->signals);
  prctl(PR_SET_DUMPABLE, 1);
}

int vsm_notifier_run(const struct vsm_notifier_options *o) {
  struct notifier n = {.config = o->config, .signals = -1};
  hold_close();
  bool good = begin(&n, o);
  while (good && !n.stopping) {
    turn(&n);
    if (!n.stopping && !n.reloading)
      wait_for_work(&n);
  }
  vsm_notify("STOPPING=1");
  end(&n);
  return good ? 0 : 1;
}

// --- a test message

struct trial {
  const char *receiver;
  unsigned under_way, failed;
};

static void on_tried(void *ctx, const struct vsm_tried *r) {
  struct trial *t = ctx;
  t->under_way--;
  t->failed += r->outcome != VSM_SENT;
  printf("%s: %s: %s\n", t->receiver, r->outcome == VSM_SENT ? "taken" : "not taken", r->said);
}

static void fill_test(Vsm__V1__Alert *a, int64_t now_us) {
  vsm__v1__alert__init(a);
  a->id = a->kind = (char *)"test";
  a->severity = (char *)"info";
  a->state = a->change = (char *)"firing";
  a->reason = (char *)"This is a test of vsm-notify; nothing is wrong.";
  a->ends_when = (char *)"by itself";
  a->since_unix_nano = a->fired_unix_nano = (uint64_t)now_us * 1000;
}

static char *test_body(const struct vsm_receiver *to, struct vsm_page *page, int64_t now_us) {
  Vsm__V1__Alert a;
  size_t n;
  fill_test(&a, now_us);
  void *p = vsm_alert_pack(&a, &n);
  vsm_page_add(page, "firing", vsm__v1__alert__unpack(NULL, n, p));
  free(p);
  return to->channel == VSM_ALERTMANAGER ? vsm_standing_one(&a, now_us, now_us + VSM_MINUTE_US) : vsm_page_json(page);
}

static void try_receiver(struct vsm_carrier *c, const struct vsm_receiver *to, struct trial *t) {
  struct vsm_page page;
  int64_t now_us = read_clock(CLOCK_REALTIME);
  vsm_page_begin(&page, "test", to->id.z, "", "", now_us);
  char *body = test_body(to, &page, now_us);
  unsigned n = to->channel == VSM_MAIL ? to->mail.to.n : 1;
  t->under_way = n;
  for (unsigned i = 0; i < n; i++) {
    const char *recipient = to->channel == VSM_MAIL ? to->mail.to.at[i].z : "";
    struct vsm_parcel p = {page.delivery, recipient, body, now_us, now_us, read_clock(CLOCK_BOOTTIME)};
    vsm_channel_send(c, to, &p, on_tried, t);
  }
  free(body);
  vsm_page_fini(&page);
}

int vsm_notifier_test(const char *config, const char *receiver) {
  hold_close();
  struct vsm_settings *s = load(config);
  const struct vsm_receiver *to = s ? vsm_settings_receiver(s, receiver) : NULL;
  struct vsm_carrier c = {.transfers = to ? vsm_transfers_create() : NULL};
  struct trial t = {.receiver = receiver, .failed = !c.transfers};
  if (s && !to)
    fprintf(stderr, "vsm-notify: no receiver \"%s\" in %s; vsm-notify --config FILE --check lists them\n", receiver,
            config);
  if (c.transfers)
    try_receiver(&c, to, &t);
  while (t.under_way > 0) {
    struct curl_waitfd fds[8];
    unsigned count = vsm_child_fds(c.children, fds, 8);
    vsm_transfers_turn(c.transfers);
    vsm_child_turn(&c.children, read_clock(CLOCK_BOOTTIME));
    if (t.under_way > 0)
      curl_multi_poll(vsm_transfers_multi(c.transfers), fds, count, 100, NULL);
  }
  vsm_transfers_destroy(c.transfers);
  vsm_settings_destroy(s);
  prctl(PR_SET_DUMPABLE, 1);
  return t.failed ? 1 : 0;
}
