// What vsm watch knows and how its pages read; no terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/vsm/text.h"
#include "agents/vsm/watch_page.h"

#define DAY 86400.0

static const struct vsm_page_choice all = {"all", NULL, "age"}, day = {"24h", NULL, "age"};

// A stream of two stages, the second fuller, with figures in the window 24h.
struct sample {
  Vsm__V1__Snapshot snapshot;
  Vsm__V1__ValueStream stream, *streams[1];
  Vsm__V1__StreamWindow stream_all, stream_day, *stream_windows[2];
  Vsm__V1__Stage stages[2], *stage_list[2];
  Vsm__V1__StageWindow all[2], day[2], *windows[2][2];
  Vsm__V1__Distribution cycle[2], lead;
  Vsm__V1__Age ages[2];
};

static void fill_stage(struct sample *s, int i, const char *id, const char *name, uint64_t wip, double oldest) {
  vsm__v1__stage__init(&s->stages[i]);
  vsm__v1__stage_window__init(&s->all[i]);
  vsm__v1__stage_window__init(&s->day[i]);
  vsm__v1__distribution__init(&s->cycle[i]);
  vsm__v1__age__init(&s->ages[i]);
  s->ages[i].p85 = s->ages[i].max = oldest;
  s->cycle[i].count = 4;
  s->cycle[i].p50 = 11100;
  s->cycle[i].p85 = 12 * DAY + 4 * 3600;
  s->all[i].window = (char *)"all";
  s->day[i].window = (char *)"24h";
  s->day[i].departures = 7;
  s->day[i].cycle_time = &s->cycle[i];
  s->windows[i][0] = &s->all[i];
  s->windows[i][1] = &s->day[i];
  s->stages[i].id = (char *)id;
  s->stages[i].name = (char *)name;
  s->stages[i].wip = wip;
  s->stages[i].active = wip;
  s->stages[i].age = &s->ages[i];
  s->stages[i].windows = s->windows[i];
  s->stages[i].n_windows = 2;
  s->stage_list[i] = &s->stages[i];
}

static void fill(struct sample *s) {
  memset(s, 0, sizeof *s);
  vsm__v1__snapshot__init(&s->snapshot);
  vsm__v1__value_stream__init(&s->stream);
  vsm__v1__stream_window__init(&s->stream_all);
  vsm__v1__stream_window__init(&s->stream_day);
  vsm__v1__distribution__init(&s->lead);
  fill_stage(s, 0, "check", "Check of an order, by hand", 2, 60);
  fill_stage(s, 1, "ship",
             "Versand \xc3\xbc"
             "ber Nacht",
             100, 3 * DAY);
  s->stream_all.window = (char *)"all";
  s->stream_day.window = (char *)"24h";
  s->stream_day.started = 9;
  s->stream_day.finished = 7;
  s->stream_day.throughput_per_day = 7;
  s->stream_windows[0] = &s->stream_all;
  s->stream_windows[1] = &s->stream_day;
  s->stream = (Vsm__V1__ValueStream){.base = s->stream.base,
                                     .id = (char *)"ORD",
                                     .name = (char *)"Orders",
                                     .wip = 103,
                                     .between = 1,
                                     .n_windows = 2,
                                     .windows = s->stream_windows,
                                     .n_stages = 2,
                                     .stages = s->stage_list};
  s->streams[0] = &s->stream;
  s->snapshot.time_unix_nano = UINT64_C(1700000000000000000);
  s->snapshot.value_streams = s->streams;
  s->snapshot.n_value_streams = 1;
}

// The page as text: title, head, lines.
static char *text_of(const struct vsm_page *p) {
  char *text;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  fprintf(out, "%s\n%s\n", p->title, p->head);
  for (size_t i = 0; i < p->n; i++)
    fprintf(out, "%s\n", p->lines[i].text);
  fclose(out);
  return text;
}

static void expect(const struct vsm_page *p, const char *expected) {
  char *text = text_of(p);
  assert_string_equal(text, expected);
  free(text);
}

