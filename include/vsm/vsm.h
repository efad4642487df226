// libvsm: send events to vsmd, hear what it publishes, ask it questions.
//
// Nothing here blocks, and there are no threads to mind: each object belongs to the thread that uses it. Each fits
// into any loop by three calls. Before each wait, ask for the longest time that you may wait (0: there is work now);
// wait until the descriptor is readable or that time is over; then, whichever it was, process:
//
//   struct pollfd p = {.fd = vsm_emitter_fd(e), .events = POLLIN};
//   poll(&p, 1, vsm_emitter_timeout_ms(e)); // -1: as long as you like
//   vsm_emitter_process(e);
//
// The order matters: ZeroMQ's descriptors tell of changes only, and _timeout_ms() looks for what they will not tell
// again. Callbacks are called from _process() alone, and must not destroy the object that calls them.
//
// Functions that return int: 0, or a negative enum vsm_client_err. Strings are UTF-8; NULL is the empty one. What the
// fields mean: proto/vsm/v1/*.proto and docs/wire.md. Endpoints are those of ZeroMQ ("tcp://127.0.0.1:5571").
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VSM_CLIENT_ERRORS(X)                                                                                           \
  X(NOMEM, 1, "out of memory")                                                                                         \
  X(INVAL, 2, "an option or endpoint is missing or invalid")                                                           \
  X(LIMIT, 4, "larger than the protocol allows")                                                                       \
  X(FORMAT, 5, "the answer is not understood")                                                                         \
  X(IO, 6, "no socket or connection")                                                                                  \
  X(FULL, 9, "the queue is full")                                                                                      \
  X(TIMEOUT, 11, "no answer in time")                                                                                  \
  X(SPOOL, 12, "the spool's file cannot be made, is in use, or is no spool of this source")                            \
  X(KEY, 13, "a file of a key cannot be read or made, or holds none")

enum vsm_client_err {
#define X(name, code, text) VSM_CLIENT_E##name = -(code),
  VSM_CLIENT_ERRORS(X)
#undef X
};

const char *vsm_client_error(int err); // static text

#define VSM_SUBMIT_DEFAULT "tcp://127.0.0.1:5571"
#define VSM_PUBLISH_DEFAULT "tcp://127.0.0.1:5572"
#define VSM_QUERY_DEFAULT "tcp://127.0.0.1:5573"
#define VSM_SUBSCRIBE_DEFAULT "tcp://127.0.0.1:5570"

// --- Keys ----------------------------------------------------------------------------------------------------------

// Our own key, and the server's: with both, everything is encrypted, and each side knows whom it speaks with (CURVE).
// They come from files alone, as vsm keygen makes them. See docs/security.md.
struct vsm_keys;

struct vsm_keys_options {
  const char *key, *server_key; // files: of our secret key, of the daemon's public one; both or none
  const char *profile;          // or a name: ~/.config/vsm/NAME.key and NAME.server.pub
};

// Without any of them the profile "default" is taken where it is there, and else *out is NULL: unencrypted. Returns 0,
// or VSM_CLIENT_EKEY or VSM_CLIENT_ENOMEM with *out NULL and a word in `why`.
int vsm_keys_load(const struct vsm_keys_options *options, struct vsm_keys **out, char *why, size_t why_bytes);
void vsm_keys_destroy(struct vsm_keys *keys); // NULL-safe; wiped
// Makes a key: NAME.key, which its owner alone can read, and NAME.pub. 0, or VSM_CLIENT_EKEY with a word in `why`; what
// is there already stays as it is.
int vsm_keys_make(const char *name, char public_key[41], char *why, size_t why_bytes);

// --- Emitter -------------------------------------------------------------------------------------------------------

struct vsm_emitter;

struct vsm_emitter_attribute {
  const char *key, *value;
};

struct vsm_emitter_event {
  const char *source; // empty: the emitter's. Another one needs the acked way
  const char *id, *type, *subject;
  uint64_t time_unix_nano; // 0: now
  const struct vsm_emitter_attribute *data;
  size_t n_data; // at most 256
};

struct vsm_emitter_error {
  uint64_t event; // number of the event, from 0, in the order of vsm_emitter_emit()
  const char *reason, *detail;
};

