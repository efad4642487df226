// Pages of what is open. A page walks ranks in order, so that its cost is that of its rows; how far it may walk past
// rows that a filter drops is bounded, and the cursor says where to go on.
#include "base/err.h"
#include "core/cursor.h"
#include "core/pace.h"
#include "core/state.h"

enum { SCAN_MAX = 3000, NUMBERS = 5 };

// A position in the order: the first row that was not looked at. What the numbers mean depends on the order.
struct cursor {
  uint64_t n[NUMBERS];
};

struct page {
  struct vsm_core *core;
  const struct vsm_items_query *query;
  struct vsm_arena *arena;
  struct vsm_pace **paces; // by node, see node_of(); NULL: not worked out yet
  struct vsm_item_row *rows;
  unsigned n, scanned;
  bool more, no_memory;
  struct cursor at;
};

// --- rows

static unsigned node_of(const struct vsm_core *core, unsigned stream, unsigned place) {
  unsigned node = place;
  for (unsigned i = 0; i < stream; i++)
    node += core->streams[i].graph->n;
  return node;
}

static const struct vsm_pace *pace_of(struct page *p, unsigned stream, unsigned place) {
  struct vsm_pace **pace = &p->paces[node_of(p->core, stream, place)];
  if (!*pace)
    *pace = vsm_pace_read(vsm_core_stream(p->core, stream), place, p->arena);
  p->no_memory = p->no_memory || !*pace;
  return *pace;
}

static bool is_wanted(const struct page *p, const struct vsm_story *story, enum vsm_visit_state state) {
  const struct vsm_items_query *q = p->query;
  return (q->state < 0 || state == (unsigned)q->state) && vsm_core_has_segment(p->core, story, q->attribute, q->value);
}

static void fill_pace(struct page *p, unsigned stream, const struct vsm_visit *v, int64_t age_us,
                      struct vsm_item_row *row) {
  const struct vsm_pace *pace = pace_of(p, stream, v->place);
  if (!pace)
    return;
  row->pace = vsm_pace_word(pace, age_us);
  row->pace_percentile = vsm_pace_percentile(pace, age_us);
}

// v NULL: an item between stages.
static void add_row(struct page *p, unsigned stream, uint32_t id, const struct vsm_story *story,
                    const struct vsm_visit *v) {
  const struct vsm_stream_state *s = vsm_core_stream(p->core, stream);
  const struct vsm_item *it = vsm_items_at(&s->items, id);
  enum vsm_visit_state state = v ? v->state : VSM_BETWEEN;
  if (!is_wanted(p, story, state))
    return;
  const struct vsm_calendar *calendar = v ? s->graph->at[v->place].calendar : NULL;
  int64_t in_stage = v ? vsm_core_age_us(p->core, calendar, v->entered) : 0;
  int64_t due = v ? vsm_items_date(&s->items, it, VSM_VALUE_DUE, v->place) : 0;
  struct vsm_item_row *row = &p->rows[p->n++];
  *row = (struct vsm_item_row){
      .item = vsm_items_shown(&s->items, it, s->graph),
      .keys = vsm_core_keys(&s->items, it, p->arena),
      .n_keys = it->n_keys,
      .stream = stream,
      .stage = v ? s->graph->at[v->place].declared : -1,
      .state = state,
      .party = "",
      .in_stage_seconds = vsm_seconds(in_stage),
      .age_seconds = vsm_seconds(vsm_core_age_us(p->core, s->model->calendar, story->started)),
      .working_day_seconds = vsm_working_day_seconds(calendar),
      .age_working_day_seconds = vsm_working_day_seconds(s->model->calendar),
      .due = {due ? due : vsm_items_date(&s->items, it, VSM_VALUE_DUE, VSM_PLACE_ITEM)},
      .pace = "",
  };
  if (!row->keys)
    row->n_keys = 0;
  if (state == VSM_SUSPENDED)
    vsm_core_wait(p->core, v->wait, &row->reason, &row->party);
  if (v)
    fill_pace(p, stream, v, in_stage, row);
}

