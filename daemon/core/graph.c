// Places first: a topological order that always takes the first declared stage whose predecessors are all placed.
// Then, in that order, what can be reached (before, after), what every way passes (required), and what can be held
// at once (parallel). Sets of 256 bits make each of them a few lines.
#include "core/graph.h"

#include <stdlib.h>
#include <string.h>

static void join(struct vsm_set *a, const struct vsm_set *b) {
  for (int k = 0; k < 4; k++)
    a->w[k] |= b->w[k];
}

static void keep(struct vsm_set *a, const struct vsm_set *b) {
  for (int k = 0; k < 4; k++)
    a->w[k] &= b->w[k];
}

static int place_stages(struct vsm_graph *g, const struct vsm_stream *stream) {
  unsigned waiting[VSM_STAGES_MAX] = {0}; // predecessors not yet placed
  bool placed[VSM_STAGES_MAX] = {false};
  for (unsigned i = 0; i < g->n; i++)
    for (unsigned k = 0; k < stream->stages[i].n_next; k++)
      waiting[stream->stages[i].next[k]]++;
  for (unsigned place = 0; place < g->n; place++) {
    unsigned i = 0;
    while (i < g->n && (placed[i] || waiting[i] > 0))
      i++;
    if (i == g->n)
      return -1;
    placed[i] = true;
    g->place_of[i] = (uint8_t)place;
    g->at[place].declared = (uint8_t)i;
    for (unsigned k = 0; k < stream->stages[i].n_next; k++)
      waiting[stream->stages[i].next[k]]--;
  }
  return 0;
}

static void link_stages(struct vsm_graph *g, const struct vsm_stream *stream) {
  for (unsigned p = 0; p < g->n; p++) {
    const struct vsm_stage *s = &stream->stages[g->at[p].declared];
    for (unsigned k = 0; k < s->n_next; k++)
      vsm_set_add(&g->at[p].next, g->place_of[s->next[k]]);
    g->at[p].n_next = s->n_next + s->to_outcome;
    g->at[p].to_outcome = s->to_outcome;
    g->at[p].fork_all = s->fork_all;
    g->at[p].calendar = s->calendar;
  }
}

static void reach(struct vsm_graph *g) {
  for (unsigned p = 0; p < g->n; p++)
    VSM_SET_EACH(n, &g->at[p].next, g->words) {
      vsm_set_add(&g->at[n].before, p);
      join(&g->at[n].before, &g->at[p].before);
    }
  for (unsigned p = 0; p < g->n; p++)
    VSM_SET_EACH(b, &g->at[p].before, g->words)
      vsm_set_add(&g->at[b].after, p);
}

// What every way from `from` (-1: from the stages without predecessors) passes before each stage. out[p] is
// meaningful for p that can be reached.
static void passed_by_all(const struct vsm_graph *g, int from, struct vsm_set *out) {
  for (unsigned p = 0; p < g->n; p++) {
    struct vsm_set all;
    bool any = false;
    memset(&all, 0xff, sizeof all);
    for (unsigned q = 0; q < p && (int)p != from; q++) {
      bool on_way = from < 0 || (int)q == from || vsm_set_has(&g->at[from].after, q);
      if (!on_way || !vsm_set_has(&g->at[q].next, p))
        continue;
      struct vsm_set way = out[q];
      vsm_set_add(&way, q);
      keep(&all, &way);
      any = true;
    }
    out[p] = any ? all : (struct vsm_set){{0}};
  }
}

static int require(struct vsm_graph *g) {
  struct vsm_set *trunk = calloc(2 * (size_t)g->n, sizeof *trunk);
  if (!trunk)
    return -1;
  struct vsm_set *arm = trunk + g->n;
  passed_by_all(g, -1, trunk);
  for (unsigned p = 0; p < g->n; p++)
    join(&g->at[p].required, &trunk[p]);
  for (unsigned f = 0; f < g->n; f++) {
    if (!g->at[f].fork_all)
      continue;
    VSM_SET_EACH(n, &g->at[f].next, g->words) {
      passed_by_all(g, (int)n, arm);
      VSM_SET_EACH(s, &g->at[n].after, g->words)
        if (vsm_set_has(&trunk[s], f))
          join(&g->at[s].required, &arm[s]);
    }
  }
  free(trunk);
  return 0;
}

// Two walkers start at two next stages of a fork; the one that is behind in the order moves, never onto the other.
// A pair of ways that share no stage exists exactly where they can come to stand so that each can go on alone to its
// end: one is there already, and the other, ahead of it in the order, can reach the other end.
static int find_parallel(struct vsm_graph *g) {
  size_t n = g->n;
  uint8_t *seen = calloc(n * n, 1);
  uint16_t *queue = malloc(n * n * sizeof *queue);
  size_t head = 0, tail = 0;
  if (!seen || !queue) {
    free(seen);
    free(queue);
    return -1;
  }
#define VISIT(u, v)                                                                                                    \
  do {                                                                                                                 \
    if ((u) != (v) && !seen[(u)*n + (v)]) {                                                                            \
      seen[(u)*n + (v)] = 1;                                                                                           \
      queue[tail++] = (uint16_t)((u) << 8 | (v));                                                                      \
    }                                                                                                                  \
  } while (0)
  for (unsigned f = 0; f < n; f++)
    for (unsigned a = 0; g->at[f].fork_all && a < n; a++)
      for (unsigned b = 0; b < n; b++)
        if (vsm_set_has(&g->at[f].next, a) && vsm_set_has(&g->at[f].next, b))
          VISIT(a, b);
  while (head < tail) {
    unsigned u = queue[head] >> 8, v = queue[head] & 255;
    head++;
    for (unsigned to = 0; to < n; to++)
      if (u < v && vsm_set_has(&g->at[u].next, to))
        VISIT(to, v);
      else if (v < u && vsm_set_has(&g->at[v].next, to))
        VISIT(u, to);
    // u has arrived; v, ahead of it, goes on to any stage after it that u is not before.
    for (unsigned w = v; u < v && w < n; w++)
      if ((w == v || vsm_set_has(&g->at[v].after, w)) && !vsm_set_has(&g->at[u].after, w)) {
        vsm_set_add(&g->at[u].parallel, w);
        vsm_set_add(&g->at[w].parallel, u);
      }
  }
#undef VISIT
  free(seen);
  free(queue);
  return 0;
}

struct vsm_graph *vsm_graph_create(const struct vsm_stream *stream) {
  struct vsm_graph *g = calloc(1, sizeof *g + stream->n_stages * sizeof g->at[0]);
  if (!g)
    return NULL;
  g->n = stream->n_stages;
  g->words = (g->n + 63) / 64;
  g->calendar = stream->calendar;
  if (place_stages(g, stream) != 0)
    goto fail;
  link_stages(g, stream);
  reach(g);
  if (require(g) != 0 || find_parallel(g) != 0)
    goto fail;
  return g;
fail:
  free(g);
  return NULL;
}

int vsm_find_stage(const struct vsm_stream *model, const char *id) {
  for (unsigned i = 0; i < model->n_stages; i++)
    if (strcmp(model->stages[i].id, id) == 0)
      return (int)i;
  for (unsigned i = 0; i < model->n_stages; i++)
    if (model->stages[i].was && strcmp(model->stages[i].was, id) == 0)
      return (int)i;
  return -1;
}

int vsm_find_stream(const struct vsm_model *m, struct vsm_str id) {
  for (unsigned i = 0; i < m->n_streams; i++)
    if (vsm_str_eq(id, vsm_str_of(m->streams[i].id)))
      return (int)i;
  return -1;
}
