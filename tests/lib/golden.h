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

// The stream of a line, under the id "S"; windows: {name: microseconds}, or NULL for none.
struct vsm_stream *golden_stream(const json_t *stream, const json_t *windows, struct vsm_arena *arena);
int golden_stage(const struct vsm_stream *stream, const char *id); // -1: "outcome" or unknown

// An array of [time, lifecycle, stage or null].
struct golden_transition *golden_transitions(const struct vsm_stream *stream, const json_t *array,
                                             struct vsm_arena *arena, size_t *n);

const json_t *golden_get(const json_t *object, const char *key); // must be there
int64_t golden_us(const json_t *seconds);                        // seconds, possibly with fractions

typedef void (*golden_line_fn)(const json_t *line, void *arg);
// A test's whole run: each line of both files, in $VSM_GOLDEN or beside the repository; `wrong`, part of arg, is what
// the functions counted. Returns the exit status; 77, said on standard output, where the folder is absent.
int golden_run(golden_line_fn fold, golden_line_fn metrics, void *arg, const int *wrong);
