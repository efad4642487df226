#include "wire/ack.h"

#include <stdio.h>

#include "tests/lib/test.h"
#include "vsm/v1/event.pb-c.h"

static Vsm__V1__Ack *packed(const struct vsm_ack *ack) {
  static uint8_t room[8192];
  size_t n = vsm_ack_bytes(ack);
  assert_true(n <= sizeof room);
  vsm_ack_pack(ack, room);
  Vsm__V1__Ack *out = vsm__v1__ack__unpack(NULL, n, room);
  assert_non_null(out);
  return out;
}

static void test_ack(void **state) {
  (void)state;
  struct vsm_ack ack;
  vsm_ack_init(&ack, true);
  for (uint32_t i = 0; i < 40; i++)
    if (i % 2)
      vsm_ack_reject(&ack, i, VSM_R_NO_TYPE, i == 1 ? NULL : "why");
    else
      vsm_ack_accept(&ack);
  Vsm__V1__Ack *is = packed(&ack);
  assert_int_equal(is->accepted, 20);
  assert_int_equal(is->rejected, 20);
  assert_true(is->durable);
  assert_int_equal(is->n_errors, 16);
  assert_int_equal(is->errors[0]->index, 1);
  assert_string_equal(is->errors[0]->detail, "");
  assert_int_equal(is->errors[15]->index, 31);
  assert_string_equal(is->errors[15]->reason, "no_type");
  assert_string_equal(is->errors[15]->detail, "why");
  vsm__v1__ack__free_unpacked(is, NULL);
}

static void test_refused(void **state) {
  (void)state;
  struct vsm_batch batch = {
      .refused = VSM_R_FRAME_TOO_LARGE, .refused_detail = "a frame has at most 4 MiB", .refused_events = 70000};
  struct vsm_ack ack;
  vsm_ack_init(&ack, false);
  vsm_ack_refuse(&ack, &batch);
  Vsm__V1__Ack *is = packed(&ack);
  assert_int_equal(is->accepted, 0);
  assert_int_equal(is->rejected, 70000);
  assert_int_equal(is->n_errors, 1);
  assert_int_equal(is->errors[0]->index, 0);
  assert_string_equal(is->errors[0]->reason, "frame_too_large");
  vsm__v1__ack__free_unpacked(is, NULL);
}

// A detail is cut between characters, never within one.
static void test_long_detail(void **state) {
  (void)state;
  char detail[400];
  for (size_t shift = 0; shift < 4; shift++) {
    size_t n = shift;
    memset(detail, 'x', shift);
    for (; n + 4 < sizeof detail; n += 4)
      memcpy(detail + n, "\xf0\x9f\x94\x8c", 4);
    detail[n] = '\0';
    struct vsm_ack ack;
    vsm_ack_init(&ack, false);
    vsm_ack_reject(&ack, 0, VSM_R_LIMIT, detail);
    size_t length = strlen(ack.errors[0].detail);
    assert_int_equal((length - shift) % 4, 0);
    assert_in_range(length, 156, 159);
    assert_memory_equal(ack.errors[0].detail, detail, length);
  }
}

// Clients rely on docs/wire.md: it has a row for each reason, in the order in which they are given.
static void test_page_lists_reasons(void **state) {
  (void)state;
  FILE *f = fopen(VSM_WIRE_PAGE, "r");
  assert_non_null(f);
  char line[4096], row[64];
  unsigned next = VSM_R_NONE + 1;
  while (next <= VSM_R_LINK_REFUSED && fgets(line, sizeof line, f)) {
    snprintf(row, sizeof row, "| `%s` |", vsm_reason_name((enum vsm_reason)next));
    if (strncmp(line, row, strlen(row)) == 0)
      next++;
  }
  fclose(f);
  assert_int_equal(next, VSM_R_LINK_REFUSED + 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_ack), cmocka_unit_test(test_refused),
                                     cmocka_unit_test(test_long_detail), cmocka_unit_test(test_page_lists_reasons)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
