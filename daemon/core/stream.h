// The live state of one value stream: its items, and the figures that follow from them.
#pragma once
#include "core/edges.h"
#include "core/expect.h"
#include "core/flow.h"
#include "core/items.h"
#include "core/moved.h"
#include "core/segments.h"
#include "core/series.h"
#include "core/waits.h"

struct vsm_stream_state;
struct vsm_guard;

// Counts by node, as bytes. A node is the stream itself (""), a stage (its id) or a way between two (FROM>TO).
struct vsm_asleep {
  char *node;
  struct vsm_blob bytes;
};

// Counts of items that are not held any more (core/sealed.h). They stand in the figures of the stream, too.
struct vsm_sealed {
  struct vsm_stream_state *figures; // without items; NULL: nothing was sealed
  struct vsm_asleep *asleep;        // of nodes that the model does not have (any more)
  size_t n_asleep, cap_asleep;
};

struct vsm_stage_state {
  struct vsm_flow flow;
  struct vsm_ranks open; // open visits by entry
  uint64_t by_state[3];  // of them: queued, active, suspended
  struct vsm_series series;
  struct vsm_waits waits;
  struct vsm_expectings expected;
  int64_t departed_us; // of sealed figures: the newest departure; 0: none
};

struct vsm_stream_state {
  const struct vsm_stream *model; // NULL: the model has it no more; its items sleep
  char *id;
  struct vsm_graph *graph;
  char **sleeping; // ids of stages at places graph->n ..: transitions of theirs are held
  size_t n_sleeping, cap_sleeping;
  struct vsm_items items;
  struct vsm_bands *bands;
  struct vsm_stage_state *stages; // by place
  struct vsm_flow flow;
  struct vsm_series series;
  struct vsm_ranks open; // open items by start
  struct vsm_moved moved;
  struct vsm_expectings expected;
  struct vsm_edges edges;
  struct vsm_attribute *attributes; // of each segment of the model
  unsigned n_attributes;
  unsigned segment_values; // of an attribute, that are told apart
  uint64_t between;
  int64_t first_started; // the earliest start; INT64_MAX: none
  struct vsm_sealed sealed;
  int64_t sealed_us;       // of sealed figures: the newest transition; 0: none
  struct vsm_guard *guard; // of its alerts; NULL: none
};

// Gives a stream its figures, empty; segment_values as in struct vsm_limits. Changes of its ranks wait in the queue:
// settle it before they are read. VSM_ENOMEM or 0.
int vsm_stream_state_init(struct vsm_stream_state *s, const struct vsm_stream *model, unsigned segment_values,
                          struct vsm_intern *words, struct vsm_ranks_queue *queue, int64_t now_us);
// One that the model has no more: no figures, no items yet.
void vsm_stream_state_init_gone(struct vsm_stream_state *s, struct vsm_str id, struct vsm_intern *words);
void vsm_stream_state_fini(struct vsm_stream_state *s);

// An item's value of each attribute, as in its story.
void vsm_stream_segments(const struct vsm_stream_state *s, const struct vsm_item *it, uint32_t *segments);
// Folds an item, the transition at `but` of its log left out (VSM_FOLD_ALL: none).
void vsm_stream_fold(const struct vsm_stream_state *s, const struct vsm_item *it, size_t but, struct vsm_story *out);
// Folds it without and with the transition at `at` of its log.
void vsm_stream_fold_both(const struct vsm_stream_state *s, const struct vsm_item *it, size_t at,
                          struct vsm_retold *out);
// Folds an item whose figures were never counted, and counts them.
void vsm_stream_add(struct vsm_stream_state *s, uint32_t item, struct vsm_retold *scratch);
// Takes back what an item had contributed and adds what it contributes now.
void vsm_stream_replace(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r);
// Lets the windows follow now.
void vsm_stream_advance(struct vsm_stream_state *s, int64_t now_us);
// When the start of a window moves next; INT64_MAX: never.
int64_t vsm_stream_deadline(const struct vsm_stream_state *s, int64_t now_us);
