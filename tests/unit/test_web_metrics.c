#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/web/metrics.h"
#include "agents/web/metrics_table.h"

static Vsm__V1__Distribution times = VSM__V1__DISTRIBUTION__INIT, none = VSM__V1__DISTRIBUTION__INIT;
static Vsm__V1__Sle sles[2] = {VSM__V1__SLE__INIT, VSM__V1__SLE__INIT};
static Vsm__V1__WaitWindow wait_windows[2] = {VSM__V1__WAIT_WINDOW__INIT, VSM__V1__WAIT_WINDOW__INIT};
static Vsm__V1__Wait waits[2] = {VSM__V1__WAIT__INIT, VSM__V1__WAIT__INIT};
static Vsm__V1__SegmentWindow segment_window = VSM__V1__SEGMENT_WINDOW__INIT;
static Vsm__V1__Segment segment = VSM__V1__SEGMENT__INIT;
static Vsm__V1__StageWindow stage_windows[2] = {VSM__V1__STAGE_WINDOW__INIT, VSM__V1__STAGE_WINDOW__INIT};
static Vsm__V1__Age age = VSM__V1__AGE__INIT;
static Vsm__V1__Stage stage = VSM__V1__STAGE__INIT;
static Vsm__V1__StreamWindow stream_window = VSM__V1__STREAM_WINDOW__INIT;
static Vsm__V1__ValueStream stream = VSM__V1__VALUE_STREAM__INIT;
static Vsm__V1__Snapshot snapshot = VSM__V1__SNAPSHOT__INIT;
static Vsm__V1__Ingest ingest = VSM__V1__INGEST__INIT;
static Vsm__V1__AlertCounts counts = VSM__V1__ALERT_COUNTS__INIT;
static Vsm__V1__Status status = VSM__V1__STATUS__INIT;
static Vsm__V1__SourceRow source = VSM__V1__SOURCE_ROW__INIT;
static Vsm__V1__Sources sources = VSM__V1__SOURCES__INIT;
static Vsm__V1__Alert alert = VSM__V1__ALERT__INIT;
static Vsm__V1__Alerts alerts = VSM__V1__ALERTS__INIT;

static Vsm__V1__Sle *sle_list[] = {&sles[0], &sles[1]};
static Vsm__V1__WaitWindow *wait_window_list[] = {&wait_windows[0], &wait_windows[1]};
static Vsm__V1__Wait *wait_list[] = {&waits[0], &waits[1]};
static Vsm__V1__SegmentWindow *segment_window_list[] = {&segment_window};
static Vsm__V1__Segment *segment_list[] = {&segment};
static Vsm__V1__StageWindow *stage_window_list[] = {&stage_windows[0], &stage_windows[1]};
static Vsm__V1__Stage *stage_list[] = {&stage};
static Vsm__V1__StreamWindow *stream_window_list[] = {&stream_window};
static Vsm__V1__ValueStream *stream_list[] = {&stream};
static Vsm__V1__SourceRow *source_list[] = {&source};
static Vsm__V1__Alert *alert_list[] = {&alert};

#define LIST(message, field, list) ((message)->field = (list), (message)->n_##field = sizeof(list) / sizeof *(list))

static void fill_stage(void) {
  times = (Vsm__V1__Distribution){
      .base = times.base, .count = 3, .mean = 0.1, .p50 = 1, .p85 = 2, .p95 = 3, .p99 = 4, .max = 5};
  sles[0].name = sles[1].name = (char *)"connected";
  sles[0].count = 4;
  sles[0].attained = 0.5;
  sles[0].target = sles[1].target = 0.85;
  stage_windows[0].window = wait_windows[0].window = (char *)"all";
  stage_windows[1].window = wait_windows[1].window = (char *)"24h";
  stage_windows[0].arrivals = 7;
  stage_windows[0].completed = 3;
  stage_windows[0].first_pass_yield = 0.25;
  stage_windows[0].flow_efficiency = 0.125;
  stage_windows[0].cycle_time = stage_windows[0].active_time = &times;
  stage_windows[1].cycle_time = &none; // active_time is absent
  LIST(&stage_windows[0], sle, sle_list);
  waits[0].party = waits[1].party = (char *)"third-party";
  waits[0].wip = 2;
  waits[1].wip = 3;
  wait_windows[1].count = 4;
  wait_windows[1].seconds = 1.5;
  LIST(&waits[0], windows, wait_window_list);
  LIST(&waits[1], windows, wait_window_list);
  segment_window.window = (char *)"all";
  segment_window.departures = 9;
  segment_window.cycle_time = segment_window.lead_time = &times;
  segment.attribute = (char *)"region";
  segment.value = (char *)"no\"r\\th\n";
  LIST(&segment, windows, segment_window_list);
  age.max = 86400;
  stage.id = (char *)"first";
  stage.name = (char *)"First";
  stage.queued = 1;
  stage.age = &age;
  LIST(&stage, windows, stage_window_list);
  LIST(&stage, waits, wait_list);
  LIST(&stage, segments, segment_list);
}

