#include "agents/lib/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static const char *look(int fd, const char *path, char *why, size_t size) {
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0)
    snprintf(why, size, "%s: %s; allowed: a file that holds the secret alone", path, strerror(errno));
  else if (!S_ISREG(st.st_mode))
    snprintf(why, size, "%s is no file; allowed: a file that holds the secret alone", path);
  else if (st.st_mode & S_IRWXO)
    snprintf(why, size, "%s may be read or written by everybody (mode %03o); allowed: its owner and group, chmod o= %s",
             path, (unsigned)st.st_mode & 0777, path);
  else
    return NULL;
  return why;
}

static const char *take(int fd, const char *path, struct vsm_secret *out, char *why, size_t size) {
  out->z = vsm_mem_alloc(VSM_SECRET_BYTES_MAX + 2);
  ssize_t n = 0, got;
  while (n <= VSM_SECRET_BYTES_MAX && (got = read(fd, out->z + n, (size_t)(VSM_SECRET_BYTES_MAX + 1 - n))) > 0)
    n += got;
  out->n = (size_t)n;
  while (out->n > 0 && strchr("\r\n", out->z[out->n - 1]))
    out->z[--out->n] = '\0';
  if (n > VSM_SECRET_BYTES_MAX)
    snprintf(why, size, "%s is larger than %d bytes; allowed: the secret alone", path, VSM_SECRET_BYTES_MAX);
  else if (out->n == 0)
    snprintf(why, size, "%s is empty; allowed: the secret alone", path);
  else if (strlen(out->z) != out->n || strpbrk(out->z, "\r\n"))
    snprintf(why, size, "%s has more than one line; allowed: the secret alone", path);
  else
    return NULL;
  vsm_secret_wipe(out);
  return why;
}

const char *vsm_secret_read(const char *path, struct vsm_secret *out, char *why, size_t size) {
  *out = (struct vsm_secret){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const char *wrong = look(fd, path, why, size);
  if (!wrong)
    wrong = take(fd, path, out, why, size);
  if (fd >= 0)
    close(fd);
  return wrong;
}

void vsm_secret_wipe(struct vsm_secret *s) {
  if (s->z)
    explicit_bzero(s->z, VSM_SECRET_BYTES_MAX + 2);
  free(s->z);
  *s = (struct vsm_secret){0};
}
