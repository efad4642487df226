#include "agents/lib/cloudevent.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/when.h"

enum { DATA_MAX = 256, DEPTH_MAX = 16 };

struct flat {
  struct vsm_arena *arena;
  struct vsm_emitter_attribute at[DATA_MAX];
  size_t n;
  struct vsm_cloudevent_wrong *wrong; // reason NULL: nothing
};

__attribute__((format(printf, 3, 4))) static void refuse(struct flat *f, const char *reason, const char *why, ...) {
  va_list args;
  va_start(args, why);
  f->wrong->reason = reason;
  vsnprintf(f->wrong->detail, sizeof f->wrong->detail, why, args);
  va_end(args);
}

// p, or a refusal where the arena's cap is reached.
static const void *room(struct flat *f, const void *p) {
  if (!p)
    refuse(f, "batch_too_large", "the events take more memory than one request may");
  return p;
}

// With the fewest digits that read back the same: 0.1 is 0.1.
static const char *print(struct flat *f, const json_t *value) {
  for (size_t digits = 15;; digits++) {
    char *text = vsm_mem_need(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(digits)), 0);
    json_t *again = digits < 17 ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    bool same = digits >= 17 || (again && json_equal(again, value));
    const char *copy = same ? room(f, vsm_arena_strdup(f->arena, text)) : NULL;
    json_decref(again);
    free(text);
    if (same)
      return copy;
  }
}

static void flatten(struct flat *f, const char *prefix, json_t *object, int depth) {
  const char *key;
  json_t *value;
  if (depth > DEPTH_MAX) {
    refuse(f, "malformed", "data is nested more than 16 deep");
    return;
  }
  json_object_foreach(object, key, value) {
    const char *name = *prefix ? room(f, vsm_arena_printf(f->arena, "%s.%s", prefix, key)) : key;
    if (!name || f->wrong->reason)
      return;
    if (json_is_object(value)) {
      flatten(f, name, value, depth + 1);
    } else if (!json_is_null(value) && f->n == DATA_MAX) {
      refuse(f, "too_many_attributes", "more than 256 attributes");
    } else if (!json_is_null(value)) {
      const char *text = json_is_string(value) ? json_string_value(value) : print(f, value);
      f->at[f->n++] = (struct vsm_emitter_attribute){name, text};
    }
  }
}

// "" where it is absent; what is no text is a mistake.
static const char *text(struct flat *f, const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (value && !json_is_null(value) && !json_is_string(value))
    refuse(f, "malformed", "%s is no text", key);
  const char *z = json_string_value(value);
  return z ? z : "";
}

static void convert(struct flat *f, json_t *object, struct vsm_emitter_event *e) {
  const char *time = text(f, object, "time");
  json_t *data = json_object_get(object, "data");
  *e = (struct vsm_emitter_event){.source = text(f, object, "source"),
                                  .id = text(f, object, "id"),
                                  .type = text(f, object, "type"),
                                  .subject = text(f, object, "subject")};
  if (f->wrong->reason)
    return;
  if (!*e->source)
    refuse(f, "bad_source", "no source");
  else if (!*e->type)
    refuse(f, "no_type", "no type");
  else if (json_is_string(json_object_get(object, "time")) && !vsm_when_parse(time, &e->time_unix_nano))
    refuse(f, "time_out_of_range", "time \"%.60s\" is not " VSM_WHEN_ALLOWED, time);
  else if (json_object_get(object, "data_base64") || (data && !json_is_object(data) && !json_is_null(data)))
    refuse(f, "malformed", "data is no JSON object");
  else
    flatten(f, "", data, 0);
}

static void keep_data(struct flat *f, struct vsm_emitter_event *e) {
  if (f->n == 0)
    return;
  struct vsm_emitter_attribute *data = vsm_arena_alloc(f->arena, f->n * sizeof *data);
  if (!room(f, data))
    return;
  memcpy(data, f->at, f->n * sizeof *data);
  e->data = data;
  e->n_data = f->n;
}

typedef void convert_fn(struct flat *f, json_t *object, struct vsm_emitter_event *e);

static void convert_record(struct flat *f, json_t *object, struct vsm_emitter_event *e) {
  (void)e;
  flatten(f, "", object, 0);
}

static bool read_object(json_t *object, convert_fn *as, struct vsm_arena *arena, struct vsm_emitter_event *out,
                        struct vsm_cloudevent_wrong *wrong) {
  struct flat f = {.arena = arena, .wrong = wrong};
  *wrong = (struct vsm_cloudevent_wrong){0};
  *out = (struct vsm_emitter_event){0};
  if (!json_is_object(object))
    refuse(&f, "malformed", "no JSON object");
  else
    as(&f, object, out);
  if (!wrong->reason)
    keep_data(&f, out);
  return !wrong->reason;
}

bool vsm_cloudevent_read(json_t *object, struct vsm_arena *arena, struct vsm_emitter_event *out,
                         struct vsm_cloudevent_wrong *wrong) {
  return read_object(object, convert, arena, out, wrong);
}

bool vsm_json_record_read(json_t *object, struct vsm_arena *arena, struct vsm_emitter_event *out,
                          struct vsm_cloudevent_wrong *wrong) {
  return read_object(object, convert_record, arena, out, wrong);
}
