#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "agents/vsm/cmd.h"
#include "log_catcher.h"

// Reads the text from a file, plain or compressed; bytes cut from its end.
static void expect_read(const char *xml, bool gz, long cut, int status, const char *expected) {
  char path[] = "/tmp/test_xes.XXXXXX";
  struct log_catcher c = {0};
  struct vsm_log_reader r = log_catcher_open(&c);
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  gzFile out = gzdopen(dup(fd), gz ? "wb" : "wbT");
  assert_int_equal(gzwrite(out, xml, (unsigned)strlen(xml)), (int)strlen(xml));
  gzclose(out);
  assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - cut), 0);
  close(fd);
  int got = vsm_xes_read(path, &r);
  unlink(path);
  log_catcher_close(&c);
  if (expected)
    assert_string_equal(c.text, expected);
  assert_int_equal(got, status);
  free(c.text);
}

static void expect(const char *xml, const char *expected) {
  expect_read(xml, false, 0, 0, expected);
}

#define LOG "<?xml version='1.0'?><log xmlns='http://www.xes-standard.org/'>\n"
#define TRACE "<trace><string key='concept:name' value='C1'/>\n"
#define T(z) "<date key='time:timestamp' value='2025-01-01T0" z ":00:00.000+01:00'/>"
#define NAME(z) "<string key='concept:name' value='" z "'/>"

static const char two[] = LOG
    "<extension name='x'/><global scope='event'><string key='a' value='b'/></global>\n"
    "<string key='of the log' value='x'/>" TRACE "<int key='n' value='4'/>\n"
    "<event>" NAME("open") T("2") "<boolean key='b' value='true'/></event>\n"
                                  "<event>" NAME("close") T("3") "<float key='f' value='0.5'/></event></trace></log>";
static const char two_events[] =
    "5 xes||open|C1|1735693200.000000000|concept:name=open time:timestamp=2025-01-01T02:00:00.000+01:00 b=true "
    "case:concept:name=C1 case:n=4\n"
    "6 xes||close|C1|1735696800.000000000|concept:name=close time:timestamp=2025-01-01T03:00:00.000+01:00 f=0.5 "
    "case:concept:name=C1 case:n=4\n";

static void test_attributes(void **state) {
  (void)state;
  expect(two, two_events);
}

static void test_compressed(void **state) {
  (void)state;
  expect_read(two, true, 0, 0, two_events);
}

static void test_compressed_and_cut_off(void **state) {
  (void)state;
  expect_read(two, true, 40, VSM_FAILED, NULL);
}

static void test_nested_and_lists(void **state) {
  (void)state;
  expect(LOG TRACE "<event>" NAME("x") T("1") "<string key='a' value='1'><string key='b' value='2'/></string>"
                                              "<list key='l'><values><int key='i' value='3'/></values></list>"
                                              "<string key='empty' value=''/></event></trace></log>",
         "3 xes||x|C1|1735689600.000000000|concept:name=x time:timestamp=2025-01-01T01:00:00.000+01:00 a=1 a.b=2 l.i=3 "
         "case:concept:name=C1\n");
}

static void test_attributes_of_the_trace_behind_its_events(void **state) {
  (void)state;
  expect(LOG "<trace><event>" NAME("x") T("1") "</event>" NAME("C9") "</trace></log>",
         "2 xes||x|C9|1735689600.000000000|concept:name=x time:timestamp=2025-01-01T01:00:00.000+01:00 "
         "case:concept:name=C9\n");
}

static void test_what_our_export_wrote(void **state) {
  (void)state;
  expect(LOG TRACE "<event>" NAME("Planning") T("1") "<string key='lifecycle:transition' value='start'/>"
                                                     "<string key='vsm:source' value='crm'/>"
                                                     "<string key='vsm:type' value='opened'/>"
                                                     "<string key='vsm:subject' value='K1'/>"
                                                     "<string key='vsm:id' value='77'/>"
                                                     "<string key='region' value='north'/></event></trace></log>",
         "3 crm|77|opened|K1|1735689600.000000000|region=north\n");
}

static void test_data_whose_key_is_no_name(void **state) {
  (void)state;
  expect(LOG TRACE "<event>" NAME("Planning") T("1") "<string key='vsm:source' value='crm'/>"
                                                     "<string key='vsm:type' value='opened'/>"
                                                     "<string key='vsm:data:a_x20_key' value='1'/>"
                                                     "<string key='vsm:data:concept:name' value='2'/>"
                                                     "<string key='vsm:data:_x5F__x20_' value='3'/>"
                                                     "<string key='vsm:data:_x2' value='nobody writes such'/>"
                                                     "<string key='vsm:data:_x00_' value='nor such'/>"
                                                     "<string key='_x20_' value='4'/></event></trace></log>",
         "3 crm||opened||1735689600.000000000|a key=1 concept:name=2 _ =3 _x20_=4\n");
}

static void test_broken_events_cost_themselves_alone(void **state) {
  (void)state;
  expect(
      LOG TRACE "<event>" NAME("a") "</event>\n"
                                    "<event>" NAME("b") "<date key='time:timestamp' value='soon'/></event>\n"
                                                        "<event>" T("1") "</event>\n"
                                                                         "<event>" NAME("c")
                                                                             T("1") "</event></trace></log>",
      "3! an event without time:timestamp\n"
      "4! time:timestamp \"soon\" is not RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before "
      "2100\n"
      "5! an event without concept:name\n"
      "6 xes||c|C1|1735689600.000000000|concept:name=c time:timestamp=2025-01-01T01:00:00.000+01:00 "
      "case:concept:name=C1\n");
}

static void test_broken_xml_keeps_what_came_before(void **state) {
  (void)state;
  expect_read(LOG TRACE "<event>" NAME("c") T("1") "</event>\n<event>" NAME("d") T("2") "\n</evnt>", false, 0,
              VSM_FAILED,
              "3 xes||c|C1|1735689600.000000000|concept:name=c time:timestamp=2025-01-01T01:00:00.000+01:00 "
              "case:concept:name=C1\n"
              "5! not well-formed XML: mismatched tag; the rest is not read\n");
}

static void test_no_log(void **state) {
  (void)state;
  expect_read("<html/>", false, 0, VSM_FAILED, "1! no event log: its outermost element is not <log>\n");
  expect_read("type,subject\n", false, 0, VSM_FAILED, "1! not well-formed XML: syntax error; the rest is not read\n");
}

static void test_too_many_attributes(void **state) {
  (void)state;
  char *xml = malloc(40000);
  size_t n = (size_t)sprintf(xml, LOG TRACE "<event>" NAME("a") T("1"));
  for (int i = 0; i < 256; i++)
    n += (size_t)sprintf(xml + n, "<int key='k%d' value='1'/>", i);
  sprintf(xml + n, "</event></trace></log>");
  expect(xml, "3! more than 256 attributes, those of its trace counted\n");
  free(xml);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_attributes),
      cmocka_unit_test(test_compressed),
      cmocka_unit_test(test_compressed_and_cut_off),
      cmocka_unit_test(test_nested_and_lists),
      cmocka_unit_test(test_attributes_of_the_trace_behind_its_events),
      cmocka_unit_test(test_what_our_export_wrote),
      cmocka_unit_test(test_data_whose_key_is_no_name),
      cmocka_unit_test(test_broken_events_cost_themselves_alone),
      cmocka_unit_test(test_broken_xml_keeps_what_came_before),
      cmocka_unit_test(test_no_log),
      cmocka_unit_test(test_too_many_attributes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
