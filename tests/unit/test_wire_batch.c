// Frames are put together by hand here, byte by byte, since most of them are ones that no library would write.
#include "wire/batch.h"

#include <stdlib.h>

#include "tests/lib/decode_oracle.h"
#include "tests/lib/test.h"

enum { FRAME_ROOM = 8 * 1024 * 1024 };

struct frame {
  uint8_t *p;
  size_t n;
};

static void put_bytes(struct frame *f, const void *p, size_t n) {
  assert_true(f->n + n <= FRAME_ROOM);
  if (n)
    memcpy(f->p + f->n, p, n);
  f->n += n;
}

static void put_varint(struct frame *f, uint64_t v) {
  for (; v >= 0x80; v >>= 7)
    f->p[f->n++] = (uint8_t)(v | 0x80);
  f->p[f->n++] = (uint8_t)v;
}

static void put_text(struct frame *f, unsigned number, const void *p, size_t n) {
  put_varint(f, number << 3 | 2);
  put_varint(f, n);
  put_bytes(f, p, n);
}

static void put_string(struct frame *f, unsigned number, const char *z) {
  put_text(f, number, z, strlen(z));
}

static void put_number(struct frame *f, unsigned number, uint64_t v) {
  put_varint(f, number << 3);
  put_varint(f, v);
}

// A frame and an event, for tests to fill; decode() asks the oracle too.
struct fixture {
  struct frame frame, event;
  struct vsm_arena arena;
  struct vsm_batch batch;
};

static int setup(void **state) {
  struct fixture *x = calloc(1, sizeof *x);
  x->frame.p = malloc(FRAME_ROOM);
  x->event.p = malloc(FRAME_ROOM);
  vsm_arena_init(&x->arena, VSM_BATCH_ARENA_BYTES);
  *state = x;
  return 0;
}

static int teardown(void **state) {
  struct fixture *x = *state;
  free(x->frame.p);
  free(x->event.p);
  vsm_arena_fini(&x->arena);
  free(x);
  return 0;
}

static void begin(struct fixture *x, const char *source) {
  x->frame.n = x->event.n = 0;
  if (source)
    put_string(&x->frame, 1, source);
}

static void end_event(struct fixture *x) {
  put_text(&x->frame, 3, x->event.p, x->event.n);
  x->event.n = 0;
}

static void put_attr(struct fixture *x, const char *key, const char *value) {
  uint8_t room[512];
  struct frame attr = {room, 0};
  put_string(&attr, 1, key);
  put_string(&attr, 2, value);
  put_text(&x->event, 7, attr.p, attr.n);
}

static const struct vsm_batch *decode(struct fixture *x) {
  // A copy of exactly the frame's size, so that the sanitizer sees a read beyond it.
  uint8_t *copy = malloc(x->frame.n ? x->frame.n : 1);
  memcpy(copy, x->frame.p, x->frame.n);
  decode_oracle_batch(copy, x->frame.n);
  free(copy);
  vsm_arena_reset(&x->arena);
  struct vsm_str bytes = {(const char *)x->frame.p, x->frame.n};
  assert_int_equal(vsm_wire_decode_batch(bytes, (struct vsm_time){42}, &x->arena, &x->batch), 0);
  return &x->batch;
}

static void assert_str(struct vsm_str s, const char *z) {
  assert_true(vsm_str_eq(s, vsm_str_of(z)));
}

static void refused_whole(struct fixture *x, enum vsm_reason reason, uint64_t events) {
  const struct vsm_batch *b = decode(x);
  assert_string_equal(vsm_reason_name(b->refused), vsm_reason_name(reason));
  assert_non_null(b->refused_detail);
  assert_int_equal(b->refused_events, events);
  assert_int_equal(b->n_events, 0);
}

