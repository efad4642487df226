// The pages of vsm watch about a stage and an item; no terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/vsm/text.h"
#include "watch_sample.h"

static void test_items(void **state) {
  (void)state;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  struct watch_sample s;
  Vsm__V1__Reply reply = VSM__V1__REPLY__INIT;
  Vsm__V1__Items items = VSM__V1__ITEMS__INIT;
  Vsm__V1__ItemRow row = VSM__V1__ITEM_ROW__INIT, *rows[] = {&row};
  row.item = (char *)"so:\033[1m4711";
  row.state = (char *)"suspended";
  row.party = (char *)"third-party";
  row.reason = (char *)"easement";
  row.pace = (char *)"at_risk";
  row.pace_percentile = 91;
  row.in_stage_seconds = 3 * DAY;
  row.age_seconds = 4 * DAY;
  items.items = rows;
  items.n_items = 1;
  reply.kind_case = VSM__V1__REPLY__KIND_ITEMS;
  reply.items = &items;
  vsm_watch_model_reply(&m, &reply);
  vsm_page_init(&p, 80);
  vsm_page_items(&p, &m, "RCV-01", "planning", &watch_all);
  watch_page_expect(&p, "RCV-01/planning: the longest here first\n"
                        "  item        state     here    age  pace         waits for\n"
                        "  so:?[1m4711 held      3d0h   4d0h  at_risk 91%  easement (third-party)\n");
  vsm_page_fini(&p);
  row.due_unix_nano = UINT64_C(1700000000000000000) - UINT64_C(7200000000000);
  watch_sample_fill(&s);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  vsm_watch_model_reply(&m, &reply);
  vsm_page_init(&p, 80); // a due date says more than the age
  vsm_page_items(&p, &m, "RCV-01", "planning", &(struct vsm_page_choice){"all", NULL, "pace"});
  watch_page_expect(&p, "RCV-01/planning: the slowest of their stage first\n"
                        "  item        state     here  pace         due         waits for\n"
                        "  so:?[1m4711 held      3d0h  at_risk 91%  late 2h00m  easement (third-party)\n");
  vsm_page_fini(&p);
  vsm_page_init(&p, 120);
  vsm_page_items(&p, &m, "RCV-01", "planning", &(struct vsm_page_choice){"all", NULL, "last"});
  watch_page_expect(&p,
                    "RCV-01/planning: unmoved for the longest first\n"
                    "  item        state        here       age  pace         due             waits for\n"
                    "  so:?[1m4711 held      3 d 0 h   4 d 0 h  at_risk 91%  late 2 h 00 m   easement (third-party)\n");
  vsm_page_fini(&p);
  vsm_watch_model_forget(&m);
  vsm_page_init(&p, 80);
  vsm_page_items(&p, &m, "RCV-01", "planning", &watch_all);
  assert_string_equal(p.lines[0].text, "asking the daemon ...");
  vsm_page_fini(&p);
  vsm_watch_model_fini(&m);
}

