// Passwords, tokens and keys: read from files that nobody but their owner and group may read, held in memory that is
// wiped, never printed.
#pragma once
#include <stddef.h>

enum { VSM_SECRET_BYTES_MAX = 4096 };

struct vsm_secret {
  char *z;  // NULL: none; NUL-terminated
  size_t n; // without the NUL
};

// The file's text without line ends behind it. NULL, or what is wrong and what is allowed, in `why`.
const char *vsm_secret_read(const char *path, struct vsm_secret *out, char *why, size_t size);
void vsm_secret_wipe(struct vsm_secret *s);
