// Forecasts of a core that was told a history. Whatever the order of arrival, the answer is the same.
#include "core/forecast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "lib/rig.h"
#include "tests/lib/test.h"

enum { ITEMS = 4000, EVENTS_MOST = 6 * ITEMS, END_DAY = 100 };
#define T0 (20000 * VSM_DAY_US)

static const uint16_t second[] = {1};
static const struct vsm_stage stages[] = {{.id = "first", .name = "First", .next = second, .n_next = 1},
                                          {.id = "second", .name = "Second", .to_outcome = true}};
static const struct vsm_stream stream = {.id = "S", .name = "S", .outcome = "done", .stages = stages, .n_stages = 2};

struct history {
  struct vsm_arena arena;
  struct vsm_model *model;
  struct vsm_event events[EVENTS_MOST];
  struct vsm_attr links[ITEMS];
  unsigned n;
};

static int setup(void **state) {
  struct history *h = calloc(1, sizeof *h);
  struct vsm_field *field;
  struct vsm_template *link;
  vsm_arena_init(&h->arena, 0);
  h->model = rig_model(&stream, 1, &h->arena);
  field = vsm_arena_zalloc(&h->arena, sizeof *field);
  link = vsm_arena_zalloc(&h->arena, sizeof *link);
  *field = (struct vsm_field){VSM_F_DATA, VSM_STR("link")};
  *link = (struct vsm_template){field, 1};
  struct vsm_rule *rules = vsm_arena_alloc(&h->arena, h->model->n_rules * sizeof *rules);
  memcpy(rules, h->model->rules, h->model->n_rules * sizeof *rules);
  for (unsigned i = 0; i < h->model->n_rules; i++) {
    rules[i].links = link;
    rules[i].n_links = 1;
  }
  h->model->rules = rules;
  *state = h;
  return 0;
}

static int teardown(void **state) {
  struct history *h = *state;
  vsm_arena_fini(&h->arena);
  free(h);
  return 0;
}

static const char *name_of(struct history *h, const char *what, unsigned i) {
  return vsm_arena_printf(&h->arena, "%s%u", what, i);
}

static void tell(struct history *h, unsigned item, int stage, enum vsm_lifecycle l, int64_t us) {
  assert_true(h->n < EVENTS_MOST);
  if (us > T0 + END_DAY * VSM_DAY_US)
    return; // not yet
  h->events[h->n++] = rig_event(&stream, stage, l, name_of(h, "i", item), us, &h->arena);
}

static struct vsm_core *play(struct history *h) {
  struct vsm_core *core = vsm_core_create(h->model);
  struct vsm_effects fx = {.quiet = true};
  for (unsigned i = 0; i < h->n; i++) {
    assert_int_equal(vsm_core_step(core, &h->events[i], &fx), 0);
    assert_int_equal(fx.result, VSM_APPLIED);
  }
  vsm_effects_fini(&fx);
  return core;
}

static void shuffle(struct history *h, uint64_t seed) {
  for (unsigned i = h->n; i > 1; i--) {
    unsigned k = (unsigned)test_below(&seed, i);
    struct vsm_event e = h->events[k];
    h->events[k] = h->events[i - 1];
    h->events[i - 1] = e;
  }
}

static int forecast(struct vsm_core *core, struct history *h, struct vsm_forecast_query query,
                    struct vsm_forecast_view *out) {
  return vsm_core_forecast(core, &query, &h->arena, out);
}

// Two items a day from day 0 on, each one day in either stage; the last day begins a further one, which stays.
static void steady(struct history *h, unsigned days) {
  for (unsigned i = 0; i < 2 * days; i++) {
    int64_t at = T0 + (int64_t)(i / 2) * VSM_DAY_US + (i % 2) * VSM_HOUR_US;
    tell(h, i, 0, VSM_START, at);
    tell(h, i, 0, VSM_COMPLETE, at + VSM_DAY_US);
    tell(h, i, 1, VSM_START, at + VSM_DAY_US);
    tell(h, i, 1, VSM_COMPLETE, at + 2 * VSM_DAY_US);
  }
  tell(h, 2 * days, 0, VSM_START, T0 + (int64_t)days * VSM_DAY_US + 12 * VSM_HOUR_US);
}

