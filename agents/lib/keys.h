// What libvsm's sockets need of keys.
#pragma once
#include <stdbool.h>

#include "base/key.h"

// Both NULL: unencrypted.
struct vsm_keys {
  struct vsm_key *own, *server; // ours; of the server alone its public one
};

struct vsm_keys_options;
// The keys of a whole program: as vsm_keys_load(), and where there are any, no core dump of it is made. False: they
// cannot be read, which is said on standard error in the program's name.
bool vsm_keys_of_program(const char *program, const struct vsm_keys_options *files, struct vsm_keys **keys);
