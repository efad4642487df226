// The lives of alerts as bytes, by their ids; quiet ones have none. Members are known by a key of their item, for its
// place may be another one.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/alerts.h"
#include "core/hash.h"
#include "core/state.h"

enum { TEXT_MAX = 1 << 16 };

// --- marks

static void save_marker(struct vsm_out *o, const struct vsm_marker *m) {
  vsm_out_number(o, m->set);
  vsm_out_text(o, vsm_str_of(m->by));
  vsm_out_text(o, vsm_str_of(m->why));
  vsm_out_signed(o, m->at_us);
  vsm_out_signed(o, m->until_us);
}

static void load_marker(struct vsm_in *in, struct vsm_marker *m) {
  bool set = vsm_in_below(in, 2);
  struct vsm_str by = vsm_in_text(in, TEXT_MAX), why = vsm_in_text(in, TEXT_MAX);
  int64_t at = vsm_in_signed(in), until = vsm_in_signed(in);
  if (set)
    vsm_marker_set(m, by, why, at, until);
}

void vsm_silences_save(const struct vsm_alerts *a, struct vsm_out *o) {
  vsm_out_number(o, a->last_silence);
  vsm_out_number(o, a->n_silences);
  for (size_t i = 0; i < a->n_silences; i++) {
    const struct vsm_silence *s = &a->silences[i];
    vsm_out_number(o, s->id);
    vsm_out_signed(o, s->kind);
    vsm_out_text(o, vsm_str_of(s->stream));
    vsm_out_text(o, vsm_str_of(s->stage));
    vsm_out_text(o, vsm_str_of(s->source));
    vsm_out_text(o, vsm_str_of(s->item));
    save_marker(o, &s->mark);
  }
}

static char *load_text(struct vsm_in *in) {
  struct vsm_str s = vsm_in_text(in, TEXT_MAX);
  return s.n ? vsm_mem_copy(s) : NULL;
}

void vsm_silences_load(struct vsm_alerts *a, struct vsm_in *in) {
  a->last_silence = vsm_in_number(in);
  uint64_t n = vsm_in_below(in, VSM_SILENCES_MAX + 1);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_silence s = {.id = vsm_in_number(in), .kind = (int)vsm_in_signed(in)};
    s.stream = load_text(in);
    s.stage = load_text(in);
    s.source = load_text(in);
    s.item = load_text(in);
    load_marker(in, &s.mark);
    in->bad = in->bad || s.kind < -1 || s.kind >= VSM_ALERT_KINDS;
    a->item_silences += s.item != NULL;
    a->silences = vsm_mem_grow(a->silences, a->n_silences, &a->cap_silences, sizeof *a->silences);
    a->silences[a->n_silences++] = s;
  }
  vsm_silences_rearm(a);
}

// --- members

static void save_since(const struct vsm_core *core, const struct vsm_alert *a, const struct vsm_since *s,
                       struct vsm_out *o) {
  vsm_out_number(o, s->n);
  for (size_t i = 0; i < s->n; i++) {
    const struct vsm_items *items = &core->streams[a->subject.stream].items;
    const struct vsm_item *it = s->at[i].item == (uint32_t)VSM_ITEM_NONE ? NULL : vsm_items_at(items, s->at[i].item);
    vsm_out_text(o, it ? vsm_items_key_str(items, vsm_item_key_id(it, 0)) : (struct vsm_str){0});
    vsm_out_number(o, (uint64_t)s->at[i].was | (uint64_t)s->at[i].is << 1 | (uint64_t)s->at[i].came << 2);
  }
}

// a NULL: it is read and left.
static void load_since(const struct vsm_core *core, const struct vsm_alert *a, struct vsm_since *s, struct vsm_in *in) {
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_str key = vsm_in_text(in, VSM_KEY_MAX);
    uint64_t bits = vsm_in_below(in, 8);
    if (!a || a->subject.stream < 0)
      continue;
    uint32_t item = key.n == 0 ? (uint32_t)VSM_ITEM_NONE
                               : vsm_items_find(&core->streams[a->subject.stream].items, key, vsm_hash(key, 0));
    if (key.n == 0 || item != (uint32_t)VSM_ITEM_NONE)
      vsm_since_restore(s, &(struct vsm_member){item, bits & 1, bits >> 1 & 1, bits >> 2 & 1});
  }
}

// --- lives

static void save_sign(struct vsm_out *o, const struct vsm_sign *s) {
  vsm_out_number(o, (uint64_t)s->holds | (uint64_t)s->untold << 1 | (uint64_t)s->by_date << 2);
  vsm_out_number(o, s->count);
  vsm_out_signed(o, s->threshold_us);
  vsm_out_signed(o, s->observed_us);
  vsm_out_signed(o, s->day_us);
  vsm_out_number(o, s->threshold);
  vsm_out_number(o, s->observed);
  vsm_out_number(o, s->percentile);
  vsm_out_number(o, s->factor_ppm);
}

