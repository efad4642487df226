// Written under another name, synced, renamed, and the directory synced: so a name never stands for half a file. Read
// through the page cache: its checksum first, so that nothing is believed of a file that was damaged, and that in
// slices, as a file that is not in memory comes at the pace of its disk.
#include "store/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/err.h"
#include "store/directory.h"
#include "store/failpoint.h"
#include "store/little.h"
#include "store/pace.h"

static const char MAGIC[8] = {'v', 's', 'm', 'd', 'c', 'k', 'p', 't'};
static const char PREFIX[] = "checkpoint.", UNFINISHED[] = "checkpoint.new", LOCK[] = "checkpoint.lock";

enum {
  HEAD_BYTES = 48,
  SUM_BYTES = 8,
  PIECE_BYTES = 256 << 10, // written at once
};

static int explain(struct vsm_journal_why *why, const char *path, const char *what) {
  snprintf(why->text, sizeof why->text, "%s: %s", path, what);
  return VSM_EIO;
}

static char *path_of(const char *directory, const char *name) {
  char *path = NULL;
  return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static char *path_of_position(const char *directory, uint64_t position, const char *behind) {
  char *path = NULL;
  return asprintf(&path, "%s/%s%llu%s", directory, PREFIX, (unsigned long long)position, behind) < 0 ? NULL : path;
}

// --- which there are

// 0: it is not the name of one.
static uint64_t position_of(const char *name) {
  uint64_t position = 0;
  char again[40];
  if (strncmp(name, PREFIX, sizeof PREFIX - 1) != 0)
    return 0;
  position = strtoull(name + sizeof PREFIX - 1, NULL, 10);
  snprintf(again, sizeof again, "%s%llu", PREFIX, (unsigned long long)position);
  return strcmp(again, name) == 0 ? position : 0;
}

static void keep_newest(uint64_t *positions, int n, int most, uint64_t position) {
  int i = n < most ? n : most;
  for (; i > 0 && positions[i - 1] < position; i--)
    if (i < most)
      positions[i] = positions[i - 1];
  if (i < most)
    positions[i] = position;
}

int vsm_checkpoints_list(const char *directory, uint64_t *positions, int most) {
  DIR *dir = opendir(directory);
  int n = 0;
  if (!dir)
    return VSM_EIO;
  for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
    uint64_t position = position_of(e->d_name);
    if (position > 0)
      keep_newest(positions, n++, most, position);
  }
  closedir(dir);
  return n;
}

int vsm_checkpoint_set_aside(const char *directory, uint64_t position) {
  char *from = path_of_position(directory, position, ""), *to = path_of_position(directory, position, ".bad");
  int err = !from || !to ? VSM_ENOMEM : rename(from, to) != 0 ? VSM_EIO : vsm_directory_sync(directory);
  free(from);
  free(to);
  return err;
}

void vsm_checkpoint_remove_bad(const char *directory) {
  DIR *dir = opendir(directory);
  for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
    size_t n = strlen(e->d_name);
    if (strncmp(e->d_name, "checkpoint.", 11) == 0 && n > 4 && strcmp(e->d_name + n - 4, ".bad") == 0)
      unlinkat(dirfd(dir), e->d_name, 0);
  }
  if (dir)
    closedir(dir);
}

static void remove_older(const char *directory) {
  uint64_t positions[16];
  int n = vsm_checkpoints_list(directory, positions, 16);
  for (int i = VSM_CHECKPOINTS_KEPT; i < n && i < 16; i++) {
    char *path = path_of_position(directory, positions[i], "");
    if (path)
      unlink(path);
    free(path);
  }
}

// --- writing

int vsm_checkpoint_lock(const char *directory) {
  char *path = path_of(directory, LOCK);
  int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  free(path);
  if (fd < 0)
    return VSM_EIO;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  close(fd);
  return VSM_EINUSE;
}

struct vsm_checkpoint_writer {
  char *directory, *path;
  int fd;
  uint64_t position, bytes;
  struct vsm_pace pace;
  XXH3_state_t *sum;
  unsigned char *piece; // PIECE_BYTES, of which n are to be written
  size_t n;
  bool finished;
};

static int write_piece(struct vsm_checkpoint_writer *w) {
  size_t n = w->n;
  for (size_t at = 0; at < n;) {
    ssize_t done = write(w->fd, w->piece + at, n - at);
    if (done < 0 && errno != EINTR)
      return VSM_EIO;
    at += done > 0 ? (size_t)done : 0;
  }
  w->bytes += n;
  w->n = 0;
  vsm_failpoint(VSM_FAIL_checkpoint_write);
  return n == PIECE_BYTES ? vsm_pace_wrote(&w->pace, w->fd, n) : 0;
}

