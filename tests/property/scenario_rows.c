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
                int64_t age_us, int64_t item_age_us, int64_t due_us) {
  REF_PUSH(l->arena, l->text, l->n,
           vsm_arena_printf(l->arena, "%.*s at %d %s%s %lld %lld due %lld", (int)item.n, item.p, stage,
                            vsm_visit_state_name(state), wait, (long long)age_us, (long long)item_age_us,
                            (long long)due_us));
}

static int cmp_lines(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int64_t us_of(double seconds) {
  return (int64_t)(seconds * 1e6 + 0.5);
}

// What a suspended visit waits for.
static const char *wait_of(struct check *c, const struct ref_fold *f, size_t visit) {
  for (size_t i = 0; i < f->n_waits; i++)
    if (f->waits[i].visit == visit && f->waits[i].to == INT64_MAX)
      return vsm_arena_printf(c->arena, " for %s by %s", f->waits[i].reason, f->waits[i].party);
  return "";
}

static bool is_wanted(const struct ref_item *item, const struct vsm_items_query *q) {
  return q->attribute < 0 ||
         (item->segments[q->attribute] && vsm_str_eq(vsm_str_of(item->segments[q->attribute]), q->value));
}

static struct lines expected_rows(struct check *c, const struct vsm_stream *s, const struct ref_item *items, size_t n,
                                  const struct vsm_items_query *q) {
  struct lines l = {.arena = c->arena};
  int64_t now = ref_now(c->ref);
  for (size_t i = 0; i < n; i++) {
    const struct ref_fold *f = &items[i].fold;
    struct vsm_str shown = vsm_str_of(items[i].shown);
    int64_t age = ref_worked(s->calendar, f->started, now), due = items[i].due[REF_STAGES_MAX];
    bool between = f->open;
    if (!is_wanted(&items[i], q))
      continue;
    for (size_t k = 0; k < f->n_visits; k++) {
      const struct ref_visit *v = &f->visits[k];
      if (v->how != VSM_OPEN)
        continue;
      between = false;
      if ((q->stage < 0 || q->stage == v->stage) && (q->state < 0 || q->state == (int)v->state))
        add(&l, shown, v->stage, v->state, wait_of(c, f, k), ref_worked(s->stages[v->stage].calendar, v->entered, now),
            age, items[i].due[v->stage] ? items[i].due[v->stage] : due);
    }
    if (between && q->stage < 0 && (q->state < 0 || q->state == VSM_BETWEEN))
      add(&l, shown, -1, VSM_BETWEEN, "", 0, age, due);
  }
  return l;
}

static struct lines rows_of(struct check *c, struct vsm_items_query query) {
  struct lines l = {.arena = c->arena};
  int64_t before = INT64_MAX;
  do {
    struct vsm_item_row *rows = NULL;
    struct vsm_str cursor = {0};
    long n = vsm_core_items(c->core, &query, c->arena, &rows, &cursor);
    check_equal(c, "a page", "rows", 1, n >= 0 && n <= (long)query.limit);
    for (long i = 0; i < n; i++) {
      int64_t in_stage = rows[i].stage < 0 ? 0 : us_of(rows[i].in_stage_seconds);
      int64_t by = us_of(query.stage < 0 ? rows[i].age_seconds : rows[i].in_stage_seconds);
      if (query.sort == VSM_BY_PACE)
        by = *rows[i].pace ? (int64_t)rows[i].pace_percentile : -1;
      check_equal(c, "rows", "in their order", 1, by <= before || query.sort == VSM_BY_LAST);
      before = by;
      const char *wait =
          rows[i].state != VSM_SUSPENDED
              ? ""
              : vsm_arena_printf(c->arena, " for %.*s by %s", (int)rows[i].reason.n, rows[i].reason.p, rows[i].party);
      add(&l, rows[i].item, rows[i].stage, rows[i].state, wait, in_stage, us_of(rows[i].age_seconds), rows[i].due.us);
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

static void compare_query(struct check *c, const struct vsm_stream *s, const struct ref_item *items, size_t n,
                          struct vsm_items_query query) {
  compare_lines(c, expected_rows(c, s, items, n, &query), rows_of(c, query));
}

void check_rows(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items, size_t n) {
  static const unsigned limits[] = {1, 3, 1000};
  struct vsm_items_query all = {.stream = (int)stream, .stage = -1, .state = -1, .attribute = -1}, query;
  all.limit = limits[n % 3];
  for (all.sort = VSM_BY_AGE; all.sort <= VSM_BY_LAST; all.sort++) {
    compare_query(c, s, items, n, query = all);
    for (query.stage = 0; query.stage < (int)s->n_stages && (all.sort == VSM_BY_AGE || n % 4 == 0); query.stage++)
      compare_query(c, s, items, n, query);
    for (query = all; query.attribute + 1 < (int)s->n_segments;) {
      query.attribute++;
      const char *value = n ? items[n / 2].segments[query.attribute] : NULL;
      query.value = vsm_str_of(value ? value : "nobody has it");
      compare_query(c, s, items, n, query);
    }
  }
  all.sort = VSM_BY_AGE;
  for (query = all, query.state = VSM_QUEUED; query.state <= VSM_BETWEEN; query.state++)
    compare_query(c, s, items, n, query);
}
