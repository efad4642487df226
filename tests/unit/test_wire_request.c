#include "wire/request.h"

#include <stdlib.h>

#include "base/err.h"
#include "tests/lib/decode_oracle.h"
#include "tests/lib/test.h"
#include "vsm/v1/query.pb-c.h"

static int decode(const void *p, size_t n, struct vsm_request *out) {
  uint8_t *copy = malloc(n ? n : 1); // of exactly its size, for the sanitizer
  memcpy(copy, p, n);
  decode_oracle_request(copy, n);
  free(copy);
  return vsm_wire_decode_request((struct vsm_str){p, n}, out);
}

static int ask(const Vsm__V1__Request *r, struct vsm_request *out) {
  static uint8_t room[2048];
  return decode(room, vsm__v1__request__pack(r, room), out);
}

static void test_kinds(void **state) {
  (void)state;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  Vsm__V1__SnapshotRequest snapshot = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__ItemsRequest items = VSM__V1__ITEMS_REQUEST__INIT;
  Vsm__V1__ItemRequest item = VSM__V1__ITEM_REQUEST__INIT;
  Vsm__V1__StatusRequest status = VSM__V1__STATUS_REQUEST__INIT;
  struct vsm_request is;
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.kind, VSM_ASK_NOTHING);

  r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  r.snapshot = &snapshot;
  snapshot.stream = (char *)"RCV-01";
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.kind, VSM_ASK_SNAPSHOT);
  assert_true(vsm_str_eq(is.stream, VSM_STR("RCV-01")));

  r.kind_case = VSM__V1__REQUEST__KIND_ITEMS;
  r.items = &items;
  items.stage = (char *)"design";
  items.state = (char *)"queued";
  items.cursor = (char *)"c";
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.kind, VSM_ASK_ITEMS);
  assert_int_equal(is.limit, 100);
  assert_true(vsm_str_eq(is.stage, VSM_STR("design")) && vsm_str_eq(is.state, VSM_STR("queued")));
  items.limit = 7;
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.limit, 7);
  items.limit = 5000;
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.limit, 1000);

  r.kind_case = VSM__V1__REQUEST__KIND_ITEM;
  r.item = &item;
  item.key = (char *)"so:1";
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.kind, VSM_ASK_ITEM);
  assert_true(vsm_str_eq(is.key, VSM_STR("so:1")));
  item.key = (char *)"\xff";
  assert_int_equal(ask(&r, &is), VSM_EFORMAT);

  Vsm__V1__BottleneckRequest bottleneck = VSM__V1__BOTTLENECK_REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_BOTTLENECK;
  r.bottleneck = &bottleneck;
  bottleneck.window = (char *)"24h";
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.kind, VSM_ASK_BOTTLENECK);
  assert_true(is.stream.n == 0 && vsm_str_eq(is.window, VSM_STR("24h")));

  Vsm__V1__ForecastRequest forecast = VSM__V1__FORECAST_REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_FORECAST;
  r.forecast = &forecast;
  forecast.stream = (char *)"S";
  forecast.items = UINT64_MAX;
  forecast.by = (char *)"2026-12-31";
  forecast.item = (char *)"so:1";
  forecast.seed = 7;
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.kind, VSM_ASK_FORECAST);
  assert_true(is.items == UINT64_MAX && is.seed == 7);
  assert_true(vsm_str_eq(is.by, VSM_STR("2026-12-31")) && vsm_str_eq(is.key, VSM_STR("so:1")));
  forecast.by = (char *)"\xff";
  assert_int_equal(ask(&r, &is), VSM_EFORMAT);

  r.kind_case = VSM__V1__REQUEST__KIND_STATUS;
  r.status = &status;
  assert_int_equal(ask(&r, &is), 0);
  assert_int_equal(is.kind, VSM_ASK_STATUS);
}

static void test_bad(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t n;
  } bad[] = {
      {"\x0a", 1},                 // cut off
      {"\x0a\x05", 2},             // likewise
      {"\x08\x01", 2},             // a question that is a number
      {"\x0a\x02\x08\x01", 4},     // a stream that is a number
      {"\x12\x02\x22\x00", 4},     // a limit that is text
      {"\x12\x01\x20", 3},         // a limit, cut off
      {"\x1a\x03\x0a\x01\x00", 5}, // a NUL in a key
      {"\x1a\x01\x0a", 3},         // a key, cut off
      {"\x62\x02\x12\x00", 4},     // a number of items that is text
      {"\x62\x01\x28", 3},         // a seed, cut off
      {"\x0b", 1},                 // a group
  };
  struct vsm_request is;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(decode(bad[i].bytes, bad[i].n, &is), VSM_EFORMAT);
  assert_int_equal(vsm_wire_decode_request((struct vsm_str){0}, &is), 0);
}

