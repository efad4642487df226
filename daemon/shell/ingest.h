// Events in: the subscribe sockets (fire and forget) and the submit socket (acked).
#pragma once
#include "core/core.h"
#include "shell/auth.h"
#include "shell/log.h"
#include "shell/zsock.h"
#include "wire/status.h"

struct vsm_ingest;
struct vsm_config;
struct vsm_journal;

// A transition that an event brought.
typedef void vsm_ingest_change_fn(void *ctx, const struct vsm_change *change, const struct vsm_event *event);

struct vsm_ingest_options {
  struct vsm_zcontext *zcontext;
  struct vsm_loop *loop;
  struct vsm_log_gates *gates;
  struct vsm_auth *auth; // borrowed, as all of these
  // Called before each batch: lets time pass in the core and returns the wall clock.
  struct vsm_time (*pass_time)(void *ctx);
  bool (*wants_changes)(void *ctx); // asked before each batch
  vsm_ingest_change_fn *on_change;
  vsm_loop_fn *on_batch; // after each batch
  void *ctx;
};

struct vsm_ingest *vsm_ingest_create(const struct vsm_ingest_options *options); // NULL: no memory
void vsm_ingest_destroy(struct vsm_ingest *in);                                 // NULL-safe
// Binds and connects as configured; a mistake is logged. 0 or a negative enum vsm_err.
int vsm_ingest_open(struct vsm_ingest *in, const struct vsm_config *config);
// With the keys and the clients in force: the listening sockets anew, so that all clients are cut off and come again.
int vsm_ingest_renew(struct vsm_ingest *in, const struct vsm_config *config, bool submit, bool subscribe);
// After a reload: connects to the sources of the new configuration, lets go of the others; our_key: it is another than
// before. What fails is logged.
int vsm_ingest_follow(struct vsm_ingest *in, const struct vsm_config *config, bool our_key);

// Nothing is received from vsm_ingest_shut() to vsm_ingest_receive(), which says into which journal batches go: NULL:
// none, and acks go out at once. The journal is borrowed.
void vsm_ingest_shut(struct vsm_ingest *in);
void vsm_ingest_receive(struct vsm_ingest *in, struct vsm_journal *journal);
// The journal has news: acks go out, and receiving goes on or stops.
void vsm_ingest_committed(struct vsm_ingest *in);

// Batches wait that were not looked at yet.
bool vsm_ingest_waits(const struct vsm_ingest *in);

void vsm_ingest_set_core(struct vsm_ingest *in, struct vsm_core *core); // borrowed

// Since the start.
struct vsm_ingest_counts {
  uint64_t bad_frames; // refused before they were a batch
  uint64_t acks_lost;  // their clients were gone, or had left too many unread
  uint64_t frames_too_large, batches_too_large;
  uint64_t published_lost; // found missing by their numbers among what sources publish, whatever came late since
};
struct vsm_ingest_counts vsm_ingest_counts(const struct vsm_ingest *in);
void vsm_ingest_tell_bounds(const struct vsm_ingest *in, struct vsm_bounds *out);
size_t vsm_ingest_waiting_bytes(const struct vsm_ingest *in); // records and acks that wait for the disk
