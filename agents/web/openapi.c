// Made of the table of routes and of the messages' descriptors, so that it says what is; openapi.json has the rest:
// what is no question to the daemon, and the schemas of what is no message.
#include "agents/web/openapi.h"

#include <assert.h>
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agents/web/http.h"
#include "base/mem.h"
#include "vsm/messages.h"

static json_t *need(json_t *j) {
  return vsm_mem_need(j, 0);
}

static json_t *reference(const char *schema) {
  return need(json_pack("{s:s+}", "$ref", "#/components/schemas/", schema));
}

// --- messages

static void add_message(json_t *schemas, const ProtobufCMessageDescriptor *type);

static json_t *of_type(json_t *schemas, const ProtobufCFieldDescriptor *f) {
  switch (f->type) {
  case PROTOBUF_C_TYPE_MESSAGE: {
    const ProtobufCMessageDescriptor *type = f->descriptor;
    add_message(schemas, type);
    return reference(type->short_name);
  }
  case PROTOBUF_C_TYPE_STRING:
    return need(json_pack("{s:s}", "type", "string"));
  case PROTOBUF_C_TYPE_BOOL:
    return need(json_pack("{s:s}", "type", "boolean"));
  case PROTOBUF_C_TYPE_DOUBLE:
    return need(json_pack("{s:s}", "type", "number"));
  default: // whole numbers without sign are all that is left
    return need(json_pack("{s:s, s:i}", "type", "integer", "minimum", 0));
  }
}

// All fields are there, but of a oneof the one that is set.
static void add_message(json_t *schemas, const ProtobufCMessageDescriptor *type) {
  if (json_object_get(schemas, type->short_name))
    return;
  json_t *properties = need(json_object()), *required = need(json_array());
  json_object_set_new(schemas, type->short_name,
                      need(json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                                     required, "additionalProperties", 0)));
  for (unsigned i = 0; i < type->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = &type->fields[i];
    json_t *schema = of_type(schemas, f);
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
      schema = need(json_pack("{s:s, s:o}", "type", "array", "items", schema));
    json_object_set_new(properties, f->name, schema);
    if (!(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
      json_array_append_new(required, need(json_string(f->name)));
  }
}

static const ProtobufCMessageDescriptor *message_of(const ProtobufCMessageDescriptor *of, const char *field) {
  const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(of, field);
  return f ? f->descriptor : NULL;
}

// --- routes

static json_t *param_schema(const struct vsm_route *r, const char *name) {
  const ProtobufCMessageDescriptor *request = r->kind ? message_of(&vsm__v1__request__descriptor, r->kind) : NULL;
  const ProtobufCFieldDescriptor *f = request ? protobuf_c_message_descriptor_get_field_by_name(request, name) : NULL;
  return f && f->type != PROTOBUF_C_TYPE_MESSAGE ? of_type(NULL, f) : need(json_pack("{s:s}", "type", "string"));
}

static void add_param(json_t *params, const struct vsm_route *r, const char *name, const char *in) {
  json_array_append_new(params, need(json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", in, "required",
                                               strcmp(in, "path") == 0, "schema", param_schema(r, name))));
}

static json_t *params_of(const struct vsm_route *r) {
  json_t *params = need(json_array());
  if (strchr(r->pattern, '*'))
    add_param(params, r, "key", "path");
  char *words = vsm_mem_copy(vsm_str_of(r->params)), *rest;
  for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
    add_param(params, r, word, "query");
  free(words);
  return params;
}

static json_t *question(json_t *schemas, const struct vsm_route *r) {
  const ProtobufCMessageDescriptor *answer = message_of(&vsm__v1__reply__descriptor, r->kind);
  assert(answer);
  add_message(schemas, answer);
  return need(json_pack("{s:s+, s:{s:{s:s, s:{s:{s:o}}}}}", "summary", "Asks the daemon: ", r->kind, "responses", "200",
                        "description", "As the command line prints it with --json.", "content", "application/json",
                        "schema", reference(answer->short_name)));
}

static void add_content(json_t *operation, const char *status, const char *type, json_t *schema) {
  json_t *responses = json_object_get(operation, "responses"), *response = json_object_get(responses, status);
  if (!response) {
    response = need(json_pack("{s:s, s:{}}", "description", "What was wrong, and what is allowed.", "content"));
    json_object_set_new(responses, status, response);
  }
  json_object_set_new(json_object_get(response, "content"), type, need(json_pack("{s:o}", "schema", schema)));
}

static void complete(json_t *operation, const struct vsm_route *r) {
  json_object_set_new(operation, "parameters", params_of(r));
  add_content(operation, "default", "application/problem+json", reference("Problem"));
  if (r->open)
    json_object_set_new(operation, "security", need(json_array()));
  if (r->table)
    add_content(operation, "200", "text/csv", need(json_pack("{s:s}", "type", "string")));
}

static char *path_of(const char *pattern) {
  const char *star = strchr(pattern, '*');
  char *path = NULL;
  if (!star)
    return vsm_mem_copy(vsm_str_of(pattern));
  if (asprintf(&path, "%.*s{key}%s", (int)(star - pattern), pattern, star + 1) < 0)
    path = NULL;
  return vsm_mem_need(path, 0);
}

static void add_route(json_t *paths, json_t *schemas, const struct vsm_route *r) {
  char *path = path_of(r->pattern), method[8];
  size_t n = strlen(r->method);
  json_t *item = json_object_get(paths, path);
  if (!item) {
    item = need(json_object());
    json_object_set_new(paths, path, item);
  }
  assert(n < sizeof method);
  for (size_t i = 0; i <= n; i++)
    method[i] = (char)tolower((unsigned char)r->method[i]);
  json_t *operation = json_object_get(item, method);
  if (!operation) {
    operation = r->kind ? question(schemas, r) : need(json_pack("{s:{}}", "responses"));
    json_object_set_new(item, method, operation);
  }
  complete(operation, r);
  free(path);
}

void vsm_openapi(struct vsm_exchange *x) {
  static const ProtobufCMessageDescriptor *const others[] = {&vsm__v1__ack__descriptor, &vsm__v1__snapshot__descriptor,
                                                             &vsm__v1__items__descriptor, &vsm__v1__visits__descriptor,
                                                             &vsm__v1__done__descriptor};
  json_t *all = need(json_loadb((const char *)vsm_openapi_text, vsm_openapi_text_bytes, JSON_REJECT_DUPLICATES, NULL));
  json_t *schemas = json_object_get(json_object_get(all, "components"), "schemas");
  json_object_set_new(json_object_get(all, "info"), "version", need(json_string(VSM_VERSION)));
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    add_message(schemas, others[i]);
  for (size_t i = 0; i < vsm_routes_n; i++)
    add_route(json_object_get(all, "paths"), schemas, &vsm_routes[i]);
  vsm_http_json(x, json_dumps(all, JSON_INDENT(1)));
  json_decref(all);
}
