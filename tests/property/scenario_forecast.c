// Forecasts: what they are told from is worked out anew from the visits and ends of items and compared exactly. The
// dice are the core's own, so of what they say only this is checked: that it lies where the exact distribution of the
// same days, added up, has it, as near as so many trials come.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/bottleneck.h"
#include "core/calendar.h"
#include "core/forecast.h"
#include "property/scenario_check.h"

enum { KEPT_DAYS = 400, DRAWN_MOST = 90, LEAST_DAYS = 20, LEAST_DONE = 10, LEAST_LIKE = 20 };

struct asked {
  struct check *c;
  unsigned stream;
  const struct vsm_stream *model;
  const struct ref_item *items;
  size_t n;
  int64_t now, today;
};

static void expect(const struct asked *a, const char *kind, const char *name, int64_t expected, int64_t got) {
  check_equal(a->c, kind, name, expected, got);
}

// ---- Days

static int64_t midnight(const struct asked *a, int64_t day) {
  return vsm_calendar_midnight(a->model->calendar, day);
}

static bool is_worked(const struct asked *a, int64_t day) {
  return ref_worked(a->model->calendar, midnight(a, day), midnight(a, day + 1)) > 0;
}

static uint64_t count(const struct ref_moment *moments, size_t n, int64_t from, int64_t to) {
  uint64_t found = 0;
  for (size_t i = 0; i < n; i++)
    found += moments[i].t >= from && moments[i].t < to;
  return found;
}

struct day {
  uint64_t finished, withdrawn, began;
};

static struct day day_of(const struct asked *a, int64_t day) {
  int64_t from = midnight(a, day), to = midnight(a, day + 1);
  struct day d = {0};
  for (size_t i = 0; i < a->n; i++) {
    const struct ref_fold *f = &a->items[i].fold;
    d.finished += count(f->finished, f->n_finished, from, to);
    d.withdrawn += count(f->withdrawn, f->n_withdrawn, from, to);
    d.began += count(f->reopened, f->n_reopened, from, to) + (f->ever && f->started >= from && f->started < to);
  }
  return d;
}

// The days drawn from.
struct drawn {
  int64_t first;
  unsigned n;
  uint64_t done[DRAWN_MOST], all, began, ended;
  bool worked[DRAWN_MOST];
};

static struct drawn draw_from(const struct asked *a, bool ended) {
  struct drawn d = {.first = a->today};
  int64_t first = a->today - (KEPT_DAYS - 1);
  for (; first < a->today; first++) {
    struct day day = day_of(a, first);
    if (day.finished + (ended ? day.withdrawn : 0) > 0)
      break;
  }
  for (int64_t day = first + 1; day < a->today; day++) {
    if (a->today - day > DRAWN_MOST)
      continue;
    struct day x = day_of(a, day);
    d.first = d.n == 0 ? day : d.first;
    d.worked[d.n] = is_worked(a, day);
    d.done[d.n] = x.finished + (ended ? x.withdrawn : 0);
    d.all += d.done[d.n++];
    d.began += x.began;
    d.ended += x.finished + x.withdrawn;
  }
  return d;
}

// By how much the newer half differs from what all days let expect of it, in units of what it may: above 1 is unlike.
static double unlikeness(const struct drawn *d) {
  double off = 0, expected = 0, variance = 0;
  for (int worked = 0; worked < 2; worked++) {
    double n1 = 0, n2 = 0, s1 = 0, s2 = 0, squares = 0;
    for (unsigned i = 0; i < d->n; i++) {
      double x = (double)d->done[i];
      if (d->worked[i] != worked)
        continue;
      squares += x * x;
      *(i < d->n / 2 ? &n1 : &n2) += 1;
      *(i < d->n / 2 ? &s1 : &s2) += x;
    }
    double n = n1 + n2, sum = s1 + s2;
    if (n == 0)
      continue;
    expected += n2 * sum / n;
    off += s2 - n2 * sum / n;
    variance += n > 1 ? (squares - sum * sum / n) / (n - 1) * n1 * n2 / n : 0;
  }
  return fabs(off) / fmax(fmax(expected / 7, 3 * sqrt(variance)), 1e-9);
}

