// Events out of an HTTP request, after CloudEvents' HTTP binding 1.0: structured (application/cloudevents+json),
// batched (application/cloudevents-batch+json), or binary (ce-* headers, the body is the data).
#pragma once
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "vsm/vsm.h"

enum { VSM_CLOUDEVENTS_MAX = 65536 }; // in a request

struct vsm_cloudevents_request {
  // The value of a header by its name in lower case; NULL: there is none. Valid while the request is read.
  const char *(*header)(void *ctx, const char *name);
  void *ctx;
  const char *body;
  size_t n;
};

struct vsm_cloudevents_refusal {
  size_t index; // place in the request, from 0
  const char *reason, *detail;
};

struct vsm_cloudevents {
  int status;    // 0: read; or the HTTP status of a request that is refused whole: 400, 413, 415
  char why[240]; // of such a one
  struct vsm_emitter_event *events;
  size_t *index; // of each event: its place in the request
  size_t n_events;
  struct vsm_cloudevents_refusal *refusals; // of what is no event, by index
  size_t n_refusals;
  struct vsm_arena arena; // has all of that, but for what the tree has
  json_t *tree;
};

// Fills *out, for _fini() in any case. Nothing of it borrows from the request.
void vsm_cloudevents_read(struct vsm_cloudevents *out, const struct vsm_cloudevents_request *request);
void vsm_cloudevents_fini(struct vsm_cloudevents *c);
