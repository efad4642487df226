// Makes scenarios. Events are made by choosing a rule and saying what it asks for, so that most of them are mapped;
// types are shared by several rules now and then, keys are few and links many, times tie.
#include <string.h>

#include "property/scenario_make.h"

const char *make_pick(struct maker *m, const char *const *from, unsigned n) {
  return from[rig_below(m->r, n)];
}

// ---- Streams

static const char *fresh_id(struct maker *m) {
  unsigned n = m->fresh++;
  return vsm_arena_printf(m->arena, "%c%u", 'a' + n % 26, n);
}

static void shuffle(struct maker *m, unsigned *x, unsigned n) {
  for (unsigned i = n; i > 1; i--) {
    unsigned j = rig_below(m->r, i), swap = x[i - 1];
    x[i - 1] = x[j];
    x[j] = swap;
  }
}

static void add_next(struct vsm_stage *stage, uint16_t *next, unsigned to) {
  for (unsigned i = 0; i < stage->n_next; i++)
    if (next[i] == to)
      return;
  next[stage->n_next++] = (uint16_t)to;
}

// Arrows between given stages: a line, or with ways that part, fork and join.
static void draw(struct maker *m, struct vsm_stage *stages, unsigned n) {
  bool line = !m->waiting && rig_chance(m->r, 25);
  unsigned order[16];
  for (unsigned i = 0; i < n; i++)
    order[i] = i;
  if (rig_chance(m->r, 40))
    shuffle(m, order, n);
  for (unsigned at = 0; at < n; at++) {
    struct vsm_stage *stage = &stages[order[at]];
    uint16_t *next = vsm_arena_zalloc(m->arena, 4 * sizeof *next);
    unsigned later = n - at - 1, ways = line ? 1 : 1 + rig_below(m->r, 3);
    stage->n_next = 0;
    stage->next = next;
    for (unsigned i = 0; i < ways && later; i++)
      add_next(stage, next, order[at + 1 + rig_below(m->r, line ? 1 : later < 3 ? later : 3)]);
    stage->to_outcome = later == 0 || (!line && rig_chance(m->r, 15));
    stage->fork_all = stage->n_next + stage->to_outcome > 1 && rig_chance(m->r, m->waiting ? 90 : 60);
  }
}

static void add_windows(struct maker *m, struct vsm_stream *stream) {
  static const struct vsm_window sets[][4] = {
      {{"1h", VSM_HOUR_US}, {"24h", VSM_DAY_US}, {"7d", 7 * VSM_DAY_US}, {"30d", 30 * VSM_DAY_US}},
      {{"1m", VSM_MINUTE_US}, {"5m", 5 * VSM_MINUTE_US}, {"7m", 7 * VSM_MINUTE_US}, {"90m", 90 * VSM_MINUTE_US}},
      {{"60d", 60 * VSM_DAY_US}, {"30d", 30 * VSM_DAY_US}, {"360d", 360 * VSM_DAY_US}, {"90d", 90 * VSM_DAY_US}},
      // the longer ones start later than the shorter ones at times
      {{"602m", 602 * VSM_MINUTE_US},
       {"600m", 600 * VSM_MINUTE_US},
       {"1m", VSM_MINUTE_US},
       {"601m", 601 * VSM_MINUTE_US}},
      {{"1d", VSM_DAY_US}, {"364d", 364 * VSM_DAY_US}, {"365d", 365 * VSM_DAY_US}, {"400d", 400 * VSM_DAY_US}},
  };
  stream->windows = sets[rig_below(m->r, 5)];
  stream->n_windows = 4;
}

static void make_stream(struct maker *m, struct vsm_stream *stream, const char *id) {
  unsigned n = 1 + rig_below(m->r, 7);
  struct vsm_stage *stages = vsm_arena_zalloc(m->arena, n * sizeof *stages);
  for (unsigned i = 0; i < n; i++)
    stages[i].id = stages[i].name = fresh_id(m);
  draw(m, stages, n);
  *stream = (struct vsm_stream){.id = id, .name = id, .outcome = "outcome", .stages = stages, .n_stages = n};
  add_windows(m, stream);
  make_measures(m, stream);
}

// ---- Rules