static void test_streams_at_80_columns(void **state) {
  (void)state;
  struct sample s;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  fill(&s);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  vsm_page_init(&p, 80);
  vsm_page_streams(&p, &m, &day);
  expect(&p, "2023-11-14 22:13:20 UTC  window 24h  0 events, 0 unmapped, 0 refused\n"
             "  stage                   wip queue activ  held    p50    p85 oldest  left\n"
             "ORD Orders: 103 in progress (1 between stages)\n"
             "  24h: 9 in, 7 out, 7.0 a day; lead time p50 -, p85 -\n"
             "  Check of an order, by     2     0     2     0  3h05m  12d4h  1m00s     7 #\n"
             "> Versand \xc3\xbc"
             "ber Nacht      100     0   100     0  3h05m  12d4h   3d0h     7 #####\n");
  assert_int_equal(p.picks, 2);
  assert_int_equal(p.lines[3].pick, 1);
  assert_int_equal(p.lines[3].style, VSM_LINE_WORST);
  assert_int_equal(p.lines[0].pick, -1);
  vsm_page_fini(&p);
  vsm_watch_model_fini(&m);
}

static void test_no_line_is_wider_than_the_screen(void **state) {
  (void)state;
  static const int widths[] = {40, 57, 80, 99, 100, 120, 300};
  struct sample s;
  struct vsm_watch_model m = {0};
  fill(&s);
  s.stages[1].wip = s.stages[1].active = UINT64_C(123456789012);
  s.cycle[0].p50 = s.cycle[0].p85 = s.ages[0].max = 99 * DAY + 23.4 * 3600;
  vsm_watch_model_snapshot(&m, &s.snapshot);
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
    struct vsm_page p;
    vsm_page_init(&p, widths[i]);
    vsm_page_streams(&p, &m, &day);
    vsm_page_help(&p);
    for (size_t k = 0; k < p.n; k++)
      assert_in_range(vsm_text_width(p.lines[k].text), 0, widths[i]);
    vsm_page_fini(&p);
  }
  vsm_watch_model_fini(&m);
}

static void test_nothing_known_yet(void **state) {
  (void)state;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  vsm_page_init(&p, 80);
  vsm_page_streams(&p, &m, &all);
  expect(&p, "value streams\n\nwaiting for the daemon ...\n");
  assert_int_equal(p.picks, 0);
  vsm_page_fini(&p);
}

static void publish_stage(struct vsm_watch_model *m, const char *stream, const char *id, uint64_t wip) {
  Vsm__V1__Publication p = VSM__V1__PUBLICATION__INIT;
  Vsm__V1__Metric metric = VSM__V1__METRIC__INIT;
  Vsm__V1__Stage stage = VSM__V1__STAGE__INIT;
  stage.id = (char *)id;
  stage.wip = wip;
  metric.value_stream = (char *)stream;
  metric.node_case = VSM__V1__METRIC__NODE_STAGE;
  metric.stage = &stage;
  p.body_case = VSM__V1__PUBLICATION__BODY_METRIC;
  p.metric = &metric;
  vsm_watch_model_publication(m, &p);
}

static void test_publications(void **state) {
  (void)state;
  struct sample s;
  struct vsm_watch_model m = {0};
  const Vsm__V1__ValueStream *stream;
  const Vsm__V1__Stage *stage;
  fill(&s);
  publish_stage(&m, "ORD", "ship", 5); // before the snapshot: nothing to put it into
  assert_null(m.snapshot);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  publish_stage(&m, "ORD", "ship", 5);
  assert_true(vsm_watch_model_stage(&m, 1, &stream, &stage));
  assert_int_equal(stage->wip, 5);
  assert_false(m.outdated);
  Vsm__V1__Publication p = VSM__V1__PUBLICATION__INIT;
  Vsm__V1__Metric metric = VSM__V1__METRIC__INIT;
  Vsm__V1__ValueStream fresh = VSM__V1__VALUE_STREAM__INIT;
  fresh.id = (char *)"ORD";
  fresh.wip = 77;
  metric.value_stream = (char *)"ORD";
  metric.node_case = VSM__V1__METRIC__NODE_STREAM;
  metric.stream = &fresh;
  p.body_case = VSM__V1__PUBLICATION__BODY_METRIC;
  p.metric = &metric;
  vsm_watch_model_publication(&m, &p);
  assert_true(vsm_watch_model_stage(&m, 1, &stream, &stage)); // a stream comes without its stages: they stay
  assert_int_equal(stream->wip, 77);
  assert_int_equal(stage->wip, 5);
  assert_false(vsm_watch_model_stage(&m, 2, &stream, &stage));
  publish_stage(&m, "ORD", "pack", 1); // a reload brought it
  assert_true(m.outdated);
  vsm_watch_model_fini(&m);
}