// What became of a batch. Valid during the callback.
struct vsm_emitter_ack {
  uint64_t first;  // number of its first event
  uint32_t events; // how many it had
  uint32_t accepted, rejected;
  bool durable;                           // false: in the daemon's memory only
  const struct vsm_emitter_error *errors; // the first 16 of the rejected
  size_t n_errors;
};
typedef void vsm_emitter_ack_fn(void *ctx, const struct vsm_emitter_ack *ack);

// Exactly one of submit, publish and bind is given. 0 stands for the default of a number.
struct vsm_emitter_options {
  const char *source;          // 1 to 128 bytes of [A-Za-z0-9._:/~%@+#-]; needed with publish and bind
  const char *submit;          // acked: connects to the daemon's submit socket
  const char *publish;         // fire and forget: connects to the daemon's subscribe socket
  const char *bind;            // fire and forget: binds, and the daemon connects to it
  unsigned batch_events;       // events in a batch, 100; at most 65,536
  unsigned batch_bytes;        // ends a batch that has reached it, 1 MiB; at most 3.9 MiB
  unsigned linger_ms;          // how long a batch that is not full waits for more, 10
  unsigned queue_events;       // emitted and not acked (fire and forget: not sent), 100,000
  unsigned window;             // batches under way without ack, 64
  unsigned resend_ms;          // without an ack, 10,000
  unsigned alive_ms;           // with a source: a sign of life after so long without events, 60,000
  const struct vsm_keys *keys; // NULL: unencrypted. Where it binds: the one that is let in is the server's
  uint64_t epoch;              // fire and forget: below 2^53, greater than any before; 0: made from the clock
  const char *recover;         // fire and forget: binds; the daemon fetches what was lost, from a spool (below)
  const char *spool_path;      // a file as spool; NULL: memory, where there is a recover socket
  size_t spool_bytes;          // 64 MiB; at least 512 KiB
  unsigned publish_batches;    // fire and forget: sent and not yet taken by a subscriber, 10,000; later ones are lost
  vsm_emitter_ack_fn *on_ack;  // may be NULL
  void *ctx;
  void *zmq_context; // borrowed; NULL: one of its own
};

// The spool holds the newest events with their numbers, half of spool_bytes at least; the recover socket answers from
// it (_process() does). A file is readable after a program that ended at any moment, and belongs to one at a time; the
// next program goes on with its numbers and epoch. Where that cannot be (another boot of the system, a damaged file) it
// begins a new epoch, and what is whole of the one before is served too. An event is in the spool before
// vsm_emitter_emit() returns: a crash of the program does not lose it, a power cut may.
//
// The options' strings and keys are copied. On error *out is NULL.
int vsm_emitter_create(const struct vsm_emitter_options *options, struct vsm_emitter **out);
// NULL-safe. What is not acked is dropped (fire and forget: what was sent is given a second to leave).
void vsm_emitter_destroy(struct vsm_emitter *e);

// Takes a copy of the event. VSM_CLIENT_EFULL: queue_events wait already, try again after _process(); fire and forget:
// the event is lost, and its number missing from the sequence says so to the daemon; with a spool it is not lost, and
// 0. VSM_CLIENT_ELIMIT: more than 256 attributes or 64 KiB; nothing is sent.
//
// Acked: each batch is sent again after resend_ms without an ack and after a reconnect, until its ack comes. While
// nobody takes them, at most twice the window waits to leave. Fire and forget: nothing is sent until somebody has
// subscribed.
int vsm_emitter_emit(struct vsm_emitter *e, const struct vsm_emitter_event *event);
// Fire and forget: gives away a number of the sequence, for an event that the caller could not keep, so that the daemon
// sees that one is missing.
void vsm_emitter_lose(struct vsm_emitter *e);
// With a spool: the event goes there alone, as if it had been lost on the way. VSM_CLIENT_EINVAL: there is none.
int vsm_emitter_keep(struct vsm_emitter *e, const struct vsm_emitter_event *event);
// A sign of life, behind the events so far: that the source (NULL: the emitter's) lives and has nothing to tell. For
// its own source an emitter says so by itself (alive_ms); a program that speaks for several, acked, says it for each.
int vsm_emitter_alive(struct vsm_emitter *e, const char *source);
// Does not let the batch at hand wait for more events.
void vsm_emitter_flush(struct vsm_emitter *e);

