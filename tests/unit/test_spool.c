// The emitter's spool: bounded, readable after any end of the program that wrote it.
#include "agents/lib/spool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "vsm/messages.h"
#include "vsm/vsm.h"

enum { BYTES = 512 * 1024, LARGEST = 64 * 1024 + 4 };

struct fixture {
  char path[64];
  struct vsm_spool *spool;
  uint8_t out[BYTES * 2];
};

static int setup(void **state) {
  struct fixture *x = calloc(1, sizeof *x);
  snprintf(x->path, sizeof x->path, "/tmp/vsm-spool-XXXXXX");
  int fd = mkstemp(x->path);
  assert_true(fd >= 0);
  close(fd);
  *state = x;
  return 0;
}

static int teardown(void **state) {
  struct fixture *x = *state;
  vsm_spool_close(x->spool);
  unlink(x->path);
  free(x);
  return 0;
}

static int try_open(struct fixture *x, struct vsm_spool_options o) {
  vsm_spool_close(x->spool);
  o.source = o.source ? o.source : "crm";
  o.bytes = o.bytes ? o.bytes : BYTES;
  return vsm_spool_open(&o, &x->spool);
}

static void open_file(struct fixture *x) {
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = x->path, .boot = "1"}), 0);
}

// What is put under a number: of a length that depends on it.
static size_t make(uint64_t number, uint8_t *out) {
  size_t n = 10 + number * 7919 % 500;
  for (size_t i = 0; i < n; i++)
    out[i] = (uint8_t)(number * 31 + i);
  return n;
}

static void put(struct vsm_spool *s, uint64_t first, uint64_t last) {
  uint8_t field[1024];
  for (uint64_t n = first; n <= last; n++)
    vsm_spool_put(s, n, field, make(n, field));
}

static void assert_there(struct fixture *x, uint64_t epoch, uint64_t first, uint64_t last) {
  uint8_t field[1024];
  size_t n = vsm_spool_copy(x->spool, epoch, first, last, x->out, sizeof x->out), at = 0;
  for (uint64_t number = first; number <= last; number++) {
    size_t bytes = make(number, field);
    assert_true(at + bytes <= n);
    assert_memory_equal(x->out + at, field, bytes);
    at += bytes;
  }
  assert_int_equal(at, n);
}

static uint64_t oldest(const struct fixture *x, uint64_t epoch) {
  return vsm_spool_extent(x->spool, epoch).oldest;
}

static void test_bounded(void **state) {
  struct fixture *x = *state;
  assert_int_equal(try_open(x, (struct vsm_spool_options){.epoch = 7}), 0);
  assert_int_equal(vsm_spool_epoch(x->spool), 7);
  assert_int_equal(vsm_spool_last(x->spool), 0);
  assert_int_equal(oldest(x, 7), 0);
  uint64_t least = UINT64_MAX, number = 0;
  while (number < 20000) {
    put(x->spool, number + 1, number + 100);
    number += 100;
    uint64_t kept = number - oldest(x, 7) + 1;
    assert_int_equal(vsm_spool_extent(x->spool, 7).newest, number);
    if (number > 5000 && kept < least)
      least = kept;
    if (number % 1000 == 0)
      assert_there(x, 7, oldest(x, 7), number);
  }
  assert_true(least > BYTES / 2 / 320 && least < BYTES / 250); // of some 280 bytes each
  assert_there(x, 7, number - 10, number - 3);
  assert_int_equal(vsm_spool_copy(x->spool, 7, 1, oldest(x, 7) - 1, x->out, sizeof x->out), 0);
  assert_int_equal(vsm_spool_copy(x->spool, 7, number + 1, UINT64_MAX, x->out, sizeof x->out), 0);
  assert_int_equal(vsm_spool_copy(x->spool, 8, 1, UINT64_MAX, x->out, sizeof x->out), 0);
}

static void test_room(void **state) {
  struct fixture *x = *state;
  uint8_t field[1024];
  assert_int_equal(try_open(x, (struct vsm_spool_options){.epoch = 7}), 0);
  put(x->spool, 1, 3);
  size_t one = make(1, field), two = make(2, field);
  assert_int_equal(vsm_spool_copy(x->spool, 7, 1, 3, x->out, one + two), one + two);
  assert_int_equal(vsm_spool_copy(x->spool, 7, 1, 3, x->out, one + two - 1), one);
  assert_int_equal(vsm_spool_copy(x->spool, 7, 1, 3, x->out, one - 1), 0);
}

