// What is compared while a scenario runs.
#pragma once
#include "property/reference.h"
#include "property/scenario.h"

struct watch;

struct check {
  FILE *out; // what is wrong is written here
  unsigned wrong;
  struct vsm_core *core;
  struct ref *ref;
  struct vsm_arena *arena;
};

void check_equal(struct check *c, const char *what, const char *name, int64_t expected, int64_t got);

// Everything that the reference knows: figures, items with their visits, counts.
void check_all(struct check *c, const struct vsm_model *model);

// Steps both and compares what became of the event.
void check_step(struct check *c, const struct vsm_model *model, const struct vsm_event *e, struct vsm_effects *fx);

// The pages of open visits of one stream against the reference's items.
void check_rows(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items, size_t n);

// Single finished visits, of the stream or of a stage, in every window; `figures` is what the stream's view must
// be.
void check_visits(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items, size_t n,
                  const struct vsm_stream_view *figures);

// What figures are split by, and what each open visit's pace is.
void check_segments(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items,
                    size_t n);
// The observed map, window by window; `figures` is what the stream's view must be.
void check_map(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items, size_t n,
               const struct vsm_stream_view *figures);
void check_pace(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items, size_t n);

// What holds up the flow, window by window; `figures` as above.
void check_bottleneck(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items,
                      size_t n, const struct vsm_stream_view *figures);

// What is to be expected: of days, and of some of the items.
void check_forecast(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items,
                    size_t n);

// Pictures over time.
void check_series(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items, size_t n);

// Saves the core and loads it again, which goes on in its place.
void check_saved(struct check *c, const struct vsm_model *model, uint64_t seed);

// The balances of all streams.
void check_balances(struct check *c, const struct vsm_model *model);

// Watches the nodes of a core: figures that changed must have been announced, a node's view must be that of its stream.
// Ages and the throughput, which change with time alone, are left aside; expectations, where time went on.
struct watch *watch_create(void);
void watch_destroy(struct watch *w);
void watch_look(struct watch *w, struct check *c, const struct vsm_model *model);
void watch_forget(struct watch *w); // another model
