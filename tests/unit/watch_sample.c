#include "watch_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct vsm_page_choice watch_all = {"all", NULL, "age"}, watch_day = {"24h", NULL, "age"};

static void fill_stage(struct watch_sample *s, int i, const char *id, const char *name, uint64_t wip, double oldest) {
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

void watch_sample_fill(struct watch_sample *s) {
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

void watch_page_expect(const struct vsm_page *p, const char *expected) {
  char *text = text_of(p);
  assert_string_equal(text, expected);
  free(text);
}

void watch_publish_stage(struct vsm_watch_model *m, const char *stream, const char *id, uint64_t wip) {
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
