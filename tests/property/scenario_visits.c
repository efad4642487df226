// Single finished visits: in every window as many as its cycle times (lead times) are counted of, and altogether as
// long; those of all time are the reference's; and of a few the newest ones are wanted, none that is newer is left out.
#include <stdlib.h>
#include <string.h>

#include "property/scenario_check.h"

enum { EVERY = 1000000 };

struct found {
  struct vsm_finished_row *rows;
  size_t n;
  struct vsm_visits_view last; // page
};

static struct found ask(struct check *c, struct vsm_visits_query query) {
  struct found f = {0};
  do {
    check_equal(c, "visits", "error", 0, vsm_core_visits(c->core, &query, c->arena, &f.last));
    for (size_t i = 0; i < f.last.n; i++)
      REF_PUSH(c->arena, f.rows, f.n, f.last.rows[i]);
    query.cursor = f.last.cursor;
  } while (query.cursor.n > 0 && f.n < EVERY);
  return f;
}

static int64_t whole_us(struct vsm_dist_view d) {
  return (int64_t)(d.mean * (double)d.count * 1e6 + 0.5);
}

static void check_window(struct check *c, struct found f, const char *window, struct vsm_dist_view d) {
  int64_t sum = 0;
  for (size_t i = 0; i < f.n; i++)
    sum += f.rows[i].cycle_us;
  check_equal(c, "visits", window, (int64_t)d.count, (int64_t)f.n);
  check_equal(c, "visits that are left out", window, false, f.last.more);
  check_equal(c, "their times", window, true, llabs(sum - whole_us(d)) <= 1 + (int64_t)d.count);
}

// The reference's, as text, so that two lists can be held against each other.
static const char *line(struct check *c, const char *item, size_t n, int64_t entered, int64_t left, int64_t cycle,
                        int64_t queued, int64_t active, int64_t suspended) {
  return vsm_arena_printf(c->arena, "%.*s %lld %lld: %lld of %lld %lld %lld", (int)n, item, (long long)entered,
                          (long long)left, (long long)cycle, (long long)queued, (long long)active,
                          (long long)suspended);
}

static int cmp_lines(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_stage(struct check *c, struct found f, const struct ref_item *items, size_t n, int stage) {
  const char **expected = NULL, **got = NULL;
  size_t n_expected = 0, n_got = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < items[i].fold.n_visits; k++) {
      const struct ref_visit *v = &items[i].fold.visits[k];
      if (v->stage == stage && v->how == VSM_COMPLETED && !v->unobserved)
        REF_PUSH(c->arena, expected, n_expected,
                 line(c, items[i].shown, strlen(items[i].shown), v->entered, v->left,
                      v->queued + v->active + v->suspended, v->queued, v->active, v->suspended));
    }
  for (size_t i = 0; i < f.n; i++) {
    const struct vsm_finished_row *r = &f.rows[i];
    REF_PUSH(c->arena, got, n_got,
             line(c, r->item.p, r->item.n, r->entered.us, r->left.us, r->cycle_us, r->queued_us, r->active_us,
                  r->suspended_us));
  }
  check_equal(c, "visits", "of the reference", (int64_t)n_expected, (int64_t)n_got);
  if (n_expected > 0)
    qsort(expected, n_expected, sizeof *expected, cmp_lines);
  if (n_got > 0)
    qsort(got, n_got, sizeof *got, cmp_lines);
  for (size_t i = 0; i < n_expected && i < n_got; i++)
    if (strcmp(expected[i], got[i]) != 0) {
      check_equal(c, expected[i], got[i], 1, 0);
      return;
    }
}

// What the limit leaves out is older than all that is told, and as many as it asks for are told.
static void check_newest(struct check *c, struct found all, struct vsm_visits_query query) {
  size_t newer = 0;
  query.limit = 2;
  struct found few = ask(c, query);
  for (size_t i = 0; i < all.n; i++)
    newer += all.rows[i].left.us >= few.last.since.us;
  check_equal(c, "visits", "of the newest", (int64_t)newer, (int64_t)few.n);
  check_equal(c, "visits", "at least as many as wanted", true, few.n >= query.limit || few.n == all.n);
  check_equal(c, "visits", "that there are more", few.n < all.n, few.last.more && few.n < all.n);
}

static void check_segment(struct check *c, const struct vsm_stream *s, const char *value, struct found all,
                          struct vsm_visits_query query) {
  size_t expected = 0;
  if (!value)
    return;
  query.attribute = 0;
  query.value = vsm_str_of(value);
  for (size_t i = 0; i < all.n; i++)
    for (unsigned k = 0; k < all.rows[i].n_segments; k++)
      expected += strcmp(all.rows[i].segments[k].attribute, s->segments[0]) == 0 &&
                  vsm_str_eq(all.rows[i].segments[k].value, query.value);
  check_equal(c, "visits", "of a segment", (int64_t)expected, (int64_t)ask(c, query).n);
}

// One node at a time: which one, the number of items says.
void check_visits(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items, size_t n,
                  const struct vsm_stream_view *figures) {
  struct vsm_visits_query query = {.stream = stream, .attribute = -1, .limit = EVERY};
  const struct vsm_stage_view *stage = NULL;
  struct found all;
  query.stage = (int)(n % (s->n_stages + 1)) - 1;
  for (unsigned i = 0; query.stage >= 0 && (!stage || strcmp(stage->id, s->stages[query.stage].id) != 0); i++)
    stage = &figures->stages[i];
  for (query.window = s->n_windows;; query.window--) {
    all = ask(c, query);
    check_window(c, all, figures->windows[query.window].window,
                 stage ? stage->windows[query.window].cycle_time : figures->windows[query.window].lead_time);
    if (query.window == 0)
      break;
  }
  if (query.stage >= 0)
    check_stage(c, all, items, n, query.stage);
  check_newest(c, all, query);
  if (s->n_segments > 0)
    check_segment(c, s, n > 0 ? items[n / 2].segments[0] : NULL, all, query);
}
