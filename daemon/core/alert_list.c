// Which alerts there are: for each kind that the model asks for at a node one, in the order of the model. Under another
// model those that it has too go on with the life that they had.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/alerts.h"
#include "core/state.h"

void vsm_life_begin(struct vsm_life *l) {
  *l = (struct vsm_life){.clear_us = INT64_MAX, .moved_us = INT64_MIN};
}

void vsm_life_end(struct vsm_life *l) {
  vsm_since_fini(&l->announced);
  vsm_since_fini(&l->covered);
  vsm_marker_clear(&l->ack);
}

void vsm_alert_free(struct vsm_alert *a) {
  char *const texts[] = {a->id, a->name, a->stream, a->stage, a->stream_name, a->stage_name, a->source};
  vsm_life_end(&a->life);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    free(texts[i]);
}

uint32_t vsm_alerts_find(const struct vsm_alerts *a, struct vsm_str id) {
  for (size_t i = 0; i < a->n; i++)
    if (vsm_str_eq(vsm_str_of(a->at[i].id), id))
      return (uint32_t)i;
  return (uint32_t)VSM_NO_ALERT;
}

// --- what it is of

static void name_source(const struct vsm_core *core, struct vsm_alert *a) {
  char text[32 + VSM_KEY_MAX];
  a->source = vsm_mem_copy(vsm_str_of(core->hearing.at[a->subject.source].id));
  vsm_text_format(text, sizeof text, "%s:%s", vsm_alert_kind_name(a->subject.kind), a->source);
  a->id = vsm_mem_copy(vsm_str_of(text));
  a->stream = vsm_mem_copy(vsm_str_of(""));
  a->stage = vsm_mem_copy(vsm_str_of(""));
  a->stream_name = vsm_mem_copy(vsm_str_of(""));
  a->stage_name = vsm_mem_copy(vsm_str_of(""));
}

static void name_node(const struct vsm_core *core, struct vsm_alert *a, int stage) {
  char text[64 + 2 * VSM_ID_MAX + VSM_KEY_MAX];
  const struct vsm_stream *m = &core->model->streams[a->subject.stream];
  const struct vsm_stage *s = stage >= 0 ? &m->stages[stage] : NULL;
  a->source = vsm_mem_copy(vsm_str_of(""));
  a->stream = vsm_mem_copy(vsm_str_of(m->id));
  a->stream_name = vsm_mem_copy(vsm_str_of(m->name));
  a->stage = vsm_mem_copy(vsm_str_of(s ? s->id : ""));
  a->stage_name = vsm_mem_copy(vsm_str_of(s ? s->name : ""));
  vsm_text_format(text, sizeof text, "%s:%s%s%s%s%s", vsm_alert_kind_name(a->subject.kind), a->stream, s ? "/" : "",
                  a->stage, a->name[0] ? ":" : "", a->name);
  a->id = vsm_mem_copy(vsm_str_of(text));
}

// --- what feeds a node

// A set for each stream, and behind it one for each of its stages as declared.
static uint64_t *feeds_of(const struct vsm_alerts *a, const struct vsm_model *m, unsigned stream, int stage) {
  size_t at = 0;
  for (unsigned i = 0; i < stream; i++)
    at += 1 + m->streams[i].n_stages;
  return a->feeds + (at + (size_t)(stage + 1)) * a->feed_words;
}

static void note_feed(struct vsm_alerts *a, const struct vsm_model *m, const struct vsm_rule *r, unsigned source) {
  uint64_t bit = UINT64_C(1) << source % 64;
  feeds_of(a, m, (unsigned)r->stream, -1)[source / 64] |= bit;
  if (r->stage >= 0)
    feeds_of(a, m, (unsigned)r->stream, r->stage)[source / 64] |= bit;
}

static void find_feeds(struct vsm_alerts *a, const struct vsm_model *m) {
  size_t nodes = 0;
  for (unsigned i = 0; i < m->n_streams; i++)
    nodes += 1 + m->streams[i].n_stages;
  free(a->feeds);
  a->feed_words = m->n_sources / 64 + 1;
  a->feeds = vsm_mem_alloc((nodes + 1) * a->feed_words * sizeof *a->feeds);
  for (unsigned s = 0; s < m->n_sources; s++)
    for (unsigned r = 0; m->sources[s].silent_us > 0 && r < m->n_rules; r++)
      if (m->rules[r].stream >= 0 && vsm_glob_match(m->rules[r].source, vsm_str_of(m->sources[s].id)))
        note_feed(a, m, &m->rules[r], s);
}

