// A template is cut into parts once; expanding it is a copy of each part.
#include "core/template.h"

#include "base/err.h"

int vsm_field_parse(const char *text, struct vsm_field *out, const char **what) {
  static const struct {
    const char *name;
    enum vsm_field_kind kind;
  } fields[] = {{"subject", VSM_F_SUBJECT}, {"source", VSM_F_SOURCE}, {"type", VSM_F_TYPE}, {"id", VSM_F_ID}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (strcmp(text, fields[i].name) == 0) {
      *out = (struct vsm_field){.kind = fields[i].kind};
      return 0;
    }
  if (strncmp(text, "data.", 5) == 0 && text[5] != '\0') {
    *out = (struct vsm_field){VSM_F_DATA, vsm_str_of(text + 5)};
    return 0;
  }
  *what = "unknown field; allowed: subject, source, type, id, data.NAME";
  return VSM_EFORMAT;
}

struct parser {
  struct vsm_arena *arena;
  struct vsm_field *parts;
  unsigned n;
  char *literal; // collected since the last field
  size_t n_literal;
};

static void end_literal(struct parser *p) {
  if (p->n_literal > 0)
    p->parts[p->n++] = (struct vsm_field){VSM_F_LITERAL, {p->literal, p->n_literal}};
  p->literal += p->n_literal;
  p->n_literal = 0;
}

static int add_field(struct parser *p, const char *from, size_t n, const char **what) {
  char *name = vsm_arena_strndup(p->arena, from, n);
  if (!name)
    return VSM_ENOMEM;
  end_literal(p);
  return vsm_field_parse(name, &p->parts[p->n++], what);
}

int vsm_template_parse(struct vsm_arena *arena, const char *text, struct vsm_template *out, size_t *at,
                       const char **what) {
  size_t n = strlen(text);
  struct parser p = {.arena = arena,
                     .parts = vsm_arena_alloc(arena, (n + 1) * sizeof *p.parts),
                     .literal = vsm_arena_alloc(arena, n + 1)};
  if (!p.parts || !p.literal)
    return VSM_ENOMEM;
  for (size_t i = 0; i < n; i++) {
    *at = i;
    if (text[i] != '{' && text[i] != '}') {
      p.literal[p.n_literal++] = text[i];
    } else if (text[i + 1] == text[i]) {
      p.literal[p.n_literal++] = text[i++];
    } else if (text[i] == '}') {
      *what = "} without {; a brace that stands for itself is doubled: }}";
      return VSM_EFORMAT;
    } else {
      const char *end = strchr(text + i, '}');
      if (!end) {
        *what = "{ without }; a brace that stands for itself is doubled: {{";
        return VSM_EFORMAT;
      }
      size_t len = (size_t)(end - text) - i - 1;
      int err = add_field(&p, text + i + 1, len, what);
      if (err)
        return err;
      i += len + 1;
    }
  }
  end_literal(&p);
  *out = (struct vsm_template){p.parts, p.n};
  return 0;
}

struct vsm_str vsm_field_value(const struct vsm_field *field, const struct vsm_event *event) {
  switch (field->kind) {
  case VSM_F_LITERAL:
    return field->text;
  case VSM_F_SUBJECT:
    return event->subject;
  case VSM_F_SOURCE:
    return event->source;
  case VSM_F_TYPE:
    return event->type;
  case VSM_F_ID:
    return event->id;
  case VSM_F_DATA:
    for (uint32_t i = event->n_attrs; i-- > 0;) // of a key given twice the last holds
      if (vsm_str_eq(event->attrs[i].key, field->text))
        return event->attrs[i].value;
    break;
  }
  return (struct vsm_str){0};
}

long vsm_template_expand(const struct vsm_template *t, const struct vsm_event *event, char *buf, size_t size,
                         const struct vsm_field **missing) {
  size_t n = 0;
  bool too_long = false;
  for (unsigned i = 0; i < t->n; i++) {
    struct vsm_str v = vsm_field_value(&t->parts[i], event);
    if (v.n == 0) {
      if (missing)
        *missing = &t->parts[i];
      return -1;
    }
    too_long = too_long || v.n > size - n;
    if (too_long)
      continue; // a missing field is said first
    memcpy(buf + n, v.p, v.n);
    n += v.n;
  }
  return too_long ? -2 : (long)n;
}
