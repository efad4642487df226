// Measures; prints a line for each figure. Floor and daemon take turns with the same sender, on cores of their own, and
// what counts is the median of the ratios: unpinned, the same loop varies by a fifth. Where other programs are busy the
// processor time that each took for an event (cpu/...) says more than the rates.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acks.h"
#include "alerts.h"
#include "curve.h"
#include "features.h"
#include "growth.h"
#include "measure.h"
#include "queries.h"
#include "receivers.h"
#include "restart.h"
#include "sender.h"
#include "shell/large_pages.h"

enum { OPEN_ITEMS = 100000, ROUNDS = 7, REPEATS = 7 };
static const double others_most = 0.05; // beyond this share of the processors a round is done again

static bool json;

enum { FLOOR, MEMORY, JOURNAL, RECEIVERS };
static const char *const names[RECEIVERS] = {"floor", "memory", "journal"};

struct trial {
  struct bench_receiver receivers[RECEIVERS];
  struct bench_sender *senders[RECEIVERS];
  struct bench_stream stream;
  unsigned batch;
};
struct round {
  double rate[RECEIVERS]; // events/s
  double ns[RECEIVERS];   // the receiver's processor time for an event
  double others;          // the share of the processors that others took, at its worst
};

static double measure(struct bench_sender *sender, const struct bench_frames *frames, pid_t peer, double *used_ns,
                      double *others) {
  struct bench_watch watch;
  int64_t before = bench_process_ns(peer);
  bench_watch_begin(&watch, peer);
  double rate = bench_send(sender, frames), took = bench_watch_others(&watch, peer);
  *others = took > *others ? took : *others;
  *used_ns = (double)(bench_process_ns(peer) - before) / (double)frames->n_events;
  return rate;
}

// The same frames for all.
static struct round run_round(struct trial *t) {
  struct bench_frames frames;
  struct round r = {0};
  bench_frames_pack(&frames, &t->stream, false, t->batch == 1 ? 200000 : 500000, t->batch);
  for (int i = 0; i < RECEIVERS; i++)
    r.rate[i] = measure(t->senders[i], &frames, t->receivers[i].pid, &r.ns[i], &r.others);
  bench_frames_free(&frames);
  return r;
}

static void begin(struct trial *t, unsigned batch) {
  struct bench_frames frames;
  *t = (struct trial){.batch = batch};
  bench_floor_start(&t->receivers[FLOOR]);
  bench_daemon_start(&t->receivers[MEMORY], &(struct bench_daemon_options){0});
  bench_daemon_start(&t->receivers[JOURNAL], &(struct bench_daemon_options){.state = true});
  for (int i = 0; i < RECEIVERS; i++)
    t->senders[i] = bench_sender_create(t->receivers[i].endpoint);
  bench_stream_init(&t->stream, BENCH_MIXED, OPEN_ITEMS, bench_wall_us(), 1);
  bench_frames_pack(&frames, &t->stream, true, OPEN_ITEMS * 16, 1000);
  bench_send(t->senders[MEMORY], &frames);
  bench_send(t->senders[JOURNAL], &frames);
  bench_frames_free(&frames);
}

static void end(struct trial *t) {
  bench_stream_fini(&t->stream);
  for (int i = 0; i < RECEIVERS; i++) {
    bench_sender_destroy(t->senders[i]);
    bench_receiver_stop(&t->receivers[i]);
  }
}

static void print_batch(const char *what, const char *of, unsigned batch, double value, const char *unit) {
  char name[64];
  snprintf(name, sizeof name, "%s/%s/batch%u", what, of, batch);
  bench_print(json, name, value, unit);
}

static void share(unsigned batch) {
  struct trial t;
  double rates[RECEIVERS][ROUNDS], ns[RECEIVERS][ROUNDS], ratios[RECEIVERS][ROUNDS];
  int repeats = 0, disturbed = 0;
  begin(&t, batch);
  for (int n = 0; n < ROUNDS; n++) {
    struct round r = run_round(&t);
    for (; r.others > others_most && repeats < REPEATS; repeats++)
      r = run_round(&t);
    disturbed += r.others > others_most;
    for (int i = 0; i < RECEIVERS; i++) {
      rates[i][n] = r.rate[i];
      ns[i][n] = r.ns[i];
      ratios[i][n] = r.rate[i] / r.rate[FLOOR];
    }
  }
  end(&t);
  if (disturbed)
    fprintf(stderr,
            "bench: other programs were busy in %d of %d rounds of batch %u; trust processor times, not rates\n",
            disturbed, ROUNDS, batch);
  for (int i = 0; i < RECEIVERS; i++)
    print_batch("rate", names[i], batch, bench_median(rates[i], ROUNDS), "events/s");
  for (int i = 0; i < RECEIVERS; i++)
    print_batch("cpu", names[i], batch, bench_median(ns[i], ROUNDS), "ns/event");
  for (int i = MEMORY; i < RECEIVERS; i++)
    print_batch("share", names[i], batch, bench_median(ratios[i], ROUNDS), "ratio");
}

static void shares(void) {
  static const unsigned batches[] = {1, 10, 100, 1000};
  bench_pin(0);
  for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
    share(batches[i]);
}

static void memory(void) {
  bench_print(json, "memory/item_bytes", bench_item_bytes(), "bytes");
  bench_print(json, "memory/series_bytes", bench_series_bytes(), "bytes");
  bench_print(json, "query/series_ms", bench_series_ms(), "ms");
}

static void features(void) {
  struct bench_features f = bench_features();
  bench_print(json, "features/plain", f.plain_ns, "ns/event");
  bench_print(json, "features/full", f.full_ns, "ns/event");
  bench_print(json, "features/rate_share", f.rate_share, "ratio");
  bench_print(json, "memory/segments_bytes", bench_segments_bytes(), "bytes");
}

static void queries(void) {
  bench_queries(json);
}

static void restart(void) {
  bench_restart(json);
}

static void acks(void) {
  bench_acks(json);
}

static void alerts(void) {
  bench_alerts(json);
}

static void curve(void) {
  bench_curve(json);
}

static void growth(void) {
  static const struct {
    const char *name;
    unsigned items;
  } sizes[] = {{"10k", 10000}, {"100k", 100000}, {"1m", 1000000}};
  char name[64];
  for (int late = 0; late < 2; late++)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      snprintf(name, sizeof name, "growth/%sitems_%s", late ? "late/" : "", sizes[i].name);
      bench_print(json, name, bench_event_ns(sizes[i].items, late), "ns/event");
    }
}

static const struct {
  const char *name;
  void (*fn)(void);
} parts[] = {{"share", shares},    {"memory", memory}, {"growth", growth}, {"features", features}, {"query", queries},
             {"restart", restart}, {"ack", acks},      {"alert", alerts},  {"curve", curve}};
enum { N_PARTS = sizeof parts / sizeof *parts };

int main(int argc, char **argv) {
  bool wanted[N_PARTS] = {0}, some = false;
  vsm_large_pages(argv); // as the daemon
  for (int i = 1; i < argc; i++) {
    size_t p = 0;
    if (strcmp(argv[i], "--json") == 0) {
      json = true;
      continue;
    }
    while (p < N_PARTS && strcmp(parts[p].name, argv[i]) != 0)
      p++;
    if (p == N_PARTS)
      return fprintf(stderr, "usage: bench [--json] [share] [memory] [growth] [features] [query] [restart] [ack] "
                             "[alert] [curve]\n"),
             2;
    wanted[p] = some = true;
  }
  for (size_t p = 0; p < N_PARTS; p++)
    if (wanted[p] || !some)
      parts[p].fn();
  return 0;
}
