// Batches go out at their times, whether or not acks are late, and what counts is the time from when one was due. A
// thread looks what the daemon is doing meanwhile; an ack is counted with what that was when it came. Another one makes
// plain appends beside it, at their times as well, few enough to be no load: they meet the same processors and the same
// disk in the same state. The floor, before and after, with nothing else at work, is of the same bytes at the same
// times, so that the disk has as much to do; that of appends that follow one another without any load stands beside it.
//
// At half of capacity on two processors a checkpoint takes many minutes. So there is some time of it with load; then
// the load rests until the checkpoint is done and the journal is trimmed by it, and comes back for that.
#include "acks.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure.h"
#include "receivers.h"
#include "sender.h"

enum {
  ITEMS = 1000000,
  BATCH = 100,
  PACED_EVENTS = 13000000, // five millions of them until a checkpoint is due
  TRIM_EVENTS = 6000000,
  UNLOADED_APPENDS = 2000,
  FLOOR_S = 10,
  LOOK_EVERY_US = 10000,
  APPEND_EVERY_US = 10000,
  APPENDS = 20000, // beside the acks, at most
};
static const char journal_max[] = "512MiB"; // so that there is something to trim
static const int64_t oldest_every_ns = INT64_C(250000000);
static const int64_t still_ns = INT64_C(3000000000);  // of a journal of which nothing went, until it is done
static const int64_t rest_ns = INT64_C(240000000000); // without load, at most

enum doing { AT_REST, CHECKPOINT, NO_LOAD, TRIM, DONE, DOINGS };

struct look {
  struct bench_receiver daemon;
  atomic_int doing;
  atomic_bool over, rests; // no load is wanted any more, or for now
  size_t both_bytes;       // memory of the daemon and of the process that makes a checkpoint, at most
};

// --- what the daemon is doing

// Who reads the journal keeps its log from beginning anew meanwhile: so that is rare and short.
struct journal {
  sqlite3 *db;
  sqlite3_stmt *oldest;
  int64_t first, asked_ns;
};

