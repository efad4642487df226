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
  struct vsm_config *c = parsed("daemon: { clock: event, max_step: 1d, max_future_skew: 1s, limits: { sources: 3 } }\n"
                                "sources: [{ id: fast, offset: 40s }, { id: slow, offset: -1m }]\n");
  const struct vsm_model *m = &c->model;
  assert_true(m->clock == VSM_CLOCK_EVENT && m->max_step_us == VSM_DAY_US && m->max_future_skew_us == VSM_SECOND_US);
  assert_true(m->limits.sources == 3 && m->limits.items == VSM_LIMITS_DEFAULT.items);
  assert_true(m->limits.unmapped == VSM_LIMITS_DEFAULT.unmapped && m->limits.rejected == VSM_LIMITS_DEFAULT.rejected);
  assert_int_equal(m->n_sources, 2);
  assert_int_equal(m->sources[1].offset_us, -VSM_MINUTE_US);
  assert_int_equal(c->n_without_effect, 0);
  assert_string_equal(c->daemon.subscribe.at[0], "tcp://127.0.0.1:5570");
  vsm_config_destroy(c);
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
      cmocka_unit_test(a_drawing_is_bounded),
      cmocka_unit_test(much_that_is_wrong_ends_soon),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
