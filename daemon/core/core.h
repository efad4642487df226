// The machine. Deterministic: same model, same events with the same receipt times, same state. No clock, no I/O, no
// threads. One event: vsm_core_step(). When to look again: vsm_core_deadline(), then vsm_core_advance().
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/event.h"
#include "core/model.h"

struct vsm_core;

// The core borrows the model until it is destroyed or given another. NULL: out of memory.
struct vsm_core *vsm_core_create(const struct vsm_model *model);
void vsm_core_destroy(struct vsm_core *core); // NULL-safe

// Takes another model: all held items are folded anew under it; streams and stages are known by id (and `was`). The
// old model is not used any more after return. On error (VSM_ENOMEM, VSM_ELIMIT: too many stages, those remembered
// for their held transitions included) the core is unchanged.
int vsm_core_configure(struct vsm_core *core, const struct vsm_model *model);

enum vsm_result { VSM_APPLIED, VSM_DUPLICATE, VSM_UNMAPPED, VSM_IGNORED, VSM_REJECTED };
const char *vsm_result_name(enum vsm_result r); // "applied", ...

// A transition that was new to its item.
struct vsm_change {
  unsigned stream; // index in the model
  int stage;       // index as declared; -1: of the item
  enum vsm_lifecycle lifecycle;
  struct vsm_time time;
  struct vsm_str item; // key; valid until the next call into the core
};

// What one event did. Reuse one: vsm_core_step() overwrites it.
struct vsm_effects {
  enum vsm_result result;
  enum vsm_reason reason; // of VSM_REJECTED
  char detail[160];       // of VSM_REJECTED, for people
  bool quiet;             // set by the caller: changes are not wanted
  struct vsm_change *changes;
  unsigned n_changes, cap_changes;
};
void vsm_effects_fini(struct vsm_effects *fx);

// Applies one event. Returns 0 (see fx->result: a refused event is no error), or VSM_ENOMEM with the state unchanged.
int vsm_core_step(struct vsm_core *core, const struct vsm_event *event, struct vsm_effects *fx);

// Applies events in order, each as vsm_core_step() does; `done` (NULL: nobody) is told of each. Looks ahead, so that
// what the next ones touch is on its way from memory. VSM_ENOMEM: the first of them were applied, and `done` told; the
// others were not.
typedef void vsm_core_done(void *ctx, const struct vsm_event *event, const struct vsm_effects *fx);
int vsm_core_step_all(struct vsm_core *core, const struct vsm_event *events, size_t n, struct vsm_effects *fx,
                      vsm_core_done *done, void *ctx);

// Ends an item that was abandoned, called by any of its keys (stream -1: any), as a withdraw event would, now. Told in
// *fx like a step. Nothing changed unless 0: VSM_ENOENT; VSM_EAMBIGUOUS: several streams know the key (*streams: a bit
// set of the first 64 of them); VSM_EINVAL: it is not in progress; VSM_ELIMIT: it has no room for a transition.
int vsm_core_withdraw(struct vsm_core *core, int stream, struct vsm_str key, struct vsm_effects *fx, uint64_t *streams);

// Lets go of all that is held of an item, after ending it where it is open; its counts stay. *keys: those that it had
// (VSM_LINKS_MAX at most), in the arena; *at: its stream. As vsm_core_withdraw(), or VSM_ENOMEM.
int vsm_core_forget(struct vsm_core *core, int stream, struct vsm_str key, struct vsm_arena *arena,
                    struct vsm_effects *fx, const struct vsm_str **keys, unsigned *n_keys, unsigned *at,
                    uint64_t *streams);
// Has an item of a stream (-1: any) the key?
bool vsm_core_knows(const struct vsm_core *core, int stream, struct vsm_str key);
// Where none has: what else names it.
void vsm_core_forget_key(struct vsm_core *core, int stream, struct vsm_str key);

// A batch without events: a sign of life. Counts nothing.
int vsm_core_alive(struct vsm_core *core, struct vsm_str source, struct vsm_time received);

// A frame that was no batch: counts in received and rejected, since the start only.
void vsm_core_refuse_frame(struct vsm_core *core, struct vsm_str source, enum vsm_reason reason, uint64_t events);

// For how many items there is memory: no more are held from now on, whatever limits.items says; 0: for as many as that.
// Part of the state.
void vsm_core_set_room(struct vsm_core *core, uint64_t items);
uint64_t vsm_core_room(const struct vsm_core *core);

// Told of each item that is about to be let go of, which is at this place (vsm_core_next_item()); it may look at items,
// and change nothing. NULL: nobody is. Belongs to the process, not to the state.
typedef void vsm_core_sealed_fn(void *ctx, struct vsm_core *core, unsigned stream, uint32_t place);
void vsm_core_on_sealed(struct vsm_core *core, vsm_core_sealed_fn *fn, void *ctx);

// Wall clock: runs the time steps that are due by `wall`, each with its own time; now never goes back. With the event
// clock only events move now and this does nothing.
void vsm_core_advance(struct vsm_core *core, struct vsm_time wall);
// When the next time step is due; VSM_TIME_NEVER: nothing waits for time.
struct vsm_time vsm_core_deadline(const struct vsm_core *core);
// Event clock: nothing may ever come that moves time to the next whole minute, so what alerts look at then is looked at
// now. False: nothing waited for it, and nothing was done.
bool vsm_core_look(struct vsm_core *core);
// Now, as docs/concepts.md says it; {0} before the first accepted event with the event clock.
struct vsm_time vsm_core_now(const struct vsm_core *core);
