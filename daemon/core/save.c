// Items are read one by one, and each is folded as soon as it is there. What is read is checked as if it came from a
// stranger: numbers against what they stand for, logs for their order, keys for being one item's alone.
#include "core/save.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/items_save.h"
#include "core/sealed.h"
#include "core/state.h"

// Numbers on disk: none ever changes its meaning.
enum vsm_section {
  END = 0,
  WORDS = 1,
  TIME = 2,
  LEDGER = 3,
  STREAM = 4,
  SEALED = 5,
  ALERTS = 6,
  SILENCES = 7,
  ROOM = 8
};
// 1 knew neither a horizon nor anything sealed, 2 no alerts, 3 no minutes of theirs, 4 no usual rates of sources, 5 of
// what was sealed no windows but the stream's
enum { SECTION_VERSION = 6 };

// --- writing

static void begin_section(struct vsm_out *o, enum vsm_section section) {
  vsm_out_number(o, section);
  vsm_out_number(o, SECTION_VERSION);
}

static void save_attributes(struct vsm_out *o, const struct vsm_stream_state *s) {
  vsm_out_number(o, s->n_attributes);
  for (unsigned i = 0; i < s->n_attributes; i++) {
    const struct vsm_attribute *a = &s->attributes[i];
    vsm_out_number(o, a->n);
    for (unsigned k = 0; k < a->n; k++)
      vsm_out_number(o, a->values[k]->word);
  }
}

static void save_waits(struct vsm_out *o, const struct vsm_waits *w) {
  vsm_out_number(o, w->n);
  for (size_t i = 0; i < w->n; i++)
    vsm_out_number(o, w->at[i]->wait);
}

static void save_stream(struct vsm_out *o, const struct vsm_stream_state *s) {
  begin_section(o, STREAM);
  vsm_out_text(o, vsm_str_of(s->id));
  vsm_out_number(o, s->graph->n);
  for (unsigned i = 0; i < s->graph->n; i++)
    vsm_out_text(o, vsm_str_of(s->model->stages[s->graph->at[i].declared].id));
  vsm_out_number(o, s->n_sleeping);
  for (size_t i = 0; i < s->n_sleeping; i++)
    vsm_out_text(o, vsm_str_of(s->sleeping[i]));
  save_attributes(o, s);
  for (unsigned i = 0; i < s->graph->n; i++)
    save_waits(o, &s->stages[i].waits);
  vsm_items_save(&s->items, o);
}

static void save_sealed(struct vsm_out *o, const struct vsm_stream_state *s) {
  if (!vsm_sealed_any(s))
    return;
  begin_section(o, SEALED);
  vsm_out_text(o, vsm_str_of(s->id));
  vsm_sealed_save(s, o);
}

int vsm_core_save(const struct vsm_core *core, vsm_bytes_fn *put, void *ctx) {
  struct vsm_out o;
  vsm_out_begin(&o, put, ctx);
  begin_section(&o, WORDS);
  vsm_intern_save(&core->words, &o);
  begin_section(&o, TIME);
  vsm_out_number(&o, core->has_now);
  vsm_out_signed(&o, core->now.us);
  vsm_out_signed(&o, core->horizon_us);
  vsm_out_signed(&o, core->earliest_us);
  vsm_out_number(&o, core->words_most);
  begin_section(&o, LEDGER);
  vsm_ledger_save(core->ledger, &o);
  begin_section(&o, SILENCES);
  vsm_silences_save(&core->alerts, &o);
  for (size_t i = 0; i < core->n_streams; i++)
    save_stream(&o, &core->streams[i]);
  for (size_t i = 0; i < core->n_streams; i++)
    save_sealed(&o, &core->streams[i]);
  if (core->room > 0) {
    begin_section(&o, ROOM);
    vsm_out_number(&o, core->room);
  }
  begin_section(&o, ALERTS);
  vsm_alerts_save(core, &o);
  begin_section(&o, END);
  return vsm_out_end(&o);
}

// --- reading

struct vsm_loading {
  struct vsm_in in;
  struct vsm_str bytes;
  struct vsm_core *core;
  const struct vsm_model *model;
  size_t next;                     // stream
  struct vsm_stream_state *stream; // whose items are read; NULL: none
  struct vsm_items_load items;
  bool begun;
  uint64_t version; // of the sections; 0: none was read yet
};

struct vsm_loading *vsm_loading_create(const struct vsm_model *model, struct vsm_str bytes) {
  struct vsm_loading *l = calloc(1, sizeof *l);
  if (!l)
    return NULL;
  l->in = (struct vsm_in){(const unsigned char *)bytes.p, (const unsigned char *)bytes.p + bytes.n, false};
  l->bytes = bytes;
  l->model = model;
  return l;
}

