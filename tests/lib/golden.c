#include "lib/golden.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef VSM_SOURCE_DIR
#define VSM_SOURCE_DIR "."
#endif

static const char *golden_folder(struct vsm_arena *arena) {
  const char *folder = getenv("VSM_GOLDEN");
  if (!folder)
    folder = vsm_arena_printf(arena, "%s/../shared/golden", VSM_SOURCE_DIR);
  return access(folder, R_OK) == 0 ? folder : NULL;
}

// Calls fn for each line. Returns the number of lines, or -1 with a message on stderr.
static int golden_each(const char *folder, const char *file, golden_line_fn fn, void *arg) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, file);
  FILE *f = fopen(path, "r");
  if (!f) {
    perror(path);
    return -1;
  }
  char *line = NULL;
  size_t size = 0;
  int n = 0;
  while (n >= 0 && getline(&line, &size, f) >= 0) {
    json_error_t err;
    json_t *json = json_loads(line, 0, &err);
    if (json) {
      fn(json, arg);
      json_decref(json);
      n++;
    } else {
      fprintf(stderr, "%s:%d: %s\n", path, n + 1, err.text);
      n = -1;
    }
  }
  free(line);
  fclose(f);
  return n;
}

const json_t *golden_get(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (!value)
    fprintf(stderr, "golden: no %s\n", key);
  assert(value);
  return value;
}

int64_t golden_us(const json_t *seconds) {
  return llround(json_number_value(seconds) * 1e6);
}

int golden_stage(const struct vsm_stream *stream, const char *id) {
  for (unsigned i = 0; i < stream->n_stages; i++)
    if (strcmp(stream->stages[i].id, id) == 0)
      return (int)i;
  return -1;
}

static bool listed(const json_t *array, const char *id) {
  size_t i;
  json_t *entry;
  json_array_foreach(array, i, entry) if (strcmp(json_string_value(entry), id) == 0) return true;
  return false;
}

static void read_next(const struct vsm_stream *stream, struct vsm_stage *stage, const json_t *next,
                      struct vsm_arena *arena) {
  uint16_t *to = vsm_arena_alloc(arena, (json_array_size(next) + 1) * sizeof *to);
  size_t i;
  json_t *entry;
  json_array_foreach(next, i, entry) {
    int at = golden_stage(stream, json_string_value(entry));
    if (at < 0)
      stage->to_outcome = true;
    else
      to[stage->n_next++] = (uint16_t)at;
  }
  stage->next = to;
}

static void read_windows(struct vsm_stream *stream, const json_t *windows, struct vsm_arena *arena) {
  struct vsm_window *w = vsm_arena_alloc(arena, (json_object_size(windows) + 1) * sizeof *w);
  const char *name;
  json_t *us;
  json_object_foreach((json_t *)windows, name, us) {
    w[stream->n_windows++] = (struct vsm_window){vsm_arena_strdup(arena, name), json_integer_value(us)};
  }
  stream->windows = w;
}

struct vsm_stream *golden_stream(const json_t *json, const json_t *windows, struct vsm_arena *arena) {
  const json_t *ids = golden_get(json, "stages"), *next = golden_get(json, "next"), *fork = golden_get(json, "fork");
  struct vsm_stream *stream = vsm_arena_zalloc(arena, sizeof *stream);
  stream->id = stream->name = "S";
  stream->outcome = "outcome";
  stream->n_stages = (unsigned)json_array_size(ids);
  struct vsm_stage *stages = vsm_arena_zalloc(arena, stream->n_stages * sizeof *stages);
  stream->stages = stages;
  for (unsigned i = 0; i < stream->n_stages; i++)
    stages[i].id = stages[i].name = vsm_arena_strdup(arena, json_string_value(json_array_get(ids, i)));
  for (unsigned i = 0; i < stream->n_stages; i++) {
    read_next(stream, &stages[i], golden_get(next, stages[i].id), arena);
    stages[i].fork_all = listed(fork, stages[i].id);
  }
  if (windows)
    read_windows(stream, windows, arena);
  return stream;
}

static enum vsm_lifecycle lifecycle_named(const char *name) {
  static const char *const names[] = {
      [VSM_SCHEDULE] = "schedule", [VSM_START] = "start",   [VSM_SUSPEND] = "suspend",   [VSM_RESUME] = "resume",
      [VSM_COMPLETE] = "complete", [VSM_FINISH] = "finish", [VSM_WITHDRAW] = "withdraw", [VSM_PROGRESS] = "progress"};
  for (int i = 0; i <= VSM_PROGRESS; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  assert(!"a known lifecycle");
  return VSM_NO_LIFECYCLE;
}

struct golden_transition *golden_transitions(const struct vsm_stream *stream, const json_t *array,
                                             struct vsm_arena *arena, size_t *n) {
  *n = json_array_size(array);
  struct golden_transition *out = vsm_arena_zalloc(arena, (*n + 1) * sizeof *out);
  for (size_t i = 0; i < *n; i++) {
    const json_t *row = json_array_get(array, i), *stage = json_array_get(row, 2);
    out[i] = (struct golden_transition){json_integer_value(json_array_get(row, 0)),
                                        json_is_null(stage) ? -1 : golden_stage(stream, json_string_value(stage)),
                                        lifecycle_named(json_string_value(json_array_get(row, 1)))};
  }
  return out;
}

int golden_run(golden_line_fn fold, golden_line_fn metrics, void *arg, const int *wrong) {
  struct vsm_arena paths;
  vsm_arena_init(&paths, 0);
  const char *folder = golden_folder(&paths);
  int status = 77;
  if (folder) {
    int folds = golden_each(folder, "fold.jsonl", fold, arg);
    int logs = golden_each(folder, "metrics.jsonl", metrics, arg);
    printf("%d items, %d logs, %d figures wrong\n", folds, logs, *wrong);
    status = folds > 0 && logs > 0 && *wrong == 0 ? 0 : 1;
  } else
    printf("skipped: no worked examples beside the repository\n");
  vsm_arena_fini(&paths);
  return status;
}
