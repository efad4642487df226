// What vsm-notify tells, to whom and when, in virtual time: routes, groups, quiet hours, digests, and what an
// Alertmanager is to know.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/notify/own.h"
#include "agents/notify/page.h"
#include "agents/notify/queue.h"
#include "agents/notify/quiet.h"
#include "agents/notify/standing.h"
#include "desk_rig.h"
#include "tests/lib/test.h"

// --- groups

static void test_a_group_waits_a_minute_then_five(void **state) {
  struct desk_rig *x = *state;
  say(x, "stage_stalled", "a", "firing");
  x->now_us += SECONDS(20);
  say(x, "stage_stalled", "b", "firing");
  assert_true(until_told(x) == 40);
  assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/b"), NULL);
  assert_nothing_waits(x);
  x->now_us += SECONDS(30);
  say(x, "stage_stalled", "c", "firing");
  say(x, "stage_stalled", "a", "resolved");
  assert_true(until_told(x) == 270); // five minutes after the first
  assert_message(x, "hook", CHANGE("resolved", "stage_stalled:S/a"), "stage_stalled:S/b");
  x->now_us += HOURS(1);
  say(x, "stage_stalled", "d", "firing");
  assert_true(until_told(x) == 60);
  assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/d"), "S/c");
}

static void test_a_clock_that_is_put_back(void **state) {
  struct desk_rig *x = *state;
  say(x, "stage_stalled", "a", "firing");
  until_told(x);
  say(x, "stage_stalled", "b", "firing");
  x->now_us -= HOURS(3);
  vsm_desk_wake(&x->desk, x->now_us);
  assert_true(until_told(x) == 300);
}

static void test_over_before_it_is_told(void **state) {
  struct desk_rig *x = *state;
  say(x, "stage_stalled", "a", "firing");
  say(x, "stage_stalled", "a", "resolved");
  assert_nothing_waits(x);
}

static void test_an_old_number_does_nothing(void **state) {
  struct desk_rig *x = *state;
  say(x, "stage_stalled", "a", "firing");
  until_told(x);
  assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/a"), NULL);
  say(x, "stage_stalled", "a", "resolved");
  x->number = 0; // of before
  say(x, "stage_stalled", "a", "firing");
  until_told(x);
  assert_message(x, "hook", CHANGE("resolved", "stage_stalled:S/a"), NULL);
  assert_nothing_waits(x);
}

static void test_it_fires_anew_before_its_end_was_told(void **state) {
  struct desk_rig *x = *state;
  say(x, "stage_stalled", "a", "firing");
  until_told(x);
  assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/a"), NULL);
  say(x, "stage_stalled", "a", "resolved");
  say_as(x, "stage_stalled", "a", "firing", "firing", fired_anew);
  until_told(x);
  assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/a"), "resolved\",\"alert");
  assert_nothing_waits(x);
}

static void test_an_end_that_was_missed(void **state) {
  struct desk_rig *x = *state;
  say(x, "stage_stalled", "a", "firing");
  until_told(x);
  assert_message(x, "hook", CHANGE("firing", "stage_stalled:S/a"), NULL);
  say(x, "stage_stalled", "a", "pending"); // so it was over in between
  until_told(x);
  assert_message(x, "hook", CHANGE("resolved", "stage_stalled:S/a"), NULL);
  say(x, "stage_stalled", "a", ""); // dropped
  assert_nothing_waits(x);
}

static void is_info(Vsm__V1__Alert *a) {
  a->severity = (char *)"info";
}

static void test_dropped(void **state) {
  struct desk_rig *x = *state;
  say_as(x, "stage_stalled", "a", "firing", "firing", is_info);
  assert_nothing_waits(x);
}

// --- calendars

static void test_a_digest_lists_what_goes_on(void **state) {
  struct desk_rig *x = *state;
  say(x, "item_stalled", "a", "firing");
  say(x, "item_stalled", "b", "firing");
  assert_true(until_told(x) == 4 * 3600); // from 9 to 13
  assert_message(x, "page", "\"kind\":\"digest\"", NULL);
  assert_nothing_waits(x); // nothing changed: no page
  say(x, "item_stalled", "c", "firing");
  say(x, "item_stalled", "d", "firing");
  say(x, "item_stalled", "d", "resolved");
  say(x, "item_stalled", "a", "resolved");
  assert_true(until_told(x) == 43 * 3600.0); // Tuesday is a holiday
  struct vsm_message m;
  assert_true(vsm_queue_next(x->store, "page", &m));
  assert_non_null(strstr(m.body, CHANGE("firing", "item_stalled:S/c")));
  assert_non_null(strstr(m.body, CHANGE("still", "item_stalled:S/b")));
  assert_non_null(strstr(m.body, CHANGE("resolved", "item_stalled:S/a")));
  assert_non_null(strstr(m.body, CHANGE("passed", "item_stalled:S/d")));
  assert_non_null(strstr(m.body, "[vsm] digest: S: 1 firing, 1 going on, 1 resolved, 1 came and went (Ops)"));
  vsm_queue_free(&m);
}

static void at_night(Vsm__V1__Alert *a) {
  a->value_stream = (char *)"NIGHT-1";
}

