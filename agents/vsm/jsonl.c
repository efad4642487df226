// CloudEvents as JSON lines. Data: top-level texts as they are, numbers and booleans as JSON prints them, objects as
// dotted keys, arrays as JSON text, null left out.
#include "logs.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "cmd.h"
#include "base/when.h"

enum { DATA_MAX = 256, DEPTH_MAX = 16 };

struct flat {
  struct vsm_arena arena;
  struct vsm_emitter_attribute at[DATA_MAX];
  size_t n;
  char wrong[200]; // "": nothing
};

static void *need(void *p) {
  return vsm_mem_need(p, 0);
}

// With the fewest digits that read back the same: 0.1 is 0.1.
static const char *print(struct vsm_arena *arena, const json_t *value) {
  for (size_t digits = 15;; digits++) {
    char *text = need(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(digits)));
    json_t *again = json_loads(text, JSON_DECODE_ANY, NULL);
    bool same = digits >= 17 || (again && json_equal(again, value));
    const char *copy = same ? need(vsm_arena_strdup(arena, text)) : NULL;
    json_decref(again);
    free(text);
    if (copy)
      return copy;
  }
}

static void flatten(struct flat *f, const char *prefix, json_t *object, int depth) {
  const char *key;
  json_t *value;
  if (depth > DEPTH_MAX) {
    snprintf(f->wrong, sizeof f->wrong, "data is nested more than 16 deep");
    return;
  }
  json_object_foreach(object, key, value) {
    const char *name = *prefix ? need(vsm_arena_printf(&f->arena, "%s.%s", prefix, key)) : key;
    if (json_is_object(value)) {
      flatten(f, name, value, depth + 1);
    } else if (!json_is_null(value) && f->n == DATA_MAX) {
      snprintf(f->wrong, sizeof f->wrong, "more than 256 attributes");
    } else if (!json_is_null(value)) {
      const char *text = json_is_string(value) ? json_string_value(value) : print(&f->arena, value);
      f->at[f->n++] = (struct vsm_emitter_attribute){name, text};
    }
  }
}

// "" where it is absent; what is no text is a mistake.
static const char *text(struct flat *f, const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (value && !json_is_null(value) && !json_is_string(value))
    snprintf(f->wrong, sizeof f->wrong, "%s is no text", key);
  const char *z = json_string_value(value);
  return z ? z : "";
}

static void convert(json_t *object, struct flat *f, struct vsm_emitter_event *e) {
  const char *time = text(f, object, "time");
  json_t *data = json_object_get(object, "data");
  *e = (struct vsm_emitter_event){.source = text(f, object, "source"),
                                  .id = text(f, object, "id"),
                                  .type = text(f, object, "type"),
                                  .subject = text(f, object, "subject"),
                                  .data = f->at};
  if (*f->wrong)
    return;
  if (!*e->source || !*e->type)
    snprintf(f->wrong, sizeof f->wrong, "no %s", *e->source ? "type" : "source");
  else if (json_is_string(json_object_get(object, "time")) && !vsm_when_parse(time, &e->time_unix_nano))
    snprintf(f->wrong, sizeof f->wrong, "time \"%.60s\" is not " VSM_WHEN_ALLOWED, time);
  else if (json_object_get(object, "data_base64") || (data && !json_is_object(data) && !json_is_null(data)))
    snprintf(f->wrong, sizeof f->wrong, "data is no JSON object");
  else
    flatten(f, "", data, 0);
  e->n_data = f->n;
}

static int read_line(const char *line, size_t n, unsigned long at, struct flat *f, const struct vsm_log_reader *r) {
  json_error_t error;
  struct vsm_emitter_event e;
  int status = 0;
  json_t *object = json_loadb(line, n, JSON_REJECT_DUPLICATES, &error);
  vsm_arena_reset(&f->arena);
  f->n = 0;
  f->wrong[0] = '\0';
  if (!object)
    snprintf(f->wrong, sizeof f->wrong, "no JSON: %.120s, column %d", error.text, error.column);
  else if (!json_is_object(object))
    snprintf(f->wrong, sizeof f->wrong, "no JSON object");
  else
    convert(object, f, &e);
  if (*f->wrong)
    r->on_mistake(r->ctx, at, f->wrong);
  else
    status = r->on_event(r->ctx, &e, at);
  json_decref(object);
  return status;
}

int vsm_jsonl_read(FILE *in, const struct vsm_log_reader *r) {
  char *line = NULL;
  size_t cap = 0;
  ssize_t n;
  int status = 0;
  struct flat *f = vsm_mem_alloc(sizeof *f);
  vsm_arena_init(&f->arena, 0);
  for (unsigned long at = 1; status == 0 && (n = getline(&line, &cap, in)) > 0; at++)
    if (line[strspn(line, " \t\r\n")] != '\0' || strlen(line) < (size_t)n)
      status = read_line(line, (size_t)n, at, f, r);
  if (status == 0 && ferror(in)) {
    r->on_mistake(r->ctx, 0, "the file cannot be read on");
    status = VSM_FAILED;
  }
  free(line);
  vsm_arena_fini(&f->arena);
  free(f);
  return status;
}
