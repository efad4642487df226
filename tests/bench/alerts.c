// Beside the shipped value streams the daemon has one whose stages are told of alone: one that is over its limit with
// the second item, and others where each item stalls a second after it came. So each event of the first changes an
// alert, and each item of the others brings one that is due at a known instant.
#include "alerts.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "base/mem.h"
#include "measure.h"
#include "receivers.h"
#include "sender.h"
#include "stalls.h"
#include "vsm/v1/event.pb-c.h"
#include "vsm/v1/metric.pb-c.h"

enum {
  ITEMS = 1000000,
  BATCH = 100,
  PACED_EVENTS = 5000000,
  PACED_S = 30, // at most
  DELAYS = 4000,
  PLACES = 100, // where items stall
  STALL_US = 1000000,
  STALLS = 2 * PLACES * PACED_S,
  TIMER_US = 10000,
  PAUSE_US = 500, // between two delays, so that everybody sleeps again
  WAIT_MS = 20000,
  ALERT_BYTES = 1 << 16,
};

static void sleep_us(int64_t us) {
  if (us > 0)
    nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

// --- what is watched

static char *streams(void) {
  char *text = NULL;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  fputs("  - id: PROBE\n    outcome: Told\n    stages:\n      - { id: crowd, next: [outcome], wip_limit: 1 }\n", out);
  for (int i = 0; i < PLACES; i++)
    fprintf(out, "      - { id: place-%d, next: [outcome], stall_after: 1s }\n", i);
  fclose(out);
  return text;
}

static void map_place(FILE *out, const char *place) {
  fprintf(out,
          "  - { source: probe, type: begin.%s, stage: PROBE/%s, lifecycle: start, item: \"{subject}\" }\n"
          "  - { source: probe, type: end.%s, stage: PROBE/%s, lifecycle: complete, item: \"{subject}\" }\n",
          place, place, place, place);
}

static char *mappings(void) {
  char *text = NULL, place[24];
  size_t n;
  FILE *out = open_memstream(&text, &n);
  map_place(out, "crowd");
  for (int i = 0; i < PLACES; i++) {
    snprintf(place, sizeof place, "place-%d", i);
    map_place(out, place);
  }
  fclose(out);
  return text;
}

// --- who sends events and hears alerts

struct peer {
  void *context, *events, *alerts;
};

static void *open_socket(void *context, int type, const char *endpoint) {
  void *socket = zmq_socket(context, type);
  int none = 0, wait = WAIT_MS;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait, sizeof wait);
  if (zmq_connect(socket, endpoint) != 0)
    bench_fail(zmq_strerror(zmq_errno()));
  return socket;
}

static void send_event(struct peer *p, const char *verb, const char *place, unsigned item, int64_t at_us) {
  Vsm__V1__EventBatch batch = VSM__V1__EVENT_BATCH__INIT;
  Vsm__V1__Event e = VSM__V1__EVENT__INIT, *events[] = {&e};
  char source[] = "probe", type[40], subject[24];
  uint8_t bytes[256];
  snprintf(type, sizeof type, "%s.%s", verb, place);
  snprintf(subject, sizeof subject, "%s-%u", place, item);
  e.type = type;
  e.subject = subject;
  e.time_unix_nano = (uint64_t)at_us * 1000;
  batch.source = source;
  batch.n_events = 1;
  batch.events = events;
  size_t n = vsm__v1__event_batch__pack(&batch, bytes);
  if (zmq_send(p->events, "1", 1, ZMQ_SNDMORE) < 0 || zmq_send(p->events, bytes, n, 0) < 0)
    bench_fail(zmq_strerror(zmq_errno()));
}

