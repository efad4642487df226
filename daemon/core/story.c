// Reading items: one item's transitions and visits, and pages of what is open. A page walks the ranks in order, so that
// its cost is that of its rows; how far it may walk past rows that a filter drops is bounded, and the cursor says where
// to go on.
#include "base/err.h"
#include "base/text.h"
#include "core/hash.h"
#include "core/state.h"

enum { SCAN_MAX = 5000 };

static int by_bytes(const void *a, const void *b) {
  return vsm_str_cmp(*(const struct vsm_str *)a, *(const struct vsm_str *)b);
}

static const struct vsm_str *keys_of(const struct vsm_items *items, const struct vsm_item *it,
                                     struct vsm_arena *arena) {
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

static void words_of(const struct vsm_core *core, uint32_t hold, struct vsm_str *reason, const char **party) {
  struct vsm_str parts[2];
  vsm_intern_parts(&core->words, hold, parts, 2);
  *reason = parts[0];
  *party = parts[1].p;
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
  size_t n_progress = it->notes ? it->notes->n_progress : 0;
  t->n = 0;
  t->rows = vsm_arena_alloc(arena, (it->n + n_progress + 1) * sizeof *t->rows);
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
      words_of(core, vsm_wait_words(hold->wait), &row->reason, &row->party);
  }
  for (size_t i = 0; i < n_progress; i++) {
    const struct vsm_progress *p = &it->notes->progress[i];
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

static struct vsm_visit_view *tell_visits(struct vsm_core *core, const struct vsm_stream_state *s,
                                          const struct vsm_story *story, struct vsm_arena *arena) {
  struct vsm_visit_view *rows = vsm_arena_alloc(arena, (story->n_visits + 1) * sizeof *rows);
  for (size_t i = 0; rows && i < story->n_visits; i++) {
    const struct vsm_visit *v = &story->visits[i];
    int64_t spent[] = {v->spent[VSM_QUEUED], v->spent[VSM_ACTIVE], v->spent[VSM_SUSPENDED], 0};
    if (v->how == VSM_OPEN && core->now.us > v->since)
      spent[v->state] += core->now.us - v->since;
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
                                      .suspended_us = spent[VSM_SUSPENDED]};
  }
  return rows;
}

static int find_item(const struct vsm_core *core, int stream, struct vsm_str key, unsigned *at, uint32_t *id,
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

int vsm_core_item(struct vsm_core *core, int stream, struct vsm_str key, struct vsm_arena *arena,
                  struct vsm_item_view *out, uint64_t *streams) {
  unsigned at;
  uint32_t id;
  int err = find_item(core, stream, key, &at, &id, streams);
  if (err)
    return err;
  const struct vsm_stream_state *s = vsm_core_stream(core, at);
  const struct vsm_item *it = vsm_items_at(&s->items, id);
  struct vsm_story *story = &core->retold.is;
  struct tellings t;
  vsm_stream_fold(s, it, (size_t)VSM_FOLD_ALL, story);
  if (!story->exists)
    return VSM_ENOENT; // known by key alone: nothing has made it an item yet
  if (tell_transitions(core, s, it, arena, &t) != 0)
    return VSM_ENOMEM;
  *out = (struct vsm_item_view){.item = vsm_items_shown(&s->items, it, s->graph),
                                .stream = at,
                                .keys = keys_of(&s->items, it, arena),
                                .n_keys = it->n_keys,
                                .state = story->open       ? "open"
                                         : story->finished ? "finished"
                                                           : "withdrawn",
                                .transitions = t.rows,
                                .n_transitions = t.n,
                                .visits = tell_visits(core, s, story, arena),
                                .n_visits = (unsigned)story->n_visits};
  return out->keys && out->visits ? 0 : VSM_ENOMEM;
}

// --- pages

struct page {
  struct vsm_core *core;
  const struct vsm_items_query *query;
  struct vsm_arena *arena;
  struct vsm_item_row *rows;
  unsigned n, scanned;
  // Where to go on: the first one that was not looked at, and how many of its open visits were.
  unsigned stream;
  struct vsm_rank rank;
  unsigned done;
  bool more;
};

// The wait of an open visit: the last suspend of its stage.
static void fill_wait(const struct vsm_core *core, const struct vsm_item *it, const struct vsm_visit *v,
                      struct vsm_item_row *row) {
  for (unsigned i = it->n; i-- > 0;) {
    uint64_t x = it->log[i];
    if (vsm_packed_place(x) != v->place || vsm_packed_lifecycle(x) != VSM_SUSPEND)
      continue;
    const struct vsm_hold *hold = vsm_item_hold(it, x);
    if (hold)
      words_of(core, vsm_wait_words(hold->wait), &row->reason, &row->party);
    return;
  }
}

static void add_row(struct page *p, uint32_t id, const struct vsm_story *story, const struct vsm_visit *v) {
  const struct vsm_stream_state *s = vsm_core_stream(p->core, p->stream);
  const struct vsm_item *it = vsm_items_at(&s->items, id);
  enum vsm_visit_state state = v ? v->state : VSM_BETWEEN;
  if (p->query->state >= 0 && state != (unsigned)p->query->state)
    return;
  int64_t now = p->core->now.us;
  struct vsm_item_row *row = &p->rows[p->n++];
  *row = (struct vsm_item_row){.item = vsm_items_shown(&s->items, it, s->graph),
                               .keys = keys_of(&s->items, it, p->arena),
                               .n_keys = it->n_keys,
                               .stream = p->stream,
                               .stage = v ? s->graph->at[v->place].declared : -1,
                               .state = state,
                               .party = "",
                               .in_stage_seconds = v && now > v->entered ? vsm_seconds(now - v->entered) : 0,
                               .age_seconds = now > story->started ? vsm_seconds(now - story->started) : 0};
  if (!row->keys)
    row->n_keys = 0;
  if (state == VSM_SUSPENDED)
    fill_wait(p->core, it, v, row);
}

// An item in more stages than the page has room for goes on with the next one.
static void add_item(struct page *p, uint32_t id, int place) {
  struct vsm_story *story = &p->core->retold.is;
  const struct vsm_stream_state *s = vsm_core_stream(p->core, p->stream);
  unsigned open = 0;
  vsm_stream_fold(s, vsm_items_at(&s->items, id), (size_t)VSM_FOLD_ALL, story);
  for (size_t i = 0; i < story->n_visits; i++) {
    const struct vsm_visit *v = &story->visits[i];
    if (v->how != VSM_OPEN || (place >= 0 && v->place != place) || open++ < p->done)
      continue;
    p->more = p->n == p->query->limit;
    if (p->more)
      return;
    add_row(p, id, story, v);
    p->done = open;
  }
  if (open == 0 && place < 0)
    add_row(p, id, story, NULL);
}

static void scan(struct page *p, struct vsm_rank from, unsigned done) {
  const struct vsm_stream_state *s = vsm_core_stream(p->core, p->stream);
  int place = p->query->stage < 0 ? -1 : s->graph->place_of[p->query->stage];
  const struct vsm_ranks *ranks = place < 0 ? &s->open : &s->stages[place].open;
  struct vsm_ranks_at at = vsm_ranks_seek(ranks, from.us, from.id);
  struct vsm_rank next;
  while (!p->more && vsm_ranks_next(ranks, &at, &next)) {
    p->rank = next;
    p->done = next.us == from.us && next.id == from.id ? done : 0;
    p->more = p->n >= p->query->limit || p->scanned++ >= SCAN_MAX;
    if (!p->more)
      add_item(p, next.id, place);
  }
}

// "STREAM.TIME.ID.DONE" in decimal.
static bool parse_cursor(struct vsm_str text, const struct vsm_core *core, unsigned *stream, struct vsm_rank *from,
                         unsigned *done) {
  uint64_t n[4] = {0};
  unsigned k = 0, digits = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == '.' && digits > 0 && k < 3) {
      k++;
      digits = 0;
    } else if (text.p[i] >= '0' && text.p[i] <= '9' && digits++ < 18) {
      n[k] = n[k] * 10 + (uint64_t)(text.p[i] - '0');
    } else {
      return false;
    }
  }
  *stream = (unsigned)n[0];
  *from = (struct vsm_rank){(int64_t)n[1], (uint32_t)n[2]};
  *done = (unsigned)n[3];
  return k == 3 && digits > 0 && n[0] < core->model->n_streams && n[2] <= UINT32_MAX && n[3] <= VSM_STAGES_MAX;
}

