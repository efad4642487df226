// A question for each node, so that no answer holds the daemon for long; what comes in between two of them makes their
// figures differ by that much. That a stream has no such attribute is known by its refusal alone.
#include "segments.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "copy.h"
#include "text.h"

bool vsm_segment_parse(const char *text, struct vsm_segment_wanted *out) {
  const char *equals = text ? strchr(text, '=') : NULL;
  *out = (struct vsm_segment_wanted){0};
  if (text && (!equals || equals == text || equals[1] == '\0')) {
    fprintf(stderr, "vsm: --segment %s; allowed: ATTRIBUTE=VALUE, as region=north\n", text);
    return false;
  }
  out->attribute = vsm_mem_need(text ? strndup(text, (size_t)(equals - text)) : strdup(""), 0);
  out->value = vsm_mem_copy(vsm_str_of(text ? equals + 1 : ""));
  return true;
}

void vsm_segment_fini(struct vsm_segment_wanted *w) {
  free(w->attribute);
  free(w->value);
  *w = (struct vsm_segment_wanted){0};
}

void vsm_segments_request(Vsm__V1__SegmentsRequest *out, const char *stream, const char *stage,
                          const struct vsm_segment_wanted *wanted) {
  vsm__v1__segments_request__init(out);
  out->stream = (char *)stream;
  out->stage = (char *)stage;
  out->attribute = wanted->attribute;
  out->value = wanted->value;
}

struct node {
  Vsm__V1__Segment ***segments;
  size_t *n;
  bool refused;
  char *why; // of the first refusal of all
};

static int take(void *ctx, const Vsm__V1__Reply *reply) {
  struct node *node = ctx;
  node->refused = *reply->error;
  if (node->refused && !node->why)
    node->why = vsm_mem_copy(vsm_str_of(reply->error));
  if (!node->refused)
    vsm_copy_segments(node->segments, node->n, reply->segments->segments, reply->segments->n_segments);
  return VSM_DONE;
}

static int ask_node(struct vsm_talk *talk, const char *stream, const char *stage,
                    const struct vsm_segment_wanted *wanted, struct node *node) {
  Vsm__V1__SegmentsRequest ask_for;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  vsm_segments_request(&ask_for, stream, stage, wanted);
  r.kind_case = VSM__V1__REQUEST__KIND_SEGMENTS;
  r.segments = &ask_for;
  return vsm_talk_try(talk, &r, take, node);
}

// The stream's own ones tell whether it has the attribute.
static int ask_stream(struct vsm_talk *talk, Vsm__V1__ValueStream *s, const struct vsm_segment_wanted *wanted,
                      struct node *node) {
  node->segments = &s->segments;
  node->n = &s->n_segments;
  int status = ask_node(talk, s->id, "", wanted, node);
  for (size_t i = 0; i < s->n_stages && status == VSM_DONE && !node->refused; i++) {
    node->segments = &s->stages[i]->segments;
    node->n = &s->stages[i]->n_segments;
    status = ask_node(talk, s->id, s->stages[i]->id, wanted, node);
  }
  return status;
}

int vsm_segments_ask(struct vsm_talk *talk, Vsm__V1__Snapshot *snapshot, const struct vsm_segment_wanted *wanted) {
  struct node node = {0};
  size_t kept = 0, n = snapshot->n_value_streams;
  int status = VSM_DONE;
  for (size_t i = 0; i < n; i++) {
    Vsm__V1__ValueStream *s = snapshot->value_streams[i];
    node.refused = false;
    if (status == VSM_DONE)
      status = ask_stream(talk, s, wanted, &node);
    if (node.refused)
      vsm_drop(s);
    else
      snapshot->value_streams[kept++] = s;
  }
  snapshot->n_value_streams = kept;
  if (status == VSM_DONE && kept == 0 && n > 0) {
    vsm_say_refusal(node.why);
    status = VSM_FAILED;
  }
  free(node.why);
  return status;
}
