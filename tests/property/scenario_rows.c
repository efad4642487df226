// The pages of open visits: all of them, each once, oldest first, by stage and state too.
#include <stdlib.h>
#include <string.h>

#include "property/scenario_check.h"

struct lines {
  struct vsm_arena *arena;
  const char **text;
  size_t n;
};

static void add(struct lines *l, struct vsm_str item, int stage, enum vsm_visit_state state, const char *wait,
                int64_t age_us, int64_t item_age_us) {
  REF_PUSH(l->arena, l->text, l->n,
           vsm_arena_printf(l->arena, "%.*s at %d %s%s %lld %lld", (int)item.n, item.p, stage,
                            vsm_visit_state_name(state), wait, (long long)age_us, (long long)item_age_us));
}

static int cmp_lines(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int64_t age(int64_t now, int64_t since) {
  return now > since ? now - since : 0;
}

static int64_t us_of(double seconds) {
  return (int64_t)(seconds * 1e6 + 0.5);
}

// What a suspended visit waits for: what the last suspend of its stage said.
static const char *wait_of(struct check *c, const struct ref_item *item, const struct ref_visit *v) {
  const char *wait = "";
  for (size_t i = 0; v->state == VSM_SUSPENDED && i < item->n_transitions; i++) {
    const struct ref_transition *t = &item->transitions[i];
    if (t->stage == v->stage && t->lifecycle == VSM_SUSPEND)
      wait = vsm_arena_printf(c->arena, " for %s by %s", t->reason, t->party);
  }
  return wait;
}

static struct lines expected_rows(struct check *c, const struct ref_item *items, size_t n, int stage, int state) {
  struct lines l = {.arena = c->arena};
  int64_t now = ref_now(c->ref);
  for (size_t i = 0; i < n; i++) {
    const struct ref_fold *f = &items[i].fold;
    struct vsm_str shown = vsm_str_of(items[i].shown);
    bool between = f->open;
    for (size_t k = 0; k < f->n_visits; k++) {
      const struct ref_visit *v = &f->visits[k];
      if (v->how != VSM_OPEN)
        continue;
      between = false;
      if ((stage < 0 || stage == v->stage) && (state < 0 || state == (int)v->state))
        add(&l, shown, v->stage, v->state, wait_of(c, &items[i], v), age(now, v->entered), age(now, f->started));
    }
    if (between && stage < 0 && (state < 0 || state == VSM_BETWEEN))
      add(&l, shown, -1, VSM_BETWEEN, "", 0, age(now, f->started));
  }
  return l;
}

static struct lines rows_of(struct check *c, struct vsm_items_query query) {
  struct lines l = {.arena = c->arena};
  int64_t oldest = INT64_MAX;
  do {
    struct vsm_item_row *rows = NULL;
    struct vsm_str cursor = {0};
    long n = vsm_core_items(c->core, &query, c->arena, &rows, &cursor);
    check_equal(c, "a page", "rows", 1, n >= 0 && n <= (long)query.limit);
    for (long i = 0; i < n; i++) {
      int64_t in_stage = rows[i].stage < 0 ? 0 : us_of(rows[i].in_stage_seconds);
      int64_t by = us_of(query.stage < 0 ? rows[i].age_seconds : rows[i].in_stage_seconds);
      check_equal(c, "rows", "oldest first", 1, by <= oldest);
      oldest = by;
      const char *wait =
          rows[i].state != VSM_SUSPENDED
              ? ""
              : vsm_arena_printf(c->arena, " for %.*s by %s", (int)rows[i].reason.n, rows[i].reason.p, rows[i].party);
      add(&l, rows[i].item, rows[i].stage, rows[i].state, wait, in_stage, us_of(rows[i].age_seconds));
    }
    query.cursor = cursor;
  } while (query.cursor.n > 0 && l.n < 10000);
  return l;
}

static void compare_lines(struct check *c, struct lines expected, struct lines got) {
  check_equal(c, "rows", "in all pages", (int64_t)expected.n, (int64_t)got.n);
  if (expected.n)
    qsort(expected.text, expected.n, sizeof *expected.text, cmp_lines);
  if (got.n)
    qsort(got.text, got.n, sizeof *got.text, cmp_lines);
  for (size_t i = 0; i < expected.n && i < got.n; i++)
    if (strcmp(expected.text[i], got.text[i]) != 0) {
      check_equal(c, expected.text[i], got.text[i], 1, 0);
      return;
    }
}

void check_rows(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items, size_t n) {
  static const unsigned limits[] = {1, 3, 1000};
  struct vsm_items_query query = {.stream = (int)stream, .stage = -1, .state = -1, .attribute = -1};
  query.limit = limits[n % 3];
  compare_lines(c, expected_rows(c, items, n, -1, -1), rows_of(c, query));
  for (query.stage = 0; query.stage < (int)s->n_stages; query.stage++)
    compare_lines(c, expected_rows(c, items, n, query.stage, -1), rows_of(c, query));
  query.stage = -1;
  for (query.state = VSM_QUEUED; query.state <= VSM_BETWEEN; query.state++)
    compare_lines(c, expected_rows(c, items, n, -1, query.state), rows_of(c, query));
}