static void test_the_largest(void **state) {
  struct fixture *x = *state;
  static uint8_t large[LARGEST];
  open_file(x);
  for (uint64_t n = 1; n <= 50; n++)
    vsm_spool_put(x->spool, n, large, sizeof large);
  uint64_t epoch = vsm_spool_epoch(x->spool);
  assert_in_range(50 - oldest(x, epoch) + 1, 3, 8);
  open_file(x);
  assert_int_equal(vsm_spool_last(x->spool), 50);
  assert_int_equal(vsm_spool_copy(x->spool, epoch, 50, 50, x->out, sizeof x->out), sizeof large);
}

static void test_numbers_given_away(void **state) {
  struct fixture *x = *state;
  open_file(x);
  uint64_t epoch = vsm_spool_epoch(x->spool);
  put(x->spool, 1, 2);
  vsm_spool_put(x->spool, 3, NULL, 0);
  assert_int_equal(vsm_spool_extent(x->spool, epoch).newest, 2);
  open_file(x);
  assert_int_equal(vsm_spool_last(x->spool), 3);
  put(x->spool, 4, 4);
  assert_there(x, epoch, 1, 2);
  assert_there(x, epoch, 4, 4);
  assert_int_equal(vsm_spool_copy(x->spool, epoch, 3, 3, x->out, sizeof x->out), 0);
}

static void test_goes_on(void **state) {
  struct fixture *x = *state;
  open_file(x);
  uint64_t epoch = vsm_spool_epoch(x->spool), number = 0;
  assert_true(epoch > UINT64_C(1700000000000000));
  for (int round = 0; round < 50; round++) { // over many turns of the halves
    put(x->spool, number + 1, number + 150);
    number += 150;
    open_file(x);
    assert_int_equal(vsm_spool_epoch(x->spool), epoch);
    assert_int_equal(vsm_spool_last(x->spool), number);
    assert_there(x, epoch, oldest(x, epoch), number);
  }
  struct vsm_spool_options o = {.path = x->path, .boot = "1", .bytes = 4 * BYTES, .epoch = epoch};
  assert_int_equal(try_open(x, o), 0); // its size stays
  struct stat st;
  assert_int_equal(stat(x->path, &st), 0);
  assert_int_equal(st.st_size, BYTES);
  o.epoch = epoch - 1;
  assert_int_equal(try_open(x, o), VSM_CLIENT_EINVAL);
  o.epoch = epoch + 5;
  assert_int_equal(try_open(x, o), 0);
  assert_int_equal(vsm_spool_epoch(x->spool), epoch + 5);
  assert_int_equal(vsm_spool_last(x->spool), 0);
  assert_int_equal(vsm_spool_epoch_after(x->spool, epoch), 0); // nothing of it yet
  put(x->spool, 1, 5);
  assert_int_equal(vsm_spool_epoch_after(x->spool, epoch), epoch + 5);
  assert_int_equal(vsm_spool_epoch_after(x->spool, 0), epoch);
  assert_there(x, epoch + 5, 1, 5);
}

static void test_another_boot(void **state) {
  struct fixture *x = *state;
  open_file(x);
  uint64_t epoch = vsm_spool_epoch(x->spool);
  put(x->spool, 1, 100);
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = x->path, .boot = "2"}), 0);
  assert_true(vsm_spool_epoch(x->spool) > epoch);
  assert_int_equal(vsm_spool_last(x->spool), 0);
  assert_there(x, epoch, 1, 100); // what was there is served
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = x->path, .boot = ""}), 0);
  assert_true(vsm_spool_epoch(x->spool) > epoch + 1);                            // not known: likewise
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = x->path}), 0); // the system's own
  epoch = vsm_spool_epoch(x->spool);
  put(x->spool, 1, 3);
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = x->path}), 0);
  assert_int_equal(vsm_spool_epoch(x->spool), epoch);
  assert_int_equal(vsm_spool_last(x->spool), 3);
}

static void spoil(struct fixture *x, off_t at, const void *p, size_t n) {
  vsm_spool_close(x->spool);
  x->spool = NULL;
  int fd = open(x->path, O_WRONLY);
  assert_int_equal(pwrite(fd, p, n, at), (ssize_t)n);
  close(fd);
}

