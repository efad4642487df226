// What an alert says to a person: each kind as it fires, and each way in which it can be over.
#include "wire/sentence.h"

#include "base/err.h"
#include "core/calendar.h"
#include "core/event.h"
#include "tests/lib/test.h"

// 2026-11-27 15:18 UTC
#define NOW INT64_C(1795792680000000)
#define AGO(minutes)                                                                                                   \
  { NOW - (minutes)*VSM_MINUTE_US }

static const struct vsm_hours office_hours[] = {
    {0, 480, 1020}, {1, 480, 1020}, {2, 480, 1020}, {3, 480, 1020}, {4, 480, 1020}};
static const struct vsm_calendar office = {.id = "office", .hours = office_hours, .n_hours = 5};
static const struct vsm_expectation expected[] = {
    {.name = "designed", .within_us = 30 * 9 * VSM_HOUR_US, .window_us = 30 * VSM_DAY_US, .calendar = &office},
    {.name = "by part", .within_us = VSM_HOUR_US},
    {.name = "by part", .within_us = 2 * VSM_HOUR_US},
    {.name = "", .within_us = 90 * VSM_MINUTE_US, .window_us = VSM_HOUR_US}};
static const struct vsm_stage stages[] = {
    {.id = "planning",
     .name = "Service Connection Planning",
     .expected = expected,
     .n_expected = 4,
     .calendar = &office},
    {.id = "dispatch", .name = "Dispatch & Balancing", .expected = expected, .n_expected = 4}};
static const struct vsm_stream streams[] = {
    {.id = "RCV-01", .name = "Regulated Customer Acquisition", .stages = stages, .n_stages = 2},
};
static const struct vsm_model model = {.streams = streams, .n_streams = 1};
static const struct vsm_alert_item_view one[] = {{VSM_STR("dsn:77"), 93 * 60}};
static const struct vsm_alert_item_view designs[] = {{VSM_STR("dsn:77"), 12 * 9 * 3600}};
static const struct vsm_str gms[] = {VSM_STR("gms"), VSM_STR("ems")};

#define DAY_US (9 * VSM_HOUR_US)
#define PLANNING .stream = "RCV-01", .stage = "planning", .stage_name = "Service Connection Planning", .source = ""
#define DISPATCH .stream = "RCV-01", .stage = "dispatch", .stage_name = "Dispatch & Balancing", .source = ""
#define STREAM .stream = "RCV-01", .stage = "", .stream_name = "Regulated Customer Acquisition", .source = ""
#define SOURCE .stream = "", .stage = "", .source = "gms"
#define FIRING .name = "", .state = VSM_FIRING, .change = VSM_FIRED, .since = AGO(93), .moved_us = INT64_MIN
#define NAMED(n) .name = n, .state = VSM_FIRING, .change = VSM_FIRED, .since = AGO(93), .moved_us = INT64_MIN
#define OVER(how)                                                                                                      \
  .name = "", .state = VSM_RESOLVED, .change = VSM_ENDED, .since = AGO(93), .fired = AGO(93), .resolved = AGO(0),      \
  .end = how

static struct vsm_time silent_since(void *ctx, struct vsm_str source) {
  (void)ctx;
  return vsm_str_eq(source, VSM_STR("gms")) ? (struct vsm_time)AGO(88) : (struct vsm_time){0};
}

