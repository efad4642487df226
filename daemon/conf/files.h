// Files that a configuration is read from.
#pragma once
#include "conf/reader.h"

// All bytes of a file in the arena, with a NUL behind them, or NULL with *why.
char *vsm_conf_bytes(struct vsm_conf_reader *r, const char *path, size_t *n, const char **why);
// The whole text of a file in the arena, with a NUL behind it; NULL after a complaint about `w`.
char *vsm_conf_file(struct vsm_conf_reader *r, const struct vsm_conf_word *w, const char *path, size_t *n);
// A path as the configuration gives it: relative to its file.
const char *vsm_conf_beside(struct vsm_conf_reader *r, const char *path);
