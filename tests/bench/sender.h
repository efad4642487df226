// The sender that both the floor and the daemon are measured with: a DEALER that keeps batches in flight and waits for
// their acks. Frames are packed beforehand, so that its own work is small.
#pragma once
#include <stddef.h>

#include "stream.h"

struct bench_frame {
  void *p;
  size_t n;
  unsigned n_events;
};
struct bench_frames {
  struct bench_frame *at;
  size_t n, n_events;
};

// n_events of the stream (or, while opening, up to so many) in frames of `batch`.
void bench_frames_pack(struct bench_frames *f, struct bench_stream *s, bool opening, size_t n_events, unsigned batch);
void bench_frames_free(struct bench_frames *f);

struct bench_sender;
struct bench_keys;
struct bench_sender *bench_sender_create(const char *endpoint);
struct bench_sender *bench_sender_create_with(const char *endpoint, const struct bench_keys *keys); // NULL: none
void bench_sender_destroy(struct bench_sender *s);

// Sends all, waits for all acks. Events per second; ends the process where an ack is missing for 20 s or refuses an
// event.
double bench_send(struct bench_sender *s, const struct bench_frames *f);

// Sends all that opens the stream's items.
void bench_send_opening(struct bench_sender *s, struct bench_stream *stream);
// Events per second that the receiver takes of the stream in such batches: the median of three runs.
double bench_capacity(struct bench_sender *s, struct bench_stream *stream, unsigned batch);

// Of each ack: how long after its batch was due it came. False: that is enough.
typedef bool bench_ack_fn(void *ctx, int64_t late_ns);
// Sends so many events a second, each batch when it is due, and waits for the acks of what was sent. Events per second.
double bench_send_paced(struct bench_sender *s, const struct bench_frames *f, double rate, bench_ack_fn *fn, void *ctx);
