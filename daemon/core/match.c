// Kinds of events, (source, type), are few; each is resolved once against all rules' globs. The kinds are a cache and
// no state: when there are too many, or they take too much room, they are forgotten and found anew.
#include "core/match.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/hash.h"
#include "core/ledger.h"

struct vsm_matcher {
  const struct vsm_model *model;
  struct vsm_intern *words;
  struct vsm_ledger *ledger;
  struct vsm_arena arena;
  struct vsm_table table;
  struct vsm_kind **kinds;
  size_t n, cap;
};

struct vsm_matcher *vsm_matcher_create(const struct vsm_model *model, struct vsm_intern *words,
                                       struct vsm_ledger *ledger) {
  struct vsm_matcher *m = calloc(1, sizeof *m);
  if (m) {
    m->model = model;
    m->words = words;
    m->ledger = ledger;
    vsm_arena_init(&m->arena, 0);
  }
  return m;
}

void vsm_matcher_destroy(struct vsm_matcher *m) {
  if (!m)
    return;
  vsm_arena_fini(&m->arena);
  vsm_table_fini(&m->table);
  free(m->kinds);
  free(m);
}

struct wanted {
  const struct vsm_matcher *m;
  const struct vsm_event *event;
};

static bool is_kind(const void *ctx, uint32_t id) {
  const struct wanted *w = ctx;
  const struct vsm_kind *k = w->m->kinds[id];
  return vsm_str_eq(k->type, w->event->type) && vsm_str_eq(k->source, w->event->source);
}

static int64_t offset_of(const struct vsm_model *model, struct vsm_str id) {
  const struct vsm_source *source = vsm_model_source(model, id);
  return source ? source->offset_us : 0;
}

static struct vsm_str keep(struct vsm_matcher *m, struct vsm_str s) {
  return (struct vsm_str){vsm_arena_strndup(&m->arena, s.p, s.n), s.n};
}

static bool concerns(const struct vsm_rule *r, const struct vsm_event *e) {
  return vsm_glob_match(r->source, e->source) && vsm_glob_match(r->type, e->type);
}

static struct vsm_kind *resolve(struct vsm_matcher *m, const struct vsm_event *e) {
  const struct vsm_model *model = m->model;
  size_t n = 0;
  for (unsigned i = 0; i < model->n_rules; i++)
    n += concerns(&model->rules[i], e);
  struct vsm_kind *k = vsm_arena_zalloc(&m->arena, sizeof *k);
  uint32_t *rules = vsm_arena_alloc(&m->arena, n * sizeof *rules);
  uint32_t *origins = vsm_arena_alloc(&m->arena, n * sizeof *origins);
  if (!k || !rules || !origins)
    return NULL;
  *k = (struct vsm_kind){keep(m, e->source),
                         keep(m, e->type),
                         vsm_ledger_source(m->ledger, e->source),
                         offset_of(model, e->source),
                         rules,
                         origins,
                         0};
  if (!k->source.p || !k->type.p)
    return NULL;
  for (unsigned i = 0; i < model->n_rules; i++) {
    const struct vsm_rule *r = &model->rules[i];
    if (!concerns(r, e))
      continue;
    rules[k->n] = i;
    origins[k->n++] = vsm_intern(m->words, (struct vsm_str[]){e->source, e->type, vsm_str_of(r->where)}, 3);
  }
  return k;
}

void vsm_matcher_clear(struct vsm_matcher *m) {
  m->n = 0;
  vsm_table_clear(&m->table);
  vsm_arena_reset(&m->arena);
}

void vsm_matcher_begin(struct vsm_matcher *m) {
  if (m->n >= VSM_KINDS_MAX || m->arena.used_bytes >= VSM_KINDS_BYTES_MAX)
    vsm_matcher_clear(m);
}

const struct vsm_kind *vsm_matcher_kind(struct vsm_matcher *m, const struct vsm_event *e) {
  uint32_t hash = vsm_hash(e->type, vsm_hash(e->source, 0));
  uint32_t id = vsm_table_find(&m->table, hash, is_kind, &(struct wanted){m, e});
  if (id != (uint32_t)VSM_TABLE_NONE)
    return m->kinds[id];
  struct vsm_kind *k = resolve(m, e);
  if (!k)
    return NULL;
  m->kinds = vsm_mem_grow(m->kinds, m->n, &m->cap, sizeof *m->kinds);
  m->kinds[m->n] = k;
  vsm_table_put(&m->table, hash, (uint32_t)m->n++);
  return k;
}

