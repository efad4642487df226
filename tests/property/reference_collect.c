// From events to items: every rule that matches says something about a key, and all that was said is kept as it was
// said. Items are found only when asked for: keys that links join, however many links lie between, are one item.
// Stages are kept by id, so that another model reads the same sayings.
#include "property/reference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct saying {
  const char *stream, *key;
  const char *stage; // NULL: of the item
  int64_t t;
  enum vsm_lifecycle lifecycle;
  bool creates;
  const char *reason, *party; // of a suspend
};

struct link {
  const char *stream, *a, *b;
};

struct sighting { // of a sequence number
  const char *source;
  uint64_t epoch, number;
};

struct ref {
  const struct vsm_model *model;
  struct vsm_arena *arena;
  struct saying *sayings;
  struct link *links;
  struct sighting *sightings;
  size_t n_sayings, n_links, n_sightings;
  struct ref_counts counts;
  bool has_now;
  int64_t now;
};

struct ref *ref_create(const struct vsm_model *model, struct vsm_arena *arena) {
  struct ref *ref = vsm_arena_zalloc(arena, sizeof *ref);
  assert(ref);
  ref->model = model;
  ref->arena = arena;
  return ref;
}

static bool same(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

void ref_configure(struct ref *ref, const struct vsm_model *model) {
  ref->model = model;
  for (unsigned i = 0; i < model->n_streams; i++)
    for (unsigned k = 0; k < model->streams[i].n_stages; k++) {
      const struct vsm_stage *stage = &model->streams[i].stages[k];
      for (size_t n = 0; stage->was && n < ref->n_sayings; n++)
        if (same(ref->sayings[n].stream, model->streams[i].id) && same(ref->sayings[n].stage, stage->was))
          ref->sayings[n].stage = stage->id;
    }
}

// ---- Which rules match, and what they make of an event

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

static bool rule_matches(const struct vsm_rule *rule, const struct vsm_event *e) {
  if (!fits(rule->source, e->source) || !fits(rule->type, e->type))
    return false;
  for (unsigned i = 0; i < rule->n_when; i++)
    if (!holds(&rule->when[i], e))
      return false;
  return true;
}

// NULL where a field is missing.
static const char *expand(struct ref *ref, const struct vsm_template *t, const struct vsm_event *e) {
  const char *text = "";
  for (unsigned i = 0; i < t->n; i++) {
    struct vsm_str part = value_of(&t->parts[i], e);
    if (part.n == 0 && t->parts[i].kind != VSM_F_LITERAL)
      return NULL;
    text = vsm_arena_printf(ref->arena, "%s%.*s", text, (int)part.n, part.n ? part.p : "");
  }
  return text;
}

// Why the rule rejects the event, or VSM_R_NONE.
static enum vsm_reason apply_rule(struct ref *ref, const struct vsm_rule *rule, const struct vsm_event *e, int64_t t) {
  const struct vsm_stream *stream = &ref->model->streams[rule->stream];
  const char *key = expand(ref, &rule->item, e);
  if (!key || strlen(key) > VSM_KEY_MAX)
    return key ? VSM_R_KEY_TOO_LONG : VSM_R_MISSING_FIELD;
  for (unsigned i = 0; i < rule->n_links; i++) {
    const char *other = expand(ref, &rule->links[i], e);
    if (other && strlen(other) <= VSM_KEY_MAX)
      REF_PUSH(ref->arena, ref->links, ref->n_links, (struct link){stream->id, key, other});
  }
  static const char *const parties[] = {
      [VSM_US] = "us", [VSM_CUSTOMER] = "customer", [VSM_THIRD_PARTY] = "third-party"};
  const char *reason = expand(ref, &rule->reason, e);
  if (rule->lifecycle != VSM_NO_LIFECYCLE)
    REF_PUSH(ref->arena, ref->sayings, ref->n_sayings,
             (struct saying){.stream = stream->id,
                             .key = key,
                             .stage = rule->stage < 0 ? NULL : stream->stages[rule->stage].id,
                             .t = t,
                             .lifecycle = rule->lifecycle,
                             .creates = rule->creates && rule->lifecycle != VSM_PROGRESS,
                             .reason = rule->lifecycle == VSM_SUSPEND && reason ? reason : "",
                             .party = rule->lifecycle == VSM_SUSPEND ? parties[rule->party] : ""});
  return VSM_R_NONE;
}

// ---- One event

// Why it is refused for its time, or VSM_R_NONE.
static enum vsm_reason time_of(const struct ref *ref, const struct vsm_event *e, int64_t *t) {
  bool by_events = ref->model->clock == VSM_CLOCK_EVENT;
  if (e->time_ns == 0 && by_events)
    return VSM_R_NO_TIME;
  *t = e->time_ns ? (int64_t)(e->time_ns / 1000) : e->received.us;
  for (unsigned i = 0; e->time_ns && i < ref->model->n_sources; i++)
    if (vsm_str_eq(vsm_str_of(ref->model->sources[i].id), e->source))
      *t -= ref->model->sources[i].offset_us;
  if (*t < 0 || *t >= VSM_TIME_MAX)
    return VSM_R_TIME_OUT_OF_RANGE;
  int64_t ahead = by_events ? ref->model->max_step_us : ref->model->max_future_skew_us;
  return ref->has_now && *t - ref->now > ahead ? VSM_R_TIME_IN_FUTURE : VSM_R_NONE;
}

static void move_now(struct ref *ref, int64_t t) {
  if (!ref->has_now || t > ref->now)
    ref->now = t;
  ref->has_now = true;
}

void ref_advance(struct ref *ref, struct vsm_time wall) {
  if (ref->model->clock == VSM_CLOCK_WALL)
    move_now(ref, wall.us);
}

// What all the rules together make of it.
static enum vsm_reason apply_rules(struct ref *ref, const struct vsm_event *event, int64_t t) {
  unsigned mapped = 0, ignored = 0;
  enum vsm_reason first = VSM_R_NONE; // in the order of reasons
  for (unsigned i = 0; i < ref->model->n_rules; i++) {
    const struct vsm_rule *rule = &ref->model->rules[i];
    if (!rule_matches(rule, event))
      continue;
    enum vsm_reason reason = rule->ignore ? VSM_R_NONE : apply_rule(ref, rule, event, t);
    ignored += rule->ignore;
    mapped += !rule->ignore && reason == VSM_R_NONE;
    if (reason != VSM_R_NONE && (first == VSM_R_NONE || reason < first))
      first = reason;
  }
  if (mapped)
    ref->counts.mapped++;
  else if (ignored)
    ref->counts.ignored++;
  else if (first != VSM_R_NONE)
    return first;
  else
    ref->counts.unmapped++;
  return VSM_R_NONE;
}

enum vsm_reason ref_take(struct ref *ref, const struct vsm_event *event) {
  int64_t t = 0;
  ref->counts.received++;
  if (event->sequence)
    REF_PUSH(ref->arena, ref->sightings, ref->n_sightings,
             (struct sighting){vsm_arena_strndup(ref->arena, event->source.p, event->source.n), event->epoch,
                               event->sequence});
  ref_advance(ref, event->received);
  enum vsm_reason reason = event->refused;
  if (reason == VSM_R_NONE)
    reason = time_of(ref, event, &t);
  if (reason == VSM_R_NONE)
    reason = apply_rules(ref, event, t);
  if (reason != VSM_R_NONE)
    ref->counts.rejected++;
  else if (ref->model->clock == VSM_CLOCK_EVENT)
    move_now(ref, t);
  return reason;
}

int64_t ref_now(const struct ref *ref) {
  return ref->now;
}

struct ref_counts ref_counts(const struct ref *ref) {
  return ref->counts;
}

static bool seen(const struct ref *ref, const char *source, uint64_t epoch, uint64_t number) {
  for (size_t i = 0; i < ref->n_sightings; i++)
    if (same(ref->sightings[i].source, source) && ref->sightings[i].epoch == epoch &&
        ref->sightings[i].number == number)
      return true;
  return false;
}

static uint64_t gaps_of(const struct ref *ref, const char *source) {
  uint64_t epoch = 0, least = UINT64_MAX, most = 0, missing = 0;
  for (size_t i = 0; i < ref->n_sightings; i++)
    if (same(ref->sightings[i].source, source) && ref->sightings[i].epoch > epoch)
      epoch = ref->sightings[i].epoch;
  for (size_t i = 0; i < ref->n_sightings; i++) {
    const struct sighting *s = &ref->sightings[i];
    if (!same(s->source, source) || s->epoch != epoch)
      continue;
    least = s->number < least ? s->number : least;
    most = s->number > most ? s->number : most;
  }
  for (uint64_t number = least; number < most; number++)
    missing += !seen(ref, source, epoch, number);
  return missing;
}

uint64_t ref_gaps(struct ref *ref) {
  uint64_t gaps = 0;
  for (size_t i = 0; i < ref->n_sightings; i++) {
    bool first = true;
    for (size_t k = 0; k < i; k++)
      first = first && !same(ref->sightings[k].source, ref->sightings[i].source);
    gaps += first ? gaps_of(ref, ref->sightings[i].source) : 0;
  }
  return gaps;
}

// ---- Items

struct keys {
  const char **key;
  size_t *item; // the number of the item that each belongs to
  size_t n;
};

static size_t key_index(struct ref *ref, struct keys *keys, const char *key) {
  for (size_t i = 0; i < keys->n; i++)
    if (same(keys->key[i], key))
      return i;
  size_t at = keys->n, again = keys->n;
  REF_PUSH(ref->arena, keys->item, again, at);
  REF_PUSH(ref->arena, keys->key, keys->n, key);
  return at;
}

static struct keys join_keys(struct ref *ref, const char *stream) {
  struct keys keys = {0};
  for (size_t i = 0; i < ref->n_sayings; i++)
    if (same(ref->sayings[i].stream, stream))
      key_index(ref, &keys, ref->sayings[i].key);
  for (size_t i = 0; i < ref->n_links; i++) {
    if (!same(ref->links[i].stream, stream))
      continue;
    size_t a = key_index(ref, &keys, ref->links[i].a), b = key_index(ref, &keys, ref->links[i].b);
    size_t from = keys.item[a], to = keys.item[b];
    for (size_t k = 0; k < keys.n; k++)
      if (keys.item[k] == from)
        keys.item[k] = to;
  }
  return keys;
}

// -2: no stage of the stream now; its sayings sleep.
static int stage_index(const struct vsm_stream *stream, const char *stage) {
  if (!stage)
    return -1;
  for (unsigned i = 0; i < stream->n_stages; i++)
    if (same(stream->stages[i].id, stage))
      return (int)i;
  return -2;
}

static int cmp_keys(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The greatest bytes, the reason first.
static void keep_greatest_wait(struct ref_transition *have, const struct ref_transition *also) {
  int by_reason = strcmp(have->reason, also->reason);
  if (by_reason < 0 || (by_reason == 0 && strcmp(have->party, also->party) < 0)) {
    have->reason = also->reason;
    have->party = also->party;
  }
}

static void add_transition(struct ref *ref, const struct ref_graph *g, struct ref_item *item, struct ref_transition x) {
  size_t at = 0;
  while (at < item->n_transitions && ref_transition_cmp(g, &item->transitions[at], &x) < 0)
    at++;
  if (at < item->n_transitions && ref_transition_cmp(g, &item->transitions[at], &x) == 0) {
    keep_greatest_wait(&item->transitions[at], &x);
    return;
  }
  REF_PUSH(ref->arena, item->transitions, item->n_transitions, x);
  for (size_t i = item->n_transitions - 1; i > at; i--)
    item->transitions[i] = item->transitions[i - 1];
  item->transitions[at] = x;
}

// The keys that said the canonically first transition; of them the smallest in bytes.
static const char *shown_key(struct ref *ref, const struct ref_graph *g, const struct keys *keys, size_t number,
                             const struct ref_transition *first) {
  const char *shown = NULL;
  for (size_t i = 0; i < ref->n_sayings; i++) {
    const struct saying *s = &ref->sayings[i];
    if (!same(s->stream, g->stream->id) || keys->item[key_index(ref, (struct keys *)keys, s->key)] != number)
      continue;
    struct ref_transition x = {s->t, stage_index(g->stream, s->stage), s->lifecycle, NULL, NULL};
    if (x.stage != -2 && s->lifecycle != VSM_PROGRESS && ref_transition_cmp(g, &x, first) == 0 &&
        (!shown || strcmp(s->key, shown) < 0))
      shown = s->key;
  }
  return shown;
}

// False where nothing makes it an item.
static bool build_item(struct ref *ref, const struct ref_graph *g, struct keys *keys, size_t number,
                       struct ref_item *item) {
  bool made = false;
  *item = (struct ref_item){0};
  for (size_t i = 0; i < ref->n_sayings; i++) {
    const struct saying *s = &ref->sayings[i];
    if (!same(s->stream, g->stream->id) || keys->item[key_index(ref, keys, s->key)] != number)
      continue;
    int stage = stage_index(g->stream, s->stage);
    if (stage == -2)
      continue;
    made = made || s->creates;
    unsigned slot = stage < 0 ? REF_STAGES_MAX : (unsigned)stage;
    if (s->lifecycle != VSM_PROGRESS)
      add_transition(ref, g, item, (struct ref_transition){s->t, stage, s->lifecycle, s->reason, s->party});
    else if (!item->has_progress[slot] || s->t > item->progress[slot]) {
      item->has_progress[slot] = true;
      item->progress[slot] = s->t;
    }
  }
  if (!made)
    return false;
  const char **names = NULL;
  for (size_t i = 0; i < keys->n; i++)
    if (keys->item[i] == number)
      REF_PUSH(ref->arena, names, item->n_keys, keys->key[i]);
  qsort(names, item->n_keys, sizeof *names, cmp_keys);
  item->keys = names;
  item->shown = shown_key(ref, g, keys, number, &item->transitions[0]);
  ref_fold(g, item->transitions, item->n_transitions, ref->arena, &item->fold);
  return true;
}

struct ref_item *ref_items(struct ref *ref, unsigned stream, size_t *n) {
  struct ref_graph g;
  ref_graph_of(&ref->model->streams[stream], &g);
  struct keys keys = join_keys(ref, g.stream->id);
  struct ref_item *items = NULL, item;
  *n = 0;
  for (size_t number = 0; number < keys.n; number++)
    if (build_item(ref, &g, &keys, number, &item))
      REF_PUSH(ref->arena, items, *n, item);
  return items;
}