// True where there is room for another row and the walk may go on; else the page ends before `at`.
static bool has_room(struct page *p, struct cursor at) {
  p->more = p->n >= p->query->limit || p->scanned >= SCAN_MAX;
  if (p->more)
    p->at = at;
  return !p->more;
}

static struct vsm_story *fold(struct page *p, unsigned stream, uint32_t id) {
  const struct vsm_stream_state *s = vsm_core_stream(p->core, stream);
  vsm_stream_fold(s, vsm_items_at(&s->items, id), (size_t)VSM_FOLD_ALL, &p->core->retold.is);
  p->scanned++;
  return &p->core->retold.is;
}

// --- by age, by last transition: {stream, time, item, how many of its open visits were looked at}

// An item in more stages than the page has room for goes on with the next one. place -1: all, and between them.
static void add_item(struct page *p, struct cursor at, int place) {
  unsigned stream = (unsigned)at.n[0], open = 0;
  uint32_t id = (uint32_t)at.n[2];
  const struct vsm_story *story = fold(p, stream, id);
  for (size_t i = 0; i < story->n_visits; i++) {
    const struct vsm_visit *v = &story->visits[i];
    if (v->how != VSM_OPEN || (place >= 0 && v->place != place) || open++ < at.n[3])
      continue;
    if (p->n >= p->query->limit) {
      p->more = true;
      p->at = (struct cursor){{stream, at.n[1], id, open - 1}};
      return;
    }
    add_row(p, stream, id, story, v);
  }
  if (open == 0 && place < 0)
    add_row(p, stream, id, story, NULL);
}

static struct cursor at_item(unsigned stream, struct vsm_rank next, const struct cursor *from) {
  bool begun = (uint64_t)next.us == from->n[1] && next.id == from->n[2];
  return (struct cursor){{stream, (uint64_t)next.us, next.id, begun ? from->n[3] : 0}};
}

static void scan_moved(struct page *p, unsigned stream, const struct cursor *from, int place) {
  struct vsm_stream_state *s = vsm_core_stream(p->core, stream);
  struct vsm_rank at = {(int64_t)from->n[1], (uint32_t)from->n[2]};
  enum vsm_moved_found found;
  while (!p->more && (found = vsm_moved_look(&s->moved, &s->items, s->graph, at, &at)) != VSM_MOVED_END) {
    struct cursor here = at_item(stream, at, from);
    if (has_room(p, here) && found == VSM_MOVED_RIGHT)
      add_item(p, here, place);
    else
      p->scanned++;
    at = vsm_moved_behind(at);
  }
}

static void scan(struct page *p, unsigned stream, const struct cursor *from) {
  const struct vsm_stream_state *s = vsm_core_stream(p->core, stream);
  int place = p->query->stage < 0 ? -1 : s->graph->place_of[p->query->stage];
  if (p->query->sort == VSM_BY_LAST) {
    scan_moved(p, stream, from, place);
    return;
  }
  const struct vsm_ranks *ranks = place < 0 ? &s->open : &s->stages[place].open;
  struct vsm_ranks_at at = vsm_ranks_seek(ranks, (int64_t)from->n[1], (uint32_t)from->n[2]);
  struct vsm_rank next;
  while (!p->more && vsm_ranks_next(ranks, &at, &next)) {
    struct cursor here = at_item(stream, next, from);
    if (has_room(p, here))
      add_item(p, here, place);
  }
}

static void scan_streams(struct page *p, struct cursor from, unsigned first, unsigned end) {
  if (p->query->cursor.n > 0)
    first = (unsigned)from.n[0];
  for (unsigned i = first; i < end && !p->more; i++, from = (struct cursor){{0}})
    scan(p, i, &from);
}

// --- by pace: {percentile + 1, node, time, item, 1}; then the items between stages: {0, stream, time, item, 0}

