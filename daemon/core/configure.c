// Another model: each stream's figures begin empty, every held item's transitions are given their places in the new
// order of stages, and the item is folded anew. Stages and streams are known by id; what the model does not have any
// more sleeps, remembered by id, and wakes if it returns.
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/sealed.h"
#include "core/state.h"
#include "core/guard.h"

enum { GONE = 256 };

// Where the old stream's places lie in the new one.
struct moves {
  uint16_t to[256]; // GONE: no transition of this place is held
};

static const char *id_of_place(const struct vsm_stream_state *s, unsigned place) {
  return place < s->graph->n ? s->model->stages[s->graph->at[place].declared].id : s->sleeping[place - s->graph->n];
}

static unsigned n_places(const struct vsm_stream_state *s) {
  return s->graph->n + (unsigned)s->n_sleeping;
}

static void mark_held(const struct vsm_stream_state *s, bool *held) {
  for (uint32_t id = 0; id < s->items.n; id++) {
    const struct vsm_item *it = vsm_items_at(&s->items, id);
    if (it->n_keys == 0)
      continue;
    for (size_t i = 0; i < it->n; i++)
      held[vsm_packed_place(it->log[i])] = true;
    for (size_t i = 0; i < it->n_progress; i++)
      held[vsm_item_progress(it)[i].place] = true;
    for (size_t i = 0; i < it->n_values; i++)
      held[vsm_item_values(it)[i].place] = true;
  }
}

// VSM_ELIMIT where the stages of the model and those that sleep are too many.
static int plan(const struct vsm_stream_state *old, struct vsm_stream_state *fresh, struct moves *moves) {
  bool held[256] = {false};
  mark_held(old, held);
  moves->to[VSM_PLACE_ITEM] = VSM_PLACE_ITEM;
  for (unsigned place = 0; place < n_places(old); place++) {
    const char *id = id_of_place(old, place);
    int stage = vsm_find_stage(fresh->model, id);
    moves->to[place] = GONE;
    if (stage >= 0) {
      moves->to[place] = fresh->graph->place_of[stage];
    } else if (held[place]) {
      if (n_places(fresh) >= VSM_STAGES_MAX)
        return VSM_ELIMIT;
      moves->to[place] = (uint16_t)n_places(fresh);
      fresh->sleeping = vsm_mem_grow(fresh->sleeping, fresh->n_sleeping, &fresh->cap_sleeping, sizeof *fresh->sleeping);
      char *copy = strdup(id);
      if (!copy)
        return VSM_ENOMEM;
      fresh->sleeping[fresh->n_sleeping++] = copy;
    }
  }
  return 0;
}

static uint64_t moved(const struct moves *moves, uint64_t t) {
  return vsm_pack(vsm_packed_us(t), moves->to[vsm_packed_place(t)], vsm_packed_lifecycle(t));
}

// Two places may become one (a stage that was renamed to one that had slept): then equal transitions are one again.
static void move_log(const struct vsm_items *items, struct vsm_item *it, const struct vsm_item *old,
                     const struct moves *moves) {
  for (size_t i = 0; i < old->n; i++) {
    uint64_t t = moved(moves, old->log[i]);
    bool known;
    size_t at = vsm_item_seek(it, t, &known);
    if (known)
      vsm_items_said_again(items, it, at, vsm_item_origins(old)[i], vsm_item_who(old)[i]);
    else
      vsm_item_insert(it, at, t, vsm_item_origins(old)[i], vsm_item_who(old)[i]);
  }
}

static void move_item(const struct vsm_items *items, struct vsm_item *it, const struct moves *moves) {
  struct vsm_item old;
  vsm_item_take_said(it, &old);
  move_log(items, it, &old, moves);
  for (size_t i = 0; i < old.n_progress; i++) {
    struct vsm_progress p = vsm_item_progress(&old)[i];
    p.place = (uint8_t)moves->to[p.place];
    vsm_items_note_progress(items, it, p);
  }
  for (size_t i = 0; i < old.n_holds; i++) {
    struct vsm_hold h = vsm_item_holds(&old)[i];
    vsm_items_note_hold(items, it, (struct vsm_hold){moved(moves, h.transition), h.wait});
  }
  for (size_t i = 0; i < old.n_values; i++) {
    struct vsm_value v = vsm_item_values(&old)[i];
    v.place = moves->to[v.place] & 255;
    vsm_items_note_value(items, it, &v);
  }
  vsm_item_fini(&old);
}

static void take_items(struct vsm_stream_state *fresh, struct vsm_stream_state *old, const struct moves *moves,
                       struct vsm_retold *told) {
  vsm_items_fini(&fresh->items);
  fresh->items = old->items;
  vsm_items_init(&old->items, fresh->items.words);
  for (uint32_t id = 0; id < fresh->items.n; id++) {
    struct vsm_item *it = vsm_items_at(&fresh->items, id);
    if (it->n_keys == 0)
      continue;
    move_item(&fresh->items, it, moves);
    vsm_stream_add(fresh, id, told);
  }
}

static void take_values(struct vsm_attribute *fresh, const struct vsm_attribute *old, unsigned n_stages) {
  for (unsigned i = 0; i < old->n; i++)
    if (old->values[i]->word != 0)
      vsm_segment_at(fresh, n_stages, old->values[i]->word);
}

