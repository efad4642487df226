#include "store/pause.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/test.h"

enum { DEADLINE_S = 60, BURSTS = 400, BURST_MAX = 8, MOMENT_MS = 100 /* that it stands at most */ };

// A process that counts, and does as it is told.
struct counter {
  pid_t pid;
  int fd;
  struct shared {
    atomic_ulong n;
    atomic_bool allow, allowed, hold_off, held_off;
  } * shared;
};

static void follow(atomic_bool *now, bool wanted, sigset_t *before) {
  if (atomic_load(now) == wanted)
    return;
  if (wanted)
    vsm_pause_put_off(before);
  else
    vsm_pause_resume(before);
  atomic_store(now, wanted);
}

static _Noreturn void count(struct shared *s) {
  sigset_t before;
  for (;;) {
    if (atomic_load(&s->allow) && !atomic_load(&s->allowed)) {
      vsm_pause_allow();
      atomic_store(&s->allowed, true);
    }
    follow(&s->held_off, atomic_load(&s->hold_off), &before);
    atomic_fetch_add(&s->n, 1);
  }
}

// On the processor of this one, so that it is told much before it has its turn.
static int setup(void **state) {
  struct counter *c = calloc(1, sizeof *c);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  c->shared = mmap(NULL, sizeof *c->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(c->shared != MAP_FAILED);
  alarm(DEADLINE_S);
  c->pid = fork();
  if (c->pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    count(c->shared);
  }
  c->fd = pidfd_open(c->pid, 0);
  assert_true(c->fd >= 0);
  *state = c;
  return 0;
}

static int teardown(void **state) {
  struct counter *c = *state;
  kill(c->pid, SIGKILL);
  waitpid(c->pid, NULL, 0);
  close(c->fd);
  munmap(c->shared, sizeof *c->shared);
  free(c);
  alarm(0);
  return 0;
}

static void await(const atomic_bool *what, bool value) {
  while (atomic_load(what) != value)
    sched_yield();
}

static void await_progress(const struct counter *c) {
  unsigned long n = atomic_load(&c->shared->n);
  while (atomic_load(&c->shared->n) == n)
    sched_yield();
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool sleeps(const struct counter *c) {
  char path[64], line[512] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", (int)c->pid);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  assert_non_null(fgets(line, sizeof line, f));
  fclose(f);
  return strrchr(line, ')')[2] == 'S';
}

// How often it has slept, which it does in no other way.
static unsigned long times_slept(const struct counter *c) {
  char path[64], line[256];
  unsigned long n = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)c->pid);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  while (fgets(line, sizeof line, f) && sscanf(line, "voluntary_ctxt_switches: %lu", &n) != 1)
    continue;
  fclose(f);
  return n;
}

// On a busy machine this one may have its turn again when the other goes on already.
static void await_standstill(const struct counter *c) {
  int64_t begun_ms;
  unsigned long before, after;
  do {
    while (!sleeps(c)) {
      vsm_pause_tell(c->fd, true);
      sched_yield();
    }
    begun_ms = now_ms();
    before = atomic_load(&c->shared->n);
    for (unsigned i = 0; i < 100; i++)
      sched_yield();
    after = atomic_load(&c->shared->n);
  } while (now_ms() - begun_ms > MOMENT_MS / 4);
  assert_int_equal(before, after);
}

static void allow(struct counter *c) {
  atomic_store(&c->shared->allow, true);
  await(&c->shared->allowed, true);
}

static void test_it_goes_on_until_it_allows_it(void **state) {
  struct counter *c = *state;
  vsm_pause_tell(c->fd, true);
  await_progress(c);
  allow(c);
  await_progress(c);
}

static void test_it_stands_still_and_goes_on(void **state) {
  struct counter *c = *state;
  allow(c);
  for (unsigned i = 0; i < 20; i++) {
    await_standstill(c);
    vsm_pause_tell(c->fd, false);
    await_progress(c);
  }
}

static void test_it_goes_on_by_itself(void **state) {
  struct counter *c = *state;
  allow(c);
  for (unsigned i = 0; i < 3; i++) {
    await_standstill(c);
    await_progress(c);
  }
}

// That is, nearly always at once, and not after a moment.
static void test_told_last_to_go_on_it_does(void **state) {
  struct counter *c = *state;
  uint64_t seed = 5;
  unsigned late = 0;
  allow(c);
  for (unsigned i = 0; i < BURSTS; i++) {
    unsigned n = (unsigned)(test_below(&seed, BURST_MAX));
    for (unsigned k = 0; k < n; k++) {
      uint64_t what = test_below(&seed, 5);
      if (what < 4)
        vsm_pause_tell(c->fd, what < 2);
      else
        sched_yield();
    }
    vsm_pause_tell(c->fd, false);
    int64_t begun_ms = now_ms();
    await_progress(c);
    late += now_ms() - begun_ms >= MOMENT_MS / 2;
  }
  assert_in_range(late, 0, BURSTS / 4);
}

static void test_not_while_it_holds_something(void **state) {
  struct counter *c = *state;
  allow(c);
  atomic_store(&c->shared->hold_off, true);
  await(&c->shared->held_off, true);
  vsm_pause_tell(c->fd, true);
  for (unsigned i = 0; i < 20; i++)
    await_progress(c);
  unsigned long slept = times_slept(c);
  atomic_store(&c->shared->hold_off, false);
  while (times_slept(c) == slept)
    sched_yield();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_it_goes_on_until_it_allows_it, setup, teardown),
      cmocka_unit_test_setup_teardown(test_it_stands_still_and_goes_on, setup, teardown),
      cmocka_unit_test_setup_teardown(test_it_goes_on_by_itself, setup, teardown),
      cmocka_unit_test_setup_teardown(test_told_last_to_go_on_it_does, setup, teardown),
      cmocka_unit_test_setup_teardown(test_not_while_it_holds_something, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