struct head {
  unsigned stream, place, node;
  const struct vsm_ranks *ranks;
  struct vsm_ranks_at at;
  struct vsm_rank rank; // the next one
  int percentile;       // of it; -1: it has no pace
  bool ended;
};

static int percentile_of(struct page *p, const struct head *h, int64_t entered) {
  const struct vsm_stream_state *s = vsm_core_stream(p->core, h->stream);
  const struct vsm_pace *pace = pace_of(p, h->stream, h->place);
  int64_t age = vsm_core_age_us(p->core, s->graph->at[h->place].calendar, entered);
  return !pace || !vsm_pace_told(pace) ? -1 : (int)vsm_pace_percentile(pace, age);
}

static void next_of(struct page *p, struct head *h) {
  h->ended = !vsm_ranks_next(h->ranks, &h->at, &h->rank);
  if (!h->ended)
    h->percentile = percentile_of(p, h, h->rank.us);
}

// The first one whose percentile is below `than`; they never rise from the oldest to the youngest.
static struct vsm_ranks_at seek_below(struct page *p, const struct head *h, int than) {
  size_t low = 0, high = h->ranks->count;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (percentile_of(p, h, vsm_ranks_select(h->ranks, mid).us) < than)
      high = mid;
    else
      low = mid + 1;
  }
  if (low == h->ranks->count)
    return (struct vsm_ranks_at){h->ranks->n, 0};
  struct vsm_rank r = vsm_ranks_select(h->ranks, low);
  return vsm_ranks_seek(h->ranks, r.us, r.id);
}

static bool is_before(struct vsm_ranks_at a, struct vsm_ranks_at b) {
  return a.leaf < b.leaf || (a.leaf == b.leaf && a.i < b.i);
}

static void begin(struct page *p, struct head *h, const struct cursor *from) {
  h->at = (struct vsm_ranks_at){0, 0};
  if (p->query->cursor.n > 0) {
    int than = (int)from->n[0] - 1;
    h->at = seek_below(p, h, h->node < from->n[1] ? than : than + 1);
    struct vsm_ranks_at behind = vsm_ranks_seek(h->ranks, (int64_t)from->n[2], (uint32_t)from->n[3]);
    if (h->node == from->n[1] && is_before(h->at, behind))
      h->at = behind;
  }
  next_of(p, h);
}

static unsigned list_heads(struct page *p, struct head *heads, unsigned first, unsigned end) {
  unsigned n = 0;
  for (unsigned i = first; i < end; i++) {
    const struct vsm_stream_state *s = vsm_core_stream(p->core, i);
    for (unsigned place = 0; place < s->graph->n; place++)
      if (p->query->stage < 0 || s->graph->place_of[p->query->stage] == place)
        heads[n++] = (struct head){
            .stream = i, .place = place, .node = node_of(p->core, i, place), .ranks = &s->stages[place].open};
  }
  return n;
}

static struct head *highest(struct head *heads, unsigned n) {
  struct head *best = NULL;
  for (unsigned i = 0; i < n; i++)
    if (!heads[i].ended && (!best || heads[i].percentile > best->percentile))
      best = &heads[i];
  return best;
}

static void add_visit(struct page *p, const struct head *h) {
  const struct vsm_story *story = fold(p, h->stream, h->rank.id);
  for (size_t i = 0; i < story->n_visits; i++)
    if (story->visits[i].how == VSM_OPEN && story->visits[i].place == h->place)
      add_row(p, h->stream, h->rank.id, story, &story->visits[i]);
}

