// What several targets share.
#pragma once
#include "core/core.h"

// The bytes as a file; its path, valid until the next call.
const char *fuzz_file(struct vsm_str bytes);

// A directory of this process, which is removed with these files in it (NULL at the end) when the process ends.
const char *fuzz_directory(const char *const *files);

// What must hold of any core: its balances, and that it is the same written as bytes and read again. Returns the one
// that was read, in its place.
void fuzz_check_balances(struct vsm_core *core, const struct vsm_model *model);
struct vsm_core *fuzz_check_saved(struct vsm_core *core, const struct vsm_model *model);
