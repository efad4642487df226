#include "shell/topics.h"

#include <stdio.h>

#include "tests/lib/test.h"

static const struct vsm_stage stages[] = {{.id = "a", .name = "A"}, {.id = "b", .name = "B"}};
static const struct vsm_stream streams[] = {{.id = "S", .name = "S", .stages = stages, .n_stages = 2},
                                            {.id = "S2", .name = "S2", .stages = stages, .n_stages = 1}};
static const struct vsm_model both = {.streams = streams, .n_streams = 2};
static const struct vsm_model second = {.streams = streams + 1, .n_streams = 1};

enum { ONE = 1, ANOTHER };

static void subscribe(struct vsm_topics *t, const char *prefix) {
  vsm_topics_subscribe(t, ONE, vsm_str_of(prefix));
}

static bool unsubscribe(struct vsm_topics *t, const char *prefix) {
  return vsm_topics_unsubscribe(t, ONE, vsm_str_of(prefix));
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
  subscribe(t, "v1/metric/S/");
  subscribe(t, "v1/metric/S");
  vsm_topics_follow(t, &both); // what came before a model counts for it, too
  const struct vsm_topic *s = vsm_topics_metric(t, 0, -1), *b = vsm_topics_metric(t, 0, 1);
  assert_int_equal(s->subscribed, 2);
  assert_int_equal(b->subscribed, 2);
  assert_int_equal(s2->subscribed, 1);
  assert_false(vsm_topics_wanted(t, vsm_topics_transition(t, 0, -1)));
  subscribe(t, "");
  assert_true(vsm_topics_wanted(t, vsm_topics_transition(t, 0, -1)));
  assert_true(vsm_topics_wanted(t, vsm_topics_status(t)));
  unsubscribe(t, "");
  unsubscribe(t, "v1/metric/S");
  assert_int_equal(s->subscribed, 1);
  assert_false(vsm_topics_wanted(t, s2));
  unsubscribe(t, "v1/metric/S/");
  assert_false(vsm_topics_wanted(t, s));
  vsm_topics_destroy(t);
}

static void test_nobody_ends_what_is_anothers(void **state) {
  (void)state;
  struct vsm_topics *t = vsm_topics_create();
  subscribe(t, "v1/status/");
  assert_false(vsm_topics_unsubscribe(t, ANOTHER, vsm_str_of("v1/status/")));
  assert_false(unsubscribe(t, "v1/"));
  assert_true(vsm_topics_wanted(t, vsm_topics_status(t)));
  vsm_topics_subscribe(t, ANOTHER, vsm_str_of("v1/status/"));
  assert_int_equal(vsm_topics_subscriptions(t), 2);
  assert_true(unsubscribe(t, "v1/status/"));
  assert_false(unsubscribe(t, "v1/status/"));
  assert_true(vsm_topics_wanted(t, vsm_topics_status(t)));
  vsm_topics_drop(t, ANOTHER);
  assert_false(vsm_topics_wanted(t, vsm_topics_status(t)));
  assert_int_equal(vsm_topics_subscriptions(t), 0);
  vsm_topics_destroy(t);
}

static void test_what_is_subscribed_to_twice_counts_once(void **state) {
  (void)state;
  struct vsm_topics *t = vsm_topics_create();
  subscribe(t, "v1/");
  subscribe(t, "v1/");
  subscribe(t, "v1/status/");
  assert_int_equal(vsm_topics_subscriptions(t), 2);
  assert_int_equal(vsm_topics_status(t)->subscribed, 2);
  vsm_topics_drop(t, ANOTHER);
  assert_int_equal(vsm_topics_subscriptions(t), 2);
  vsm_topics_drop(t, ONE);
  assert_int_equal(vsm_topics_subscriptions(t), 0);
  assert_int_equal(vsm_topics_status(t)->subscribed, 0);
  vsm_topics_destroy(t);
}

static void test_whether_a_connection_asks_for_a_topic(void **state) {
  (void)state;
  struct vsm_topics *t = vsm_topics_create();
  subscribe(t, "v1/metric/");
  assert_true(vsm_topics_asks(t, ONE, vsm_str_of("v1/metric/S/")));
  assert_true(vsm_topics_asks(t, ONE, vsm_str_of("v1/metric/")));
  assert_false(vsm_topics_asks(t, ONE, vsm_str_of("v1/metric")));
  assert_false(vsm_topics_asks(t, ANOTHER, vsm_str_of("v1/metric/S/")));
  subscribe(t, "");
  assert_true(vsm_topics_asks(t, ONE, vsm_str_of("v1/alert/S/")));
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
    subscribe(t, prefix);
  }
  assert_true(vsm_topics_wanted(t, vsm_topics_status(t)));
  assert_true(vsm_topics_is_beyond(t) && vsm_topics_subscriptions(t) == MANY - 1);
  unsubscribe(t, prefix);
  assert_false(vsm_topics_wanted(t, vsm_topics_status(t)));
  assert_false(vsm_topics_is_beyond(t));
  vsm_topics_destroy(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_numbers_outlive_the_model),
      cmocka_unit_test(test_subscriptions_are_prefixes),
      cmocka_unit_test(test_nobody_ends_what_is_anothers),
      cmocka_unit_test(test_what_is_subscribed_to_twice_counts_once),
      cmocka_unit_test(test_whether_a_connection_asks_for_a_topic),
      cmocka_unit_test(test_too_many_subscriptions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