static int fill(void **state) {
  (void)state;
  fill_stage();
  stream_window.window = (char *)"all";
  stream_window.throughput_per_day = 43200;
  stream_window.lead_time = &times;
  LIST(&stream_window, sle, sle_list);
  stream.id = (char *)"S";
  stream.name = (char *)"Stream";
  stream.age = &age;
  LIST(&stream, windows, stream_window_list);
  LIST(&stream, stages, stage_list);
  LIST(&stream, segments, segment_list);
  LIST(&snapshot, value_streams, stream_list);
  ingest.applied = UINT64_MAX;
  counts.warning = 2;
  status.version = (char *)"1.2.3";
  status.clock = (char *)"wall";
  status.time_unix_nano = UINT64_C(1700000000123456789);
  status.configured_unix_nano = 1;
  status.disk_days_left = 0.5;
  status.trouble = (char *)"disk";
  status.ingest = &ingest;
  status.alerts = &counts;
  source.source = (char *)"crm";
  source.last_unix_nano = 1000;
  LIST(&sources, sources, source_list);
  alert.kind = (char *)"sle_missed";
  alert.severity = (char *)"warning";
  alert.state = (char *)"firing";
  alert.value_stream = (char *)"S";
  alert.name = (char *)"connected";
  alert.acknowledged = (char *)"me: known";
  alert.since_unix_nano = 1;
  LIST(&alerts, alerts, alert_list);
  return 0;
}

static char *print(bool open) {
  size_t n = 0;
  char *text = vsm_metrics_print(
      &(struct vsm_metrics){.status = &status, .snapshot = &snapshot, .sources = &sources, .alerts = &alerts}, open,
      &n);
  assert_non_null(text);
  assert_int_equal(n, strlen(text));
  return text;
}

static void expect(bool open, const char *const *parts) {
  char *text = print(open);
  for (; *parts; parts++)
    if (!strstr(text, *parts))
      fail_msg("not on the page:\n%s\n--- the page:\n%s", *parts, text);
  free(text);
}
#define EXPECT(open, ...) expect(open, (const char *const[]){__VA_ARGS__, NULL})

static void test_old_format(void **state) {
  (void)state;
  EXPECT(false, "# HELP vsm_up 1: the daemon has answered.\n# TYPE vsm_up gauge\nvsm_up 1\n",
         "# TYPE vsm_build_info gauge\nvsm_build_info{version=\"1.2.3\",clock=\"wall\"} 1\n",
         "vsm_now_timestamp_seconds 1700000000.123456\n", "\nvsm_trouble 1\n", "\nvsm_disk_left_seconds 43200\n",
         "# TYPE vsm_events_total counter\nvsm_events_total{result=\"applied\"} 18446744073709551615\n"
         "vsm_events_total{result=\"duplicate\"} 0\n",
         "\nvsm_alerts_firing{severity=\"warning\"} 2\n", "\nvsm_stream_info{stream=\"S\",name=\"Stream\"} 1\n",
         "\nvsm_stream_throughput_per_second{stream=\"S\",window=\"all\"} 0.5\n",
         "\nvsm_stage_wip{stream=\"S\",stage=\"first\",state=\"queued\"} 1\n",
         "\nvsm_stage_age_seconds{stream=\"S\",stage=\"first\",statistic=\"max\"} 86400\n",
         "\nvsm_source_last_event_timestamp_seconds{source=\"crm\"} 1e-06\n",
         "\nvsm_alert{kind=\"sle_missed\",severity=\"warning\",state=\"firing\",stream=\"S\",stage=\"\",source=\"\","
         "expectation=\"connected\",muted=\"acknowledgement\"} 1\n");
}

static void test_openmetrics(void **state) {
  (void)state;
  EXPECT(true, "# TYPE vsm_build info\nvsm_build_info{version=\"1.2.3\",clock=\"wall\"} 1\n",
         "# TYPE vsm_events counter\nvsm_events_total{result=\"applied\"} 18446744073709551615\n",
         "# TYPE vsm_memory_resident_bytes gauge\n# UNIT vsm_memory_resident_bytes bytes\n",
         "# UNIT vsm_stage_first_pass_yield_ratio ratio\n");
  char *text = print(true);
  assert_string_equal(text + strlen(text) - 7, "\n# EOF\n");
  free(text);
  text = print(false);
  assert_null(strstr(text, "# EOF"));
  assert_null(strstr(text, "# UNIT"));
  free(text);
}

static void test_what_is_of_nothing_has_no_sample(void **state) {
  (void)state;
#define ALL "{stream=\"S\",stage=\"first\",window=\"all\""
#define DAY "{stream=\"S\",stage=\"first\",window=\"24h\""
  EXPECT(false, "\nvsm_stage_arrivals" ALL "} 7\nvsm_stage_arrivals" DAY "} 0\n",
         "\nvsm_stage_cycle_time_seconds" ALL ",statistic=\"mean\"} 0.1\n",
         "\nvsm_stage_flow_efficiency_ratio" ALL "} 0.125\n", "\nvsm_stage_first_pass_yield_ratio" ALL "} 0.25\n");
  char *text = print(false);
  assert_null(strstr(text, "vsm_stage_cycle_time_seconds" DAY));
  assert_null(strstr(text, "vsm_stage_flow_efficiency_ratio" DAY));
  assert_null(strstr(text, "vsm_stage_first_pass_yield_ratio" DAY));
  free(text);
}

