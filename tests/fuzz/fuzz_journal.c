// Bytes as a state directory. The first says how: as the records of a journal, piece by piece, in groups whose rows are
// good or not; or as changes to the bytes of a journal's file. What is read or told of as damaged is every position
// once, in order; and what a start makes of it is refused, or a core of which all holds.
#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/kept.h"
#include "shell/recovery.h"
#include "store/journal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/daemon_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GROUP_BYTES_MAX = 64 * 1024, FILE_BYTES_MAX = 1 << 20, RECORDS_BEFORE = 40, POSITIONS_MAX = 100000 };
// Bits of the first byte of a piece, beside the kind of the record.
enum { KIND = 7, ENDS_GROUP = 8, WRONG_SUM = 16, GAP = 32, WRONG_N = 64, GIVEN_UP = 128 };

static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm", "lock", NULL};
static const char *directory;
static char file[64];
static sqlite3 *db; // NULL while the file's bytes are changed
static struct vsm_str kept;
static char whole[FILE_BYTES_MAX]; // a good file
static size_t whole_bytes;

// ---- as records

struct writing {
  sqlite3_stmt *insert;
  uint64_t first, n; // of the group at hand
  char body[GROUP_BYTES_MAX];
  size_t bytes;
  int64_t us;
};

static void run(const char *sql) {
  assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static void end_group(struct writing *w, unsigned flags) {
  struct vsm_str body = {w->body, w->bytes};
  uint64_t sum = vsm_group_checksum(body, w->first, w->n) + !!(flags & WRONG_SUM);
  sqlite3_bind_int64(w->insert, 1, (sqlite3_int64)w->first);
  sqlite3_bind_int64(w->insert, 2, (sqlite3_int64)(w->n + !!(flags & WRONG_N)));
  sqlite3_bind_int64(w->insert, 3, (sqlite3_int64)sum);
  sqlite3_bind_blob(w->insert, 4, w->body, (int)w->bytes, SQLITE_STATIC);
  assert(sqlite3_step(w->insert) == SQLITE_DONE);
  sqlite3_reset(w->insert);
  w->first += w->n;
  w->n = w->bytes = 0;
}

static void leave_out(struct writing *w, bool given_up) {
  char sql[100];
  if (w->n > 0)
    end_group(w, 0);
  if (given_up) {
    snprintf(sql, sizeof sql, "INSERT INTO gone VALUES(%llu, %llu)", (unsigned long long)w->first,
             (unsigned long long)w->first + 1);
    run(sql);
  }
  w->first += 2;
}

static void write_piece(struct writing *w, struct vsm_str piece) {
  unsigned flags = (unsigned char)piece.p[0];
  struct vsm_record r = {.kind = (enum vsm_record_kind)(flags & KIND),
                         .channel = VSM_CHANNEL_SUBMIT,
                         .sender = {piece.p, piece.n % 4},
                         .payload = {piece.p + 2, piece.n - 2}};
  if (r.kind == VSM_RECORD_CONFIGURATION && r.payload.n == 0)
    r.payload = kept;
  if (flags & (GAP | GIVEN_UP))
    leave_out(w, flags & GIVEN_UP);
  w->us += INT64_C(1) << (unsigned char)piece.p[1] % 45;
  r.received.us = w->us;
  size_t bytes = vsm_record_bytes(&r);
  if (bytes > GROUP_BYTES_MAX - w->bytes)
    return;
  vsm_record_write(&r, (unsigned char *)w->body + w->bytes);
  w->bytes += bytes;
  w->n++;
  if (flags & ENDS_GROUP)
    end_group(w, flags);
}

static void write_records(struct vsm_str rest) {
  static struct writing w;
  struct vsm_str piece;
  w = (struct writing){.first = 1, .us = INT64_C(1700000000000000)};
  run("DELETE FROM groups; DELETE FROM gone; BEGIN");
  assert(sqlite3_prepare_v2(db, "INSERT INTO groups(first, n, checksum, body) VALUES(?, ?, ?, ?)", -1, &w.insert,
                            NULL) == SQLITE_OK);
  while (daemon_rig_piece(&rest, &piece))
    if (piece.n >= 2)
      write_piece(&w, piece);
  if (w.n > 0)
    end_group(&w, 0);
  sqlite3_finalize(w.insert);
  run("COMMIT");
}

// ---- as a file

static void put_file(const char *bytes, size_t n) {
  char wal[80];
  for (int i = 1; i < 3; i++) {
    snprintf(wal, sizeof wal, "%s/%s", directory, names[i]);
    unlink(wal);
  }
  int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
  close(fd);
}

// Each piece: three bytes of where, and what stands there instead.
static void write_changed(struct vsm_str rest) {
  static char changed[FILE_BYTES_MAX];
  struct vsm_str piece;
  memcpy(changed, whole, whole_bytes);
  while (daemon_rig_piece(&rest, &piece)) {
    if (piece.n < 4)
      continue;
    const unsigned char *p = (const unsigned char *)piece.p;
    size_t at = ((size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16) % whole_bytes, n = piece.n - 3;
    memcpy(changed + at, piece.p + 3, n < whole_bytes - at ? n : whole_bytes - at);
  }
  sqlite3_close(db);
  db = NULL;
  put_file(changed, whole_bytes);
}

// ---- a good one

static void open_db(void) {
  assert(sqlite3_open(file, &db) == SQLITE_OK);
  run("PRAGMA synchronous = OFF");
}

static void keep_whole(void) {
  char batch[900] = {0};
  struct writing w = {.first = 1, .us = INT64_C(1700000000000000)};
  run("BEGIN");
  assert(sqlite3_prepare_v2(db, "INSERT INTO groups(first, n, checksum, body) VALUES(?, ?, ?, ?)", -1, &w.insert,
                            NULL) == SQLITE_OK);
  batch[0] = VSM_RECORD_CONFIGURATION | ENDS_GROUP;
  write_piece(&w, (struct vsm_str){batch, 2});
  batch[0] = VSM_RECORD_START | ENDS_GROUP;
  for (int i = 0; i < RECORDS_BEFORE; i++)
    write_piece(&w, (struct vsm_str){batch, i % 10 ? 10 : sizeof batch});
  sqlite3_finalize(w.insert);
  run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  sqlite3_close(db);
  db = NULL;
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  ssize_t n = read(fd, whole, sizeof whole);
  close(fd);
  assert(n > 0 && n < FILE_BYTES_MAX);
  whole_bytes = (size_t)n;
}

static void begin(void) {
  struct vsm_journal *j;
  struct vsm_journal_why why;
  directory = fuzz_directory(names);
  snprintf(file, sizeof file, "%s/journal.db", directory);
  kept.p = vsm_config_keep(daemon_rig_configuration(0), &kept.n);
  assert(vsm_journal_open(directory, &j, &why) == 0);
  vsm_journal_close(j);
  open_db();
  keep_whole();
}

// ---- what is read

static int take_record(void *ctx, uint64_t position, const struct vsm_record *record) {
  uint64_t *last = ctx;
  assert(position > *last && record->payload.n <= VSM_RECORD_BYTES_MAX && record->sender.n <= VSM_SENDER_BYTES_MAX);
  *last = position;
  return 0;
}

static void read_all(void) {
  struct vsm_journal_reader *r;
  struct vsm_journal_why why;
  struct vsm_journal_damage damage;
  uint64_t last = 0;
  int result = vsm_journal_reader_open(directory, 1, &r, &why);
  for (int turns = 0; result >= 0 && turns < POSITIONS_MAX; turns++) {
    result = vsm_journal_read(r, take_record, &last, &damage);
    if (result == 0)
      break;
    if (result != VSM_EFORMAT)
      continue;
    assert(damage.first > last && damage.last >= damage.first && damage.why);
    last = damage.last;
    result = 1;
  }
  if (result == 0)
    assert(last >= vsm_journal_reader_last(r) || db); // of rows, what was given up at the end is passed over
  vsm_journal_reader_close(r);
}

static void start(void) {
  struct vsm_recovered out = {0};
  struct vsm_recovery_options o = {.directory = directory, .fallback = kept, .only_read = true};
  if (vsm_recovery_run(&o, NULL, NULL, &out) == 0 && out.core) {
    fuzz_check_balances(out.core, &out.config->model);
    out.core = fuzz_check_saved(out.core, &out.config->model);
  }
  vsm_recovered_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return -1;
  struct vsm_str rest = {(const char *)data + 1, size - 1};
  if (!directory)
    begin();
  if (data[0] % 4 == 3) {
    write_changed(rest);
  } else {
    if (!db) {
      put_file(whole, whole_bytes);
      open_db();
    }
    write_records(rest);
  }
  read_all();
  start();
  return 0;
}
