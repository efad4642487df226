// What an alert says to a person: what is so and where, since when, against which rule; what would end it, and where to
// look. Composed from the alert's view alone, so that the same alert reads the same everywhere.
#pragma once
#include "base/arena.h"
#include "core/alert.h"

// Since when a source is silent; {0}: it is not, or nobody knows.
typedef struct vsm_time vsm_silent_since_fn(void *ctx, struct vsm_str source);

// What a sentence needs beside the alert.
struct vsm_sentence_context {
  const struct vsm_model *model; // in force
  struct vsm_time now;
  vsm_silent_since_fn *silent_since; // NULL: not told
  void *ctx;
};

// In the arena.
struct vsm_sentences {
  const char *reason;    // a sentence or two
  const char *ends_when; // of what is over: what ended it
  const char *look;      // a command
  const char *rule;      // as configured: "stall_after 3wd"
};
// 0 or VSM_ENOMEM.
int vsm_sentences(const struct vsm_sentence_context *context, const struct vsm_alert_view *alert,
                  struct vsm_arena *arena, struct vsm_sentences *out);

// Where an alert is, in the model in force; both NULL: nowhere any more, or a source's.
struct vsm_alert_node {
  const struct vsm_stream *stream;
  const struct vsm_stage *stage; // NULL: the stream's own
};
struct vsm_alert_node vsm_alert_node(const struct vsm_model *model, const struct vsm_alert_view *alert);
// The working day by which ages of its items are told; 0: elapsed time.
int64_t vsm_alert_age_day_us(const struct vsm_model *model, const struct vsm_alert_view *alert);
