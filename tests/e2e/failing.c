// In place of store/failpoint.c and shell/checkpoint_due.c, with a disk that fails: a vsmd that dies and suffers as it
// is told.
//
//   VSM_FAILPOINT=NAME:N   it is killed when it comes to this point for the Nth time
//   VSM_FAILPOINT=NAME     at this point it stops, once, until it is told to go on or killed
//   VSM_CHECKPOINT_EVENTS=N   a checkpoint is due after so many events, and whenever the journal is crowded
//   VSM_CHECKPOINT_RETRY=1    one that failed, also with the history, is tried again at once
//   VSM_CHECKPOINT_FAILS=write|short|fsync|rename   so does the process that makes one, at this
//   VSM_FAILPOINT_TAKES_DAEMON=1   what is killed at a point of a checkpoint takes the daemon with it
//   VSM_UNSYNCED=1         nothing is synced, and nobody is told
//   SIGXFSZ, SIGTTIN       from now on its disk is full; the next sync of its disk fails
//   SIGTTOU                the disk is well again
#include "shell/checkpoint_due.h"
#include "store/failpoint.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "tests/lib/failing_vfs.h"

static const char *const names[] = {
#define X(name) #name,
    VSM_FAILPOINTS(X)
#undef X
};
static enum vsm_failpoint where = VSM_FAILPOINT_COUNT;
static atomic_long left = 1;
static bool stops, makes_checkpoint;

// Unless it is gone, and another process our parent.
static void kill_daemon(void) {
  char path[40], theirs[PATH_MAX], ours[PATH_MAX];
  pid_t parent = getppid();
  snprintf(path, sizeof path, "/proc/%d/exe", (int)parent);
  ssize_t n = readlink(path, theirs, sizeof theirs);
  if (n > 0 && n == readlink("/proc/self/exe", ours, sizeof ours) && memcmp(ours, theirs, (size_t)n) == 0)
    kill(parent, SIGKILL);
}

void vsm_failpoint(enum vsm_failpoint at) {
  if (at != where || atomic_fetch_sub(&left, 1) != 1)
    return;
  if (makes_checkpoint && getenv("VSM_FAILPOINT_TAKES_DAEMON"))
    kill_daemon();
  raise(stops ? SIGSTOP : SIGKILL);
}

// --- files of a checkpoint: the linker has our own code call these

static bool fails(const char *call) {
  const char *given = makes_checkpoint ? getenv("VSM_CHECKPOINT_FAILS") : NULL;
  return given && strcmp(given, call) == 0;
}

ssize_t __real_write(int fd, const void *p, size_t n);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);

ssize_t __wrap_write(int fd, const void *p, size_t n) {
  static bool once;
  if (fd == STDERR_FILENO) // the log
    return __real_write(fd, p, n);
  errno = ENOSPC;
  if (fails("write") || (once && fails("short")))
    return -1;
  if (!fails("short"))
    return __real_write(fd, p, n);
  once = true;
  return __real_write(fd, p, n / 2);
}

int __wrap_fsync(int fd) {
  errno = EIO;
  return fails("fsync") ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to) {
  errno = EIO;
  return fails("rename") ? -1 : __real_rename(from, to);
}

// --- checkpoints

bool vsm_checkpoint_may_follow(int64_t us) {
  return getenv("VSM_CHECKPOINT_RETRY") || us >= VSM_MINUTE_US;
}

bool vsm_checkpoint_is_due(const struct vsm_checkpoint_due *d) {
  const char *every = getenv("VSM_CHECKPOINT_EVENTS");
  if (d->failed)
    return vsm_checkpoint_may_follow(d->us);
  return every && (d->crowded || d->events >= strtoull(every, NULL, 10));
}

bool vsm_checkpoint_starves(int64_t us) {
  return us > 0 && getenv("VSM_CHECKPOINT_STARVES");
}

static void on_signal(int signal) {
  if (signal == SIGXFSZ)
    failing_vfs_tell(FAILING_FULL, -1);
  else if (signal == SIGTTIN)
    failing_vfs_tell(FAILING_SYNC, 1);
  else
    failing_vfs_tell(FAILING_NOT, 0);
}

__attribute__((constructor)) static void begin(int argc, char **argv) { // glibc gives them
  static const int signals[] = {SIGXFSZ, SIGTTOU, SIGTTIN};
  const char *given = getenv("VSM_FAILPOINT"), *n = given ? strchr(given, ':') : NULL;
  size_t bytes = given ? strcspn(given, ":") : 0;
  for (unsigned i = 0; given && i < VSM_FAILPOINT_COUNT; i++)
    if (strlen(names[i]) == bytes && strncmp(names[i], given, bytes) == 0)
      where = (enum vsm_failpoint)i;
  stops = given && !n;
  makes_checkpoint = argc > 1 && strcmp(argv[1], "--checkpoint") == 0;
  if (given && where == VSM_FAILPOINT_COUNT)
    abort(); // a test that cannot fail
  if (n)
    atomic_store(&left, strtol(n + 1, NULL, 10));
  failing_vfs_install();
  if (getenv("VSM_UNSYNCED"))
    failing_vfs_tell(FAILING_TO_SYNC, -1);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    sigaction(signals[i], &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL);
}
