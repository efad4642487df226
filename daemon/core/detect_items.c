// The worst items of an alert, and the newest. Those that are equally bad are told in the order of their names, so that
// it does not matter which was heard of first.
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/detect.h"
#include "core/reach.h"

enum { EQUAL_MAX = 1000 }; // of so many that came to hold at one instant the names are looked at

struct candidate {
  int64_t came_us;
  uint32_t item;
  struct vsm_str name;
};

struct choice {
  struct vsm_core *core;
  const struct vsm_stream_state *s;
  struct candidate *at;
  size_t n, cap;
  unsigned most;
  unsigned set; // in hand
  size_t begun; // candidates before it
};

// False: enough of this set.
static bool offer(struct choice *c, unsigned set, uint32_t item, int64_t came_us) {
  if (set != c->set)
    c->begun = c->n;
  c->set = set;
  size_t n = c->n - c->begun;
  if (n >= EQUAL_MAX || (n >= c->most && came_us > c->at[c->n - 1].came_us))
    return false;
  struct vsm_str name = vsm_items_shown(&c->s->items, vsm_items_at(&c->s->items, item), c->s->graph);
  c->at = vsm_mem_grow(c->at, c->n, &c->cap, sizeof *c->at);
  c->at[c->n++] = (struct candidate){came_us, item, name};
  return true;
}

static bool offer_member(void *ctx, const struct vsm_reached *m) {
  return offer(ctx, m->set, m->item, m->came_us);
}

// Those open longest; of a stage that stands still, of those that are queued or active.
static void offer_open(struct choice *c, const struct vsm_ranks *open, const struct vsm_ranks *held) {
  struct vsm_ranks_at at = vsm_ranks_seek(open, INT64_MIN, 0), at_held = {0};
  struct vsm_rank e, h;
  bool more = held && (at_held = vsm_ranks_seek(held, INT64_MIN, 0), vsm_ranks_next(held, &at_held, &h));
  while (vsm_ranks_next(open, &at, &e)) {
    if (more && h.us == e.us && h.id == e.id)
      more = vsm_ranks_next(held, &at_held, &h);
    else if (!offer(c, 0, e.id, e.us))
      break;
  }
}

static void choose(struct choice *c, const struct vsm_subject *subject, const struct vsm_guard_node *n) {
  const struct vsm_ranks *open = vsm_reach_open(c->s, n);
  unsigned name = 0;
  if (subject->kind == VSM_ITEM_STALLED) {
    vsm_reach_stalled_members(c->s, n, c->core->now.us, offer_member, c);
  } else if (subject->kind == VSM_ITEM_OVERDUE) {
    while (name < n->n_names && strcmp(n->names[name].name, subject->name) != 0)
      name++;
    vsm_reach_overdue_members(c->s, n, name, c->core->now.us, offer_member, c);
  } else {
    offer_open(c, open, subject->kind == VSM_STAGE_STALLED ? &n->held : NULL);
  }
}

static int by_time_and_name(const void *pa, const void *pb) {
  const struct candidate *a = pa, *b = pb;
  return a->came_us != b->came_us ? (a->came_us > b->came_us) - (a->came_us < b->came_us)
                                  : vsm_str_cmp(a->name, b->name);
}

// The newest visit here; NULL: none, or it is of the item.
static const struct vsm_visit *visit_at(const struct vsm_story *story, int place) {
  for (size_t i = story->n_visits; place >= 0 && i-- > 0;)
    if (story->visits[i].place == place)
      return &story->visits[i];
  return NULL;
}

// The age of the item's visit here, or its own.
static int64_t age_of(struct vsm_core *core, const struct vsm_stream_state *s, int place, uint32_t item) {
  struct vsm_story *story = &core->other.is;
  vsm_stream_fold(s, vsm_items_at(&s->items, item), (size_t)VSM_FOLD_ALL, story);
  const struct vsm_visit *v = visit_at(story, place);
  int64_t since = v && v->how == VSM_OPEN ? v->entered : story->started;
  vsm_story_clear(story);
  return vsm_core_age_us(core, place < 0 ? s->graph->calendar : s->graph->at[place].calendar, since);
}

unsigned vsm_detect_items(struct vsm_core *core, const struct vsm_subject *subject, struct vsm_arena *arena,
                          struct vsm_alert_item_view *out, unsigned most) {
  const struct vsm_stream_state *s = subject->stream < 0 ? NULL : &core->streams[subject->stream];
  if (!s || !s->guard)
    return 0;
  const struct vsm_guard_node *n = vsm_guard_node(s->guard, subject->place);
  struct choice c = {.core = core, .s = s, .most = most};
  unsigned told = 0;
  if (n->alerts)
    choose(&c, subject, n);
  vsm_sort(c.at, c.n, sizeof *c.at, by_time_and_name);
  for (; told < most && told < c.n; told++) {
    const char *text = vsm_arena_strndup(arena, c.at[told].name.p, c.at[told].name.n);
    if (!text)
      break;
    out[told] = (struct vsm_alert_item_view){{text, c.at[told].name.n},
                                             vsm_seconds(age_of(core, s, subject->place, c.at[told].item))};
  }
  free(c.at);
  return told;
}

