#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/when.h"

static const struct {
  const char *text;
  uint64_t seconds, nano; // both 0: refused
} cases[] = {
    {"2025-01-31T12:00:00Z", 1738324800, 0},
    {"2025-01-31t12:00:00z", 1738324800, 0},
    {"2025-01-31 12:00:00", 1738324800, 0}, // no zone is UTC
    {"2025-01-31T12:00", 1738324800, 0},
    {"2025-01-31", 1738281600, 0},
    {"2025-01-31T12:00:00.25Z", 1738324800, 250000000},
    {"2025-01-31T12:00:00,123456789123Z", 1738324800, 123456789},
    {"2025-01-31T13:00:00+01:00", 1738324800, 0},
    {"2025-01-31T06:30:00-05:30", 1738324800, 0},
    {"2025-01-31T13:00:00+0100", 1738324800, 0},
    {"2024-02-29T00:00:00Z", 1709164800, 0},
    {"2000-02-29T00:00:00Z", 951782400, 0},
    {"2016-12-31T23:59:60Z", 1483228800, 0}, // a leap second
    {"1970-01-01T00:00:00.000001Z", 0, 1000},
    {"1970-01-01T00:30:00+01:00", 0, 0}, // before 1970
    {"2099-12-31T23:59:59Z", 4102444799, 0},
    {"1738324800", 1738324800, 0},
    {"1738324800.5", 1738324800, 500000000},
    {"1", 1, 0},
    {"1970-01-01T00:00:00Z", 0, 0}, // the very instant that cannot be said
    {"0", 0, 0},
    {"2100-01-01T00:00:00Z", 0, 0},
    {"4102444800", 0, 0},
    {"1738324800000", 0, 0}, // milliseconds
    {"1969-12-31T23:59:59Z", 0, 0},
    {"-1", 0, 0},
    {"2025-02-29T00:00:00Z", 0, 0},
    {"1900-02-29T00:00:00Z", 0, 0},
    {"2025-13-01T00:00:00Z", 0, 0},
    {"2025-00-01T00:00:00Z", 0, 0},
    {"2025-01-32T00:00:00Z", 0, 0},
    {"2025-01-31T24:00:00Z", 0, 0},
    {"2025-01-31T12:60:00Z", 0, 0},
    {"2025-01-31T12:00:61Z", 0, 0},
    {"2025-01-31T12:00:00.Z", 0, 0},
    {"2025-01-31T12:00:00+25:00", 0, 0},
    {"2025-01-31T12:00:00Zx", 0, 0},
    {"2025-01-31T", 0, 0},
    {"31.01.2025", 0, 0},
    {"1.", 0, 0},
    {"", 0, 0},
    {" 1", 0, 0},
};

static void test_times(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t got = 0, expected = cases[i].seconds * 1000000000 + cases[i].nano;
    bool taken = vsm_when_parse(cases[i].text, &got);
    if (taken != (expected > 0) || (taken && got != expected))
      fail_msg("\"%s\": %s %" PRIu64 ", expected %" PRIu64, cases[i].text, taken ? "taken as" : "refused;", got,
               expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_times)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
