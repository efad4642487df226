// JSON lines: CloudEvents, or records.
#include "logs.h"

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static int read_line(const char *line, size_t n, unsigned long at, vsm_json_read_fn *read, struct vsm_arena *arena,
                     const struct vsm_log_reader *r) {
  json_error_t error;
  struct vsm_emitter_event e;
  struct vsm_cloudevent_wrong wrong;
  int status = 0;
  json_t *object = json_loadb(line, n, JSON_REJECT_DUPLICATES, &error);
  vsm_arena_reset(arena);
  if (!object)
    snprintf(wrong.detail, sizeof wrong.detail, "no JSON: %.120s, column %d", error.text, error.column);
  if (object && read(object, arena, &e, &wrong))
    status = r->on_event(r->ctx, &e, at);
  else
    r->on_mistake(r->ctx, at, wrong.detail);
  json_decref(object);
  return status;
}

int vsm_jsonl_read(FILE *in, vsm_json_read_fn *read, const struct vsm_log_reader *r) {
  char *line = NULL;
  size_t cap = 0;
  ssize_t n;
  int status = 0;
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  for (unsigned long at = 1; status == 0 && (n = getline(&line, &cap, in)) > 0; at++)
    if (line[strspn(line, " \t\r\n")] != '\0' || strlen(line) < (size_t)n)
      status = read_line(line, (size_t)n, at, read, &arena, r);
  if (status == 0 && ferror(in)) {
    r->on_mistake(r->ctx, 0, "the file cannot be read on");
    status = VSM_FAILED;
  }
  free(line);
  vsm_arena_fini(&arena);
  return status;
}