struct vsm_template make_template(struct maker *m, const char *text) {
  struct vsm_field *parts = vsm_arena_zalloc(m->arena, 2 * sizeof *parts);
  struct vsm_template t = {parts, 0};
  const char *brace = strchr(text, '{');
  size_t before = brace ? (size_t)(brace - text) : strlen(text);
  if (before)
    parts[t.n++] = (struct vsm_field){VSM_F_LITERAL, {text, before}};
  if (brace && strncmp(brace, "{data.", 6) == 0)
    parts[t.n++] = (struct vsm_field){VSM_F_DATA, {brace + 6, strlen(brace) - 7}};
  else if (brace)
    parts[t.n++] = (struct vsm_field){VSM_F_SUBJECT, {0}};
  return t;
}

static void add_links(struct maker *m, struct vsm_rule *rule) {
  rule->n_links = rig_below(m->r, 3);
  struct vsm_template *links = vsm_arena_zalloc(m->arena, 3 * sizeof *links);
  for (unsigned i = 0; i < rule->n_links; i++)
    links[i] = make_template(m, PICK(m, "link:{data.link}", "{subject}", "link:{data.alt}", "so:{subject}"));
  rule->links = links;
}

static void add_condition(struct maker *m, struct vsm_rule *rule) {
  static const struct vsm_str kinds[] = {{"red", 3}, {"green", 5}}, red_glob = {"r*", 2};
  struct vsm_condition *c = vsm_arena_zalloc(m->arena, sizeof *c);
  *c = (struct vsm_condition){.field = {VSM_F_DATA, VSM_STR("kind")},
                              .op = (enum vsm_op)rig_below(m->r, 4),
                              .exists = rig_chance(m->r, 50),
                              .values = kinds,
                              .n_values = 2};
  if (c->op == VSM_MATCHES) {
    c->values = &red_glob;
    c->n_values = 1;
  }
  rule->when = c;
  rule->n_when = 1;
}

static enum vsm_lifecycle any_lifecycle(struct maker *m) {
  static const enum vsm_lifecycle often[] = {VSM_SCHEDULE, VSM_START,    VSM_START,    VSM_START,
                                             VSM_SUSPEND,  VSM_RESUME,   VSM_COMPLETE, VSM_COMPLETE,
                                             VSM_COMPLETE, VSM_COMPLETE, VSM_PROGRESS, VSM_NO_LIFECYCLE};
  return m->waiting && rig_chance(m->r, 30) ? VSM_SUSPEND : often[rig_below(m->r, sizeof often / sizeof *often)];
}

static void make_rule(struct maker *m, struct vsm_rule *rule, unsigned line, const struct vsm_stream *streams,
                      unsigned n_streams) {
  *rule = (struct vsm_rule){.source = vsm_str_of(PICK(m, "crm", "crm", "wms", "*", "c*")),
                            .line = line,
                            .where = vsm_arena_printf(m->arena, "rules:%u", line),
                            .stream = -1,
                            .stage = -1,
                            .creates = true};
  unsigned type = rig_chance(m->r, 20) ? rig_below(m->r, line) : line;
  rule->type = vsm_str_of(vsm_arena_printf(m->arena, rig_chance(m->r, 10) ? "t%u*" : "t%u", type));
  if (rig_chance(m->r, 15))
    add_condition(m, rule);
  rule->ignore = rig_chance(m->r, 4);
  if (rule->ignore)
    return;
  rule->stream = (int)rig_below(m->r, n_streams);
  rule->stage = (int)rig_below(m->r, streams[rule->stream].n_stages);
  rule->lifecycle = any_lifecycle(m);
  if (rig_chance(m->r, 7)) {
    rule->stage = -1;
    rule->lifecycle = rig_chance(m->r, 40)   ? VSM_FINISH
                      : rig_chance(m->r, 70) ? VSM_WITHDRAW
                                             : VSM_NO_LIFECYCLE; // carries values of the item alone
  }
  rule->creates = !rig_chance(m->r, 10);
  rule->item =
      make_template(m, m->links ? PICK(m, "so:{subject}", "so:{subject}", "{subject}", "{data.alt}") : "{subject}");
  if (m->links)
    add_links(m, rule);
  if (rule->lifecycle == VSM_SUSPEND && rig_chance(m->r, 80))
    rule->reason = make_template(m, PICK(m, "fixed", "why {data.kind}", "{data.kind}"));
  rule->party = (enum vsm_party)rig_below(m->r, 3);
  make_values(m, rule, &streams[rule->stream]);
}

