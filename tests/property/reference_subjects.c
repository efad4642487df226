// What alerts a model asks for, each with its id.
#include <string.h>

#include "property/reference_alerts.h"

unsigned ref_node(const struct ref_world *w, unsigned stream, int stage) {
  unsigned node = 0;
  for (unsigned s = 0; s < stream; s++)
    node += 1 + w->model->streams[s].n_stages;
  return node + 1 + (unsigned)stage; // -1: the stream itself
}

struct list {
  struct ref_subject *at;
  size_t n;
};

static void add(const struct ref_world *w, struct list *l, struct ref_subject s, const struct vsm_alert_rule *rules) {
  const char *stream = s.stream < 0 ? NULL : w->model->streams[s.stream].id;
  const char *of = stream ? stream : s.source;
  if (stream && s.stage >= 0)
    of = vsm_arena_printf(w->arena, "%s/%s", stream, w->model->streams[s.stream].stages[s.stage].id);
  s.name = s.name ? s.name : "";
  s.id = vsm_arena_printf(w->arena, "%s:%s%s%s", vsm_alert_kind_name(s.kind), of, *s.name ? ":" : "", s.name);
  s.rule = &rules[s.kind];
  REF_PUSH(w->arena, l->at, l->n, s);
}

static void add_source(const struct ref_world *w, struct list *l, const char *id) {
  const struct vsm_alert_rule *rules = w->model->alerts;
  struct ref_subject s = {.stream = -1, .stage = -1, .source = id};
  int64_t silent = 0;
  for (unsigned i = 0; i < w->model->n_sources; i++)
    if (strcmp(w->model->sources[i].id, id) == 0) {
      rules = w->model->sources[i].alerts;
      silent = w->model->sources[i].silent_us;
    }
  if (!rules)
    return;
  s.kind = VSM_SOURCE_SILENT;
  if (silent)
    add(w, l, s, rules);
  s.kind = VSM_SOURCE_REFUSED;
  add(w, l, s, rules);
  s.kind = VSM_SOURCE_GAP;
  add(w, l, s, rules);
}

static bool is_dated(const struct vsm_model *m, int stream, int stage) {
  for (unsigned i = 0; i < m->n_rules; i++)
    if (m->rules[i].stream == stream && m->rules[i].stage == stage && m->rules[i].due.n)
      return true;
  return false;
}

static void add_expected(const struct ref_world *w, struct list *l, struct ref_subject s,
                         const struct vsm_expectation *all, unsigned n, const struct vsm_alert_rule *rules) {
  bool nameless = !is_dated(w->model, s.stream, s.stage);
  for (unsigned i = 0; i < n; i++) {
    bool again = false;
    for (unsigned k = 0; k < i; k++)
      again = again || strcmp(all[k].name, all[i].name) == 0;
    nameless = nameless || !*all[i].name;
    s.name = all[i].name;
    s.kind = VSM_SLE_MISSED;
    if (!again)
      add(w, l, s, rules);
    s.kind = VSM_ITEM_OVERDUE;
    if (!again)
      add(w, l, s, rules);
  }
  s.name = NULL;
  s.kind = VSM_ITEM_OVERDUE;
  if (!nameless)
    add(w, l, s, rules); // dates
}

static void add_stage(const struct ref_world *w, struct list *l, int stream, int stage) {
  const struct vsm_stage *x = &w->model->streams[stream].stages[stage];
  struct ref_subject s = {.stream = stream, .stage = stage};
  if (!x->alerts)
    return;
  s.kind = VSM_ITEM_STALLED;
  if (x->n_stalls)
    add(w, l, s, x->alerts);
  s.kind = VSM_STAGE_STALLED;
  if (x->stage_stall_us)
    add(w, l, s, x->alerts);
  s.kind = VSM_WIP_LIMIT;
  if (x->wip_limit)
    add(w, l, s, x->alerts);
  add_expected(w, l, s, x->expected, x->n_expected, x->alerts);
}

struct ref_subject *ref_subjects(const struct ref_world *w, size_t *n) {
  struct list l = {0};
  for (size_t i = 0; i < w->n_sources; i++)
    add_source(w, &l, w->sources[i].id);
  for (unsigned i = 0; i < w->model->n_streams; i++) {
    const struct vsm_stream *x = &w->model->streams[i];
    struct ref_subject s = {.stream = (int)i, .stage = -1, .kind = VSM_ITEM_STALLED};
    if (x->alerts && x->n_stalls)
      add(w, &l, s, x->alerts);
    if (x->alerts)
      add_expected(w, &l, s, x->expected, x->n_expected, x->alerts);
    for (unsigned k = 0; k < x->n_stages; k++)
      add_stage(w, &l, (int)i, (int)k);
  }
  *n = l.n;
  return l.at;
}
