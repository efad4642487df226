// Core views -> Reply messages. Each takes its scratch and the message from the arena, borrows what the views point
// to until the message is packed, and returns 0 or VSM_ENOMEM.
#pragma once
#include "core/bottleneck.h"
#include "core/forecast.h"
#include "core/map.h"
#include "core/model.h"
#include "wire/message.h"
#include "wire/sentence.h"
#include "wire/status.h"

// The number of the last publication under a node's topic, 0: none yet. stage NULL: the stream's own topic.
typedef uint64_t vsm_sequence_fn(void *ctx, const char *stream, const char *stage);

struct vsm_snapshot_view {
  struct vsm_time time; // the daemon's now; {0}: none yet
  uint64_t epoch;
  struct vsm_ingest_view ingest;
  const struct vsm_stream_view *streams;
  size_t n_streams;
  vsm_sequence_fn *sequence;
  void *sequence_ctx;
};

int vsm_reply_error(const char *text, struct vsm_arena *arena, struct vsm_message *out); // text not empty
int vsm_reply_snapshot(const struct vsm_snapshot_view *view, struct vsm_arena *arena, struct vsm_message *out);
int vsm_reply_items(const struct vsm_model *model, const struct vsm_item_row *rows, size_t n, struct vsm_str cursor,
                    struct vsm_arena *arena, struct vsm_message *out);
struct vsm_visits_of {
  const char *stream, *stage, *window; // stage: "" for none
};
int vsm_reply_visits(const struct vsm_visits_of *of, const struct vsm_visits_view *view, struct vsm_arena *arena,
                     struct vsm_message *out);
int vsm_reply_item(const struct vsm_model *model, const struct vsm_item_view *item, struct vsm_arena *arena,
                   struct vsm_message *out);
struct vsm_series_view {
  const char *stream, *stage, *window; // stage, window: "" for none
  struct vsm_series_picture picture;
};
int vsm_reply_series(const struct vsm_series_view *view, struct vsm_arena *arena, struct vsm_message *out);
int vsm_reply_segments(const struct vsm_segment_view *rows, size_t n, struct vsm_arena *arena, struct vsm_message *out);
int vsm_reply_edges(struct vsm_time now, const struct vsm_map_view *map, struct vsm_arena *arena,
                    struct vsm_message *out);
int vsm_reply_bottleneck(struct vsm_time now, const struct vsm_bottleneck_view *streams, size_t n,
                         struct vsm_arena *arena, struct vsm_message *out);
int vsm_reply_forecast(struct vsm_time now, const struct vsm_forecast_query *query,
                       const struct vsm_forecast_view *view, struct vsm_arena *arena, struct vsm_message *out);
int vsm_reply_unmapped(const struct vsm_unmapped_view *rows, size_t n, struct vsm_arena *arena,
                       struct vsm_message *out);
int vsm_reply_rejected(const struct vsm_rejected_view *rows, size_t n, struct vsm_arena *arena,
                       struct vsm_message *out);
int vsm_reply_sources(const struct vsm_source_view *rows, size_t n, struct vsm_arena *arena, struct vsm_message *out);
int vsm_reply_status(const struct vsm_status_view *status, struct vsm_arena *arena, struct vsm_message *out);
int vsm_reply_reloaded(const char *configuration, struct vsm_arena *arena, struct vsm_message *out);
struct vsm_alerts_view {
  struct vsm_sentence_context context;
  uint64_t epoch;
  const struct vsm_alert_view *alerts;
  size_t n_alerts;
  const struct vsm_silence_view *silences;
  size_t n_silences;
};
int vsm_reply_alerts(const struct vsm_alerts_view *view, struct vsm_arena *arena, struct vsm_message *out);
// item, stream: "" for none; id: 0 for none
int vsm_reply_done(struct vsm_str item, const char *stream, uint64_t id, struct vsm_arena *arena,
                   struct vsm_message *out);