void vsm_loading_destroy(struct vsm_loading *l) {
  if (!l)
    return;
  vsm_core_destroy(l->core);
  vsm_items_load_fini(&l->items);
  free(l);
}

// All sections of one file are of one version.
static uint64_t read_version(struct vsm_loading *l) {
  uint64_t version = vsm_in_below(&l->in, SECTION_VERSION + 1);
  l->in.bad = l->in.bad || version == 0 || (l->version != 0 && version != l->version);
  return l->version = version;
}

static void read_section(struct vsm_loading *l, enum vsm_section section) {
  vsm_in_expect(&l->in, section);
  read_version(l);
}

// Words come first, so that what the model interns finds its old number.
static int load_head(struct vsm_loading *l) {
  l->core = vsm_core_create_bare(l->model);
  if (!l->core)
    return VSM_ENOMEM;
  read_section(l, WORDS);
  vsm_intern_load(&l->core->words, &l->in, l->version > 1);
  read_section(l, TIME);
  l->core->has_now = vsm_in_below(&l->in, 2);
  l->core->now.us = vsm_in_signed(&l->in);
  if (l->version > 1) {
    l->core->horizon_us = vsm_in_signed(&l->in);
    l->core->earliest_us = vsm_in_signed(&l->in);
    l->core->words_most = vsm_in_number(&l->in);
  }
  read_section(l, LEDGER);
  vsm_ledger_load(l->core->ledger, &l->in);
  if (l->version > 2) {
    read_section(l, SILENCES);
    vsm_silences_load(&l->core->alerts, &l->in);
  }
  if (l->in.bad || l->core->now.us < 0 || l->core->horizon_us < 0 || l->core->horizon_us >= VSM_TIME_MAX ||
      l->core->earliest_us < 0)
    return VSM_EFORMAT;
  return vsm_core_configure(l->core, l->model);
}

static void load_values(struct vsm_loading *l, struct vsm_attribute *a, unsigned n_stages) {
  uint64_t n = vsm_in_below(&l->in, VSM_SEGMENT_VALUES_MAX + 2);
  for (uint64_t i = 0; i < n; i++) {
    uint32_t word = vsm_in_word(&l->in, &l->core->words);
    vsm_segment_at(a, n_stages, word);
    l->in.bad = l->in.bad || a->n != i + 1;
  }
}

static void load_attributes(struct vsm_loading *l, struct vsm_stream_state *s) {
  vsm_in_expect(&l->in, s->n_attributes);
  for (unsigned i = 0; !l->in.bad && i < s->n_attributes; i++)
    load_values(l, &s->attributes[i], s->graph->n);
}

static void load_waits(struct vsm_loading *l, struct vsm_stream_state *s, unsigned place) {
  uint64_t n = vsm_in_count(&l->in);
  for (uint64_t i = 0; !l->in.bad && i < n; i++) {
    uint32_t wait = vsm_in_wait(&l->in, &l->core->words);
    if (!l->in.bad)
      vsm_waits_at(&s->stages[place].waits, s->bands, wait);
  }
  l->in.bad = l->in.bad || s->stages[place].waits.n != n;
}

static void load_stages(struct vsm_loading *l, struct vsm_stream_state *s) {
  vsm_in_expect(&l->in, s->graph->n);
  for (unsigned i = 0; !l->in.bad && i < s->graph->n; i++) {
    struct vsm_str id = vsm_in_text(&l->in, VSM_ID_MAX);
    l->in.bad = l->in.bad || !vsm_str_eq(id, vsm_str_of(s->model->stages[s->graph->at[i].declared].id));
  }
  s->n_sleeping = 0;
  uint64_t n = vsm_in_below(&l->in, VSM_STAGES_MAX + 1 - s->graph->n);
  for (uint64_t i = 0; !l->in.bad && i < n; i++) {
    struct vsm_str id = vsm_in_text(&l->in, VSM_ID_MAX);
    s->sleeping = vsm_mem_grow(s->sleeping, s->n_sleeping, &s->cap_sleeping, sizeof *s->sleeping);
    s->sleeping[s->n_sleeping++] = vsm_mem_copy(id);
  }
}

// The model's streams, in its order, are there; those that it has no more come behind.
static struct vsm_stream_state *next_stream(struct vsm_loading *l, struct vsm_str id) {
  struct vsm_core *core = l->core;
  if (l->next < l->model->n_streams) {
    struct vsm_stream_state *s = &core->streams[l->next++];
    return vsm_str_eq(id, vsm_str_of(s->id)) ? s : NULL;
  }
  core->streams = vsm_mem_resize(core->streams, (core->n_streams + 1) * sizeof *core->streams);
  struct vsm_stream_state *s = &core->streams[core->n_streams++];
  l->next++;
  vsm_stream_state_init_gone(s, id, &core->words);
  return s;
}

