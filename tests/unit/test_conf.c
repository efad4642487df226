// Files that cannot be read, and what the core is given of a configuration.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "core/calendar.h"

// Loads what must not load; its one mistake says `what`.
static void refused(const char *path, const char *what) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  assert_int_equal(vsm_config_load(path, &config, &report), VSM_ECONFIG);
  assert_null(config);
  assert_int_equal(report.n_mistakes, 1);
  assert_string_equal(report.mistakes[0].file, path);
  assert_non_null(strstr(report.mistakes[0].text, what));
  vsm_conf_report_fini(&report);
}

static void what_is_no_readable_file_is_a_mistake(void **state) {
  (void)state;
  refused("/no/such/file.yaml", "No such file");
  refused("/tmp", "not a file");
  refused("/dev/null", "not a file");
}

static void a_pipe_does_not_make_it_wait(void **state) {
  (void)state;
  char path[] = "/tmp/vsm-conf-XXXXXX";
  close(mkstemp(path));
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  refused(path, "not a file");
  unlink(path);
}

static void a_file_above_4_mib_is_a_mistake(void **state) {
  (void)state;
  char path[] = "/tmp/vsm-conf-XXXXXX";
  int fd = mkstemp(path);
  assert_int_equal(ftruncate(fd, VSM_CONF_BYTES_MAX + 1), 0);
  refused(path, "too large");
  close(fd);
  unlink(path);
}

static struct vsm_config *parsed(const char *text) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  int err = vsm_config_parse("dir/test.yaml", text, &config, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  assert_int_equal(err, 0);
  return config;
}

static void the_model_has_the_stages(void **state) {
  (void)state;
  struct vsm_config *c = parsed("value_streams:\n"
                                "  - { id: S, name: Stream, windows: [30d, 360d], outcome: Out, stages: [\n"
                                "      { id: a, next: [c, b], fork: all, was: old }, { id: b, next: [outcome, d] },\n"
                                "      { id: c, next: d, name: See }, { id: d }] }\n"
                                "  - { id: T, stages: [{ id: x }] }\n");
  const struct vsm_stream *s = c->model.streams;
  assert_int_equal(c->model.n_streams, 2);
  assert_string_equal(s->name, "Stream");
  assert_string_equal(s->outcome, "Out");
  assert_int_equal(s->n_stages, 4);
  assert_int_equal(s->n_windows, 2);
  assert_int_equal(s->windows[1].us, 360 * VSM_DAY_US);
  const struct vsm_stage *a = s->stages, *b = a + 1, *d = a + 3;
  assert_true(a->fork_all && !a->to_outcome && a->n_next == 2 && a->next[0] == 2 && a->next[1] == 1);
  assert_string_equal(a->was, "old");
  assert_true(!b->fork_all && b->to_outcome && b->n_next == 1 && b->next[0] == 3);
  assert_string_equal(a[2].name, "See");
  assert_true(d->to_outcome && d->n_next == 0 && d->was == NULL);
  assert_int_equal(s[1].n_windows, 4);
  assert_string_equal(s[1].windows[0].name, "1h");
  vsm_config_destroy(c);
}