static void test_quiet_hours(void **state) {
  struct desk_rig *x = *state;
  x->now_us = MONDAY + HOURS(16.5);
  say_as(x, "stage_stalled", "a", "firing", "firing", at_night);
  assert_true(until_told(x) == 60); // within hours: after the wait
  assert_message(x, "page", CHANGE("firing", "stage_stalled:S/a"), NULL);
  x->now_us = MONDAY + HOURS(16) + SECONDS(3570);
  say_as(x, "stage_stalled", "b", "firing", "firing", at_night);
  say_as(x, "stage_stalled", "c", "firing", "firing", at_night);
  say_as(x, "stage_stalled", "c", "resolved", "resolved", at_night);
  assert_true(until_told(x) == 30 + 39 * 3600.0); // until Wednesday, 8
  assert_message(x, "page", CHANGE("passed", "stage_stalled:S/c"), NULL);
}

static void test_calendars(void **state) {
  struct desk_rig *x = *state;
  const struct vsm_calendar *office = vsm_settings_calendar(x->settings, "office"),
                            *awake = vsm_settings_calendar(x->settings, "awake");
  assert_int_equal(vsm_quiet_until(NULL, 5), 5);
  assert_int_equal(vsm_quiet_until(office, MONDAY + HOURS(8)), MONDAY + HOURS(8));
  assert_int_equal(vsm_quiet_until(office, MONDAY + HOURS(12)), MONDAY + HOURS(13));
  assert_int_equal(vsm_quiet_until(office, MONDAY + HOURS(17)), MONDAY + HOURS(48 + 8));
  assert_int_equal(vsm_quiet_next_stretch(office, MONDAY + HOURS(8)), MONDAY + HOURS(13));
  assert_int_equal(vsm_quiet_next_stretch(office, MONDAY + HOURS(4 * 24 + 14)), MONDAY + HOURS(7 * 24 + 8));
  assert_int_equal(vsm_quiet_until(awake, MONDAY + HOURS(5)), MONDAY + HOURS(12)); // 23:00 in Chicago, to 06:00
}

// --- mail, queue

static void of_field(Vsm__V1__Alert *a) {
  a->owner = (char *)"Field";
}

static void test_a_mail_for_each_address(void **state) {
  struct desk_rig *x = *state;
  struct vsm_message a, b;
  say(x, "sle_missed", "a", "firing");
  until_told(x);
  assert_true(vsm_queue_next(x->store, "mail", &a));
  vsm_queue_later(x->store, a.id, x->now_us + HOURS(1));
  assert_true(vsm_queue_next(x->store, "mail", &b)); // the other address does not wait for it
  assert_string_equal(a.recipient, "x@y");
  assert_string_equal(b.recipient, "z@y");
  assert_string_equal(a.delivery, b.delivery);
  vsm_queue_done(x->store, a.id);
  vsm_queue_done(x->store, b.id);
  vsm_queue_free(&a);
  vsm_queue_free(&b);
  say_as(x, "sle_missed", "b", "firing", "firing", of_field);
  until_told(x);
  assert_true(vsm_queue_next(x->store, "mail", &a));
  assert_string_equal(a.recipient, "f@y");
  vsm_queue_free(&a);
}

static void test_a_group_keeps_its_order(void **state) {
  struct desk_rig *x = *state;
  struct vsm_message first, next;
  say(x, "stage_stalled", "a", "firing");
  until_told(x);
  say(x, "stage_stalled", "a", "resolved");
  until_told(x);
  assert_true(vsm_queue_next(x->store, "hook", &first));
  vsm_queue_later(x->store, first.id, x->now_us + HOURS(1)); // failed
  assert_true(vsm_queue_next(x->store, "hook", &next));      // its end is not told before it
  assert_int_equal(next.id, first.id);
  assert_int_equal(next.tries, 1);
  assert_string_equal(next.delivery, first.delivery);
  vsm_queue_back(x->store, "hook", x->now_us);
  vsm_queue_free(&next);
  assert_true(vsm_queue_next(x->store, "hook", &next));
  assert_int_equal(next.due_us, x->now_us);
  vsm_queue_free(&first);
  vsm_queue_free(&next);
}

static void test_backoff(void **state) {
  struct desk_rig *x = *state;
  assert_int_equal(vsm_queue_backoff(x->settings, 0, 0), SECONDS(0.5));
  assert_int_equal(vsm_queue_backoff(x->settings, 0, 1), SECONDS(1));
  assert_int_equal(vsm_queue_backoff(x->settings, 3, 1), SECONDS(8));
  assert_int_equal(vsm_queue_backoff(x->settings, 1000000, 1), SECONDS(300));
}

static void test_many_make_several_messages(void **state) {
  struct desk_rig *x = *state;
  char stage[16];
  for (int i = 0; i < VSM_DESK_NOTICES_MAX + 30; i++) {
    snprintf(stage, sizeof stage, "s%03d", i);
    say(x, "stage_stalled", stage, "firing");
  }
  until_told(x);
  assert_true(until_told(x) == 0);
  assert_message(x, "hook", "[vsm] S: 100 firing (Ops)", NULL);
  assert_message(x, "hook", "[vsm] S: 30 firing (Ops)", NULL);
  assert_nothing_waits(x);
}

