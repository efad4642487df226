// Written under another name, synced, renamed, and the directory synced: so the name never stands for half a number.
#include "store/epoch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "store/directory.h"

#define EPOCH_MAX ((UINT64_C(1) << 53) - 1) // JSON has no integers beyond

// 0: there is none.
static uint64_t read_last(const char *path) {
  uint64_t last = 0;
  FILE *f = fopen(path, "re");
  if (f && fscanf(f, "%" SCNu64, &last) != 1)
    last = 0;
  if (f)
    fclose(f);
  return last < EPOCH_MAX ? last : 0;
}

static int write_synced(const char *path, uint64_t epoch) {
  char text[24];
  size_t n = (size_t)snprintf(text, sizeof text, "%" PRIu64 "\n", epoch);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return VSM_EIO;
  bool written = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
  return close(fd) == 0 && written ? 0 : VSM_EIO;
}

static int put(const char *directory, const char *path, uint64_t epoch) {
  char *beside = NULL;
  if (asprintf(&beside, "%s.new", path) < 0)
    return VSM_ENOMEM;
  int err = write_synced(beside, epoch);
  if (!err)
    err = rename(beside, path) == 0 ? vsm_directory_sync(directory) : VSM_EIO;
  int number = errno;
  if (err)
    unlink(beside);
  errno = number;
  free(beside);
  return err;
}

int vsm_epoch_take(const char *directory, uint64_t least, uint64_t *epoch, struct vsm_journal_why *why) {
  char *path = NULL;
  *epoch = least;
  if (asprintf(&path, "%s/epoch", directory) < 0) {
    snprintf(why->text, sizeof why->text, "out of memory");
    return VSM_ENOMEM;
  }
  uint64_t last = read_last(path);
  if (last >= least)
    *epoch = last + 1;
  int err = put(directory, path, *epoch);
  if (err)
    snprintf(why->text, sizeof why->text, "cannot write %s: %s", path, strerror(errno));
  free(path);
  return err;
}
