// Two signals that are ignored by default, and not SIGSTOP: a process that stood still before it has asked to end with
// the one that started it would outlive that, and one that stands still in a transaction keeps the journal's log from
// beginning anew.
//
// Where both are pending the lower number is delivered first. That is the one to stand still, whose handler has the
// other blocked until it waits: so no order of the two leaves it standing that was told to go on last.
#include "store/pause.h"

#include <errno.h>
#include <sys/pidfd.h>

enum { STAND_STILL = SIGURG, GO_ON = SIGWINCH };
_Static_assert((int)STAND_STILL < (int)GO_ON, "the one to go on is delivered last");

static void stand_still(int number) {
  int before = errno;
  sigset_t mask;
  (void)number;
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  sigdelset(&mask, GO_ON);
  sigsuspend(&mask);
  errno = before;
}

static void go_on(int number) {
  (void)number;
}

void vsm_pause_allow(void) {
  struct sigaction stand = {.sa_handler = stand_still, .sa_flags = SA_RESTART},
                   on = {.sa_handler = go_on, .sa_flags = SA_RESTART};
  sigemptyset(&on.sa_mask);
  sigemptyset(&stand.sa_mask);
  sigaddset(&stand.sa_mask, GO_ON);
  sigaction(GO_ON, &on, NULL);
  sigaction(STAND_STILL, &stand, NULL);
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
