// Three tables of rows, each bounded by configuration; what comes beyond a bound is counted in a row "other". Text
// that a peer sent is kept to 256 bytes.
#include "core/ledger.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/hash.h"
#include "core/sequence.h"

enum { TEXT_MAX = 256 };

struct source_row {
  struct vsm_source_view view;
  struct vsm_sequence sequence;
  struct vsm_sketch delays;
};

// A row of what was not taken; unmapped ones have no reason.
struct kind_row {
  struct vsm_str source, type, detail;
  char *detail_bytes; // owned
  enum vsm_reason reason;
  uint64_t count;
  struct vsm_time last;
};

struct kinds {
  struct vsm_table table;
  struct kind_row *rows;
  size_t n, cap;
  uint64_t beyond; // events under "other" since it began
};

static const struct vsm_str OTHER = {"other", 5}; // those beyond limits.sources

struct vsm_ledger {
  const struct vsm_model *model;
  struct vsm_arena text;
  struct vsm_ingest_view all;
  struct vsm_table source_table;
  struct source_row *sources;
  size_t n_sources, cap_sources;
  bool others; // there are more sources than it may tell apart
  struct kinds unmapped, rejected;
};

struct vsm_ledger *vsm_ledger_create(const struct vsm_model *model) {
  struct vsm_ledger *l = calloc(1, sizeof *l);
  if (l) {
    l->model = model;
    vsm_arena_init(&l->text, 0);
  }
  return l;
}

void vsm_ledger_configure(struct vsm_ledger *l, const struct vsm_model *model) {
  l->model = model;
}

static void kinds_fini(struct kinds *k) {
  for (size_t i = 0; i < k->n; i++)
    free(k->rows[i].detail_bytes);
  free(k->rows);
  vsm_table_fini(&k->table);
}

void vsm_ledger_destroy(struct vsm_ledger *l) {
  if (!l)
    return;
  for (size_t i = 0; i < l->n_sources; i++) {
    vsm_sequence_fini(&l->sources[i].sequence);
    vsm_sketch_fini(&l->sources[i].delays);
  }
  free(l->sources);
  vsm_table_fini(&l->source_table);
  kinds_fini(&l->unmapped);
  kinds_fini(&l->rejected);
  vsm_arena_fini(&l->text);
  free(l);
}

// At most TEXT_MAX bytes, never cutting a character of UTF-8.
static struct vsm_str shorten(struct vsm_str s) {
  if (s.n <= TEXT_MAX)
    return s;
  s.n = TEXT_MAX;
  while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
    s.n--;
  return s;
}

static struct vsm_str keep(struct vsm_ledger *l, struct vsm_str s) {
  char *z = vsm_arena_strndup(&l->text, s.p, s.n);
  return z ? (struct vsm_str){z, s.n} : (struct vsm_str){0};
}

struct wanted_source {
  const struct vsm_ledger *l;
  struct vsm_str source;
};

static bool is_source(const void *ctx, uint32_t id) {
  const struct wanted_source *w = ctx;
  return vsm_str_eq(w->l->sources[id].view.source, w->source);
}

static uint32_t add_source(struct vsm_ledger *l, struct vsm_str source, uint32_t hash) {
  l->sources = vsm_mem_grow(l->sources, l->n_sources, &l->cap_sources, sizeof *l->sources);
  l->sources[l->n_sources] = (struct source_row){.view.source = keep(l, source)};
  vsm_table_put(&l->source_table, hash, (uint32_t)l->n_sources);
  return (uint32_t)l->n_sources++;
}

uint32_t vsm_ledger_source(struct vsm_ledger *l, struct vsm_str source) {
  source = shorten(source);
  uint32_t hash = vsm_hash(source, 0);
  uint32_t id = vsm_table_find(&l->source_table, hash, is_source, &(struct wanted_source){l, source});
  if (id != (uint32_t)VSM_TABLE_NONE)
    return id;
  if (l->n_sources >= l->model->limits.sources && !vsm_str_eq(source, OTHER) && !vsm_model_source(l->model, source)) {
    l->others = true;
    return vsm_ledger_source(l, OTHER);
  }
  return add_source(l, source, hash);
}

void vsm_ledger_heard(struct vsm_ledger *l, uint32_t source, struct vsm_time received, int64_t delay_us) {
  struct source_row *row = &l->sources[source];
  if (received.us > row->view.last.us)
    row->view.last = received;
  if (delay_us >= 0)
    vsm_sketch_add(&row->delays, vsm_sketch_bucket(delay_us), 1);
}

