// Silences are few, so they are looked through. One that names an item takes it out of the sets of core/detect.h while
// it lasts; all of them mark the alerts that they fit.
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/alerts.h"
#include "core/hash.h"
#include "core/state.h"

// --- who, why, until when

static char *copy(struct vsm_str s) {
  return s.n ? vsm_mem_copy(s) : NULL;
}

void vsm_marker_set(struct vsm_marker *m, struct vsm_str by, struct vsm_str why, int64_t at_us, int64_t until_us) {
  vsm_marker_clear(m);
  *m = (struct vsm_marker){true, copy(by), copy(why), at_us, until_us};
}

void vsm_marker_clear(struct vsm_marker *m) {
  free(m->by);
  free(m->why);
  *m = (struct vsm_marker){0};
}

void vsm_silence_free(struct vsm_silence *s) {
  free(s->stream);
  free(s->stage);
  free(s->source);
  free(s->item);
  vsm_marker_clear(&s->mark);
}

// --- what it fits

static bool fits(const char *wanted, const char *is) {
  return !wanted || strcmp(wanted, is) == 0;
}

const struct vsm_silence *vsm_silence_of(const struct vsm_core *core, const struct vsm_alert *a) {
  for (size_t i = 0; i < core->alerts.n_silences; i++) {
    const struct vsm_silence *s = &core->alerts.silences[i];
    if (!s->item && (s->kind < 0 || s->kind == (int)a->subject.kind) && fits(s->stream, a->stream) &&
        fits(s->stage, a->stage) && fits(s->source, a->source))
      return s;
  }
  return NULL;
}

static bool names(const struct vsm_silence *s, const struct vsm_stream_state *stream, uint32_t item) {
  struct vsm_str key = vsm_str_of(s->item);
  return s->item && fits(s->stream, stream->id) && vsm_items_find(&stream->items, key, vsm_hash(key, 0)) == item;
}

bool vsm_silence_any_item(const struct vsm_core *core) {
  return core->alerts.item_silences > 0;
}

bool vsm_silence_covers(const struct vsm_core *core, enum vsm_alert_kind kind, const struct vsm_stream_state *stream,
                        int place, uint32_t item) {
  const char *stage = place >= 0 ? stream->model->stages[stream->graph->at[place].declared].id : "";
  for (size_t i = 0; core->alerts.item_silences > 0 && i < core->alerts.n_silences; i++) {
    const struct vsm_silence *s = &core->alerts.silences[i];
    if ((s->kind < 0 || s->kind == (int)kind) && fits(s->stage, stage) && names(s, stream, item))
      return true;
  }
  return false;
}

// --- they come and go

static void for_its_items(struct vsm_core *core, const struct vsm_silence *s,
                          void (*what)(struct vsm_core *, unsigned, uint32_t)) {
  struct vsm_str key = vsm_str_of(s->item);
  for (unsigned i = 0; s->item && i < core->model->n_streams; i++) {
    uint32_t item = vsm_items_find(&core->streams[i].items, key, vsm_hash(key, 0));
    if (item != (uint32_t)VSM_ITEM_NONE && fits(s->stream, core->streams[i].id))
      what(core, i, item);
  }
}

void vsm_silences_rearm(struct vsm_alerts *a) {
  a->silences_due_us = INT64_MAX;
  for (size_t i = 0; i < a->n_silences; i++)
    if (a->silences[i].mark.until_us < a->silences_due_us)
      a->silences_due_us = a->silences[i].mark.until_us;
}

static uint64_t begin(struct vsm_core *core, struct vsm_silence s) {
  struct vsm_alerts *a = &core->alerts;
  for_its_items(core, &s, vsm_detect_take_out);
  s.id = ++a->last_silence;
  a->item_silences += s.item != NULL;
  a->silences = vsm_mem_grow(a->silences, a->n_silences, &a->cap_silences, sizeof *a->silences);
  a->silences[a->n_silences++] = s;
  for_its_items(core, &s, vsm_detect_put_back);
  vsm_silences_rearm(a);
  vsm_alerts_all(core);
  return s.id;
}

