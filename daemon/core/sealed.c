// Each node's counts lie in bytes of their own, so that those of a stage that the model does not have can wait until it
// returns. Rows are written by their numbers, not in the order in which they came: the same counts give the same bytes.
#include "core/sealed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/calendar.h"
#include "core/hash.h"

enum { NODE_BYTES_MAX = 2 * VSM_ID_MAX + 2, SIGN_BYTES = 288, OLD_SIGN_BYTES = 255 };

// --- what was sealed

static void judge(struct vsm_expectings *x, const struct vsm_bands *bands) {
  for (unsigned i = 0; i < x->n; i++)
    vsm_expecting_judge(&x->at[i], bands);
}

static struct vsm_stream_state *figures(struct vsm_stream_state *s, const struct vsm_sealing *how) {
  if (s->sealed.figures)
    return s->sealed.figures;
  struct vsm_stream_state *f = vsm_mem_alloc(sizeof *f);
  int err = vsm_stream_state_init(f, s->model, s->segment_values, how->words, how->queue, how->now_us);
  vsm_mem_need(err == 0 ? f : NULL, sizeof *f);
  for (unsigned i = 0; i < f->n_attributes; i++)
    f->attributes[i].like = &s->attributes[i]; // values are told apart by the order in which events came
  judge(&f->expected, f->bands);
  for (unsigned i = 0; i < f->graph->n; i++)
    judge(&f->stages[i].expected, f->bands);
  return s->sealed.figures = f;
}

void vsm_sealed_add(struct vsm_stream_state *s, const struct vsm_sealing *how, const struct vsm_story *story) {
  struct vsm_retold told = {.is = *story}; // borrowed: what was told before is nothing
  struct vsm_stream_state *f = figures(s, how);
  vsm_stream_replace(f, 0, &told);
  f->sealed_us = story->last > f->sealed_us ? story->last : f->sealed_us;
  for (size_t i = 0; i < story->n_visits; i++) {
    int64_t *departed = &f->stages[story->visits[i].place].departed_us;
    *departed = story->visits[i].left > *departed ? story->visits[i].left : *departed;
  }
}

void vsm_sealed_fini(struct vsm_sealed *sealed) {
  if (sealed->figures)
    vsm_stream_state_fini(sealed->figures);
  free(sealed->figures);
  for (size_t i = 0; i < sealed->n_asleep; i++) {
    free(sealed->asleep[i].node);
    free(sealed->asleep[i].bytes.at);
  }
  free(sealed->asleep);
}

void vsm_sealed_advance(struct vsm_stream_state *s, int64_t now_us) {
  if (s->sealed.figures)
    vsm_stream_advance(s->sealed.figures, now_us);
}

bool vsm_sealed_any(const struct vsm_stream_state *s) {
  return s->sealed.figures || s->sealed.n_asleep > 0;
}

// --- what is read

// It is added to the figures of a stream; without one, the words that it says are marked.
struct loading {
  struct vsm_stream_state *s;
  const struct vsm_intern *words;
  bool *used; // by number; NULL: none is marked
  struct vsm_in *in;
};

static struct vsm_bands *bands_of(const struct loading *l) {
  return l->s ? l->s->bands : NULL;
}

static void mark(const struct loading *l, uint32_t word) {
  if (l->used && !l->in->bad)
    l->used[word] = true;
}

static uint32_t load_word(const struct loading *l) {
  uint32_t word = vsm_in_word(l->in, l->words);
  mark(l, word);
  return word;
}

// --- expectations: counts hold for one that says the same
//
// Each as its signature, its flow, the length of the window over which it is judged where that is none of the stream's
// (else 0), and its flow in that. Of its calendar the signature says what that is up to the newest thing counted, as
// nothing later matters, and when that was. Up to version 5 of the sections it said only whether there is one, which is
// taken for the one that there is now, and neither the latter two were there nor the sign in front.

enum { SIGN_IN_FRONT = '=' };
#define AS_OF_OLD (-1) // in place of a time

static const char *stage_id(const struct vsm_stream *model, int stage) {
  return stage < 0 ? "" : model->stages[stage].id;
}

static void sign_calendar(const struct vsm_calendar *c, int64_t until_us, char out[40]) {
  if (c && until_us != AS_OF_OLD)
    vsm_text_format(out, 40, "%x@%lld", vsm_calendar_hash(c, until_us), (long long)until_us);
  else
    vsm_text_format(out, 40, "%d", c != NULL);
}