static void test_event(void **state) {
  struct fixture *x = *state;
  static const uint8_t time[9] = {5 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 0x81};
  begin(x, NULL);
  put_string(&x->event, 2, "4711");
  put_string(&x->event, 3, "order.öffnen");
  put_string(&x->event, 4, "so-1");
  put_bytes(&x->event, time, sizeof time);
  put_number(&x->event, 6, UINT64_MAX);
  put_attr(x, "area", "north");
  put_attr(x, "", "");
  put_string(&x->event, 4, "so-2"); // the last one counts
  put_string(&x->event, 99, "unknown");
  end_event(x);
  put_string(&x->event, 1, "gis");
  put_string(&x->event, 3, "t");
  end_event(x);
  put_number(&x->frame, 2, VSM_EPOCH_MAX);
  put_string(&x->frame, 1, "crm"); // the batch's fields may stand behind its events
  const struct vsm_batch *b = decode(x);
  assert_int_equal(b->refused, VSM_R_NONE);
  assert_int_equal(b->n_events, 2);
  assert_str(b->source, "crm");
  const struct vsm_event *e = b->events;
  assert_int_equal(e->refused, VSM_R_NONE);
  assert_str(e->source, "crm");
  assert_str(e->id, "4711");
  assert_str(e->type, "order.öffnen");
  assert_str(e->subject, "so-2");
  assert_int_equal(e->time_ns, UINT64_C(0x8107060504030201));
  assert_int_equal(e->sequence, UINT64_MAX);
  assert_int_equal(e->epoch, VSM_EPOCH_MAX);
  assert_int_equal(e->received.us, 42);
  assert_int_equal(e->n_attrs, 2);
  assert_str(e->attrs[0].key, "area");
  assert_str(e->attrs[0].value, "north");
  assert_str(e->attrs[1].key, "");
  assert_str(b->events[1].source, "gis");
}

static void test_sign_of_life(void **state) {
  struct fixture *x = *state;
  begin(x, "crm");
  const struct vsm_batch *b = decode(x);
  assert_int_equal(b->refused, VSM_R_NONE);
  assert_str(b->source, "crm");
  begin(x, NULL);
  refused_whole(x, VSM_R_BAD_SOURCE, 0);
  begin(x, "c r m");
  refused_whole(x, VSM_R_BAD_SOURCE, 0);
  begin(x, "\xff");
  refused_whole(x, VSM_R_BAD_UTF8, 0);
  assert_int_equal(vsm_wire_decode_batch((struct vsm_str){0}, (struct vsm_time){0}, &x->arena, &x->batch), 0);
  assert_int_equal(x->batch.refused, VSM_R_BAD_SOURCE);
}

