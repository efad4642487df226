#include "core/map.h"

#include "base/err.h"
#include "base/text.h"
#include "core/edges.h"
#include "core/state.h"

const char *vsm_edge_kind_name(enum vsm_edge_kind k) {
  static const char *const names[] = {"drawn", "skip", "back", "repeat", "across", "withdrawn", "reopened"};
  return names[k];
}

static bool has_any(const struct vsm_set *s, unsigned words) {
  return vsm_set_meet(s, s, words);
}

static bool is_drawn(const struct vsm_graph *g, unsigned from, unsigned to) {
  if (from == VSM_EDGE_START)
    return to < g->n && !has_any(&g->at[to].before, g->words);
  if (from >= g->n)
    return false;
  return to == VSM_EDGE_OUTCOME ? g->at[from].to_outcome : to < g->n && vsm_set_has(&g->at[from].next, to);
}

static enum vsm_edge_kind kind_of(const struct vsm_graph *g, unsigned from, unsigned to) {
  if (from == VSM_EDGE_OUTCOME || from == VSM_EDGE_WITHDRAWN)
    return VSM_EDGE_REOPENING;
  if (to == VSM_EDGE_WITHDRAWN)
    return VSM_EDGE_WITHDRAWING;
  if (is_drawn(g, from, to))
    return VSM_EDGE_DRAWN;
  if (from == to)
    return VSM_EDGE_REPEAT;
  if (from == VSM_EDGE_START || to == VSM_EDGE_OUTCOME || vsm_set_has(&g->at[from].after, to))
    return VSM_EDGE_SKIP;
  return vsm_set_has(&g->at[from].before, to) ? VSM_EDGE_BACK : VSM_EDGE_ACROSS;
}

// --- which edges are shown

struct row {
  unsigned from, to;
  uint64_t total;
  const struct vsm_flow *flow; // NULL: nothing ever went along
  bool drawn;
};

static unsigned order_of(unsigned point) {
  return point == VSM_EDGE_START ? 0 : point + 1;
}

static int by_order(const void *pa, const void *pb) {
  const struct row *a = pa, *b = pb;
  return a->from != b->from ? (int)order_of(a->from) - (int)order_of(b->from)
                            : (int)order_of(a->to) - (int)order_of(b->to);
}

// The arrows of the drawing first: the map is the drawing, with what went beside it.
static int by_weight(const void *pa, const void *pb) {
  const struct row *a = pa, *b = pb;
  if (a->drawn != b->drawn)
    return a->drawn ? -1 : 1;
  return a->total != b->total ? (a->total > b->total ? -1 : 1) : by_order(pa, pb);
}

static const struct vsm_flow *flow_of(const struct vsm_stream_state *s, unsigned from, unsigned to) {
  const struct vsm_edge *edge = vsm_edges_find(&s->edges, from, to);
  return edge ? &edge->flow : NULL;
}

static uint64_t total_of(const struct vsm_stream_state *s, const struct vsm_flow *flow) {
  return flow ? (uint64_t)vsm_flow_counted(flow, s->bands, 0, VSM_N_PASSED) : 0;
}

// The arrows of the drawing, with those to the outcome, and those from the start.
static size_t add_drawn(const struct vsm_stream_state *s, struct row *rows) {
  const struct vsm_graph *g = s->graph;
  size_t n = 0;
  for (unsigned place = 0; place < g->n; place++) {
    if (is_drawn(g, VSM_EDGE_START, place))
      rows[n++] = (struct row){.from = VSM_EDGE_START, .to = place};
    if (g->at[place].to_outcome)
      rows[n++] = (struct row){.from = place, .to = VSM_EDGE_OUTCOME};
    VSM_SET_EACH(next, &g->at[place].next, g->words)
      rows[n++] = (struct row){.from = place, .to = (unsigned)next};
  }
  for (size_t i = 0; i < n; i++) {
    rows[i].flow = flow_of(s, rows[i].from, rows[i].to);
    rows[i].total = total_of(s, rows[i].flow);
    rows[i].drawn = true;
  }
  return n;
}

static size_t add_others(const struct vsm_stream_state *s, struct row *rows) {
  size_t n = 0;
  for (size_t i = 0; i < s->edges.n; i++) {
    const struct vsm_edge *e = s->edges.at[i];
    uint64_t total = total_of(s, &e->flow);
    if (total > 0 && !is_drawn(s->graph, e->from, e->to)) // 0: taken back whole
      rows[n++] = (struct row){e->from, e->to, total, &e->flow, false};
  }
  return n;
}