static void sign(const struct vsm_stream *model, const struct vsm_expectation *e, int64_t until_us,
                 char out[SIGN_BYTES]) {
  char calendar[40];
  uint32_t where = e->n_where;
  for (unsigned i = 0; i < e->n_where; i++) {
    where = vsm_hash(vsm_str_of(model->segments[e->where[i].attribute]), where);
    for (unsigned k = 0; k < e->where[i].n; k++)
      where = vsm_hash(e->where[i].values[k], where);
  }
  sign_calendar(e->calendar, until_us, calendar);
  vsm_text_format(out, SIGN_BYTES, "%c%lld %d %s %s/%d %s/%d %x %s", SIGN_IN_FRONT, (long long)e->within_us, e->ours,
                  calendar, stage_id(model, e->from), e->from_left, stage_id(model, e->to), e->to_left, where, e->name);
}

static void save_expected(const struct vsm_stream_state *s, const struct vsm_expectings *x, struct vsm_out *o) {
  vsm_out_number(o, x->n);
  for (unsigned i = 0; i < x->n; i++) {
    char text[SIGN_BYTES];
    sign(s->model, x->at[i].e, s->sealed_us, text);
    vsm_out_text(o, vsm_str_of(text));
    vsm_flow_save(&x->at[i].flow, s->bands, o);
    vsm_out_number(o, x->at[i].own ? (uint64_t)x->at[i].own->at[0].length_us : 0);
    if (x->at[i].own)
      vsm_flow_save(&x->at[i].judged, x->at[i].own, o);
  }
}

static bool has_sign_in_front(struct vsm_str signature) {
  return signature.n > 0 && *signature.p == SIGN_IN_FRONT;
}

// Up to when a signature says what the calendar is.
static int64_t until_of(struct vsm_str signature) {
  size_t i = 0;
  int64_t us = 0;
  for (unsigned spaces = 0; i < signature.n && spaces < 2; i++)
    spaces += signature.p[i] == ' ';
  while (i < signature.n && signature.p[i] != ' ' && signature.p[i] != '@')
    i++;
  if (i == signature.n || signature.p[i] == ' ')
    return AS_OF_OLD;
  for (i++; i < signature.n && signature.p[i] >= '0' && signature.p[i] <= '9' && us < VSM_TIME_MAX; i++)
    us = us * 10 + signature.p[i] - '0';
  return us < VSM_TIME_MAX ? us : AS_OF_OLD;
}

static bool is_signed(const struct vsm_stream *model, const struct vsm_expectation *e, struct vsm_str signature) {
  char text[SIGN_BYTES];
  sign(model, e, until_of(signature), text);
  if (has_sign_in_front(signature))
    return vsm_str_eq(signature, vsm_str_of(text));
  size_t n = strlen(text + 1);
  return vsm_str_eq(signature, (struct vsm_str){text + 1, n < OLD_SIGN_BYTES ? n : OLD_SIGN_BYTES});
}

static struct vsm_expecting *find_expected(struct vsm_stream_state *s, const struct vsm_expectings *x,
                                           struct vsm_str signature) {
  for (unsigned i = 0; x && i < x->n; i++) {
    if (!is_signed(s->model, x->at[i].e, signature))
      continue;
    int64_t until_us = has_sign_in_front(signature) ? until_of(signature) : s->bands->now_us;
    s->sealed_us = until_us > s->sealed_us ? until_us : s->sealed_us;
    return &x->at[i];
  }
  return NULL;
}

// Of another window than it is judged over now the stream's own windows tell what they can.
static void load_flows(struct vsm_expecting *e, struct vsm_bands *bands, bool with_judged, struct vsm_in *in) {
  struct vsm_in again = *in;
  vsm_flow_load(e ? &e->flow : NULL, bands, in);
  int64_t length_us = with_judged ? (int64_t)vsm_in_number(in) : 0;
  bool same = e && e->own && length_us == e->own->at[0].length_us;
  if (e && e->own && !same)
    vsm_flow_load(&e->judged, e->own, &again);
  if (length_us != 0)
    vsm_flow_load(same ? &e->judged : NULL, same ? e->own : bands, in);
}

