#include "store/forgetting.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "store/directory.h"

static char *mark_of(const char *directory) {
  char *path = NULL;
  return asprintf(&path, "%s/" VSM_FORGETTING, directory) < 0 ? NULL : path;
}

int vsm_forgetting_mark(const char *directory) {
  char *path = mark_of(directory);
  int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
  free(path);
  if (fd < 0)
    return VSM_EIO;
  close(fd);
  return vsm_directory_sync(directory);
}

bool vsm_forgetting_is_marked(const char *directory) {
  char *path = mark_of(directory);
  bool is = path && access(path, F_OK) == 0;
  free(path);
  return is;
}

void vsm_forgetting_unmark(const char *directory) {
  char *path = mark_of(directory);
  if (path)
    unlink(path);
  free(path);
}