bool vsm_alerts_feeds(const struct vsm_core *core, unsigned source, unsigned stream, int stage) {
  return feeds_of(&core->alerts, core->model, stream, stage)[source / 64] >> source % 64 & 1;
}

// --- one more

// All behind it move by a place.
static void place_by_id(struct vsm_alerts *all, uint32_t number) {
  size_t i = number;
  all->by_id = vsm_mem_grow(all->by_id, number, &all->cap_by_id, sizeof *all->by_id);
  all->chosen = vsm_mem_grow(all->chosen, number / 64, &all->cap_chosen, sizeof *all->chosen);
  all->chosen[number / 64] = 0;
  for (; i > 0 && strcmp(all->at[all->by_id[i - 1]].id, all->at[number].id) > 0; i--) {
    all->by_id[i] = all->by_id[i - 1];
    all->at[all->by_id[i]].place = (uint32_t)i;
  }
  all->by_id[i] = number;
  all->at[number].place = (uint32_t)i;
}

static uint32_t add(struct vsm_core *core, const struct vsm_subject *subject, const struct vsm_alert_rule *rules,
                    struct vsm_ownership ownership, int stage) {
  struct vsm_alerts *all = &core->alerts;
  all->at = vsm_mem_grow(all->at, all->n, &all->cap, sizeof *all->at);
  struct vsm_alert *a = &all->at[all->n];
  *a = (struct vsm_alert){.subject = *subject,
                          .name = vsm_mem_copy(vsm_str_of(subject->name)),
                          .rule = &rules[subject->kind],
                          .ownership = ownership,
                          .due_us = INT64_MAX};
  vsm_life_begin(&a->life);
  if (subject->stream >= 0) {
    a->feeds = feeds_of(all, core->model, (unsigned)subject->stream, stage);
    name_node(core, a, stage);
  } else {
    name_source(core, a);
  }
  place_by_id(all, (uint32_t)all->n);
  return (uint32_t)all->n++;
}

struct node {
  unsigned stream;
  int place, stage;
  const struct vsm_alert_rule *rules;
  struct vsm_ownership ownership;
  const struct vsm_expectation *expected;
  unsigned n_expected;
};

static void watch(struct vsm_core *core, const struct node *n, enum vsm_alert_kind kind, const char *name) {
  struct vsm_subject subject = {.kind = kind, .stream = (int)n->stream, .place = n->place, .name = name};
  vsm_detect_bind(core, &subject, add(core, &subject, n->rules, n->ownership, n->stage));
}

static bool is_first_of_name(const struct node *n, unsigned i) {
  for (unsigned k = 0; k < i; k++)
    if (strcmp(n->expected[k].name, n->expected[i].name) == 0)
      return false;
  return true;
}

static bool is_dated(const struct vsm_model *m, const struct node *n) {
  for (unsigned i = 0; i < m->n_rules; i++)
    if (m->rules[i].stream == (int)n->stream && m->rules[i].stage == n->stage && m->rules[i].due.n > 0)
      return true;
  return false;
}

static void watch_overdue(struct vsm_core *core, const struct node *n) {
  bool nameless = is_dated(core->model, n);
  for (unsigned i = 0; i < n->n_expected; i++)
    nameless = nameless || n->expected[i].name[0] == '\0';
  if (nameless)
    watch(core, n, VSM_ITEM_OVERDUE, "");
  for (unsigned i = 0; i < n->n_expected; i++)
    if (n->expected[i].name[0] && is_first_of_name(n, i))
      watch(core, n, VSM_ITEM_OVERDUE, n->expected[i].name);
}

static void watch_missed(struct vsm_core *core, const struct node *n) {
  for (unsigned i = 0; i < n->n_expected; i++)
    if (is_first_of_name(n, i))
      watch(core, n, VSM_SLE_MISSED, n->expected[i].name);
}

static void watch_stream(struct vsm_core *core, unsigned stream) {
  const struct vsm_stream *m = &core->model->streams[stream];
  struct node n = {stream, -1, -1, m->alerts, m->ownership, m->expected, m->n_expected};
  if (!m->alerts)
    return;
  if (m->n_stalls > 0)
    watch(core, &n, VSM_ITEM_STALLED, "");
  watch_overdue(core, &n);
  watch_missed(core, &n);
}