static enum vsm_forecast_trouble trouble_of(const struct drawn *d) {
  return d->n < LEAST_DAYS     ? VSM_FORECAST_FEW_DAYS
         : d->all < LEAST_DONE ? VSM_FORECAST_FEW_DONE
         : unlikeness(d) > 1   ? VSM_FORECAST_UNSTABLE
                               : VSM_FORECAST_TOLD;
}

// ---- What drawn days add up to, exactly

struct sums {
  double *p; // of each sum
  size_t n;
};

static struct sums next_day(const struct asked *a, const struct sums *s, const struct drawn *d, int64_t day) {
  uint64_t most = 0;
  double pool = 0;
  for (unsigned i = 0; i < d->n; i++)
    most = d->done[i] > most ? d->done[i] : most;
  struct sums next = {vsm_arena_zalloc(a->c->arena, (s->n + most) * sizeof *next.p), s->n + most};
  for (unsigned i = 0; i < d->n; i++)
    pool += d->worked[i] == is_worked(a, day);
  for (unsigned i = 0; i < d->n; i++)
    for (size_t k = 0; k < s->n && d->worked[i] == is_worked(a, day); k++)
      next.p[k + d->done[i]] += s->p[k] / pool;
  for (size_t k = 0; k < s->n && pool == 0; k++)
    next.p[k] = s->p[k];
  return next;
}

static double at_least(const struct sums *s, uint64_t items) {
  double p = 0;
  for (size_t i = items; i < s->n; i++)
    p += s->p[i];
  return p;
}

static double tolerance(const struct vsm_forecast_view *v) {
  return 2.5 / sqrt((double)v->trials); // five standard deviations of a half
}

static void compare_when(const struct asked *a, const struct drawn *d, const struct vsm_forecast_view *got) {
  enum { AHEAD = 40 };
  double one = 1, reached[AHEAD + 1] = {got->items == 0};
  struct sums s = {&one, 1};
  for (int i = 1; i <= AHEAD; i++) {
    s = next_day(a, &s, d, a->today + i);
    reached[i] = at_least(&s, got->items);
  }
  for (unsigned i = 0; i < VSM_CHANCES; i++) {
    const struct vsm_forecast_chance *x = &got->chances[i];
    double chance = vsm_chance_percent[i] / 100.0;
    int64_t day = x->day - a->today;
    if (!x->told || day > AHEAD) { // so it is not reached by then
      expect(a, "forecast of items", "not before it is", 1, reached[AHEAD] <= chance + tolerance(got));
      continue;
    }
    expect(a, "forecast of items", "reached by that day", 1, reached[day] >= chance - tolerance(got));
    expect(a, "forecast of items", "not by the day before", 1, day == 0 || reached[day - 1] <= chance + tolerance(got));
    if (got->items > 0)
      expect(a, "forecast of items", "the end of that day", midnight(a, x->day + 1), x->when.us);
  }
}

static void compare_how_many(const struct asked *a, const struct drawn *d, const struct vsm_forecast_view *got) {
  double one = 1;
  struct sums s = {&one, 1};
  for (int64_t day = a->today + 1; day <= got->by; day++)
    s = next_day(a, &s, d, day);
  for (unsigned i = 0; i < VSM_CHANCES; i++) {
    const struct vsm_forecast_chance *x = &got->chances[i];
    double chance = vsm_chance_percent[i] / 100.0;
    expect(a, "forecast by a day", "so many", 1, at_least(&s, x->items) >= chance - tolerance(got));
    expect(a, "forecast by a day", "no more", 1, at_least(&s, x->items + 1) <= chance + tolerance(got));
  }
}

// More is promised with less chance, and so comes true less often.
static void compare_tests(const struct asked *a, const char *kind, const struct vsm_forecast_view *got) {
  for (unsigned i = 0; i < VSM_CHANCES; i++)
    expect(a, kind, "back-tests that came true", 1,
           got->chances[i].inside <= got->tests && (i == 0 || got->chances[i - 1].inside <= got->chances[i].inside));
}

