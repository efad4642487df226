// Items are looked at one after another, their first lines alone: some 10 ms for a million of them, once a day.
#include "core/horizon.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/alerts.h"
#include "core/sealed.h"

// Of those that must go early for want of room more than one goes, so that the search is not repeated for each.
enum { EARLY_SHARE = 1000 };

static int64_t keep_us(const struct vsm_model *m) {
  if (m->items_keep_us > 0)
    return m->items_keep_us;
  return m->clock == VSM_CLOCK_EVENT ? INT64_MAX : VSM_ITEMS_KEEP_US;
}

int64_t vsm_horizon_due(const struct vsm_core *core) {
  if (keep_us(core->model) == INT64_MAX)
    return INT64_MAX;
  return core->now.us - core->now.us % VSM_DAY_US + VSM_DAY_US;
}

void vsm_core_on_sealed(struct vsm_core *core, vsm_core_sealed_fn *fn, void *ctx) {
  core->on_sealed = fn;
  core->on_sealed_ctx = ctx;
}

void vsm_horizon_seal(struct vsm_core *core, unsigned stream, uint32_t id, bool told) {
  struct vsm_stream_state *s = &core->streams[stream];
  struct vsm_story *story = &core->retold.is;
  if (told && core->on_sealed)
    core->on_sealed(core->on_sealed_ctx, core, stream, id);
  vsm_stream_fold(s, vsm_items_at(&s->items, id), (size_t)VSM_FOLD_ALL, story);
  if (story->exists)
    vsm_sealed_add(s, &(struct vsm_sealing){&core->words, &core->ranks, core->now.us}, story);
  vsm_alerts_let_go(core, stream, id);
  vsm_items_remove(&s->items, id);
}

static bool is_closed(const struct vsm_item *it) {
  return it->n_keys > 0 && !it->open;
}

void vsm_horizon_step(struct vsm_core *core) {
  int64_t point = core->now.us - keep_us(core->model);
  if (core->earliest_us >= point && point > core->horizon_us)
    core->horizon_us = point;
  core->earliest_us = INT64_MAX;
  for (unsigned i = 0; i < core->model->n_streams; i++) {
    const struct vsm_items *items = &core->streams[i].items;
    for (uint32_t id = 0; id < items->n; id++) {
      const struct vsm_item *it = vsm_items_at(items, id);
      if (is_closed(it) && it->last < core->horizon_us)
        vsm_horizon_seal(core, i, id, true);
    }
  }
}

// --- early, for want of room

struct candidate {
  int64_t last;
  uint32_t stream, id;
};

static bool is_older(const struct candidate *a, const struct candidate *b) {
  if (a->last != b->last)
    return a->last < b->last;
  return a->stream != b->stream ? a->stream < b->stream : a->id < b->id;
}

// A heap of the oldest, the newest of them on top.
struct oldest {
  struct candidate *at;
  size_t n, most;
};

static void sink(struct oldest *o, size_t i, struct candidate c) {
  for (size_t child; (child = 2 * i + 1) < o->n; i = child) {
    if (child + 1 < o->n && is_older(&o->at[child], &o->at[child + 1]))
      child++;
    if (!is_older(&c, &o->at[child]))
      break;
    o->at[i] = o->at[child];
  }
  o->at[i] = c;
}

static void offer(struct oldest *o, struct candidate c) {
  if (o->n == o->most) {
    if (is_older(&c, &o->at[0]))
      sink(o, 0, c);
    return;
  }
  size_t i = o->n++;
  for (; i > 0 && is_older(&o->at[(i - 1) / 2], &c); i = (i - 1) / 2)
    o->at[i] = o->at[(i - 1) / 2];
  o->at[i] = c;
}

// Those that the event in hand is about.
struct spared {
  const struct vsm_look *look;
  uint32_t *ids; // by claim
};

static bool is_spared(const struct spared *spared, unsigned stream, uint32_t id) {
  for (unsigned i = 0; i < spared->look->n_claims; i++)
    if (spared->ids[i] == id && (unsigned)spared->look->claims[i].rule->stream == stream)
      return true;
  return false;
}

static struct spared spare(const struct vsm_core *core, const struct vsm_look *look) {
  struct spared spared = {look, vsm_mem_alloc((look->n_claims + 1) * sizeof *spared.ids)};
  for (unsigned i = 0; i < look->n_claims; i++) {
    const struct vsm_claim *c = &look->claims[i];
    spared.ids[i] = vsm_items_find(&core->streams[c->rule->stream].items, c->name->key, c->name->hash);
  }
  return spared;
}

static void seal_oldest(struct vsm_core *core, const struct vsm_look *look, size_t most) {
  struct oldest o = {vsm_mem_alloc(most * sizeof *o.at), 0, most};
  struct spared spared = spare(core, look);
  bool all_open = true;
  for (unsigned i = 0; i < core->model->n_streams; i++) {
    const struct vsm_items *items = &core->streams[i].items;
    for (uint32_t id = 0; id < items->n; id++) {
      const struct vsm_item *it = vsm_items_at(items, id);
      if (!is_closed(it))
        continue;
      all_open = false;
      if (!is_spared(&spared, i, id))
        offer(&o, (struct candidate){it->last, i, id});
    }
  }
  core->all_open = all_open;
  for (size_t i = 0; i < o.n; i++)
    vsm_horizon_seal(core, o.at[i].stream, o.at[i].id, true);
  free(o.at);
  free(spared.ids);
}

void vsm_core_set_room(struct vsm_core *core, uint64_t items) {
  core->room = items;
  core->all_open = false;
}

uint64_t vsm_core_room(const struct vsm_core *core) {
  return core->room;
}

const char *vsm_horizon_refuse(struct vsm_core *core, const struct vsm_look *look) {
  uint64_t limit = core->model->limits.items;
  bool by_memory = core->room > 0 && core->room < limit;
  if (by_memory)
    limit = core->room;
  if (vsm_core_items_held(core) < limit)
    return NULL;
  if (!core->all_open)
    seal_oldest(core, look, limit / EARLY_SHARE + 1);
  if (vsm_core_items_held(core) < limit)
    return NULL;
  *(by_memory ? &core->without_memory : &core->beyond[VSM_BOUNDED_ITEMS]) += 1;
  return by_memory ? "so much memory is taken as limits.memory allows, and all items that are held are open"
                   : "so many items are held as limits.items allows, and all of them are open";
}
