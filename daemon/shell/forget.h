// What the journal still knows of items that were forgotten is found, and put in other words.
#pragma once
#include <stdbool.h>

#include "store/journal.h"

// Calls for each key of each order that the journal has from one position through another. 0; what the call gave that
// was not 0; VSM_ENOENT: the journal begins behind the first; VSM_EIO, VSM_ENOMEM.
typedef int vsm_forget_order_fn(void *ctx, struct vsm_str stream, struct vsm_str key);
int vsm_forget_orders(const char *directory, uint64_t from, uint64_t through, vsm_forget_order_fn *fn, void *ctx);

// Where something is to be forgotten (store/forgetting.h), and the older checkpoint lies behind the order:
// reads the whole journal, and leaves in forget.records what is to stand there instead of its records
// (store/rewrite.h); an empty file where nothing is found any more. `kept`: the configuration in force at the newest
// checkpoint, for what came before the first that is kept. 0, or a negative enum vsm_err, logged.
int vsm_forget_look(const char *directory, struct vsm_str kept);