static void test_another_configuration(void **state) {
  (void)state;
  struct sample s;
  struct vsm_watch_model m = {0};
  Vsm__V1__Publication p = VSM__V1__PUBLICATION__INIT;
  Vsm__V1__Status status = VSM__V1__STATUS__INIT;
  fill(&s);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  p.body_case = VSM__V1__PUBLICATION__BODY_STATUS;
  p.status = &status;
  status.configured_unix_nano = 1;
  status.trouble = (char *)"the disk is full";
  vsm_watch_model_publication(&m, &p);
  assert_false(m.outdated);
  assert_string_equal(m.trouble, "the disk is full");
  status.configured_unix_nano = 2;
  vsm_watch_model_publication(&m, &p);
  assert_true(m.outdated);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  assert_false(m.outdated);
  vsm_watch_model_fini(&m);
}

static void test_items(void **state) {
  (void)state;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  struct sample s;
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
  vsm_page_items(&p, &m, "RCV-01", "planning", &all);
  expect(&p, "RCV-01/planning: the longest here first\n"
             "  item        state     here    age  pace         waits for\n"
             "  so:?[1m4711 held      3d0h   4d0h  at_risk 91%  easement (third-party)\n");
  vsm_page_fini(&p);
  row.due_unix_nano = UINT64_C(1700000000000000000) - UINT64_C(7200000000000);
  fill(&s);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  vsm_watch_model_reply(&m, &reply);
  vsm_page_init(&p, 80); // a due date says more than the age
  vsm_page_items(&p, &m, "RCV-01", "planning", &(struct vsm_page_choice){"all", NULL, "pace"});
  expect(&p, "RCV-01/planning: the slowest of their stage first\n"
             "  item        state     here  pace         due         waits for\n"
             "  so:?[1m4711 held      3d0h  at_risk 91%  late 2h00m  easement (third-party)\n");
  vsm_page_fini(&p);
  vsm_page_init(&p, 120);
  vsm_page_items(&p, &m, "RCV-01", "planning", &(struct vsm_page_choice){"all", NULL, "last"});
  expect(&p, "RCV-01/planning: unmoved for the longest first\n"
             "  item        state        here       age  pace         due             waits for\n"
             "  so:?[1m4711 held      3 d 0 h   4 d 0 h  at_risk 91%  late 2 h 00 m   easement (third-party)\n");
  vsm_page_fini(&p);
  vsm_watch_model_forget(&m);
  vsm_page_init(&p, 80);
  vsm_page_items(&p, &m, "RCV-01", "planning", &all);
  assert_string_equal(p.lines[0].text, "asking the daemon ...");
  vsm_page_fini(&p);
  vsm_watch_model_fini(&m);
}