int vsm_emitter_fd(const struct vsm_emitter *e);
int vsm_emitter_timeout_ms(struct vsm_emitter *e);
int vsm_emitter_process(struct vsm_emitter *e);

// Events emitted and not yet acked (fire and forget: not yet sent). 0: all is done.
size_t vsm_emitter_pending(const struct vsm_emitter *e);

struct vsm_emitter_counts {
  uint64_t emitted, accepted, rejected; // accepted, rejected: as acked
  uint64_t lost;                        // fire and forget: found the queue full
  uint64_t kept;                        // in the spool alone, since they found the queue full or were given to _keep()
  uint64_t asked;                       // requests that the recover socket answered
  uint64_t resent;                      // batches
};
struct vsm_emitter_counts vsm_emitter_counts(const struct vsm_emitter *e);

// --- Subscriber ----------------------------------------------------------------------------------------------------

struct vsm_subscriber;
struct Vsm__V1__Publication; // vsm/messages.h
struct Vsm__V1__Snapshot;
struct Vsm__V1__Request;
struct Vsm__V1__Reply;

// With a query endpoint a snapshot comes first, and anew after a reconnect or a restart of the daemon; then what is
// newer than it, topic by topic. Publications wait while a snapshot is under way. A gap needs no snapshot: what is
// published of a stream or stage is all of it.
struct vsm_subscriber_options {
  const char *publish;
  const char *query;           // NULL: no snapshots
  const char *const *topics;   // prefixes, as "v1/metric/RCV-01/"
  size_t n_topics;             // 0: all
  const char *stream;          // of the snapshots; NULL: all
  const struct vsm_keys *keys; // NULL: unencrypted
  unsigned timeout_ms;         // for a snapshot, which then is asked for again; 5,000
  // Any may be NULL. Messages are valid during the call.
  void (*on_snapshot)(void *ctx, const struct Vsm__V1__Snapshot *snapshot);
  void (*on_publication)(void *ctx, const char *topic, const struct Vsm__V1__Publication *publication);
  void (*on_gap)(void *ctx, const char *topic, uint64_t first, uint64_t last); // numbers that never came
  void (*on_restart)(void *ctx, uint64_t epoch);                               // the daemon began anew, or was rebuilt
  void (*on_connect)(void *ctx); // the subscription's connection was made, or made again: something may be missing
  void (*on_error)(void *ctx, int err, const char *text); // no snapshot; it is asked for again after timeout_ms
  void *ctx;
  void *zmq_context;
};

int vsm_subscriber_create(const struct vsm_subscriber_options *options, struct vsm_subscriber **out);
void vsm_subscriber_destroy(struct vsm_subscriber *s); // NULL-safe
int vsm_subscriber_fd(const struct vsm_subscriber *s);
int vsm_subscriber_timeout_ms(struct vsm_subscriber *s);
int vsm_subscriber_process(struct vsm_subscriber *s);

// --- Queries -------------------------------------------------------------------------------------------------------

struct vsm_query;

// Called once for each question: err 0 with the reply (valid during the call; reply->error is not empty where the
// daemon could not answer), or VSM_CLIENT_ETIMEOUT or VSM_CLIENT_EFORMAT with NULL.
typedef void vsm_query_fn(void *ctx, int err, const struct Vsm__V1__Reply *reply);

struct vsm_query_options {
  const char *query;
  const struct vsm_keys *keys; // NULL: unencrypted
  unsigned timeout_ms;         // 5,000
  void *zmq_context;
};

int vsm_query_create(const struct vsm_query_options *options, struct vsm_query **out);
void vsm_query_destroy(struct vsm_query *q); // NULL-safe; questions that are open are forgotten, uncalled
// Questions may be asked ahead: answers come in any order.
int vsm_query_ask(struct vsm_query *q, const struct Vsm__V1__Request *request, vsm_query_fn *fn, void *ctx);
size_t vsm_query_pending(const struct vsm_query *q);
int vsm_query_fd(const struct vsm_query *q);
int vsm_query_timeout_ms(struct vsm_query *q);
int vsm_query_process(struct vsm_query *q);

#ifdef __cplusplus
}
#endif
