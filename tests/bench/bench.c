// Measures; prints a line for each figure. Floor and daemon take turns with the same sender, on cores of their own, and
// what counts is the median of the ratios: unpinned, the same loop varies by a fifth. Where other programs are busy the
// processor time that each took for an event (cpu/...) says more than the rates.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features.h"
#include "growth.h"
#include "measure.h"
#include "queries.h"
#include "receivers.h"
#include "restart.h"
#include "sender.h"

enum { OPEN_ITEMS = 100000, ROUNDS = 7, REPEATS = 7 };
static const double others_most = 0.05; // beyond this share of the processors a round is done again

static bool json;

struct pair {
  struct bench_receiver floor, daemon;
  struct bench_sender *to_floor, *to_daemon;
  struct bench_stream stream;
  unsigned batch;
};
struct round {
  double floor, daemon;       // events/s
  double floor_ns, daemon_ns; // the receiver's processor time for an event
  double others;              // the share of the processors that others took, at its worst
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

// The same frames for both.
static struct round run_round(struct pair *p) {
  struct bench_frames frames;
  struct round r = {0};
  bench_frames_pack(&frames, &p->stream, false, p->batch == 1 ? 200000 : 500000, p->batch);
  r.floor = measure(p->to_floor, &frames, p->floor.pid, &r.floor_ns, &r.others);
  r.daemon = measure(p->to_daemon, &frames, p->daemon.pid, &r.daemon_ns, &r.others);
  bench_frames_free(&frames);
  return r;
}

static void begin(struct pair *p, unsigned batch) {
  struct bench_frames frames;
  *p = (struct pair){.batch = batch};
  bench_floor_start(&p->floor);
  bench_daemon_start(&p->daemon);
  p->to_floor = bench_sender_create(p->floor.endpoint);
  p->to_daemon = bench_sender_create(p->daemon.endpoint);
  bench_stream_init(&p->stream, BENCH_MIXED, OPEN_ITEMS, bench_wall_us(), 1);
  bench_frames_pack(&frames, &p->stream, true, OPEN_ITEMS * 16, 1000);
  bench_send(p->to_daemon, &frames);
  bench_frames_free(&frames);
}

static void end(struct pair *p) {
  bench_stream_fini(&p->stream);
  bench_sender_destroy(p->to_floor);
  bench_sender_destroy(p->to_daemon);
  bench_receiver_stop(&p->floor);
  bench_receiver_stop(&p->daemon);
}

static void print_batch(const char *what, unsigned batch, double value, const char *unit) {
  char name[64];
  snprintf(name, sizeof name, "%s/batch%u", what, batch);
  bench_print(json, name, value, unit);
}

static void share(unsigned batch) {
  struct pair p;
  double ratios[ROUNDS], floors[ROUNDS], daemons[ROUNDS], floor_ns[ROUNDS], daemon_ns[ROUNDS];
  int repeats = 0, disturbed = 0;
  begin(&p, batch);
  for (int i = 0; i < ROUNDS; i++) {
    struct round r = run_round(&p);
    for (; r.others > others_most && repeats < REPEATS; repeats++)
      r = run_round(&p);
    disturbed += r.others > others_most;
    floors[i] = r.floor;
    daemons[i] = r.daemon;
    floor_ns[i] = r.floor_ns;
    daemon_ns[i] = r.daemon_ns;
    ratios[i] = r.daemon / r.floor;
  }
  end(&p);
  if (disturbed)
    fprintf(stderr,
            "bench: other programs were busy in %d of %d rounds of batch %u; trust processor times, not rates\n",
            disturbed, ROUNDS, batch);
  print_batch("rate/floor", batch, bench_median(floors, ROUNDS), "events/s");
  print_batch("rate/memory", batch, bench_median(daemons, ROUNDS), "events/s");
  print_batch("cpu/floor", batch, bench_median(floor_ns, ROUNDS), "ns/event");
  print_batch("cpu/memory", batch, bench_median(daemon_ns, ROUNDS), "ns/event");
  print_batch("share/memory", batch, bench_median(ratios, ROUNDS), "ratio");
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
} parts[] = {{"share", shares},      {"memory", memory}, {"growth", growth},
             {"features", features}, {"query", queries}, {"restart", restart}};
enum { N_PARTS = sizeof parts / sizeof *parts };

int main(int argc, char **argv) {
  bool wanted[N_PARTS] = {0}, some = false;
  for (int i = 1; i < argc; i++) {
    size_t p = 0;
    if (strcmp(argv[i], "--json") == 0) {
      json = true;
      continue;
    }
    while (p < N_PARTS && strcmp(parts[p].name, argv[i]) != 0)
      p++;
    if (p == N_PARTS)
      return fprintf(stderr, "usage: bench [--json] [share] [memory] [growth] [features] [query] [restart]\n"), 2;
    wanted[p] = some = true;
  }
  for (size_t p = 0; p < N_PARTS; p++)
    if (wanted[p] || !some)
      parts[p].fn();
  return 0;
}