// What is wrong with an event alone, and what of it is still shown.
static void test_faults(void **state) {
  struct fixture *x = *state;
  char long_source[130];
  memset(long_source, 's', sizeof long_source);
  long_source[129] = '\0';
  static const char *const bad_texts[] = {"\x80",
                                          "\xc1\xbf",
                                          "\xe0\x9f\xbf",
                                          "\xed\xa0\x80",
                                          "\xf4\x90\x80\x80",
                                          "\xf0\x8f\xbf\xbf",
                                          "\xf8\x88\x80\x80\x80",
                                          "abc\xe2\x82",
                                          "a long one \xff",
                                          "\xc3("};
  const struct fault {
    const char *batch, *source, *type, *subject, *value;
    enum vsm_reason reason;
    const char *shown_source, *shown_type;
  } faults[] = {
      {"crm", NULL, "t", "s", "v", VSM_R_NONE, "crm", "t"},
      {"c m", "crm", "t", "s", "v", VSM_R_NONE, "crm", "t"}, // nobody needs the batch's
      {"crm", "c m", "t", "s", "v", VSM_R_BAD_SOURCE, "", "t"},
      {"crm", long_source, "t", "s", "v", VSM_R_BAD_SOURCE, "", "t"},
      {"crm", long_source + 1, "t", "s", "v", VSM_R_NONE, long_source + 1, "t"},
      {"c m", NULL, "t", "s", "v", VSM_R_BAD_SOURCE, "", "t"},
      {NULL, NULL, "t", "s", "v", VSM_R_BAD_SOURCE, "", "t"},
      {"\xc3\xa9", NULL, "t", "s", "v", VSM_R_BAD_SOURCE, "", "t"},
      {"\xc3", NULL, "t", "s", "v", VSM_R_BAD_UTF8, "", "t"},
      {"crm", NULL, NULL, "s", "v", VSM_R_NO_TYPE, "crm", ""},
      {NULL, NULL, NULL, "s", "v", VSM_R_BAD_SOURCE, "", ""},
      {"crm", NULL, "\xff", "s", "v", VSM_R_BAD_UTF8, "crm", ""},
      {"crm", NULL, "t", "\xff", "v", VSM_R_BAD_UTF8, "crm", "t"},
      {"crm", NULL, "t", "s", "\xff", VSM_R_BAD_UTF8, "crm", "t"},
      {"crm", NULL, "t", "s", "\xf4\x8f\xbf\xbf \xed\x9f\xbf \xee\x80\x80", VSM_R_NONE, "crm", "t"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    const struct fault *f = &faults[i];
    begin(x, f->batch);
    if (f->source)
      put_string(&x->event, 1, f->source);
    if (f->type)
      put_string(&x->event, 3, f->type);
    put_string(&x->event, 4, f->subject);
    put_attr(x, "k", f->value);
    end_event(x);
    put_string(&x->event, 1, "ok");
    put_string(&x->event, 3, "ok");
    end_event(x);
    const struct vsm_batch *b = decode(x);
    assert_int_equal(b->n_events, 2);
    assert_string_equal(vsm_reason_name(b->events[0].refused), vsm_reason_name(f->reason));
    assert_str(b->events[0].source, f->shown_source);
    assert_str(b->events[0].type, f->shown_type);
    assert_int_equal(b->events[1].refused, VSM_R_NONE);
  }
  for (size_t i = 0; i < sizeof bad_texts / sizeof *bad_texts; i++) {
    begin(x, "crm");
    put_string(&x->event, 3, "t");
    put_string(&x->event, 2, bad_texts[i]);
    end_event(x);
    assert_int_equal(decode(x)->events[0].refused, VSM_R_BAD_UTF8);
  }
  for (size_t n = 1; n <= 20; n++) // a NUL at each place of texts of each length
    for (size_t at = 0; at < n; at++) {
      char text[20];
      memset(text, 'x', sizeof text);
      text[at] = '\0';
      begin(x, "crm");
      put_string(&x->event, 3, "t");
      put_text(&x->event, 2, text, n);
      end_event(x);
      assert_int_equal(decode(x)->events[0].refused, VSM_R_BAD_UTF8);
    }
}

static void test_many_attributes(void **state) {
  struct fixture *x = *state;
  begin(x, "crm");
  for (unsigned n = 255; n <= 257; n++) {
    put_string(&x->event, 3, "t");
    for (unsigned i = 0; i < n; i++)
      put_attr(x, "k", "v");
    end_event(x);
  }
  const struct vsm_batch *b = decode(x);
  assert_int_equal(b->events[0].n_attrs, 255);
  assert_int_equal(b->events[1].n_attrs, 256);
  assert_str(b->events[1].attrs[255].value, "v");
  assert_int_equal(b->events[2].refused, VSM_R_TOO_MANY_ATTRIBUTES);
  begin(x, "crm");
  for (unsigned n = 0; n < 300; n++) // empty attributes, the densest there are
    put_string(&x->event, 7, "");
  end_event(x);
  put_string(&x->event, 3, "t");
  end_event(x);
  b = decode(x);
  assert_int_equal(b->events[0].refused, VSM_R_TOO_MANY_ATTRIBUTES);
  assert_int_equal(b->events[1].refused, VSM_R_NONE);
}

static void test_large_event(void **state) {
  struct fixture *x = *state;
  static char text[VSM_EVENT_BYTES_MAX];
  memset(text, 'x', sizeof text);
  begin(x, "crm");
  for (unsigned over = 0; over < 2; over++) {
    put_string(&x->event, 3, "t");
    put_text(&x->event, 4, text, VSM_EVENT_BYTES_MAX - 3 - 4 + over);
    end_event(x);
  }
  text[9] = '\0'; // too large comes before bad text
  put_text(&x->event, 4, text, sizeof text);
  end_event(x);
  text[9] = 'x';
  const struct vsm_batch *b = decode(x);
  assert_int_equal(b->events[0].refused, VSM_R_NONE);
  assert_int_equal(b->events[1].refused, VSM_R_EVENT_TOO_LARGE);
  assert_str(b->events[1].type, "t");
  assert_int_equal(b->events[2].refused, VSM_R_EVENT_TOO_LARGE);
}

static void test_bad_frames(void **state) {
  struct fixture *x = *state;
  static const struct {
    const char *bytes;
    size_t n;
    uint64_t events;
  } frames[] = {
      {"\x0a", 1, 1}, // a length is missing
      {"\x0a\x05"
       "ab",
       4, 1},                                                      // cut off
      {"\x0a\xff\xff\xff\xff\xff\x01", 7, 1},                      // a length of more than 5 bytes
      {"\x0a\xff\xff\xff\xff\x0f", 6, 1},                          // a length of 4 GiB
      {"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, 1}, // a number of more than 10 bytes
      {"\xff\xff\xff\xff\xff\x01", 6, 1},                          // a tag of more than 5 bytes
      {"\x00\x07", 2, 1},                                          // a field with the number 0
      {"\x0b\x0c", 2, 1},                                          // a group
      {"\x0e", 1, 1},                                              // a type that does not exist
      {"\x08\x01", 2, 1},                                          // a source that is a number
      {"\x12\x00", 2, 1},                                          // an epoch that is text
      {"\x18\x01", 2, 1},                                          // an event that is a number
      {"\x5d\x00\x00", 3, 1},                                      // an unknown field, cut off
      {"\x1a\x02\x0a\x05", 4, 1},                                  // an event, cut off
      {"\x1a\x00\x1a\x02\x08\x01", 6, 2},                          // an event's source that is a number
      {"\x1a\x02\x2a\x00", 4, 1},                                  // a time that is text
      {"\x1a\x04\x3a\x02\x0a\x05", 6, 1},                          // an attribute, cut off
      {"\x1a\x04\x3a\x02\x08\x01", 6, 1},                          // a key that is a number
      {"\x1a\x05\x29"
       "1234",
       7, 1}, // a time, cut off
  };
  for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
    begin(x, NULL);
    put_bytes(&x->frame, frames[i].bytes, frames[i].n);
    refused_whole(x, VSM_R_BAD_FRAME, frames[i].events);
  }
  begin(x, "crm");
  put_number(&x->frame, 2, VSM_EPOCH_MAX + 1);
  put_string(&x->event, 3, "t");
  end_event(x);
  end_event(x);
  refused_whole(x, VSM_R_BAD_FRAME, 2);
}

static void test_unknown_fields(void **state) {
  struct fixture *x = *state;
  static const uint8_t unknown[] = {
      0x5d, 1,    2,    3, 4,             // 11, 32 bits
      0x59, 1,    2,    3, 4, 5, 6, 7, 8, // 11, 64 bits
      0x58, 0x80, 0x01,                   // 11, a number
      0x5a, 2,    0xff, 0,                // 11, bytes
  };
  begin(x, "crm");
  put_bytes(&x->frame, unknown, sizeof unknown);
  put_string(&x->event, 3, "t");
  put_bytes(&x->event, unknown, sizeof unknown);
  put_text(&x->event, 7, unknown, sizeof unknown); // an attribute that is empty but for them
  end_event(x);
  const struct vsm_batch *b = decode(x);
  assert_int_equal(b->refused, VSM_R_NONE);
  assert_int_equal(b->events[0].refused, VSM_R_NONE);
  assert_int_equal(b->events[0].n_attrs, 1);
}

static void test_large_batches(void **state) {
  struct fixture *x = *state;
  begin(x, "crm");
  for (unsigned i = 0; i < VSM_BATCH_EVENTS_MAX; i++) {
    put_string(&x->event, 3, "t");
    put_string(&x->event, 7, "");
    end_event(x);
  }
  assert_int_equal(decode(x)->n_events, VSM_BATCH_EVENTS_MAX);
  size_t n = x->frame.n;
  put_string(&x->frame, 3, "");
  refused_whole(x, VSM_R_BATCH_TOO_LARGE, VSM_BATCH_EVENTS_MAX + 1);
  put_string(&x->frame, 3, "\x0a"); // it is no batch at all
  refused_whole(x, VSM_R_BAD_FRAME, VSM_BATCH_EVENTS_MAX + 2);
  x->frame.n = n;
  size_t pad = VSM_FRAME_BYTES_MAX - n - 5;
  put_varint(&x->frame, 9 << 3 | 2);
  put_varint(&x->frame, pad);
  memset(x->frame.p + x->frame.n, 0, pad);
  x->frame.n += pad;
  assert_int_equal(x->frame.n, VSM_FRAME_BYTES_MAX);
  assert_int_equal(decode(x)->n_events, VSM_BATCH_EVENTS_MAX);
  put_string(&x->frame, 3, "");
  refused_whole(x, VSM_R_FRAME_TOO_LARGE, VSM_BATCH_EVENTS_MAX + 1);
  x->frame.p[x->frame.n++] = 0x1a;
  refused_whole(x, VSM_R_FRAME_TOO_LARGE, 1);
}

// A daemon that takes less than the wire allows: the same reasons, in the same order.
static void test_bounds(void **state) {
  struct fixture *x = *state;
  const struct vsm_batch_bounds wide = {1000, 2}, narrow = {20, 2}, least = {20, 1};
  begin(x, "crm");
  for (int i = 0; i < 2; i++) {
    put_string(&x->event, 3, "type");
    end_event(x);
  }
  struct vsm_batch *b = &x->batch;
  decode(x);
  vsm_batch_bound(b, x->frame.n, &wide);
  assert_true(b->refused == VSM_R_NONE && b->n_events == 2);
  vsm_batch_bound(b, 20, &least);
  assert_true(b->refused == VSM_R_BATCH_TOO_LARGE && b->refused_events == 2 && b->n_events == 0);
  decode(x);
  vsm_batch_bound(b, 21, &narrow);
  assert_true(b->refused == VSM_R_FRAME_TOO_LARGE && b->refused_events == 2 && b->n_events == 0);
  put_string(&x->frame, 3, "\x0a");
  decode(x);
  vsm_batch_bound(b, 20, &least);
  assert_true(b->refused == VSM_R_BAD_FRAME);
  vsm_batch_bound(b, 21, &narrow);
  assert_true(b->refused == VSM_R_FRAME_TOO_LARGE && b->refused_events == 3);
}

// The largest memory that a frame can take, and what happens where there is less.
static void test_memory(void **state) {
  struct fixture *x = *state;
  begin(x, "crm");
  while (x->frame.n < VSM_FRAME_BYTES_MAX - 600) {
    for (unsigned i = 0; i < 256; i++)
      put_string(&x->event, 7, "");
    put_string(&x->event, 3, "t");
    end_event(x);
  }
  decode(x);
  assert_true(x->arena.used_bytes > VSM_BATCH_ARENA_BYTES / 3);
  struct vsm_str bytes = {(const char *)x->frame.p, x->frame.n};
  for (size_t cap = 1000; cap < 1000000; cap *= 30) {
    struct vsm_arena small;
    vsm_arena_init(&small, cap);
    assert_int_equal(vsm_wire_decode_batch(bytes, (struct vsm_time){0}, &small, &x->batch), -1);
    vsm_arena_fini(&small);
  }
}

// Good frames with a few bytes changed, cut or doubled: protobuf-c and we must agree on each.
static void test_mutations(void **state) {
  struct fixture *x = *state;
  uint64_t seed = 2026;
  for (unsigned round = 0; round < 4000; round++) {
    begin(x, test_below(&seed, 4) ? "crm" : NULL);
    for (uint64_t i = test_below(&seed, 4); i > 0; i--) {
      put_string(&x->event, 3, "type");
      put_number(&x->event, 6, test_random(&seed));
      for (uint64_t k = test_below(&seed, 3); k > 0; k--)
        put_attr(x, "key", "välue");
      end_event(x);
    }
    for (uint64_t i = test_below(&seed, 4); i > 0 && x->frame.n; i--) {
      uint8_t *at = &x->frame.p[test_below(&seed, x->frame.n)];
      if (test_below(&seed, 2))
        *at = (uint8_t)test_random(&seed);
      else
        *at ^= (uint8_t)(1 << test_below(&seed, 8));
    }
    if (x->frame.n && test_below(&seed, 8) == 0)
      x->frame.n -= test_below(&seed, x->frame.n);
    decode(x);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_event),       TEST(test_sign_of_life), TEST(test_faults),         TEST(test_many_attributes),
      TEST(test_large_event), TEST(test_bad_frames),   TEST(test_unknown_fields), TEST(test_large_batches),
      TEST(test_bounds),      TEST(test_memory),       TEST(test_mutations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
