// Reading one item: its transitions and visits.
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/hash.h"
#include "core/state.h"

static int by_bytes(const void *a, const void *b) {
  return vsm_str_cmp(*(const struct vsm_str *)a, *(const struct vsm_str *)b);
}

const struct vsm_str *vsm_core_keys(const struct vsm_items *items, const struct vsm_item *it, struct vsm_arena *arena) {
  struct vsm_str *keys = vsm_arena_alloc(arena, it->n_keys * sizeof *keys);
  for (unsigned i = 0; keys && i < it->n_keys; i++)
    keys[i] = vsm_items_key_str(items, vsm_item_key_id(it, i));
  if (keys)
    vsm_sort(keys, it->n_keys, sizeof *keys, by_bytes);
  return keys;
}

static const char *stage_name(const struct vsm_stream_state *s, unsigned place) {
  return place < s->graph->n ? s->model->stages[s->graph->at[place].declared].id : "";
}

void vsm_core_wait(const struct vsm_core *core, uint32_t wait, struct vsm_str *reason, const char **party) {
  struct vsm_str parts[2];
  vsm_intern_parts(&core->words, vsm_wait_words(wait), parts, 2);
  *reason = vsm_wait_words(wait) ? parts[0] : VSM_STR("other");
  *party = vsm_party_name(vsm_wait_party(wait));
}

// --- one item

struct tellings {
  struct vsm_transition_view *rows;
  unsigned n;
};

static struct vsm_transition_view *tell(const struct vsm_core *core, const struct vsm_stream_state *s,
                                        struct tellings *t, int64_t us, unsigned place, enum vsm_lifecycle lifecycle,
                                        uint32_t origin) {
  struct vsm_str parts[3];
  vsm_intern_parts(&core->words, origin, parts, 3);
  t->rows[t->n] = (struct vsm_transition_view){.time = {us},
                                               .stage = stage_name(s, place),
                                               .lifecycle = lifecycle,
                                               .source = parts[0],
                                               .type = parts[1],
                                               .rule = parts[2],
                                               .party = ""};
  return &t->rows[t->n++];
}

static int by_time(const void *a, const void *b) {
  const struct vsm_transition_view *x = a, *y = b;
  return x->time.us < y->time.us ? -1 : x->time.us > y->time.us;
}

static bool sleeps(const struct vsm_stream_state *s, unsigned place) {
  return place >= s->graph->n && place != VSM_PLACE_ITEM;
}

static int tell_transitions(const struct vsm_core *core, const struct vsm_stream_state *s, const struct vsm_item *it,
                            struct vsm_arena *arena, struct tellings *t) {
  t->n = 0;
  t->rows = vsm_arena_alloc(arena, (it->n + it->n_progress + 1) * sizeof *t->rows);
  if (!t->rows)
    return VSM_ENOMEM;
  for (unsigned i = 0; i < it->n; i++) {
    uint64_t x = it->log[i];
    if (sleeps(s, vsm_packed_place(x)))
      continue;
    struct vsm_transition_view *row =
        tell(core, s, t, vsm_packed_us(x), vsm_packed_place(x), vsm_packed_lifecycle(x), vsm_item_origins(it)[i]);
    const struct vsm_hold *hold = vsm_item_hold(it, x);
    if (hold)
      vsm_core_wait(core, hold->wait, &row->reason, &row->party);
  }
  for (size_t i = 0; i < it->n_progress; i++) {
    const struct vsm_progress *p = &vsm_item_progress(it)[i];
    if (sleeps(s, p->place))
      continue;
    tell(core, s, t, p->us, p->place, VSM_PROGRESS, p->origin);
    // Insert it by time, behind the steps of that instant.
    unsigned at = t->n - 1;
    struct vsm_transition_view row = t->rows[at];
    for (; at > 0 && by_time(&t->rows[at - 1], &row) > 0; at--)
      t->rows[at] = t->rows[at - 1];
    t->rows[at] = row;
  }
  return 0;
}