static void load_sign(struct vsm_in *in, struct vsm_sign *s) {
  uint64_t bits = vsm_in_below(in, 8);
  *s = (struct vsm_sign){.holds = bits & 1, .untold = bits >> 1 & 1, .by_date = bits >> 2 & 1, .due_us = INT64_MAX};
  s->count = vsm_in_number(in);
  s->threshold_us = vsm_in_signed(in);
  s->observed_us = vsm_in_signed(in);
  s->day_us = vsm_in_signed(in);
  s->threshold = vsm_in_number(in);
  s->observed = vsm_in_number(in);
  s->percentile = (unsigned)vsm_in_below(in, 100);
  s->factor_ppm = (uint32_t)vsm_in_below(in, UINT32_MAX);
  s->moved_us = INT64_MIN;
}

static void save_life(const struct vsm_core *core, const struct vsm_alert *a, struct vsm_out *o) {
  const struct vsm_life *l = &a->life;
  vsm_out_text(o, vsm_str_of(a->id));
  vsm_out_number(o, l->state);
  vsm_out_number(o, l->change);
  vsm_out_number(o, l->number);
  vsm_out_number(o, (uint64_t)l->holds | (uint64_t)l->inhibited << 1 | (uint64_t)l->silenced << 2 |
                        (uint64_t)l->lingers << 3);
  vsm_out_signed(o, l->since_us);
  vsm_out_signed(o, l->fired_us);
  vsm_out_signed(o, l->clear_us);
  vsm_out_number(o, l->end);
  vsm_out_signed(o, l->moved_us);
  vsm_out_signed(o, l->announced_us);
  save_sign(o, &l->sign);
  save_marker(o, &l->ack);
  save_since(core, a, &l->announced, o);
  save_since(core, a, &l->covered, o);
}

static struct vsm_alert *alert_of(struct vsm_core *core, struct vsm_str id) {
  uint32_t number = vsm_alerts_find(&core->alerts, id);
  return number == (uint32_t)VSM_NO_ALERT ? NULL : &core->alerts.at[number];
}

static void load_life(struct vsm_core *core, struct vsm_in *in) {
  struct vsm_alert *a = alert_of(core, vsm_in_text(in, TEXT_MAX));
  struct vsm_life l;
  vsm_life_begin(&l);
  l.state = (enum vsm_alert_state)vsm_in_below(in, VSM_RESOLVED);
  l.change = (enum vsm_alert_change)vsm_in_below(in, VSM_MARKED + 1);
  l.number = vsm_in_number(in);
  uint64_t bits = vsm_in_below(in, 16);
  l.holds = bits & 1;
  l.inhibited = bits >> 1 & 1;
  l.silenced = bits >> 2 & 1;
  l.lingers = bits >> 3 & 1;
  l.since_us = vsm_in_signed(in);
  l.fired_us = vsm_in_signed(in);
  l.clear_us = vsm_in_signed(in);
  l.end = (enum vsm_alert_end)vsm_in_below(in, VSM_END_TIME + 1);
  l.moved_us = vsm_in_signed(in);
  l.announced_us = vsm_in_signed(in);
  load_sign(in, &l.sign);
  load_marker(in, &l.ack);
  load_since(core, a, &l.announced, in);
  load_since(core, a, &l.covered, in);
  in->bad = in->bad || !a || l.state == VSM_QUIET;
  if (in->bad) {
    vsm_life_end(&l);
    return;
  }
  vsm_life_end(&a->life);
  a->life = l;
}

// --- history

static const struct vsm_mark_view NO_MARK;

static void save_mark_view(struct vsm_out *o, const struct vsm_mark_view *m) {
  vsm_out_number(o, m != NULL);
  m = m ? m : &NO_MARK;
  vsm_out_text(o, m->by);
  vsm_out_text(o, m->why);
  vsm_out_signed(o, m->at.us);
  vsm_out_signed(o, m->until.us);
}

static struct vsm_str keep(struct vsm_arena *arena, struct vsm_str s) {
  return (struct vsm_str){vsm_mem_need(vsm_arena_strndup(arena, s.p ? s.p : "", s.n), s.n), s.n};
}

static const struct vsm_mark_view *load_mark_view(struct vsm_in *in, struct vsm_arena *arena) {
  bool set = vsm_in_below(in, 2);
  struct vsm_mark_view v = {keep(arena, vsm_in_text(in, TEXT_MAX)), keep(arena, vsm_in_text(in, TEXT_MAX)), {0}, {0}};
  v.at.us = vsm_in_signed(in);
  v.until.us = vsm_in_signed(in);
  struct vsm_mark_view *m = vsm_mem_need(vsm_arena_alloc(arena, sizeof *m), sizeof *m);
  *m = v;
  return set ? m : NULL;
}

#define VIEW_TEXTS(X)                                                                                                  \
  X(id) X(stream) X(stage) X(stream_name) X(stage_name) X(source) X(name) X(ownership.owner) X(ownership.runbook)

