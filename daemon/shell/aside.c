// Lines wait in one buffer, which the thread takes as a whole, so that it holds the lock for no longer than that takes.
// The file is opened with the first line. It is bounded: when it is full it becomes audit.log.1, in the place of the
// one before.
#include "shell/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "shell/log.h"
#include "shell/pulse.h"

enum { FILE_BYTES_MAX = 16 << 20, WAITING_BYTES_MAX = 1 << 20 };

struct vsm_aside {
  char *directory, *path, *old;
  int fd; // the thread's; -1: none
  pthread_t thread;
  bool running;
  pthread_mutex_t mutex; // guards what follows
  pthread_cond_t wake;
  char *lines;
  size_t n, cap;
  uint64_t free_bytes;
  bool look, ends;
};

static void say_failed(const struct vsm_aside *a) {
  vsm_log("audit_failed", "file=%s why=\"%s\"", a->path, strerror(errno));
}

// --- the thread

static void open_file(struct vsm_aside *a) {
  a->fd = open(a->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (a->fd < 0)
    say_failed(a);
}

static void turn_over(struct vsm_aside *a) {
  struct stat st;
  if (a->fd < 0 || fstat(a->fd, &st) != 0 || st.st_size < FILE_BYTES_MAX || rename(a->path, a->old) != 0)
    return;
  close(a->fd);
  open_file(a);
}

static void write_lines(struct vsm_aside *a, const char *lines, size_t n) {
  if (a->fd < 0)
    open_file(a);
  turn_over(a);
  if (a->fd < 0)
    return;
  if (write(a->fd, lines, n) != (ssize_t)n || fdatasync(a->fd) != 0)
    say_failed(a);
}

static void *run(void *ctx) {
  struct vsm_aside *a = ctx;
  pthread_mutex_lock(&a->mutex);
  while (a->n > 0 || a->look || !a->ends) {
    if (a->n == 0 && !a->look) {
      pthread_cond_wait(&a->wake, &a->mutex);
      continue;
    }
    char *lines = a->lines;
    size_t n = a->n;
    bool look = a->look;
    a->lines = NULL;
    a->n = a->cap = 0;
    a->look = false;
    pthread_mutex_unlock(&a->mutex);
    if (n > 0)
      write_lines(a, lines, n);
    free(lines);
    uint64_t free_bytes = look ? vsm_pulse_free_bytes(a->directory) : 0;
    pthread_mutex_lock(&a->mutex);
    if (look)
      a->free_bytes = free_bytes;
  }
  pthread_mutex_unlock(&a->mutex);
  return NULL;
}

// --- the loop

struct vsm_aside *vsm_aside_create(const char *directory) {
  struct vsm_aside *a = vsm_mem_alloc(sizeof *a);
  a->fd = -1;
  a->directory = strdup(directory);
  pthread_mutex_init(&a->mutex, NULL);
  pthread_cond_init(&a->wake, NULL);
  if (a->directory && asprintf(&a->path, "%s/audit.log", directory) >= 0 && asprintf(&a->old, "%s.1", a->path) >= 0)
    return a;
  vsm_aside_destroy(a);
  return NULL;
}

void vsm_aside_begin(struct vsm_aside *a) {
  a->free_bytes = vsm_pulse_free_bytes(a->directory);
}

void vsm_aside_destroy(struct vsm_aside *a) {
  if (!a)
    return;
  pthread_mutex_lock(&a->mutex);
  a->ends = true;
  pthread_cond_signal(&a->wake);
  pthread_mutex_unlock(&a->mutex);
  if (a->running)
    pthread_join(a->thread, NULL);
  if (a->fd >= 0)
    close(a->fd);
  pthread_cond_destroy(&a->wake);
  pthread_mutex_destroy(&a->mutex);
  free(a->lines);
  free(a->directory);
  free(a->path);
  free(a->old);
  free(a);
}

// Signals are for the loop's thread.
static bool runs(struct vsm_aside *a) {
  sigset_t all, before;
  if (a->running)
    return true;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  a->running = pthread_create(&a->thread, NULL, run, a) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return a->running;
}

int vsm_aside_write(struct vsm_aside *a, const char *line, size_t n) {
  if (!runs(a))
    return VSM_ENOMEM;
  pthread_mutex_lock(&a->mutex);
  bool fits = a->n + n <= WAITING_BYTES_MAX;
  if (fits) {
    if (a->n + n > a->cap) {
      a->cap = (a->n + n) * 2;
      a->lines = vsm_mem_resize(a->lines, a->cap);
    }
    memcpy(a->lines + a->n, line, n);
    a->n += n;
    pthread_cond_signal(&a->wake);
  }
  pthread_mutex_unlock(&a->mutex);
  return fits ? 0 : VSM_ELIMIT;
}

uint64_t vsm_aside_free_bytes(struct vsm_aside *a) {
  if (!runs(a))
    return 0;
  pthread_mutex_lock(&a->mutex);
  uint64_t bytes = a->free_bytes;
  a->look = true;
  pthread_cond_signal(&a->wake);
  pthread_mutex_unlock(&a->mutex);
  return bytes;
}
