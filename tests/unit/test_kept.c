// A configuration as the journal keeps it says all that the core is given, without any file.
#include "conf/kept.h"

#include <stdlib.h>

#include "base/err.h"
#include "core/calendar.h"
#include "tests/lib/test.h"

static struct vsm_config *loaded(const char *path) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  int err = vsm_config_load(path, &config, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  assert_int_equal(err, 0);
  return config;
}

static struct vsm_config *parsed(struct vsm_str kept) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  int err = vsm_config_parse_kept(kept, &config, &report);
  assert_int_equal(err != 0, report.n_mistakes > 0);
  vsm_conf_report_fini(&report);
  return config;
}

static void same_zone(const struct vsm_zone *a, const struct vsm_zone *b) {
  assert_string_equal(a->name, b->name);
  assert_int_equal(a->offset_s, b->offset_s);
  assert_int_equal(a->n_changes, b->n_changes);
  for (unsigned i = 0; i < a->n_changes; i++)
    assert_true(a->changes[i].at_s == b->changes[i].at_s && a->changes[i].offset_s == b->changes[i].offset_s);
}

static void comes_back(const char *path, unsigned least_changes) {
  size_t n, m;
  struct vsm_config *c = loaded(path);
  char *kept = vsm_config_keep(c, &n);
  setenv("TZDIR", "/nonexistent", 1);
  struct vsm_config *again = parsed((struct vsm_str){kept, n});
  unsetenv("TZDIR");
  assert_non_null(again);
  char *kept_again = vsm_config_keep(again, &m);
  assert_string_equal(kept, kept_again);
  assert_true(c->model.n_rules > 0 && c->model.n_rules == again->model.n_rules);
  for (unsigned i = 0; i < c->model.n_rules; i++) {
    assert_string_equal(c->model.rules[i].where, again->model.rules[i].where);
    assert_int_equal(c->model.rules[i].line, again->model.rules[i].line);
  }
  unsigned changes = 0;
  assert_int_equal(c->model.n_calendars, again->model.n_calendars);
  for (unsigned i = 0; i < c->model.n_calendars; i++) {
    const struct vsm_calendar *a = &c->model.calendars[i], *b = &again->model.calendars[i];
    same_zone(&a->zone, &b->zone);
    assert_int_equal(a->n_runs, b->n_runs);
    assert_memory_equal(a->runs, b->runs, (a->n_runs + 1) * sizeof *a->runs);
    changes += a->zone.n_changes;
  }
  assert_true(changes >= least_changes);
  free(kept);
  free(kept_again);
  vsm_config_destroy(c);
  vsm_config_destroy(again);
}

static void test_the_shipped_one_comes_back(void **state) {
  (void)state;
  comes_back(VSM_CONFIG, 200);
}

static void test_every_key_comes_back(void **state) {
  (void)state;
  comes_back(VSM_EVERYTHING, 200);
}

// Whatever is cut off, it is refused or means what stands there; nothing is read beyond it.
static void test_what_is_cut_is_refused(void **state) {
  (void)state;
  size_t n;
  struct vsm_config *c = loaded(VSM_CONFIG);
  char *kept = vsm_config_keep(c, &n);
  vsm_config_destroy(c);
  const char *text = strstr(kept, "\ntext\n");
  size_t head = (size_t)(text - kept);
  for (size_t cut = 0; cut <= head; cut += cut < 200 ? 1 : 97)
    assert_null(parsed((struct vsm_str){kept, cut}));
  kept[n / 2] = '\0';
  assert_null(parsed((struct vsm_str){kept, n}));
  free(kept);
}

static void test_what_was_not_kept_is_missed(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "vsmd configuration 2\nfile x\nrules\ntext\n{}\n",
      "vsmd configuration 1\nfile x\nrules 4294967296\ntext\n{}\n",
      "vsmd configuration 1\nfile x\nrules 1 x\ntext\n{}\n",
      "vsmd configuration 1\nfile x\nrules 1\ntext\nmappings: []\n",
      "vsmd configuration 1\nfile x\nrules\nzone UTC 0 1\ntext\n{}\n",
      "vsmd configuration 1\nfile x\nrules\nzone UTC 0 99999999999999\ntext\n{}\n",
      "vsmd configuration 1\nfile x\nrules\nzone UTC 0 1 5-3\ntext\n{}\n",
      "vsmd configuration 1\nfile x\nrules\ntext\ncalendars: [{ id: a, zone: UTC, week: [mon-fri 08:00-17:00] }]\n",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_null(parsed(vsm_str_of(wrong[i])));
  struct vsm_config *right =
      parsed(VSM_STR("vsmd configuration 1\nfile x\nrules\nzone UTC 0 0\ntext\ncalendars: [{ id: "
                     "a, zone: UTC, week: [mon-fri 08:00-17:00] }]\nvalue_streams: [{ id: S, "
                     "name: S, outcome: D, stages: [{ id: a, name: A }] }]\n"));
  assert_non_null(right);
  vsm_config_destroy(right);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_shipped_one_comes_back),
      cmocka_unit_test(test_every_key_comes_back),
      cmocka_unit_test(test_what_is_cut_is_refused),
      cmocka_unit_test(test_what_was_not_kept_is_missed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
