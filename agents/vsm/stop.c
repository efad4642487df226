#include "stop.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

int vsm_stop_open(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  return signalfd(-1, &set, SFD_CLOEXEC);
}