// The first expectation of a visit at this stage that counts for the item; NULL: none.
static const struct vsm_expectation *expected(const struct vsm_stream_state *s, unsigned place,
                                              const struct vsm_story *story) {
  const struct vsm_expectings *x = &s->stages[place].expected;
  for (unsigned i = 0; i < x->n; i++)
    if (vsm_expecting_counts(x, i, story->segments))
      return x->at[i].e;
  return NULL;
}

static struct vsm_visit_view *tell_visits(struct vsm_core *core, const struct vsm_stream_state *s,
                                          const struct vsm_item *it, const struct vsm_story *story,
                                          struct vsm_arena *arena) {
  struct vsm_visit_view *rows = vsm_arena_alloc(arena, (story->n_visits + 1) * sizeof *rows);
  for (size_t i = 0; rows && i < story->n_visits; i++) {
    const struct vsm_visit *v = &story->visits[i];
    const struct vsm_expectation *e = expected(s, v->place, story);
    int64_t spent[] = {v->spent[VSM_QUEUED], v->spent[VSM_ACTIVE], v->spent[VSM_SUSPENDED], 0};
    if (v->how == VSM_OPEN)
      spent[v->state] += vsm_core_age_us(core, s->graph->at[v->place].calendar, v->since);
    rows[i] = (struct vsm_visit_view){.stage = stage_name(s, v->place),
                                      .entered = {v->entered},
                                      .left = {v->left},
                                      .how = v->how,
                                      .state = v->state,
                                      .confirmed = v->bits & VSM_V_CONFIRMED,
                                      .rework = v->bits & VSM_V_REWORK,
                                      .unobserved = v->bits & VSM_V_UNOBSERVED,
                                      .implied = v->how == VSM_COMPLETED && !(v->bits & VSM_V_OWN_COMPLETE),
                                      .queued_us = spent[VSM_QUEUED],
                                      .active_us = spent[VSM_ACTIVE],
                                      .suspended_us = spent[VSM_SUSPENDED],
                                      .expected_us = e ? e->within_us : 0,
                                      .counted_us = e ? vsm_expecting_spent(e, &core->retold, v, core->now.us) : 0,
                                      .working_day_seconds = vsm_working_day_seconds(s->graph->at[v->place].calendar),
                                      .expected_working_day_seconds = e ? vsm_working_day_seconds(e->calendar) : 0,
                                      .due = {vsm_items_date(&s->items, it, VSM_VALUE_DUE, v->place)},
                                      .not_before = {vsm_items_date(&s->items, it, VSM_VALUE_NOT_BEFORE, v->place)}};
    if (v->how == VSM_OPEN && v->state == VSM_SUSPENDED)
      vsm_core_wait(core, v->wait, &rows[i].reason, &rows[i].party);
  }
  return rows;
}

const struct vsm_segment_value *vsm_core_segments(const struct vsm_core *core, const struct vsm_stream_state *s,
                                                  const struct vsm_story *story, struct vsm_arena *arena, unsigned *n) {
  struct vsm_segment_value *rows = vsm_arena_alloc(arena, s->n_attributes * sizeof *rows);
  *n = 0;
  for (unsigned i = 0; rows && i < s->n_attributes; i++) {
    if (story->segments[i] == (uint32_t)VSM_NO_SEGMENT)
      continue;
    struct vsm_segment_value *row = &rows[(*n)++];
    row->attribute = s->model->segments[i];
    vsm_intern_parts(&core->words, story->segments[i], &row->value, 1);
  }
  return rows;
}

bool vsm_core_has_segment(const struct vsm_core *core, const struct vsm_story *story, int attribute,
                          struct vsm_str value) {
  struct vsm_str has;
  if (attribute < 0)
    return true;
  if (story->segments[attribute] == (uint32_t)VSM_NO_SEGMENT)
    return false;
  vsm_intern_parts(&core->words, story->segments[attribute], &has, 1);
  return vsm_str_eq(has, value);
}