static void the_model_has_the_rules(void **state) {
  (void)state;
  struct vsm_config *c = parsed(
      "value_streams: [{ id: S, stages: [{ id: a }, { id: b }] }]\n"
      "mappings:\n"
      "  - { source: x, type: t*, stage: S/b, lifecycle: suspend, item: 'so:{subject}', links: ['{id}'],\n"
      "      when: [{ field: data.k, not_in: [u, v] }, { field: type, matches: 'a*' }, { field: id, exists: true }],\n"
      "      reason: '{data.r}', party: customer, creates: false }\n"
      "  - { source: x, type: t, stream: S, lifecycle: finish, item: '{subject}' }\n"
      "  - { source: x, type: u, ignore: true }\n");
  const struct vsm_rule *r = c->model.rules;
  assert_int_equal(c->model.n_rules, 3);
  assert_true(r->stream == 0 && r->stage == 1 && r->lifecycle == VSM_SUSPEND && !r->creates && !r->ignore);
  assert_true(r->party == VSM_CUSTOMER && r->reason.n == 1 && r->item.n == 2 && r->n_links == 1);
  assert_int_equal(r->n_when, 3);
  assert_true(r->when[0].op == VSM_NOT_IN && r->when[0].n_values == 2 &&
              vsm_str_eq(r->when[0].values[1], VSM_STR("v")));
  assert_true(r->when[1].op == VSM_MATCHES && r->when[1].n_values == 1);
  assert_true(r->when[2].op == VSM_EXISTS && r->when[2].exists);
  assert_string_equal(r->where, "test.yaml:3");
  assert_true(r[1].stage == -1 && r[1].lifecycle == VSM_FINISH && r[1].creates && r[1].party == VSM_US);
  assert_true(r[2].ignore && r[2].stream == -1 && r[2].lifecycle == VSM_NO_LIFECYCLE && !r[2].creates);
  vsm_config_destroy(c);
}

static void the_model_has_the_daemons_settings(void **state) {
  (void)state;
  struct vsm_config *c = parsed("daemon: { clock: event, max_step: 1d, max_future_skew: 1s, limits: { sources: 3, "
                                "keys: 4, transitions: 5, segment_values: 6 } }\n"
                                "sources: [{ id: fast, offset: 40s }, { id: slow, offset: -1m }]\n");
  const struct vsm_model *m = &c->model;
  assert_true(m->clock == VSM_CLOCK_EVENT && m->max_step_us == VSM_DAY_US && m->max_future_skew_us == VSM_SECOND_US);
  assert_true(m->limits.sources == 3 && m->limits.items == VSM_LIMITS_DEFAULT.items);
  assert_true(m->limits.keys == 4 && m->limits.transitions == 5 && m->limits.segment_values == 6);
  assert_true(m->limits.unmapped == VSM_LIMITS_DEFAULT.unmapped && m->limits.rejected == VSM_LIMITS_DEFAULT.rejected);
  assert_int_equal(m->n_sources, 2);
  assert_int_equal(m->sources[1].offset_us, -VSM_MINUTE_US);
  assert_string_equal(c->daemon.subscribe.at[0], "tcp://127.0.0.1:5570");
  vsm_config_destroy(c);
}

static void the_model_has_the_thresholds(void **state) {
  (void)state;
  struct vsm_config *c = parsed(
      "calendars: [{ id: office, zone: UTC, week: [mon-fri 08:00-16:00] }]\n"
      "sources: [{ id: x, calendar: office, silent_after: 2wd }, { id: y }]\n"
      "value_streams:\n"
      "  - { id: S, segments: [region], calendar: office, stall_after: p85 x 1.5, stages: [\n"
      "      { id: a, stage_stall_after: 1wd, wip_limit: 40,\n"
      "        stall_after: [{ after: 3wd, where: { region: [n, s] } }, { after: p95 x 2, calendar: none }, 2h] },\n"
      "      { id: b }] }\n");
  const struct vsm_stream *s = c->model.streams;
  const struct vsm_stage *a = s->stages, *b = a + 1;
  const struct vsm_calendar *office = c->model.calendars;
  assert_true(s->n_stalls == 1 && s->stalls->percentile == 85 && s->stalls->factor_ppm == 1500000);
  assert_true(s->stalls->after_us == 0 && s->stalls->calendar == office);
  assert_int_equal(a->n_stalls, 3);
  assert_true(a->stalls[0].after_us == 24 * VSM_HOUR_US && a->stalls[0].calendar == office);
  assert_true(a->stalls[0].n_where == 1 && a->stalls[0].where->attribute == 0 && a->stalls[0].where->n == 2);
  assert_true(a->stalls[1].percentile == 95 && a->stalls[1].factor_ppm == 2000000 && !a->stalls[1].calendar);
  assert_true(a->stalls[2].after_us == 2 * VSM_HOUR_US && a->stalls[2].n_where == 0 && !a->stalls[2].percentile);
  assert_true(a->stage_stall_us == 8 * VSM_HOUR_US && a->wip_limit == 40);
  assert_true(b->n_stalls == 0 && b->stage_stall_us == 0 && b->wip_limit == 0);
  assert_true(c->model.sources[0].silent_us == 16 * VSM_HOUR_US && c->model.sources[1].silent_us == 0);
  vsm_config_destroy(c);
}