static const struct {
  struct vsm_alert_view alert;
  const char *reason, *ends_when, *look, *rule;
} cases[] = {
    // --- each kind
    {{PLANNING, FIRING, .kind = VSM_ITEM_STALLED, .items = designs, .n_items = 1,
      .sign = {.count = 3, .threshold_us = 10 * DAY_US, .observed_us = 12 * DAY_US, .day_us = DAY_US}},
     "RCV-01 Service Connection Planning: 3 items not moved for 10 wd or longer, the longest dsn:77 for 12 wd; since "
     "13:45 UTC.",
     "each of these items moves on, reports progress or is withdrawn",
     "vsm items --stream RCV-01 --stage planning --sort last",
     "stall_after 10wd"},
    {{STREAM, FIRING, .kind = VSM_ITEM_STALLED, .items = one, .n_items = 1,
      .sign = {.count = 1,
               .threshold_us = 4 * VSM_HOUR_US,
               .observed_us = 5 * VSM_HOUR_US,
               .percentile = 95,
               .factor_ppm = 2500000}},
     "RCV-01 Regulated Customer Acquisition: 1 item not moved for 4 h 00 m or longer (p95 x 2.5), the longest dsn:77 "
     "for 5 h 00 m; since 13:45 UTC.",
     "each of these items moves on, reports progress or is withdrawn",
     "vsm items --stream RCV-01 --sort last",
     "stall_after p95 x 2.5"},
    {{DISPATCH, FIRING, .kind = VSM_ITEM_OVERDUE, .items = one, .n_items = 1,
      .sign = {.count = 2, .observed_us = 65 * VSM_MINUTE_US, .by_date = true}},
     "RCV-01 Dispatch & Balancing: 2 items past the date, the latest dsn:77 by 1 h 05 m; since 13:45 UTC.",
     "each of these items leaves the stage or is withdrawn",
     "vsm items --stream RCV-01 --stage dispatch",
     "due"},
    {{PLANNING, NAMED("designed"), .kind = VSM_ITEM_OVERDUE, .items = one, .n_items = 1,
      .sign = {.count = 2, .threshold_us = 30 * DAY_US, .observed_us = 31 * DAY_US, .day_us = DAY_US}},
     "RCV-01 Service Connection Planning: 2 items older than expected \"designed\" within 30 wd, the oldest dsn:77 for "
     "31 wd; since 13:45 UTC.",
     "each of these items leaves the stage or is withdrawn",
     "vsm items --stream RCV-01 --stage planning",
     "expected \"designed\" within 30wd"},
    {{DISPATCH, FIRING, .kind = VSM_STAGE_STALLED, .items = one, .n_items = 1,
      .sign = {.count = 6, .threshold_us = 80 * VSM_MINUTE_US, .observed_us = 93 * VSM_MINUTE_US}},
     "RCV-01 Dispatch & Balancing: nothing has left for 1 h 33 m (limit 1 h 20 m), 6 items waiting, the oldest dsn:77 "
     "for "
     "1 h 33 m; since 13:45 UTC.",
     "something leaves the stage, or nothing is left to do there",
     "vsm items --stream RCV-01 --stage dispatch",
     "stage_stall_after 80m"},
    {{DISPATCH, FIRING, .kind = VSM_WIP_LIMIT, .items = one, .n_items = 1,
      .sign = {.count = 43, .threshold = 40, .observed = 43}},
     "RCV-01 Dispatch & Balancing: 43 items at once (limit 40), the oldest dsn:77 for 1 h 33 m; since 13:45 UTC.",
     "no more than 40 are there",
     "vsm items --stream RCV-01 --stage dispatch",
     "wip_limit 40"},
    {{PLANNING, NAMED("designed"), .kind = VSM_SLE_MISSED,
      .sign = {.count = 240, .threshold = 850000, .observed = 719999}},
     "RCV-01 Service Connection Planning: 71.9 % of 240 items within 30 wd (designed), where 85 % are expected over "
     "30d; since 13:45 UTC.",
     "85 % or more are in time",
     "vsm items --stream RCV-01 --stage planning --sort pace",
     "expected \"designed\" 85 % within 30wd over 30d"},
    {{DISPATCH, NAMED("by part"), .kind = VSM_SLE_MISSED, .sign = {.count = 9, .threshold = 800000, .observed = 1}},
     "RCV-01 Dispatch & Balancing: 0.0 % of 9 items (by part), where 80 % are expected; since 13:45 UTC.",
     "80 % or more are in time",
     "vsm items --stream RCV-01 --stage dispatch --sort pace",
     "expected \"by part\" 80 %"},
    {{SOURCE, FIRING, .kind = VSM_SOURCE_SILENT,
      .sign = {.threshold_us = 70 * VSM_MINUTE_US, .observed_us = 88 * VSM_MINUTE_US}},
     "source gms: nothing heard for 1 h 28 m (limit 1 h 10 m); since 13:45 UTC.",
     "the source says anything, be it a batch without events",
     "vsm sources",
     "silent_after 70m"},
    {{SOURCE, FIRING, .kind = VSM_SOURCE_REFUSED, .type = VSM_STR("plan.ok2"),
      .sign = {.count = 12, .threshold = 50000, .observed = 123456}},
     "source gms: 12.3 % of what came in 15 minutes refused or not mapped (limit 5 %), 12 in number; no rule takes "
     "type "
     "plan.ok2; since 13:45 UTC.",
     "no more than 5 % of 15 minutes are refused or not mapped",
     "vsm unmapped",
     "refused_share 5 %"},
    {{SOURCE, FIRING, .kind = VSM_SOURCE_REFUSED, .type = VSM_STR("plan.ok"), .reason = VSM_R_MISSING_FIELD,
      .detail = VSM_STR("data.zone"), .sign = {.count = 1, .threshold = 50000, .observed = 1000000}},
     "source gms: 100.0 % of what came in 15 minutes refused or not mapped (limit 5 %), 1 in number; type plan.ok as "
     "missing_field: data.zone; since 13:45 UTC.",
     "no more than 5 % of 15 minutes are refused or not mapped",
     "vsm rejected",
     "refused_share 5 %"},
    {{SOURCE, FIRING, .kind = VSM_SOURCE_GAP, .sign = {.count = 17, .observed = 17}},
     "source gms: 17 sequence numbers missing; since 13:45 UTC.",
     "the missing ones come, or are given up: vsm ack --lost gms",
     "vsm sources",
     "sequence numbers without holes"},

    // --- blind
    {{DISPATCH, FIRING, .kind = VSM_STAGE_STALLED, .inhibited_by = gms, .n_inhibited_by = 2,
      .sign = {.count = 6, .threshold_us = 80 * VSM_MINUTE_US, .observed_us = 93 * VSM_MINUTE_US}},
     "RCV-01 Dispatch & Balancing: nothing has left for 1 h 33 m (limit 1 h 20 m), 6 items waiting; since 13:45 UTC. "
     "Perhaps the news is missing: source gms silent since 13:50 UTC, source ems silent.",
     "something leaves the stage, or nothing is left to do there; not by time alone (source gms silent since 13:50 "
     "UTC, "
     "source ems silent)",
     "vsm items --stream RCV-01 --stage dispatch",
     "stage_stall_after 80m"},

    // --- over
    {{PLANNING, OVER(VSM_END_MOVED), .moved_us = NOW - VSM_DAY_US, .kind = VSM_ITEM_STALLED,
      .sign = {.count = 3, .threshold_us = 10 * DAY_US, .observed_us = 12 * DAY_US, .day_us = DAY_US}},
     "RCV-01 Service Connection Planning: over since 15:18 UTC, after 1 h 33 m: the items moved on at 2026-11-26 15:18 "
     "UTC. It was: 3 items not moved for 10 wd or longer, the longest for 12 wd.",
     "the items moved on at 2026-11-26 15:18 UTC",
     "vsm items --stream RCV-01 --stage planning --sort last",
     "stall_after 10wd"},
    {{DISPATCH, OVER(VSM_END_LATE_NEWS), .moved_us = NOW - 100 * VSM_MINUTE_US, .kind = VSM_STAGE_STALLED,
      .sign = {.count = 6, .threshold_us = 80 * VSM_MINUTE_US, .observed_us = 93 * VSM_MINUTE_US}},
     "RCV-01 Dispatch & Balancing: over since 15:18 UTC, after 1 h 33 m: a late event told that it had ended at 13:38 "
     "UTC, before the alert fired. It was: nothing has left for 1 h 33 m (limit 1 h 20 m), 6 items waiting.",
     "a late event told that it had ended at 13:38 UTC, before the alert fired",
     "vsm items --stream RCV-01 --stage dispatch",
     "stage_stall_after 80m"},
    {{SOURCE, OVER(VSM_END_HEARD), .moved_us = INT64_MIN, .kind = VSM_SOURCE_SILENT,
      .sign = {.threshold_us = 90 * VSM_SECOND_US, .observed_us = 88 * VSM_MINUTE_US}},
     "source gms: over since 15:18 UTC, after 1 h 33 m: the source was heard. It was: nothing heard for 1 h 28 m "
     "(limit "
     "1 m 30 s).",
     "the source was heard",
     "vsm sources",
     "silent_after 90s"},
    {{SOURCE, OVER(VSM_END_HEARD), .moved_us = INT64_MIN, .kind = VSM_SOURCE_GAP, .sign = {.count = 1}},
     "source gms: over since 15:18 UTC, after 1 h 33 m: what was missing came. It was: 1 sequence number missing.",
     "what was missing came",
     "vsm sources",
     "sequence numbers without holes"},
    {{SOURCE, OVER(VSM_END_ORDER), .moved_us = INT64_MIN, .kind = VSM_SOURCE_GAP, .sign = {.count = 2}},
     "source gms: over since 15:18 UTC, after 1 h 33 m: what was missing was given up as lost. It was: 2 sequence "
     "numbers missing.",
     "what was missing was given up as lost",
     "vsm sources",
     "sequence numbers without holes"},
    {{DISPATCH, OVER(VSM_END_ORDER), .moved_us = INT64_MIN, .kind = VSM_WIP_LIMIT,
      .sign = {.count = 43, .threshold = 40, .observed = 43}},
     "RCV-01 Dispatch & Balancing: over since 15:18 UTC, after 1 h 33 m: by an order: what it was about was withdrawn, "
     "forgotten or silenced. It was: 43 items at once (limit 40).",
     "by an order: what it was about was withdrawn, forgotten or silenced",
     "vsm items --stream RCV-01 --stage dispatch",
     "wip_limit 40"},
    {{DISPATCH, OVER(VSM_END_RULE), .moved_us = INT64_MIN, .kind = VSM_WIP_LIMIT,
      .sign = {.count = 43, .threshold = 40, .observed = 43}},
     "RCV-01 Dispatch & Balancing: over since 15:18 UTC, after 1 h 33 m: the configuration does not ask for it any "
     "more, "
     "or asks for something else. It was: 43 items at once (limit 40).",
     "the configuration does not ask for it any more, or asks for something else",
     "vsm items --stream RCV-01 --stage dispatch",
     "wip_limit 40"},
    {{STREAM, OVER(VSM_END_TIME), .moved_us = INT64_MIN, .kind = VSM_SLE_MISSED,
      .sign = {.count = 40, .threshold = 995000, .observed = 994999}},
     "RCV-01 Regulated Customer Acquisition: over since 15:18 UTC, after 1 h 33 m: by time alone: the window moved on. "
     "It was: 99.4 % of 40 items, where 99.5 % are expected.",
     "by time alone: the window moved on",
     "vsm items --stream RCV-01 --sort pace",
     "expected 99.5 %"},
    {{DISPATCH, .name = "", .state = VSM_QUIET, .change = VSM_DROPPED, .end = VSM_END_MOVED, .moved_us = INT64_MIN,
      .kind = VSM_WIP_LIMIT, .sign = {.count = 43, .threshold = 40, .observed = 43}},
     "RCV-01 Dispatch & Balancing: no longer so, before it fired. It was: 43 items at once (limit 40).",
     "there are fewer again",
     "vsm items --stream RCV-01 --stage dispatch",
     "wip_limit 40"},
};

static void each_says_what_it_is_about(void **state) {
  (void)state;
  const struct vsm_sentence_context context = {&model, {NOW}, silent_since, NULL};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct vsm_arena arena;
    struct vsm_sentences say;
    vsm_arena_init(&arena, 0);
    assert_int_equal(vsm_sentences(&context, &cases[i].alert, &arena, &say), 0);
    assert_string_equal(say.reason, cases[i].reason);
    assert_string_equal(say.ends_when, cases[i].ends_when);
    assert_string_equal(say.look, cases[i].look);
    assert_string_equal(say.rule, cases[i].rule);
    vsm_arena_fini(&arena);
  }
}

static void without_memory_it_says_so(void **state) {
  (void)state;
  const struct vsm_sentence_context context = {&model, {NOW}, silent_since, NULL};
  for (size_t cap = 16; cap < 256; cap += 16) {
    struct vsm_arena arena;
    struct vsm_sentences say;
    vsm_arena_init(&arena, cap);
    assert_int_equal(vsm_sentences(&context, &cases[0].alert, &arena, &say), VSM_ENOMEM);
    vsm_arena_fini(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_says_what_it_is_about),
                                     cmocka_unit_test(without_memory_it_says_so)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
