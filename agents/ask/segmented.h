// A snapshot, with the figures of segments where they are asked for: a question for each node, so that no answer holds
// the daemon for long; what comes in between two of them makes their figures differ by that much.
#pragma once
#include "agents/ask/inquiry.h"

struct vsm_segmented_options {
  const char *stream;            // "": all
  bool segments;                 // of all values, or of the one below
  const char *attribute, *value; // "": all. Streams that have no such attribute are left out
};

struct vsm_segmented {
  struct vsm_inquiry inquiry; // first
  struct vsm_segmented_options o;
  Vsm__V1__SnapshotRequest snapshot_request;
  Vsm__V1__SegmentsRequest segments_request;
  Vsm__V1__Snapshot *snapshot;         // so far
  size_t kept, stream, stage;          // streams that are done; the next node to ask for: stage 0 is the stream itself
  char refusal[VSM_INQUIRY_WHY_BYTES]; // the first one of a stream
};

// Texts are borrowed.
void vsm_segmented_init(struct vsm_segmented *f, const struct vsm_segmented_options *o);
// The request for a node's segments; "" for stage: the stream's own.
void vsm_segments_request(Vsm__V1__SegmentsRequest *out, const char *stream, const char *stage, const char *attribute,
                          const char *value);