// Values that were told apart come first, in their order.
static void take_attributes(struct vsm_stream_state *fresh, const struct vsm_stream_state *old) {
  for (unsigned i = 0; i < fresh->n_attributes; i++)
    for (unsigned k = 0; k < old->n_attributes; k++)
      if (old->attributes[k].name == fresh->attributes[i].name)
        take_values(&fresh->attributes[i], &old->attributes[k], fresh->graph->n);
}

// Counts of items that are not held any more go over as bytes, by node.
static void take_sealed(struct vsm_core *core, struct vsm_stream_state *fresh, const struct vsm_stream_state *old) {
  struct vsm_blob bytes = {0};
  struct vsm_out *out = vsm_mem_alloc(sizeof *out);
  vsm_out_begin(out, vsm_blob_put, &bytes);
  vsm_sealed_save(old, out);
  vsm_out_end(out);
  struct vsm_in in = {(unsigned char *)bytes.at, (unsigned char *)bytes.at + bytes.n, false};
  vsm_sealed_load(fresh, &(struct vsm_sealing){&core->words, &core->ranks, core->now.us}, &in);
  free(bytes.at);
  free(out);
}

static struct vsm_stream_state *find_stream(const struct vsm_core *core, const char *id) {
  for (size_t i = 0; i < core->n_streams; i++)
    if (strcmp(core->streams[i].id, id) == 0)
      return &core->streams[i];
  return NULL;
}

struct next_core {
  struct vsm_stream_state *streams;
  struct moves *moves;
  size_t n;
  struct vsm_matcher *matcher;
};

static void abandon(struct next_core *next) {
  for (size_t i = 0; i < next->n; i++)
    vsm_stream_state_fini(&next->streams[i]);
  free(next->streams);
  free(next->moves);
  vsm_matcher_destroy(next->matcher);
}

// All that can fail, before anything changes.
static int prepare(struct vsm_core *core, const struct vsm_model *model, struct next_core *next) {
  size_t most = model->n_streams + core->n_streams;
  *next = (struct next_core){.streams = calloc(most + 1, sizeof *next->streams),
                             .moves = calloc(model->n_streams + 1, sizeof *next->moves),
                             .matcher = vsm_matcher_create(model, &core->words, core->ledger)};
  if (!next->streams || !next->moves || !next->matcher)
    return VSM_ENOMEM;
  for (; next->n < model->n_streams; next->n++) {
    struct vsm_stream_state *fresh = &next->streams[next->n];
    int err = vsm_stream_state_init(fresh, &model->streams[next->n], model->limits.segment_values, &core->words,
                                    &core->ranks, core->now.us);
    if (err)
      return err;
    fresh->guard = vsm_guard_create(core, fresh);
    const struct vsm_stream_state *old = find_stream(core, fresh->id);
    err = old ? plan(old, fresh, &next->moves[next->n]) : 0;
    if (err) {
      next->n++;
      return err;
    }
  }
  return 0;
}

// A stream that the model has no more keeps its items, all asleep, under the ids of its stages.
static void put_to_sleep(struct vsm_core *core, struct vsm_stream_state *s) {
  if (!s->model)
    return;
  unsigned n = n_places(s);
  char **ids = vsm_mem_alloc(n * sizeof *ids);
  for (unsigned i = 0; i < n; i++) {
    const char *id = id_of_place(s, i);
    ids[i] = vsm_mem_copy(vsm_str_of(id));
  }
  struct vsm_stream_state asleep;
  vsm_stream_state_init_gone(&asleep, vsm_str_of(s->id), NULL);
  asleep.items = s->items;
  asleep.sleeping = ids;
  asleep.n_sleeping = asleep.cap_sleeping = n;
  take_sealed(core, &asleep, s);
  vsm_items_init(&s->items, asleep.items.words);
  vsm_stream_state_fini(s);
  *s = asleep;
}

int vsm_core_configure(struct vsm_core *core, const struct vsm_model *model) {
  struct next_core next;
  int err = prepare(core, model, &next);
  if (err) {
    abandon(&next);
    return err;
  }
  vsm_ranks_gather(&core->ranks);
  for (size_t i = 0; i < model->n_streams; i++) {
    struct vsm_stream_state *old = find_stream(core, next.streams[i].id);
    if (!old)
      continue;
    take_attributes(&next.streams[i], old);
    take_sealed(core, &next.streams[i], old);
    take_items(&next.streams[i], old, &next.moves[i], &core->retold);
  }
  vsm_ranks_settle(&core->ranks);
  for (size_t i = 0; i < core->n_streams; i++) {
    if (vsm_find_stream(model, vsm_str_of(core->streams[i].id)) >= 0) {
      vsm_stream_state_fini(&core->streams[i]);
    } else {
      put_to_sleep(core, &core->streams[i]);
      next.streams[next.n++] = core->streams[i];
    }
  }
  free(core->streams);
  free(next.moves);
  vsm_matcher_destroy(core->matcher);
  core->streams = next.streams;
  core->n_streams = next.n;
  core->matcher = next.matcher;
  core->model = model;
  core->all_open = false; // items may have closed
  vsm_detect_begin(core);
  vsm_ledger_configure(core->ledger, model);
  vsm_alerts_configure(core);
  vsm_alerts_settle(core, VSM_BY_MODEL);
  if (core->has_now) // else the first step of time arms the windows
    vsm_core_rearm(core);
  return 0;
}
