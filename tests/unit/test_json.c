#include <vsm/json.h>
#include <vsm/messages.h>

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

static void prints(const ProtobufCMessage *m, const char *text) {
  size_t n;
  char *json = vsm_json_message(m, &n);
  assert_string_equal(json, text);
  assert_int_equal(n, strlen(text));
  json_t *read = json_loads(json, 0, NULL);
  assert_non_null(read);
  json_decref(read);
  free(json);
}

static void test_empty_fields(void **state) {
  (void)state;
  Vsm__V1__Ack ack = VSM__V1__ACK__INIT;
  prints(&ack.base, "{\"accepted\": 0, \"rejected\": 0, \"errors\": [], \"durable\": false}");
  Vsm__V1__Stage stage = VSM__V1__STAGE__INIT;
  prints(&stage.base, "{\"id\": \"\", \"name\": \"\", \"sequence\": 0, \"wip\": 0, \"queued\": 0, \"active\": 0, "
                      "\"suspended\": 0, \"age\": {\"p50\": 0, \"p85\": 0, \"p95\": 0, \"max\": 0}, \"windows\": [], "
                      "\"waits\": [], \"segments\": [], \"working_day_seconds\": 0}");
  Vsm__V1__RecoverReply reply = VSM__V1__RECOVER_REPLY__INIT;
  prints(&reply.base, "{\"batch\": {\"source\": \"\", \"epoch\": 0, \"events\": []}, \"oldest\": 0}");
}

static void test_values(void **state) {
  (void)state;
  Vsm__V1__AckError errors[2] = {VSM__V1__ACK_ERROR__INIT, VSM__V1__ACK_ERROR__INIT};
  Vsm__V1__AckError *pointers[] = {&errors[0], &errors[1]};
  Vsm__V1__Ack ack = VSM__V1__ACK__INIT;
  ack.accepted = UINT32_MAX;
  ack.durable = 1;
  ack.errors = pointers;
  ack.n_errors = 2;
  errors[0].detail = (char *)"say \"ä\\\"\n\x01";
  errors[1].index = 7;
  errors[1].reason = NULL;
  prints(&ack.base, "{\"accepted\": 4294967295, \"rejected\": 0, \"errors\": [{\"index\": 0, \"reason\": \"\", "
                    "\"detail\": \"say \\\"ä\\\\\\\"\\u000a\\u0001\"}, {\"index\": 7, \"reason\": \"\", "
                    "\"detail\": \"\"}], \"durable\": true}");
  char *keys[] = {(char *)"a", (char *)"b"};
  Vsm__V1__ForgetRequest forget = VSM__V1__FORGET_REQUEST__INIT;
  forget.keys = keys;
  forget.n_keys = 2;
  prints(&forget.base, "{\"key\": \"\", \"stream\": \"\", \"keys\": [\"a\", \"b\"], \"sealed\": false}");
}

static void test_numbers(void **state) {
  (void)state;
  Vsm__V1__WaitWindow w = VSM__V1__WAIT_WINDOW__INIT;
  w.count = 1;
  static const struct {
    double value;
    const char *text;
  } doubles[] = {{0.1, "0.1"},
                 {1.0 / 3, "0.3333333333333333"},
                 {1e21, "1e+21"},
                 {123456, "123456"},
                 {0.30000000000000004, "0.30000000000000004"},
                 {-2.5, "-2.5"},
                 {5e-324, "4.94065645841247e-324"},
                 {INFINITY, "0"},
                 {NAN, "0"}};
  for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
    char text[128];
    w.seconds = doubles[i].value;
    snprintf(text, sizeof text, "{\"window\": \"\", \"count\": 1, \"seconds\": %s}", doubles[i].text);
    prints(&w.base, text);
  }
  w.count = UINT64_MAX; // jansson reads no more than 63 bits
  w.seconds = 0;
  char *json = vsm_json_message(&w.base, NULL);
  assert_string_equal(json, "{\"window\": \"\", \"count\": 18446744073709551615, \"seconds\": 0}");
  free(json);
}

static void test_locale(void **state) {
  (void)state;
  static const char *const with_comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
  for (size_t i = 0; i < sizeof with_comma / sizeof *with_comma; i++)
    if (setlocale(LC_NUMERIC, with_comma[i])) // where none is installed, nothing can go wrong either
      break;
  Vsm__V1__WaitWindow w = VSM__V1__WAIT_WINDOW__INIT;
  w.seconds = 0.5;
  prints(&w.base, "{\"window\": \"\", \"count\": 0, \"seconds\": 0.5}");
  setlocale(LC_NUMERIC, "C");
}

// Of a oneof only what is set.
static void test_oneof(void **state) {
  (void)state;
  Vsm__V1__Publication p = VSM__V1__PUBLICATION__INIT;
  prints(&p.base, "{\"epoch\": 0, \"sequence\": 0, \"time_unix_nano\": 0}");
  Vsm__V1__Metric metric = VSM__V1__METRIC__INIT;
  p.body_case = VSM__V1__PUBLICATION__BODY_METRIC;
  p.metric = &metric;
  p.time_unix_nano = UINT64_C(1700000000000000000);
  prints(&p.base, "{\"epoch\": 0, \"sequence\": 0, \"time_unix_nano\": 1700000000000000000, \"metric\": "
                  "{\"value_stream\": \"\"}}");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_empty_fields), cmocka_unit_test(test_values),
                                     cmocka_unit_test(test_numbers), cmocka_unit_test(test_oneof),
                                     cmocka_unit_test(test_locale)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
