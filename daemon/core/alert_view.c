// An alert as it is told: everything that a view says is copied, for an alert may be gone before its last notice is
// read.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/alerts.h"
#include "core/state.h"

enum { NAMES_MAX = 10 };

// --- parts. `*ok` becomes false where there is no memory.

static const char *text(struct vsm_arena *arena, const char *z, bool *ok) {
  const char *copy = vsm_arena_strdup(arena, z ? z : "");
  *ok = *ok && copy;
  return copy;
}

static struct vsm_str view_of(struct vsm_arena *arena, struct vsm_str s, bool *ok) {
  const char *copy = vsm_arena_strndup(arena, s.n ? s.p : "", s.n);
  *ok = *ok && copy;
  return (struct vsm_str){copy, s.n};
}

static void *room(struct vsm_arena *arena, size_t n, size_t size, bool *ok) {
  void *p = vsm_arena_zalloc(arena, (n + 1) * size);
  *ok = *ok && p;
  return p;
}

static const struct vsm_mark_view *mark(struct vsm_arena *arena, const struct vsm_marker *m, bool *ok) {
  struct vsm_mark_view *v = room(arena, 1, sizeof *v, ok);
  if (v)
    *v = (struct vsm_mark_view){
        view_of(arena, vsm_str_of(m->by), ok), view_of(arena, vsm_str_of(m->why), ok), {m->at_us}, {m->until_us}};
  return v;
}

static int by_bytes(const void *x, const void *y) {
  return vsm_str_cmp(*(const struct vsm_str *)x, *(const struct vsm_str *)y);
}

struct named {
  int64_t since_us; // its oldest transition; INT64_MAX: none
  struct vsm_str name;
};

static bool is_older(const struct named *a, const struct named *b) {
  return a->since_us != b->since_us ? a->since_us < b->since_us : vsm_str_cmp(a->name, b->name) < 0;
}

// The oldest of all that are offered, in their order.
static void offer(struct named *oldest, unsigned *n, struct named one) {
  unsigned at = *n;
  if (at == NAMES_MAX && !is_older(&one, &oldest[at - 1]))
    return;
  *n += at < NAMES_MAX;
  for (at = *n - 1; at > 0 && is_older(&one, &oldest[at - 1]); at--)
    oldest[at] = oldest[at - 1];
  oldest[at] = one;
}

// Of those that came, or that left, the oldest, by name.
static const struct vsm_str *name_members(const struct vsm_core *core, const struct vsm_alert *a, bool came,
                                          struct vsm_arena *arena, unsigned *n, bool *ok) {
  const struct vsm_since *since = &a->life.announced;
  struct vsm_str *names = room(arena, NAMES_MAX, sizeof *names, ok);
  struct named oldest[NAMES_MAX];
  *n = 0;
  for (size_t i = 0; i < since->n; i++) {
    const struct vsm_member *m = &since->at[i];
    const struct vsm_stream_state *s = &core->streams[a->subject.stream];
    if (m->item == (uint32_t)VSM_ITEM_NONE || !(came ? m->came : m->was && !m->is))
      continue;
    const struct vsm_item *it = vsm_items_at(&s->items, m->item);
    offer(oldest, n,
          (struct named){it->n > 0 ? vsm_packed_us(it->log[0]) : INT64_MAX, vsm_items_shown(&s->items, it, s->graph)});
  }
  for (unsigned i = 0; names && i < *n; i++)
    names[i] = view_of(arena, oldest[i].name, ok);
  if (names && *ok)
    vsm_sort(names, *n, sizeof *names, by_bytes);
  return names;
}

static void show_items(struct vsm_core *core, const struct vsm_alert *a, struct vsm_arena *arena,
                       struct vsm_alert_view *out, bool *ok) {
  struct vsm_alert_item_view *items = room(arena, NAMES_MAX, sizeof *items, ok);
  if (!items)
    return;
  out->items = items;
  out->n_items = vsm_detect_items(core, &a->subject, arena, items, NAMES_MAX);
  for (unsigned i = 0; i < out->n_items; i++)
    items[i].item = view_of(arena, items[i].item, ok);
  out->joined_count = a->life.announced.joined;
  out->left_count = a->life.announced.left;
  out->joined = name_members(core, a, true, arena, &out->n_joined, ok);
  out->left = name_members(core, a, false, arena, &out->n_left, ok);
}

static void show_newest(struct vsm_core *core, const struct vsm_alert *a, struct vsm_arena *arena,
                        struct vsm_alert_view *out, bool *ok) {
  struct vsm_str *names = room(arena, NAMES_MAX, sizeof *names, ok);
  out->newest = names;
  if (names)
    out->n_newest = vsm_detect_newest(core, &a->subject, core->now.us - VSM_ALERT_NEW_US, arena, names, NAMES_MAX,
                                      &out->newest_count);
}

