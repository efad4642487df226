// Inputs that stand one behind the other in one. (tests/lib/daemon_rig.c)
#pragma once
#include <stdbool.h>

#include "base/str.h"

// The next piece of some bytes. Pieces stand apart by FF FE, which no text has, and hardly any number of a message: so
// they can be cut, put elsewhere and repeated. False: there is none any more.
bool daemon_rig_piece(struct vsm_str *rest, struct vsm_str *piece);