static void drop_acks(struct peer *p) {
  char bytes[256];
  while (zmq_recv(p->events, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0)
    ;
}

struct told {
  bool firing;
  int place; // -1: the crowd
  int64_t heard_us;
};

// False: nothing for so long.
static bool hear(struct peer *p, struct told *out) {
  static const char topic[] = "v1/alert/PROBE/";
  char name[128];
  uint8_t bytes[ALERT_BYTES];
  int n = zmq_recv(p->alerts, name, sizeof name - 1, 0), size;
  if (n < 0)
    return false;
  out->heard_us = bench_wall_us();
  name[n < (int)sizeof name ? n : (int)sizeof name - 1] = '\0';
  if (strncmp(name, topic, sizeof topic - 1) != 0 || (size = zmq_recv(p->alerts, bytes, sizeof bytes, 0)) < 0)
    bench_fail("this is not an alert");
  Vsm__V1__Publication *m = vsm__v1__publication__unpack(NULL, (size_t)size, bytes);
  if (!m || !m->alert)
    bench_fail("this is not an alert");
  out->firing = strcmp(m->alert->state, "firing") == 0;
  out->place = -1;
  sscanf(m->alert->stage, "place-%d", &out->place);
  vsm__v1__publication__free_unpacked(m, NULL);
  return true;
}

// Each changes the alert of the crowd, so the first that is heard shows that the subscription stands.
static void await_subscribed(struct peer *p) {
  struct told told;
  int soon = 50, wait = WAIT_MS;
  send_event(p, "begin", "crowd", 0, bench_wall_us());
  zmq_setsockopt(p->alerts, ZMQ_RCVTIMEO, &soon, sizeof soon);
  for (unsigned i = 1; i < 400; i++) {
    send_event(p, "begin", "crowd", i, bench_wall_us());
    send_event(p, "end", "crowd", i, bench_wall_us());
    if (!hear(p, &told))
      continue;
    while (hear(p, &told))
      ;
    zmq_setsockopt(p->alerts, ZMQ_RCVTIMEO, &wait, sizeof wait);
    return;
  }
  bench_fail("no alert is heard");
}

static void open_peer(struct peer *p, const struct bench_receiver *daemon) {
  p->context = zmq_ctx_new();
  p->events = open_socket(p->context, ZMQ_DEALER, daemon->endpoint);
  p->alerts = open_socket(p->context, ZMQ_SUB, daemon->publish);
  zmq_setsockopt(p->alerts, ZMQ_SUBSCRIBE, "v1/alert/PROBE/", strlen("v1/alert/PROBE/"));
  await_subscribed(p);
}

static void close_peer(struct peer *p) {
  zmq_close(p->events);
  zmq_close(p->alerts);
  zmq_ctx_term(p->context);
}

// --- from an event to its alert

static double alert_delay_us(struct peer *p, unsigned n) {
  struct told told;
  const char *verb = n % 2 ? "end" : "begin";
  int64_t began = bench_now_ns();
  send_event(p, verb, "crowd", 1000 + n / 2, bench_wall_us());
  if (!hear(p, &told) || told.firing != (n % 2 == 0))
    bench_fail("this is not the alert that is due");
  double us = (double)(bench_now_ns() - began) / 1e3;
  drop_acks(p);
  return us;
}

// A process that answers how long a message was on its way to it: the monotonic clock is one for all.
static pid_t start_hop(char endpoint[64]) {
  int report[2];
  if (pipe(report) != 0)
    bench_fail("no pipe");
  pid_t pid = fork();
  if (pid != 0) {
    close(report[1]);
    if (read(report[0], endpoint, 64) <= 0)
      bench_fail("the hop did not start");
    close(report[0]);
    return pid;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  void *socket = zmq_socket(zmq_ctx_new(), ZMQ_PAIR);
  char own[64] = "";
  size_t n = sizeof own;
  int64_t at;
  if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 || zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, own, &n) != 0 ||
      write(report[1], own, sizeof own) < 0)
    _exit(1);
  while (zmq_recv(socket, &at, sizeof at, 0) == (int)sizeof at) {
    at = bench_now_ns() - at;
    zmq_send(socket, &at, sizeof at, 0);
  }
  _exit(1);
}

static double hop_us(void *socket) {
  int64_t at = bench_now_ns();
  if (zmq_send(socket, &at, sizeof at, 0) < 0 || zmq_recv(socket, &at, sizeof at, 0) != (int)sizeof at)
    bench_fail("the hop does not answer");
  return (double)at / 1e3;
}

static void print_quantiles(bool json, const char *what, double *us, size_t n) {
  char name[64];
  snprintf(name, sizeof name, "alert/%s_p50_us", what);
  bench_print(json, name, bench_quantile(us, n, 0.5), "us");
  snprintf(name, sizeof name, "alert/%s_p99_us", what);
  bench_print(json, name, bench_quantile(us, n, 0.99), "us");
}

// Turn about, so that a busy machine weighs on both.
static void delays(bool json, struct peer *p) {
  char endpoint[64];
  pid_t pid = start_hop(endpoint);
  void *socket = open_socket(p->context, ZMQ_PAIR, endpoint);
  double *hops = vsm_mem_alloc(DELAYS * sizeof *hops), *alerts = vsm_mem_alloc(DELAYS * sizeof *alerts);
  for (unsigned i = 0; i < DELAYS; i++) {
    sleep_us(PAUSE_US);
    hops[i] = hop_us(socket);
    sleep_us(PAUSE_US);
    alerts[i] = alert_delay_us(p, i);
  }
  zmq_close(socket);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  print_quantiles(json, "hop", hops, DELAYS);
  print_quantiles(json, "delay", alerts, DELAYS);
  bench_print(json, "alert/delay_hops", bench_quantile(alerts, DELAYS, 0.99) / bench_quantile(hops, DELAYS, 0.99),
              "ratio");
  free(hops);
  free(alerts);
}