static void test_why_work_stands(void **state) {
  (void)state;
  struct watch_sample s;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  Vsm__V1__Sle met = VSM__V1__SLE__INIT, missed = VSM__V1__SLE__INIT, *sle[] = {&met, &missed};
  Vsm__V1__Wait waits[7], *list[7];
  Vsm__V1__WaitWindow ended[7], *windows[7];
  char reasons[7][8];
  watch_sample_fill(&s);
  for (int i = 0; i < 7; i++) { // r0 .. r6; for r6 nothing waits now
    vsm__v1__wait__init(&waits[i]);
    vsm__v1__wait_window__init(&ended[i]);
    snprintf(reasons[i], sizeof reasons[i], "r%d", i);
    ended[i] = (Vsm__V1__WaitWindow){
        .base = ended[i].base, .window = (char *)"24h", .count = (uint64_t)i, .seconds = 3600.0 * i * i};
    windows[i] = &ended[i];
    waits[i] = (Vsm__V1__Wait){.base = waits[i].base,
                               .party = (char *)(i == 1 ? "us" : "customer"),
                               .reason = reasons[i],
                               .wip = i == 6 ? 0 : (uint64_t)(i % 3),
                               .n_windows = 1,
                               .windows = &windows[i]};
    list[i] = &waits[i];
  }
  s.stages[1].waits = list;
  s.stages[1].n_waits = 7;
  met.within_seconds = 7200;
  met.target = met.attained = 0.85;
  met.count = 1200;
  missed = met;
  missed.name = (char *)"night";
  missed.attained = 0.8499;
  s.day[1].sle = sle;
  s.day[1].n_sle = 2;
  vsm_watch_model_snapshot(&m, &s.snapshot);
  vsm_page_init(&p, 80);
  vsm_page_items(&p, &m, "ORD", "ship", &watch_day);
  watch_page_expect(&p, "ORD/ship: the longest here first\n"
                        "  item     state     here    age  pace         waits for\n"
                        "  SLE (24h) 85 % within 2 h 00 m; attained 85.0 % of 1,200\n"
                        "  SLE (24h) night: 85 % within 2 h 00 m; attained 85.0 % of 1,200, MISSED\n"
                        "  waits (24h) r5 (customer) 2 now, 5 ended, mean 5 h 00 m\n"
                        "  waits (24h) r2 (customer) 2 now, 2 ended, mean 2 h 00 m\n"
                        "  waits (24h) r4 (customer) 1 now, 4 ended, mean 4 h 00 m\n"
                        "  waits (24h) r1 (us) 1 now, 1 ended, mean 1 h 00 m\n"
                        "  waits (24h) r6 (customer) 0 now, 6 ended, mean 6 h 00 m\n"
                        "  waits (24h) for 1 things more\n" // r3; for r0 nothing waited in the window
                        "\n"
                        "asking the daemon ...\n");
  assert_int_equal(p.lines[0].style, VSM_LINE_PLAIN);
  assert_int_equal(p.lines[1].style, VSM_LINE_WORST);
  vsm_page_fini(&p);
  vsm_watch_model_fini(&m);
}

// A page of rows NAME0, NAME1, ...
static void reply_rows(struct vsm_watch_model *m, const char *name, size_t n, const char *cursor) {
  Vsm__V1__Reply reply = VSM__V1__REPLY__INIT;
  Vsm__V1__Items items = VSM__V1__ITEMS__INIT;
  Vsm__V1__ItemRow rows[100], *at[100];
  char names[100][32];
  for (size_t i = 0; i < n; i++) {
    vsm__v1__item_row__init(&rows[i]);
    snprintf(names[i], sizeof names[i], "%s%zu", name, i);
    rows[i].item = names[i];
    at[i] = &rows[i];
  }
  items.items = at;
  items.n_items = n;
  items.cursor = (char *)cursor;
  reply.kind_case = VSM__V1__REPLY__KIND_ITEMS;
  reply.items = &items;
  vsm_watch_model_reply(m, &reply);
}

static void test_items_are_paged_on(void **state) {
  (void)state;
  struct vsm_watch_model m = {.wanted = 100};
  struct vsm_page p;
  assert_string_equal(vsm_watch_model_cursor(&m), "");
  reply_rows(&m, "a", 100, "c1");
  assert_int_equal(m.items->n_items, 100);
  assert_false(vsm_watch_model_lacks_items(&m));
  m.wanted = 250; // scrolled: all is asked for anew, and shown once it is there
  assert_true(vsm_watch_model_lacks_items(&m));
  assert_string_equal(vsm_watch_model_cursor(&m), "");
  reply_rows(&m, "b", 100, "c1");
  assert_string_equal(vsm_watch_model_cursor(&m), "c1");
  assert_string_equal(m.items->items[0]->item, "a0");
  reply_rows(&m, "c", 100, "c2");
  reply_rows(&m, "d", 30, ""); // the last: fewer than wanted
  assert_false(vsm_watch_model_lacks_items(&m));
  assert_int_equal(m.items->n_items, 230);
  assert_string_equal(m.items->items[0]->item, "b0");
  assert_string_equal(m.items->items[199]->item, "c99");
  assert_string_equal(m.items->items[229]->item, "d29");
  vsm_page_init(&p, 80);
  vsm_page_items(&p, &m, "S", "s", &watch_all);
  assert_int_equal(p.picks, 230);
  assert_int_equal(p.n, 230);
  vsm_page_fini(&p);
  reply_rows(&m, "e", 100, "c1"); // the daemon does not know that cursor any more: from the oldest on
  vsm_watch_model_regather(&m);
  assert_string_equal(vsm_watch_model_cursor(&m), "");
  reply_rows(&m, "f", 0, "");
  assert_int_equal(m.items->n_items, 0);
  m.wanted = 1;
  reply_rows(&m, "g", 10, "more");
  vsm_page_init(&p, 80);
  vsm_page_items(&p, &m, "S", "s", &watch_all);
  assert_string_equal(p.lines[10].text, "  more follow");
  assert_int_equal(p.picks, 10);
  vsm_page_fini(&p);
  vsm_watch_model_fini(&m);
}

