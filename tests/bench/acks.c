// Batches go out at their times, whether or not acks are late, and what counts is the time from when one was due. A
// thread looks what the daemon is doing meanwhile; an ack is counted with what that was when it came.
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
  CAPACITY_EVENTS = 500000,
  PACED_EVENTS = 16000000,
  FLOOR_APPENDS = 2000,
  LOOK_EVERY_US = 10000,
};
static const char journal_max[] = "512MiB";          // so that there is something to trim
static const int64_t still_ns = INT64_C(3000000000); // of a journal of which nothing went, until it is done

enum doing { AT_REST, CHECKPOINT, TRIM, DONE, DOINGS };

struct look {
  struct bench_receiver daemon;
  atomic_int doing;
  atomic_bool over;
  size_t both_bytes; // memory of the daemon and of the process that makes a checkpoint, at most
};

static void fail(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

// --- what the daemon is doing

static pid_t child_of(pid_t pid) {
  char path[64];
  int child = 0;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
  FILE *f = fopen(path, "r");
  if (f && fscanf(f, "%d", &child) != 1)
    child = 0;
  if (f)
    fclose(f);
  return child;
}

static int64_t oldest_record(const struct bench_receiver *daemon) {
  char path[PATH_MAX];
  sqlite3 *db;
  sqlite3_stmt *s = NULL;
  snprintf(path, sizeof path, "%s/state/journal.db", daemon->directory);
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(db, "SELECT min(first) FROM groups", -1, &s, NULL) != SQLITE_OK ||
      sqlite3_step(s) != SQLITE_ROW)
    fail("the journal cannot be read");
  int64_t first = sqlite3_column_int64(s, 0);
  sqlite3_finalize(s);
  sqlite3_close(db);
  return first;
}

