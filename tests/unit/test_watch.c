// What vsm watch knows and how its page of streams reads; no terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/vsm/text.h"
#include "watch_sample.h"

static void test_streams_at_80_columns(void **state) {
  (void)state;
  struct watch_sample s;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  watch_sample_fill(&s);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  vsm_page_init(&p, 80);
  vsm_page_streams(&p, &m, &watch_day);
  watch_page_expect(&p, "2023-11-14 22:13:20 UTC  window 24h  0 events, 0 unmapped, 0 refused\n"
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
  struct watch_sample s;
  struct vsm_watch_model m = {0};
  watch_sample_fill(&s);
  s.stages[1].wip = s.stages[1].active = UINT64_C(123456789012);
  s.cycle[0].p50 = s.cycle[0].p85 = s.ages[0].max = 99 * DAY + 23.4 * 3600;
  vsm_watch_model_snapshot(&m, &s.snapshot);
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
    struct vsm_page p;
    vsm_page_init(&p, widths[i]);
    vsm_page_streams(&p, &m, &watch_day);
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
  vsm_page_streams(&p, &m, &watch_all);
  watch_page_expect(&p, "value streams\n\nwaiting for the daemon ...\n");
  assert_int_equal(p.picks, 0);
  vsm_page_fini(&p);
}

static void test_publications(void **state) {
  (void)state;
  struct watch_sample s;
  struct vsm_watch_model m = {0};
  const Vsm__V1__ValueStream *stream;
  const Vsm__V1__Stage *stage;
  watch_sample_fill(&s);
  watch_publish_stage(&m, "ORD", "ship", 5); // before the snapshot: nothing to put it into
  assert_null(m.snapshot);
  vsm_watch_model_snapshot(&m, &s.snapshot);
  watch_publish_stage(&m, "ORD", "ship", 5);
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
  watch_publish_stage(&m, "ORD", "pack", 1); // a reload brought it
  assert_true(m.outdated);
  vsm_watch_model_fini(&m);
}

static void test_another_configuration(void **state) {
  (void)state;
  struct watch_sample s;
  struct vsm_watch_model m = {0};
  Vsm__V1__Publication p = VSM__V1__PUBLICATION__INIT;
  Vsm__V1__Status status = VSM__V1__STATUS__INIT;
  watch_sample_fill(&s);
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
  struct watch_sample s;
  struct vsm_watch_model m = {0};
  struct vsm_page p;
  const struct vsm_page_choice north = {"24h", "region=north", "age"};
  const Vsm__V1__ValueStream *stream;
  const Vsm__V1__Stage *stage;
  Vsm__V1__Segments part;
  Vsm__V1__Segment g, *list;
  Vsm__V1__SegmentWindow w = VSM__V1__SEGMENT_WINDOW__INIT, *windows[] = {&w};
  watch_sample_fill(&s);
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
  watch_publish_stage(&m, "ORD", "ship", 99);         // brings no segments: they stay
  vsm_watch_model_snapshot(&m, &s.snapshot);          // likewise
  vsm_page_init(&p, 80);
  vsm_page_streams(&p, &m, &north);
  watch_page_expect(&p, "2023-11-14 22:13:20 UTC  window 24h  region=north  0 events, 0 unmapped, 0 refus\n"
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_streams_at_80_columns),     cmocka_unit_test(test_no_line_is_wider_than_the_screen),
      cmocka_unit_test(test_nothing_known_yet),         cmocka_unit_test(test_publications),
      cmocka_unit_test(test_another_configuration),     cmocka_unit_test(test_a_part_of_the_work),
      cmocka_unit_test(test_help_fits_into_80_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