// Each byte of the file's first part turned over, one at a time: what is served is whole, and where the numbers cannot
// be known a new epoch begins.
static void test_damage(void **state) {
  struct fixture *x = *state;
  open_file(x);
  uint64_t epoch = vsm_spool_epoch(x->spool);
  put(x->spool, 1, 8);
  vsm_spool_close(x->spool);
  x->spool = NULL;
  static uint8_t was[BYTES], is[BYTES];
  int fd = open(x->path, O_RDWR);
  assert_int_equal(read(fd, was, sizeof was), BYTES);
  size_t in_half = 0; // which half they are in
  for (size_t i = 0; i < BYTES / 2; i++)
    in_half |= was[i] != 0;
  size_t begin = in_half ? 0 : BYTES / 2, news = 0, refused = 0;
  for (size_t at = begin; at < begin + 3000; at += 3) {
    memcpy(is, was, sizeof is);
    is[at] ^= 0x41;
    assert_int_equal(pwrite(fd, is, sizeof is, 0), BYTES);
    int err = try_open(x, (struct vsm_spool_options){.path = x->path, .boot = "1"});
    refused += err != 0;
    if (err)
      continue;
    uint64_t last = vsm_spool_extent(x->spool, epoch).newest;
    assert_in_range(last, 0, 8);
    if (last)
      assert_there(x, epoch, 1, last);
    if (vsm_spool_epoch(x->spool) == epoch) { // then nothing was touched but what is not looked at
      assert_int_equal(last, 8);
    } else {
      news++;
      assert_true(vsm_spool_epoch(x->spool) > epoch);
      assert_int_equal(vsm_spool_last(x->spool), 0);
      put(x->spool, 1, 3);
      assert_there(x, vsm_spool_epoch(x->spool), 1, 3);
    }
  }
  close(fd);
  assert_true(news > 500);
  assert_true(refused < 10);
}

static void test_cut_off(void **state) {
  struct fixture *x = *state;
  for (off_t size = 0; size <= BYTES; size += 9973) {
    unlink(x->path);
    open_file(x);
    uint64_t epoch = vsm_spool_epoch(x->spool);
    put(x->spool, 1, 1200); // both halves
    vsm_spool_close(x->spool);
    x->spool = NULL;
    assert_int_equal(truncate(x->path, size), 0);
    int err = try_open(x, (struct vsm_spool_options){.path = x->path, .boot = "1"});
    if (err) { // too short to be ours
      assert_true(size > 0 && size < BYTES);
      continue;
    }
    assert_true(vsm_spool_epoch(x->spool) > epoch);
    struct vsm_spool_extent old = vsm_spool_extent(x->spool, epoch);
    if (old.newest)
      assert_there(x, epoch, old.oldest, old.newest);
    put(x->spool, 1, 3000);
    assert_there(x, vsm_spool_epoch(x->spool), 2900, 3000);
  }
}

static void test_not_ours(void **state) {
  struct fixture *x = *state;
  static const char text[] = "a file that somebody needs, and that is none of ours, whatever the name that was given";
  spoil(x, 0, text, sizeof text);
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = x->path}), VSM_CLIENT_ESPOOL);
  char have[sizeof text + 1];
  int fd = open(x->path, O_RDONLY);
  assert_int_equal(read(fd, have, sizeof have), sizeof text);
  assert_string_equal(have, text);
  close(fd);
  unlink(x->path);
  open_file(x);
  struct vsm_spool *second;
  struct vsm_spool_options o = {.path = x->path, .source = "crm", .bytes = BYTES};
  assert_int_equal(vsm_spool_open(&o, &second), VSM_CLIENT_ESPOOL); // in use
  assert_null(second);
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = x->path, .source = "gis"}), VSM_CLIENT_ESPOOL);
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = "/nowhere/spool"}), VSM_CLIENT_ESPOOL);
  assert_int_equal(try_open(x, (struct vsm_spool_options){.path = "/tmp"}), VSM_CLIENT_ESPOOL);
}

// Puts without end, and says after each which it was.
static void write_until_killed(const char *path, int out) {
  struct vsm_spool *s;
  if (vsm_spool_open(&(struct vsm_spool_options){.path = path, .bytes = BYTES, .source = "crm", .boot = "1"}, &s) != 0)
    _exit(1);
  for (uint64_t n = vsm_spool_last(s) + 1;; n++) {
    put(s, n, n);
    if (write(out, &n, sizeof n) != sizeof n)
      _exit(1);
  }
}

static void test_killed_at_any_moment(void **state) {
  struct fixture *x = *state;
  uint64_t epoch = 0, seed = 1, last = 0;
  for (int round = 0; round < 60; round++) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0)
      write_until_killed(x->path, pipes[1]);
    close(pipes[1]);
    for (uint64_t i = 0, n = 100 + test_below(&seed, 400); i < n; i++)
      assert_int_equal(read(pipes[0], &last, sizeof last), sizeof last);
    kill(child, SIGKILL);
    while (read(pipes[0], &last, sizeof last) == sizeof last)
      ;
    close(pipes[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    open_file(x);
    if (epoch)
      assert_int_equal(vsm_spool_epoch(x->spool), epoch);
    epoch = vsm_spool_epoch(x->spool);
    assert_in_range(vsm_spool_last(x->spool), last, last + 1);
    assert_there(x, epoch, oldest(x, epoch), vsm_spool_last(x->spool));
    vsm_spool_close(x->spool);
    x->spool = NULL;
  }
}

