// That a stream has no such attribute is known by its refusal alone.
#include "agents/ask/segmented.h"

#include <stdio.h>

#include "agents/ask/copy.h"

void vsm_segments_request(Vsm__V1__SegmentsRequest *out, const char *stream, const char *stage, const char *attribute,
                          const char *value) {
  vsm__v1__segments_request__init(out);
  out->stream = (char *)stream;
  out->stage = (char *)stage;
  out->attribute = (char *)attribute;
  out->value = (char *)value;
}

// Streams before `kept` are done, those from `stream` on are not yet; none is in between but those that were left out.
static bool next(struct vsm_inquiry *inquiry, Vsm__V1__Request *out) {
  struct vsm_segmented *f = (struct vsm_segmented *)inquiry;
  if (*inquiry->why)
    return false;
  if (!f->snapshot) {
    vsm__v1__snapshot_request__init(&f->snapshot_request);
    f->snapshot_request.stream = (char *)f->o.stream;
    out->kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
    out->snapshot = &f->snapshot_request;
    return true;
  }
  if (!f->o.segments || f->stream >= f->snapshot->n_value_streams)
    return false;
  const Vsm__V1__ValueStream *s = f->snapshot->value_streams[f->stream];
  vsm_segments_request(&f->segments_request, s->id, f->stage ? s->stages[f->stage - 1]->id : "", f->o.attribute,
                       f->o.value);
  out->kind_case = VSM__V1__REQUEST__KIND_SEGMENTS;
  out->segments = &f->segments_request;
  return true;
}

static void keep_stream(struct vsm_segmented *f) {
  Vsm__V1__ValueStream **streams = f->snapshot->value_streams;
  streams[f->kept++] = streams[f->stream++];
  f->stage = 0;
}

static void leave_out_stream(struct vsm_segmented *f, const char *why) {
  vsm_drop(f->snapshot->value_streams[f->stream++]);
  if (!*f->refusal)
    snprintf(f->refusal, sizeof f->refusal, "%s", why);
}

// After the last stream: what is left.
static bool finish(struct vsm_segmented *f) {
  size_t n = f->snapshot->n_value_streams;
  if (f->stream < n)
    return true;
  f->snapshot->n_value_streams = f->stream = f->kept;
  return f->kept > 0 || n == 0 || vsm_inquiry_fail(&f->inquiry, "%s", f->refusal);
}

static bool take_segments(struct vsm_segmented *f, const Vsm__V1__Reply *reply) {
  Vsm__V1__ValueStream *s = f->snapshot->value_streams[f->stream];
  Vsm__V1__Stage *stage = f->stage ? s->stages[f->stage - 1] : NULL;
  if (*reply->error) {
    leave_out_stream(f, reply->error);
    return finish(f);
  }
  if (!vsm_inquiry_granted(&f->inquiry, reply, VSM__V1__REPLY__KIND_SEGMENTS))
    return false;
  vsm_copy_segments(stage ? &stage->segments : &s->segments, stage ? &stage->n_segments : &s->n_segments,
                    reply->segments->segments, reply->segments->n_segments);
  if (++f->stage > s->n_stages)
    keep_stream(f);
  return finish(f);
}

static bool take(struct vsm_inquiry *inquiry, const Vsm__V1__Reply *reply) {
  struct vsm_segmented *f = (struct vsm_segmented *)inquiry;
  if (f->snapshot)
    return take_segments(f, reply);
  if (!vsm_inquiry_granted(inquiry, reply, VSM__V1__REPLY__KIND_SNAPSHOT))
    return false;
  f->snapshot = vsm_copy(&reply->snapshot->base);
  return true;
}

// What is between `kept` and `stream` is gone already.
static void destroy(struct vsm_inquiry *inquiry) {
  struct vsm_segmented *f = (struct vsm_segmented *)inquiry;
  if (f->snapshot) {
    size_t n = f->kept;
    for (size_t i = f->stream; i < f->snapshot->n_value_streams; i++)
      f->snapshot->value_streams[n++] = f->snapshot->value_streams[i];
    f->snapshot->n_value_streams = n;
  }
  vsm_drop(f->snapshot);
  f->snapshot = NULL;
}

void vsm_segmented_init(struct vsm_segmented *f, const struct vsm_segmented_options *o) {
  *f = (struct vsm_segmented){.inquiry = {.next = next, .take = take, .destroy = destroy}, .o = *o};
}