// Clocks that are known to be wrong.
static void add_sources(struct maker *m, struct vsm_model *model) {
  struct vsm_source *sources = vsm_arena_zalloc(m->arena, 2 * sizeof *sources);
  sources[0] = (struct vsm_source){.id = "crm", .offset_us = ((int64_t)rig_below(m->r, 120) - 60) * VSM_SECOND_US};
  sources[1] = (struct vsm_source){.id = "wms", .offset_us = -(int64_t)rig_below(m->r, 1000)};
  model->sources = sources;
  model->n_sources = rig_chance(m->r, 15) ? 2 : 0;
}

static struct vsm_model *make_model(struct maker *m) {
  struct vsm_model *model = vsm_arena_zalloc(m->arena, sizeof *model);
  unsigned n_streams = rig_chance(m->r, 15) ? 2 : 1, stages = 0;
  struct vsm_stream *streams = vsm_arena_zalloc(m->arena, n_streams * sizeof *streams);
  for (unsigned i = 0; i < n_streams; i++) {
    make_stream(m, &streams[i], i ? "S2" : "S1");
    stages += streams[i].n_stages;
  }
  model->streams = streams;
  model->n_streams = n_streams;
  model->n_rules = 3 + 3 * stages + rig_below(m->r, 6);
  struct vsm_rule *rules = vsm_arena_zalloc(m->arena, model->n_rules * sizeof *rules);
  for (unsigned i = 0; i < model->n_rules; i++)
    make_rule(m, &rules[i], i + 1, streams, n_streams);
  model->rules = rules;
  model->clock = m->wall ? VSM_CLOCK_WALL : VSM_CLOCK_EVENT;
  model->max_step_us = 3650 * VSM_DAY_US;
  model->max_future_skew_us = 5 * VSM_MINUTE_US;
  model->limits = VSM_LIMITS_DEFAULT;
  add_sources(m, model);
  return model;
}

// ---- Another model: stages come, go, return, move and get other names; each rule keeps its stage.

static const char *id_of(const struct vsm_model *model, const struct vsm_rule *rule) {
  return model->streams[rule->stream].stages[rule->stage].id;
}

// Where a stage of an earlier model is now; -1: nowhere.
static int stage_after(const struct vsm_stream *stream, const char *id) {
  for (unsigned i = 0; i < stream->n_stages; i++)
    if (strcmp(stream->stages[i].id, id) == 0 || (stream->stages[i].was && strcmp(stream->stages[i].was, id) == 0))
      return (int)i;
  return -1;
}

static void change_stream(struct maker *m, const struct vsm_stream *from, struct vsm_stream *to) {
  struct vsm_stage *stages = vsm_arena_zalloc(m->arena, (from->n_stages + 1) * sizeof *stages);
  unsigned order[16], n = 0;
  const char *vanished = NULL;
  for (unsigned i = 0; i < from->n_stages; i++)
    order[i] = i;
  if (rig_chance(m->r, 30))
    shuffle(m, order, from->n_stages);
  for (unsigned i = 0; i < from->n_stages; i++) {
    const struct vsm_stage *old = &from->stages[order[i]];
    if (from->n_stages > 1 && rig_chance(m->r, 15) && (n || i + 1 < from->n_stages)) {
      vanished = old->id;
      continue;
    }
    stages[n].id = stages[n].name = old->id;
    if (vanished && rig_chance(m->r, 30)) { // this one takes what the other one had
      stages[n].was = vanished;
      vanished = NULL;
    } else if (rig_chance(m->r, 20)) {
      stages[n].was = old->id;
      stages[n].id = stages[n].name = fresh_id(m);
    }
    n++;
  }
  if (n < 8 && rig_chance(m->r, 40)) {
    stages[n].id = stages[n].name = fresh_id(m);
    n++;
  }
  draw(m, stages, n);
  *to = *from;
  to->stages = stages;
  to->n_stages = n;
  if (rig_chance(m->r, 30))
    add_windows(m, to);
  make_measures(m, to);
}

