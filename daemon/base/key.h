// Keys of CURVE, as files hold them: lines like `public_key: "..."` and `secret_key: "..."`, each 40 characters of Z85.
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { VSM_KEY_CHARS = 40, VSM_KEY_WHY_BYTES = 256 };

struct vsm_key {
  char public_key[VSM_KEY_CHARS + 1]; // "": the file does not say it
  char secret_key[VSM_KEY_CHARS + 1]; // "": likewise
  bool exposed;                       // others than its owner and group can read the file
};

bool vsm_key_well_formed(const char *text);

// A file's keys, in memory that is in no core dump. NULL with *why: it cannot be read, or lacks what is needed, which
// is a secret key or else a public one.
struct vsm_key *vsm_key_read(const char *path, bool secret, char why[VSM_KEY_WHY_BYTES]);
void vsm_key_destroy(struct vsm_key *key); // NULL-safe; wiped