int vsm_checkpoint_write(void *writer, const void *bytes, size_t n) {
  struct vsm_checkpoint_writer *w = writer;
  XXH3_64bits_update(w->sum, bytes, n);
  for (const char *p = bytes; n > 0;) {
    size_t part = n < PIECE_BYTES - w->n ? n : PIECE_BYTES - w->n;
    memcpy(w->piece + w->n, p, part);
    w->n += part;
    p += part;
    n -= part;
    int err = w->n == PIECE_BYTES ? write_piece(w) : 0;
    if (err)
      return err;
  }
  return 0;
}

// Records up to the position from the rebuild's own on, that one included; 0: none, or more than 4 bytes tell.
static uint64_t since_rebuilt(const struct vsm_checkpoint_head *head) {
  uint64_t n = head->rebuilt > 0 ? head->position - head->rebuilt + 1 : 0;
  return n <= UINT32_MAX ? n : 0;
}

static int begin(struct vsm_checkpoint_writer *w, const struct vsm_checkpoint_head *head) {
  unsigned char bytes[HEAD_BYTES] = {0};
  memcpy(bytes, MAGIC, sizeof MAGIC);
  vsm_little_put(bytes + 8, VSM_CHECKPOINT_FORMAT, 4);
  vsm_little_put(bytes + 12, since_rebuilt(head), 4);
  vsm_little_put(bytes + 16, head->position, 8);
  vsm_little_put(bytes + 24, head->mark, 8);
  vsm_little_put(bytes + 32, (uint64_t)head->last.us, 8);
  vsm_little_put(bytes + 40, head->configuration.n, 8);
  int err = vsm_checkpoint_write(w, bytes, sizeof bytes);
  return err ? err : vsm_checkpoint_write(w, head->configuration.p, head->configuration.n);
}

int vsm_checkpoint_create(const char *directory, const struct vsm_checkpoint_head *head,
                          struct vsm_checkpoint_writer **writer, struct vsm_journal_why *why) {
  struct vsm_checkpoint_writer *w = calloc(1, sizeof *w);
  *writer = NULL;
  snprintf(why->text, sizeof why->text, "out of memory");
  if (!w)
    return VSM_ENOMEM;
  *w = (struct vsm_checkpoint_writer){.directory = strdup(directory),
                                      .path = path_of(directory, UNFINISHED),
                                      .fd = -1,
                                      .position = head->position,
                                      .sum = XXH3_createState(),
                                      .piece = malloc(PIECE_BYTES)};
  int err = w->directory && w->path && w->sum && w->piece ? 0 : VSM_ENOMEM;
  if (!err) {
    vsm_pace_begin(&w->pace);
    XXH3_64bits_reset(w->sum);
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    err = w->fd < 0 || begin(w, head) != 0 ? explain(why, w->path, strerror(errno)) : 0;
  }
  if (err)
    vsm_checkpoint_close_writer(w);
  else
    *writer = w;
  return err;
}

static int write_sum(struct vsm_checkpoint_writer *w) {
  unsigned char sum[SUM_BYTES];
  vsm_little_put(sum, XXH3_64bits_digest(w->sum), sizeof sum);
  int err = vsm_checkpoint_write(w, sum, sizeof sum);
  return err ? err : write_piece(w);
}

int vsm_checkpoint_sync(const char *directory) {
  vsm_failpoint(VSM_FAIL_checkpoint_renamed);
  return vsm_directory_sync(directory);
}

static int put_in_place(struct vsm_checkpoint_writer *w) {
  vsm_failpoint(VSM_FAIL_checkpoint_sync);
  if (write_sum(w) != 0 || fsync(w->fd) != 0)
    return VSM_EIO;
  char *path = path_of_position(w->directory, w->position, "");
  if (!path)
    return VSM_ENOMEM;
  vsm_failpoint(VSM_FAIL_checkpoint_rename);
  w->finished = rename(w->path, path) == 0;
  free(path);
  return w->finished ? vsm_checkpoint_sync(w->directory) : VSM_EIO;
}

int vsm_checkpoint_finish(struct vsm_checkpoint_writer *w, uint64_t *bytes, struct vsm_journal_why *why) {
  int err = put_in_place(w);
  if (err)
    return explain(why, w->path, strerror(errno));
  *bytes = w->bytes;
  vsm_failpoint(VSM_FAIL_checkpoint_remove);
  remove_older(w->directory);
  return 0;
}

void vsm_checkpoint_close_writer(struct vsm_checkpoint_writer *w) {
  if (!w)
    return;
  if (w->fd >= 0) {
    close(w->fd);
    if (!w->finished)
      unlink(w->path);
  }
  XXH3_freeState(w->sum);
  free(w->piece);
  free(w->path);
  free(w->directory);
  free(w);
}

// --- reading

