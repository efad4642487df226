// The newest checkpoint that can be used, as a core. In slices.
#pragma once
#include "shell/recovered.h"
#include "store/journal.h"

struct vsm_resume;

// Both are borrowed; the reader knows the journal that the checkpoints must be of. only_read: nothing is renamed. NULL:
// it failed, and was logged.
struct vsm_resume *vsm_resume_create(const char *directory, const struct vsm_journal_reader *journal, bool only_read);
void vsm_resume_destroy(struct vsm_resume *r); // NULL-safe

// 1: there is more; 0: done, perhaps without a checkpoint; a negative enum vsm_err, logged.
int vsm_resume_go_on(struct vsm_resume *r);
unsigned vsm_resume_percent(const struct vsm_resume *r);
// When it is done, once: core, config, kept, last and checkpoint; core NULL: there is none.
struct vsm_recovered vsm_resume_take(struct vsm_resume *r);
