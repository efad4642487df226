// Building protobuf-c's structs from core views; for reply.c and publication.c alone. An arena that is exhausted is
// remembered, so that it is asked for once, at the end.
#pragma once
#include "core/view.h"
#include "vsm/v1/metric.pb-c.h"
#include "wire/message.h"
#include "wire/reply.h"

struct vsm_build {
  struct vsm_arena *arena;
  bool failed;
  vsm_sequence_fn *sequence; // NULL: none
  void *sequence_ctx;
};

// n cleared elements of an array; on failure NULL, with b->failed set.
void *vsm_build_array(struct vsm_build *b, size_t n, size_t size);
char *vsm_build_text(struct vsm_build *b, struct vsm_str s);                                   // copied, with a NUL
char **vsm_build_texts(struct vsm_build *b, const struct vsm_str *s, size_t n, size_t *n_out); // as a list

// A message as its init() leaves it; NULL on failure.
void *vsm_build_message(struct vsm_build *b, const ProtobufCMessageDescriptor *type);
// A repeated message field: the array of pointers that protobuf-c wants, to n such messages; *n_out of them: n, or 0 on
// failure. NULL on failure and where n is 0.
void *vsm_build_list(struct vsm_build *b, size_t n, const ProtobufCMessageDescriptor *type, size_t *n_out);

// These fill in a message.
void vsm_build_segment(struct vsm_build *b, const struct vsm_segment_view *v, Vsm__V1__Segment *out);
void vsm_build_stream(struct vsm_build *b, const struct vsm_stream_view *v, Vsm__V1__ValueStream *out);
void vsm_build_stage(struct vsm_build *b, const char *stream, const struct vsm_stage_view *v, Vsm__V1__Stage *out);
Vsm__V1__Distribution *vsm_build_distribution(struct vsm_build *b, const struct vsm_dist_view *v); // NULL: failed
Vsm__V1__Ingest *vsm_build_ingest(struct vsm_build *b, const struct vsm_ingest_view *v);
void vsm_build_status(struct vsm_build *b, const struct vsm_status_view *v, Vsm__V1__Status *out);

uint64_t vsm_build_nanos(struct vsm_time t);

// Measures; VSM_ENOMEM where the build failed.
int vsm_build_finish(const struct vsm_build *b, const void *content, struct vsm_message *out);
