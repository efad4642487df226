// CloudEvents as JSON lines. Data: top-level texts as they are, numbers and booleans as JSON prints them, objects as
// dotted keys, arrays as JSON text, null left out.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "logs.h"
#include "when.h"

enum { ATTRIBUTES_MAX = 256, DEPTH_MAX = 16 };

struct flat {
  struct vsm_arena arena;
  struct vsm_emitter_attribute at[ATTRIBUTES_MAX];
  size_t n;
  const char *wrong;
};

static const char *print(struct vsm_arena *arena, const json_t *value) {
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
  const char *copy = text ? vsm_arena_strdup(arena, text) : NULL;
  free(text);
  return copy;
}

static void flatten(struct flat *f, const char *prefix, json_t *object, int depth) {
  const char *key;
  json_t *value;
  if (depth > DEPTH_MAX) {
    f->wrong = "data is nested more than 16 deep";
    return;
  }
  json_object_foreach(object, key, value) {
    const char *name = *prefix ? vsm_arena_printf(&f->arena, "%s.%s", prefix, key) : key;
    if (json_is_object(value)) {
      flatten(f, name, value, depth + 1);
    } else if (!json_is_null(value) && f->n == ATTRIBUTES_MAX) {
      f->wrong = "more than 256 attributes";
    } else if (!json_is_null(value)) {
      f->at[f->n++] = (struct vsm_emitter_attribute){name, json_is_string(value) ? json_string_value(value)
                                                                                 : print(&f->arena, value)};
    }
  }
}

static const char *text(const json_t *object, const char *key) {
  const char *z = json_string_value(json_object_get(object, key));
  return z ? z : "";
}

static const char *convert(json_t *object, struct flat *f, struct vsm_emitter_event *e) {
  *e = (struct vsm_emitter_event){.source = text(object, "source"),
                                  .id = text(object, "id"),
                                  .type = text(object, "type"),
                                  .subject = text(object, "subject"),
                                  .data = f->at};
  if (!*e->source || !*e->type)
    return "source and type are needed";
  if (*text(object, "time") && !vsm_when_parse(text(object, "time"), &e->time_unix_nano))
    return "time is not RFC 3339, after 1970 and before 2100";
  json_t *data = json_object_get(object, "data");
  if (data && !json_is_object(data) && !json_is_null(data))
    return "data is not an object";
  flatten(f, "", data, 0);
  e->n_data = f->n;
  return f->wrong;
}

int vsm_jsonl_read(FILE *in, const struct vsm_log_reader *r) {
  char *line = NULL;
  size_t cap = 0;
  int status = 0;
  struct flat f = {0};
  vsm_arena_init(&f.arena, 0);
  for (unsigned long n = 1; status == 0 && getline(&line, &cap, in) > 0; n++) {
    json_error_t error;
    struct vsm_emitter_event e;
    if (line[strspn(line, " \t\r\n")] == '\0')
      continue;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    const char *wrong = !object ? error.text : !json_is_object(object) ? "not a JSON object" : NULL;
    vsm_arena_reset(&f.arena);
    f.n = 0;
    f.wrong = NULL;
    if (!wrong)
      wrong = convert(object, &f, &e);
    if (wrong)
      r->on_mistake(r->ctx, n, wrong);
    else
      status = r->on_event(r->ctx, &e);
    json_decref(object);
  }
  free(line);
  vsm_arena_fini(&f.arena);
  return status;
}