static void the_nearest_word_about_alerts_holds(void **state) {
  (void)state;
  struct vsm_config *c = parsed(
      "daemon: { alerts: { item_stalled: { for: 1m, severity: error }, source_silent: { keep_firing_for: 2m } } }\n"
      "sources: [{ id: x, owner: X, alerts: { source_silent: { severity: critical } } }, { id: y, runbook: r }]\n"
      "value_streams:\n"
      "  - { id: S, owner: O, runbook: R, alerts: { item_stalled: { for: 2m, min_visits: 7 } }, stages: [\n"
      "      { id: a, owner: A, alerts: { item_stalled: { severity: info, announce_interval: 1s } } }, { id: b }] }\n"
      "  - { id: T, stages: [{ id: a }] }\n");
  const struct vsm_stream *s = c->model.streams, *t = s + 1;
  const struct vsm_alert_rule *a = &s->stages[0].alerts[VSM_ITEM_STALLED], *b = &s->stages[1].alerts[VSM_ITEM_STALLED];
  assert_true(a->severity == VSM_INFO && a->for_us == 2 * VSM_MINUTE_US && a->announce_us == VSM_SECOND_US);
  assert_true(a->keep_us == 0 && a->min_visits == 7 && a->repeat_us == VSM_DAY_US);
  assert_true(b->severity == VSM_ERROR && b->announce_us == 5 * VSM_MINUTE_US && b->min_visits == 7);
  assert_true(s->alerts[VSM_ITEM_STALLED].for_us == 2 * VSM_MINUTE_US);
  assert_true(t->alerts[VSM_ITEM_STALLED].for_us == VSM_MINUTE_US && t->alerts[VSM_WIP_LIMIT].for_us == 0);
  assert_true(s->stages[0].min_visits == 7 && t->stages[0].min_visits == 20);
  assert_string_equal(s->stages[0].ownership.owner, "A");
  assert_string_equal(s->stages[0].ownership.runbook, "R");
  assert_string_equal(s->stages[1].ownership.owner, "O");
  assert_string_equal(t->ownership.owner, "");
  const struct vsm_source *x = c->model.sources, *y = x + 1;
  assert_true(x->alerts[VSM_SOURCE_SILENT].severity == VSM_CRITICAL);
  assert_true(x->alerts[VSM_SOURCE_SILENT].keep_us == 2 * VSM_MINUTE_US);
  assert_true(y->alerts[VSM_SOURCE_SILENT].severity == VSM_WARNING);
  assert_string_equal(x->ownership.owner, "X");
  assert_string_equal(y->ownership.runbook, "r");
  assert_int_equal(c->model.alerts[VSM_SOURCE_REFUSED].refused_ppm, 50000);
  vsm_config_destroy(c);
}

static int64_t hours_worked(const struct vsm_calendar *c, int64_t from_s, int64_t to_s) {
  return (vsm_calendar_worked(c, to_s * VSM_SECOND_US) - vsm_calendar_worked(c, from_s * VSM_SECOND_US)) / VSM_HOUR_US;
}