void vsm_ledger_sequence(struct vsm_ledger *l, uint32_t source, uint64_t epoch, uint64_t sequence) {
  struct source_row *row = &l->sources[source];
  if (sequence == 0 || (l->others && vsm_str_eq(row->view.source, OTHER))) // of several sources nothing can be missing
    return;
  uint64_t before = row->sequence.missing;
  vsm_sequence_see(&row->sequence, epoch, sequence);
  row->view.counts.gaps = row->sequence.missing;
  l->all.gaps += row->sequence.missing - before;
}

uint64_t vsm_ledger_missing(const struct vsm_ledger *l, uint32_t source) {
  return l->sources[source].sequence.missing;
}

struct vsm_str vsm_ledger_source_id(const struct vsm_ledger *l, uint32_t source) {
  return l->sources[source].view.source;
}

static uint64_t *result_of(struct vsm_ingest_view *v, enum vsm_result result) {
  switch (result) {
  case VSM_APPLIED:
    return &v->applied;
  case VSM_DUPLICATE:
    return &v->duplicates;
  case VSM_UNMAPPED:
    return &v->unmapped;
  case VSM_IGNORED:
    return &v->ignored;
  case VSM_REJECTED:
    break;
  }
  return &v->rejected;
}

static void count(struct vsm_ingest_view *v, enum vsm_result result, uint64_t n) {
  v->received += n;
  *result_of(v, result) += n;
}

void vsm_ledger_count(struct vsm_ledger *l, uint32_t source, enum vsm_result result) {
  count(&l->all, result, 1);
  count(&l->sources[source].view.counts, result, 1);
}

struct wanted_kind {
  const struct kinds *k;
  struct vsm_str source, type;
  enum vsm_reason reason;
};

static bool is_kind(const void *ctx, uint32_t id) {
  const struct wanted_kind *w = ctx;
  const struct kind_row *r = &w->k->rows[id];
  return r->reason == w->reason && vsm_str_eq(r->type, w->type) && vsm_str_eq(r->source, w->source);
}

static struct kind_row *kind(struct vsm_ledger *l, struct kinds *k, uint32_t limit, struct vsm_str source,
                             struct vsm_str type, enum vsm_reason reason) {
  source = shorten(source);
  type = shorten(type);
  uint32_t hash = vsm_hash(type, vsm_hash(source, (uint32_t)reason));
  uint32_t id = vsm_table_find(&k->table, hash, is_kind, &(struct wanted_kind){k, source, type, reason});
  if (id != (uint32_t)VSM_TABLE_NONE)
    return &k->rows[id];
  const struct vsm_str other = VSM_STR("other");
  if (k->n >= limit && !(vsm_str_eq(source, other) && vsm_str_eq(type, other))) {
    k->beyond++;
    return kind(l, k, limit, other, other, reason);
  }
  k->rows = vsm_mem_grow(k->rows, k->n, &k->cap, sizeof *k->rows);
  k->rows[k->n] = (struct kind_row){.source = keep(l, source), .type = keep(l, type), .reason = reason};
  vsm_table_put(&k->table, hash, (uint32_t)k->n);
  return &k->rows[k->n++];
}

void vsm_ledger_unmapped(struct vsm_ledger *l, struct vsm_str source, struct vsm_str type, struct vsm_time received) {
  struct kind_row *r = kind(l, &l->unmapped, l->model->limits.unmapped, source, type, VSM_R_NONE);
  r->count++;
  if (received.us > r->last.us)
    r->last = received;
}

static void set_detail(struct kind_row *r, struct vsm_str detail) {
  if (vsm_str_eq(detail, r->detail))
    return;
  r->detail_bytes = vsm_mem_resize(r->detail_bytes, detail.n + 1);
  if (detail.n)
    memcpy(r->detail_bytes, detail.p, detail.n);
  r->detail = (struct vsm_str){r->detail_bytes, detail.n};
}

static void rejected(struct vsm_ledger *l, struct vsm_str source, struct vsm_str type, enum vsm_reason reason,
                     struct vsm_str detail, uint64_t n) {
  struct kind_row *r = kind(l, &l->rejected, l->model->limits.rejected, source, type, reason);
  r->count += n;
  set_detail(r, shorten(detail));
}

void vsm_ledger_rejected(struct vsm_ledger *l, struct vsm_str source, struct vsm_str type, enum vsm_reason reason,
                         struct vsm_str detail) {
  rejected(l, source, type, reason, detail, 1);
}