static void watch_stage(struct vsm_core *core, unsigned stream, unsigned place) {
  unsigned stage = core->streams[stream].graph->at[place].declared;
  const struct vsm_stage *m = &core->model->streams[stream].stages[stage];
  struct node n = {stream, (int)place, (int)stage, m->alerts, m->ownership, m->expected, m->n_expected};
  if (!m->alerts)
    return;
  if (m->n_stalls > 0)
    watch(core, &n, VSM_ITEM_STALLED, "");
  watch_overdue(core, &n);
  if (m->stage_stall_us > 0)
    watch(core, &n, VSM_STAGE_STALLED, "");
  if (m->wip_limit > 0)
    watch(core, &n, VSM_WIP_LIMIT, "");
  watch_missed(core, &n);
}

// --- sources. They have alerts about what was refused, or is missing, once anything was.

static const struct vsm_alert_rule *rules_of_source(const struct vsm_core *core, uint32_t source) {
  int model = core->hearing.at[source].model;
  return model >= 0 ? core->model->sources[model].alerts : core->model->alerts;
}

const struct vsm_alert_rule *vsm_alerts_source_rule(const struct vsm_core *core, enum vsm_alert_kind kind,
                                                    uint32_t source) {
  return &rules_of_source(core, source)[kind];
}

uint32_t vsm_alerts_of_source(struct vsm_core *core, enum vsm_alert_kind kind, uint32_t source) {
  const struct vsm_hearing_source *s = &core->hearing.at[source];
  const struct vsm_alert_rule *rules = rules_of_source(core, source);
  struct vsm_subject subject = {.kind = kind, .stream = -1, .place = -1, .source = source, .name = ""};
  struct vsm_ownership nobody = {"", ""};
  if (!rules)
    return (uint32_t)VSM_NO_ALERT;
  return add(core, &subject, rules, s->model >= 0 ? core->model->sources[s->model].ownership : nobody, -1);
}

void vsm_alerts_watch_sources(struct vsm_core *core) {
  for (size_t i = 0; i < core->hearing.n; i++) {
    struct vsm_hearing_source *s = &core->hearing.at[i];
    bool silent = s->model >= 0 && core->model->sources[s->model].silent_us > 0;
    if (silent && s->silent == (uint32_t)VSM_NO_ALERT)
      s->silent = vsm_alerts_of_source(core, VSM_SOURCE_SILENT, (uint32_t)i);
    if (s->type && s->refused == (uint32_t)VSM_NO_ALERT)
      s->refused = vsm_alerts_of_source(core, VSM_SOURCE_REFUSED, (uint32_t)i);
    if (s->ever_missing && s->gap == (uint32_t)VSM_NO_ALERT)
      s->gap = vsm_alerts_of_source(core, VSM_SOURCE_GAP, (uint32_t)i);
  }
}

// --- another model

// Each that the model has goes on with the life that one of its id had; those that it counts now are taken as told.
static void take_over(struct vsm_alert *a, struct vsm_alert *old) {
  struct vsm_life life = a->life;
  a->life = old->life;
  old->life = life;
  vsm_since_clear(&a->life.announced);
  vsm_since_clear(&a->life.covered);
}

static void watch_all(struct vsm_core *core) {
  find_feeds(&core->alerts, core->model);
  for (unsigned i = 0; i < core->model->n_streams; i++) {
    watch_stream(core, i);
    for (unsigned place = 0; place < core->streams[i].graph->n; place++)
      watch_stage(core, i, place);
  }
  vsm_alerts_watch_sources(core);
}

void vsm_alerts_configure(struct vsm_core *core) {
  struct vsm_alerts *all = &core->alerts, old = *all;
  all->at = NULL;
  all->n = all->cap = 0;
  all->due = (struct vsm_ranks){0};
  vsm_alerts_await_nothing(all);
  vsm_noted_clear(&core->noted);
  vsm_hearing_configure(core);
  watch_all(core);
  for (size_t i = 0; i < old.n; i++) {
    uint32_t now = vsm_alerts_find(all, vsm_str_of(old.at[i].id));
    if (now != (uint32_t)VSM_NO_ALERT)
      take_over(&all->at[now], &old.at[i]);
    else if (old.at[i].life.state != VSM_QUIET)
      vsm_alert_over(core, &old.at[i], VSM_BY_MODEL);
    vsm_alert_free(&old.at[i]);
  }
  free(old.at);
  vsm_ranks_fini(&old.due);
  vsm_alerts_count_silent(core);
  vsm_alerts_all(core);
}
