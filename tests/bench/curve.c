// Both daemons take turns with the same frames; what counts is the median of the ratios. The receiver's processor time
// has ZeroMQ's own thread in it, which is where the most of it goes.
#include "curve.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "measure.h"
#include "receivers.h"
#include "sender.h"

enum { PLAIN, KEYS, DAEMONS };
enum { OPEN_ITEMS = 100000, ROUNDS = 7, EVENTS = 200000 };

struct trial {
  struct bench_receiver receivers[DAEMONS];
  struct bench_sender *senders[DAEMONS];
  struct bench_stream stream;
};

static void begin(struct trial *t) {
  static struct bench_keys keys;
  struct bench_frames frames;
  if (zmq_curve_keypair(keys.server, keys.server_secret) != 0 ||
      zmq_curve_keypair(keys.client, keys.client_secret) != 0)
    bench_fail("libzmq has no CURVE");
  bench_stream_init(&t->stream, BENCH_MIXED, OPEN_ITEMS, bench_wall_us(), 1);
  bench_frames_pack(&frames, &t->stream, true, OPEN_ITEMS * 16, 1000);
  for (int i = 0; i < DAEMONS; i++) {
    const struct bench_keys *theirs = i == KEYS ? &keys : NULL;
    bench_daemon_start(&t->receivers[i], &(struct bench_daemon_options){.keys = theirs});
    t->senders[i] = bench_sender_create_with(t->receivers[i].endpoint, theirs);
    bench_send(t->senders[i], &frames);
  }
  bench_frames_free(&frames);
}

static void end(struct trial *t) {
  bench_stream_fini(&t->stream);
  for (int i = 0; i < DAEMONS; i++) {
    bench_sender_destroy(t->senders[i]);
    bench_receiver_stop(&t->receivers[i]);
  }
}

static void compare(struct trial *t, unsigned batch, bool json) {
  double rate[DAEMONS], ns[DAEMONS], rates[ROUNDS], used[ROUNDS];
  char name[64];
  for (int n = 0; n < ROUNDS; n++) {
    struct bench_frames frames;
    bench_frames_pack(&frames, &t->stream, false, EVENTS, batch);
    for (int i = 0; i < DAEMONS; i++) {
      int64_t before = bench_process_ns(t->receivers[i].pid);
      rate[i] = bench_send(t->senders[i], &frames);
      ns[i] = (double)(bench_process_ns(t->receivers[i].pid) - before);
    }
    bench_frames_free(&frames);
    rates[n] = rate[KEYS] / rate[PLAIN];
    used[n] = ns[KEYS] / ns[PLAIN];
  }
  snprintf(name, sizeof name, "curve/rate/batch%u", batch);
  bench_print(json, name, bench_median(rates, ROUNDS), "ratio");
  snprintf(name, sizeof name, "curve/cpu/batch%u", batch);
  bench_print(json, name, bench_median(used, ROUNDS), "ratio");
}

void bench_curve(bool json) {
  static const unsigned batches[] = {1, 10, 100, 1000};
  struct trial t;
  bench_pin(0);
  begin(&t);
  for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
    compare(&t, batches[i], json);
  end(&t);
}
