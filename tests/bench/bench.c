// Measures; prints a line for each figure. Floor and daemon take turns with the same sender, on cores of their own, and
// what counts is the median of the ratios: unpinned, the same loop varies by a fifth.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "growth.h"
#include "measure.h"
#include "receivers.h"
#include "sender.h"

enum { OPEN_ITEMS = 100000, ROUNDS = 7, TRIES = 4, BATCHES = 4 };
static const double others_most = 0.05; // beyond this share of the processors a round is done again

static bool json;

// A round of one receiver: events/s. Others took too much: again, with events that were not sent before.
static double measure(struct bench_sender *sender, struct bench_stream *stream, pid_t peer, unsigned batch) {
  double rate = 0;
  for (int i = 0; i < TRIES; i++) {
    struct bench_frames frames;
    struct bench_watch watch;
    bench_frames_pack(&frames, stream, false, batch == 1 ? 200000 : 500000, batch);
    bench_watch_begin(&watch, peer);
    rate = bench_send(sender, &frames);
    double others = bench_watch_others(&watch, peer);
    bench_frames_free(&frames);
    if (others <= others_most)
      return rate;
    fprintf(stderr, "bench: others took %.0f %% of the processors: %s\n", others * 100,
            i + 1 < TRIES ? "again" : "it counts nevertheless");
  }
  return rate;
}

static void share(unsigned batch) {
  struct bench_receiver floor, daemon;
  struct bench_stream stream;
  struct bench_frames frames;
  double ratios[ROUNDS], floors[ROUNDS], daemons[ROUNDS];
  char name[64];
  bench_floor_start(&floor);
  bench_daemon_start(&daemon);
  struct bench_sender *to_floor = bench_sender_create(floor.endpoint), *to_daemon = bench_sender_create(daemon.endpoint);
  bench_stream_init(&stream, BENCH_MIXED, OPEN_ITEMS, bench_wall_us(), 1);
  bench_frames_pack(&frames, &stream, true, OPEN_ITEMS * 16, 1000);
  bench_send(to_daemon, &frames);
  bench_frames_free(&frames);
  for (int i = 0; i < ROUNDS; i++) {
    struct bench_stream same = stream;
    same.slots = malloc(OPEN_ITEMS * sizeof *same.slots);
    memcpy(same.slots, stream.slots, OPEN_ITEMS * sizeof *same.slots);
    floors[i] = measure(to_floor, &same, floor.pid, batch); // what the daemon hears next, word for word
    bench_stream_fini(&same);
    daemons[i] = measure(to_daemon, &stream, daemon.pid, batch);
    ratios[i] = daemons[i] / floors[i];
  }
  bench_stream_fini(&stream);
  bench_sender_destroy(to_floor);
  bench_sender_destroy(to_daemon);
  bench_receiver_stop(&floor);
  bench_receiver_stop(&daemon);
  snprintf(name, sizeof name, "rate/floor/batch%u", batch);
  bench_print(json, name, bench_median(floors, ROUNDS), "events/s");
  snprintf(name, sizeof name, "rate/memory/batch%u", batch);
  bench_print(json, name, bench_median(daemons, ROUNDS), "events/s");
  snprintf(name, sizeof name, "share/memory/batch%u", batch);
  bench_print(json, name, bench_median(ratios, ROUNDS), "ratio");
}

static void shares(void) {
  static const unsigned batches[BATCHES] = {1, 10, 100, 1000};
  bench_pin(0);
  for (int i = 0; i < BATCHES; i++)
    share(batches[i]);
}

static void memory(void) {
  bench_print(json, "memory/item_bytes", bench_item_bytes(), "bytes");
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
} parts[] = {{"share", shares}, {"memory", memory}, {"growth", growth}};
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
      return fprintf(stderr, "usage: bench [--json] [share] [memory] [growth]\n"), 2;
    wanted[p] = some = true;
  }
  for (size_t p = 0; p < N_PARTS; p++)
    if (wanted[p] || !some)
      parts[p].fn();
  return 0;
}