static void test_why_work_stands(void **state) {
  (void)state;
  struct sample s;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  Vsm__V1__Sle met = VSM__V1__SLE__INIT, missed = VSM__V1__SLE__INIT, *sle[] = {&met, &missed};
  Vsm__V1__Wait waits[7], *list[7];
  Vsm__V1__WaitWindow ended[7], *windows[7];
  char reasons[7][8];
  fill(&s);
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
  vsm_page_items(&p, &m, "ORD", "ship", &day);
  expect(&p, "ORD/ship: the longest here first\n"
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

static Vsm__V1__Segments *segments_of(Vsm__V1__Segments *out, Vsm__V1__Segment **list, Vsm__V1__Segment *g,
                                      uint64_t wip) {
  vsm__v1__segments__init(out);
  vsm__v1__segment__init(g);
  g->attribute = (char *)"region";
  g->value = (char *)"north";
  g->wip = wip;
  *list = g;
  out->segments = list;
  out->n_segments = 1;
  return out;
}

static void test_a_part_of_the_work(void **state) {
  (void)state;
  struct sample s;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  const struct vsm_page_choice north = {"24h", "region=north", "age"};
  const Vsm__V1__ValueStream *stream;
  const Vsm__V1__Stage *stage;
  Vsm__V1__Segments part;
  Vsm__V1__Segment g, *list;
  Vsm__V1__SegmentWindow w = VSM__V1__SEGMENT_WINDOW__INIT, *windows[] = {&w};
  fill(&s);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  vsm_watch_model_segments(&m, "ORD", "", segments_of(&part, &list, &g, 8));
  segments_of(&part, &list, &g, 5);
  w.window = (char *)"24h";
  w.departures = 3;
  w.cycle_time = &s.cycle[0];
  g.windows = windows;
  g.n_windows = 1;
  vsm_watch_model_segments(&m, "ORD", "ship", &part);
  vsm_watch_model_segments(&m, "ORD", "gone", &part); // of another configuration
  publish_stage(&m, "ORD", "ship", 99);               // brings no segments: they stay
  vsm_watch_model_snapshot(&m, &s.snapshot);          // likewise
  vsm_page_init(&p, 80);
  vsm_page_streams(&p, &m, &north);
  expect(&p, "2023-11-14 22:13:20 UTC  window 24h  region=north  0 events, 0 unmapped, 0 refus\n"
             "  stage                   wip queue activ  held    p50    p85 oldest  left\n"
             "ORD Orders: 8 in progress\n"
             "  24h: 0 in, 0 out; lead time p50 -, p85 -\n"
             "  Check of an order, by     0     -     -     -      -      -      -     0 \n"
             "  Versand \xc3\xbc"
             "ber Nacht        5     -     -     -  3h05m  12d4h      -     3 #####\n");
  vsm_page_fini(&p);
  assert_true(vsm_watch_model_node(&m, 2, &stream, &stage));
  assert_string_equal(stage->id, "ship");
  assert_false(vsm_watch_model_node(&m, 3, &stream, &stage));
  vsm_watch_model_segments(&m, "ORD", "", NULL);             // it has no such attribute
  assert_true(vsm_watch_model_node(&m, 0, &stream, &stage)); // another configuration may give it one
  assert_null(stage);
  assert_false(vsm_watch_model_node(&m, 1, &stream, &stage));
  assert_false(vsm_watch_model_stage(&m, 0, &stream, &stage));
  vsm_page_init(&p, 80);
  vsm_page_streams(&p, &m, &north);
  assert_int_equal(p.n, 0);
  vsm_page_fini(&p);
  vsm_watch_model_fini(&m);
}

static void test_help_fits_into_80_columns(void **state) {
  (void)state;
  struct vsm_page p;
  vsm_page_init(&p, 300);
  vsm_page_help(&p);
  assert_in_range(p.n, 1, 22); // 24 lines, with title and foot
  for (size_t i = 0; i < p.n; i++)
    assert_in_range(vsm_text_width(p.lines[i].text), 0, 80);
  vsm_page_fini(&p);
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
  vsm_page_items(&p, &m, "S", "s", &all);
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
  vsm_page_items(&p, &m, "S", "s", &all);
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
  struct sample s;
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
  fill(&s);
  s.snapshot.time_unix_nano = second.entered_unix_nano + UINT64_C(10800000000000); // now
  vsm_watch_model_snapshot(&m, &s.snapshot);
  reply.kind_case = VSM__V1__REPLY__KIND_ITEM;
  reply.item = &item;
  vsm_watch_model_reply(&m, &reply);
  vsm_page_init(&p, 80);
  vsm_page_item(&p, &m, "so:1");
  expect(&p, "so:1 in ORD: open\n"
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
      cmocka_unit_test(test_streams_at_80_columns),     cmocka_unit_test(test_no_line_is_wider_than_the_screen),
      cmocka_unit_test(test_nothing_known_yet),         cmocka_unit_test(test_publications),
      cmocka_unit_test(test_another_configuration),     cmocka_unit_test(test_items),
      cmocka_unit_test(test_items_are_paged_on),        cmocka_unit_test(test_item),
      cmocka_unit_test(test_why_work_stands),           cmocka_unit_test(test_a_part_of_the_work),
      cmocka_unit_test(test_help_fits_into_80_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