static void show_silent(const struct vsm_core *core, const struct vsm_alert *a, struct vsm_arena *arena,
                        struct vsm_alert_view *out, bool *ok) {
  const struct vsm_model *m = core->model;
  struct vsm_str *names = a->life.inhibited ? room(arena, m->n_sources, sizeof *names, ok) : NULL;
  out->inhibited_by = names;
  for (unsigned i = 0; names && i < m->n_sources; i++)
    if ((a->feeds[i / 64] >> i % 64 & 1) && vsm_hearing_is_silent(core, &core->hearing.at[core->hearing.of_model[i]]))
      names[out->n_inhibited_by++] = view_of(arena, vsm_str_of(m->sources[i].id), ok);
}

static void show_blinded(const struct vsm_core *core, const struct vsm_alert *a, struct vsm_arena *arena,
                         struct vsm_alert_view *out, bool *ok) {
  const struct vsm_model *m = core->model;
  int source = core->hearing.at[a->subject.source].model;
  unsigned most = 0;
  for (unsigned i = 0; i < m->n_streams; i++)
    most += m->streams[i].n_stages;
  struct vsm_fed *fed = room(arena, most, sizeof *fed, ok);
  out->blinds = fed;
  for (unsigned i = 0; fed && source >= 0 && i < m->n_streams; i++)
    for (unsigned k = 0; k < m->streams[i].n_stages; k++)
      if (vsm_alerts_feeds(core, (unsigned)source, i, (int)k))
        fed[out->n_blinds++] = (struct vsm_fed){i, (int)k};
}

static void show_sample(const struct vsm_core *core, const struct vsm_alert *a, struct vsm_arena *arena,
                        struct vsm_alert_view *out, bool *ok) {
  const struct vsm_hearing_source *s = &core->hearing.at[a->subject.source];
  out->type = view_of(arena, vsm_str_of(s->type), ok);
  out->detail = view_of(arena, vsm_str_of(s->detail), ok);
  out->reason = s->reason;
}

static void show_identity(const struct vsm_alert *a, struct vsm_arena *arena, struct vsm_alert_view *out, bool *ok) {
  out->id = text(arena, a->id, ok);
  out->kind = a->subject.kind;
  out->severity = a->rule->severity;
  out->ownership.owner = text(arena, a->ownership.owner, ok);
  out->ownership.runbook = text(arena, a->ownership.runbook, ok);
  out->stream = text(arena, a->stream, ok);
  out->stage = text(arena, a->stage, ok);
  out->stream_name = text(arena, a->stream_name, ok);
  out->stage_name = text(arena, a->stage_name, ok);
  out->source = text(arena, a->source, ok);
  out->name = text(arena, a->name, ok);
}

static void show_life(const struct vsm_core *core, const struct vsm_alert *a, struct vsm_alert_view *out) {
  const struct vsm_life *l = &a->life;
  out->state = l->state;
  out->change = l->change;
  out->number = l->number;
  out->since.us = l->since_us;
  out->fired.us = l->fired_us;
  out->sign = l->sign;
  out->moved_us = INT64_MIN;
  out->unacknowledged = l->covered.joined;
  if (l->clear_us != INT64_MAX && l->state != VSM_FIRING) {
    out->resolved = core->now;
    out->end = l->end;
    out->moved_us = l->moved_us;
  }
}

bool vsm_alert_show(struct vsm_core *core, const struct vsm_alert *a, struct vsm_arena *arena,
                    struct vsm_alert_view *out) {
  bool ok = true;
  *out = (struct vsm_alert_view){0};
  show_identity(a, arena, out, &ok);
  show_life(core, a, out);
  const struct vsm_silence *silence = a->life.silenced ? vsm_silence_of(core, a) : NULL;
  out->silenced = silence ? mark(arena, &silence->mark, &ok) : NULL;
  out->acknowledged = a->life.ack.set ? mark(arena, &a->life.ack, &ok) : NULL;
  if (a->life.state == VSM_RESOLVED || a->life.state == VSM_QUIET) // items and sources may be others by now
    return ok;
  if (a->life.holds)
    vsm_detect_observe(core, &a->subject, &out->sign);
  if (a->subject.stream >= 0) {
    show_items(core, a, arena, out, &ok);
    show_newest(core, a, arena, out, &ok);
    show_silent(core, a, arena, out, &ok);
  }
  if (a->subject.kind == VSM_SOURCE_SILENT)
    show_blinded(core, a, arena, out, &ok);
  if (a->subject.kind == VSM_SOURCE_REFUSED)
    show_sample(core, a, arena, out, &ok);
  return ok;
}

// --- notices

