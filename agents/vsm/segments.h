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

void vsm_segments_request(Vsm__V1__SegmentsRequest *out, const char *stream, const char *stage,
                          const struct vsm_segment_wanted *wanted);
// Fills the segments of each stream and stage of a snapshot from vsm_copy(): of all values, or of the one wanted.
// Streams that have no such attribute are taken out; where no other is left that is an error, and said.
int vsm_segments_ask(struct vsm_talk *talk, Vsm__V1__Snapshot *snapshot, const struct vsm_segment_wanted *wanted);
