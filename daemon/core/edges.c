// Of two visits at stages that are not parallel the one that opened first lies before the other, and so does what lies
// before that one. An edge leads to a visit from each that lies before it with nothing between. To find these, the list
// of visits is read backwards from the visit: `beside` holds the stages that are parallel to all that is known to lie
// before it, so that a visit at one of them is behind nothing found yet. Without forks that is the visit before, and
// the search ends there.
//
// Both stories of an item are told as lists of passages, from the first visit on whose edges can differ. A visit's
// edges depend on what lies before it alone: so that is the first visit that differs, or the first behind an end (of
// finishing, of withdrawing) that does.
#include "core/edges.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/calendar.h"

// --- one story as passages

// What lies before all visits that are told: the start, or the end from which the item came back.
struct origin {
  unsigned point;
  int64_t left;
  size_t visits; // those before it
};

struct telling {
  const struct vsm_graph *graph;
  const struct vsm_retold *r;
  const struct vsm_story *story;
  struct vsm_passages *out;
  size_t from; // visits before it are told already
  struct origin origin;
};

static const struct vsm_visit *visit(const struct telling *t, size_t i) {
  return vsm_retold_visit(t->r, t->story, i);
}

// Nobody worked on a visit that was skipped, and of late news it is not known where it belongs.
static bool is_on_map(const struct vsm_visit *v) {
  return v->how != VSM_SKIPPED && !(v->bits & VSM_V_LATE_NEWS);
}

// Where an edge leads to: what of its handover lies behind the entry (-1: it has none), and in which calendar.
struct arrival {
  unsigned point;
  int64_t at, queued;
  const struct vsm_calendar *calendar;
};

static void add(const struct telling *t, const struct arrival *to, unsigned from, int64_t left) {
  struct vsm_passages *out = t->out;
  int64_t handover = to->queued;
  if (handover >= 0 && left != to->at)
    handover += vsm_calendar_worked(to->calendar, to->at) - vsm_calendar_worked(to->calendar, left);
  if (out->n == out->cap)
    out->at = vsm_mem_grow(out->at, out->n, &out->cap, sizeof *out->at);
  out->at[out->n++] = (struct vsm_passage){to->at, handover, from, to->point};
}

// Each edge to what comes behind the first `n` visits and can be held beside visits at `parallel` stages.
static void trace_back(const struct telling *t, size_t n, const struct vsm_set *parallel, const struct arrival *to) {
  struct vsm_set beside;
  memset(&beside, 0xff, sizeof beside);
  bool any = false;
  while (n-- > t->origin.visits) {
    const struct vsm_visit *v = visit(t, n);
    if (!is_on_map(v))
      continue;
    bool last = vsm_set_has(&beside, v->place), apart = vsm_set_has(parallel, v->place);
    if (last && apart)
      continue;
    if (last) {
      add(t, to, v->place, v->left);
      any = true;
    }
    bool more = false;
    for (unsigned k = 0; k < t->graph->words; k++) {
      beside.w[k] &= t->graph->at[v->place].parallel.w[k];
      more = more || (beside.w[k] & ~parallel->w[k]);
    }
    if (!more)
      return;
  }
  if (!any)
    add(t, to, t->origin.point, t->origin.left);
}

// The part of a handover that lies in the visit; -1: work did not begin, or nobody saw when.
static int64_t queued(const struct vsm_visit *v) {
  return (v->bits & (VSM_V_WAS_ACTIVE | VSM_V_UNOBSERVED)) == VSM_V_WAS_ACTIVE ? v->spent[VSM_QUEUED] : -1;
}

static void tell_visit(const struct telling *t, size_t i) {
  const struct vsm_visit *v = visit(t, i);
  if (!is_on_map(v))
    return;
  const struct vsm_node_relations *at = &t->graph->at[v->place];
  trace_back(t, i, &at->parallel, &(struct arrival){v->place, v->entered, queued(v), at->calendar});
}

static void tell_visits(const struct telling *t, size_t end) {
  for (size_t i = t->from > t->origin.visits ? t->from : t->origin.visits; i < end; i++)
    tell_visit(t, i);
}

static bool is_end(const struct vsm_mark *m) {
  return m->kind == VSM_M_FINISHED || m->kind == VSM_M_WITHDRAWN;
}

static void tell_end(struct telling *t, const struct vsm_mark *m) {
  static const struct vsm_set none;
  unsigned point = m->kind == VSM_M_FINISHED ? VSM_EDGE_OUTCOME : VSM_EDGE_WITHDRAWN;
  tell_visits(t, m->visits);
  if (m->visits >= t->from)
    trace_back(t, m->visits, &none, &(struct arrival){point, m->at, 0, t->graph->calendar});
  t->origin = (struct origin){point, m->at, m->visits};
}

static void tell(struct telling *t) {
  t->out->n = 0;
  if (!t->story->exists)
    return;
  t->origin = (struct origin){VSM_EDGE_START, t->story->started, 0};
  for (size_t i = 0; t->story->n_ends > 0 && i < t->story->n_marks; i++) {
    const struct vsm_mark *m = vsm_retold_mark(t->r, t->story, i);
    if (is_end(m))
      tell_end(t, m);
  }
  tell_visits(t, t->story->n_visits);
}

// --- where the stories part

static const struct vsm_mark *next_end(const struct vsm_retold *r, const struct vsm_story *story, size_t *i) {
  while (*i < story->n_marks) {
    const struct vsm_mark *m = vsm_retold_mark(r, story, (*i)++);
    if (is_end(m))
      return m;
  }
  return NULL;
}