int vsm_core_find_item(const struct vsm_core *core, int stream, struct vsm_str key, unsigned *at, uint32_t *id,
                       uint64_t *streams) {
  uint32_t hash = vsm_hash(key, 0);
  unsigned n = 0;
  *streams = 0;
  for (unsigned i = 0; i < core->model->n_streams; i++) {
    if (stream >= 0 && i != (unsigned)stream)
      continue;
    uint32_t found = vsm_items_find(&core->streams[i].items, key, hash);
    if (found == (uint32_t)VSM_ITEM_NONE)
      continue;
    *at = i;
    *id = found;
    *streams |= i < 64 ? UINT64_C(1) << i : 0;
    n++;
  }
  return n == 0 ? VSM_ENOENT : n > 1 ? VSM_EAMBIGUOUS : 0;
}

// The mark of its last end; NULL: it is open.
static const struct vsm_mark *last_end(const struct vsm_story *story) {
  for (size_t i = story->open ? 0 : story->n_marks; i > 0; i--) {
    const struct vsm_mark *m = &story->marks[i - 1];
    if (m->kind == VSM_M_FINISHED || m->kind == VSM_M_WITHDRAWN)
      return m;
  }
  return NULL;
}

// VSM_ENOENT: known by key alone; nothing has made it an item yet.
static int tell_item(struct vsm_core *core, unsigned stream, uint32_t id, struct vsm_arena *arena,
                     struct vsm_item_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, stream);
  const struct vsm_item *it = vsm_items_at(&s->items, id);
  struct vsm_story *story = &core->retold.is;
  struct tellings t;
  vsm_stream_fold(s, it, (size_t)VSM_FOLD_ALL, story);
  core->retold.same_visits = core->retold.same_marks = 0;
  if (!story->exists)
    return VSM_ENOENT;
  if (tell_transitions(core, s, it, arena, &t) != 0)
    return VSM_ENOMEM;
  const struct vsm_mark *end = last_end(story);
  *out = (struct vsm_item_view){.item = vsm_items_shown(&s->items, it, s->graph),
                                .stream = stream,
                                .keys = vsm_core_keys(&s->items, it, arena),
                                .n_keys = it->n_keys,
                                .state = story->open       ? "open"
                                         : story->finished ? "finished"
                                                           : "withdrawn",
                                .started = {story->started},
                                .ended = {end ? end->at : 0},
                                .lead_us = end && end->kind == VSM_M_FINISHED ? end->span : 0,
                                .transitions = t.rows,
                                .n_transitions = t.n,
                                .visits = tell_visits(core, s, it, story, arena),
                                .n_visits = (unsigned)story->n_visits,
                                .due = {vsm_items_date(&s->items, it, VSM_VALUE_DUE, VSM_PLACE_ITEM)},
                                .not_before = {vsm_items_date(&s->items, it, VSM_VALUE_NOT_BEFORE, VSM_PLACE_ITEM)}};
  out->segments = vsm_core_segments(core, s, story, arena, &out->n_segments);
  return out->keys && out->visits && out->segments ? 0 : VSM_ENOMEM;
}

int vsm_core_item(struct vsm_core *core, int stream, struct vsm_str key, struct vsm_arena *arena,
                  struct vsm_item_view *out, uint64_t *streams) {
  unsigned at;
  uint32_t id;
  int err = vsm_core_find_item(core, stream, key, &at, &id, streams);
  return err ? err : tell_item(core, at, id, arena, out);
}

int vsm_core_next_item(struct vsm_core *core, unsigned stream, uint32_t *place, struct vsm_arena *arena,
                       struct vsm_item_view *out) {
  const struct vsm_items *items = &vsm_core_stream(core, stream)->items;
  int err = VSM_ENOENT;
  while (err == VSM_ENOENT && *place < items->n) {
    uint32_t id = (*place)++;
    if (vsm_items_at(items, id)->n_keys > 0)
      err = tell_item(core, stream, id, arena, out);
  }
  return err;
}

struct vsm_str vsm_core_shown(const struct vsm_core *core, unsigned stream, struct vsm_str key) {
  const struct vsm_stream_state *s = &core->streams[stream];
  uint32_t id = vsm_items_find(&s->items, key, vsm_hash(key, 0));
  if (id == (uint32_t)VSM_ITEM_NONE)
    return (struct vsm_str){0};
  return vsm_items_shown(&s->items, vsm_items_at(&s->items, id), s->graph);
}
