// Two buffers take turns: the caller's thread fills one while the commit thread, which owns the one connection that
// writes, commits the other as one row. While a group is under way the next one grows, so groups size themselves. A
// group that cannot be committed stays where it is and is tried again, later and later; the other buffer goes on
// growing, and it is for the caller to stop in time (pending_bytes). After a sync that failed nothing is tried again:
// the system may have dropped what it could not write, and would say yes the next time.
#include "store/journal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "store/buffer.h"
#include "store/directory.h"
#include "store/failpoint.h"
#include "store/file.h"
#include "store/rewrite.h"
#include "store/ticks.h"
#include "store/tidy.h"

enum {
  ANNOUNCE_BYTES = 1 << 12, // that wait, beyond which the commit thread is woken at once
  LINGER_BYTES = 1 << 16,   // likewise where records may wait for more
  LINGER_US = 1000,         // for so long
  RETRY_FIRST_MS = 50,
  RETRY_MOST_MS = 2000,
  REST = 3, // times as long as a step took that can wait, as commits wait for it
};

struct vsm_journal {
  int lock_fd, news_fd;
  sqlite3 *db;          // the commit thread's, once it runs
  sqlite3_stmt *insert; // likewise
  pthread_t thread;
  bool running;

  pthread_mutex_t mutex; // guards what follows
  pthread_cond_t wake;   // of the commit thread
  struct vsm_buffer buffers[2];
  struct vsm_buffer *filling; // the other one is the commit thread's while it is not empty
  uint64_t next;              // position of the next record
  uint64_t committed;
  struct vsm_slowest commits;
  enum vsm_journal_health health;
  char why[sizeof((struct vsm_journal_state *)0)->why];
  struct vsm_journal_trim trim;  // below 0: nothing is to be trimmed
  const char *rewrite_directory; // NULL: nothing is to be rewritten
  uint64_t rewrite_below;
  enum vsm_journal_rewriting rewriting;
  int64_t rewrite_boot_us; // when the next step of that may be
  bool clearing;           // and nothing is trimmed meanwhile (store/unused.h)
  bool unannounced;        // records wait of which the commit thread was not told
  bool lingers;            // they may wait for more
  bool unaware;            // the commit thread sleeps, and nothing waited when it fell asleep
  bool crowded;
  bool trimming;          // a step is under way
  int64_t trim_boot_us;   // when the next one may be
  pthread_cond_t settled; // that, and no record is put in other words
  bool closing;
};

static struct vsm_buffer *other(struct vsm_journal *j) {
  return &j->buffers[j->filling == j->buffers];
}

// --- the commit thread

static void tell(struct vsm_journal *j) {
  while (eventfd_write(j->news_fd, 1) != 0 && errno == EINTR)
    continue;
}

static void fare(struct vsm_journal *j, enum vsm_journal_health health, int code) {
  char why[sizeof j->why] = "";
  vsm_file_explain(j->db, code, why, sizeof why);
  pthread_mutex_lock(&j->mutex);
  bool news = j->health != health || strcmp(j->why, why) != 0;
  j->health = health;
  memcpy(j->why, why, sizeof why);
  pthread_mutex_unlock(&j->mutex);
  if (news)
    tell(j);
}

static void have_committed(struct vsm_journal *j, struct vsm_buffer *b) {
  pthread_mutex_lock(&j->mutex);
  vsm_slowest_note(&j->commits, vsm_boot_us() - b->since_boot_us);
  j->committed = b->first + b->records - 1;
  j->health = VSM_JOURNAL_WELL;
  j->why[0] = '\0';
  vsm_buffer_empty(b);
  pthread_mutex_unlock(&j->mutex);
  tell(j);
}

// False where it is over: closing, and so not worth another try.
static bool wait_to_retry(struct vsm_journal *j, int ms) {
  struct timespec until = vsm_after_us(ms * INT64_C(1000));
  pthread_mutex_lock(&j->mutex);
  int rc = 0;
  while (!j->closing && rc != ETIMEDOUT)
    rc = pthread_cond_timedwait(&j->wake, &j->mutex, &until);
  bool closing = j->closing;
  pthread_mutex_unlock(&j->mutex);
  return !closing;
}

// False: the thread ends.
static bool commit(struct vsm_journal *j, struct vsm_buffer *b) {
  struct vsm_group g = {.first = b->first, .n = b->records, .body = {(const char *)b->bytes, b->n}};
  int ms = RETRY_FIRST_MS, code;
  vsm_failpoint(VSM_FAIL_commit);
  while ((code = vsm_file_insert(j->insert, &g)) != SQLITE_OK) {
    bool fatal = vsm_file_is_fatal(code);
    fare(j, fatal ? VSM_JOURNAL_FAILED : VSM_JOURNAL_TRYING, code);
    if (fatal || !wait_to_retry(j, ms))
      return false;
    ms = ms * 2 < RETRY_MOST_MS ? ms * 2 : RETRY_MOST_MS;
  }
  vsm_failpoint(VSM_FAIL_durable);
  have_committed(j, b);
  return true;
}