long vsm_core_items(struct vsm_core *core, const struct vsm_items_query *query, struct vsm_arena *arena,
                    struct vsm_item_row **rows, struct vsm_str *cursor) {
  struct page p = {.core = core, .query = query, .arena = arena};
  struct vsm_rank from = {0, 0};
  unsigned first = query->stream < 0 ? 0 : (unsigned)query->stream;
  unsigned end = query->stream < 0 ? core->model->n_streams : first + 1;
  unsigned done = 0;
  if (query->cursor.n > 0 && !parse_cursor(query->cursor, core, &first, &from, &done))
    return VSM_EINVAL;
  *cursor = (struct vsm_str){0};
  *rows = p.rows = vsm_arena_alloc(arena, query->limit * sizeof *p.rows);
  if (!p.rows)
    return VSM_ENOMEM;
  for (p.stream = first; p.stream < end; p.stream++) {
    scan(&p, from, done);
    if (p.more)
      break;
    from = (struct vsm_rank){0, 0};
    done = 0;
  }
  if (p.more) {
    const char *text = vsm_arena_printf(arena, "%u.%lld.%u.%u", p.stream, (long long)p.rank.us, p.rank.id, p.done);
    if (!text)
      return VSM_ENOMEM;
    *cursor = vsm_str_of(text);
  }
  return p.n;
}