void vsm_alert_tell(struct vsm_core *core, struct vsm_alert *a, enum vsm_alert_change change) {
  struct vsm_alerts *all = &core->alerts;
  a->life.change = change;
  a->life.number = ++all->last_number;
  if (!all->listening)
    return;
  all->notices = vsm_mem_grow(all->notices, all->n_notices, &all->cap_notices, sizeof *all->notices);
  struct vsm_alert_view *view = &all->notices[all->n_notices];
  vsm_mem_need(vsm_alert_show(core, a, &all->said, view) ? view : NULL, sizeof *view);
  all->n_notices++;
}

void vsm_core_listen(struct vsm_core *core, bool listen) {
  core->alerts.listening = listen;
}

size_t vsm_core_notices(const struct vsm_core *core, const struct vsm_alert_view **rows) {
  *rows = core->alerts.notices;
  return core->alerts.n_notices;
}

void vsm_core_drop_notices(struct vsm_core *core) {
  core->alerts.n_notices = 0;
  vsm_arena_reset(&core->alerts.said);
}

// --- history

void vsm_alert_remember(struct vsm_core *core, const struct vsm_alert *a) {
  struct vsm_alerts *all = &core->alerts;
  if (!all->past)
    all->past = vsm_mem_alloc(VSM_ALERT_HISTORY_MAX * sizeof *all->past);
  struct vsm_past_alert *past = &all->past[all->n_past % VSM_ALERT_HISTORY_MAX];
  if (all->n_past++ >= VSM_ALERT_HISTORY_MAX)
    vsm_arena_fini(&past->text);
  vsm_arena_init(&past->text, 0);
  vsm_mem_need(vsm_alert_show(core, a, &past->text, &past->view) ? past : NULL, sizeof *past);
}

// --- lists

static bool is_wanted(const struct vsm_alerts_query *q, const char *stream, const char *stage, const char *source,
                      enum vsm_alert_kind kind) {
  return (q->kind < 0 || q->kind == (int)kind) && (q->stream.n == 0 || vsm_str_eq(q->stream, vsm_str_of(stream))) &&
         (q->stage.n == 0 || vsm_str_eq(q->stage, vsm_str_of(stage))) &&
         (q->source.n == 0 || vsm_str_eq(q->source, vsm_str_of(source)));
}

static int by_weight(const void *x, const void *y) {
  const struct vsm_alert_view *a = x, *b = y;
  if (a->severity != b->severity)
    return a->severity < b->severity ? -1 : 1;
  if (a->since.us != b->since.us)
    return a->since.us < b->since.us ? -1 : 1;
  return strcmp(a->id, b->id);
}

static size_t list_live(struct vsm_core *core, const struct vsm_alerts_query *q, struct vsm_arena *arena,
                        struct vsm_alert_view *rows, bool *ok) {
  size_t n = 0;
  for (size_t i = 0; *ok && i < core->alerts.n; i++) {
    const struct vsm_alert *a = &core->alerts.at[i];
    if (a->life.state != VSM_QUIET && is_wanted(q, a->stream, a->stage, a->source, a->subject.kind))
      *ok = vsm_alert_show(core, a, arena, &rows[n++]);
  }
  if (*ok)
    vsm_sort(rows, n, sizeof *rows, by_weight);
  return n;
}

static size_t list_past(const struct vsm_alerts *a, const struct vsm_alerts_query *q, struct vsm_alert_view *rows) {
  size_t n = 0;
  for (uint64_t i = 0; i < a->n_past && i < VSM_ALERT_HISTORY_MAX; i++) {
    const struct vsm_alert_view *v = &a->past[(a->n_past - 1 - i) % VSM_ALERT_HISTORY_MAX].view;
    if (is_wanted(q, v->stream, v->stage, v->source, v->kind))
      rows[n++] = *v;
  }
  return n;
}

long vsm_core_list_alerts(struct vsm_core *core, const struct vsm_alerts_query *q, struct vsm_arena *arena,
                          struct vsm_alert_view **rows) {
  bool ok = true;
  size_t past = core->alerts.n_past < VSM_ALERT_HISTORY_MAX ? core->alerts.n_past : VSM_ALERT_HISTORY_MAX;
  size_t most = q->history ? past : core->alerts.n;
  *rows = room(arena, most, sizeof **rows, &ok);
  if (!ok)
    return -1;
  size_t n = q->history ? list_past(&core->alerts, q, *rows) : list_live(core, q, arena, *rows, &ok);
  if (!ok)
    return -1;
  return (long)(q->limit > 0 && q->limit < n ? q->limit : n);
}

struct vsm_alert_counts vsm_core_count_alerts(const struct vsm_core *core) {
  struct vsm_alert_counts c = {0};
  for (size_t i = 0; i < core->alerts.n; i++) {
    const struct vsm_alert *a = &core->alerts.at[i];
    if (a->life.state == VSM_FIRING)
      (*(a->life.silenced ? &c.silenced : &c.firing[a->rule->severity]))++;
  }
  return c;
}
