// CloudEvents 1.0 as JSON objects, for the emitter. Data: top-level texts as they are, numbers and booleans as JSON
// prints them, objects as dotted keys, arrays as JSON text, null left out.
#pragma once
#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "vsm/vsm.h"

struct vsm_cloudevent_wrong {
  const char *reason; // as in docs/wire.md, or malformed
  char detail[200];   // for people
};

// The event borrows from the object, and has the rest in the arena. False: why is in *wrong.
typedef bool vsm_json_read_fn(json_t *object, struct vsm_arena *arena, struct vsm_emitter_event *out,
                              struct vsm_cloudevent_wrong *wrong);
// specversion, id and attributes that the event has no room for may be absent or anything.
vsm_json_read_fn vsm_cloudevent_read;
// A record: an event with nothing but data, which is all of the object.
vsm_json_read_fn vsm_json_record_read;