static void open_journal(struct journal *j, const struct bench_receiver *daemon) {
  char path[PATH_MAX];
  *j = (struct journal){0};
  snprintf(path, sizeof path, "%s/state/journal.db", daemon->directory);
  if (sqlite3_open_v2(path, &j->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(j->db, "SELECT first FROM groups ORDER BY first LIMIT 1", -1, &j->oldest, NULL) != SQLITE_OK)
    bench_fail("the journal cannot be read");
}

static void close_journal(struct journal *j) {
  sqlite3_finalize(j->oldest);
  sqlite3_close(j->db);
}

static int64_t oldest_record(struct journal *j, int64_t now_ns) {
  if (now_ns - j->asked_ns < oldest_every_ns)
    return j->first;
  if (sqlite3_step(j->oldest) != SQLITE_ROW)
    bench_fail("the journal cannot be read");
  j->first = sqlite3_column_int64(j->oldest, 0);
  sqlite3_reset(j->oldest);
  j->asked_ns = now_ns;
  return j->first;
}

static void *look(void *arg) {
  struct look *l = arg;
  struct journal journal;
  open_journal(&journal, &l->daemon);
  int64_t oldest = oldest_record(&journal, bench_now_ns()), since = 0;
  for (enum doing doing = AT_REST; !atomic_load(&l->over) && doing != DONE; atomic_store(&l->doing, doing)) {
    pid_t child = bench_child_of(l->daemon.pid);
    int64_t now = bench_now_ns();
    if (doing == AT_REST && child)
      doing = CHECKPOINT;
    if (doing == CHECKPOINT && atomic_load(&l->rests))
      doing = NO_LOAD;
    if (doing >= CHECKPOINT) { // the next checkpoint may be under way by then
      int64_t first = oldest_record(&journal, now);
      if (first != oldest)
        doing = TRIM;
      if (first != oldest || since == 0)
        since = now;
      oldest = first;
      if (doing == TRIM && now - since > still_ns)
        doing = DONE;
    }
    size_t both = bench_resident_bytes_of(l->daemon.pid) + (child ? bench_resident_bytes_of(child) : 0);
    l->both_bytes = both > l->both_bytes ? both : l->both_bytes;
    usleep(LOOK_EVERY_US);
  }
  close_journal(&journal);
  return NULL;
}

// --- the floor

static int open_floor(const struct bench_receiver *daemon, const char *name, char path[PATH_MAX]) {
  snprintf(path, PATH_MAX, "%s/%s", daemon->directory, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0)
    bench_fail("the floor cannot be written");
  return fd;
}

// How long after its time one append was on disk, in ms.
static double append(int fd, const struct bench_frame *f, int64_t due_ns) {
  if (write(fd, f->p, f->n) != (ssize_t)f->n || fdatasync(fd) != 0)
    bench_fail("the floor cannot be written");
  return (double)(bench_now_ns() - due_ns) / 1e6;
}

static void wait_until(int64_t due_ns) {
  int64_t early_ns = due_ns - bench_now_ns();
  if (early_ns > 0)
    usleep((useconds_t)(early_ns / 1000));
}

// p99 of n appends, in ms, while nothing else goes on: each due so long after the one before, or with 0 when that is
// done.
static double append_p99(const struct bench_receiver *daemon, const struct bench_frames *frames, size_t n,
                         double gap_ns) {
  char path[PATH_MAX];
  double *ms = vsm_mem_alloc(n * sizeof *ms);
  int fd = open_floor(daemon, "floor", path);
  int64_t began = bench_now_ns();
  for (size_t i = 0; i < n; i++) {
    int64_t due_ns = gap_ns > 0 ? began + (int64_t)(gap_ns * (double)i) : bench_now_ns();
    wait_until(due_ns);
    ms[i] = append(fd, &frames->at[i % frames->n], due_ns);
  }
  close(fd);
  unlink(path);
  double p99 = bench_quantile(ms, n, 0.99);
  free(ms);
  return p99;
}

struct floors {
  double p99_ms, unloaded_p99_ms;
};

static struct floors append_floors(const struct bench_receiver *daemon, const struct bench_frames *frames,
                                   double rate) {
  double batches = rate / BATCH;
  return (struct floors){append_p99(daemon, frames, (size_t)(FLOOR_S * batches), 1e9 / batches),
                         append_p99(daemon, frames, UNLOADED_APPENDS, 0)};
}

// --- the run

struct times {
  double *ms[DOINGS];
  size_t n[DOINGS];
};

static struct times times_create(size_t most) {
  struct times t = {0};
  for (int i = 0; i < DOINGS; i++)
    t.ms[i] = vsm_mem_alloc(most * sizeof **t.ms);
  return t;
}

static void times_destroy(struct times *t) {
  for (int i = 0; i < DOINGS; i++)
    free(t->ms[i]);
}

struct acks {
  struct look *look;
  const struct bench_frames *frames;
  struct times acks, appends;
};

static void *append_beside(void *arg) {
  struct acks *a = arg;
  char path[PATH_MAX];
  int fd = open_floor(&a->look->daemon, "beside", path);
  int64_t due_ns = bench_now_ns();
  for (size_t i = 0; i < APPENDS && !atomic_load(&a->look->over); i++, due_ns += APPEND_EVERY_US * INT64_C(1000)) {
    wait_until(due_ns);
    double ms = append(fd, &a->frames->at[i % a->frames->n], due_ns);
    int doing = atomic_load(&a->look->doing);
    a->appends.ms[doing][a->appends.n[doing]++] = ms;
  }
  close(fd);
  unlink(path);
  return NULL;
}

static bool on_ack(void *ctx, int64_t late_ns) {
  struct acks *a = ctx;
  int doing = atomic_load(&a->look->doing);
  a->acks.ms[doing][a->acks.n[doing]++] = (double)late_ns / 1e6;
  return doing != DONE;
}

// Until the journal is trimmed, or it has taken too long.
static void rest(struct look *l) {
  int64_t began = bench_now_ns();
  atomic_store(&l->rests, true);
  while (atomic_load(&l->doing) <= NO_LOAD && bench_now_ns() - began < rest_ns)
    usleep(LOOK_EVERY_US);
}

static double run_paced(struct look *l, struct bench_sender *sender, const struct bench_frames *frames,
                        const struct bench_frames *more, double rate, struct acks *a) {
  pthread_t looks, appends;
  *a = (struct acks){l, frames, times_create(frames->n + more->n), times_create(APPENDS)};
  if (pthread_create(&looks, NULL, look, l) != 0 || pthread_create(&appends, NULL, append_beside, a) != 0)
    bench_fail("no thread");
  double got = bench_send_paced(sender, frames, rate, on_ack, a);
  rest(l);
  if (atomic_load(&l->doing) == TRIM)
    bench_send_paced(sender, more, rate, on_ack, a);
  atomic_store(&l->over, true);
  pthread_join(looks, NULL);
  pthread_join(appends, NULL);
  return got;
}

static void print_row(bool json, const char *what, const char *of, double value, const char *unit) {
  char name[64];
  snprintf(name, sizeof name, "ack/%s/%s", what, of);
  bench_print(json, name, value, unit);
}

// False: something was not met with.
static bool print(bool json, const struct acks *a, const struct floors *floor) {
  static const struct {
    enum doing doing;
    const char *name;
  } rows[] = {{AT_REST, "half"}, {CHECKPOINT, "half_checkpoint"}, {TRIM, "half_trim"}};
  bool all = true;
  bench_print(json, "ack/floor_p99_ms", floor->p99_ms, "ms");
  bench_print(json, "ack/unloaded_floor_p99_ms", floor->unloaded_p99_ms, "ms");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *of = rows[i].name;
    size_t n = a->acks.n[rows[i].doing], appends = a->appends.n[rows[i].doing];
    all &= n > 0 && appends > 0;
    if (n == 0 || appends == 0) {
      fprintf(stderr, "bench: ack: there are no acks of %s: it did not come to that in time\n", of);
      continue;
    }
    double p50 = bench_quantile(a->acks.ms[rows[i].doing], n, 0.5);
    double p99 = bench_quantile(a->acks.ms[rows[i].doing], n, 0.99);
    double beside = bench_quantile(a->appends.ms[rows[i].doing], appends, 0.99);
    print_row(json, "p50_ms", of, p50, "ms");
    print_row(json, "p99_ms", of, p99, "ms");
    print_row(json, "floors", of, p99 / floor->p99_ms, "ratio");
    print_row(json, "unloaded_floors", of, p99 / floor->unloaded_p99_ms, "ratio");
    print_row(json, "beside_p99_ms", of, beside, "ms");
    print_row(json, "beside_floors", of, p99 / beside, "ratio");
  }
  return all;
}

