// In place of store/failpoint.c and shell/checkpoint_due.c, with a disk that fails: a vsmd that dies and suffers as it
// is told.
//
//   VSM_FAILPOINT=NAME:N   it is killed when it comes to this point for the Nth time
//   VSM_FAILPOINT=NAME     at this point it stops, once, until it is told to go on or killed
//   VSM_CHECKPOINT_EVENTS=N   a checkpoint is due after so many events, and whenever the journal is crowded
//   VSM_CHECKPOINT_RETRY=1    one that failed is tried again at once
//   SIGUSR1, SIGURG        from now on its disk is full; the next sync of its disk fails
//   SIGUSR2                the disk is well again
#include "shell/checkpoint_due.h"
#include "store/failpoint.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "tests/lib/failing_vfs.h"

static const char *const names[] = {
#define X(name) #name,
    VSM_FAILPOINTS(X)
#undef X
};
static enum vsm_failpoint where = VSM_FAILPOINT_COUNT;
static atomic_long left = 1;
static bool stops;

void vsm_failpoint(enum vsm_failpoint at) {
  if (at == where && atomic_fetch_sub(&left, 1) == 1)
    raise(stops ? SIGSTOP : SIGKILL);
}

bool vsm_checkpoint_is_due(const struct vsm_checkpoint_due *d) {
  const char *every = getenv("VSM_CHECKPOINT_EVENTS");
  if (d->failed)
    return getenv("VSM_CHECKPOINT_RETRY") || d->us >= VSM_MINUTE_US;
  return every && (d->crowded || d->events >= strtoull(every, NULL, 10));
}

static void on_signal(int signal) {
  if (signal == SIGUSR1)
    failing_vfs_tell(FAILING_FULL, -1);
  else if (signal == SIGURG)
    failing_vfs_tell(FAILING_SYNC, 1);
  else
    failing_vfs_tell(FAILING_NOT, 0);
}

__attribute__((constructor)) static void begin(void) {
  static const int signals[] = {SIGUSR1, SIGUSR2, SIGURG};
  const char *given = getenv("VSM_FAILPOINT"), *n = given ? strchr(given, ':') : NULL;
  size_t bytes = given ? strcspn(given, ":") : 0;
  for (unsigned i = 0; given && i < VSM_FAILPOINT_COUNT; i++)
    if (strlen(names[i]) == bytes && strncmp(names[i], given, bytes) == 0)
      where = (enum vsm_failpoint)i;
  stops = given && !n;
  if (given && where == VSM_FAILPOINT_COUNT)
    abort(); // a test that cannot fail
  if (n)
    atomic_store(&left, strtol(n + 1, NULL, 10));
  failing_vfs_install();
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    sigaction(signals[i], &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL);
}
