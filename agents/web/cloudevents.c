// Each of the three ways becomes an array of JSON objects, which one reader takes: a binary request is made into the
// object that a structured one would have brought.
#include "agents/web/cloudevents.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agents/lib/cloudevent.h"
#include "base/mem.h"
#include "base/text.h"

enum { MEMORY_BYTES = 32 * 1024 * 1024, MEDIA_BYTES = 128 };

static const char ALLOWED[] = "allowed: application/cloudevents+json, application/cloudevents-batch+json, or headers "
                              "ce-source, ce-type, ... with application/json";

__attribute__((format(printf, 3, 4))) static void refuse(struct vsm_cloudevents *c, int status, const char *why, ...) {
  va_list args;
  va_start(args, why);
  c->status = status;
  vsnprintf(c->why, sizeof c->why, why, args);
  va_end(args);
}

static const char *header(const struct vsm_cloudevents_request *r, const char *name) {
  return r->header(r->ctx, name);
}

// "Application/JSON; charset=utf-8" as "application/json". "": there is none, or none that is meant for us.
static void read_media(const char *content_type, char out[MEDIA_BYTES]) {
  size_t n = content_type ? strcspn(content_type, "; \t") : 0;
  if (n >= MEDIA_BYTES)
    n = 0;
  for (size_t i = 0; i < n; i++)
    out[i] = (char)tolower((unsigned char)content_type[i]);
  out[n] = '\0';
}

static bool is_utf8(const char *content_type) {
  const char *charset = content_type ? strcasestr(content_type, "charset=") : NULL;
  charset = charset ? charset + strlen("charset=") : "utf-8";
  charset += *charset == '"';
  return strncasecmp(charset, "utf-8", 5) == 0 || strncasecmp(charset, "us-ascii", 8) == 0;
}

static json_t *parse(struct vsm_cloudevents *c, const struct vsm_cloudevents_request *r) {
  json_error_t error;
  json_t *value = json_loadb(r->body ? r->body : "", r->n, JSON_REJECT_DUPLICATES, &error);
  if (!value)
    refuse(c, 400, "the body is no JSON: %.120s, line %d, column %d", error.text, error.line, error.column);
  return value;
}

// --- binary

static int hex(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

// Undoes the percent-encoding that the binding demands of header values. A % that is no code stands for itself. NULL:
// what comes out is no text.
static json_t *decode(const char *value) {
  char *out = vsm_mem_alloc(strlen(value) + 1);
  size_t n = 0;
  for (const char *p = value; *p; p++) {
    bool code = *p == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0;
    out[n++] = code ? (char)(hex(p[1]) << 4 | hex(p[2])) : *p;
    p += code ? 2 : 0;
  }
  json_t *text = strlen(out) == n ? json_stringn(out, n) : NULL;
  free(out);
  return text;
}

static void add_header(struct vsm_cloudevents *c, json_t *object, const struct vsm_cloudevents_request *r,
                       const char *name) {
  const char *value = header(r, name);
  json_t *text = value ? decode(value) : NULL;
  if (value && !text)
    refuse(c, 400, "the header %s is not UTF-8, or has a NUL in it", name);
  if (text)
    json_object_set_new(object, name + strlen("ce-"), text);
}

static json_t *read_binary(struct vsm_cloudevents *c, const struct vsm_cloudevents_request *r, const char *media) {
  static const char *const names[] = {"ce-specversion", "ce-source", "ce-id", "ce-type", "ce-subject", "ce-time"};
  json_t *object = vsm_mem_need(json_object(), 0);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    add_header(c, object, r, names[i]);
  if (r->n > 0 && !vsm_text_ends(media, "/json") && !vsm_text_ends(media, "+json"))
    refuse(c, 415, "the data is \"%s\"; allowed: application/json", media);
  json_t *data = r->n > 0 && c->status == 0 ? parse(c, r) : NULL;
  if (data)
    json_object_set_new(object, "data", data);
  return object;
}

// --- all

// What the body holds, as an array.
static void read_tree(struct vsm_cloudevents *c, const struct vsm_cloudevents_request *r) {
  const char *type = header(r, "content-type");
  char media[MEDIA_BYTES];
  json_t *one = NULL;
  read_media(type, media);
  if (!is_utf8(type)) {
    refuse(c, 415, "the content type is \"%.120s\"; allowed: charset=utf-8", type);
  } else if (strcmp(media, "application/cloudevents-batch+json") == 0) {
    c->tree = parse(c, r);
    if (c->tree && !json_is_array(c->tree))
      refuse(c, 400, "a batch is a JSON array of events");
  } else if (strcmp(media, "application/cloudevents+json") == 0) {
    one = parse(c, r);
  } else if (strncmp(media, "application/cloudevents", strlen("application/cloudevents")) == 0 ||
             (!header(r, "ce-specversion") && !header(r, "ce-type"))) {
    refuse(c, 415, "the content type is \"%s\"; %s", media, ALLOWED);
  } else {
    one = read_binary(c, r, media);
  }
  if (one) {
    c->tree = vsm_mem_need(json_array(), 0);
    json_array_append_new(c->tree, one);
  }
}

static bool version_fits(const json_t *object, struct vsm_cloudevent_wrong *wrong) {
  const json_t *version = json_object_get(object, "specversion");
  if (!version || (json_is_string(version) && strcmp(json_string_value(version), "1.0") == 0))
    return true;
  wrong->reason = "malformed";
  snprintf(wrong->detail, sizeof wrong->detail, "specversion is not \"1.0\"");
  return false;
}

static void refuse_event(struct vsm_cloudevents *c, size_t index, const struct vsm_cloudevent_wrong *wrong) {
  const char *detail = vsm_arena_strdup(&c->arena, wrong->detail);
  c->refusals[c->n_refusals++] = (struct vsm_cloudevents_refusal){index, wrong->reason, detail ? detail : ""};
}

static void read_events(struct vsm_cloudevents *c) {
  size_t index;
  json_t *object;
  json_array_foreach(c->tree, index, object) {
    struct vsm_cloudevent_wrong wrong;
    bool good = version_fits(object, &wrong) && vsm_cloudevent_read(object, &c->arena, &c->events[c->n_events], &wrong);
    if (good)
      c->index[c->n_events++] = index;
    else
      refuse_event(c, index, &wrong);
  }
}

void vsm_cloudevents_read(struct vsm_cloudevents *out, const struct vsm_cloudevents_request *request) {
  *out = (struct vsm_cloudevents){0};
  vsm_arena_init(&out->arena, MEMORY_BYTES);
  read_tree(out, request);
  size_t n = out->status ? 0 : json_array_size(out->tree);
  if (n > VSM_CLOUDEVENTS_MAX)
    refuse(out, 413, "%zu events; allowed in a request: %d", n, VSM_CLOUDEVENTS_MAX);
  if (out->status || n == 0)
    return;
  out->events = vsm_mem_alloc(n * sizeof *out->events);
  out->index = vsm_mem_alloc(n * sizeof *out->index);
  out->refusals = vsm_mem_alloc(n * sizeof *out->refusals);
  read_events(out);
}

void vsm_cloudevents_fini(struct vsm_cloudevents *c) {
  free(c->events);
  free(c->index);
  free(c->refusals);
  json_decref(c->tree);
  vsm_arena_fini(&c->arena);
  *c = (struct vsm_cloudevents){0};
}