// Of several questions the last counts, with nothing of those before it; unknown ones are passed over.
static void test_last_counts(void **state) {
  (void)state;
  struct vsm_request is;
  static const char several[] = "\x0a\x03\x0a\x01s\x1a\x03\x0a\x01k\xfa\x01\x01x\x10\x01";
  assert_int_equal(decode(several, sizeof several - 3, &is), 0);
  assert_int_equal(is.kind, VSM_ASK_ITEM);
  assert_int_equal(is.stream.n, 0);
  assert_true(vsm_str_eq(is.key, VSM_STR("k")));
  static const char twice[] = "\x1a\x03\x0a\x01k\x1a\x03\x12\x01s";
  assert_int_equal(decode(twice, sizeof twice - 1, &is), 0);
}

static void test_mutations(void **state) {
  (void)state;
  static const uint8_t base[] = "\x12\x12\x0a\x02st\x12\x02sg\x1a\x02qu\x20\x07\x2a\x02"
                                "cu\x1a\x06\x0a\x01k\x12\x01s\x0a\x03\x0a\x01s";
  uint64_t seed = 5;
  for (unsigned round = 0; round < 20000; round++) {
    uint8_t room[sizeof base];
    struct vsm_request is;
    memcpy(room, base, sizeof base);
    for (uint64_t i = test_below(&seed, 4); i > 0; i--)
      room[test_below(&seed, sizeof base - 1)] ^= (uint8_t)(1 << test_below(&seed, 8));
    decode(room, sizeof base - 1 - test_below(&seed, 4) * test_below(&seed, 8), &is);
  }
}

static void test_alerts(void **state) {
  (void)state;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  Vsm__V1__AlertsRequest alerts = VSM__V1__ALERTS_REQUEST__INIT;
  Vsm__V1__SilenceRequest silence = VSM__V1__SILENCE_REQUEST__INIT;
  Vsm__V1__AcknowledgeRequest ack = VSM__V1__ACKNOWLEDGE_REQUEST__INIT;
  struct vsm_request is;

  r.kind_case = VSM__V1__REQUEST__KIND_ALERTS;
  r.alerts = &alerts;
  alerts.stream = (char *)"S";
  alerts.stage = (char *)"a";
  alerts.source = (char *)"crm";
  alerts.kind = (char *)"item_stalled";
  assert_int_equal(ask(&r, &is), 0);
  assert_true(is.kind == VSM_ASK_ALERTS && !is.history && is.limit == 0);
  alerts.history = true;
  alerts.limit = 5000;
  assert_int_equal(ask(&r, &is), 0);
  assert_true(is.history && is.limit == 5000 && vsm_str_eq(is.stream, VSM_STR("S")));
  assert_true(vsm_str_eq(is.source, VSM_STR("crm")) && vsm_str_eq(is.alert_kind, VSM_STR("item_stalled")));

  r.kind_case = VSM__V1__REQUEST__KIND_SILENCE;
  r.silence = &silence;
  silence.kind = (char *)"wip_limit";
  silence.item = (char *)"so:1";
  silence.until_unix_nano = UINT64_MAX;
  silence.by = (char *)"ann";
  silence.why = (char *)"storm";
  silence.end = UINT64_MAX;
  assert_int_equal(ask(&r, &is), 0);
  assert_true(is.kind == VSM_ASK_SILENCE && is.until_ns == UINT64_MAX && is.end == UINT64_MAX);
  assert_true(vsm_str_eq(is.key, VSM_STR("so:1")) && vsm_str_eq(is.author, VSM_STR("ann")));
  assert_true(vsm_str_eq(is.why, VSM_STR("storm")));
  silence.why = (char *)"\xff";
  assert_int_equal(ask(&r, &is), VSM_EFORMAT);

  r.kind_case = VSM__V1__REQUEST__KIND_ACKNOWLEDGE;
  r.acknowledge = &ack;
  ack.id = (char *)"source_gap:crm";
  ack.lost = true;
  assert_int_equal(ask(&r, &is), 0);
  assert_true(is.kind == VSM_ASK_ACKNOWLEDGE && is.lost && vsm_str_eq(is.key, VSM_STR("source_gap:crm")));
  assert_true(decode("\xa2\x01\x02\x10\x01", 5, &is) == VSM_EFORMAT); // `by` is no number
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds), cmocka_unit_test(test_alerts),
                                     cmocka_unit_test(test_bad), cmocka_unit_test(test_last_counts),
                                     cmocka_unit_test(test_mutations)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