static void test_item(void **state) {
  (void)state;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  Vsm__V1__Reply reply = VSM__V1__REPLY__INIT;
  Vsm__V1__Item item = VSM__V1__ITEM__INIT;
  Vsm__V1__Visit first = VSM__V1__VISIT__INIT, second = VSM__V1__VISIT__INIT, *visits[] = {&first, &second};
  Vsm__V1__SegmentValue segment = VSM__V1__SEGMENT_VALUE__INIT, *segments[] = {&segment};
  struct watch_sample s;
  Vsm__V1__ItemTransition said = VSM__V1__ITEM_TRANSITION__INIT, *transitions[] = {&said};
  char *keys[] = {(char *)"so:1"};
  first.stage = (char *)"check";
  first.entered_unix_nano = UINT64_C(1700000000000000000);
  first.left_unix_nano = first.entered_unix_nano + UINT64_C(3600000000000);
  first.how = (char *)"completed";
  first.active_seconds = 3600;
  second.stage = (char *)"ship";
  second.entered_unix_nano = first.left_unix_nano;
  second.suspended_seconds = 3 * 3600; // open: up to now
  second.state = (char *)"suspended";
  second.rework = true;
  said.time_unix_nano = first.left_unix_nano;
  said.stage = (char *)"ship";
  said.lifecycle = (char *)"suspend";
  said.source = (char *)"wfm";
  said.type = (char *)"order.held";
  said.rule = (char *)"orders.yaml:9";
  said.party = (char *)"customer";
  said.reason = (char *)"address";
  item.item = (char *)"so:1";
  item.value_stream = (char *)"ORD";
  item.state = (char *)"open";
  item.keys = keys;
  item.n_keys = 1;
  item.visits = visits;
  item.n_visits = 2;
  item.transitions = transitions;
  item.n_transitions = 1;
  first.expected_seconds = second.expected_seconds = 7200;
  first.counted_seconds = 3600;
  second.counted_seconds = 3 * 3600;
  second.due_unix_nano = second.entered_unix_nano + UINT64_C(17200000000000);
  second.party = (char *)"customer";
  second.reason = (char *)"address";
  segment.attribute = (char *)"region";
  segment.value = (char *)"north";
  item.segments = segments;
  item.n_segments = 1;
  item.due_unix_nano = first.entered_unix_nano + UINT64_C(6400000000000);
  watch_sample_fill(&s);
  s.snapshot.time_unix_nano = second.entered_unix_nano + UINT64_C(10800000000000); // now
  vsm_watch_model_snapshot(&m, &s.snapshot);
  reply.kind_case = VSM__V1__REPLY__KIND_ITEM;
  reply.item = &item;
  vsm_watch_model_reply(&m, &reply);
  vsm_page_init(&p, 80);
  vsm_page_item(&p, &m, "so:1");
  watch_page_expect(&p, "so:1 in ORD: open\n"
                        "\n"
                        "known as\n"
                        "  so:1\n"
                        "  region=north\n"
                        "  due: overdue since 2023-11-15 00:00:00\n"
                        "where it was:  - queued  # active  ~ held, waits for somebody\n"
                        "  [------..................]  check: completed\n"
                        "    2023-11-14 22:13:20: queued 0s, active 1h00m, held 0s\n"
                        "    expected 2 h 00 m: kept\n"
                        "  [......~~~~~~~~~~~~~~~~~~]  ship: suspended, rework\n"
                        "    2023-11-14 23:13:20: queued 0s, active 0s, held 3h00m\n"
                        "    expected 2 h 00 m: over by 1 h 00 m\n"
                        "    due: 2023-11-15 04:00:00\n"
                        "    waits for address (customer)\n"
                        "what was said of it\n"
                        "  2023-11-14 23:13:20  suspend   ship\n"
                        "                       waits for address (customer)\n"
                        "                       wfm said order.held; rule orders.yaml:9\n");
  vsm_page_fini(&p);
  vsm_watch_model_fini(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_items),
      cmocka_unit_test(test_why_work_stands),
      cmocka_unit_test(test_items_are_paged_on),
      cmocka_unit_test(test_item),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