static struct row *choose(const struct vsm_stream_state *s, struct vsm_arena *arena, struct vsm_map_view *out) {
  size_t most = s->edges.n;
  for (unsigned place = 0; place < s->graph->n; place++)
    most += s->graph->at[place].n_next + 1;
  struct row *rows = vsm_arena_alloc(arena, (most + 1) * sizeof *rows);
  if (!rows)
    return NULL;
  size_t n = add_drawn(s, rows);
  n += add_others(s, rows + n);
  out->n_edges = (unsigned)(n < VSM_MAP_EDGES_MAX ? n : VSM_MAP_EDGES_MAX);
  out->left_off = (unsigned)n - out->n_edges;
  if (out->left_off > 0)
    vsm_sort(rows, n, sizeof *rows, by_weight);
  vsm_sort(rows, out->n_edges, sizeof *rows, by_order);
  return rows;
}

// --- their figures

static const char *point_name(const struct vsm_stream_state *s, unsigned point) {
  return point == VSM_EDGE_START       ? "(start)"
         : point == VSM_EDGE_OUTCOME   ? "(outcome)"
         : point == VSM_EDGE_WITHDRAWN ? "(withdrawn)"
                                       : s->model->stages[s->graph->at[point].declared].id;
}

static void read_edge(const struct vsm_stream_state *s, const struct row *row, unsigned window,
                      struct vsm_map_edge *out) {
  *out = (struct vsm_map_edge){.from = point_name(s, row->from),
                               .to = point_name(s, row->to),
                               .kind = kind_of(s->graph, row->from, row->to),
                               .total = row->total};
  if (!row->flow)
    return;
  struct vsm_tally sum = {0};
  vsm_flow_sum(row->flow, s->bands, window, &sum);
  out->count = (uint64_t)sum.counts[VSM_N_PASSED];
  out->handover_time = vsm_sketch_view(&sum.dists[VSM_D_HANDOVER]);
  out->working_day_seconds =
      vsm_working_day_seconds(row->to < s->graph->n ? s->graph->at[row->to].calendar : s->model->calendar);
  vsm_tally_fini(&sum);
}

static void read_stage(const struct vsm_stream_state *s, unsigned place, unsigned window, struct vsm_map_stage *out) {
  const struct vsm_stage *model = &s->model->stages[s->graph->at[place].declared];
  const struct vsm_stage_state *st = &s->stages[place];
  const struct {
    unsigned slot;
    uint64_t *to;
  } counts[] = {{VSM_N_ARRIVALS, &out->arrivals},
                {VSM_N_SKIPPED, &out->skipped},
                {VSM_N_BYPASSED, &out->bypassed},
                {VSM_N_REWORK, &out->rework},
                {VSM_N_UNOBSERVED, &out->unobserved}};
  *out = (struct vsm_map_stage){.id = model->id, .name = model->name, .wip = st->open.count};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    *counts[i].to = (uint64_t)vsm_flow_counted(&st->flow, s->bands, window, counts[i].slot);
}

int vsm_core_map(struct vsm_core *core, unsigned stream, unsigned window, struct vsm_arena *arena,
                 struct vsm_map_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, stream);
  unsigned n = s->graph->n;
  *out = (struct vsm_map_view){.id = s->model->id,
                               .name = s->model->name,
                               .outcome = s->model->outcome,
                               .window = window == 0 ? "all" : s->model->windows[window - 1].name,
                               .n_stages = n};
  const struct row *rows = choose(s, arena, out);
  struct vsm_map_stage *stages = vsm_arena_alloc(arena, n * sizeof *stages);
  struct vsm_map_edge *edges = vsm_arena_alloc(arena, (out->n_edges + 1) * sizeof *edges);
  if (!rows || !stages || !edges)
    return VSM_ENOMEM;
  for (unsigned place = 0; place < n; place++)
    read_stage(s, place, window, &stages[place]);
  for (unsigned i = 0; i < out->n_edges; i++)
    read_edge(s, &rows[i], window, &edges[i]);
  out->stages = stages;
  out->edges = edges;
  return 0;
}
