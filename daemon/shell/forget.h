// What the journal still knows of items that were forgotten is found, and put in other words.
#pragma once
#include "store/journal.h"

// A file `forgetting`: while it is there something is to be forgotten that may still stand in the directory. 0 or
// VSM_EIO.
int vsm_forget_mark(const char *directory);
bool vsm_forget_is_marked(const char *directory);
void vsm_forget_unmark(const char *directory);

// Where that is so, and the older checkpoint lies behind the order:
// reads the whole journal, and leaves in forget.records what is to stand there instead of its records
// (store/rewrite.h); an empty file where nothing is found any more. `kept`: the configuration in force, for records
// before the first that is kept. 0, or a negative enum vsm_err, logged.
int vsm_forget_look(const char *directory, struct vsm_str kept);
