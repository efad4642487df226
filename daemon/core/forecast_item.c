// How long an item still takes is read off items that once stood where it stands: in the same stage, for as long. What
// they took from there to their finish holds all that lay ahead of them, the ways that they went, rework and waiting
// included, as it really went together; nothing is assumed to be independent.
//
// Items are met by their keys, of which whole classes of equal bits in the hash are read, until there is enough or
// enough was done. So which items are met follows from the events and the seed, not from arrival. An item with several
// keys may be met by each, and counts by its share each time. Where few items are held, there is one class.
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/calendar.h"
#include "core/forecast.h"
#include "core/hash.h"
#include "core/state.h"

enum {
  CLASS_KEYS = 1024, // about
  WORK_MOST = 12288, // about: an item met is 1, one folded 1 + FOLD_WORK
  FOLD_WORK = 6,
  LIKE_ENOUGH = 400,
  WHOLE = 27720, // the weight of an item: up to 12 keys share it out evenly
  TESTS_MOST = 100,
  RUN = 16, // what is asked from memory together
};

// A stay like the item's: when it had lasted as long, and the time from then to the item's finish.
struct like {
  int64_t at, left;
  uint64_t weight;
};

struct key {
  uint32_t hash, id;
};

struct search {
  const struct vsm_stream_state *s;
  struct vsm_story *story;
  struct key *keys; // of the class in hand
  size_t n_keys, cap_keys;
  struct like *likes;
  size_t n, cap;
  size_t work;
  uint64_t weight, withdrawn; // of all likes; of stays of items that were withdrawn
  // Where the item stands: in a stage, or between stages since it left one.
  unsigned place;
  bool between;
  int64_t age, oldest; // elapsed; finishes before `oldest` do not count
};

// --- stays

static int64_t end_of(const struct vsm_story *story) {
  int64_t end = 0;
  for (size_t i = 0; i < story->n_marks; i++) {
    const struct vsm_mark *m = &story->marks[i];
    if ((m->kind == VSM_M_FINISHED || m->kind == VSM_M_WITHDRAWN) && m->at > end)
      end = m->at;
  }
  return end;
}

// Late news say that the item was somewhere, but not where it went from there.
static bool is_late_news(const struct vsm_visit *v) {
  return v->bits & VSM_V_LATE_NEWS;
}

// When the item, having left this visit, was in a stage again, or ended; `left` itself where it was in another then.
static int64_t next_entry(const struct vsm_story *story, const struct vsm_visit *v) {
  int64_t end = INT64_MAX;
  for (size_t i = 0; i < story->n_marks; i++) {
    const struct vsm_mark *m = &story->marks[i];
    if ((m->kind == VSM_M_FINISHED || m->kind == VSM_M_WITHDRAWN) && m->at >= v->left && m->at < end)
      end = m->at;
  }
  for (size_t i = 0; i < story->n_visits; i++) {
    const struct vsm_visit *other = &story->visits[i];
    if (other == v || is_late_news(other) || (other->left && other->left <= v->left))
      continue;
    end = other->entered <= v->left ? v->left : other->entered < end ? other->entered : end;
  }
  return end;
}

static void take_stays(struct search *f, uint64_t weight) {
  const struct vsm_story *story = f->story;
  int64_t end = end_of(story);
  if (!story->exists || story->open || end < f->oldest)
    return;
  for (size_t i = 0; i < story->n_visits; i++) {
    const struct vsm_visit *v = &story->visits[i];
    int64_t begin = f->between ? v->left : v->entered;
    if (v->place != f->place || is_late_news(v) || (f->between ? next_entry(story, v) : v->left) - begin <= f->age)
      continue;
    if (!story->finished) {
      f->withdrawn += weight;
      continue;
    }
    f->likes = vsm_mem_grow(f->likes, f->n, &f->cap, sizeof *f->likes);
    f->likes[f->n++] = (struct like){begin + f->age, end - begin - f->age, weight};
    f->weight += weight;
  }
}

// --- classes

static void gather_key(void *search, uint32_t hash, uint32_t id) {
  struct search *f = search;
  f->keys = vsm_mem_grow(f->keys, f->n_keys, &f->cap_keys, sizeof *f->keys);
  f->keys[f->n_keys++] = (struct key){hash, id};
}

static void gather_class(struct search *f, size_t class, size_t classes) {
  f->n_keys = 0;
  vsm_table_each(&f->s->items.keys, class, classes, gather_key, f);
}

static void ask_run(const struct search *f, size_t from, size_t to) {
  struct vsm_trail trails[RUN];
  for (unsigned step = 0; step < VSM_TRAIL_STEPS; step++)
    for (size_t i = from; i < to; i++)
      vsm_items_ask(&f->s->items, f->keys[i].hash, &trails[i - from], step);
}

// What can be seen without folding: something was said of it at that stage, and it lasted longer.
static bool may_be_like(const struct search *f, const struct vsm_item *it) {
  if (it->n == 0 || vsm_packed_us(it->log[it->n - 1]) - vsm_packed_us(it->log[0]) <= f->age)
    return false;
  for (unsigned i = 0; i < it->n; i++)
    if (vsm_packed_place(it->log[i]) == f->place)
      return true;
  return false;
}

static void read_class(struct search *f) {
  for (size_t i = 0; i < f->n_keys; i++) {
    if (i % RUN == 0)
      ask_run(f, i, i + RUN < f->n_keys ? i + RUN : f->n_keys);
    const struct vsm_item *it = vsm_items_at(&f->s->items, vsm_items_key(&f->s->items, f->keys[i].id)->item);
    if (!may_be_like(f, it))
      continue;
    f->work += FOLD_WORK;
    vsm_stream_fold(f->s, it, (size_t)VSM_FOLD_ALL, f->story);
    take_stays(f, WHOLE / it->n_keys);
  }
}

