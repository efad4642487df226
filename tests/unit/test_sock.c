// The sockets of libvsm: what stands in no contract of emitter, subscriber and query client, and holds for each.
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "vsm/vsm.h"

static atomic_int threads, open_to_signals;

// In the C library's place: libzmq's threads block all signals as the first thing that they do.
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  if (gettid() != getpid()) {
    threads++;
    open_to_signals += !sigismember(&now, SIGTERM);
  }
  return sigprocmask(how, set, old);
}

static void test_no_thread_is_ever_open_to_signals(void **state) {
  (void)state;
  struct vsm_emitter *e;
  sigset_t now;
  assert_int_equal(
      vsm_emitter_create(&(struct vsm_emitter_options){.publish = "tcp://127.0.0.1:1", .source = "crm"}, &e), 0);
  sigprocmask(SIG_BLOCK, NULL, &now);
  assert_false(sigismember(&now, SIGTERM)); // the program itself is as it was
  vsm_emitter_destroy(e);                   // all have begun, and are gone
  assert_true(threads >= 2);
  assert_int_equal(open_to_signals, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_thread_is_ever_open_to_signals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
