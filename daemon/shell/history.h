// history.db is brought to where the journal stands, by the process that reads it.
#pragma once
#include "shell/recovery.h"

struct vsm_chronicle;

// Before the journal is read. NULL: it cannot be done, which was logged. The directory is borrowed.
struct vsm_chronicle *vsm_chronicle_begin(const char *directory);
void vsm_chronicle_end(struct vsm_chronicle *c); // NULL-safe; unfinished, nothing was changed
// What the recovery is to call meanwhile, with the chronicle as ctx.
void vsm_chronicle_on_sealed(void *ctx, const struct vsm_recovery_sealed *sealed);
void vsm_chronicle_on_anew(void *ctx);
// When it was read. 0, also where nothing came; or a negative enum vsm_err, logged.
int vsm_chronicle_finish(struct vsm_chronicle *c, const struct vsm_recovered *r);