static int load_stream(struct vsm_loading *l) {
  struct vsm_str id = vsm_in_text(&l->in, VSM_ID_MAX);
  struct vsm_stream_state *s = l->in.bad || id.n == 0 ? NULL : next_stream(l, id);
  if (!s)
    return VSM_EFORMAT;
  load_stages(l, s);
  load_attributes(l, s);
  for (unsigned i = 0; !l->in.bad && i < s->graph->n; i++)
    load_waits(l, s, i);
  if (l->in.bad)
    return VSM_EFORMAT;
  vsm_items_load_begin(&l->items, &s->items, s->graph->n + (unsigned)s->n_sleeping, &l->in);
  l->items.without_last_us = l->version > 1 ? -1 : l->core->now.us;
  l->stream = s;
  return 1;
}

static int load_items(struct vsm_loading *l, size_t items) {
  struct vsm_retold *told = &l->core->retold;
  uint32_t id;
  vsm_ranks_gather(&l->core->ranks);
  while (items-- > 0 && (id = vsm_items_load_next(&l->items, &l->in)) != (uint32_t)VSM_ITEM_NONE)
    if (l->stream->model)
      vsm_stream_add(l->stream, id, told);
  if (l->in.bad)
    return VSM_EFORMAT;
  if (vsm_items_load_is_done(&l->items)) {
    vsm_ranks_settle(&l->core->ranks);
    l->stream = NULL;
  }
  return 1;
}

static int load_end(struct vsm_loading *l) {
  if (l->next < l->model->n_streams || l->in.at != l->in.end)
    return VSM_EFORMAT;
  for (size_t i = 0; l->core->has_now && i < l->core->n_streams; i++)
    vsm_stream_advance(&l->core->streams[i], l->core->now.us); // lets go of what is older than the series are kept
  vsm_detect_begin(l->core);
  vsm_alerts_settle(l->core, VSM_BY_TIME); // what is due is found; nothing changes
  return 0;
}

static int load_sealed(struct vsm_loading *l) {
  struct vsm_core *core = l->core;
  struct vsm_str id = vsm_in_text(&l->in, VSM_ID_MAX);
  for (size_t i = 0; i < core->n_streams && !l->in.bad; i++) {
    struct vsm_stream_state *s = &core->streams[i];
    if (!vsm_str_eq(id, vsm_str_of(s->id)))
      continue;
    if (vsm_sealed_any(s) || l->next < l->model->n_streams)
      return VSM_EFORMAT;
    vsm_sealed_load(s, &(struct vsm_sealing){&core->words, &core->ranks, core->now.us}, &l->in);
    return l->in.bad ? VSM_EFORMAT : 1;
  }
  return VSM_EFORMAT;
}

static int load_alerts(struct vsm_loading *l) {
  if (l->next < l->model->n_streams)
    return VSM_EFORMAT;
  vsm_alerts_load(l->core, &l->in, l->version);
  return l->in.bad ? VSM_EFORMAT : 1;
}

static int load_room(struct vsm_loading *l) {
  uint64_t items = vsm_in_number(&l->in);
  l->in.bad = l->in.bad || items == 0 || l->core->room > 0;
  vsm_core_set_room(l->core, items);
  return l->in.bad ? VSM_EFORMAT : 1;
}

static int load_next_section(struct vsm_loading *l) {
  uint64_t section = vsm_in_number(&l->in);
  read_version(l);
  if (l->in.bad)
    return VSM_EFORMAT;
  return section == STREAM   ? load_stream(l)
         : section == SEALED ? load_sealed(l)
         : section == ROOM   ? load_room(l)
         : section == ALERTS ? load_alerts(l)
         : section == END    ? load_end(l)
                             : VSM_EFORMAT;
}

int vsm_loading_go_on(struct vsm_loading *l, size_t items) {
  if (!l->begun) {
    l->begun = true;
    int err = load_head(l);
    return err ? err : 1;
  }
  return l->stream ? load_items(l, items) : load_next_section(l);
}

unsigned vsm_loading_percent(const struct vsm_loading *l) {
  size_t read = (size_t)((const char *)l->in.at - l->bytes.p);
  return l->bytes.n ? (unsigned)(read * 100 / l->bytes.n) : 100;
}

struct vsm_core *vsm_loading_take(struct vsm_loading *l) {
  struct vsm_core *core = l->core;
  l->core = NULL;
  return core;
}
