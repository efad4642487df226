#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/vsm/cmd.h"
#include "log_catcher.h"

static void expect(const char *lines, const char *expected) {
  struct log_catcher c = {0};
  struct vsm_log_reader r = log_catcher_open(&c);
  FILE *in = fmemopen((void *)lines, strlen(lines), "r");
  assert_int_equal(vsm_jsonl_read(in, vsm_cloudevent_read, &r), 0);
  fclose(in);
  log_catcher_close(&c);
  assert_string_equal(c.text, expected);
  free(c.text);
}

#define HEAD "{\"source\":\"s\",\"type\":\"t\",\"time\":\"1970-01-01T00:00:01Z\""

static void test_data_is_flattened(void **state) {
  (void)state;
  expect(HEAD
         ",\"subject\":\"k\",\"id\":\"i\",\"specversion\":\"1.0\",\"data\":{\"a\":\"text\",\"b\":1,\"c\":0.1,"
         "\"d\":true,\"e\":null,\"f\":{\"g\":{\"h\":\"deep\"},\"i\":2},\"j\":[1,0.1,\"x\",{\"k\":null}],\"l\":1e3}}\n",
         "1 s|i|t|k|1.000000000|a=text b=1 c=0.1 d=true f.g.h=deep f.i=2 j=[1,0.1,\"x\",{\"k\":null}] l=1000.0\n");
}

static void test_without_time_subject_id_data(void **state) {
  (void)state;
  expect("\n{\"source\":\"s\",\"type\":\"t\"}\n{\"source\":\"s\",\"type\":\"t\",\"data\":null}",
         "2 s||t||0.000000000|\n3 s||t||0.000000000|\n");
}

static void test_bad_lines_cost_themselves_alone(void **state) {
  (void)state;
  expect("{]\n"
         "[]\n"
         "{\"type\":\"t\"}\n"
         "{\"source\":\"s\"}\n"
         "{\"source\":\"s\",\"type\":7}\n"
         "{\"source\":\"s\",\"type\":\"t\",\"time\":\"\"}\n"
         "{\"source\":\"s\",\"type\":\"t\",\"time\":1735689600}\n" HEAD ",\"data\":[1]}\n" HEAD ",\"data\":\"x\"}\n"
         "{\"source\":\"s\",\"source\":\"t\",\"type\":\"t\"}\n" HEAD "}\n",
         "1! no JSON: string or '}' expected near ']', column 2\n"
         "2! no JSON object\n"
         "3! no source\n"
         "4! no type\n"
         "5! type is no text\n"
         "6! time \"\" is not RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before 2100\n"
         "7! time is no text\n"
         "8! data is no JSON object\n"
         "9! data is no JSON object\n"
         "10! no JSON: duplicate object key near '\"source\"', column 22\n"
         "11 s||t||1.000000000|\n");
}

static void test_limits(void **state) {
  (void)state;
  char *line = malloc(8000);
  size_t n = (size_t)sprintf(line, HEAD ",\"data\":{");
  for (int i = 0; i < 257; i++)
    n += (size_t)sprintf(line + n, "%s\"k%d\":1", i ? "," : "", i);
  sprintf(line + n, "}}");
  expect(line, "1! more than 256 attributes\n");
  n = (size_t)sprintf(line, HEAD ",\"data\":");
  for (int i = 0; i < 20; i++)
    n += (size_t)sprintf(line + n, "{\"a\":");
  n += (size_t)sprintf(line + n, "1");
  for (int i = 0; i < 21; i++)
    line[n++] = '}';
  line[n] = '\0';
  expect(line, "1! data is nested more than 16 deep\n");
  free(line);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_data_is_flattened),
      cmocka_unit_test(test_without_time_subject_id_data),
      cmocka_unit_test(test_bad_lines_cost_themselves_alone),
      cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