void vsm_ledger_forget(struct vsm_ledger *l, struct vsm_str bytes) {
  for (size_t i = 0; i < l->rejected.n; i++) {
    struct kind_row *r = &l->rejected.rows[i];
    if (bytes.n > 0 && r->detail.n >= bytes.n && memmem(r->detail.p, r->detail.n, bytes.p, bytes.n))
      set_detail(r, (struct vsm_str){0});
  }
}

void vsm_ledger_frames(struct vsm_ledger *l, struct vsm_str source, enum vsm_reason reason, uint64_t events) {
  count(&l->all, VSM_REJECTED, events);
  rejected(l, source, (struct vsm_str){0}, reason, (struct vsm_str){0}, events);
}

const struct vsm_sequence *vsm_ledger_numbers(const struct vsm_ledger *l, struct vsm_str source) {
  uint32_t id = vsm_table_find(&l->source_table, vsm_hash(source, 0), is_source, &(struct wanted_source){l, source});
  return id == (uint32_t)VSM_TABLE_NONE ? NULL : &l->sources[id].sequence;
}

static uint64_t received_of_others(const struct vsm_ledger *l) {
  uint32_t id = vsm_table_find(&l->source_table, vsm_hash(OTHER, 0), is_source, &(struct wanted_source){l, OTHER});
  return l->others && id != (uint32_t)VSM_TABLE_NONE ? l->sources[id].view.counts.received : 0;
}

struct vsm_filling vsm_ledger_filling(const struct vsm_ledger *l, enum vsm_bounded what) {
  if (what == VSM_BOUNDED_SOURCES)
    return (struct vsm_filling){l->n_sources, l->model->limits.sources, received_of_others(l)};
  if (what == VSM_BOUNDED_UNMAPPED)
    return (struct vsm_filling){l->unmapped.n, l->model->limits.unmapped, l->unmapped.beyond};
  return (struct vsm_filling){l->rejected.n, l->model->limits.rejected, l->rejected.beyond};
}

struct vsm_ingest_view vsm_ledger_ingest(const struct vsm_ledger *l) {
  return l->all;
}

static int by_source(const void *a, const void *b) {
  return vsm_str_cmp(((const struct vsm_source_view *)a)->source, ((const struct vsm_source_view *)b)->source);
}

struct vsm_source_view *vsm_ledger_sources(const struct vsm_ledger *l, struct vsm_arena *arena, size_t *n) {
  struct vsm_source_view *rows = vsm_arena_alloc(arena, (l->n_sources + 1) * sizeof *rows);
  *n = rows ? l->n_sources : 0;
  for (size_t i = 0; i < *n; i++) {
    rows[i] = l->sources[i].view;
    rows[i].row = (uint32_t)i;
    rows[i].delay_p95_seconds = vsm_sketch_view(&l->sources[i].delays).p95;
  }
  vsm_sort(rows, *n, sizeof *rows, by_source);
  return rows;
}

// Puts a source into its place, where it has one.
static void rank(struct vsm_lags_view *lags, const struct vsm_lag_view *lag) {
  unsigned i = lags->n < VSM_LAGS_MAX ? lags->n++ : VSM_LAGS_MAX;
  for (; i > 0 && lags->at[i - 1].delay_p95_seconds < lag->delay_p95_seconds; i--)
    if (i < VSM_LAGS_MAX)
      lags->at[i] = lags->at[i - 1];
  if (i < VSM_LAGS_MAX)
    lags->at[i] = *lag;
}

struct vsm_lags_view vsm_ledger_lags(const struct vsm_ledger *l) {
  struct vsm_lags_view lags = {.n = 0};
  for (size_t i = 0; i < l->n_sources && i < VSM_LAG_SOURCES_MAX; i++) {
    const struct source_row *row = &l->sources[i];
    if (row->delays.count > 0)
      rank(&lags, &(struct vsm_lag_view){row->view.source, vsm_sketch_view(&row->delays).p95, row->view.last});
  }
  return lags;
}

static int by_kind(const void *a, const void *b) {
  const struct kind_row *x = *(const struct kind_row *const *)a, *y = *(const struct kind_row *const *)b;
  int c = vsm_str_cmp(x->source, y->source);
  c = c ? c : vsm_str_cmp(x->type, y->type);
  return c ? c : (int)x->reason - (int)y->reason;
}

static const struct kind_row **sorted(const struct kinds *k, struct vsm_arena *arena) {
  const struct kind_row **rows = vsm_arena_alloc(arena, (k->n + 1) * sizeof *rows);
  for (size_t i = 0; rows && i < k->n; i++)
    rows[i] = &k->rows[i];
  if (rows)
    vsm_sort(rows, k->n, sizeof *rows, by_kind);
  return rows;
}

