// history.db is brought to where the journal stands.
#pragma once
#include "shell/recovery.h"

// What was recovered has a core. Nothing is done where it stands there already. 0 or a negative enum vsm_err, logged.
int vsm_history_bring(const char *directory, const struct vsm_recovered *r);