static struct vsm_model *change_model(struct maker *m, const struct vsm_model *from) {
  struct vsm_model *to = vsm_arena_zalloc(m->arena, sizeof *to);
  struct vsm_stream *streams = vsm_arena_zalloc(m->arena, from->n_streams * sizeof *streams);
  *to = *from;
  if (to->n_streams > 1 && rig_chance(m->r, 30))
    to->n_streams--; // a stream vanishes
  for (unsigned i = 0; i < to->n_streams; i++)
    change_stream(m, &from->streams[i], &streams[i]);
  to->streams = streams;
  to->n_rules = 0;
  struct vsm_rule *rules = vsm_arena_zalloc(m->arena, from->n_rules * sizeof *rules);
  for (unsigned i = 0; i < from->n_rules; i++) {
    struct vsm_rule rule = from->rules[i];
    if (rule.stream >= (int)to->n_streams)
      continue;
    if (rule.stage >= 0) {
      rule.stage = stage_after(&streams[rule.stream], id_of(from, &from->rules[i]));
      if (rule.stage < 0)
        continue;
    }
    if (!rule.ignore)
      make_segments_anew(m, &rule, &from->streams[rule.stream], &streams[rule.stream]);
    rules[to->n_rules++] = rule;
  }
  to->rules = rules;
  return to;
}

// A copy of an earlier model's stages under the rules of now is a return of what vanished.
static struct vsm_model *next_model(struct maker *m, unsigned n) {
  bool back = n >= 2 && rig_chance(m->r, 30);
  for (unsigned i = 0; back && i < m->s->models[1]->n_streams; i++)
    for (unsigned k = 0; k < m->s->models[1]->streams[i].n_stages; k++)
      back = back && !m->s->models[1]->streams[i].stages[k].was; // a name given away does not return
  return back ? m->s->models[0] : change_model(m, m->s->models[n - 1]);
}

// ---- Events

// About where a window starts, as it is now.
static int64_t time_of_start(struct maker *m) {
  const struct vsm_stream *stream = &m->s->models[0]->streams[0];
  int64_t pane = stream->windows[rig_below(m->r, stream->n_windows)].us / 60;
  int64_t us = m->s->end_us - 60 * pane + (int64_t)rig_below(m->r, 1000) * (pane / 1000);
  return us < 0 ? 0 : us;
}

static int64_t any_time(struct maker *m, size_t n) {
  if (n && rig_chance(m->r, 8))
    return time_of_start(m);
  if (n && rig_chance(m->r, 20))
    return m->s->events[rig_below(m->r, (unsigned)n)].us;
  int64_t us = m->base_us + (int64_t)rig_below(m->r, m->range) * m->scale_us;
  if (m->scale_us > VSM_SECOND_US && rig_chance(m->r, 30))
    us += rig_below(m->r, 60000) * INT64_C(1000);
  return us;
}

static struct vsm_str filled_glob(struct maker *m, struct vsm_str glob, const char *filling) {
  if (!glob.n || glob.p[glob.n - 1] != '*')
    return glob;
  return vsm_str_of(vsm_arena_printf(m->arena, "%.*s%s", (int)glob.n - 1, glob.p, filling));
}

static void add_attrs(struct maker *m, struct vsm_event *e) {
  struct vsm_attr *attrs = vsm_arena_zalloc(m->arena, (3 + MAKE_ATTRS) * sizeof *attrs);
  unsigned few = m->subjects < 6 ? m->subjects : 6;
  if (rig_chance(m->r, 90))
    attrs[e->n_attrs++] =
        (struct vsm_attr){VSM_STR("alt"), vsm_str_of(vsm_arena_printf(m->arena, "%u", rig_below(m->r, few)))};
  if (rig_chance(m->r, 50))
    attrs[e->n_attrs++] =
        (struct vsm_attr){VSM_STR("link"), vsm_str_of(vsm_arena_printf(m->arena, "%u", rig_below(m->r, few)))};
  if (rig_chance(m->r, 70))
    attrs[e->n_attrs++] = (struct vsm_attr){VSM_STR("kind"), vsm_str_of(PICK(m, "red", "red", "green", "blue"))};
  make_attrs(m, attrs, &e->n_attrs);
  e->attrs = attrs;
}

static struct vsm_str any_subject(struct maker *m) {
  return vsm_str_of(vsm_arena_printf(m->arena, "%u", rig_below(m->r, m->subjects)));
}

