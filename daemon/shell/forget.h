// What the journal still knows of items that were forgotten is found, and put in other words.
#pragma once
#include "store/journal.h"

// Where something is to be forgotten (a file `forgetting` is there) and the older checkpoint lies behind the order:
// reads the whole journal, and leaves in forget.records what is to stand there instead of its records
// (store/rewrite.h); an empty file where nothing is found any more. `kept`: the configuration in force, for records
// before the first that is kept. 0, or a negative enum vsm_err, logged.
int vsm_forget_look(const char *directory, struct vsm_str kept);
