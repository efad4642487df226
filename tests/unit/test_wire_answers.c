// Answers that are worked out for the question: views made by hand are packed, and read back with protobuf-c alone.
#include "wire/reply.h"

#include <stdlib.h>

#include "base/err.h"
#include "tests/lib/packed.h"
#include "tests/lib/test.h"
#include "vsm/v1/query.pb-c.h"

static void test_bottleneck(void **state) {
  struct packed *x = *state;
  static const struct vsm_bottleneck_row rows[] = {
      {.stage = "b",
       .signals = {500000, 0, 250000, 750000},
       .score_ppm = 1500000,
       .wip = 10,
       .queued = 3,
       .suspended = 2,
       .arrivals = 4,
       .departures = 6,
       .older = 5,
       .queue_share = 0.25,
       .p85_seconds = 60,
       .older_usual_share = 0.125},
      {.stage = "a"},
  };
  static const struct vsm_bottleneck_view view = {"S-1", "24h", 86400, 3600, rows, 2};
  Vsm__V1__Reply *r = read_reply(x, vsm_reply_bottleneck((struct vsm_time){3}, &view, 1, &x->arena, &x->message),
                                 VSM__V1__REPLY__KIND_BOTTLENECK);
  assert_int_equal(r->bottleneck->time_unix_nano, 3000);
  const Vsm__V1__BottleneckStream *s = r->bottleneck->value_streams[0];
  assert_string_equal(s->value_stream, "S-1");
  assert_string_equal(s->window, "24h");
  assert_true(s->window_seconds == 86400 && s->observed_seconds == 3600 && s->n_stages == 2);
  const Vsm__V1__BottleneckStage *b = s->stages[0];
  assert_string_equal(b->stage, "b");
  assert_int_equal(b->rank, 1);
  assert_true(b->score == 1.5 && b->n_reasons == 3);
  static const char *const signals[] = {"late", "overload", "queue"};
  static const double weights[] = {0.75, 0.5, 0.25};
  for (int i = 0; i < 3; i++) {
    assert_string_equal(b->reasons[i]->signal, signals[i]);
    assert_true(b->reasons[i]->weight == weights[i]);
  }
  assert_true(b->wip == 10 && b->queued == 3 && b->suspended == 2 && b->arrivals == 4 && b->departures == 6);
  assert_true(b->growth == -2 && b->queue_share == 0.25 && b->p85_seconds == 60 && b->older == 5);
  assert_true(b->older_share == 0.5 && b->older_usual_share == 0.125);
  assert_int_equal(s->stages[1]->rank, 2);
  assert_int_equal(s->stages[1]->n_reasons, 0);
  vsm__v1__reply__free_unpacked(r, NULL);
}

static const struct vsm_forecast_view forecast_view = {
    .id = "S-1",
    .zone = "UTC",
    .kind = VSM_FORECAST_BY,
    .by = 20000,
    .chances = {{true, 9, {5}, 20000, 4}, {true, 8, {5}, 20000, 6}, {.told = false, .inside = 8}},
    .tests = 8,
    .test_days = 3,
    .trials = 10000,
    .first_day = 19900,
    .days = 90,
    .done = 77,
    .started = 80,
    .ended = 79,
    .growing = true,
    .stage = ""};

static void test_forecast(void **state) {
  struct packed *x = *state;
  struct vsm_forecast_query query = {.seed = 5};
  Vsm__V1__Reply *r =
      read_reply(x, vsm_reply_forecast((struct vsm_time){3}, &query, &forecast_view, &x->arena, &x->message),
                 VSM__V1__REPLY__KIND_FORECAST);
  const Vsm__V1__Forecast *f = r->forecast;
  assert_string_equal(f->value_stream, "S-1");
  assert_string_equal(f->kind, "by");
  assert_string_equal(f->by, "2024-10-04");
  assert_string_equal(f->trouble, "");
  assert_string_equal(f->first_date, "2024-06-26");
  assert_true(f->seed == 5 && f->trials == 10000 && f->tests == 8 && f->test_days == 3 && f->days == 90);
  assert_true(f->done == 77 && f->started == 80 && f->ended == 79 && f->growing && f->n_chances == 3);
  assert_true(f->chances[0]->chance == 0.5 && f->chances[0]->items == 9 && f->chances[0]->tested == 0.5);
  assert_string_equal(f->chances[1]->date, "2024-10-04");
  assert_true(f->chances[1]->chance == 0.85 && f->chances[1]->unix_nano == 5000);
  assert_string_equal(f->chances[2]->date, "");
  assert_true(f->chances[2]->chance == 0.95 && f->chances[2]->tested == 1 && f->chances[2]->unix_nano == 0);
  vsm__v1__reply__free_unpacked(r, NULL);

  struct vsm_forecast_view none = forecast_view;
  none.kind = VSM_FORECAST_ITEM;
  none.trouble = VSM_FORECAST_FEW_LIKE;
  none.stage = "a";
  none.in_stage_seconds = 1.5;
  none.like = 3;
  none.like_withdrawn = 1;
  query.item = VSM_STR("k1");
  r = read_reply(x, vsm_reply_forecast((struct vsm_time){3}, &query, &none, &x->arena, &x->message),
                 VSM__V1__REPLY__KIND_FORECAST);
  f = r->forecast;
  assert_string_equal(f->trouble, "few_like");
  assert_string_equal(f->item, "k1");
  assert_string_equal(f->stage, "a");
  assert_string_equal(f->by, "");
  assert_true(f->n_chances == 0 && f->in_stage_seconds == 1.5 && f->like == 3 && f->like_withdrawn == 1);
  vsm__v1__reply__free_unpacked(r, NULL);
}

// With every amount of memory that does not suffice, each says so.
static void test_no_memory(void **state) {
  struct packed *x = *state;
  static const struct vsm_bottleneck_row row = {.stage = "a", .signals = {1, 1, 1, 1}};
  static const struct vsm_bottleneck_view bottleneck = {.id = "S-1", .window = "all", .rows = &row, .n_rows = 1};
  const struct vsm_forecast_query query = {.item = VSM_STR("k")};
  int done = 0;
  for (size_t cap = 16; cap < 10000 && done < 2; cap += 16) {
    struct vsm_arena a;
    vsm_arena_init(&a, cap);
    int err = vsm_reply_bottleneck((struct vsm_time){0}, &bottleneck, 1, &a, &x->message);
    assert_true(err == VSM_ENOMEM || (err == 0 && cap > 16));
    done = err == 0;
    vsm_arena_reset(&a);
    err = vsm_reply_forecast((struct vsm_time){0}, &query, &forecast_view, &a, &x->message);
    assert_true(err == VSM_ENOMEM || (err == 0 && cap > 16));
    done += err == 0;
    vsm_arena_fini(&a);
  }
  assert_int_equal(done, 2);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, packed_setup, packed_teardown)
  const struct CMUnitTest tests[] = {TEST(test_bottleneck), TEST(test_forecast), TEST(test_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
