#include "conf/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// All of a file, NULL-terminated in the arena, or NULL with *why.
static char *read_all(struct vsm_conf_reader *r, int fd, size_t *n, const char **why) {
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0) {
    *why = strerror(errno);
    return NULL;
  }
  if (!S_ISREG(st.st_mode)) {
    *why = "not a file";
    return NULL;
  }
  if (st.st_size > VSM_CONF_BYTES_MAX) {
    *why = "too large; allowed: 4 MiB";
    return NULL;
  }
  char *text = vsm_conf_alloc(r, (size_t)st.st_size + 1, 1);
  *n = 0;
  while (*n < (size_t)st.st_size) {
    ssize_t got = read(fd, text + *n, (size_t)st.st_size - *n);
    if (got < 0 && errno != EINTR) {
      *why = strerror(errno);
      return NULL;
    }
    if (got == 0)
      break;
    *n += got > 0 ? (size_t)got : 0;
  }
  return text;
}

char *vsm_conf_bytes(struct vsm_conf_reader *r, const char *path, size_t *n, const char **why) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a pipe would let open() wait
  char *bytes = read_all(r, fd, n, why);
  if (fd >= 0)
    close(fd);
  return bytes;
}

char *vsm_conf_file(struct vsm_conf_reader *r, const struct vsm_conf_word *w, const char *path, size_t *n) {
  const char *why = "";
  char *text = vsm_conf_bytes(r, path, n, &why);
  if (text && memchr(text, '\0', *n)) {
    text = NULL;
    why = "not a text: it contains a NUL";
  }
  if (!text) {
    vsm_conf_blame(r, w, "cannot read %s: %s", path, why);
    return NULL;
  }
  size_t mark = *n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; // some editors write a byte order mark
  *n -= mark;
  return text + mark;
}

const char *vsm_conf_beside(struct vsm_conf_reader *r, const char *path) {
  const char *slash = *path == '/' ? NULL : strrchr(r->file, '/');
  return slash ? vsm_conf_copy(r, "%.*s/%s", (int)(slash - r->file), r->file, path) : path;
}
