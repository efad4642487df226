// How alerts see an item: read off its story, its log, its progress and its dates. An event changes at most the
// progress and the dates of one place, so that what it was before is those, and all else as it stands.
#include <string.h>

#include "core/alert.h"
#include "core/guard.h"
#include "core/state.h"

static const struct vsm_guard_before nothing;

// An item, and what its alerts are looked up by.
struct sight {
  const struct vsm_stream_state *s;
  uint32_t item;
  const struct vsm_story *story;
  const struct vsm_retold *r;            // whose story it is; NULL: its visits stand in it alone
  size_t but;                            // transition that is left aside
  const struct vsm_guard_before *before; // rather than what stands now
  const struct vsm_item *it;
  bool silences; // there are any that name items
};

// As it is now; its story is the caller's.
static inline struct sight sight_of(const struct vsm_stream_state *s, uint32_t item) {
  return (struct sight){.s = s,
                        .item = item,
                        .but = (size_t)VSM_FOLD_ALL,
                        .before = &nothing,
                        .it = vsm_items_at(&s->items, item),
                        .silences = vsm_silence_any_item(s->guard->core)};
}

void vsm_guard_tell_progress(struct vsm_guard *g, unsigned place, int64_t us) {
  if (g->before.progress)
    return;
  g->before.progress = true;
  g->before.place = place;
  g->before.progress_us = us;
}

void vsm_guard_tell_date(struct vsm_guard *g, enum vsm_value_kind kind, unsigned place, int64_t us) {
  bool *told = kind == VSM_VALUE_DUE ? &g->before.due : &g->before.not_before;
  if (*told)
    return;
  *told = true;
  g->before.place = place;
  *(kind == VSM_VALUE_DUE ? &g->before.due_us : &g->before.not_before_us) = us;
}

// --- dates

static void collect_dates(struct vsm_guard *g, const struct vsm_item *it) {
  const struct vsm_value *v = vsm_item_values(it);
  g->due.has = g->not_before.has = (struct vsm_set){{0}};
  for (unsigned i = 0; i < it->n_values; i++) {
    if (v[i].kind == VSM_VALUE_SEGMENT)
      continue;
    struct vsm_guard_dates *dates = v[i].kind == VSM_VALUE_DUE ? &g->due : &g->not_before;
    vsm_set_add(&dates->has, v[i].place);
    dates->words[v[i].place] = v[i].word;
  }
}

static int64_t read_date(const struct vsm_stream_state *s, uint32_t word) {
  unsigned i = word % VSM_GUARD_DATES;
  if (s->guard->dates[i].word != word) {
    s->guard->dates[i].word = word;
    s->guard->dates[i].us = vsm_items_date_of(&s->items, word);
  }
  return s->guard->dates[i].us;
}

static inline int64_t date(const struct sight *g, enum vsm_value_kind kind, int stage) {
  const struct vsm_guard_dates *dates = kind == VSM_VALUE_DUE ? &g->s->guard->due : &g->s->guard->not_before;
  unsigned place = stage < 0 ? VSM_PLACE_ITEM : (unsigned)stage;
  if (!vsm_set_has(&dates->has, place))
    return 0;
  if (g->before->place == place && kind == VSM_VALUE_DUE && g->before->due)
    return g->before->due_us;
  if (g->before->place == place && kind == VSM_VALUE_NOT_BEFORE && g->before->not_before)
    return g->before->not_before_us;
  return read_date(g->s, dates->words[place]);
}

// --- one visit, the item

static bool is_covered(const struct sight *g, enum vsm_alert_kind kind, int place) {
  return g->silences && vsm_silence_covers(g->s->guard->core, kind, g->s, place, g->item);
}

static inline uint16_t stall_of(const struct sight *g, const struct vsm_guard_node *n) {
  if (n->everybody && !g->silences)
    return 0;
  for (unsigned i = 0; i < n->n_stalls; i++)
    if (vsm_fits(&n->stalls[i].fits, g->story->segments))
      return is_covered(g, VSM_ITEM_STALLED, n->place) ? VSM_NO_STALL : (uint16_t)i;
  return VSM_NO_STALL;
}

// Its date, and whether it counts for expectations.
static void see_date(const struct sight *g, int place, struct vsm_seen_visit *out) {
  bool covered = is_covered(g, VSM_ITEM_OVERDUE, place);
  out->due = covered ? 0 : date(g, VSM_VALUE_DUE, place);
  out->out = covered || out->due != 0;
}

// The newest transition of a stage that is newer than `since`, or that.
static int64_t newest_transition(const struct vsm_item *it, size_t but, unsigned place, int64_t since) {
  for (size_t i = it->n; i-- > 0 && vsm_packed_us(it->log[i]) > since;)
    if (vsm_packed_place(it->log[i]) == place && i != but)
      return vsm_packed_us(it->log[i]);
  return since;
}

