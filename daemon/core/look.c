#include "core/look.h"

#include "base/err.h"
#include "core/hash.h"

struct looker {
  struct vsm_arena *arena;
  const struct vsm_event *event;
  struct vsm_look *look;
};

void vsm_look_reject(struct vsm_look *look, enum vsm_reason reason, const char *detail) {
  if (look->reason != VSM_R_NONE && look->reason <= reason)
    return;
  look->reason = reason;
  look->detail = detail;
}

static int call(const struct looker *l, const struct vsm_template *t, struct vsm_name *name,
                const struct vsm_field **missing) {
  char buf[VSM_KEY_MAX];
  name->reason = vsm_rule_key(t, l->event, buf, &name->key, missing);
  if (name->reason != VSM_R_NONE)
    return 0;
  name->key.p = vsm_arena_strndup(l->arena, buf, name->key.n);
  if (!name->key.p)
    return VSM_ENOMEM;
  name->hash = vsm_hash(name->key, 0);
  return 0;
}

static int reject(const struct looker *l, const struct vsm_rule *rule, enum vsm_reason reason,
                  const struct vsm_field *missing) {
  char name[128];
  const char *detail =
      reason == VSM_R_KEY_TOO_LONG
          ? vsm_arena_printf(l->arena, "an item key has at most %d bytes (rule %s)", VSM_KEY_MAX, rule->where)
          : vsm_arena_printf(l->arena, "%s (rule %s)", missing ? vsm_field_print(missing, name, sizeof name) : "item",
                             rule->where);
  vsm_look_reject(l->look, reason, detail);
  return detail ? 0 : VSM_ENOMEM;
}

static int claim(const struct looker *l, const struct vsm_rule *rule, uint32_t origin) {
  const struct vsm_field *missing = NULL;
  struct vsm_name *names = vsm_arena_alloc(l->arena, (1 + rule->n_links) * sizeof *names);
  if (!names || call(l, &rule->item, &names[0], &missing) != 0)
    return VSM_ENOMEM;
  if (names[0].reason != VSM_R_NONE)
    return reject(l, rule, names[0].reason, missing);
  for (unsigned i = 0; i < rule->n_links; i++)
    if (call(l, &rule->links[i], &names[1 + i], &missing) != 0)
      return VSM_ENOMEM;
  l->look->claims[l->look->n_claims++] = (struct vsm_claim){rule, origin, names, names + 1};
  return 0;
}

static int look_at(struct vsm_matcher *matcher, const struct vsm_model *model, const struct looker *l) {
  struct vsm_look *look = l->look;
  *look = (struct vsm_look){0};
  if (l->event->refused != VSM_R_NONE)
    return 0;
  look->kind = vsm_matcher_kind(matcher, l->event);
  if (!look->kind || !(look->claims = vsm_arena_alloc(l->arena, look->kind->n * sizeof *look->claims)))
    return VSM_ENOMEM;
  for (unsigned i = 0; i < look->kind->n; i++) {
    const struct vsm_rule *rule = &model->rules[look->kind->rules[i]];
    if (!vsm_rule_holds(rule, l->event))
      continue;
    look->matched = true;
    if (rule->ignore)
      look->ignored = true;
    else if (claim(l, rule, look->kind->origins[i]) != 0)
      return VSM_ENOMEM;
  }
  return 0;
}

int vsm_look(struct vsm_matcher *matcher, const struct vsm_model *model, struct vsm_arena *arena,
             const struct vsm_event *events, size_t n, struct vsm_look *looks) {
  vsm_arena_reset(arena);
  vsm_matcher_begin(matcher);
  for (size_t i = 0; i < n; i++) {
    int err = look_at(matcher, model, &(struct looker){arena, &events[i], &looks[i]});
    if (err)
      return err;
  }
  return 0;
}