struct vsm_unmapped_view *vsm_ledger_list_unmapped(const struct vsm_ledger *l, struct vsm_arena *arena, size_t *n) {
  const struct kind_row **from = sorted(&l->unmapped, arena);
  struct vsm_unmapped_view *to = vsm_arena_alloc(arena, (l->unmapped.n + 1) * sizeof *to);
  *n = from && to ? l->unmapped.n : 0;
  for (size_t i = 0; i < *n; i++)
    to[i] = (struct vsm_unmapped_view){from[i]->source, from[i]->type, from[i]->count, from[i]->last};
  return to;
}

struct vsm_rejected_view *vsm_ledger_list_rejected(const struct vsm_ledger *l, struct vsm_arena *arena, size_t *n) {
  const struct kind_row **from = sorted(&l->rejected, arena);
  struct vsm_rejected_view *to = vsm_arena_alloc(arena, (l->rejected.n + 1) * sizeof *to);
  *n = from && to ? l->rejected.n : 0;
  for (size_t i = 0; i < *n; i++)
    to[i] =
        (struct vsm_rejected_view){from[i]->source, from[i]->type, from[i]->reason, from[i]->detail, from[i]->count};
  return to;
}

// --- as bytes

static void save_counts(const struct vsm_ingest_view *v, struct vsm_out *o) {
  const uint64_t counts[] = {v->received, v->applied, v->duplicates, v->unmapped, v->ignored, v->rejected, v->gaps};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    vsm_out_number(o, counts[i]);
}

static void load_counts(struct vsm_ingest_view *v, struct vsm_in *in) {
  uint64_t *const counts[] = {&v->received, &v->applied,  &v->duplicates, &v->unmapped,
                              &v->ignored,  &v->rejected, &v->gaps};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    *counts[i] = vsm_in_number(in);
}

static void save_kinds(const struct kinds *k, struct vsm_out *o) {
  vsm_out_number(o, k->n);
  for (size_t i = 0; i < k->n; i++) {
    vsm_out_text(o, k->rows[i].source);
    vsm_out_text(o, k->rows[i].type);
    vsm_out_number(o, k->rows[i].reason);
    vsm_out_text(o, k->rows[i].detail);
    vsm_out_number(o, k->rows[i].count);
    vsm_out_signed(o, k->rows[i].last.us);
  }
}

static void load_kinds(struct vsm_ledger *l, struct kinds *k, struct vsm_in *in) {
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_str source = vsm_in_text(in, TEXT_MAX);
    struct vsm_str type = vsm_in_text(in, TEXT_MAX);
    enum vsm_reason reason = (enum vsm_reason)vsm_in_below(in, VSM_R_LINK_REFUSED + 1);
    struct kind_row *r = kind(l, k, UINT32_MAX, source, type, reason);
    set_detail(r, vsm_in_text(in, TEXT_MAX));
    r->count = vsm_in_number(in);
    r->last.us = vsm_in_signed(in);
    in->bad = in->bad || k->n != i + 1;
  }
}

void vsm_ledger_save(const struct vsm_ledger *l, struct vsm_out *o) {
  save_counts(&l->all, o);
  vsm_out_number(o, l->n_sources);
  for (size_t i = 0; i < l->n_sources; i++) {
    const struct source_row *r = &l->sources[i];
    vsm_out_text(o, r->view.source);
    vsm_out_signed(o, r->view.last.us);
    save_counts(&r->view.counts, o);
    vsm_sequence_save(&r->sequence, o);
    vsm_sketch_save(&r->delays, o);
  }
  save_kinds(&l->unmapped, o);
  save_kinds(&l->rejected, o);
}

void vsm_ledger_load(struct vsm_ledger *l, struct vsm_in *in) {
  load_counts(&l->all, in);
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_str source = vsm_in_text(in, TEXT_MAX);
    uint32_t hash = vsm_hash(source, 0);
    if (vsm_table_find(&l->source_table, hash, is_source, &(struct wanted_source){l, source}) !=
        (uint32_t)VSM_TABLE_NONE) {
      in->bad = true;
      return;
    }
    uint32_t row = add_source(l, source, hash);
    struct source_row *r = &l->sources[row];
    r->view.last.us = vsm_in_signed(in);
    load_counts(&r->view.counts, in);
    vsm_sequence_load(&r->sequence, in);
    vsm_sketch_load(&r->delays, in);
  }
  load_kinds(l, &l->unmapped, in);
  load_kinds(l, &l->rejected, in);
}
