// An event as the core sees it: views into the frame it came in, valid during the call.
#pragma once
#include <stdint.h>

#include "base/str.h"
#include "base/time.h"

// Why an event was refused. Of several reasons the first in this order is given.
#define VSM_REASONS(X)                                                                                                 \
  X(NONE, "")                                                                                                          \
  X(FRAME_TOO_LARGE, "frame_too_large")                                                                                \
  X(BAD_FRAME, "bad_frame")                                                                                            \
  X(BATCH_TOO_LARGE, "batch_too_large")                                                                                \
  X(EVENT_TOO_LARGE, "event_too_large")                                                                                \
  X(TOO_MANY_ATTRIBUTES, "too_many_attributes")                                                                        \
  X(BAD_UTF8, "bad_utf8")                                                                                              \
  X(BAD_SOURCE, "bad_source")                                                                                          \
  X(NO_TYPE, "no_type")                                                                                                \
  X(NO_TIME, "no_time")                                                                                                \
  X(TIME_OUT_OF_RANGE, "time_out_of_range")                                                                            \
  X(TIME_IN_FUTURE, "time_in_future")                                                                                  \
  X(KEY_TOO_LONG, "key_too_long")                                                                                      \
  X(MISSING_FIELD, "missing_field")                                                                                    \
  X(TOO_LATE, "too_late")                                                                                              \
  X(NOT_ALLOWED, "not_allowed")                                                                                        \
  X(LIMIT, "limit")                                                                                                    \
  X(LINK_REFUSED, "link_refused")

enum vsm_reason {
#define X(name, text) VSM_R_##name,
  VSM_REASONS(X)
#undef X
};

const char *vsm_reason_name(enum vsm_reason r);

struct vsm_attr {
  struct vsm_str key, value;
};

struct vsm_event {
  struct vsm_str source; // the batch's where the event has none; where refused it and type may be empty
  struct vsm_str id, type, subject;
  const struct vsm_attr *attrs;
  uint32_t n_attrs;
  uint64_t time_ns;           // as sent; 0: none
  uint64_t epoch, sequence;   // sequence 0: not sequenced
  struct vsm_time received;   // the daemon's wall clock at receipt
  enum vsm_reason refused;    // what the wire found wrong, or VSM_R_NONE
  const char *refused_detail; // static text, or NULL
};
