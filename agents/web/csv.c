#include "agents/web/csv.h"

#include <assert.h>
#include <inttypes.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <string.h>

#include "agents/lib/number.h"

enum { PREFIX_BYTES = 128, DEPTH_MAX = 4 };

// --- cells

static void put_escaped(FILE *out, const char *text) {
  for (; *text; text++) {
    if (*text == '"')
      fputc('"', out);
    fputc(*text, out);
  }
}

static bool is_formula(const char *text) {
  return *text && strchr("=+-@\t\r", *text);
}

void vsm_csv_text(FILE *out, const char *text) {
  bool formula = is_formula(text);
  if (!formula && !strpbrk(text, "\",\r\n"))
    fputs(text, out);
  else {
    fputs(formula ? "\"'" : "\"", out);
    put_escaped(out, text);
    fputc('"', out);
  }
}

static void put_number(FILE *out, double value) {
  char text[VSM_NUMBER_BYTES];
  fwrite(text, 1, vsm_number_print(text, value), out);
}

// Texts are all that is repeated beside messages.
static void put_texts(FILE *out, const ProtobufCFieldDescriptor *f, const char *message) {
  size_t n = *(const size_t *)(message + f->quantifier_offset);
  char *const *texts = *(char *const *const *)(message + f->offset);
  if (n == 0)
    return;
  fputs(is_formula(texts[0]) ? "\"'" : "\"", out);
  for (size_t i = 0; i < n; i++) {
    fputs(i ? " " : "", out);
    put_escaped(out, texts[i]);
  }
  fputc('"', out);
}

static void put_cell(FILE *out, const ProtobufCFieldDescriptor *f, const char *message) {
  const void *at = message + f->offset;
  if (f->label == PROTOBUF_C_LABEL_REPEATED) {
    put_texts(out, f, message);
    return;
  }
  switch (f->type) {
  case PROTOBUF_C_TYPE_STRING:
    vsm_csv_text(out, *(const char *const *)at);
    break;
  case PROTOBUF_C_TYPE_DOUBLE:
    put_number(out, *(const double *)at);
    break;
  case PROTOBUF_C_TYPE_BOOL:
    fputs(*(const protobuf_c_boolean *)at ? "true" : "false", out);
    break;
  case PROTOBUF_C_TYPE_UINT32:
    fprintf(out, "%" PRIu32, *(const uint32_t *)at);
    break;
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
    fprintf(out, "%" PRIu64, *(const uint64_t *)at);
    break;
  default:
    assert(!"a type that no message had when this was written");
  }
}

// --- rows

// What a field is to a row: nothing, a cell, or cells of a message inside.
static bool is_left_out(const ProtobufCFieldDescriptor *f) {
  return f->type == PROTOBUF_C_TYPE_MESSAGE && f->label == PROTOBUF_C_LABEL_REPEATED;
}

static void put_names(FILE *out, const ProtobufCMessageDescriptor *type, const char *prefix, bool *first) {
  char inner[PREFIX_BYTES];
  for (unsigned i = 0; i < type->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = &type->fields[i];
    if (is_left_out(f))
      continue;
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
      snprintf(inner, sizeof inner, "%s%s.", prefix, f->name);
      put_names(out, f->descriptor, inner, first);
      continue;
    }
    fprintf(out, "%s%s%s", *first ? "" : ",", prefix, f->name);
    *first = false;
  }
}

// message NULL: absent, whose cells are empty.
static void put_values(FILE *out, const ProtobufCMessageDescriptor *type, const ProtobufCMessage *message,
                       bool *first) {
  for (unsigned i = 0; i < type->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = &type->fields[i];
    if (is_left_out(f))
      continue;
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
      const char *at = (const char *)message + (message ? f->offset : 0);
      put_values(out, f->descriptor, message ? *(const ProtobufCMessage *const *)at : NULL, first);
      continue;
    }
    fputs(*first ? "" : ",", out);
    if (message)
      put_cell(out, f, (const char *)message);
    *first = false;
  }
}

struct way {
  const ProtobufCFieldDescriptor *field[DEPTH_MAX]; // repeated, from the message to the rows
  const ProtobufCMessage *at[DEPTH_MAX];            // the element in hand of each
  size_t n;
};

static struct way find_way(const ProtobufCMessageDescriptor *type, const char *path) {
  struct way w = {.n = 0};
  char name[PREFIX_BYTES];
  for (const char *p = path; *p; p += *p == '.') {
    size_t n = strcspn(p, ".");
    snprintf(name, sizeof name, "%.*s", (int)n, p);
    w.field[w.n] = protobuf_c_message_descriptor_get_field_by_name(type, name);
    assert(w.field[w.n] && is_left_out(w.field[w.n]));
    type = w.field[w.n++]->descriptor;
    p += n;
  }
  return w;
}

static void put_row(FILE *out, const struct way *w) {
  bool first = true;
  for (size_t i = 0; i < w->n; i++)
    put_values(out, w->field[i]->descriptor, w->at[i], &first);
  fputs("\r\n", out);
}

static void put_rows(FILE *out, struct way *w, size_t level, const ProtobufCMessage *message) {
  if (level == w->n || level == DEPTH_MAX) { // the latter says to the compiler what find_way() sees to
    put_row(out, w);
    return;
  }
  const ProtobufCFieldDescriptor *f = w->field[level];
  size_t n = *(const size_t *)((const char *)message + f->quantifier_offset);
  ProtobufCMessage *const *elements = *(ProtobufCMessage *const *const *)((const char *)message + f->offset);
  for (size_t i = 0; i < n; i++) {
    w->at[level] = elements[i];
    put_rows(out, w, level + 1, elements[i]);
  }
}

void vsm_csv_print(FILE *out, const ProtobufCMessage *message, const char *path) {
  struct way w = find_way(message->descriptor, path);
  bool first = true;
  if (w.n == 0) {
    put_names(out, message->descriptor, "", &first);
    fputs("\r\n", out);
    first = true;
    put_values(out, message->descriptor, message, &first);
    fputs("\r\n", out);
    return;
  }
  for (size_t i = 0; i < w.n; i++) {
    char prefix[PREFIX_BYTES];
    snprintf(prefix, sizeof prefix, "%s.", w.field[i]->name);
    put_names(out, w.field[i]->descriptor, i + 1 < w.n ? prefix : "", &first);
  }
  fputs("\r\n", out);
  put_rows(out, &w, 0, message);
}

void vsm_csv_names(FILE *out, const ProtobufCMessage *message) {
  bool first = false;
  put_names(out, message->descriptor, "", &first);
  fputs("\r\n", out);
}

void vsm_csv_values(FILE *out, const ProtobufCMessage *message) {
  bool first = false;
  put_values(out, message->descriptor, message, &first);
  fputs("\r\n", out);
}