void bench_acks(bool json) {
  struct look l = {0};
  struct acks a;
  struct bench_stream stream;
  struct bench_frames frames, more;
  bench_daemon_start(&l.daemon,
                     &(struct bench_daemon_options){.state = true, .journal_max = journal_max, .anywhere = true});
  struct bench_sender *sender = bench_sender_create(l.daemon.endpoint);
  bench_stream_init(&stream, BENCH_MIXED, ITEMS, bench_wall_us() - 3600 * INT64_C(1000000), 1);
  bench_send_opening(sender, &stream);
  while (bench_child_of(l.daemon.pid))
    usleep(LOOK_EVERY_US);
  double most = bench_capacity(sender, &stream, BATCH);
  bench_frames_pack(&frames, &stream, false, PACED_EVENTS, BATCH);
  bench_frames_pack(&more, &stream, false, TRIM_EVENTS, BATCH);
  struct floors before = append_floors(&l.daemon, &frames, most / 2);
  size_t alone = bench_resident_bytes_of(l.daemon.pid);
  double got = run_paced(&l, sender, &frames, &more, most / 2, &a);
  struct floors after = append_floors(&l.daemon, &frames, most / 2);
  struct floors floor = {(before.p99_ms + after.p99_ms) / 2, (before.unloaded_p99_ms + after.unloaded_p99_ms) / 2};
  bench_print(json, "rate/journal/items_1m", most, "events/s");
  bench_print(json, "rate/journal/half", got, "events/s");
  bool all = print(json, &a, &floor);
  bench_print(json, "memory/journal_1m_bytes", (double)alone, "bytes");
  bench_print(json, "memory/checkpoint_1m_bytes", (double)l.both_bytes, "bytes");
  times_destroy(&a.acks);
  times_destroy(&a.appends);
  bench_frames_free(&frames);
  bench_frames_free(&more);
  bench_stream_fini(&stream);
  bench_sender_destroy(sender);
  bench_receiver_stop(&l.daemon);
  if (!all)
    exit(1);
}
