#include "store/mover.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/err.h"
#include "store/file.h"

enum {
  PAGES = 256,           // of the log, after which they are moved
  PAGES_MOST = 16384,    // at which it is to begin anew
  PAGES_BACKLOG = 65536, // at which commits wait for the mover, so that it can
};

struct vsm_mover {
  vsm_mover_failed_fn *failed;
  void *ctx;
  sqlite3 *db; // the thread's

  // Of the thread that commits.
  sqlite3 *commits;
  int pages;         // that are in the log
  int asked, paused; // that were when the mover was last asked, and when commits last paused for it

  pthread_t thread;
  bool running;
  pthread_mutex_t mutex; // guards what follows
  pthread_cond_t wake, rest;
  bool asked_for, moving, closing, over;
};

// False: it is over.
static bool take_turn(struct vsm_mover *m) {
  pthread_mutex_lock(&m->mutex);
  m->moving = false;
  if (!m->asked_for)
    pthread_cond_broadcast(&m->rest);
  while (!m->asked_for && !m->closing)
    pthread_cond_wait(&m->wake, &m->mutex);
  m->moving = m->asked_for && !m->closing;
  m->asked_for = false;
  bool turn = m->moving;
  pthread_mutex_unlock(&m->mutex);
  return turn;
}

// What cannot be moved for want of room, or because somebody reads it, is left until it is asked for again.
static void *run(void *arg) {
  struct vsm_mover *m = arg;
  int code = SQLITE_OK;
  while (!vsm_file_is_fatal(code) && take_turn(m))
    code = vsm_file_checkpoint(m->db);
  if (vsm_file_is_fatal(code))
    m->failed(m->ctx, m->db, code);
  pthread_mutex_lock(&m->mutex);
  m->over = true;
  m->asked_for = m->moving = false;
  pthread_cond_broadcast(&m->rest);
  pthread_mutex_unlock(&m->mutex);
  return NULL;
}

static int on_commit(void *mover, sqlite3 *db, const char *name, int pages) {
  (void)db, (void)name;
  ((struct vsm_mover *)mover)->pages = pages;
  return SQLITE_OK;
}

int vsm_mover_open(const char *directory, sqlite3 *commits, vsm_mover_failed_fn *failed, void *ctx,
                   struct vsm_mover **mover, struct vsm_journal_why *why) {
  struct vsm_mover *m = *mover = calloc(1, sizeof *m);
  if (!m)
    return VSM_ENOMEM;
  *m = (struct vsm_mover){.failed = failed, .ctx = ctx, .commits = commits};
  pthread_mutex_init(&m->mutex, NULL);
  pthread_cond_init(&m->wake, NULL);
  pthread_cond_init(&m->rest, NULL);
  sqlite3_wal_hook(commits, on_commit, m);
  return vsm_file_open_beside(directory, &m->db, why);
}

// Signals are for the caller's thread.
int vsm_mover_begin(struct vsm_mover *m) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  m->running = pthread_create(&m->thread, NULL, run, m) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return m->running ? 0 : VSM_ENOMEM;
}

static void move(struct vsm_mover *m) {
  pthread_mutex_lock(&m->mutex);
  m->asked_for = !m->over;
  pthread_cond_signal(&m->wake);
  pthread_mutex_unlock(&m->mutex);
}

static bool rests(struct vsm_mover *m) {
  pthread_mutex_lock(&m->mutex);
  bool rests = !m->asked_for && !m->moving;
  pthread_mutex_unlock(&m->mutex);
  return rests;
}

bool vsm_mover_await(struct vsm_mover *m) {
  pthread_mutex_lock(&m->mutex);
  while (m->asked_for || m->moving)
    pthread_cond_wait(&m->rest, &m->mutex);
  bool over = m->over;
  pthread_mutex_unlock(&m->mutex);
  return !over;
}

// The log begins anew with the commit before which all of it was moved, while nobody reads it. Commits that go on
// beside the mover are always ahead of it, so now and then they pause: for the little that came during its last turn.
// What a reader keeps in the log, or want of room, stays there until as much again has come.
int vsm_mover_tidy(struct vsm_mover *m) {
  if (m->pages < m->asked)
    m->asked = m->paused = 0;
  int since = m->pages - m->paused;
  if (since >= PAGES_BACKLOG || (since >= PAGES_MOST && rests(m))) {
    m->asked = m->paused = m->pages;
    return vsm_mover_await(m) ? vsm_file_checkpoint(m->commits) : SQLITE_OK;
  }
  if (m->pages - m->asked >= PAGES) {
    m->asked = m->pages;
    move(m);
  }
  return SQLITE_OK;
}

void vsm_mover_close(struct vsm_mover *m) {
  if (!m)
    return;
  if (m->running) {
    pthread_mutex_lock(&m->mutex);
    m->closing = true;
    pthread_cond_signal(&m->wake);
    pthread_mutex_unlock(&m->mutex);
    pthread_join(m->thread, NULL);
  }
  sqlite3_wal_hook(m->commits, NULL, NULL);
  sqlite3_close(m->db);
  pthread_cond_destroy(&m->rest);
  pthread_cond_destroy(&m->wake);
  pthread_mutex_destroy(&m->mutex);
  free(m);
}