static struct vsm_event make_event(struct maker *m, const struct vsm_model *model, int64_t us) {
  struct vsm_event e = {.source = VSM_STR("crm"), .type = VSM_STR("nobody.knows"), .time_ns = rig_time_ns(us)};
  if (model->n_rules && rig_chance(m->r, 96)) {
    const struct vsm_rule *rule = &model->rules[rig_below(m->r, model->n_rules)];
    e.source = filled_glob(m, rule->source, "x");
    e.type = filled_glob(m, rule->type, "1");
  }
  if (rig_chance(m->r, 98))
    e.subject = any_subject(m);
  add_attrs(m, &e);
  if (m->sequenced && rig_chance(m->r, 80)) {
    e.epoch = rig_below(m->r, 3);
    e.sequence = 1 + rig_below(m->r, 20);
  }
  if (rig_chance(m->r, 2))
    e.time_ns = (uint64_t)(VSM_TIME_MAX + VSM_HOUR_US + us % 7) * 1000;
  else if (m->s->order_matters && rig_chance(m->r, 20))
    e.time_ns = rig_chance(m->r, 70) ? 0 : e.time_ns + (uint64_t)(20 * 365 * VSM_DAY_US) * 1000;
  return e;
}

static int64_t any_delay(struct maker *m) {
  int64_t delay = rig_chance(m->r, 60) ? 0 : (int64_t)rig_below(m->r, 1000) * VSM_SECOND_US;
  return rig_chance(m->r, 15) ? (int64_t)rig_below(m->r, 40) * m->scale_us : delay;
}

static void make_events(struct maker *m, size_t n) {
  struct scenario *s = m->s;
  s->events = vsm_arena_zalloc(m->arena, n * sizeof *s->events);
  s->end_us = m->base_us;
  for (size_t i = 0; i < n && !rig_exhausted(m->r); i++) {
    struct scenario_event *x = &s->events[i];
    if (i && rig_chance(m->r, 8))
      *x = s->events[rig_below(m->r, (unsigned)i)]; // said again
    else if (i && rig_chance(m->r, 5)) {            // of another key, and the links may say that it is the same item
      *x = s->events[rig_below(m->r, (unsigned)i)];
      x->event.subject = any_subject(m);
    } else {
      x->us = any_time(m, i);
      x->event = make_event(m, s->models[i * s->n_models / n], x->us);
    }
    x->model = (unsigned)(i * s->n_models / n);
    x->delay_us = any_delay(m);
    x->number = i + 1;
    s->n_events = i + 1;
    if (x->us > s->end_us)
      s->end_us = x->us;
  }
  s->end_us += (int64_t)rig_below(m->r, 100) * m->scale_us - VSM_MINUTE_US;
  if (s->end_us < m->base_us)
    s->end_us = m->base_us;
}

void scenario_make(struct scenario *s, struct rig_random *of_models, struct rig_random *of_events, bool wall,
                   unsigned n_models, struct vsm_arena *arena) {
  static const int64_t scales[] = {1, 1000, VSM_SECOND_US, 20 * VSM_SECOND_US, VSM_MINUTE_US, VSM_HOUR_US, VSM_DAY_US};
  struct rig_random *r = of_models;
  struct maker m = {.r = r, .arena = arena, .s = s, .wall = wall};
  bool large = rig_chance(r, 8);
  size_t n = large ? 100 + rig_below(r, 150) : 2 + rig_below(r, 40);
  *s = (struct scenario){.n_models = n_models};
  m.waiting = rig_chance(r, 40);
  m.links = !large && rig_chance(r, 50);
  m.subjects = large ? 10 + rig_below(r, 30) : 1 + rig_below(r, 6);
  m.base_us = rig_chance(r, 10) ? 0 : INT64_C(1700000000000000) + (int64_t)rig_below(r, 1000) * 77777;
  m.scale_us = scales[rig_below(r, large ? 6 : 7)];
  m.range = 1 + rig_below(r, 3 * (unsigned)n);
  s->models[0] = make_model(&m);
  for (unsigned i = 1; i < n_models; i++)
    s->models[i] = next_model(&m, i);
  s->n_lines = s->models[0]->n_rules;
  s->rules_out = vsm_arena_zalloc(arena, (s->n_lines + 1) * sizeof *s->rules_out);
  s->order_matters = rig_chance(r, 7);
  m.sequenced = rig_chance(r, 20);
  m.r = of_events;
  make_events(&m, n);
}