static void *look(void *arg) {
  struct look *l = arg;
  int64_t oldest = oldest_record(&l->daemon), since = 0;
  for (enum doing doing = AT_REST; !atomic_load(&l->over) && doing != DONE; atomic_store(&l->doing, doing)) {
    pid_t child = child_of(l->daemon.pid);
    int64_t now = bench_now_ns();
    if (doing == AT_REST && child)
      doing = CHECKPOINT;
    if (doing == CHECKPOINT || doing == TRIM) { // the next checkpoint may be under way by then
      int64_t first = oldest_record(&l->daemon);
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
  return NULL;
}

// --- the floor

// p99 of an append, in ms.
static double append_p99(const struct bench_receiver *daemon, const struct bench_frames *frames) {
  char path[PATH_MAX];
  double *ms = vsm_mem_alloc(FLOOR_APPENDS * sizeof *ms);
  snprintf(path, sizeof path, "%s/floor", daemon->directory);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  for (size_t i = 0; i < FLOOR_APPENDS; i++) {
    const struct bench_frame *f = &frames->at[i % frames->n];
    int64_t began = bench_now_ns();
    if (write(fd, f->p, f->n) != (ssize_t)f->n || fdatasync(fd) != 0)
      fail("the floor cannot be written");
    ms[i] = (double)(bench_now_ns() - began) / 1e6;
  }
  close(fd);
  unlink(path);
  double p99 = bench_quantile(ms, FLOOR_APPENDS, 0.99);
  free(ms);
  return p99;
}

// --- the run

struct acks {
  struct look *look;
  double *ms[DOINGS];
  size_t n[DOINGS];
};

static bool on_ack(void *ctx, int64_t late_ns) {
  struct acks *a = ctx;
  int doing = atomic_load(&a->look->doing);
  a->ms[doing][a->n[doing]++] = (double)late_ns / 1e6;
  return doing != DONE;
}

static double run_paced(struct look *l, struct bench_sender *sender, const struct bench_frames *frames, double rate,
                        struct acks *a) {
  pthread_t thread;
  *a = (struct acks){.look = l};
  for (int i = 0; i < DOINGS; i++)
    a->ms[i] = vsm_mem_alloc(frames->n * sizeof **a->ms);
  if (pthread_create(&thread, NULL, look, l) != 0)
    fail("no thread");
  double got = bench_send_paced(sender, frames, rate, on_ack, a);
  atomic_store(&l->over, true);
  pthread_join(thread, NULL);
  if (a->n[AT_REST] == 0 || a->n[CHECKPOINT] == 0 || a->n[TRIM] == 0) {
    fprintf(stderr, "bench: acks at rest: %zu, beside a checkpoint: %zu, beside trimming: %zu: there must be some\n",
            a->n[AT_REST], a->n[CHECKPOINT], a->n[TRIM]);
    exit(1);
  }
  return got;
}

static void load(struct bench_sender *sender, struct bench_stream *stream) {
  for (bool more = true; more;) {
    struct bench_frames frames;
    bench_frames_pack(&frames, stream, true, 1000000, 1000);
    more = frames.n_events > 0;
    if (more)
      bench_send(sender, &frames);
    bench_frames_free(&frames);
  }
}

static double capacity(struct bench_sender *sender, struct bench_stream *stream) {
  double rates[3];
  for (int i = 0; i < 3; i++) {
    struct bench_frames frames;
    bench_frames_pack(&frames, stream, false, CAPACITY_EVENTS, BATCH);
    rates[i] = bench_send(sender, &frames);
    bench_frames_free(&frames);
  }
  return bench_median(rates, 3);
}

static void print(bool json, const struct acks *a, double floor) {
  static const struct {
    enum doing doing;
    const char *name;
  } rows[] = {{AT_REST, "half"}, {CHECKPOINT, "half_checkpoint"}, {TRIM, "half_trim"}};
  char name[64];
  bench_print(json, "ack/floor_p99_ms", floor, "ms");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    double *ms = a->ms[rows[i].doing];
    size_t n = a->n[rows[i].doing];
    snprintf(name, sizeof name, "ack/p50_ms/%s", rows[i].name);
    bench_print(json, name, bench_quantile(ms, n, 0.5), "ms");
    snprintf(name, sizeof name, "ack/p99_ms/%s", rows[i].name);
    bench_print(json, name, bench_quantile(ms, n, 0.99), "ms");
    snprintf(name, sizeof name, "ack/floors/%s", rows[i].name);
    bench_print(json, name, bench_quantile(ms, n, 0.99) / floor, "ratio");
  }
}

void bench_acks(bool json) {
  struct look l = {0};
  struct acks a;
  struct bench_stream stream;
  struct bench_frames frames;
  bench_daemon_start(&l.daemon,
                     &(struct bench_daemon_options){.state = true, .journal_max = journal_max, .anywhere = true});
  struct bench_sender *sender = bench_sender_create(l.daemon.endpoint);
  bench_stream_init(&stream, BENCH_MIXED, ITEMS, bench_wall_us() - 3600 * INT64_C(1000000), 1);
  load(sender, &stream);
  while (child_of(l.daemon.pid))
    usleep(LOOK_EVERY_US);
  double most = capacity(sender, &stream);
  bench_frames_pack(&frames, &stream, false, PACED_EVENTS, BATCH);
  double floors[2] = {append_p99(&l.daemon, &frames)};
  size_t alone = bench_resident_bytes_of(l.daemon.pid);
  double got = run_paced(&l, sender, &frames, most / 2, &a);
  floors[1] = append_p99(&l.daemon, &frames);
  bench_print(json, "rate/journal/items_1m", most, "events/s");
  bench_print(json, "rate/journal/half", got, "events/s");
  print(json, &a, bench_median(floors, 2));
  bench_print(json, "memory/journal_1m_bytes", (double)alone, "bytes");
  bench_print(json, "memory/checkpoint_1m_bytes", (double)l.both_bytes, "bytes");
  for (int i = 0; i < DOINGS; i++)
    free(a.ms[i]);
  bench_frames_free(&frames);
  bench_stream_fini(&stream);
  bench_sender_destroy(sender);
  bench_receiver_stop(&l.daemon);
}
