// Fire and forget with a spool, from the command line: what emit and simulate share.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "vsm/vsm.h"

// Each may be NULL or 0. In both texts {source} stands for the source, where there are several.
struct vsm_spooled {
  const char *recover, *spool; // an endpoint to bind, a file
  uint64_t bytes;
};

#define VSM_SPOOLED_FLAGS(s)                                                                                           \
  {"recover", VSM_FLAG_TEXT, &(s)->recover, "ENDPOINT",                                                                \
   "with --pub: binds, and stays when all is sent, so that the daemon can fetch what was lost"},                       \
      {"spool", VSM_FLAG_TEXT, &(s)->spool, "FILE", "with --pub: where that is kept (memory), beyond the end"}, {      \
    "spool-bytes", VSM_FLAG_COUNT, &(s)->bytes, "N", "how much of it (64 MiB)"                                         \
  }

// Said on standard error where it is wrong.
bool vsm_spooled_check(const struct vsm_spooled *s, const char *pub);
// vsm_emitter_create() with these; what fails is said.
int vsm_spooled_create(const struct vsm_spooled *s, const struct vsm_emitter_options *options,
                       struct vsm_emitter **out);