static void load_expected(const struct loading *l, const struct vsm_expectings *x) {
  struct vsm_in *in = l->in;
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_str signature = vsm_in_text(in, SIGN_BYTES);
    struct vsm_expecting *e = find_expected(l->s, x, signature);
    load_flows(e, bands_of(l), has_sign_in_front(signature), in);
  }
}

// --- waits

static int by_wait(const void *pa, const void *pb) {
  const struct vsm_wait *const *a = pa, *const *b = pb;
  return ((*a)->wait > (*b)->wait) - ((*a)->wait < (*b)->wait);
}

static void save_waits(const struct vsm_stream_state *s, const struct vsm_waits *w, struct vsm_out *o) {
  struct vsm_wait **rows = vsm_mem_alloc((w->n + 1) * sizeof *rows);
  if (w->n > 0)
    memcpy(rows, w->at, w->n * sizeof *rows);
  qsort(rows, w->n, sizeof *rows, by_wait);
  vsm_out_number(o, w->n);
  for (size_t i = 0; i < w->n; i++) {
    vsm_out_number(o, rows[i]->wait);
    vsm_flow_save(&rows[i]->flow, s->bands, o);
  }
  free(rows);
}

static void load_waits(const struct loading *l, struct vsm_waits *w) {
  struct vsm_in *in = l->in;
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    uint32_t wait = vsm_in_wait(in, l->words);
    mark(l, vsm_wait_words(wait));
    vsm_flow_load(w && !in->bad ? &vsm_waits_at(w, l->s->bands, wait)->flow : NULL, bands_of(l), in);
  }
}

// --- segments

static const struct vsm_tape *tape_of(const struct vsm_segment *segment, int place) {
  return place < 0 ? &segment->tape : &segment->stages[place].tape;
}

static int by_word(const void *pa, const void *pb) {
  const struct vsm_segment *const *a = pa, *const *b = pb;
  return ((*a)->word > (*b)->word) - ((*a)->word < (*b)->word);
}

static void save_segments(const struct vsm_stream_state *s, int place, struct vsm_out *o) {
  vsm_out_number(o, s->n_attributes);
  for (unsigned i = 0; i < s->n_attributes; i++) {
    const struct vsm_attribute *a = &s->attributes[i];
    struct vsm_segment *rows[VSM_SEGMENT_VALUES_MAX + 1];
    memcpy(rows, a->values, a->n * sizeof *rows);
    qsort(rows, a->n, sizeof *rows, by_word);
    vsm_out_number(o, a->name);
    vsm_out_number(o, a->n);
    for (unsigned k = 0; k < a->n; k++) {
      vsm_out_number(o, rows[k]->word);
      vsm_tape_save(tape_of(rows[k], place), s->bands, o);
    }
  }
}

static struct vsm_attribute *find_attribute(const struct vsm_stream_state *s, uint32_t name) {
  for (unsigned i = 0; s && i < s->n_attributes; i++)
    if (s->attributes[i].name == name)
      return &s->attributes[i];
  return NULL;
}

static void load_segments(const struct loading *l, int place) {
  struct vsm_in *in = l->in;
  uint64_t n_attributes = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n_attributes; i++) {
    struct vsm_attribute *a = find_attribute(l->s, load_word(l));
    uint64_t n = vsm_in_below(in, VSM_SEGMENT_VALUES_MAX + 2);
    for (uint64_t k = 0; !in->bad && k < n; k++) {
      uint32_t word = load_word(l);
      struct vsm_segment *segment = a && !in->bad ? vsm_segment_at(a, l->s->graph->n, word) : NULL;
      vsm_tape_load(segment ? (struct vsm_tape *)tape_of(segment, place) : NULL, bands_of(l), in);
    }
  }
}

// --- nodes

static void save_stream(const struct vsm_stream_state *s, struct vsm_out *o) {
  vsm_out_number(o, (uint64_t)s->first_started);
  vsm_flow_save(&s->flow, s->bands, o);
  vsm_series_save(&s->series, o);
  save_expected(s, &s->expected, o);
  save_segments(s, -1, o);
}

