// Maps the whole kept journal anew under the configuration in force, beside the running daemon: `vsm rebuild`. A thread
// of its own reads the journal into a second core, which shares nothing with the loop; when it is nearly level with the
// live one the loop takes it, receives nothing while it steps through the last records, and hands it over.
#pragma once
#include "shell/loop.h"
#include "shell/recovery.h"

struct vsm_rebuild;

struct vsm_rebuild_options {
  struct vsm_loop *loop;
  const char *directory;       // borrowed
  struct vsm_journal *journal; // borrowed
  // Nothing is received while the last records are stepped through.
  void (*hold)(void *ctx, bool held);
  // The second core is level: it is recorded, and changes places with the live one and its configuration (which may be
  // NULL). Returns the position of the record, or a negative enum vsm_err where nothing has changed.
  int64_t (*on_level)(void *ctx, struct vsm_recovered *built, uint64_t epoch);
  void *ctx;
};

struct vsm_rebuild *vsm_rebuild_create(const struct vsm_rebuild_options *options); // NULL: no memory
void vsm_rebuild_destroy(struct vsm_rebuild *r);                                   // NULL-safe; ends what is under way

// Begins. partial: although the journal does not begin with its first record any more. 0, or a negative enum vsm_err
// with words for people in `why`.
int vsm_rebuild_start(struct vsm_rebuild *r, const struct vsm_config *config, bool partial,
                      struct vsm_journal_why *why);
// What is under way is given up. After return nothing of the configuration that was in force is in use here.
void vsm_rebuild_cancel(struct vsm_rebuild *r, const char *why);
void vsm_rebuild_look(struct vsm_rebuild *r);             // the journal has news
bool vsm_rebuild_is_running(const struct vsm_rebuild *r); // and needs the journal as it is

// How it fares; state "": none was asked for since the start.
struct vsm_rebuild_view {
  const char *state; // "reading", "catching up", "recording"; "done", "failed"
  unsigned percent;
  const char *why;   // of "failed"
  uint64_t position; // of "done": of its record
};
struct vsm_rebuild_view vsm_rebuild_view(const struct vsm_rebuild *r);
