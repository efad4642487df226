// RecoverRequest as it is sent, RecoverReply as it is read.
#include "wire/recover.h"

#include "base/err.h"
#include "tests/lib/test.h"
#include "vsm/v1/event.pb-c.h"

static void test_request(void **state) {
  (void)state;
  char source[129];
  memset(source, 'x', 128);
  source[128] = '\0';
  uint8_t out[VSM_RECOVER_REQUEST_BYTES];
  size_t n = vsm_wire_pack_recover(source, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX, out); // the largest
  assert_true(n <= sizeof out);
  Vsm__V1__RecoverRequest *r = vsm__v1__recover_request__unpack(NULL, n, out);
  assert_non_null(r);
  assert_string_equal(r->source, source);
  assert_int_equal(r->epoch, UINT64_MAX);
  assert_int_equal(r->first, UINT64_MAX - 1);
  assert_int_equal(r->last, UINT64_MAX);
  vsm__v1__recover_request__free_unpacked(r, NULL);
}

static void test_reply(void **state) {
  (void)state;
  Vsm__V1__EventBatch batch = VSM__V1__EVENT_BATCH__INIT;
  Vsm__V1__RecoverReply reply = VSM__V1__RECOVER_REPLY__INIT;
  batch.source = (char *)"crm";
  batch.epoch = 7;
  reply.batch = &batch;
  reply.oldest = UINT64_MAX;
  uint8_t frame[64], inner[64];
  size_t n = vsm__v1__recover_reply__pack(&reply, frame), inner_n = vsm__v1__event_batch__pack(&batch, inner);
  struct vsm_recover_reply out;
  assert_int_equal(vsm_wire_decode_recover((struct vsm_str){(char *)frame, n}, &out), 0);
  assert_int_equal(out.batch.n, inner_n);
  assert_memory_equal(out.batch.p, inner, inner_n);
  assert_int_equal(out.oldest, UINT64_MAX);
  for (size_t cut = 1; cut < n; cut++) // a part is refused, or says less
    if (vsm_wire_decode_recover((struct vsm_str){(char *)frame, n - cut}, &out) == 0)
      assert_int_equal(out.oldest, 0);
}

static void test_odd_replies(void **state) {
  (void)state;
  static const struct {
    struct vsm_str frame;
    int err;
  } cases[] = {
      {{NULL, 0}, 0},
      {VSM_STR("\x10\x05"), 0},                           // oldest alone
      {VSM_STR("\x1a\x01x\x10\x05"), 0},                  // a field that is not known
      {VSM_STR("\x0a\x02\x10\x07\x10\x05"), 0},           // a batch
      {VSM_STR("\x0a\x02\x10\x07\x0a\x00"), VSM_EFORMAT}, // two
      {VSM_STR("\x0a\x09\x10\x07"), VSM_EFORMAT},         // longer than the frame
      {VSM_STR("\x12\x01x"), VSM_EFORMAT},                // oldest as text
      {VSM_STR("\x08\x05"), VSM_EFORMAT},                 // the batch as a number
      {VSM_STR("\xff\xff"), VSM_EFORMAT},
      {VSM_STR("\x00\x00"), VSM_EFORMAT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct vsm_recover_reply out;
    assert_int_equal(vsm_wire_decode_recover(cases[i].frame, &out), cases[i].err);
    if (!cases[i].err && cases[i].frame.n)
      assert_int_equal(out.oldest, 5);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_request), cmocka_unit_test(test_reply),
                                     cmocka_unit_test(test_odd_replies)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
