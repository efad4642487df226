// What vsm-notify tells of alerts that are silenced, acknowledged or inhibited: nothing meanwhile, and what there is to
// tell when that ends.
#include "desk_rig.h"

#include "tests/lib/test.h"

static void inhibited(Vsm__V1__Alert *a) {
  a->inhibited_by = (char *)"crm";
}

static void acknowledged(Vsm__V1__Alert *a) {
  a->acknowledged = (char *)"ann: on it";
}

static void joined_since(Vsm__V1__Alert *a) {
  acknowledged(a);
  a->unacknowledged = 2;
}

static void test_what_blocks_and_what_ends_that(void **state) {
  struct desk_rig *x = *state;
  tweak_fn *blocks[] = {inhibited, silenced, acknowledged};
  for (int i = 0; i < 3; i++) {
    say_as(x, "stage_stalled", "a", "firing", "firing", blocks[i]);
    assert_nothing_waits(x);
    say_as(x, "stage_stalled", "a", "firing", "joined", blocks[i]);
    assert_nothing_waits(x);
  }
  say(x, "stage_stalled", "b", "firing");
  say_as(x, "stage_stalled", "b", "firing", "marked", silenced); // while it waits
  assert_nothing_waits(x);
  say_as(x, "stage_stalled", "b", "firing", "marked", NULL);
  until_told(x);
  assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/b"), NULL);
  say_as(x, "stage_stalled", "b", "firing", "marked", acknowledged);
  say_as(x, "stage_stalled", "b", "firing", "repeated", acknowledged);
  assert_nothing_waits(x);
  say_as(x, "stage_stalled", "b", "firing", "joined", joined_since);
  until_told(x);
  assert_message(x, "hook", CHANGE("joined", "stage_stalled:S/b"), NULL);
  say(x, "stage_stalled", "b", "resolved");
  until_told(x);
  assert_message(x, "hook", CHANGE("resolved", "stage_stalled:S/b"), NULL);
}

static tweak_fn *const BLOCKS[] = {inhibited, silenced, acknowledged};
static const char *const NEWS[] = {"joined", "repeated"};

static void fire_and_tell(struct desk_rig *x) {
  say(x, "stage_stalled", "a", "firing");
  until_told(x);
  assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/a"), NULL);
}

static void assert_told(struct desk_rig *x, const char *wanted) {
  until_told(x);
  assert_message(x, "hook", wanted, NULL);
  assert_nothing_waits(x);
}

static void assert_told_news(struct desk_rig *x, const char *news) {
  char wanted[100];
  snprintf(wanted, sizeof wanted, "{\"change\":\"%s\",\"alert\":{\"id\":\"stage_stalled:S/a\"", news);
  assert_told(x, wanted);
}

static void test_what_waits_when_it_is_blocked_is_told_after_it(void **state) {
  struct desk_rig *x = *state;
  for (int i = 0; i < 6; i++) {
    fire_and_tell(x);
    say_as(x, "stage_stalled", "a", "firing", NEWS[i % 2], NULL); // and waits
    say_as(x, "stage_stalled", "a", "firing", "marked", BLOCKS[i / 2]);
    assert_nothing_waits(x);
    say(x, "stage_stalled", "b", "firing"); // the group has something else to tell
    until_told(x);
    assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/b"), "S/a");
    say_as(x, "stage_stalled", "a", "firing", "marked", NULL);
    assert_told_news(x, NEWS[i % 2]);
    say_as(x, "stage_stalled", "a", "firing", "marked", NULL); // once
    assert_nothing_waits(x);
    say(x, "stage_stalled", "a", "resolved");
    say(x, "stage_stalled", "b", "resolved");
    assert_told(x, CHANGE("resolved", "stage_stalled:S/a"));
  }
}