static void load_stream(const struct loading *l) {
  struct vsm_stream_state *s = l->s;
  int64_t first = (int64_t)vsm_in_number(l->in);
  l->in->bad = l->in->bad || first < 0;
  if (s && first < s->first_started)
    s->first_started = first;
  vsm_flow_load(s ? &s->flow : NULL, bands_of(l), l->in);
  vsm_series_load(s ? &s->series : NULL, l->in);
  load_expected(l, s ? &s->expected : NULL);
  load_segments(l, -1);
}

static void save_stage(const struct vsm_stream_state *s, unsigned place, struct vsm_out *o) {
  const struct vsm_stage_state *stage = &s->stages[place];
  vsm_flow_save(&stage->flow, s->bands, o);
  vsm_series_save(&stage->series, o);
  save_waits(s, &stage->waits, o);
  save_expected(s, &stage->expected, o);
  save_segments(s, (int)place, o);
  vsm_out_number(o, (uint64_t)stage->departed_us);
}

static void load_stage(const struct loading *l, unsigned place) {
  struct vsm_stage_state *stage = l->s ? &l->s->stages[place] : NULL;
  vsm_flow_load(stage ? &stage->flow : NULL, bands_of(l), l->in);
  vsm_series_load(stage ? &stage->series : NULL, l->in);
  load_waits(l, stage ? &stage->waits : NULL);
  load_expected(l, stage ? &stage->expected : NULL);
  load_segments(l, (int)place);
  if (l->in->at == l->in->end) // as it was written before alerts needed it
    return;
  int64_t departed = (int64_t)vsm_in_below(l->in, VSM_TIME_MAX);
  if (stage && departed > stage->departed_us)
    stage->departed_us = departed;
}

static const char *const points[] = {"(start)", "(outcome)", "(withdrawn)"}; // from VSM_EDGE_START on

static const char *point_id(const struct vsm_stream_state *s, unsigned point) {
  return point >= VSM_EDGE_START ? points[point - VSM_EDGE_START] : s->model->stages[s->graph->at[point].declared].id;
}

static void edge_id(const struct vsm_stream_state *s, const struct vsm_edge *e, char out[NODE_BYTES_MAX]) {
  vsm_text_format(out, NODE_BYTES_MAX, "%s>%s", point_id(s, e->from), point_id(s, e->to));
}

// The place of a stage, or a point; -1: the model has none of this id.
static int find_point(const struct vsm_stream_state *s, struct vsm_str id) {
  char text[VSM_ID_MAX + 1];
  vsm_text_format(text, sizeof text, "%.*s", (int)id.n, id.p);
  for (int i = 0; i < VSM_EDGE_POINTS - VSM_EDGE_START; i++)
    if (strcmp(text, points[i]) == 0)
      return VSM_EDGE_START + i;
  int stage = id.n <= VSM_ID_MAX ? vsm_find_stage(s->model, text) : -1;
  return stage < 0 ? -1 : s->graph->place_of[stage];
}

static const char *way_in(struct vsm_str node) {
  return node.n ? memchr(node.p, '>', node.n) : NULL;
}

static bool load_way(const struct loading *l, struct vsm_str node, const char *way) {
  size_t n = (size_t)(way - node.p);
  int from = find_point(l->s, (struct vsm_str){node.p, n});
  int to = find_point(l->s, (struct vsm_str){way + 1, node.n - n - 1});
  if (from < 0 || to < 0)
    return false;
  vsm_flow_load(&vsm_edges_at(&l->s->edges, l->s->bands, (unsigned)from, (unsigned)to)->flow, l->s->bands, l->in);
  return true;
}

// Adds a node's bytes to the figures. False: the model has no such node.
static bool load_node(const struct loading *l, struct vsm_str node) {
  const char *way = way_in(node);
  int place = node.n == 0 || way ? 0 : find_point(l->s, node);
  if (place < 0 || place >= (int)l->s->graph->n)
    return false;
  if (node.n == 0)
    load_stream(l);
  else if (!way)
    load_stage(l, (unsigned)place);
  else if (!load_way(l, node, way))
    return false;
  l->in->bad = l->in->bad || l->in->at != l->in->end;
  return true;
}

// --- all nodes

static int by_way(const void *pa, const void *pb) {
  const struct vsm_edge *const *a = pa, *const *b = pb;
  int from = (*a)->from - (*b)->from;
  return from ? from : (*a)->to - (*b)->to;
}