static void check_days(const struct asked *a, struct vsm_forecast_query q) {
  struct vsm_forecast_view got;
  const char *kind = vsm_forecast_kind_name(q.kind);
  struct drawn d = draw_from(a, q.kind == VSM_FORECAST_OPEN);
  expect(a, kind, "error", 0, vsm_core_forecast(a->c->core, &q, a->c->arena, &got));
  expect(a, kind, "days drawn from", d.n, got.days);
  expect(a, kind, "the first of them", d.first, got.first_day);
  expect(a, kind, "done in them", (int64_t)d.all, (int64_t)got.done);
  expect(a, kind, "begun in them", (int64_t)d.began, (int64_t)got.started);
  expect(a, kind, "ended in them", (int64_t)d.ended, (int64_t)got.ended);
  double growth = (double)d.began - (double)d.ended - 1;
  expect(a, kind, "growing", growth > 0 && growth * growth > 4 * (double)(d.began + d.ended), got.growing);
  if (d.n < LEAST_DAYS || d.all < LEAST_DONE || fabs(unlikeness(&d) - 1) > 1e-9)
    expect(a, kind, "trouble", trouble_of(&d), got.trouble);
  if (a->c->wrong || got.trouble != VSM_FORECAST_TOLD)
    return;
  if (q.kind == VSM_FORECAST_BY)
    compare_how_many(a, &d, &got);
  else
    compare_when(a, &d, &got);
  compare_tests(a, kind, &got);
}

// ---- One item

// Where an item stands, or stood.
struct stand {
  int stage; // -1: it was in none yet
  bool between;
  int64_t since;
};

static struct stand stand_of(const struct ref_fold *f) {
  struct stand s = {-1, true, INT64_MIN};
  for (size_t i = 0; i < f->n_visits; i++)
    s.between = s.between && f->visits[i].how != VSM_OPEN;
  for (size_t i = 0; i < f->n_visits; i++) {
    const struct ref_visit *v = &f->visits[i];
    int64_t at = s.between ? v->left : v->entered;
    if (v->late || (!s.between && v->how != VSM_OPEN) || at < s.since)
      continue;
    s.stage = v->stage;
    s.since = at;
  }
  return s;
}

static int64_t last_end(const struct ref_fold *f) {
  int64_t end = 0;
  for (size_t i = 0; i < f->n_finished; i++)
    end = f->finished[i].t > end ? f->finished[i].t : end;
  for (size_t i = 0; i < f->n_withdrawn; i++)
    end = f->withdrawn[i].t > end ? f->withdrawn[i].t : end;
  return end;
}

// Until when an item was between stages that left a visit: the next entry or end; at once where it is elsewhere.
static int64_t between_until(const struct ref_fold *f, size_t visit) {
  int64_t left = f->visits[visit].left, until = INT64_MAX;
  for (size_t i = 0; i < f->n_finished; i++)
    until = f->finished[i].t >= left && f->finished[i].t < until ? f->finished[i].t : until;
  for (size_t i = 0; i < f->n_withdrawn; i++)
    until = f->withdrawn[i].t >= left && f->withdrawn[i].t < until ? f->withdrawn[i].t : until;
  for (size_t i = 0; i < f->n_visits; i++) {
    const struct ref_visit *v = &f->visits[i];
    if (i == visit || v->late || (v->how != VSM_OPEN && v->left <= left))
      continue;
    int64_t from = v->entered > left ? v->entered : left;
    until = from < until ? from : until;
  }
  return until;
}

static bool is_said(const struct ref_item *item, int stage) {
  for (size_t i = 0; i < item->n_transitions; i++)
    if (item->transitions[i].stage == stage)
      return true;
  return false;
}

struct like {
  int64_t at, left; // when it stood so, and how long it took from there
};

struct likes {
  struct like *at;
  size_t n;
  uint64_t withdrawn;
};

static void add_stays(const struct asked *a, const struct ref_item *item, const struct stand *s, struct likes *likes) {
  const struct ref_fold *f = &item->fold;
  int64_t age = a->now > s->since ? a->now - s->since : 0, end = last_end(f);
  if (f->open || !f->ever || end < a->now - KEPT_DAYS * VSM_DAY_US || !is_said(item, s->stage))
    return;
  for (size_t i = 0; i < f->n_visits; i++) {
    const struct ref_visit *v = &f->visits[i];
    int64_t begin = s->between ? v->left : v->entered;
    if (v->stage != s->stage || v->late || (s->between ? between_until(f, i) : v->left) - begin <= age)
      continue;
    if (f->ended_by == VSM_FINISH)
      REF_PUSH(a->c->arena, likes->at, likes->n, (struct like){begin + age, end - begin - age});
    else
      likes->withdrawn++;
  }
}

