#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/vsm/cmd.h"
#include "log_catcher.h"

static void expect_read(const char *csv, size_t n, const struct vsm_csv_map *map, int status, const char *expected) {
  struct log_catcher c = {0};
  struct vsm_log_reader r = log_catcher_open(&c);
  FILE *in = fmemopen((void *)csv, n, "r");
  int got = vsm_csv_read(in, map, &r);
  fclose(in);
  log_catcher_close(&c);
  assert_string_equal(c.text, expected);
  assert_int_equal(got, status);
  free(c.text);
}

static void expect_of(const char *csv, int status, const char *expected) {
  expect_read(csv, strlen(csv), &(struct vsm_csv_map){0}, status, expected);
}

static void expect(const char *csv, const char *expected) {
  expect_of(csv, 0, expected);
}

static void test_header_and_data(void **state) {
  (void)state;
  expect("source,id,type,subject,time,region\n"
         "crm,7,opened,C1,2025-01-01T00:00:00Z,north\n"
         ",,closed,C1,1735689601.25,\n",
         "2 crm|7|opened|C1|1735689600.000000000|region=north\n"
         "3 csv||closed|C1|1735689601.250000000|\n");
}

static void test_data_named_as_a_column(void **state) {
  (void)state;
  expect("type,subject,time,vsm:data:type,vsm:data:vsm:data:type,vsm:data:vsm:data:,vsm:data:other\n"
         "opened,C1,1,a,b,c,d\n",
         "2 csv|1|opened|C1|1.000000000|type=a vsm:data:type=b vsm:data:=c vsm:data:other=d\n");
  expect("vsm:data:vsm:data:id,vsm:data:id,type,subject,time\na,b,x,C1,1\n",
         "2 csv|1|x|C1|1.000000000|vsm:data:id=a id=b\n");
  static const char mapped[] = "type,subject,time,activity,vsm:data:type\n";
  expect_read(mapped, sizeof mapped - 1, &(struct vsm_csv_map){.type = "activity"}, VSM_FAILED,
              "1! two columns are data named \"type\"\n");
}

static void test_order_is_free_and_id_is_the_row(void **state) {
  (void)state;
  expect("time,subject,type\n1.5,A,x\n\n2,B,y\n", "2 csv|1|x|A|1.500000000|\n4 csv|3|y|B|2.000000000|\n");
}

static void test_quotes(void **state) {
  (void)state;
  expect("type,subject,time,note\r\n"
         "\"a,b\",\"say \"\"hi\"\"\",1,\"two\r\nlines\"\r\n"
         "x,5\" pipe,2,\"\"\r\n",
         "2 csv|1|a,b|say \"hi\"|1.000000000|note=two\r\nlines\n"
         "4 csv|2|x|5\" pipe|2.000000000|\n");
}

static void test_no_line_end_at_the_end(void **state) {
  (void)state;
  expect("type,subject,time\na,b,1", "2 csv|1|a|b|1.000000000|\n");
  expect("type,subject,time\na,\"b\",\"1\"", "2 csv|1|a|b|1.000000000|\n");
}

static void test_byte_order_mark(void **state) {
  (void)state;
  expect("\xef\xbb\xbftype,subject,time\na,b,1\n", "2 csv|1|a|b|1.000000000|\n");
}

static void test_a_broken_row_costs_itself_alone(void **state) {
  (void)state;
  expect(
      "type,subject,time\n"
      "a,1,1\n"
      "b,\"2,2\n"
      "c,3,3\n"
      "\"d\"d,4,4\n"
      "e,5\n"
      "f,6,yesterday\n"
      ",7,7\n"
      "g,8,0\n"
      "h,9,9\n",
      "2 csv|1|a|1|1.000000000|\n"
      "3! text behind a closing quote; within quotes, a quote is written twice\n"
      "4 csv|3|c|3|3.000000000|\n"
      "5! text behind a closing quote; within quotes, a quote is written twice\n"
      "6! 2 columns, where the header has 3\n"
      "7! time \"yesterday\" is not RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before 2100\n"
      "8! the type is empty\n"
      "9! time \"0\" is not RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before 2100\n"
      "10 csv|9|h|9|9.000000000|\n");
}

