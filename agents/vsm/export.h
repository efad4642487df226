// What the formats of `vsm export` share. Each writes events, and finished visits, as they come.
#pragma once
#include <stdio.h>

#include "core/view.h"
#include "statedir.h"

struct vsm_exporting {
  const char *directory;
  FILE *out;
  struct vsm_recovered state; // of formats and kinds that need the items; core NULL else
  struct vsm_kept_reading kept;
  struct vsm_progress progress;
  struct vsm_arena arena; // of one event or item
  uint64_t n;             // written
  uint64_t replaced;      // texts with characters that the format cannot hold
};

// Each VSM_DONE or VSM_FAILED, said. They differ in what they call things alone.
typedef int vsm_export_fn(struct vsm_exporting *x);
vsm_export_fn vsm_export_csv_events, vsm_export_csv_visits, vsm_export_jsonl_events, vsm_export_jsonl_visits,
    vsm_export_xes_events, vsm_export_xes_visits, vsm_export_ocel_events, vsm_export_ocel_visits;

// Reads all events, with progress from one share of the work to another (0 to 1).
struct vsm_export_span {
  double from, to;
};
int vsm_export_each_event(struct vsm_exporting *x, struct vsm_export_span span,
                          int (*on_event)(void *ctx, const struct vsm_kept_event *e), void *ctx);

// Each item that is held, and each finished visit of it; the first visit has number 1. Other than 0 ends it.
struct vsm_export_visit {
  const struct vsm_stream *stream;
  const struct vsm_item_view *item;
  const struct vsm_visit_view *visit;
  unsigned number; // among the item's visits
};
int vsm_export_each_item(struct vsm_exporting *x, int (*on_item)(void *ctx, const struct vsm_item_view *item),
                         void *ctx);
int vsm_export_each_visit(struct vsm_exporting *x, int (*on_visit)(void *ctx, const struct vsm_export_visit *v),
                          void *ctx);

// Which items an event is about, by the rules in force: each once, in the order of the rules. In the arena, which is
// reset first.
struct vsm_export_part {
  unsigned stream;
  struct vsm_str item; // as it is shown
  const char *stage;   // "": the item itself
  const char *lifecycle;
};
size_t vsm_export_parts(struct vsm_exporting *x, const struct vsm_event *e, struct vsm_export_part **parts);

// Of a key that an event has twice the last holds: is there a later one?
bool vsm_export_is_hidden(const struct vsm_event *e, uint32_t attribute);
// "2025-01-31T12:00:05.25Z", with as many digits as it takes.
enum { VSM_EXPORT_TIME_BYTES = 40 };
const char *vsm_export_time(uint64_t unix_nano, char out[VSM_EXPORT_TIME_BYTES]);
// "12.5", "0": seconds with at most six digits behind the point.
const char *vsm_export_seconds(int64_t us, char out[VSM_EXPORT_TIME_BYTES]);