static int by_left(const void *pa, const void *pb) {
  const struct like *a = pa, *b = pb;
  return a->left != b->left ? (a->left < b->left ? -1 : 1) : (a->at > b->at) - (a->at < b->at);
}

// The stays told of from those of items that had finished by then: how often that came true. Of up to 100 stays all
// are.
static void compare_stays(const struct asked *a, const struct likes *likes, const struct vsm_forecast_view *got) {
  unsigned tests = 0, inside[VSM_CHANCES] = {0};
  for (size_t i = 0; i < likes->n; i++) {
    int64_t known[400];
    size_t n = 0;
    for (size_t k = 0; k < likes->n; k++) // in the order of what they took
      if (likes->at[k].at + likes->at[k].left <= likes->at[i].at)
        known[n++] = likes->at[k].left;
    if (n < LEAST_LIKE)
      continue;
    tests++;
    for (unsigned c = 0; c < VSM_CHANCES; c++)
      inside[c] += likes->at[i].left <= known[(n * vsm_chance_percent[c] + 99) / 100 - 1];
  }
  expect(a, "forecast of an item", "back-tests", tests, got->tests);
  for (unsigned c = 0; c < VSM_CHANCES; c++)
    expect(a, "forecast of an item", "back-tests that came true", inside[c], got->chances[c].inside);
}

static void check_item(const struct asked *a, const struct ref_item *item) {
  struct vsm_forecast_query q = {.stream = a->stream, .kind = VSM_FORECAST_ITEM, .item = vsm_str_of(item->shown)};
  struct vsm_forecast_view got;
  struct stand s = stand_of(&item->fold);
  struct likes likes = {0};
  expect(a, item->shown, "error", 0, vsm_core_forecast(a->c->core, &q, a->c->arena, &got));
  for (size_t i = 0; i < a->n && s.stage >= 0; i++)
    add_stays(a, &a->items[i], &s, &likes);
  if (likes.n > 0)
    qsort(likes.at, likes.n, sizeof *likes.at, by_left);
  expect(a, item->shown, "stands in", 0,
         strcmp(got.stage, s.stage < 0 || s.between ? "" : a->model->stages[s.stage].id));
  expect(a, item->shown, "stays like its", (int64_t)likes.n, got.like);
  expect(a, item->shown, "stays of items withdrawn", (int64_t)likes.withdrawn, got.like_withdrawn);
  expect(a, item->shown, "trouble", likes.n < LEAST_LIKE ? VSM_FORECAST_FEW_LIKE : VSM_FORECAST_TOLD, got.trouble);
  if (a->c->wrong || got.trouble != VSM_FORECAST_TOLD)
    return;
  for (unsigned c = 0; c < VSM_CHANCES; c++)
    expect(a, item->shown, "nearest rank", a->now + likes.at[(likes.n * vsm_chance_percent[c] + 99) / 100 - 1].left,
           got.chances[c].when.us);
  if (likes.n <= 100)
    compare_stays(a, &likes, &got);
}

// All items are looked at where there are few; and where they have up to 12 keys each of them counts whole.
static bool is_exact(const struct asked *a) {
  size_t keys = 0;
  for (size_t i = 0; i < a->n; i++) {
    keys += a->items[i].n_keys;
    if (a->items[i].n_keys > 12)
      return false;
  }
  return keys <= 1000;
}

void check_forecast(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items,
                    size_t n) {
  struct asked a = {c, stream, s, items, n, ref_now(c->ref), vsm_calendar_date(s->calendar, ref_now(c->ref))};
  unsigned looked_at = 0;
  if (n == 0 || a.today < KEPT_DAYS)
    return;
  check_days(&a, (struct vsm_forecast_query){.stream = stream, .kind = VSM_FORECAST_OPEN, .seed = 1});
  check_days(&a, (struct vsm_forecast_query){.stream = stream, .kind = VSM_FORECAST_ITEMS, .items = 1 + n / 20});
  for (int64_t ahead = 1; ahead <= 9; ahead += 4)
    check_days(&a, (struct vsm_forecast_query){
                       .stream = stream, .kind = VSM_FORECAST_BY, .by = a.today + ahead, .seed = (uint64_t)ahead});
  for (size_t i = 0; i < n && looked_at < 20 && !c->wrong && is_exact(&a); i++)
    if (items[i].fold.open) {
      check_item(&a, &items[i]);
      looked_at++;
    }
}