static void search(struct search *f, uint64_t seed) {
  struct vsm_dice dice = {seed};
  size_t classes = 1;
  while (f->s->items.keys.n / classes > CLASS_KEYS)
    classes *= 2;
  size_t first = vsm_dice_below(&dice, (uint32_t)classes);
  for (size_t i = 0; i < classes && f->weight < LIKE_ENOUGH * WHOLE && f->work < WORK_MOST; i++) {
    gather_class(f, (first + i) & (classes - 1), classes);
    read_class(f);
    f->work += f->n_keys;
  }
}

// --- what they tell

static int by_left(const void *pa, const void *pb) {
  const struct like *a = pa, *b = pb;
  return a->left != b->left ? (a->left < b->left ? -1 : 1) : a->at < b->at ? -1 : a->at > b->at;
}

// In order, and one for each stay, by whichever keys it was met.
static void settle(struct search *f) {
  size_t n = 0;
  vsm_sort(f->likes, f->n, sizeof *f->likes, by_left);
  for (size_t i = 0; i < f->n; i++) {
    if (n > 0 && by_left(&f->likes[n - 1], &f->likes[i]) == 0)
      f->likes[n - 1].weight += f->likes[i].weight;
    else
      f->likes[n++] = f->likes[i];
  }
  f->n = n;
}

// Shares of an item with more than 12 keys leave a little over: less than a thousandth.
static unsigned items_of(uint64_t weight) {
  return (unsigned)((weight + WHOLE / 2) / WHOLE);
}

static int64_t left_at(const struct search *f, unsigned percent) {
  uint64_t rank = vsm_chance_rank(percent, f->weight), below = 0;
  size_t i = 0;
  while (i + 1 < f->n && (below += f->likes[i].weight) < rank)
    i++;
  return f->likes[i].left;
}

// Each stay against those of items that had finished by then.
static void test_likes(const struct search *f, struct vsm_forecast_view *out) {
  size_t tests = f->n < TESTS_MOST ? f->n : TESTS_MOST;
  for (size_t i = 0; i < tests; i++) {
    const struct like *truth = &f->likes[i * f->n / tests];
    uint64_t known = 0, shorter = 0;
    for (size_t k = 0; k < f->n; k++)
      if (f->likes[k].at + f->likes[k].left <= truth->at) {
        known += f->likes[k].weight;
        shorter += f->likes[k].left < truth->left ? f->likes[k].weight : 0;
      }
    if (items_of(known) < VSM_FORECAST_LIKE_MIN)
      continue;
    out->tests++;
    for (unsigned c = 0; c < VSM_CHANCES; c++)
      out->chances[c].inside += shorter < vsm_chance_rank(vsm_chance_percent[c], known);
  }
}

static void tell(const struct vsm_core *core, struct search *f, struct vsm_forecast_view *out) {
  const struct vsm_calendar *calendar = f->s->model->calendar;
  out->like = items_of(f->weight);
  out->like_withdrawn = items_of(f->withdrawn);
  out->trouble = out->like < VSM_FORECAST_LIKE_MIN ? VSM_FORECAST_FEW_LIKE : VSM_FORECAST_TOLD;
  if (out->trouble != VSM_FORECAST_TOLD)
    return;
  settle(f);
  for (unsigned c = 0; c < VSM_CHANCES; c++) {
    int64_t when = core->now.us + left_at(f, vsm_chance_percent[c]);
    out->chances[c] =
        (struct vsm_forecast_chance){.told = true, .when = {when}, .day = vsm_calendar_date(calendar, when)};
  }
  test_likes(f, out);
}

// The open visit that opened last; where none is open, the one that was left last. False: it was in no stage yet.
static bool find_stand(const struct vsm_story *story, struct search *f, int64_t *since) {
  const struct vsm_visit *found = NULL;
  f->between = story->n_open == 0;
  for (size_t i = 0; i < story->n_visits; i++) {
    const struct vsm_visit *v = &story->visits[i];
    if ((!f->between && v->left) || is_late_news(v))
      continue;
    if (!found || (f->between ? v->left >= found->left : v->entered >= found->entered))
      found = v;
  }
  if (!found)
    return false;
  f->place = found->place;
  *since = f->between ? found->left : found->entered;
  return true;
}

int vsm_core_forecast_item(struct vsm_core *core, const struct vsm_forecast_query *q, struct vsm_forecast_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, q->stream);
  struct search f = {.s = s, .story = &core->retold.is, .oldest = core->now.us - VSM_SERIES_KEPT_US};
  uint32_t id = vsm_items_find(&s->items, q->item, vsm_hash(q->item, 0));
  int64_t since = 0;
  out->trouble = VSM_FORECAST_FEW_LIKE;
  if (id == (uint32_t)VSM_ITEM_NONE)
    return VSM_ENOENT;
  vsm_stream_fold(s, vsm_items_at(&s->items, id), (size_t)VSM_FOLD_ALL, f.story);
  if (!f.story->exists)
    return VSM_ENOENT;
  if (!f.story->open)
    return VSM_EINVAL;
  if (!find_stand(f.story, &f, &since))
    return 0;
  f.age = core->now.us > since ? core->now.us - since : 0;
  out->stage = f.between ? "" : s->model->stages[s->graph->at[f.place].declared].id;
  out->in_stage_seconds = vsm_seconds(f.age);
  search(&f, q->seed);
  tell(core, &f, out);
  free(f.keys);
  free(f.likes);
  return 0;
}