static size_t part_at_end(const struct vsm_retold *r, size_t from) {
  const struct vsm_mark *a, *b;
  size_t i = r->same_marks, k = i;
  do {
    a = next_end(r, &r->was, &i);
    b = next_end(r, &r->is, &k);
  } while (a && b && memcmp(a, b, sizeof *a) == 0);
  if (a && a->visits < from)
    from = a->visits;
  if (b && b->visits < from)
    from = b->visits;
  return from;
}

// Of visits with the same before them. Most often one that is open changes its state, or closes.
static bool same_arrival(const struct vsm_visit *a, const struct vsm_visit *b) {
  return a->place == b->place && a->entered == b->entered && is_on_map(a) == is_on_map(b) && queued(a) == queued(b);
}

// The number of visits whose edges are the same in both stories.
static size_t part(const struct vsm_retold *r) {
  const struct vsm_story *a = &r->was, *b = &r->is;
  size_t i = r->same_visits;
  if (!a->exists || !b->exists || a->started != b->started)
    return 0;
  while (i < a->n_visits && i < b->n_visits && memcmp(&a->visits[i], &b->visits[i], sizeof *a->visits) == 0)
    i++;
  if (i < a->n_visits && i < b->n_visits && same_arrival(&a->visits[i], &b->visits[i]))
    i++;
  return a->n_ends || b->n_ends ? part_at_end(r, i) : i;
}

// --- figures

static uint32_t key_of(unsigned from, unsigned to) {
  return (from * VSM_EDGE_POINTS + to) * UINT32_C(0x9e3779b1); // one to one, and spread
}

static bool is_edge(const void *ctx, uint32_t id) {
  (void)ctx, (void)id;
  return true; // the hash is the edge itself
}

static struct vsm_edge *find(const struct vsm_edges *e, uint32_t key) {
  uint32_t i = vsm_table_find(&e->table, key, is_edge, NULL);
  return i == (uint32_t)VSM_TABLE_NONE ? NULL : e->at[i];
}

const struct vsm_edge *vsm_edges_find(const struct vsm_edges *e, unsigned from, unsigned to) {
  return find(e, key_of(from, to));
}

struct vsm_edge *vsm_edges_at(struct vsm_edges *e, const struct vsm_bands *bands, unsigned from, unsigned to) {
  uint32_t key = key_of(from, to);
  struct vsm_edge *have = find(e, key);
  if (have)
    return have;
  struct vsm_edge *edge = vsm_mem_alloc(sizeof *edge);
  edge->from = (uint16_t)from;
  edge->to = (uint16_t)to;
  vsm_flow_init(&edge->flow, bands);
  e->at = vsm_mem_grow(e->at, e->n, &e->cap, sizeof *e->at);
  vsm_table_put(&e->table, key, (uint32_t)e->n);
  return e->at[e->n++] = edge;
}

static bool same_way(const struct vsm_passage *a, const struct vsm_passage *b) {
  return a->at == b->at && a->from == b->from && a->to == b->to;
}

static bool same(const struct vsm_passage *a, const struct vsm_passage *b) {
  return same_way(a, b) && a->handover == b->handover;
}

// Takes back a, adds b; either may be NULL.
static void count(struct vsm_edges *e, struct vsm_bands *bands, const struct vsm_passage *a,
                  const struct vsm_passage *b) {
  const struct vsm_passage *each[] = {a, b};
  bool counted = a && b && same_way(a, b); // most often work begins, and the handover is told
  if (counted && same(a, b))
    return;
  for (int i = 0; i < 2; i++) {
    const struct vsm_passage *p = each[i];
    if (!p || (counted && p->handover < 0))
      continue;
    struct vsm_flow_at at = vsm_flow_at(&vsm_edges_at(e, bands, p->from, p->to)->flow, bands, p->at);
    if (!counted)
      vsm_flow_count(at, VSM_N_PASSED, i ? 1 : -1);
    if (p->handover >= 0)
      vsm_flow_duration(at, (enum vsm_flow_dist)VSM_D_HANDOVER, p->handover, i ? 1 : -1);
  }
}

void vsm_edges_replace(struct vsm_edges *e, struct vsm_bands *bands, const struct vsm_graph *graph,
                       const struct vsm_retold *r) {
  size_t from = part(r);
  if (from == r->was.n_visits && from == r->is.n_visits && !r->was.n_ends && !r->is.n_ends)
    return;
  tell(&(struct telling){.graph = graph, .r = r, .story = &r->was, .out = &e->was, .from = from});
  tell(&(struct telling){.graph = graph, .r = r, .story = &r->is, .out = &e->is, .from = from});
  size_t a = e->was.n, b = e->is.n;
  while (a > 0 && b > 0 && same(&e->was.at[a - 1], &e->is.at[b - 1]))
    a--, b--;
  for (size_t i = 0; i < a || i < b; i++)
    count(e, bands, i < a ? &e->was.at[i] : NULL, i < b ? &e->is.at[i] : NULL);
}

void vsm_edges_advance(struct vsm_edges *e, const struct vsm_bands *bands) {
  for (size_t i = 0; i < e->n; i++)
    vsm_flow_advance(&e->at[i]->flow, bands);
}

void vsm_edges_fini(struct vsm_edges *e, const struct vsm_bands *bands) {
  for (size_t i = 0; i < e->n; i++) {
    vsm_flow_fini(&e->at[i]->flow, bands);
    free(e->at[i]);
  }
  free(e->at);
  vsm_table_fini(&e->table);
  free(e->was.at);
  free(e->is.at);
  *e = (struct vsm_edges){0};
}