static void drop(struct vsm_core *core, size_t at) {
  struct vsm_alerts *a = &core->alerts;
  struct vsm_silence s = a->silences[at];
  for_its_items(core, &s, vsm_detect_take_out);
  a->item_silences -= s.item != NULL;
  memmove(a->silences + at, a->silences + at + 1, (--a->n_silences - at) * sizeof *a->silences);
  for_its_items(core, &s, vsm_detect_put_back);
  vsm_silences_rearm(a);
  vsm_silence_free(&s);
  vsm_alerts_all(core);
}

void vsm_silences_pass(struct vsm_core *core) {
  for (size_t i = core->alerts.n_silences; i-- > 0;)
    if (core->alerts.silences[i].mark.until_us <= core->now.us)
      drop(core, i);
}

// A forgotten item is named nowhere.
void vsm_silences_forget(struct vsm_core *core, unsigned stream, const struct vsm_str *keys, unsigned n) {
  for (size_t i = core->alerts.n_silences; i-- > 0;) {
    const struct vsm_silence *s = &core->alerts.silences[i];
    for (unsigned k = 0; s->item && k < n; k++)
      if (fits(s->stream, core->streams[stream].id) && vsm_str_eq(vsm_str_of(s->item), keys[k])) {
        drop(core, i);
        break;
      }
  }
}

// --- orders

int vsm_core_silence(struct vsm_core *core, const struct vsm_silence_view *v, uint64_t *id) {
  bool fits_nothing = v->kind < 0 && v->stream.n == 0 && v->stage.n == 0 && v->source.n == 0 && v->item.n == 0;
  if (fits_nothing || (v->stage.n > 0 && v->stream.n == 0) || v->mark.until.us <= core->now.us)
    return VSM_EINVAL;
  if (core->alerts.n_silences >= VSM_SILENCES_MAX)
    return VSM_ELIMIT;
  struct vsm_silence s = {.kind = v->kind,
                          .stream = copy(v->stream),
                          .stage = copy(v->stage),
                          .source = copy(v->source),
                          .item = copy(v->item)};
  vsm_marker_set(&s.mark, v->mark.by, v->mark.why, core->now.us, v->mark.until.us);
  *id = begin(core, s);
  vsm_alerts_settle(core, VSM_BY_ORDER);
  return 0;
}

int vsm_core_end_silence(struct vsm_core *core, uint64_t id) {
  for (size_t i = 0; i < core->alerts.n_silences; i++)
    if (core->alerts.silences[i].id == id) {
      drop(core, i);
      vsm_alerts_settle(core, VSM_BY_ORDER);
      return 0;
    }
  return VSM_ENOENT;
}

int vsm_core_acknowledge(struct vsm_core *core, struct vsm_str id, struct vsm_str by, struct vsm_str why, bool lost) {
  uint32_t number = vsm_alerts_find(&core->alerts, id);
  if (number == (uint32_t)VSM_NO_ALERT || core->alerts.at[number].life.state == VSM_QUIET)
    return VSM_ENOENT;
  struct vsm_alert *a = &core->alerts.at[number];
  if (lost && a->subject.kind != VSM_SOURCE_GAP)
    return VSM_EINVAL;
  if (lost) {
    vsm_hearing_give_up(core, a->subject.source);
  } else {
    vsm_marker_set(&a->life.ack, by, why, core->now.us, 0);
    vsm_since_clear(&a->life.covered);
    vsm_alert_tell(core, a, VSM_MARKED);
  }
  vsm_alerts_settle(core, VSM_BY_ORDER);
  return 0;
}

static struct vsm_mark_view mark_view(const struct vsm_marker *m) {
  return (struct vsm_mark_view){vsm_str_of(m->by), vsm_str_of(m->why), {m->at_us}, {m->until_us}};
}

long vsm_core_silences(struct vsm_core *core, struct vsm_arena *arena, struct vsm_silence_view **rows) {
  size_t n = core->alerts.n_silences;
  *rows = vsm_arena_alloc(arena, (n + 1) * sizeof **rows);
  for (size_t i = 0; *rows && i < n; i++) {
    const struct vsm_silence *s = &core->alerts.silences[i];
    (*rows)[i] = (struct vsm_silence_view){s->id,
                                           s->kind,
                                           vsm_str_of(s->stream),
                                           vsm_str_of(s->stage),
                                           vsm_str_of(s->source),
                                           vsm_str_of(s->item),
                                           mark_view(&s->mark)};
  }
  return *rows ? (long)n : -1;
}
