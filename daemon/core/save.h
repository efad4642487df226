// The state as bytes, and back: what the figures follow from, and what depends on the order in which events came.
// Figures are not in it; they are folded anew from the items. The same state gives the same bytes.
//
// In sections, each begun by its number (enum vsm_section) and its version:
//
//   words    interned strings, by their numbers
//   time     whether there is a now, and now
//   ledger   counts, sources with their sequences and delays, what was unmapped, what was rejected
//   stream   for each: id, ids of its stages by place, those of sleeping ones; values of attributes, and reasons of
//            waits by stage, in the order in which they came; items by their places
//   silences
//   sealed   of a stream: counts of items that are held no more
//   room     for how many items there is memory, where that is bounded
//   alerts   what was heard of sources, the lives of alerts that are not quiet, those that are over
//   end
#pragma once
#include "core/bytes.h"
#include "core/core.h"

// 0, or what `put` returned.
int vsm_core_save(const struct vsm_core *core, vsm_bytes_fn *put, void *ctx);

struct vsm_loading;

// Both are borrowed until it is destroyed; the model is the one that the state was of. NULL: out of memory.
struct vsm_loading *vsm_loading_create(const struct vsm_model *model, struct vsm_str bytes);
void vsm_loading_destroy(struct vsm_loading *l); // NULL-safe
// Goes on by so many items. 1: there is more; 0: done; VSM_EFORMAT: these bytes are no state of this model, VSM_ENOMEM.
int vsm_loading_go_on(struct vsm_loading *l, size_t items);
unsigned vsm_loading_percent(const struct vsm_loading *l);
struct vsm_core *vsm_loading_take(struct vsm_loading *l); // when it is done, once; the caller's
