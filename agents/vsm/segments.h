// The values of segment attributes, on the command line and of the daemon's streams and stages.
#pragma once
#include "cmd.h"

// --segment region=north, parsed; without a value of the flag both are NULL.
struct vsm_segment_wanted {
  char *attribute, *value; // "", "": all
};

// False where the text is no ATTRIBUTE=VALUE, which is said on standard error. NULL: all. Owned by the caller.
bool vsm_segment_parse(const char *text, struct vsm_segment_wanted *out);
void vsm_segment_fini(struct vsm_segment_wanted *w);