static void the_model_has_the_calendars(void **state) {
  (void)state;
  struct vsm_config *c =
      parsed("calendars:\n"
             "  - { id: office, zone: America/Chicago, week: [mon-fri 13:00-17:00, mon-fri 08:00-12:00],\n"
             "      holidays: [2026-12-25, 2026-07-03] }\n"
             "  - { id: field, zone: Europe/Berlin, week: [mon-sat 07:00-17:00, sun 00:00-24:00] }\n"
             "sources: [{ id: x, calendar: field, silent_after: 3wd }, { id: y }]\n"
             "value_streams:\n"
             "  - { id: S, calendar: office, stall_after: 10wd, expected: [{ within: 1wd, calendar: field }, { within: "
             "5h }],\n"
             "      stages: [{ id: a }, { id: b, calendar: field, stage_stall_after: 2wd },\n"
             "        { id: c, calendar: none, stall_after: [{ after: 2wd, calendar: field }] }] }\n"
             "  - { id: T, stages: [{ id: a, calendar: office }, { id: b }] }\n");
  const struct vsm_calendar *office = c->model.calendars, *field = office + 1;
  assert_int_equal(c->model.n_calendars, 2);
  assert_string_equal(office->id, "office");
  assert_string_equal(office->zone.name, "America/Chicago");
  assert_int_equal(office->n_hours, 10);
  assert_true(office->hours[0].weekday == 0 && office->hours[0].from_m == 480 && office->hours[1].to_m == 1020);
  assert_int_equal(office->n_holidays, 2);
  assert_true(office->holidays[0] == 20637 && office->holidays[1] == 20812);
  assert_int_equal(hours_worked(office, 1782777600, 1783382400), 32); // 2026-06-30 to 07-07, 00:00 UTC: one holiday
  assert_int_equal(vsm_calendar_day_us(field), 12 * VSM_HOUR_US);     // 84 hours on 7 days
  const struct vsm_stream *s = c->model.streams, *t = s + 1;
  assert_true(s->calendar == office && t->calendar == NULL);
  assert_true(s->stages[0].calendar == office && s->stages[1].calendar == field && s->stages[2].calendar == NULL);
  assert_true(t->stages[0].calendar == office && t->stages[1].calendar == NULL);
  assert_true(c->model.sources[0].calendar == field && c->model.sources[1].calendar == NULL);
  const struct vsm_conf_stream *said = c->value_streams.at;
  assert_int_equal(c->sources.at[0].silent_after.us, 36 * VSM_HOUR_US);
  assert_int_equal(said->stall_after.at[0].after.us, 80 * VSM_HOUR_US);
  assert_int_equal(said->expected.at[0].within.us, 12 * VSM_HOUR_US);
  assert_int_equal(said->expected.at[1].within.us, 5 * VSM_HOUR_US);
  assert_int_equal(said->stages.at[1].stage_stall_after.us, 24 * VSM_HOUR_US);
  assert_int_equal(said->stages.at[2].stall_after.at[0].after.us, 24 * VSM_HOUR_US);
  vsm_config_destroy(c);
}

// The one mistake of a calendar in a zone of the folder that TZDIR names.
static void zone_refused(const char *dir, const char *zone, const char *what) {
  char yaml[200];
  struct vsm_config *config;
  struct vsm_conf_report report;
  snprintf(yaml, sizeof yaml, "calendars: [{ id: a, zone: %s, week: [mon 08:00-17:00] }]\n", zone);
  setenv("TZDIR", dir, 1);
  assert_int_equal(vsm_config_parse("zone.yaml", yaml, &config, &report), VSM_ECONFIG);
  unsetenv("TZDIR");
  assert_int_equal(report.n_mistakes, 1);
  assert_true(report.mistakes[0].line == 1 && report.mistakes[0].column == 28);
  assert_non_null(strstr(report.mistakes[0].text, what));
  vsm_conf_report_fini(&report);
}