// --- the newest of them

// As those that came to hold first, by time backwards.
static bool offer_newest(void *ctx, const struct vsm_reached *m) {
  return offer(ctx, m->set, m->item, -m->came_us);
}

unsigned vsm_detect_newest(struct vsm_core *core, const struct vsm_subject *subject, int64_t since_us,
                           struct vsm_arena *arena, struct vsm_str *names, unsigned most, uint64_t *count) {
  const struct vsm_stream_state *s = subject->stream < 0 ? NULL : &core->streams[subject->stream];
  struct choice c = {.core = core, .s = s, .most = most};
  unsigned told = 0;
  *count = 0;
  if (!s || !s->guard || subject->kind != VSM_ITEM_STALLED)
    return 0;
  *count = vsm_reach_newly_stalled(vsm_guard_node(s->guard, subject->place), since_us, offer_newest, &c);
  vsm_sort(c.at, c.n, sizeof *c.at, by_time_and_name);
  for (; told < most && told < c.n; told++) {
    const char *text = vsm_arena_strndup(arena, c.at[told].name.p, c.at[told].name.n);
    if (!text)
      break;
    names[told] = (struct vsm_str){text, c.at[told].name.n};
  }
  free(c.at);
  return told;
}

// --- one of them

static struct vsm_retold *tell(struct vsm_core *core, const struct vsm_stream_state *s, uint32_t item) {
  struct vsm_retold *r = &core->other;
  vsm_stream_fold(s, vsm_items_at(&s->items, item), (size_t)VSM_FOLD_ALL, &r->is);
  r->same_visits = r->same_marks = 0;
  return r;
}

static bool is_overdue(const struct vsm_stream_state *s, const struct vsm_guard_node *n, const char *name,
                       const struct vsm_retold *r, const struct vsm_seen_visit *seen) {
  bool older = name[0] == '\0' && seen->due && seen->due <= n->due_front.k;
  const struct vsm_visit *v = visit_at(&r->is, n->place);
  for (unsigned i = 0; !older && !seen->out && i < vsm_guard_expectings(s, n)->n; i++)
    older = strcmp(n->names[n->expected[i].name].name, name) == 0 &&
            vsm_guard_is_older(&n->expected[i], vsm_expecting_standing(vsm_guard_expectings(s, n), i, s->graph, r, v));
  return older;
}

bool vsm_detect_counts(struct vsm_core *core, const struct vsm_subject *subject, uint32_t item) {
  const struct vsm_stream_state *s = &core->streams[subject->stream];
  const struct vsm_guard_node *n = vsm_guard_node(s->guard, subject->place);
  struct vsm_retold *r = tell(core, s, item);
  struct vsm_seen *look = &s->guard->was;
  vsm_guard_look(s, item, (size_t)VSM_FOLD_ALL, &r->is, NULL, look);
  const struct vsm_seen_visit *seen = vsm_seen_at(look, subject->place);
  bool counts = false;
  if (seen && subject->kind == VSM_ITEM_STALLED)
    counts = seen->stall != VSM_NO_STALL && seen->moved <= n->stalls[seen->stall].front.k;
  else if (seen && subject->kind == VSM_ITEM_OVERDUE)
    counts = is_overdue(s, n, subject->name, r, seen);
  vsm_story_clear(&r->is);
  return counts;
}

int64_t vsm_detect_ended(struct vsm_core *core, const struct vsm_subject *subject, uint32_t item) {
  const struct vsm_stream_state *s = &core->streams[subject->stream];
  const struct vsm_guard_node *n = vsm_guard_node(s->guard, subject->place);
  struct vsm_story *story = &tell(core, s, item)->is;
  const struct vsm_visit *v = visit_at(story, subject->place);
  bool open = v ? v->how == VSM_OPEN : subject->place < 0 && story->open;
  int64_t us = v ? v->left : story->last;
  unsigned rule;
  if (!story->exists || open) // its date, or what is asked of it, may have changed: that is at no time of its own
    us = INT64_MIN;
  if (open && subject->kind == VSM_ITEM_STALLED)
    vsm_guard_sight(s, n, item, v ? v->entered : story->started, &rule, &us);
  vsm_story_clear(story);
  return us;
}
