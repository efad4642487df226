// Bytes as a request: the first says which of the three ways it comes, and in the binary one each header is a line of
// the rest, the body what follows the first empty one. What is read has a place of its own each, has what an event
// needs, and is within the limits; what is refused says why.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agents/web/cloudevents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS = 6 };

struct input {
  const char *type;
  char *headers[HEADERS]; // NULL: none
};

static const char *find(void *ctx, const char *name) {
  static const char *const names[HEADERS] = {"ce-specversion", "ce-source",  "ce-id",
                                             "ce-type",        "ce-subject", "ce-time"};
  const struct input *in = ctx;
  if (strcmp(name, "content-type") == 0)
    return in->type;
  for (int i = 0; i < HEADERS; i++)
    if (strcmp(name, names[i]) == 0)
      return in->headers[i];
  assert(!"a header that nobody has");
  return NULL;
}

// Returns how many bytes the headers took.
static size_t take_headers(struct input *in, const char *p, size_t n) {
  size_t at = 0;
  for (int i = 0; i < HEADERS && at < n; i++) {
    const char *end = memchr(p + at, '\n', n - at);
    size_t length = end ? (size_t)(end - (p + at)) : n - at;
    if (length == 0)
      return at + 1 < n ? at + 1 : n;
    in->headers[i] = strndup(p + at, length);
    at += length + (end != NULL);
  }
  return at;
}

static void check_event(const struct vsm_emitter_event *e) {
  assert(e->source && *e->source && e->type && *e->type && e->id && e->subject);
  assert(e->n_data <= 256);
  for (size_t i = 0; i < e->n_data; i++)
    assert(e->data[i].key && e->data[i].value);
}

static void check(const struct vsm_cloudevents *c) {
  assert(c->status == 0 || c->status == 400 || c->status == 413 || c->status == 415);
  assert((c->status != 0) == (*c->why != '\0'));
  assert(c->status == 0 || c->n_events + c->n_refusals == 0);
  size_t n = c->status ? 0 : json_array_size(c->tree), e = 0, r = 0;
  assert(c->n_events + c->n_refusals == n && n <= VSM_CLOUDEVENTS_MAX);
  for (size_t i = 0; i < n; i++)
    if (e < c->n_events && c->index[e] == i)
      check_event(&c->events[e++]);
    else
      assert(c->refusals[r].index == i && *c->refusals[r].reason && *c->refusals[r++].detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const types[] = {"application/cloudevents+json", "application/cloudevents-batch+json",
                                      "application/json", NULL};
  if (size == 0)
    return 0;
  struct input in = {.type = types[data[0] % 4]};
  struct vsm_cloudevents c;
  const char *p = (const char *)data + 1;
  size_t n = size - 1, at = data[0] % 4 < 2 ? 0 : take_headers(&in, p, n);
  vsm_cloudevents_read(&c, &(struct vsm_cloudevents_request){find, &in, p + at, n - at});
  check(&c);
  vsm_cloudevents_fini(&c);
  for (int i = 0; i < HEADERS; i++)
    free(in.headers[i]);
  return 0;
}
