// The lock is one of the kernel's on a file that is never removed: it goes with its process, however that ends. The
// file says which process that is, for people alone.
#include "store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

int vsm_directory_sync(const char *directory) {
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int err = fd < 0 || fsync(fd) != 0 ? VSM_EIO : 0;
  if (fd >= 0)
    close(fd);
  return err;
}

static int sync_parent(const char *directory) {
  char *path = NULL;
  int err = asprintf(&path, "%s/..", directory) < 0 ? VSM_ENOMEM : vsm_directory_sync(path);
  free(path);
  return err;
}

static int make(const char *directory, struct vsm_journal_why *why) {
  if (mkdir(directory, 0700) == 0 && sync_parent(directory) == 0)
    return 0;
  if (errno == EEXIST)
    return 0;
  snprintf(why->text, sizeof why->text, "cannot make the state directory %s: %s", directory, strerror(errno));
  return VSM_EIO;
}

static void name_holder(int fd, const char *directory, struct vsm_journal_why *why) {
  char pid[24] = "";
  ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
  pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
  snprintf(why->text, sizeof why->text, "the state directory %s is in use by process %s; one daemon has it alone",
           directory, *pid ? pid : "(unknown)");
}

int vsm_directory_take(const char *directory, struct vsm_journal_why *why) {
  char *path = NULL;
  int err = make(directory, why);
  if (err)
    return err;
  if (asprintf(&path, "%s/lock", directory) < 0)
    return VSM_ENOMEM;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    snprintf(why->text, sizeof why->text, "cannot open %s: %s", path, strerror(errno));
  free(path);
  if (fd < 0)
    return VSM_EIO;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    name_holder(fd, directory, why);
    close(fd);
    return VSM_EINUSE;
  }
  if (ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0) // a full disk: then nobody is named
    return fd;
  return fd;
}