static void zones_come_from_the_folder_that_tzdir_names(void **state) {
  (void)state;
  char dir[] = "/tmp/vsm-zones-XXXXXX", path[100];
  assert_non_null(mkdtemp(dir));
  zone_refused(dir, "UTC", "no time zones in /tmp/vsm-zones-");
  snprintf(path, sizeof path, "%s/Torn", dir);
  FILE *f = fopen(path, "w");
  fputs("TZif2", f);
  fclose(f);
  zone_refused(dir, "Torn", "time zone \"Torn\": no time zone file");
  zone_refused(dir, "Thorn", "no time zone \"Thorn\" on this system; did you mean \"Torn\"?");
  zone_refused(dir, "/tmp", "no name of a time zone");
  zone_refused(dir, "../etc/passwd", "no name of a time zone");
  unlink(path);
  rmdir(dir);
}

// A text of 4 MiB of the worst kinds ends soon, with at most a thousand mistakes.
static void much_that_is_wrong_ends_soon(void **state) {
  (void)state;
  static const char *const pieces[] = {"{a: b},", "[", "- ", "a: b\n", "&a a,", "{field: x, in: [a,b,c]},\n"};
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    size_t n = strlen(pieces[i]), len = 0;
    char *text = malloc(VSM_CONF_BYTES_MAX / 8 + 64);
    len = (size_t)sprintf(text, i == 3 ? "" : "mappings: [");
    for (; len + n < VSM_CONF_BYTES_MAX / 8; len += n)
      memcpy(text + len, pieces[i], n);
    text[len] = '\0';
    struct vsm_config *config;
    struct vsm_conf_report report;
    assert_int_equal(vsm_config_parse("much.yaml", text, &config, &report), VSM_ECONFIG);
    assert_true(report.n_mistakes >= 1 && report.n_mistakes <= 1000);
    vsm_conf_report_fini(&report);
    free(text);
  }
}

// Writes a drawing below a heading, and loads a stream that names it; returns the number of mistakes.
static unsigned drawn(const char *piece, size_t bytes) {
  char path[] = "/tmp/vsm-conf-XXXXXX", yaml[200];
  FILE *f = fdopen(mkstemp(path), "w");
  fputs("# S\n```mermaid\ngraph LR\n", f);
  for (size_t n = 0; n < bytes; n += strlen(piece))
    fputs(piece, f);
  fputs("z\n```\n", f);
  fclose(f);
  snprintf(yaml, sizeof yaml, "value_streams: [{ id: S, diagram: %s }]\n", path);
  struct vsm_config *config;
  struct vsm_conf_report report;
  vsm_config_parse("drawn.yaml", yaml, &config, &report);
  unsigned n = report.n_mistakes;
  vsm_conf_report_fini(&report);
  vsm_config_destroy(config);
  unlink(path);
  return n;
}

static void a_drawing_is_bounded(void **state) {
  (void)state;
  assert_int_equal(drawn("a-->", 100), 1);          // a circle
  assert_int_equal(drawn("a-->b-->c\n", 100), 0);   // the same again and again; z is an outcome beside c
  assert_int_equal(drawn("a-->", 200 * 1024), 1);   // a long line
  assert_int_equal(drawn("a-->\n", 300 * 1024), 1); // too large
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_readable_file_is_a_mistake),
      cmocka_unit_test(a_pipe_does_not_make_it_wait),
      cmocka_unit_test(a_file_above_4_mib_is_a_mistake),
      cmocka_unit_test(the_model_has_the_stages),
      cmocka_unit_test(the_model_has_the_rules),
      cmocka_unit_test(the_model_has_the_daemons_settings),
      cmocka_unit_test(the_model_has_the_thresholds),
      cmocka_unit_test(the_nearest_word_about_alerts_holds),
      cmocka_unit_test(the_model_has_the_calendars),
      cmocka_unit_test(zones_come_from_the_folder_that_tzdir_names),
      cmocka_unit_test(a_drawing_is_bounded),
      cmocka_unit_test(much_that_is_wrong_ends_soon),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
