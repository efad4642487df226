// What several targets share.
#pragma once
#include "conf/conf.h"
#include "core/core.h"

// Pieces of an input stand apart by FF FE, which no text has, and hardly any number of a message: so they can be cut,
// put elsewhere and repeated. False: there is none any more.
bool fuzz_piece(struct vsm_str *rest, struct vsm_str *piece);

// The bytes as a file; its path, valid until the next call.
const char *fuzz_file(struct vsm_str bytes);

// A directory of this process, which is removed with these files in it (NULL at the end) when the process ends.
const char *fuzz_directory(const char *const *files);

// One of some configurations that follow each other: stages go, come and get other names, thresholds and calendars
// change. Parsed once.
enum { FUZZ_CONFIGURATIONS = 3 };
const struct vsm_config *fuzz_configuration(unsigned which);

// What must hold of any core: its balances, and that it is the same written as bytes and read again. Returns the one
// that was read, in its place.
void fuzz_check_balances(struct vsm_core *core, const struct vsm_model *model);
struct vsm_core *fuzz_check_saved(struct vsm_core *core, const struct vsm_model *model);
