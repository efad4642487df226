// Core views -> Publication messages. Ownership and errors as in reply.h. What the topics are: docs/wire.md.
#pragma once
#include "core/model.h"
#include "wire/message.h"
#include "wire/sentence.h"
#include "wire/status.h"

struct vsm_publication {
  uint64_t epoch;       // of the daemon's start
  uint64_t sequence;    // of the topic, from 1
  struct vsm_time time; // the daemon's now
};

// A stream's own figures; view->n_stages is 0.
int vsm_publish_stream(const struct vsm_publication *head, const struct vsm_stream_view *view, struct vsm_arena *arena,
                       struct vsm_message *out);
int vsm_publish_stage(const struct vsm_publication *head, const char *stream, const struct vsm_stage_view *view,
                      struct vsm_arena *arena, struct vsm_message *out);
// source and type are those of the event that brought the change.
int vsm_publish_transition(const struct vsm_publication *head, const struct vsm_model *model,
                           const struct vsm_change *change, struct vsm_str source, struct vsm_str type,
                           struct vsm_arena *arena, struct vsm_message *out);
int vsm_publish_alert(const struct vsm_publication *head, const struct vsm_sentence_context *context,
                      const struct vsm_alert_view *alert, struct vsm_arena *arena, struct vsm_message *out);
int vsm_publish_status(const struct vsm_publication *head, const struct vsm_status_view *status,
                       struct vsm_arena *arena, struct vsm_message *out);