static void a_steady_stream(void **state) {
  struct history *h = *state;
  struct vsm_forecast_view v;
  steady(h, 60);
  struct vsm_core *core = play(h); // the last finish is on day 61, which is today
  int64_t today = T0 / VSM_DAY_US + 61;
  assert_int_equal(forecast(core, h, (struct vsm_forecast_query){.kind = VSM_FORECAST_ITEMS, .items = 10}, &v), 0);
  assert_int_equal(v.trouble, VSM_FORECAST_TOLD);
  assert_int_equal(v.days, 58); // the first finish was on day 2: days 3 to 60
  assert_int_equal(v.done, 116);
  for (unsigned c = 0; c < VSM_CHANCES; c++) {
    assert_int_equal(v.chances[c].day, today + 5);
    assert_int_equal(v.chances[c].when.us, (today + 6) * VSM_DAY_US); // its end
    assert_int_equal(v.chances[c].inside, v.tests);
  }
  assert_int_equal(v.test_days, 5);
  assert_int_equal(v.tests, 58 - 5 - 20 + 1);
  struct vsm_forecast_query by = {.kind = VSM_FORECAST_BY, .by = today + 7};
  assert_int_equal(forecast(core, h, by, &v), 0);
  assert_true(v.chances[0].items == 14 && v.chances[2].items == 14);
  by.by = today;
  assert_int_equal(forecast(core, h, by, &v), VSM_EINVAL);
  by.by = today + VSM_FORECAST_AHEAD + 1;
  assert_int_equal(forecast(core, h, by, &v), VSM_EINVAL);
  assert_int_equal(forecast(core, h, (struct vsm_forecast_query){.kind = VSM_FORECAST_OPEN}, &v), 0);
  assert_int_equal(v.items, 1);
  assert_int_equal(v.chances[2].day, today + 1);
  vsm_core_destroy(core);
}

static void one_item(void **state) {
  struct history *h = *state;
  struct vsm_forecast_view v;
  steady(h, 60);
  struct vsm_core *core = play(h);
  int64_t now = vsm_core_now(core).us; // i120 began half a day less an hour after i119, and has been there since
  int64_t age = now - (T0 + 60 * VSM_DAY_US + 12 * VSM_HOUR_US);
  struct vsm_forecast_query q = {.kind = VSM_FORECAST_ITEM, .item = VSM_STR("i120")};
  assert_int_equal(forecast(core, h, q, &v), 0);
  assert_int_equal(v.trouble, VSM_FORECAST_TOLD);
  assert_string_equal(v.stage, "first");
  assert_int_equal(v.like, 120);
  assert_int_equal(v.like_withdrawn, 0);
  for (unsigned c = 0; c < VSM_CHANCES; c++) {
    assert_int_equal(v.chances[c].when.us, now + 2 * VSM_DAY_US - age);
    assert_int_equal(v.chances[c].inside, v.tests);
  }
  assert_true(v.tests > 60 && v.tests <= 100);
  q.item = VSM_STR("i5");
  assert_int_equal(forecast(core, h, q, &v), VSM_EINVAL); // finished
  q.item = VSM_STR("i999");
  assert_int_equal(forecast(core, h, q, &v), VSM_ENOENT);
  vsm_core_destroy(core);
}

// None took as long as this one has.
static void nothing_like_it(void **state) {
  struct history *h = *state;
  struct vsm_forecast_view v;
  steady(h, 60);
  tell(h, 121, 0, VSM_START, T0 + 55 * VSM_DAY_US);
  struct vsm_core *core = play(h);
  struct vsm_forecast_query q = {.kind = VSM_FORECAST_ITEM, .item = VSM_STR("i121")};
  assert_int_equal(forecast(core, h, q, &v), 0);
  assert_int_equal(v.trouble, VSM_FORECAST_FEW_LIKE);
  assert_int_equal(v.like, 0);
  vsm_core_destroy(core);
}