static bool something_waits(struct vsm_journal *j) {
  pthread_mutex_lock(&j->mutex);
  bool waits = j->filling->records > 0;
  pthread_mutex_unlock(&j->mutex);
  return waits;
}

// False: the thread ends.
static bool tidy(struct vsm_journal *j, struct vsm_tidy *t) {
  if (!vsm_tidy_is_due(t, something_waits(j)))
    return true;
  int code = vsm_tidy_move(t, j->db);
  if (!vsm_file_is_fatal(code))
    return true;
  fare(j, VSM_JOURNAL_FAILED, code);
  return false;
}

// What the commit thread does next: a buffer that was filled meanwhile (NULL: none), then a step of trimming, and one
// of rewriting.
struct work {
  struct vsm_buffer *filled;
  struct vsm_journal_trim trim;
  bool rewrite;
};

static int64_t away_us(int64_t boot_us) {
  int64_t us = boot_us - vsm_boot_us();
  return us > 0 ? us : 0;
}

// How long the next step of trimming is away; INT64_MAX: there is nothing to trim.
static int64_t trim_due_us(const struct vsm_journal *j) {
  return j->trim.below > 0 && !j->clearing ? away_us(j->trim_boot_us) : INT64_MAX;
}

static int64_t rewrite_due_us(const struct vsm_journal *j) {
  return j->rewrite_directory ? away_us(j->rewrite_boot_us) : INT64_MAX;
}

// Likewise of what waits to be committed. To commit takes the same time and processor for one record as for a thousand.
static int64_t commit_due_us(const struct vsm_journal *j) {
  if (j->filling->records == 0)
    return INT64_MAX;
  return j->unannounced && j->lingers ? away_us(j->filling->since_boot_us + LINGER_US) : 0;
}

static int64_t work_due_us(const struct vsm_journal *j) {
  return vsm_earlier_us(commit_due_us(j), vsm_earlier_us(trim_due_us(j), rewrite_due_us(j)));
}

static void await_work(struct vsm_journal *j) {
  int64_t us;
  while (!j->closing && (us = work_due_us(j)) > 0) {
    j->unaware = j->filling->records == 0;
    if (us == INT64_MAX) {
      pthread_cond_wait(&j->wake, &j->mutex);
    } else {
      struct timespec until = vsm_after_us(us);
      pthread_cond_timedwait(&j->wake, &j->mutex, &until);
    }
    j->unaware = false;
  }
}

// False: there will be nothing any more.
static bool take_work(struct vsm_journal *j, struct work *w) {
  pthread_mutex_lock(&j->mutex);
  await_work(j);
  *w = (struct work){.filled = j->filling->records ? j->filling : NULL, .rewrite = rewrite_due_us(j) == 0};
  if (trim_due_us(j) == 0)
    w->trim = j->trim;
  if (w->filled)
    j->filling = other(j);
  j->unannounced = false;
  j->trimming = w->trim.below > 0;
  bool more = w->filled || !j->closing;
  pthread_mutex_unlock(&j->mutex);
  return more;
}

// One step, where one is due. What fails for want of room is left until somebody asks again. False: the thread ends.
static bool trim(struct vsm_journal *j, const struct vsm_journal_trim *t) {
  struct vsm_file_trimmed done = {0};
  if (t->below == 0)
    return true;
  int64_t begun_us = vsm_boot_us();
  int code = vsm_file_trim(j->db, t, &done);
  if (vsm_file_is_fatal(code)) {
    fare(j, VSM_JOURNAL_FAILED, code);
    return false;
  }
  int64_t now_us = vsm_boot_us();
  pthread_mutex_lock(&j->mutex);
  j->crowded = done.crowded;
  j->trim_boot_us = now_us + REST * (now_us - begun_us);
  j->trimming = false;
  pthread_cond_broadcast(&j->settled);
  if ((!done.more || code != SQLITE_OK) && j->trim.below == t->below)
    j->trim.below = 0;
  pthread_mutex_unlock(&j->mutex);
  return true;
}

