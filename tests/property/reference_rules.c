// Which rules match an event, and what their templates make of it.
#include "property/reference.h"

static bool glob(const char *g, size_t ng, const char *t, size_t nt) {
  if (ng == 0)
    return nt == 0;
  if (*g == '*')
    return glob(g + 1, ng - 1, t, nt) || (nt > 0 && glob(g, ng, t + 1, nt - 1));
  return nt > 0 && *g == *t && glob(g + 1, ng - 1, t + 1, nt - 1);
}

static bool fits(struct vsm_str g, struct vsm_str text) {
  return glob(g.p, g.n, text.p, text.n);
}

static struct vsm_str value_of(const struct vsm_field *field, const struct vsm_event *e) {
  switch (field->kind) {
  case VSM_F_LITERAL:
    return field->text;
  case VSM_F_SUBJECT:
    return e->subject;
  case VSM_F_SOURCE:
    return e->source;
  case VSM_F_TYPE:
    return e->type;
  case VSM_F_ID:
    return e->id;
  case VSM_F_DATA:
    break;
  }
  for (uint32_t i = 0; i < e->n_attrs; i++)
    if (vsm_str_eq(e->attrs[i].key, field->text))
      return e->attrs[i].value;
  return (struct vsm_str){0};
}

static bool holds(const struct vsm_condition *c, const struct vsm_event *e) {
  struct vsm_str value = value_of(&c->field, e);
  bool listed = false;
  for (unsigned i = 0; i < c->n_values; i++)
    if (c->op == VSM_MATCHES ? fits(c->values[i], value) : vsm_str_eq(c->values[i], value))
      listed = true;
  switch (c->op) {
  case VSM_EXISTS:
    return (value.n > 0) == c->exists;
  case VSM_NOT_IN:
    return value.n == 0 || !listed;
  case VSM_IN:
  case VSM_MATCHES:
    break;
  }
  return value.n > 0 && listed;
}

bool ref_rule_matches(const struct vsm_rule *rule, const struct vsm_event *e) {
  if (!fits(rule->source, e->source) || !fits(rule->type, e->type))
    return false;
  for (unsigned i = 0; i < rule->n_when; i++)
    if (!holds(&rule->when[i], e))
      return false;
  return true;
}

const char *ref_expand(const struct vsm_template *t, const struct vsm_event *e, struct vsm_arena *arena) {
  const char *text = "";
  for (unsigned i = 0; i < t->n; i++) {
    struct vsm_str part = value_of(&t->parts[i], e);
    if (part.n == 0 && t->parts[i].kind != VSM_F_LITERAL)
      return NULL;
    text = vsm_arena_printf(arena, "%s%.*s", text, (int)part.n, part.n ? part.p : "");
  }
  return text;
}
