// From events to items: every rule that matches says something about a key, and all that was said is kept as it was
// said. Items are found only when asked for: keys that links join, however many links lie between, are one item.
// Stages are kept by id, so that another model reads the same sayings.
#include "property/reference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "property/reference_keys.h"

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

struct value {
  const char *stream, *key;
  const char *stage; // of a date: NULL of the item; of a segment NULL
  enum value_kind { SEGMENT, DUE, NOT_BEFORE } kind;
  const char *attribute; // of a segment
  int64_t t;             // of the event that carried it
  const char *text;      // as sent
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
  struct value *values;
  struct sighting *sightings;
  size_t n_sayings, n_links, n_values, n_sightings, n_forgotten;
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

static void rename_stage(struct ref *ref, const char *stream, const struct vsm_stage *stage) {
  for (size_t n = 0; n < ref->n_sayings; n++)
    if (same(ref->sayings[n].stream, stream) && same(ref->sayings[n].stage, stage->was))
      ref->sayings[n].stage = stage->id;
  for (size_t n = 0; n < ref->n_values; n++)
    if (same(ref->values[n].stream, stream) && same(ref->values[n].stage, stage->was))
      ref->values[n].stage = stage->id;
}

void ref_configure(struct ref *ref, const struct vsm_model *model) {
  ref->model = model;
  for (unsigned i = 0; i < model->n_streams; i++)
    for (unsigned k = 0; k < model->streams[i].n_stages; k++)
      if (model->streams[i].stages[k].was)
        rename_stage(ref, model->streams[i].id, &model->streams[i].stages[k]);
}

// ---- What rules make of an event

// A date in another form is left out, as a missing field is.
static bool is_date(const char *text, int64_t *us) {
  uint64_t nano;
  bool good = vsm_when_parse(text, &nano);
  *us = good ? (int64_t)(nano / 1000) : 0;
  return good;
}

static void take_value(struct ref *ref, const struct vsm_template *t, const struct vsm_event *e, struct value v) {
  int64_t us;
  v.text = t->n ? ref_expand(t, e, ref->arena) : NULL;
  if (v.text && strlen(v.text) <= VSM_KEY_MAX && (v.kind == SEGMENT || is_date(v.text, &us)))
    REF_PUSH(ref->arena, ref->values, ref->n_values, v);
}

static void take_values(struct ref *ref, const struct vsm_rule *rule, const struct vsm_event *e, const char *key,
                        int64_t t) {
  const struct vsm_stream *stream = &ref->model->streams[rule->stream];
  struct value v = {.stream = stream->id, .key = key, .t = t, .kind = SEGMENT};
  for (unsigned i = 0; i < stream->n_segments; i++) {
    v.attribute = stream->segments[i];
    take_value(ref, &rule->segments[i], e, v);
  }
  v.stage = rule->stage < 0 ? NULL : stream->stages[rule->stage].id;
  v.attribute = NULL;
  v.kind = DUE;
  take_value(ref, &rule->due, e, v);
  v.kind = NOT_BEFORE;
  take_value(ref, &rule->not_before, e, v);
}

// Why the rule rejects the event, or VSM_R_NONE.
static enum vsm_reason apply_rule(struct ref *ref, const struct vsm_rule *rule, const struct vsm_event *e, int64_t t) {
  const struct vsm_stream *stream = &ref->model->streams[rule->stream];
  const char *key = ref_expand(&rule->item, e, ref->arena);
  if (!key || strlen(key) > VSM_KEY_MAX)
    return key ? VSM_R_KEY_TOO_LONG : VSM_R_MISSING_FIELD;
  for (unsigned i = 0; i < rule->n_links; i++) {
    const char *other = ref_expand(&rule->links[i], e, ref->arena);
    if (other && strlen(other) <= VSM_KEY_MAX)
      REF_PUSH(ref->arena, ref->links, ref->n_links, (struct link){stream->id, key, other});
  }
  static const char *const parties[] = {
      [VSM_US] = "us", [VSM_CUSTOMER] = "customer", [VSM_THIRD_PARTY] = "third-party"};
  const char *reason = ref_expand(&rule->reason, e, ref->arena);
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
  take_values(ref, rule, e, key, t);
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
    if (!ref_rule_matches(rule, event))
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

struct ref_number *ref_missing(struct ref *ref, const char *source, size_t *n) {
  uint64_t epoch = 0, least = UINT64_MAX, most = 0;
  struct ref_number *missing = NULL;
  *n = 0;
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
    if (!seen(ref, source, epoch, number))
      REF_PUSH(ref->arena, missing, *n, (struct ref_number){epoch, number});
  return missing;
}

uint64_t ref_gaps(struct ref *ref) {
  uint64_t gaps = 0;
  for (size_t i = 0; i < ref->n_sightings; i++) {
    bool first = true;
    for (size_t k = 0; k < i; k++)
      first = first && !same(ref->sightings[k].source, ref->sightings[i].source);
    size_t n = 0;
    if (first)
      ref_missing(ref, ref->sightings[i].source, &n);
    gaps += n;
  }
  return gaps;
}

// ---- Items

static struct ref_keys join_keys(struct ref *ref, const char *stream) {
  struct ref_keys keys = {0};
  for (size_t i = 0; i < ref->n_sayings; i++)
    if (same(ref->sayings[i].stream, stream))
      ref_keys_index(ref->arena, &keys, ref->sayings[i].key);
  for (size_t i = 0; i < ref->n_values; i++)
    if (same(ref->values[i].stream, stream))
      ref_keys_index(ref->arena, &keys, ref->values[i].key);
  for (size_t i = 0; i < ref->n_links; i++) {
    if (!same(ref->links[i].stream, stream))
      continue;
    size_t a = ref_keys_index(ref->arena, &keys, ref->links[i].a),
           b = ref_keys_index(ref->arena, &keys, ref->links[i].b);
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
static const char *shown_key(struct ref *ref, const struct ref_graph *g, const struct ref_keys *keys, size_t number,
                             const struct ref_transition *first) {
  const char *shown = NULL;
  for (size_t i = 0; i < ref->n_sayings; i++) {
    const struct saying *s = &ref->sayings[i];
    if (!same(s->stream, g->stream->id) ||
        keys->item[ref_keys_index(ref->arena, (struct ref_keys *)keys, s->key)] != number)
      continue;
    struct ref_transition x = {s->t, stage_index(g->stream, s->stage), s->lifecycle, NULL, NULL};
    if (x.stage != -2 && s->lifecycle != VSM_PROGRESS && ref_transition_cmp(g, &x, first) == 0 &&
        (!shown || strcmp(s->key, shown) < 0))
      shown = s->key;
  }
  return shown;
}

// Of several the one on the newest event holds, and of one time the greatest bytes.
static bool holds_over(const struct value *v, const struct value *other) {
  return !other || v->t > other->t || (v->t == other->t && strcmp(v->text, other->text) > 0);
}

struct values { // what was said of one item
  const struct value **at;
  size_t n;
};

static struct values values_of(struct ref *ref, const struct ref_graph *g, struct ref_keys *keys, size_t number) {
  struct values of = {0};
  for (size_t i = 0; i < ref->n_values; i++)
    if (same(ref->values[i].stream, g->stream->id) &&
        keys->item[ref_keys_index(ref->arena, keys, ref->values[i].key)] == number)
      REF_PUSH(ref->arena, of.at, of.n, &ref->values[i]);
  return of;
}

static const struct value *holding(const struct values *of, enum value_kind kind, const char *attribute,
                                   const char *stage) {
  const struct value *best = NULL;
  for (size_t i = 0; i < of->n; i++) {
    const struct value *v = of->at[i];
    if (v->kind == kind && same(v->attribute, attribute) && same(v->stage, stage) && holds_over(v, best))
      best = v;
  }
  return best;
}

static int64_t date_of(const struct values *of, enum value_kind kind, const char *stage) {
  const struct value *v = holding(of, kind, NULL, stage);
  int64_t us = 0;
  if (v)
    is_date(v->text, &us);
  return us;
}

static void find_values(const struct vsm_stream *s, struct values of, struct ref_item *item) {
  for (unsigned i = 0; i < s->n_segments; i++) {
    const struct value *v = holding(&of, SEGMENT, s->segments[i], NULL);
    item->segments[i] = v ? v->text : NULL;
  }
  for (unsigned i = 0; i <= s->n_stages; i++) {
    unsigned slot = i < s->n_stages ? i : REF_STAGES_MAX;
    const char *stage = i < s->n_stages ? s->stages[i].id : NULL;
    item->due[slot] = date_of(&of, DUE, stage);
    item->not_before[slot] = date_of(&of, NOT_BEFORE, stage);
  }
}

// False where nothing makes it an item.
static bool build_item(struct ref *ref, const struct ref_graph *g, struct ref_keys *keys, size_t number,
                       struct ref_item *item) {
  bool made = false;
  *item = (struct ref_item){0};
  for (size_t i = 0; i < ref->n_sayings; i++) {
    const struct saying *s = &ref->sayings[i];
    if (!same(s->stream, g->stream->id) || keys->item[ref_keys_index(ref->arena, keys, s->key)] != number)
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
  find_values(g->stream, values_of(ref, g, keys, number), item);
  ref_fold(g, item->transitions, item->n_transitions, ref->arena, &item->fold);
  return true;
}

struct ref_item *ref_items(struct ref *ref, unsigned stream, size_t *n) {
  struct ref_graph g;
  ref_graph_of(&ref->model->streams[stream], &g);
  struct ref_keys keys = join_keys(ref, g.stream->id);
  struct ref_item *items = NULL, item;
  *n = 0;
  for (size_t number = 0; number < keys.n; number++)
    if (build_item(ref, &g, &keys, number, &item))
      REF_PUSH(ref->arena, items, *n, item);
  return items;
}

bool ref_withdraw(struct ref *ref, unsigned stream, const char *key) {
  const struct ref_item *item = NULL;
  int64_t t = ref->now; // not before what it said last
  size_t n;
  struct ref_item *items = ref_items(ref, stream, &n);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < items[i].n_keys; k++)
      if (same(items[i].keys[k], key))
        item = &items[i];
  if (!item || !item->fold.open)
    return false;
  for (size_t i = 0; i < item->n_transitions; i++)
    t = item->transitions[i].t > t ? item->transitions[i].t : t;
  REF_PUSH(ref->arena, ref->sayings, ref->n_sayings,
           (struct saying){.stream = ref->model->streams[stream].id,
                           .key = vsm_arena_strdup(ref->arena, key),
                           .t = t,
                           .lifecycle = VSM_WITHDRAW,
                           .reason = "",
                           .party = ""});
  return true;
}

static void forget_key(struct ref *ref, bool here, const char **key, const char *const *keys, size_t n) {
  bool its = false;
  for (size_t i = 0; here && i < n; i++)
    its = its || same(keys[i], *key);
  *key = its ? vsm_arena_printf(ref->arena, "\n%zu %s", ref->n_forgotten, *key) : *key; // no key has a line end
}

bool ref_forget(struct ref *ref, unsigned stream, const char *key, const char *const **keys, size_t *n_keys) {
  const char *id = ref->model->streams[stream].id, **its = NULL;
  struct ref_keys all = join_keys(ref, id);
  *n_keys = 0;
  for (size_t i = 0; i < all.n * all.n; i++)
    if (same(all.key[i / all.n], key) && all.item[i / all.n] == all.item[i % all.n])
      REF_PUSH(ref->arena, its, *n_keys, all.key[i % all.n]);
  for (size_t i = 0; i < ref->n_sayings; i++)
    forget_key(ref, same(ref->sayings[i].stream, id), &ref->sayings[i].key, its, *n_keys);
  for (size_t i = 0; i < ref->n_values; i++)
    forget_key(ref, same(ref->values[i].stream, id), &ref->values[i].key, its, *n_keys);
  for (size_t i = 0; i < 2 * ref->n_links; i++) {
    struct link *l = &ref->links[i / 2];
    forget_key(ref, same(l->stream, id), i % 2 ? &l->a : &l->b, its, *n_keys);
  }
  *keys = its;
  return ref->n_forgotten++, *n_keys > 0;
}
