// What items leave behind that are not held any more: their counts. They stand in the figures of their stream like all
// others, and a second time by themselves, so that they are known apart where figures are made anew out of the items
// that are held: under another model, and from a checkpoint.
#pragma once
#include "core/stream.h"

// Where the figures of a stream are made, or added to.
struct vsm_sealing {
  struct vsm_intern *words;
  struct vsm_ranks_queue *queue;
  int64_t now_us;
};

// Counts an item's story, which stands in the stream's figures already, among those that were sealed.
void vsm_sealed_add(struct vsm_stream_state *s, const struct vsm_sealing *how, const struct vsm_story *story);
void vsm_sealed_fini(struct vsm_sealed *sealed);
void vsm_sealed_advance(struct vsm_stream_state *s, int64_t now_us);
bool vsm_sealed_any(const struct vsm_stream_state *s);

// Marks the words, by number, that the bytes of nodes say which the model does not have.
void vsm_sealed_mark_words(const struct vsm_sealed *sealed, const struct vsm_intern *words, bool *used);

// All of them as bytes, and added to a stream's figures. Stages are known by their ids; of an expectation that is not
// what it was, and of a segment that is none any more, nothing is taken.
void vsm_sealed_save(const struct vsm_stream_state *s, struct vsm_out *o);
void vsm_sealed_load(struct vsm_stream_state *s, const struct vsm_sealing *how, struct vsm_in *in);