// --- how late what is due by time is

struct lateness {
  const struct bench_receiver *daemon;
  atomic_bool over;
  double alerts_us[STALLS], timer_us[STALLS];
  size_t n_alerts, n_timer;
};

// Returns when.
static int64_t tell_at(struct peer *p, const char *verb, int place, unsigned item) {
  char name[24];
  int64_t now_us = bench_wall_us();
  snprintf(name, sizeof name, "place-%d", place);
  send_event(p, verb, name, item, now_us);
  return now_us;
}

// At each place one item after another, each until its alert is over.
static void *hear_stalls(void *arg) {
  struct lateness *l = arg;
  struct peer p;
  struct told told;
  int64_t due_us[PLACES];
  unsigned items[PLACES] = {0};
  open_peer(&p, l->daemon);
  for (int i = 0; i < PLACES; i++) {
    due_us[i] = tell_at(&p, "begin", i, 0) + STALL_US;
    sleep_us(STALL_US / PLACES);
  }
  while (!atomic_load(&l->over) && l->n_alerts < STALLS && hear(&p, &told)) {
    drop_acks(&p);
    if (told.place < 0)
      continue;
    if (told.firing) {
      l->alerts_us[l->n_alerts++] = (double)(told.heard_us - due_us[told.place]);
      tell_at(&p, "end", told.place, items[told.place]);
    } else {
      due_us[told.place] = tell_at(&p, "begin", told.place, ++items[told.place]) + STALL_US;
    }
  }
  close_peer(&p);
  return NULL;
}

static void *hear_timer(void *arg) {
  struct lateness *l = arg;
  int64_t due = bench_now_ns();
  while (!atomic_load(&l->over) && l->n_timer < STALLS) {
    due += TIMER_US * INT64_C(1000);
    struct timespec at = {due / 1000000000, due % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    l->timer_us[l->n_timer++] = (double)(bench_now_ns() - due) / 1e3;
  }
  return NULL;
}

static bool until_over(void *until_ns, int64_t late_ns) {
  (void)late_ns;
  return bench_now_ns() < *(int64_t *)until_ns;
}

static void deadlines(bool json, const struct bench_receiver *daemon, struct bench_sender *sender,
                      struct bench_stream *stream) {
  struct lateness *l = vsm_mem_alloc(sizeof *l);
  struct bench_frames frames;
  pthread_t stalls, timer;
  double most = bench_capacity(sender, stream, BATCH);
  bench_frames_pack(&frames, stream, false, PACED_EVENTS, BATCH);
  l->daemon = daemon;
  int64_t until = bench_now_ns() + PACED_S * INT64_C(1000000000);
  if (pthread_create(&stalls, NULL, hear_stalls, l) != 0 || pthread_create(&timer, NULL, hear_timer, l) != 0)
    bench_fail("no thread");
  double got = bench_send_paced(sender, &frames, most / 2, until_over, &until);
  atomic_store(&l->over, true);
  pthread_join(stalls, NULL);
  pthread_join(timer, NULL);
  if (l->n_alerts == 0 || l->n_timer == 0)
    bench_fail("no alert fell due");
  bench_print(json, "alert/rate_half", got, "events/s");
  bench_print(json, "alert/deadlines", (double)l->n_alerts, "alerts");
  print_quantiles(json, "timer", l->timer_us, l->n_timer);
  print_quantiles(json, "deadline", l->alerts_us, l->n_alerts);
  bench_frames_free(&frames);
  free(l);
}

static void with_daemon(bool json) {
  struct bench_receiver daemon;
  struct bench_stream stream;
  struct peer peer;
  char *more_streams = streams(), *more_mappings = mappings();
  bench_daemon_start(&daemon, &(struct bench_daemon_options){
                                  .state = true, .anywhere = true, .streams = more_streams, .mappings = more_mappings});
  free(more_streams);
  free(more_mappings);
  struct bench_sender *sender = bench_sender_create(daemon.endpoint);
  bench_stream_init(&stream, BENCH_MIXED, ITEMS, bench_wall_us() - 3600 * INT64_C(1000000), 1);
  bench_send_opening(sender, &stream);
  while (bench_child_of(daemon.pid)) // a checkpoint
    sleep_us(TIMER_US);
  open_peer(&peer, &daemon);
  delays(json, &peer);
  close_peer(&peer);
  deadlines(json, &daemon, sender, &stream);
  bench_stream_fini(&stream);
  bench_sender_destroy(sender);
  bench_receiver_stop(&daemon);
}

void bench_alerts(bool json) {
  with_daemon(json);
  bench_stalls(json);
}