static bool is_live(const struct sight *g, unsigned place) {
  return place < g->s->graph->n || place == VSM_PLACE_ITEM;
}

// The newest progress of a stage, or with place -1 of any.
static int64_t newest_progress(const struct sight *g, int place) {
  const struct vsm_progress *p = vsm_item_progress(g->it);
  int64_t us = 0;
  for (unsigned i = 0; i < g->it->n_progress; i++)
    if (place < 0 ? is_live(g, p[i].place) : p[i].place == place)
      us = vsm_later_us(us, g->before->progress && g->before->place == p[i].place ? g->before->progress_us : p[i].us);
  return us;
}

// When it was last moved, at a stage or as an item.
static int64_t moved(const struct sight *g, int place, int64_t entered) {
  int64_t us = place < 0 ? g->story->last : newest_transition(g->it, g->but, (unsigned)place, entered);
  us = vsm_later_us(us, newest_progress(g, place));
  us = vsm_later_us(us, place < 0 ? us : date(g, VSM_VALUE_NOT_BEFORE, place));
  return vsm_later_us(us, date(g, VSM_VALUE_NOT_BEFORE, -1));
}

static inline void see(const struct sight *g, int place, int64_t entered, struct vsm_seen_visit *out) {
  const struct vsm_guard_node *n = vsm_guard_node(g->s->guard, place);
  *out = (struct vsm_seen_visit){.entered = entered, .place = (uint8_t)place};
  out->stall = stall_of(g, n);
  see_date(g, place, out);
  out->moved = vsm_guard_is_old(n, out) ? moved(g, place, entered) : entered;
}

static void look(const struct sight *g, struct vsm_seen *out) {
  const struct vsm_guard *w = g->s->guard;
  out->n = 0;
  out->open = g->story->open;
  if (!out->open)
    return;
  if (w->stream.alerts)
    see(g, -1, g->story->started, &out->item);
  unsigned left = g->story->n_open;
  for (size_t i = g->story->n_visits; left > 0 && i-- > 0;) {
    const struct vsm_visit *v = g->r ? vsm_retold_visit(g->r, g->story, i) : &g->story->visits[i];
    if (v->how != VSM_OPEN)
      continue;
    left--;
    if (w->stages[v->place].alerts)
      see(g, v->place, v->entered, &out->visits[out->n++]);
  }
}

bool vsm_guard_sight(const struct vsm_stream_state *s, const struct vsm_guard_node *n, uint32_t item, int64_t entered,
                     unsigned *rule, int64_t *us) {
  struct sight g = sight_of(s, item);
  struct vsm_story story = {.last = vsm_item_last_live(g.it, s->graph->n)};
  g.story = &story;
  vsm_stream_segments(s, g.it, story.segments);
  *rule = stall_of(&g, n);
  if (*rule == VSM_NO_STALL)
    return false;
  collect_dates(s->guard, g.it);
  *us = moved(&g, n->place, entered);
  return true;
}

// --- as it was, and as it is

void vsm_guard_look(const struct vsm_stream_state *s, uint32_t item, size_t but, const struct vsm_story *story,
                    const struct vsm_guard_before *before, struct vsm_seen *out) {
  struct sight g = sight_of(s, item);
  g.but = but;
  g.story = story;
  if (before)
    g.before = before;
  if (story->open)
    collect_dates(s->guard, g.it);
  look(&g, out);
}

static struct vsm_seen unseen(const struct vsm_seen *w) {
  return (struct vsm_seen){.visits = w->visits};
}

void vsm_guard_unsee(struct vsm_guard *w) {
  w->kept = unseen(&w->kept);
  w->has_kept = true;
}

void vsm_guard_see(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r) {
  struct vsm_guard *w = s->guard;
  struct sight was = sight_of(s, item), is = was;
  w->seen = w->has_other ? &w->other : w->has_kept ? &w->kept : &w->was;
  if (!w->has_other && (r->was.open || r->is.open))
    collect_dates(w, was.it);
  was.r = is.r = r;
  was.story = &r->was, was.but = r->added, was.before = &w->before;
  is.story = &r->is;
  if (w->seen == &w->was)
    look(&was, &w->was);
  look(&is, &w->is);
  if (w->take_out)
    w->is = unseen(&w->is);
  w->has_other = w->has_kept = w->take_out = false;
}

void vsm_guard_see_again(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r) {
  struct vsm_guard *w = s->guard;
  vsm_guard_look(s, item, (size_t)VSM_FOLD_ALL, &r->is, &w->before, &w->was);
  vsm_guard_look(s, item, (size_t)VSM_FOLD_ALL, &r->is, NULL, &w->is);
  w->seen = &w->was;
  vsm_guard_write(s, item, r);
}
