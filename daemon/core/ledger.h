// What became of the events: counted in all and by source, and what was not taken by (source, type) and reason.
#pragma once
#include "base/arena.h"
#include "base/table.h"
#include "core/sketch.h"

struct vsm_ledger;
struct vsm_sequence;

struct vsm_ledger *vsm_ledger_create(const struct vsm_model *model); // borrowed
void vsm_ledger_destroy(struct vsm_ledger *l);
void vsm_ledger_configure(struct vsm_ledger *l, const struct vsm_model *model);

// A source's row; beyond limits.sources that of all others ("other"), but for sources of the configuration. Stays
// valid.
uint32_t vsm_ledger_source(struct vsm_ledger *l, struct vsm_str source);

// A source was heard. delay_us: receipt minus event time; below 0: unknown.
void vsm_ledger_heard(struct vsm_ledger *l, uint32_t source, struct vsm_time received, int64_t delay_us);
// A sequence number arrived; 0: none.
void vsm_ledger_sequence(struct vsm_ledger *l, uint32_t source, uint64_t epoch, uint64_t sequence);
uint64_t vsm_ledger_missing(const struct vsm_ledger *l, uint32_t source); // sequence numbers
struct vsm_str vsm_ledger_source_id(const struct vsm_ledger *l, uint32_t source);
// One event more in received and in its result.
void vsm_ledger_count(struct vsm_ledger *l, uint32_t source, enum vsm_result result);
void vsm_ledger_frames(struct vsm_ledger *l, struct vsm_str source, enum vsm_reason reason, uint64_t events);

void vsm_ledger_unmapped(struct vsm_ledger *l, struct vsm_str source, struct vsm_str type, struct vsm_time received);
void vsm_ledger_rejected(struct vsm_ledger *l, struct vsm_str source, struct vsm_str type, enum vsm_reason reason,
                         struct vsm_str detail);

// What was said for people about events, where these bytes are in it, is not said any more.
void vsm_ledger_forget(struct vsm_ledger *l, struct vsm_str bytes);

// All of it but the limits, and back into an empty one (core/save.h).
void vsm_ledger_save(const struct vsm_ledger *l, struct vsm_out *o);
void vsm_ledger_load(struct vsm_ledger *l, struct vsm_in *in);

// What was seen of a source's numbers, until the next event; NULL: no row is its own.
const struct vsm_sequence *vsm_ledger_numbers(const struct vsm_ledger *l, struct vsm_str source);

struct vsm_filling vsm_ledger_filling(const struct vsm_ledger *l, enum vsm_bounded what); // as vsm_core_filling()
struct vsm_ingest_view vsm_ledger_ingest(const struct vsm_ledger *l);
// As vsm_core_sources() and its sisters in core/view.h.
struct vsm_source_view *vsm_ledger_sources(const struct vsm_ledger *l, struct vsm_arena *arena, size_t *n);
struct vsm_lags_view vsm_ledger_lags(const struct vsm_ledger *l);
struct vsm_unmapped_view *vsm_ledger_list_unmapped(const struct vsm_ledger *l, struct vsm_arena *arena, size_t *n);
struct vsm_rejected_view *vsm_ledger_list_rejected(const struct vsm_ledger *l, struct vsm_arena *arena, size_t *n);