static void save_past(const struct vsm_alert_view *v, struct vsm_out *o) {
#define X(member) vsm_out_text(o, vsm_str_of(v->member));
  VIEW_TEXTS(X)
#undef X
  vsm_out_number(o, v->kind);
  vsm_out_number(o, v->severity);
  vsm_out_number(o, v->end);
  vsm_out_number(o, v->number);
  vsm_out_signed(o, v->since.us);
  vsm_out_signed(o, v->fired.us);
  vsm_out_signed(o, v->resolved.us);
  vsm_out_signed(o, v->moved_us);
  vsm_out_number(o, v->unacknowledged);
  save_sign(o, &v->sign);
  save_mark_view(o, v->silenced);
  save_mark_view(o, v->acknowledged);
}

static void load_past(struct vsm_alerts *a, struct vsm_in *in) {
  struct vsm_past_alert *past = &a->past[a->n_past++ % VSM_ALERT_HISTORY_MAX];
  vsm_arena_init(&past->text, 0);
  struct vsm_alert_view *v = &past->view;
  *v = (struct vsm_alert_view){.state = VSM_RESOLVED, .change = VSM_ENDED};
#define X(member) v->member = keep(&past->text, vsm_in_text(in, TEXT_MAX)).p;
  VIEW_TEXTS(X)
#undef X
  v->kind = (enum vsm_alert_kind)vsm_in_below(in, VSM_ALERT_KINDS);
  v->severity = (enum vsm_severity)vsm_in_below(in, VSM_INFO + 1);
  v->end = (enum vsm_alert_end)vsm_in_below(in, VSM_END_TIME + 1);
  v->number = vsm_in_number(in);
  v->since.us = vsm_in_signed(in);
  v->fired.us = vsm_in_signed(in);
  v->resolved.us = vsm_in_signed(in);
  v->moved_us = vsm_in_signed(in);
  v->unacknowledged = vsm_in_number(in);
  load_sign(in, &v->sign);
  v->silenced = load_mark_view(in, &past->text);
  v->acknowledged = load_mark_view(in, &past->text);
}

static void save_history(const struct vsm_alerts *a, struct vsm_out *o) {
  uint64_t n = a->n_past < VSM_ALERT_HISTORY_MAX ? a->n_past : VSM_ALERT_HISTORY_MAX;
  vsm_out_number(o, n);
  for (uint64_t i = a->n_past - n; i < a->n_past; i++)
    save_past(&a->past[i % VSM_ALERT_HISTORY_MAX].view, o);
}

static void load_history(struct vsm_alerts *a, struct vsm_in *in) {
  uint64_t n = vsm_in_below(in, VSM_ALERT_HISTORY_MAX + 1);
  if (n > 0)
    a->past = vsm_mem_alloc(VSM_ALERT_HISTORY_MAX * sizeof *a->past);
  for (uint64_t i = 0; !in->bad && i < n; i++)
    load_past(a, in);
}

// --- all of it

static int by_id(const void *x, const void *y) {
  return strcmp((*(const struct vsm_alert *const *)x)->id, (*(const struct vsm_alert *const *)y)->id);
}

// By id: those of sources lie in the order in which they were made, which a start does not know.
static void save_lives(const struct vsm_core *core, struct vsm_out *o) {
  const struct vsm_alerts *a = &core->alerts;
  const struct vsm_alert **told = vsm_mem_alloc((a->n + 1) * sizeof *told);
  size_t n = 0;
  for (size_t i = 0; i < a->n; i++)
    if (a->at[i].life.state != VSM_QUIET)
      told[n++] = &a->at[i];
  vsm_sort(told, n, sizeof *told, by_id);
  vsm_out_number(o, n);
  for (size_t i = 0; i < n; i++)
    save_life(core, told[i], o);
  free(told);
}

void vsm_alerts_save(const struct vsm_core *core, struct vsm_out *o) {
  const struct vsm_alerts *a = &core->alerts;
  vsm_detect_save(core, o);
  vsm_hearing_save(&core->hearing, o);
  vsm_out_number(o, a->last_number);
  save_lives(core, o);
  save_history(a, o);
}

void vsm_alerts_load(struct vsm_core *core, struct vsm_in *in, uint64_t version) {
  struct vsm_alerts *a = &core->alerts;
  vsm_detect_load(core, in, version);
  vsm_hearing_load(core, in, version);
  vsm_alerts_watch_sources(core);
  a->last_number = vsm_in_number(in);
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n; i++)
    load_life(core, in);
  load_history(a, in);
  vsm_noted_clear(&core->noted);
  vsm_alerts_count_silent(core);
  for (size_t i = 0; i < a->n; i++)
    a->at[i].life.silent = a->at[i].life.inhibited ? vsm_alert_silent(core, &a->at[i]) : 0;
  vsm_alerts_all(core);
}
