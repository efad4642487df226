// Reads the worked examples: one JSON object a line (their README.md says what is in it). Streams become the core's
// own structs in the arena given; the rest is read with jansson by the test itself.
#pragma once
#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/model.h"

struct golden_transition {
  int64_t t;
  int stage; // as declared; -1: of the item
  enum vsm_lifecycle lifecycle;
};

// The folder: $VSM_GOLDEN, or beside the repository. NULL where it is absent (tests then skip, visibly).
const char *golden_folder(struct vsm_arena *arena);

// Calls fn for each line. Returns the number of lines, or -1 with a message on stderr.
typedef void (*golden_line_fn)(const json_t *line, void *arg);
int golden_each(const char *folder, const char *file, golden_line_fn fn, void *arg);

// The stream of a line, under the id "S"; windows: {name: microseconds}, or NULL for none.
struct vsm_stream *golden_stream(const json_t *stream, const json_t *windows, struct vsm_arena *arena);
int golden_stage(const struct vsm_stream *stream, const char *id); // -1: "outcome" or unknown

// An array of [time, lifecycle, stage or null].
struct golden_transition *golden_transitions(const struct vsm_stream *stream, const json_t *array,
                                             struct vsm_arena *arena, size_t *n);

const json_t *golden_get(const json_t *object, const char *key); // must be there
int64_t golden_us(const json_t *seconds);                        // seconds, possibly with fractions