// One step, where one is due. What fails for want of room is left until somebody asks again. False: the thread ends.
static bool rewrite(struct vsm_journal *j, bool due, struct vsm_rewrite **r) {
  if (!due)
    return true;
  int64_t begun_us = vsm_boot_us();
  pthread_mutex_lock(&j->mutex);
  const char *directory = j->rewrite_directory;
  uint64_t below = j->rewrite_below;
  pthread_mutex_unlock(&j->mutex);
  bool more = false, all = false;
  if (!*r)
    *r = vsm_rewrite_open(directory);
  int code = *r ? vsm_file_rewrite(j->db, *r, below, &more, &all) : SQLITE_CANTOPEN;
  if (code == SQLITE_OK && more) {
    int64_t now_us = vsm_boot_us();
    pthread_mutex_lock(&j->mutex);
    j->clearing = vsm_rewrite_clears(*r);
    pthread_cond_broadcast(&j->settled);
    j->rewrite_boot_us = j->clearing ? now_us + REST * (now_us - begun_us) : now_us;
    pthread_mutex_unlock(&j->mutex);
    return true;
  }
  vsm_rewrite_close(*r);
  *r = NULL;
  if (vsm_file_is_fatal(code)) {
    fare(j, VSM_JOURNAL_FAILED, code);
    return false;
  }
  pthread_mutex_lock(&j->mutex);
  j->rewrite_directory = NULL;
  j->clearing = false;
  j->rewriting = code == SQLITE_OK && all ? VSM_REWRITE_DONE : VSM_REWRITE_UNDONE;
  pthread_cond_broadcast(&j->settled);
  pthread_mutex_unlock(&j->mutex);
  tell(j);
  return true;
}

static void *run(void *arg) {
  struct vsm_journal *j = arg;
  struct vsm_tidy log;
  struct vsm_rewrite *rewriting = NULL;
  vsm_tidy_begin(&log, j->db);
  for (struct work w; take_work(j, &w);)
    if ((w.filled && !commit(j, w.filled)) || !trim(j, &w.trim) || !rewrite(j, w.rewrite, &rewriting) || !tidy(j, &log))
      break;
  vsm_tidy_end(j->db);
  pthread_mutex_lock(&j->mutex);
  j->trimming = false;
  j->rewrite_directory = NULL;
  pthread_cond_broadcast(&j->settled);
  pthread_mutex_unlock(&j->mutex);
  vsm_rewrite_close(rewriting);
  return NULL;
}

// --- life

static int open_parts(struct vsm_journal *j, const char *directory, struct vsm_journal_why *why) {
  pthread_condattr_t monotonic;
  j->lock_fd = vsm_directory_take(directory, why);
  if (j->lock_fd < 0)
    return j->lock_fd;
  j->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (j->news_fd < 0) {
    snprintf(why->text, sizeof why->text, "out of descriptors");
    return VSM_EIO;
  }
  pthread_mutex_init(&j->mutex, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&j->wake, &monotonic);
  pthread_cond_init(&j->settled, &monotonic);
  pthread_condattr_destroy(&monotonic);
  int err = vsm_file_open(directory, true, &j->db, why);
  if (err)
    return err;
  int code = sqlite3_prepare_v2(j->db, VSM_FILE_INSERT, -1, &j->insert, NULL);
  if (code == SQLITE_OK)
    code = vsm_file_last(j->db, &j->committed);
  j->next = j->committed + 1;
  if (code == SQLITE_OK)
    return 0;
  snprintf(why->text, sizeof why->text, "%s/journal.db: %s", directory, sqlite3_errmsg(j->db));
  return (code & 0xff) == SQLITE_CORRUPT ? VSM_EFORMAT : VSM_EIO;
}

int vsm_journal_open(const char *directory, struct vsm_journal **journal, struct vsm_journal_why *why) {
  struct vsm_journal *j = calloc(1, sizeof *j);
  *journal = NULL;
  snprintf(why->text, sizeof why->text, "out of memory");
  if (!j)
    return VSM_ENOMEM;
  j->lock_fd = j->news_fd = -1;
  j->filling = j->buffers;
  int err = open_parts(j, directory, why);
  if (err)
    vsm_journal_close(j);
  else
    *journal = j;
  return err;
}

// Signals are for the caller's thread.
int vsm_journal_begin(struct vsm_journal *j) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  j->running = pthread_create(&j->thread, NULL, run, j) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return j->running ? 0 : VSM_ENOMEM;
}

void vsm_journal_end(struct vsm_journal *j) {
  if (!j->running)
    return;
  pthread_mutex_lock(&j->mutex);
  j->closing = true;
  pthread_cond_signal(&j->wake);
  pthread_mutex_unlock(&j->mutex);
  pthread_join(j->thread, NULL);
  j->running = false;
}

