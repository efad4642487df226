// Two signals that are ignored by default, and not SIGSTOP: a process that stood still before it has asked to end with
// the one that started it would outlive that, and one that stands still in a transaction keeps the journal's log from
// beginning anew.
//
// It may be told several times before it has its turn, and of each signal one alone is pending then; so it may do what
// it was told before the last time. It stands for a moment at most, whatever came or did not.
#include "store/pause.h"

#include <errno.h>
#include <sys/pidfd.h>
#include <time.h>

enum { STAND_STILL = SIGURG, GO_ON = SIGWINCH, STAND_MS = 100 };

static sigset_t set_of(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  return set;
}

// Who was woken lets go of one more that is pending: as long as there is more to read it is told again and again.
static void stand_still(int number) {
  static const struct timespec most = {.tv_nsec = STAND_MS * 1000000L}, none = {0};
  int before = errno;
  const sigset_t go_on = set_of(GO_ON), still = set_of(number);
  sigtimedwait(&go_on, NULL, &most);
  sigtimedwait(&still, NULL, &none);
  errno = before;
}

static void on_go_on(int number) {
  (void)number; // it is blocked, and waited for; an ignored one would not be kept
}

void vsm_pause_allow(void) {
  const sigset_t go_on = set_of(GO_ON);
  pthread_sigmask(SIG_BLOCK, &go_on, NULL);
  sigaction(GO_ON, &(struct sigaction){.sa_handler = on_go_on}, NULL);
  sigaction(STAND_STILL, &(struct sigaction){.sa_handler = stand_still, .sa_flags = SA_RESTART}, NULL);
}

void vsm_pause_tell(int fd, bool still) {
  pidfd_send_signal(fd, still ? STAND_STILL : GO_ON, NULL, 0);
}

void vsm_pause_put_off(sigset_t *before) {
  const sigset_t still = set_of(STAND_STILL);
  pthread_sigmask(SIG_BLOCK, &still, before);
}

void vsm_pause_resume(const sigset_t *before) {
  pthread_sigmask(SIG_SETMASK, before, NULL);
}