static void test_a_quote_that_never_closes(void **state) {
  (void)state;
  expect("type,subject,time\n\"a,1,1\nb,2,2\n", "2! a quote is opened and never closed\n3 csv|2|b|2|2.000000000|\n");
}

static void test_nul(void **state) {
  (void)state;
  static const char csv[] = "type,subject,time\na\0,1,1\nb,2,2\n";
  expect_read(csv, sizeof csv - 1, &(struct vsm_csv_map){0}, 0, "2! a NUL byte\n3 csv|2|b|2|2.000000000|\n");
}

static void test_a_row_longer_than_what_is_read_at_once(void **state) {
  (void)state;
  size_t n = 200000, at;
  char *csv = malloc(n + 100), *expected = malloc(n + 100);
  at = (size_t)sprintf(csv, "type,subject,time,note\na,1,1,\"");
  memset(csv + at, 'x', n);
  strcpy(csv + at + n, "\"\nb,2,2,\n");
  at = (size_t)sprintf(expected, "2 csv|1|a|1|1.000000000|note=");
  memset(expected + at, 'x', n);
  strcpy(expected + at + n, "\n3 csv|2|b|2|2.000000000|\n");
  expect(csv, expected);
  free(csv);
  free(expected);
}

static void test_map(void **state) {
  (void)state;
  static const char csv[] = "case,activity,at,type\nC1,open,5,urgent\n";
  expect_read(csv, sizeof csv - 1, &(struct vsm_csv_map){.subject = "case", .type = "activity", .time = "at"}, 0,
              "2 csv|1|open|C1|5.000000000|type=urgent\n");
}

static void test_headers_that_will_not_do(void **state) {
  (void)state;
  expect_of("", VSM_FAILED, "1! the file is empty; a header is needed: source,id,type,subject,time\n");
  expect_of("type,subjct,time\n", VSM_FAILED,
            "1! no column \"subject\" for the subject (near it: \"subjct\"); --map subject=COLUMN says which it is\n");
  expect_of(
      "type;subject;time\n", VSM_FAILED,
      "1! no column \"type\" for the type; --map type=COLUMN says which it is; columns are set apart by commas\n");
  expect_of("type,subject,time,a,a\n", VSM_FAILED, "1! two columns are named \"a\"\n");
}

static void test_records_have_any_columns(void **state) {
  (void)state;
  static const char csv[] = "no,type,time,\n7,a,soon,x\n8,,,\n9\n";
  expect_read(
      csv, sizeof csv - 1, NULL, 0,
      "2 ||||0.000000000|no=7 type=a time=soon\n3 ||||0.000000000|no=8\n4! 1 columns, where the header has 4\n");
}

static void test_stops_where_asked(void **state) {
  (void)state;
  struct log_catcher c = {.stop_after = 1};
  struct vsm_log_reader r = log_catcher_open(&c);
  static char csv[] = "type,subject,time\na,b,1\na,b,2\n";
  FILE *in = fmemopen(csv, sizeof csv - 1, "r");
  assert_int_equal(vsm_csv_read(in, &(struct vsm_csv_map){0}, &r), 7);
  fclose(in);
  log_catcher_close(&c);
  assert_string_equal(c.text, "2 csv|1|a|b|1.000000000|\n");
  free(c.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header_and_data),
      cmocka_unit_test(test_data_named_as_a_column),
      cmocka_unit_test(test_order_is_free_and_id_is_the_row),
      cmocka_unit_test(test_quotes),
      cmocka_unit_test(test_no_line_end_at_the_end),
      cmocka_unit_test(test_byte_order_mark),
      cmocka_unit_test(test_a_broken_row_costs_itself_alone),
      cmocka_unit_test(test_a_quote_that_never_closes),
      cmocka_unit_test(test_nul),
      cmocka_unit_test(test_a_row_longer_than_what_is_read_at_once),
      cmocka_unit_test(test_map),
      cmocka_unit_test(test_headers_that_will_not_do),
      cmocka_unit_test(test_records_have_any_columns),
      cmocka_unit_test(test_stops_where_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
