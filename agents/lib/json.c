// Walks the fields of a message by its descriptor: protobuf-c keeps for each the type, the label and the offset in the
// struct. An absent message is walked too, as one that is empty.
#include "vsm/json.h"

#include <assert.h>
#include <inttypes.h>
#include <locale.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/number.h"

struct text {
  char *p;
  size_t n, cap;
  bool failed;
};

static void put(struct text *t, const char *p, size_t n) {
  if (t->n + n + 1 > t->cap) {
    size_t cap = t->cap * 2 + n + 256;
    char *grown = t->failed ? NULL : realloc(t->p, cap);
    if (!grown) {
      t->failed = true;
      return;
    }
    t->p = grown;
    t->cap = cap;
  }
  memcpy(t->p + t->n, p, n);
  t->n += n;
  t->p[t->n] = '\0';
}

static void put_text(struct text *t, const char *z) {
  put(t, z, strlen(z));
}

static void put_string(struct text *t, const char *z) {
  put(t, "\"", 1);
  for (const char *p = z ? z : ""; *p; p++) {
    char escaped[8] = "";
    if (*p == '"' || *p == '\\')
      put(t, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\%c", *p));
    else if ((unsigned char)*p < 0x20)
      put(t, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)*p));
    else
      put(t, p, 1);
  }
  put(t, "\"", 1);
}

// JSON knows no infinity: 0, like all that is not there.
static void put_double(struct text *t, double v) {
  char buf[VSM_NUMBER_BYTES];
  size_t n = vsm_number_print(buf, v);
  put(t, buf, n);
}

static void put_message(struct text *t, const ProtobufCMessage *m);

static void put_submessage(struct text *t, const ProtobufCMessageDescriptor *type, const ProtobufCMessage *m) {
  if (m) {
    put_message(t, m);
    return;
  }
  void *empty = calloc(1, type->sizeof_message);
  if (!empty) {
    t->failed = true;
    return;
  }
  protobuf_c_message_init(type, empty);
  put_message(t, empty);
  free(empty);
}

// The types that proto/vsm/v1 uses.
static void put_value(struct text *t, const ProtobufCFieldDescriptor *f, const void *at) {
  char buf[32] = "";
  switch (f->type) {
  case PROTOBUF_C_TYPE_STRING:
    put_string(t, *(const char *const *)at);
    break;
  case PROTOBUF_C_TYPE_MESSAGE:
    put_submessage(t, f->descriptor, *(const ProtobufCMessage *const *)at);
    break;
  case PROTOBUF_C_TYPE_DOUBLE:
    put_double(t, *(const double *)at);
    break;
  case PROTOBUF_C_TYPE_BOOL:
    put_text(t, *(const protobuf_c_boolean *)at ? "true" : "false");
    break;
  case PROTOBUF_C_TYPE_UINT32:
    put(t, buf, (size_t)snprintf(buf, sizeof buf, "%" PRIu32, *(const uint32_t *)at));
    break;
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
    put(t, buf, (size_t)snprintf(buf, sizeof buf, "%" PRIu64, *(const uint64_t *)at));
    break;
  default:
    assert(!"a type that no message had when this was written");
  }
}

// Strings and messages alone are repeated: pointers both.
static void put_repeated(struct text *t, const ProtobufCFieldDescriptor *f, const char *message) {
  size_t n = *(const size_t *)(message + f->quantifier_offset);
  void *const *values = *(void *const *const *)(message + f->offset);
  assert(f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE);
  put(t, "[", 1);
  for (size_t i = 0; i < n; i++) {
    if (i)
      put(t, ", ", 2);
    put_value(t, f, &values[i]);
  }
  put(t, "]", 1);
}

static bool is_set(const ProtobufCFieldDescriptor *f, const char *message) {
  return !(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || *(const uint32_t *)(message + f->quantifier_offset) == f->id;
}

static void put_message(struct text *t, const ProtobufCMessage *m) {
  const char *message = (const char *)m, *separator = "";
  put(t, "{", 1);
  for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
    if (!is_set(f, message))
      continue;
    put_text(t, separator);
    put_string(t, f->name);
    put(t, ": ", 2);
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
      put_repeated(t, f, message);
    else
      put_value(t, f, message + f->offset);
    separator = ", ";
  }
  put(t, "}", 1);
}

char *vsm_json_message(const struct ProtobufCMessage *message, size_t *n) {
  struct text t = {0};
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!plain)
    return NULL;
  locale_t before = uselocale(plain); // of this thread
  put_message(&t, message);
  uselocale(before);
  freelocale(plain);
  if (t.failed) {
    free(t.p);
    return NULL;
  }
  if (n)
    *n = t.n;
  return t.p;
}