static void test_what_comes_while_it_is_blocked_is_told_after_it(void **state) {
  struct desk_rig *x = *state;
  for (int i = 0; i < 6; i++) {
    fire_and_tell(x);
    say_as(x, "stage_stalled", "a", "firing", "marked", BLOCKS[i / 2]);
    say_as(x, "stage_stalled", "a", "firing", NEWS[i % 2], BLOCKS[i / 2]);
    say_as(x, "stage_stalled", "a", "firing", "repeated", BLOCKS[i / 2]);
    assert_nothing_waits(x);
    vsm_desk_offer_all(&x->desk, x->now_us); // another configuration
    assert_nothing_waits(x);
    say_as(x, "stage_stalled", "a", "firing", "marked", NULL);
    assert_told_news(x, NEWS[i % 2]);
    say(x, "stage_stalled", "a", "resolved");
    assert_told(x, CHANGE("resolved", "stage_stalled:S/a"));
  }
}

static void test_joined_outdoes_repeated(void **state) {
  struct desk_rig *x = *state;
  fire_and_tell(x);
  say_as(x, "stage_stalled", "a", "firing", "repeated", silenced);
  say_as(x, "stage_stalled", "a", "firing", "joined", silenced);
  assert_nothing_waits(x);
  say_as(x, "stage_stalled", "a", "firing", "repeated", NULL);
  assert_told(x, CHANGE("joined", "stage_stalled:S/a"));
}

static void test_over_while_it_is_blocked(void **state) {
  struct desk_rig *x = *state;
  fire_and_tell(x);
  say_as(x, "stage_stalled", "a", "firing", "joined", silenced);
  say_as(x, "stage_stalled", "a", "resolved", "resolved", silenced);
  assert_told(x, CHANGE("resolved", "stage_stalled:S/a"));
}

static void silenced_anew(Vsm__V1__Alert *a) {
  silenced(a);
  a->fired_unix_nano++;
}

static void test_an_end_that_waits_is_told_though_it_fires_anew_blocked(void **state) {
  struct desk_rig *x = *state;
  fire_and_tell(x);
  say(x, "stage_stalled", "a", "resolved");
  say_as(x, "stage_stalled", "a", "firing", "firing", silenced_anew);
  say_as(x, "stage_stalled", "a", "firing", "joined", silenced_anew);
  assert_told(x, CHANGE("resolved", "stage_stalled:S/a"));
  say_as(x, "stage_stalled", "a", "firing", "marked", fired_anew);
  assert_told(x, CHANGE("firing", "stage_stalled:S/a"));
}

static void test_what_fires_anew_waits_and_is_blocked(void **state) {
  struct desk_rig *x = *state;
  fire_and_tell(x);
  say(x, "stage_stalled", "a", "resolved");
  say_as(x, "stage_stalled", "a", "firing", "firing", fired_anew);
  say_as(x, "stage_stalled", "a", "firing", "marked", silenced_anew);
  assert_nothing_waits(x);
  say_as(x, "stage_stalled", "a", "firing", "marked", fired_anew);
  assert_told(x, CHANGE("firing", "stage_stalled:S/a"));
}

static void test_a_digest_lists_what_is_blocked(void **state) {
  struct desk_rig *x = *state;
  say(x, "item_stalled", "a", "firing");
  until_told(x);
  assert_message(x, "page", CHANGE("firing", "item_stalled:S/a"), NULL);
  say_as(x, "item_stalled", "a", "firing", "joined", silenced);
  assert_nothing_waits(x);
  say(x, "item_stalled", "b", "firing");
  until_told(x);
  assert_message(x, "page", CHANGE("still", "item_stalled:S/a"), NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_what_blocks_and_what_ends_that),
      TEST(test_what_waits_when_it_is_blocked_is_told_after_it),
      TEST(test_what_comes_while_it_is_blocked_is_told_after_it),
      TEST(test_joined_outdoes_repeated),
      TEST(test_over_while_it_is_blocked),
      TEST(test_an_end_that_waits_is_told_though_it_fires_anew_blocked),
      TEST(test_what_fires_anew_waits_and_is_blocked),
      TEST(test_a_digest_lists_what_is_blocked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