static Vsm__V1__RecoverReply *ask(struct fixture *x, const char *source, uint64_t epoch, uint64_t first,
                                  uint64_t last) {
  Vsm__V1__RecoverRequest r = VSM__V1__RECOVER_REQUEST__INIT;
  uint8_t request[256];
  size_t n;
  r.source = (char *)source;
  r.epoch = epoch;
  r.first = first;
  r.last = last;
  const void *p = vsm_spool_answer(x->spool, request, vsm__v1__recover_request__pack(&r, request), &n);
  Vsm__V1__RecoverReply *reply = vsm__v1__recover_reply__unpack(NULL, n, p);
  assert_non_null(reply);
  assert_string_equal(reply->batch->source, "crm");
  return reply;
}

static void put_event(struct vsm_spool *s, uint64_t number, size_t subject_bytes) {
  static char subject[LARGEST];
  static uint8_t batch[LARGEST];
  memset(subject, 'x', subject_bytes);
  subject[subject_bytes] = '\0';
  Vsm__V1__Event e = VSM__V1__EVENT__INIT, *events[] = {&e};
  Vsm__V1__EventBatch b = VSM__V1__EVENT_BATCH__INIT;
  e.sequence = number;
  e.subject = subject;
  b.n_events = 1;
  b.events = events;
  vsm_spool_put(s, number, batch, vsm__v1__event_batch__pack(&b, batch));
}

static void assert_answers(struct fixture *x, uint64_t asked[3], uint64_t epoch, uint64_t first, uint64_t last,
                           uint64_t oldest) {
  Vsm__V1__RecoverReply *r = ask(x, "crm", asked[0], asked[1], asked[2]);
  assert_int_equal(r->batch->epoch, epoch);
  assert_int_equal(r->oldest, oldest);
  assert_int_equal(r->batch->n_events, first ? last - first + 1 : 0);
  for (size_t i = 0; i < r->batch->n_events; i++)
    assert_int_equal(r->batch->events[i]->sequence, first + i);
  vsm__v1__recover_reply__free_unpacked(r, NULL);
}

static void test_answers(void **state) {
  struct fixture *x = *state;
  struct vsm_spool_options o = {.path = x->path, .boot = "1", .bytes = 8 << 20, .epoch = 5};
  assert_int_equal(try_open(x, o), 0);
  for (uint64_t n = 3; n <= 100; n++)
    put_event(x->spool, n, n);
#define ASKED(...) ((uint64_t[]){__VA_ARGS__})
  assert_answers(x, ASKED(5, 10, 20), 5, 10, 20, 3);
  assert_answers(x, ASKED(5, 1, 3), 5, 3, 3, 3);
  assert_answers(x, ASKED(5, 1, 2), 5, 0, 0, 3);
  assert_answers(x, ASKED(5, 95, UINT64_MAX), 5, 95, 100, 3);
  assert_answers(x, ASKED(5, 101, UINT64_MAX), 5, 0, 0, 3);
  assert_answers(x, ASKED(0, 1, UINT64_MAX), 5, 0, 0, 3); // is led on
  assert_answers(x, ASKED(6, 1, UINT64_MAX), 6, 0, 0, 0);
  for (uint64_t n = 101; n <= 150; n++)
    put_event(x->spool, n, 60000);
  Vsm__V1__RecoverReply *r = ask(x, "crm", 5, 90, UINT64_MAX); // as many as fit
  assert_in_range(r->batch->n_events, 11 + 15, 11 + 18);
  vsm__v1__recover_reply__free_unpacked(r, NULL);
  o.epoch = 9;
  assert_int_equal(try_open(x, o), 0);
  assert_answers(x, ASKED(5, 151, UINT64_MAX), 5, 0, 0, 3); // nothing of 9 yet
  put_event(x->spool, 1, 1);
  assert_answers(x, ASKED(5, 151, UINT64_MAX), 9, 0, 0, 1);
  assert_answers(x, ASKED(5, 1, 2), 5, 0, 0, 3);
  assert_answers(x, ASKED(5, 150, 150), 5, 150, 150, 3);
  r = ask(x, "gis", 5, 150, 150);
  assert_int_equal(r->batch->n_events, 0);
  vsm__v1__recover_reply__free_unpacked(r, NULL);
  size_t n;
  assert_null(vsm_spool_answer(x->spool, "\xff\xff", 2, &n));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_bounded),  TEST(test_room),    TEST(test_the_largest),         TEST(test_numbers_given_away),
      TEST(test_goes_on),  TEST(test_damage),  TEST(test_another_boot),        TEST(test_cut_off),
      TEST(test_not_ours), TEST(test_answers), TEST(test_killed_at_any_moment)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
