#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/vsm/cmd.h"
#include "agents/vsm/record.h"

static struct vsm_record_map map;
static struct vsm_arena arena;

// VSM_DONE or VSM_FAILED, as of a file with these keys under `event`.
static int load(const char *keys) {
  char path[] = "/tmp/vsm-record-XXXXXX";
  FILE *out = fdopen(mkstemp(path), "w");
  fprintf(out, "event: { source: s, type: \"t.{data.kind}\", subject: \"{data.no}\", %s }\n", keys);
  fclose(out);
  map = (struct vsm_record_map){0};
  int status = vsm_record_load(path, &VSM_RECORD_FILE, &map, &map, &arena);
  unlink(path);
  return status;
}

// "source|id|type|subject|nanoseconds|KEY=VALUE..." of a record of JSON, or what is wrong with it.
static void expect(const char *json, const char *expected) {
  struct vsm_record r;
  struct vsm_emitter_event e;
  char text[400], why[200];
  vsm_record_init(&r);
  assert_true(vsm_record_add_members(&r, "", json, strlen(json)));
  struct vsm_emitter_event raw = vsm_record_raw(&r);
  if (!vsm_record_event(&map, &raw, &arena, &e, why, sizeof why)) {
    assert_string_equal(why, expected);
    vsm_record_fini(&r);
    return;
  }
  int n = snprintf(text, sizeof text, "%s|%s|%s|%s|%llu|", e.source, e.id ? e.id : "", e.type, e.subject,
                   (unsigned long long)e.time_unix_nano);
  for (size_t i = 0; i < e.n_data; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, "%s=%s ", e.data[i].key, e.data[i].value);
  assert_string_equal(text, expected);
  vsm_record_fini(&r);
}

static void test_parts_and_data(void **state) {
  (void)state;
  assert_int_equal(load("time: \"{data.at}\", id: \"{data.no}/{data.a.b}\", data: [a.b, other]"), VSM_DONE);
  expect("{\"kind\": \"x\", \"no\": 7, \"at\": \"1970-01-01 00:00:05+00\", \"a\": {\"b\": 1.5}}",
         "s|7/1.5|t.x|7|5000000000|a.b=1.5 ");
  assert_int_equal(load("time: \"{data.at}\""), VSM_DONE);
  expect("{\"kind\": \"x\", \"no\": 7, \"at\": 5, \"none\": null}", "s||t.x|7|5000000000|kind=x no=7 at=5 ");
}

static void test_what_is_missing_is_named(void **state) {
  (void)state;
  assert_int_equal(load("time: \"{data.at}\""), VSM_DONE);
  expect("{\"no\": 7, \"at\": 5}", "no data.kind, of which the type is made");
  expect("{\"kind\": \"x\", \"no\": \"\", \"at\": 5}", "no data.no, of which the subject is made");
  expect("{\"kind\": \"x\", \"no\": 7}", "no data.at, of which the time is made");
  expect("{\"kind\": \"x\", \"no\": 7, \"at\": \"now\"}",
         "time \"now\" is not RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before 2100");
}

static void test_units_of_time(void **state) {
  (void)state;
  assert_int_equal(load("time: \"{data.at}\", time_unit: ms, data: no"), VSM_DONE);
  expect("{\"kind\": \"x\", \"no\": 7, \"at\": 1700000000123}", "s||t.x|7|1700000000123000000|no=7 ");
  expect("{\"kind\": \"x\", \"no\": 7, \"at\": 999}", "s||t.x|7|999000000|no=7 ");
  assert_int_equal(load("time: \"{data.at}\", time_unit: us, data: no"), VSM_DONE);
  expect("{\"kind\": \"x\", \"no\": 7, \"at\": 1700000000123456}", "s||t.x|7|1700000000123456000|no=7 ");
  expect("{\"kind\": \"x\", \"no\": 7, \"at\": \"1970-01-01T00:00:01Z\"}", "s||t.x|7|1000000000|no=7 ");
}

static void test_a_file_with_mistakes(void **state) {
  (void)state;
  assert_int_equal(load("time: \"{data.at}\", time_unit: h"), VSM_FAILED);
  assert_int_equal(load("time: \"{time}\""), VSM_FAILED);
  assert_int_equal(load("time: \"{data.at}\", id: \"{id}\""), VSM_FAILED);
  assert_int_equal(load("id: x"), VSM_FAILED);
  assert_int_equal(vsm_record_load("/nowhere", &VSM_RECORD_FILE, &map, &map, &arena), VSM_FAILED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts_and_data),
      cmocka_unit_test(test_what_is_missing_is_named),
      cmocka_unit_test(test_units_of_time),
      cmocka_unit_test(test_a_file_with_mistakes),
  };
  vsm_arena_init(&arena, 0);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  vsm_arena_fini(&arena);
  return failed;
}