static void test_labels(void **state) {
  (void)state;
  EXPECT(false,
         "\nvsm_stage_expectation_attained_ratio{stream=\"S\",stage=\"first\",expectation=\"connected\",place=\"1\","
         "window=\"all\"} 0.5\n# HELP",
         "\nvsm_stage_expectation_target_ratio{stream=\"S\",stage=\"first\",expectation=\"connected\",place=\"2\","
         "window=\"all\"} 0.85\n",
         "\nvsm_stage_waiting{stream=\"S\",stage=\"first\",party=\"third-party\"} 5\n# HELP",
         "\nvsm_stage_waits{stream=\"S\",stage=\"first\",party=\"third-party\",window=\"24h\"} 8\n",
         "\nvsm_stage_waited_seconds{stream=\"S\",stage=\"first\",party=\"third-party\",window=\"24h\"} 3\n",
         "\nvsm_stage_segment_departures{stream=\"S\",stage=\"first\",segment=\"region=no\\\"r\\\\th\\n\",window="
         "\"all\"} 9\n");
}

static void test_without_daemon(void **state) {
  (void)state;
  size_t n = 0;
  char *text = vsm_metrics_print(&(struct vsm_metrics){0}, false, &n);
  assert_string_equal(text, "# HELP vsm_up 1: the daemon has answered.\n# TYPE vsm_up gauge\nvsm_up 0\n"
                            "# HELP vsm_metrics_left_off Sources and alerts that found no room on this page.\n"
                            "# TYPE vsm_metrics_left_off gauge\nvsm_metrics_left_off 0\n"
                            "# HELP vsm_logins_refused_total Log-ins at the gateway that were refused.\n"
                            "# TYPE vsm_logins_refused_total counter\n"
                            "vsm_logins_refused_total{reason=\"token\"} 0\n"
                            "vsm_logins_refused_total{reason=\"too_many\"} 0\n"
                            "# HELP vsm_tokens_refused_total Requests at the gateway with a wrong token.\n"
                            "# TYPE vsm_tokens_refused_total counter\n"
                            "vsm_tokens_refused_total{reason=\"token\"} 0\n"
                            "vsm_tokens_refused_total{reason=\"too_many\"} 0\n");
  free(text);
}

static void test_bounded(void **state) {
  (void)state;
  enum { N = VSM_METRICS_SOURCES_MAX + 7 };
  static Vsm__V1__SourceRow *rows[N];
  for (size_t i = 0; i < N; i++)
    rows[i] = &source;
  Vsm__V1__Sources many = VSM__V1__SOURCES__INIT;
  LIST(&many, sources, rows);
  size_t n = 0, shown = 0;
  char *text = vsm_metrics_print(&(struct vsm_metrics){.sources = &many}, false, &n);
  for (const char *p = text; (p = strstr(p, "vsm_source_sequence_gaps{")); p++)
    shown++;
  assert_int_equal(shown, VSM_METRICS_SOURCES_MAX);
  assert_non_null(strstr(text, "\nvsm_metrics_left_off 7\n"));
  free(text);
}

static bool is_family(const char *name) {
  static const char *const suffixes[] = {"", "_total", "_info"}; // by type
  char full[120];
  for (size_t i = 0; i < vsm_metrics_table_n; i++) {
    snprintf(full, sizeof full, "%s%s", vsm_metrics_table[i].name, suffixes[vsm_metrics_table[i].type]);
    if (strcmp(full, name) == 0)
      return true;
  }
  return strcmp(name, "vsm_up") == 0 || strcmp(name, "vsm_metrics_left_off") == 0 ||
         strcmp(name, "vsm_logins_refused_total") == 0 || strcmp(name, "vsm_tokens_refused_total") == 0;
}

// Each family has a row on the page, and the page no other.
static void test_documented(void **state) {
  (void)state;
  char line[2000], name[100];
  size_t documented = 0;
  FILE *page = fopen(VSM_METRICS_PAGE, "r");
  assert_non_null(page);
  while (fgets(line, sizeof line, page)) {
    if (sscanf(line, "| `%99[a-z0-9_]` |", name) != 1 || strncmp(name, "vsm_", 4) != 0)
      continue;
    if (!is_family(name))
      fail_msg("documented, and not there: %s", name);
    documented++;
  }
  fclose(page);
  assert_int_equal(documented, vsm_metrics_table_n + 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_old_format),
      cmocka_unit_test(test_openmetrics),
      cmocka_unit_test(test_what_is_of_nothing_has_no_sample),
      cmocka_unit_test(test_labels),
      cmocka_unit_test(test_without_daemon),
      cmocka_unit_test(test_bounded),
      cmocka_unit_test(test_documented),
  };
  return cmocka_run_group_tests(tests, fill, NULL);
}