static void save_node(struct vsm_out *o, const struct vsm_stream_state *s, const char *node, unsigned place,
                      const struct vsm_edge *edge) {
  struct vsm_blob bytes = {0};
  struct vsm_out *part = vsm_mem_alloc(sizeof *part);
  vsm_out_begin(part, vsm_blob_put, &bytes);
  if (edge)
    vsm_flow_save(&edge->flow, s->bands, part);
  else if (*node)
    save_stage(s, place, part);
  else
    save_stream(s, part);
  vsm_out_end(part);
  vsm_out_text(o, vsm_str_of(node));
  vsm_out_text(o, (struct vsm_str){bytes.at, bytes.n});
  free(part);
  free(bytes.at);
}

static void save_edges(const struct vsm_stream_state *s, struct vsm_out *o) {
  struct vsm_edge **rows = vsm_mem_alloc((s->edges.n + 1) * sizeof *rows);
  char node[NODE_BYTES_MAX];
  if (s->edges.n > 0)
    memcpy(rows, s->edges.at, s->edges.n * sizeof *rows);
  qsort(rows, s->edges.n, sizeof *rows, by_way);
  for (size_t i = 0; i < s->edges.n; i++) {
    edge_id(s, rows[i], node);
    save_node(o, s, node, 0, rows[i]);
  }
  free(rows);
}

void vsm_sealed_save(const struct vsm_stream_state *s, struct vsm_out *o) {
  const struct vsm_sealed *sealed = &s->sealed;
  const struct vsm_stream_state *f = sealed->figures;
  vsm_out_number(o, sealed->n_asleep + (f ? 1 + f->graph->n + f->edges.n : 0));
  for (size_t i = 0; i < sealed->n_asleep; i++) {
    vsm_out_text(o, vsm_str_of(sealed->asleep[i].node));
    vsm_out_text(o, (struct vsm_str){sealed->asleep[i].bytes.at, sealed->asleep[i].bytes.n});
  }
  if (!f)
    return;
  save_node(o, f, "", 0, NULL);
  for (unsigned place = 0; place < f->graph->n; place++)
    save_node(o, f, point_id(f, place), place, NULL);
  save_edges(f, o);
}

static void put_to_sleep(struct vsm_sealed *sealed, struct vsm_str node, struct vsm_str bytes) {
  sealed->asleep = vsm_mem_grow(sealed->asleep, sealed->n_asleep, &sealed->cap_asleep, sizeof *sealed->asleep);
  struct vsm_asleep *a = &sealed->asleep[sealed->n_asleep++];
  *a = (struct vsm_asleep){.node = vsm_mem_copy(node)};
  vsm_blob_put(&a->bytes, bytes.p, bytes.n);
}

// Read twice: for the stream's figures, and for those that were sealed.
static bool wake(struct vsm_stream_state *s, const struct vsm_sealing *how, struct vsm_str node, struct vsm_str bytes,
                 bool *bad) {
  const unsigned char *p = (const unsigned char *)bytes.p;
  struct vsm_in live = {p, p + bytes.n, false}, sealed = live;
  if (!s->model || !load_node(&(struct loading){s, how->words, NULL, &live}, node))
    return false;
  if (!live.bad)
    load_node(&(struct loading){figures(s, how), how->words, NULL, &sealed}, node);
  *bad = *bad || live.bad || sealed.bad;
  return true;
}

void vsm_sealed_load(struct vsm_stream_state *s, const struct vsm_sealing *how, struct vsm_in *in) {
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_str node = vsm_in_text(in, NODE_BYTES_MAX), bytes = vsm_in_text(in, SIZE_MAX);
    if (!in->bad && !wake(s, how, node, bytes, &in->bad))
      put_to_sleep(&s->sealed, node, bytes);
  }
}

void vsm_sealed_mark_words(const struct vsm_sealed *sealed, const struct vsm_intern *words, bool *used) {
  for (size_t i = 0; i < sealed->n_asleep; i++) {
    const unsigned char *p = (const unsigned char *)sealed->asleep[i].bytes.at;
    struct vsm_in in = {p, p + sealed->asleep[i].bytes.n, false};
    struct loading l = {NULL, words, used, &in};
    if (*sealed->asleep[i].node == '\0')
      load_stream(&l);
    else if (!way_in(vsm_str_of(sealed->asleep[i].node)))
      load_stage(&l, 0); // a way says none
  }
}