// --- an Alertmanager

static void assert_batch(struct desk_rig *x, const char *wanted, bool take) {
  struct vsm_standing_sent sent;
  char *body = vsm_standing_batch(x->store, "am", VSM_MINUTE_US, x->now_us, &sent);
  if (wanted && (!body || !strstr(body, wanted)))
    fail_msg("wanted %s in %s", wanted, body ? body : "nothing");
  if (!wanted)
    assert_null(body);
  if (body && take)
    vsm_standing_took(x->store, "am", VSM_MINUTE_US, x->now_us, &sent, false);
  vsm_standing_free(&sent);
  free(body);
}

static void test_an_alertmanager_hears_again_and_again(void **state) {
  struct desk_rig *x = *state;
  say(x, "wip_limit", "a", "firing");
  assert_batch(x, "\"startsAt\":\"2025-12-01T00:00:00.000000Z\",\"endsAt\":\"2025-12-01T09:04:00.000000Z\"", true);
  assert_batch(x, NULL, true);
  assert_int_equal(vsm_standing_due(x->store, "am"), x->now_us + VSM_MINUTE_US);
  x->now_us += VSM_MINUTE_US;
  assert_batch(x, "\"endsAt\":\"2025-12-01T09:05:00.000000Z\"", true);
  say_as(x, "wip_limit", "a", "firing", "marked", silenced); // it stays, and says so
  assert_batch(x, "\"silenced\":\"ann", true);
  x->now_us += SECONDS(10);
  say(x, "wip_limit", "a", "resolved");
  for (int i = 0; i <= VSM_STANDING_ROUNDS; i++, x->now_us += VSM_MINUTE_US)
    assert_batch(x, "\"endsAt\":\"2025-12-01T09:01:10.000000Z\"", true);
  assert_batch(x, NULL, true);
  assert_int_equal(vsm_standing_due(x->store, "am"), INT64_MAX);
}

static void test_what_ahead_of_the_clock_begins_now(void **state) {
  struct desk_rig *x = *state;
  x->now_us = MONDAY - HOURS(1); // the event clock runs ahead of ours
  say(x, "wip_limit", "a", "firing");
  assert_batch(x, "\"startsAt\":\"2025-11-30T23:00:00.000000Z\"", true);
}

// --- its own

static void count_own(void *ctx, const Vsm__V1__Alert *a) {
  (*(int *)ctx)++;
  assert_string_equal(a->severity, "critical");
}

static void test_own_alerts(void **state) {
  struct desk_rig *x = *state;
  struct vsm_own_watch w;
  Vsm__V1__Status s = VSM__V1__STATUS__INIT;
  int told = 0;
  vsm_own_watch_begin(&w, SECONDS(15), 0, x->now_us);
  assert_int_equal(vsm_own_holds(&w, VSM_OWN_UNHEARD, SECONDS(14)), -1);
  assert_int_equal(vsm_own_holds(&w, VSM_OWN_UNHEARD, SECONDS(15)), 1);
  vsm_own_hear(&w, &s, SECONDS(16), x->now_us);
  assert_int_equal(vsm_own_holds(&w, VSM_OWN_UNHEARD, SECONDS(30.5)), 0);
  assert_int_equal(vsm_own_holds(&w, VSM_OWN_UNHEARD, SECONDS(31)), 1);
  assert_int_equal(vsm_own_holds(&w, VSM_OWN_NOT_DURABLE, SECONDS(31)), 0); // without a state directory
  s.state = (char *)"/state";
  vsm_own_hear(&w, &s, SECONDS(32), x->now_us);
  assert_int_equal(vsm_own_holds(&w, VSM_OWN_NOT_DURABLE, SECONDS(32)), 1);
  s.durable = true;
  vsm_own_tell(&w, x->settings, VSM_OWN_NOT_DURABLE, true, x->now_us, count_own, &told);
  vsm_own_hear(&w, &s, SECONDS(33), x->now_us);
  assert_int_equal(vsm_own_holds(&w, VSM_OWN_NOT_DURABLE, SECONDS(33)), 0);
  vsm_own_tell(&w, x->settings, VSM_OWN_UNHEARD, false, x->now_us, count_own, &told);
  assert_int_equal(told, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_group_waits_a_minute_then_five),
      TEST(test_a_clock_that_is_put_back),
      TEST(test_over_before_it_is_told),
      TEST(test_an_old_number_does_nothing),
      TEST(test_it_fires_anew_before_its_end_was_told),
      TEST(test_an_end_that_was_missed),
      TEST(test_dropped),
      TEST(test_a_digest_lists_what_goes_on),
      TEST(test_quiet_hours),
      TEST(test_calendars),
      TEST(test_a_mail_for_each_address),
      TEST(test_a_group_keeps_its_order),
      TEST(test_backoff),
      TEST(test_many_make_several_messages),
      TEST(test_an_alertmanager_hears_again_and_again),
      TEST(test_what_ahead_of_the_clock_begins_now),
      TEST(test_own_alerts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
