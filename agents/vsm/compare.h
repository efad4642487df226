// Two sets of figures side by side: as they are or were, and as they would be or are now.
#pragma once
#include "core/model.h"
#include "figures.h"

struct vsm_compared {
  const Vsm__V1__Snapshot *today, *then;
  const struct vsm_model *model; // of `then`: which stages had another name before; NULL: none had
  const char *names[2];          // of the two, in rows: "today", "then"
  const char *window;            // "all" or a configured one
};

const Vsm__V1__ValueStream *vsm_compare_stream(const struct vsm_compared *c, const char *id); // today's; NULL: none
// The stage of a stream as it was before that this one goes on; NULL: it is new.
const Vsm__V1__Stage *vsm_compare_stage(const struct vsm_compared *c, const Vsm__V1__ValueStream *before,
                                        const char *stream, const char *id);
void vsm_compare_print(FILE *out, const struct vsm_compared *c);