size_t vsm_matcher_bytes(const struct vsm_matcher *m) {
  return m->arena.used_bytes;
}

static bool holds(const struct vsm_condition *c, const struct vsm_event *e) {
  struct vsm_str v = vsm_field_value(&c->field, e);
  bool in = false;
  switch (c->op) {
  case VSM_EXISTS:
    return (v.n > 0) == c->exists;
  case VSM_MATCHES:
    return v.n > 0 && vsm_glob_match(c->values[0], v);
  case VSM_IN:
  case VSM_NOT_IN:
    for (unsigned i = 0; i < c->n_values && !in; i++)
      in = vsm_str_eq(c->values[i], v);
    return c->op == VSM_IN ? in && v.n > 0 : !in || v.n == 0;
  }
  return false;
}

bool vsm_rule_holds(const struct vsm_rule *rule, const struct vsm_event *event) {
  for (unsigned i = 0; i < rule->n_when; i++)
    if (!holds(&rule->when[i], event))
      return false;
  return true;
}

enum vsm_reason vsm_rule_key(const struct vsm_template *t, const struct vsm_event *event, char *buf,
                             struct vsm_str *key, const struct vsm_field **missing) {
  long n = vsm_template_expand(t, event, buf, VSM_KEY_MAX, missing);
  *key = (struct vsm_str){buf, n > 0 ? (size_t)n : 0};
  return n == -2 ? VSM_R_KEY_TOO_LONG : n <= 0 ? VSM_R_MISSING_FIELD : VSM_R_NONE;
}

const char *vsm_field_print(const struct vsm_field *f, char *buf, size_t size) {
  static const char *const name[] = {[VSM_F_LITERAL] = "",  [VSM_F_SUBJECT] = "subject", [VSM_F_SOURCE] = "source",
                                     [VSM_F_TYPE] = "type", [VSM_F_ID] = "id",           [VSM_F_DATA] = "data."};
  vsm_text_format(buf, size, "%s%.*s", name[f->kind], f->kind == VSM_F_DATA ? (int)f->text.n : 0,
                  f->text.p ? f->text.p : "");
  return buf;
}

static int add_match(const struct vsm_rule *r, const struct vsm_event *event, struct vsm_arena *arena,
                     struct vsm_match *m) {
  char buf[VSM_KEY_MAX], name[128];
  const struct vsm_field *missing = NULL;
  *m = (struct vsm_match){.rule = r};
  if (r->ignore)
    return 0;
  m->reason = vsm_rule_key(&r->item, event, buf, &m->item, &missing);
  if (m->reason == VSM_R_MISSING_FIELD && missing)
    m->detail = vsm_str_of(vsm_arena_strdup(arena, vsm_field_print(missing, name, sizeof name)));
  m->item.p = vsm_arena_strndup(arena, m->item.p, m->item.n);
  struct vsm_str *links = vsm_arena_alloc(arena, (r->n_links + 1) * sizeof *links);
  if (!links)
    return -1;
  m->links = links;
  for (unsigned i = 0; i < r->n_links; i++) {
    struct vsm_str link;
    if (vsm_rule_key(&r->links[i], event, buf, &link, &missing) == VSM_R_NONE)
      links[m->n_links++] = (struct vsm_str){vsm_arena_strndup(arena, link.p, link.n), link.n};
  }
  return 0;
}

long vsm_match_event(const struct vsm_model *model, const struct vsm_event *event, struct vsm_arena *arena,
                     struct vsm_match **matches) {
  long n = 0;
  *matches = vsm_arena_alloc(arena, (model->n_rules + 1) * sizeof **matches);
  if (!*matches)
    return -1;
  for (unsigned i = 0; i < model->n_rules; i++) {
    const struct vsm_rule *r = &model->rules[i];
    if (concerns(r, event) && vsm_rule_holds(r, event) && add_match(r, event, arena, &(*matches)[n++]) != 0)
      return -1;
  }
  return n;
}
