#include "shell/topics.h"

#include <stdio.h>

#include "tests/lib/test.h"

static const struct vsm_stage stages[] = {{.id = "a", .name = "A"}, {.id = "b", .name = "B"}};
static const struct vsm_stream streams[] = {{.id = "S", .name = "S", .stages = stages, .n_stages = 2},
                                            {.id = "S2", .name = "S2", .stages = stages, .n_stages = 1}};
static const struct vsm_model both = {.streams = streams, .n_streams = 2};
static const struct vsm_model second = {.streams = streams + 1, .n_streams = 1};

static void subscribe(struct vsm_topics *t, char how, const char *prefix) {
  char frame[256] = {how};
  int n = snprintf(frame + 1, sizeof frame - 1, "%s", prefix);
  vsm_topics_subscribe(t, (struct vsm_str){frame, 1 + (size_t)n});
}

static void assert_topic(const struct vsm_topic *topic, const char *name) {
  assert_true(vsm_str_eq(topic->name, vsm_str_of(name)));
}

static void test_names(void **state) {
  (void)state;
  struct vsm_topics *t = vsm_topics_create();
  vsm_topics_follow(t, &both);
  assert_topic(vsm_topics_metric(t, 0, -1), "v1/metric/S/");
  assert_topic(vsm_topics_metric(t, 0, 1), "v1/metric/S/b/");
  assert_topic(vsm_topics_transition(t, 1, 0), "v1/transition/S2/a/");
  assert_topic(vsm_topics_transition(t, 1, -1), "v1/transition/S2/");
  assert_topic(vsm_topics_status(t), "v1/status/");
  vsm_topics_destroy(t);
}

static void test_numbers_outlive_the_model(void **state) {
  (void)state;
  struct vsm_topics *t = vsm_topics_create();
  vsm_topics_follow(t, &both);
  vsm_topics_metric(t, 0, 1)->sequence = 7;
  vsm_topics_metric(t, 0, -1)->sequence = 3;
  assert_int_equal(vsm_topics_sequence(t, "S", "b"), 7);
  assert_int_equal(vsm_topics_sequence(t, "S", NULL), 3);
  assert_int_equal(vsm_topics_sequence(t, "S2", "a"), 0);
  assert_int_equal(vsm_topics_sequence(t, "X", NULL), 0);
  vsm_topics_follow(t, &second);
  assert_topic(vsm_topics_metric(t, 0, -1), "v1/metric/S2/");
  vsm_topics_follow(t, &both);
  assert_int_equal(vsm_topics_metric(t, 0, 1)->sequence, 7);
  vsm_topics_destroy(t);
}

static void test_subscriptions_are_prefixes(void **state) {
  (void)state;
  struct vsm_topics *t = vsm_topics_create();
  vsm_topics_follow(t, &second);
  const struct vsm_topic *s2 = vsm_topics_metric(t, 0, -1);
  assert_false(vsm_topics_wanted(t, s2));
  subscribe(t, 1, "v1/metric/S/");
  subscribe(t, 1, "v1/metric/S");
  vsm_topics_follow(t, &both); // what came before a model counts for it, too
  const struct vsm_topic *s = vsm_topics_metric(t, 0, -1), *b = vsm_topics_metric(t, 0, 1);
  assert_int_equal(s->subscribed, 2);
  assert_int_equal(b->subscribed, 2);
  assert_int_equal(s2->subscribed, 1);
  assert_false(vsm_topics_wanted(t, vsm_topics_transition(t, 0, -1)));
  subscribe(t, 1, "");
  assert_true(vsm_topics_wanted(t, vsm_topics_transition(t, 0, -1)));
  assert_true(vsm_topics_wanted(t, vsm_topics_status(t)));
  subscribe(t, 0, "");
  subscribe(t, 0, "v1/metric/S");
  assert_int_equal(s->subscribed, 1);
  assert_false(vsm_topics_wanted(t, s2));
  subscribe(t, 0, "v1/metric/S/");
  assert_false(vsm_topics_wanted(t, s));
  vsm_topics_destroy(t);
}

static void test_what_is_no_subscription(void **state) {
  (void)state;
  struct vsm_topics *t = vsm_topics_create();
  vsm_topics_follow(t, &both);
  vsm_topics_subscribe(t, (struct vsm_str){0});
  subscribe(t, 2, "");
  subscribe(t, 0, "never subscribed");
  assert_false(vsm_topics_wanted(t, vsm_topics_status(t)));
  vsm_topics_destroy(t);
}

// Beyond what is remembered every topic counts as wanted, until those beyond are gone.
static void test_too_many_subscriptions(void **state) {
  (void)state;
  struct vsm_topics *t = vsm_topics_create();
  vsm_topics_follow(t, &both);
  char prefix[32];
  enum { MANY = 101 };
  vsm_topics_bound(t, MANY - 1);
  for (int i = 0; i < MANY; i++) {
    assert_false(vsm_topics_wanted(t, vsm_topics_status(t)));
    snprintf(prefix, sizeof prefix, "other/%d", i);
    subscribe(t, 1, prefix);
  }
  assert_true(vsm_topics_wanted(t, vsm_topics_status(t)));
  assert_true(vsm_topics_is_beyond(t) && vsm_topics_prefixes(t) == MANY - 1);
  subscribe(t, 0, prefix);
  assert_false(vsm_topics_wanted(t, vsm_topics_status(t)));
  assert_false(vsm_topics_is_beyond(t));
  vsm_topics_destroy(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_numbers_outlive_the_model),
      cmocka_unit_test(test_subscriptions_are_prefixes),
      cmocka_unit_test(test_what_is_no_subscription),
      cmocka_unit_test(test_too_many_subscriptions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