static void a_core_that_knows_nothing(void **state) {
  struct history *h = *state;
  struct vsm_forecast_view v;
  struct vsm_core *core = play(h);
  assert_int_equal(forecast(core, h, (struct vsm_forecast_query){.kind = VSM_FORECAST_OPEN}, &v), 0);
  assert_int_equal(v.trouble, VSM_FORECAST_FEW_DAYS);
  assert_int_equal(v.days, 0);
  vsm_core_destroy(core);
}

// Items of one key or two, more than are looked at for one answer; some withdrawn, and what lies ahead is not told yet.
static void random_history(struct history *h, uint64_t seed) {
  for (unsigned i = 0; i < ITEMS; i++) {
    int64_t at = T0 + (int64_t)test_below(&seed, END_DAY * 86400) * VSM_SECOND_US;
    tell(h, i, 0, VSM_START, at);
    if (test_below(&seed, 2)) {
      h->links[i] = (struct vsm_attr){VSM_STR("link"), vsm_str_of(name_of(h, "l", i))};
      h->events[h->n - 1].attrs = &h->links[i];
      h->events[h->n - 1].n_attrs = 1;
    }
    if (test_below(&seed, 20) == 0) {
      tell(h, i, -1, VSM_WITHDRAW, at + (int64_t)test_below(&seed, 86400) * VSM_SECOND_US + 1);
      continue;
    }
    tell(h, i, 0, VSM_COMPLETE, at += (int64_t)test_below(&seed, 9 * 86400) * VSM_SECOND_US + 1);
    tell(h, i, 1, VSM_COMPLETE, at + (int64_t)test_below(&seed, 5 * 86400) * VSM_SECOND_US + 1);
  }
}

static void print(FILE *out, const struct vsm_forecast_view *v) {
  fprintf(out, "%s %u %u %llu %u %u %u %u", v->stage, v->trouble, v->days, (unsigned long long)v->done, v->like,
          v->like_withdrawn, v->tests, v->trials);
  for (unsigned c = 0; c < VSM_CHANCES; c++)
    fprintf(out, " %lld/%llu/%u", (long long)v->chances[c].when.us, (unsigned long long)v->chances[c].items,
            v->chances[c].inside);
  fputc('\n', out);
}

static char *ask_all(struct vsm_core *core, struct history *h, unsigned *told) {
  char *text = NULL;
  size_t n = 0;
  struct vsm_forecast_view v;
  FILE *out = open_memstream(&text, &n);
  struct vsm_forecast_query q[] = {{.kind = VSM_FORECAST_OPEN, .seed = 3},
                                   {.kind = VSM_FORECAST_ITEMS, .items = 500, .seed = 3},
                                   {.kind = VSM_FORECAST_BY, .by = vsm_core_now(core).us / VSM_DAY_US + 20, .seed = 3}};
  for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
    assert_int_equal(forecast(core, h, q[i], &v), 0);
    print(out, &v);
  }
  for (unsigned i = 0; i < ITEMS; i++) {
    struct vsm_forecast_query item = {.kind = VSM_FORECAST_ITEM, .item = vsm_str_of(name_of(h, "i", i)), .seed = i % 5};
    if (forecast(core, h, item, &v) != 0)
      continue;
    *told += v.trouble == VSM_FORECAST_TOLD;
    print(out, &v);
  }
  fclose(out);
  return text;
}

static void the_order_of_arrival_does_not_matter(void **state) {
  struct history *h = *state;
  unsigned told = 0;
  random_history(h, 1);
  struct vsm_core *core = play(h);
  char *first = ask_all(core, h, &told);
  vsm_core_destroy(core);
  assert_true(told > 100);
  for (uint64_t seed = 1; seed <= 2; seed++) {
    shuffle(h, seed);
    core = play(h);
    char *again = ask_all(core, h, &told);
    assert_string_equal(again, first);
    free(again);
    vsm_core_destroy(core);
  }
  free(first);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(a_steady_stream),
      TEST(one_item),
      TEST(nothing_like_it),
      TEST(a_core_that_knows_nothing),
      TEST(the_order_of_arrival_does_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