static void merge(struct page *p, const struct cursor *from, unsigned first, unsigned end) {
  struct head *heads = vsm_arena_alloc(p->arena, node_of(p->core, end, 0) * sizeof *heads);
  p->no_memory = p->no_memory || !heads;
  if (!heads)
    return;
  unsigned n = list_heads(p, heads, first, end);
  for (unsigned i = 0; i < n; i++)
    begin(p, &heads[i], from);
  for (struct head *h; (h = highest(heads, n)) != NULL; next_of(p, h)) {
    if (!has_room(p, (struct cursor){{(uint64_t)(h->percentile + 1), h->node, (uint64_t)h->rank.us, h->rank.id, 1}}))
      return;
    add_visit(p, h);
  }
}

static void scan_between(struct page *p, const struct cursor *from, unsigned first, unsigned end) {
  struct cursor at = *from;
  for (unsigned i = (unsigned)at.n[1] > first ? (unsigned)at.n[1] : first; i < end && !p->more; i++) {
    const struct vsm_stream_state *s = vsm_core_stream(p->core, i);
    struct vsm_ranks_at place = vsm_ranks_seek(&s->open, (int64_t)at.n[2], (uint32_t)at.n[3]);
    struct vsm_rank next;
    while (s->between > 0 && !p->more && vsm_ranks_next(&s->open, &place, &next)) {
      if (!has_room(p, (struct cursor){{0, i, (uint64_t)next.us, next.id, 0}}))
        break;
      const struct vsm_story *story = fold(p, i, next.id);
      if (story->n_open == 0)
        add_row(p, i, next.id, story, NULL);
    }
    at = (struct cursor){{0}};
  }
}

static void scan_by_pace(struct page *p, struct cursor from, unsigned first, unsigned end) {
  bool between = p->query->cursor.n > 0 && from.n[4] == 0;
  if (!between) {
    merge(p, &from, first, end);
    from = (struct cursor){{0}};
  }
  if (!p->more && p->query->stage < 0)
    scan_between(p, &from, first, end);
}

// --- the cursor

static bool parse_cursor(const struct page *p, struct cursor *out) {
  unsigned streams = p->core->model->n_streams;
  if (!vsm_cursor_parse(p->query->cursor, vsm_items_sort_name(p->query->sort)[0], out->n, NUMBERS))
    return false;
  if (p->query->sort != VSM_BY_PACE)
    return (p->query->stream < 0 ? out->n[0] < streams : out->n[0] == (uint64_t)p->query->stream) &&
           out->n[2] <= UINT32_MAX;
  return out->n[0] <= 101 && out->n[1] < node_of(p->core, streams, 0) && out->n[3] <= UINT32_MAX &&
         (out->n[4] == 1 || out->n[1] < streams);
}

static int print_cursor(struct page *p, struct vsm_str *out) {
  *out = vsm_cursor_print(p->arena, vsm_items_sort_name(p->query->sort)[0], p->at.n, NUMBERS);
  return out->n > 0 ? 0 : VSM_ENOMEM;
}

long vsm_core_items(struct vsm_core *core, const struct vsm_items_query *query, struct vsm_arena *arena,
                    struct vsm_item_row **rows, struct vsm_str *cursor) {
  struct page p = {.core = core, .query = query, .arena = arena};
  struct cursor from = {{0}};
  unsigned first = query->stream < 0 ? 0 : (unsigned)query->stream;
  unsigned end = query->stream < 0 ? core->model->n_streams : first + 1;
  *cursor = (struct vsm_str){0};
  if (query->cursor.n > 0 && !parse_cursor(&p, &from))
    return VSM_EINVAL;
  *rows = p.rows = vsm_arena_alloc(arena, query->limit * sizeof *p.rows);
  p.paces = vsm_arena_zalloc(arena, (node_of(core, core->model->n_streams, 0) + 1) * sizeof *p.paces);
  if (!p.rows || !p.paces)
    return VSM_ENOMEM;
  if (query->sort == VSM_BY_PACE)
    scan_by_pace(&p, from, first, end);
  else
    scan_streams(&p, from, first, end);
  if (p.no_memory || (p.more && print_cursor(&p, cursor) != 0))
    return VSM_ENOMEM;
  return p.n;
}
