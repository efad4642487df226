// How many bytes of memory are in use, said in the log (event=in_use bytes=N) at each SIGUSR1: linked to a program, it
// shows what grows. The signal is taken by a thread of its own, as a handler may not look at the heap.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/in_use.h"

static void *say(void *signals) {
  int which;
  char line[64];
  while (sigwait(signals, &which) == 0) {
    int n = snprintf(line, sizeof line, "event=in_use bytes=%zu\n", test_bytes_in_use());
    if (write(STDERR_FILENO, line, (size_t)n) != n)
      break;
  }
  return NULL;
}

// Before main: its threads inherit that they do not take the signal.
__attribute__((constructor)) static void listen_for_it(void) {
  static sigset_t signals;
  pthread_t thread;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  if (pthread_create(&thread, NULL, say, &signals) == 0)
    pthread_detach(thread);
}
