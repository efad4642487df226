// Two signals that are ignored by default, and not SIGSTOP: a process that stood still before it has asked to end with
// the one that started it would outlive that, and one that stands still in a transaction keeps the journal's log from
// beginning anew.
//
// It may be told several times before it has its turn, and of each signal one alone is pending then. So
//   - of both the one to stand still is delivered first, as it has the lower number, and its handler has the other
//     blocked until it waits for it;
//   - who was woken lets go of one that is pending, as the one that woke it may have been sent for the second time.
// So it never stands that was told to go on last. It may go on that was told to stand still last: tell it again.
#include "store/pause.h"

#include <errno.h>
#include <sys/pidfd.h>

enum { STAND_STILL = SIGURG, GO_ON = SIGWINCH };
_Static_assert((int)STAND_STILL < (int)GO_ON, "the one to go on is delivered last");

static void take(int number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, GO_ON);
  sigaction(number, &action, NULL);
}

static void stand_still(int number) {
  int before = errno;
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  sigdelset(&mask, GO_ON);
  sigsuspend(&mask);
  take(number, SIG_IGN); // lets go of it
  take(number, stand_still);
  errno = before;
}

static void go_on(int number) {
  (void)number;
}

void vsm_pause_allow(void) {
  take(GO_ON, go_on);
  take(STAND_STILL, stand_still);
}

void vsm_pause_tell(int fd, bool still) {
  pidfd_send_signal(fd, still ? STAND_STILL : GO_ON, NULL, 0);
}

void vsm_pause_put_off(sigset_t *before) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, STAND_STILL);
  pthread_sigmask(SIG_BLOCK, &set, before);
}

void vsm_pause_resume(const sigset_t *before) {
  pthread_sigmask(SIG_SETMASK, before, NULL);
}