struct vsm_checkpoint {
  char *path;
  const unsigned char *bytes; // mapped
  size_t n, summed;
  XXH3_state_t *sum; // of the first `summed`
  struct vsm_checkpoint_head head;
};

static int refuse(const struct vsm_checkpoint *c, const char *what, struct vsm_journal_why *why) {
  explain(why, c->path, what);
  return VSM_EFORMAT;
}

static int read_head(struct vsm_checkpoint *c, struct vsm_journal_why *why) {
  uint64_t version = vsm_little_get(c->bytes + 8, 4), since = vsm_little_get(c->bytes + 12, 4);
  uint64_t configuration = vsm_little_get(c->bytes + 40, 8);
  if (version < VSM_CHECKPOINT_OLDEST || version > VSM_CHECKPOINT_FORMAT) {
    snprintf(why->text, sizeof why->text,
             "%s: of format version %llu; this vsmd reads versions %d to %d; nothing was changed", c->path,
             (unsigned long long)version, VSM_CHECKPOINT_OLDEST, VSM_CHECKPOINT_FORMAT);
    return VSM_EINVAL;
  }
  if (vsm_little_get(c->bytes + 16, 8) != c->head.position || since > c->head.position ||
      configuration > c->n - HEAD_BYTES - SUM_BYTES)
    return refuse(c, "not what its name says", why);
  c->head = (struct vsm_checkpoint_head){.position = c->head.position,
                                         .rebuilt = since > 0 ? c->head.position - since + 1 : 0,
                                         .mark = vsm_little_get(c->bytes + 24, 8),
                                         .last = {(int64_t)vsm_little_get(c->bytes + 32, 8)},
                                         .configuration = {(const char *)c->bytes + HEAD_BYTES, configuration}};
  return 0;
}

int vsm_checkpoint_check(struct vsm_checkpoint *c, size_t bytes, struct vsm_journal_why *why) {
  if (c->n < HEAD_BYTES + SUM_BYTES || memcmp(c->bytes, MAGIC, sizeof MAGIC) != 0)
    return refuse(c, "no checkpoint of vsmd", why);
  size_t left = c->n - SUM_BYTES - c->summed, part = bytes < left ? bytes : left;
  XXH3_64bits_update(c->sum, c->bytes + c->summed, part);
  c->summed += part;
  if (part < left)
    return 1;
  if (vsm_little_get(c->bytes + c->summed, SUM_BYTES) != XXH3_64bits_digest(c->sum))
    return refuse(c, "damaged: its checksum is wrong", why);
  return read_head(c, why);
}

static int map(struct vsm_checkpoint *c, struct vsm_journal_why *why) {
  struct stat st;
  int fd = open(c->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    explain(why, c->path, strerror(errno));
    return errno == ENOENT ? VSM_ENOENT : VSM_EIO;
  }
  int err = fstat(fd, &st) == 0 ? 0 : explain(why, c->path, strerror(errno));
  c->n = err ? 0 : (size_t)st.st_size;
  if (c->n > 0) {
    void *p = mmap(NULL, c->n, PROT_READ, MAP_PRIVATE, fd, 0);
    c->bytes = p == MAP_FAILED ? NULL : p;
    err = c->bytes ? 0 : explain(why, c->path, strerror(errno));
  }
  close(fd);
  return err;
}

int vsm_checkpoint_open(const char *directory, uint64_t position, struct vsm_checkpoint **checkpoint,
                        struct vsm_journal_why *why) {
  struct vsm_checkpoint *c = calloc(1, sizeof *c);
  *checkpoint = NULL;
  snprintf(why->text, sizeof why->text, "out of memory");
  if (!c)
    return VSM_ENOMEM;
  *c = (struct vsm_checkpoint){
      .path = path_of_position(directory, position, ""), .sum = XXH3_createState(), .head.position = position};
  int err = c->path && c->sum ? map(c, why) : VSM_ENOMEM;
  if (!err)
    XXH3_64bits_reset(c->sum);
  if (err)
    vsm_checkpoint_close(c);
  else
    *checkpoint = c;
  return err;
}

void vsm_checkpoint_close(struct vsm_checkpoint *c) {
  if (!c)
    return;
  if (c->bytes)
    munmap((void *)c->bytes, c->n);
  XXH3_freeState(c->sum);
  free(c->path);
  free(c);
}

const struct vsm_checkpoint_head *vsm_checkpoint_head(const struct vsm_checkpoint *c) {
  return &c->head;
}

struct vsm_str vsm_checkpoint_state(const struct vsm_checkpoint *c) {
  size_t from = HEAD_BYTES + c->head.configuration.n;
  return (struct vsm_str){(const char *)c->bytes + from, c->n - from - SUM_BYTES};
}

struct vsm_str vsm_checkpoint_bytes(const struct vsm_checkpoint *c) {
  return (struct vsm_str){(const char *)c->bytes, c->n};
}
