// What libvsm's sockets need of keys.
#pragma once
#include "base/key.h"

// Both NULL: unencrypted.
struct vsm_keys {
  struct vsm_key *own, *server; // ours; of the server alone its public one
};