void vsm_journal_close(struct vsm_journal *j) {
  if (!j)
    return;
  vsm_journal_end(j);
  sqlite3_finalize(j->insert);
  if (j->health == VSM_JOURNAL_FAILED) // or SQLite would try once more what failed, and remove the log
    sqlite3_db_config(j->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_close(j->db);
  if (j->news_fd >= 0) {
    close(j->news_fd);
    pthread_cond_destroy(&j->wake);
    pthread_cond_destroy(&j->settled);
    pthread_mutex_destroy(&j->mutex);
  }
  if (j->lock_fd >= 0)
    close(j->lock_fd);
  free(j->buffers[0].bytes);
  free(j->buffers[1].bytes);
  free(j);
}

// --- the caller's side

static void announce(struct vsm_journal *j) {
  if (j->unannounced)
    pthread_cond_signal(&j->wake);
  j->unannounced = false;
}

int64_t vsm_journal_append(struct vsm_journal *j, const struct vsm_record *record) {
  if (vsm_record_bytes(record) == 0)
    return VSM_ELIMIT;
  pthread_mutex_lock(&j->mutex);
  if (j->health == VSM_JOURNAL_FAILED) {
    pthread_mutex_unlock(&j->mutex);
    return VSM_EIO;
  }
  struct vsm_buffer *b = j->filling;
  if (b->records == 0) {
    b->first = j->next;
    b->since_boot_us = vsm_boot_us();
    j->unannounced = true;
  }
  vsm_buffer_add(b, record);
  if (b->n > (j->lingers ? LINGER_BYTES : ANNOUNCE_BYTES))
    announce(j);
  int64_t position = (int64_t)j->next++;
  pthread_mutex_unlock(&j->mutex);
  vsm_failpoint(VSM_FAIL_append);
  return position;
}

void vsm_journal_push(struct vsm_journal *j, bool more) {
  pthread_mutex_lock(&j->mutex);
  j->lingers = more;
  if (!more)
    announce(j);
  else if (j->unannounced && j->unaware)
    pthread_cond_signal(&j->wake); // for the time that records wait
  pthread_mutex_unlock(&j->mutex);
}

void vsm_journal_trim(struct vsm_journal *j, const struct vsm_journal_trim *t) {
  pthread_mutex_lock(&j->mutex);
  j->trim = *t;
  pthread_cond_signal(&j->wake);
  pthread_mutex_unlock(&j->mutex);
}

bool vsm_journal_await_settled(struct vsm_journal *j, int64_t us) {
  struct timespec until = vsm_after_us(us);
  bool settled;
  pthread_mutex_lock(&j->mutex);
  while (!(settled = !j->trimming && (!j->rewrite_directory || j->clearing)) &&
         pthread_cond_timedwait(&j->settled, &j->mutex, &until) == 0)
    continue;
  pthread_mutex_unlock(&j->mutex);
  return settled;
}

void vsm_journal_rewrite(struct vsm_journal *j, const char *directory, uint64_t below) {
  pthread_mutex_lock(&j->mutex);
  j->rewrite_directory = directory;
  j->rewrite_below = below;
  j->rewrite_boot_us = 0;
  j->rewriting = VSM_REWRITE_UNDER_WAY;
  pthread_cond_signal(&j->wake);
  pthread_mutex_unlock(&j->mutex);
}

enum vsm_journal_rewriting vsm_journal_rewriting(struct vsm_journal *j) {
  pthread_mutex_lock(&j->mutex);
  enum vsm_journal_rewriting r = j->rewriting;
  if (r != VSM_REWRITE_UNDER_WAY)
    j->rewriting = VSM_REWRITE_NONE;
  pthread_mutex_unlock(&j->mutex);
  return r;
}

uint64_t vsm_journal_committed(struct vsm_journal *j) {
  pthread_mutex_lock(&j->mutex);
  uint64_t committed = j->committed;
  pthread_mutex_unlock(&j->mutex);
  return committed;
}

int vsm_journal_news_fd(const struct vsm_journal *j) {
  return j->news_fd;
}

void vsm_journal_take_news(struct vsm_journal *j) {
  eventfd_t n;
  (void)!eventfd_read(j->news_fd, &n);
}

struct vsm_journal_state vsm_journal_state(struct vsm_journal *j) {
  struct vsm_journal_state s = {0};
  pthread_mutex_lock(&j->mutex);
  const struct vsm_buffer *under_way = other(j), *oldest = under_way->records ? under_way : j->filling;
  s.health = j->health;
  memcpy(s.why, j->why, sizeof s.why);
  s.crowded = j->crowded;
  s.appended = j->next - 1;
  s.pending_bytes = j->buffers[0].n + j->buffers[1].n;
  s.worst_us = vsm_slowest_us(&j->commits);
  s.waiting_boot_us = oldest->records ? oldest->since_boot_us : 0;
  pthread_mutex_unlock(&j->mutex);
  return s;
}

int vsm_journal_give_up(struct vsm_journal *j, uint64_t first, uint64_t last) {
  char sql[160];
  snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO gone(first, last) VALUES(%llu, %llu)", (unsigned long long)first,
           (unsigned long long)last);
  if (j->running || sqlite3_exec(j->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    return VSM_EIO;
  if (last >= j->next) {
    j->committed = last;
    j->next = last + 1;
  }
  return 0;
}
