// An outbox table of PostgreSQL as the outlet of a system: its transactions insert rows, the agent reads them.
//
// Numbers from a sequence become visible out of order: a transaction may take 5 and commit after another has committed
// 6, so whoever has read up to 6 never sees 5. No waiting heals that, as a number is taken before the transaction shows
// in any snapshot. So each row carries its transaction (a column of type xid8), and what is read ends below the oldest
// transaction that is still open: all below it has ended, and what begins later gets a higher number. Within that, the
// order is transaction, then id, and the position is the last one of which the daemon has acked all.
//
// A transaction whose commit is not on disk yet may vanish with a crash of the server, which then gives its number
// again. So the position waits until the server has flushed what was read.
//
// The position is a file of one line: the server's system identifier, transaction, id. What was sent and is not in it
// is sent again, and counts once.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd.h"
#include "conf/files.h"
#include "conf/forms.h"

enum { ROWS_MAX = 1000, LOOK_MS = 1000, FLUSH_LOOK_MS = 20, ID_BYTES_MAX = 256 };
enum { OID_JSON = 114, OID_JSONB = 3802 }; // the same in every PostgreSQL

struct settings {
  struct vsm_conf_word connect, table, id, transaction, channel, position;
  struct vsm_record_map event;
};

struct position {
  bool there;
  char system[24], transaction[24], id[ID_BYTES_MAX];
};

struct agent {
  struct settings set;
  const char *position_path;
  struct position position;
  PGconn *db;    // NULL: not connected
  char lsn[32];  // up to which the server must have flushed before the position moves
  bool stranger; // the position is of another server
  struct vsm_agent_out *out;
  struct vsm_record row; // at hand
};

// --- the file

static const char *form_connect(const char *text, size_t *at) {
  PQconninfoOption *options = PQconninfoParse(text, NULL);
  bool has_password = false;
  *at = 0;
  for (const PQconninfoOption *o = options; o && o->keyword; o++)
    has_password =
        has_password || (o->val && (strcmp(o->keyword, "password") == 0 || strcmp(o->keyword, "sslpassword") == 0));
  if (has_password)
    return "a password; allowed: passfile=FILE, or service=NAME whose file names a passfile";
  const char *what = options ? NULL : "no connection string of libpq; allowed: as host=HOST dbname=NAME user=NAME";
  PQconninfoFree(options);
  return what;
}

#define AT(member) .offset = offsetof(struct settings, member)
#define WORD(k, member, form, needed, otherwise)                                                                       \
  { .key = k, .type = &VSM_T_WORD, AT(member), .check = form, .flags = needed, .fallback = otherwise }
static const struct vsm_conf_field FIELDS[] = {
    WORD("connect", connect, form_connect, VSM_CONF_REQUIRED, NULL),
    WORD("table", table, vsm_form_text, VSM_CONF_REQUIRED, NULL),
    WORD("id", id, vsm_form_text, 0, "id"),
    WORD("transaction", transaction, vsm_form_text, 0, "xid"),
    WORD("channel", channel, vsm_form_text, 0, NULL),
    WORD("position", position, vsm_form_text, VSM_CONF_REQUIRED, NULL),
    {.key = "event", .type = &VSM_T_MAP, AT(event), .map = &VSM_RECORD_MAP, .flags = VSM_CONF_REQUIRED},
};
static const struct vsm_conf_map ROOT = {
    .what = "the file", .fields = FIELDS, .n_fields = sizeof FIELDS / sizeof *FIELDS, .size = sizeof(struct settings)};

// --- the position

static bool position_read(struct agent *a) {
  struct position *p = &a->position;
  int end = 0;
  FILE *in = fopen(a->position_path, "re");
  *p = (struct position){0};
  if (!in && errno == ENOENT)
    return true;
  if (!in)
    return perror(a->position_path), false;
  p->there = fscanf(in, "%23[0-9] %23[0-9] %255[^\n]%n", p->system, p->transaction, p->id, &end) == 3 && end > 0;
  fclose(in);
  if (!p->there)
    fprintf(stderr, "vsm: %s holds no position; remove it to read all rows again: each counts once\n",
            a->position_path);
  return p->there;
}

static bool position_write(const struct agent *a) {
  char part[4096];
  snprintf(part, sizeof part, "%s.new", a->position_path);
  FILE *out = fopen(part, "we");
  if (!out)
    return perror(part), false;
  fprintf(out, "%s %s %s\n", a->position.system, a->position.transaction, a->position.id);
  bool good = fflush(out) == 0 && fsync(fileno(out)) == 0;
  good = fclose(out) == 0 && good && rename(part, a->position_path) == 0;
  if (!good)
    perror(part);
  return good;
}

// --- the database

static void say(const struct agent *a, const char *what) {
  fprintf(stderr, "%s: %.*s\n", a->set.table.z, (int)strcspn(what, "\n"), what);
}

// NULL where it failed, which is said.
static PGresult *ask(const struct agent *a, const char *query, int n, const char *const *values) {
  PGresult *r = PQexecParams(a->db, query, n, NULL, values, NULL, NULL, 0);
  if (PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK)
    return r;
  say(a, PQerrorMessage(a->db));
  PQclear(r);
  return NULL;
}

static bool tell(const struct agent *a, const char *query) {
  PGresult *r = ask(a, query, 0, NULL);
  PQclear(r);
  return r != NULL;
}

// "public.outbox" as an identifier of SQL, in the arena of the record at hand.
static const char *quoted(struct agent *a, const char *name) {
  const char *dot = strchr(name, '.');
  char *part = vsm_mem_need(PQescapeIdentifier(a->db, name, dot ? (size_t)(dot - name) : strlen(name)), 0);
  const char *whole =
      dot ? vsm_arena_printf(&a->row.arena, "%s.%s", part, quoted(a, dot + 1)) : vsm_arena_strdup(&a->row.arena, part);
  PQfreemem(part);
  return vsm_mem_need((char *)whole, 0);
}

static const char *query(struct agent *a) {
  const char *table = quoted(a, a->set.table.z), *id = quoted(a, a->set.id.z), *xid = quoted(a, a->set.transaction.z);
  return vsm_mem_need(vsm_arena_printf(&a->row.arena,
                                       "SELECT * FROM %s WHERE (%s, %s) > ($1, $2)"
                                       " AND %s < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY %s, %s LIMIT %d",
                                       table, xid, id, xid, xid, id, ROWS_MAX),
                      0);
}

// The position is of this server, and of no time that it has forgotten.
static bool fits(struct agent *a) {
  struct position *p = &a->position;
  PGresult *r =
      ask(a, "SELECT system_identifier, pg_snapshot_xmax(pg_current_snapshot()) FROM pg_control_system()", 0, NULL);
  if (!r)
    return false;
  const char *system = PQgetvalue(r, 0, 0), *newest = PQgetvalue(r, 0, 1);
  a->stranger =
      p->there && (strcmp(system, p->system) != 0 || strtoull(newest, NULL, 10) <= strtoull(p->transaction, NULL, 10));
  snprintf(p->system, sizeof p->system, "%s", system);
  PQclear(r);
  if (a->stranger)
    fprintf(stderr,
            "vsm: %s is of another server, or of this one before it was restored; remove it to read all rows again: "
            "each counts once\n",
            a->position_path);
  return !a->stranger;
}

static bool connect_to(struct agent *a) {
  static const char *const keys[] = {"fallback_application_name", "connect_timeout", "tcp_user_timeout",
                                     "keepalives_idle",           "dbname",          NULL};
  const char *const values[] = {"vsm agent sql", "10", "30000", "30", a->set.connect.z, NULL};
  a->db = PQconnectdbParams(keys, values, 1);
  if (PQstatus(a->db) != CONNECTION_OK)
    return say(a, PQerrorMessage(a->db)), false;
  const char *channel = a->set.channel.z ? a->set.channel.z : a->set.table.z;
  char *name = vsm_mem_need(PQescapeIdentifier(a->db, channel, strlen(channel)), 0);
  const char *listen = vsm_arena_printf(&a->row.arena, "LISTEN %s", name);
  PQfreemem(name);
  return PQsetClientEncoding(a->db, "UTF8") == 0 && tell(a, "SET DateStyle TO ISO") && tell(a, "SET TimeZone TO UTC") &&
         tell(a, "SET default_transaction_read_only TO on") && tell(a, listen) && fits(a);
}

// --- rows

// PQfnumber() takes a name as SQL does, in which upper case is lower case.
static int column(const PGresult *r, const char *name) {
  int k = PQnfields(r);
  while (--k >= 0 && strcmp(PQfname(r, k), name) != 0)
    ;
  return k;
}

static int send_row(struct agent *a, const PGresult *r, int i) {
  vsm_record_clear(&a->row);
  for (int k = 0; k < PQnfields(r); k++) {
    const char *name = PQfname(r, k), *value = PQgetvalue(r, i, k);
    bool is_json = PQftype(r, k) == OID_JSON || PQftype(r, k) == OID_JSONB;
    if (!PQgetisnull(r, i, k) && !(is_json && vsm_record_add_members(&a->row, name, value, strlen(value))))
      vsm_record_add(&a->row, name, value);
  }
  const struct vsm_emitter_event record = vsm_record_raw(&a->row);
  return vsm_agent_out_take(a->out, &record, strtoul(PQgetvalue(r, i, column(r, a->set.id.z)), NULL, 10));
}

// Until the server has on disk what it has shown.
static bool await_flush(const struct agent *a) {
  for (;;) {
    PGresult *r = ask(a, "SELECT pg_current_wal_flush_lsn() >= $1", 1, (const char *const[]){a->lsn});
    bool flushed = r && *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    if (!r || flushed)
      return flushed;
    poll(NULL, 0, FLUSH_LOOK_MS);
  }
}

static bool settle(struct agent *a, const PGresult *rows) {
  int last = PQntuples(rows) - 1, id = column(rows, a->set.id.z), xid = column(rows, a->set.transaction.z);
  struct position *p = &a->position;
  if (vsm_agent_out_await(a->out) != VSM_DONE || !await_flush(a))
    return false;
  snprintf(p->transaction, sizeof p->transaction, "%s", PQgetvalue(rows, last, xid));
  snprintf(p->id, sizeof p->id, "%s", PQgetvalue(rows, last, id));
  p->there = true;
  return position_write(a);
}

// The next rows, until they are acked and the position says so. How many; -1: failed, said.
static int take_rows(struct agent *a) {
  const char *const after[] = {a->position.there ? a->position.transaction : "0",
                               a->position.there ? a->position.id : NULL};
  vsm_record_clear(&a->row);
  PGresult *rows = ask(a, query(a), 2, after),
           *lsn = rows ? ask(a, "SELECT pg_current_wal_insert_lsn()", 0, NULL) : NULL;
  int n = lsn ? PQntuples(rows) : -1;
  if (n > 0) {
    snprintf(a->lsn, sizeof a->lsn, "%s", PQgetvalue(lsn, 0, 0));
    bool good = vsm_agent_out_open(a->out, a->set.table.z) == VSM_DONE;
    for (int i = 0; good && i < n; i++)
      good = send_row(a, rows, i) == VSM_DONE;
    n = good && settle(a, rows) ? n : -1;
  }
  PQclear(lsn);
  PQclear(rows);
  return n;
}

// Until somebody notifies, and not for ever: what an open transaction held back comes without a word. True: nobody did.
static bool wait_for_rows(struct agent *a) {
  bool told = !PQconsumeInput(a->db); // broken: the next question says so
  for (PGnotify *n; (n = PQnotifies(a->db)) != NULL; PQfreemem(n))
    told = true;
  return !told && poll(&(struct pollfd){.fd = PQsocket(a->db), .events = POLLIN}, 1, LOOK_MS) == 0;
}

// As long as one connection lasts.
static int follow_connected(struct agent *a, struct vsm_agent_out *out) {
  if (!position_read(a) || !connect_to(a))
    return VSM_FAILED;
  printf("%s: connected\n", a->set.table.z);
  fflush(stdout);
  bool idle = false; // for a while nothing came
  for (int n; (n = take_rows(a)) >= 0;) {
    if (n == 0 && out->call->once)
      return VSM_DONE;
    if (n == 0 && idle)
      vsm_agent_out_close(out);
    idle = n == 0 && wait_for_rows(a);
  }
  return VSM_FAILED;
}

static int follow(void *ctx, struct vsm_agent_out *out) {
  struct agent *a = ctx;
  a->out = out;
  int status = follow_connected(a, out);
  PQfinish(a->db);
  a->db = NULL;
  return a->stranger ? VSM_AGENT_GIVE_UP : status;
}

static int begin(void *ctx, struct vsm_conf_reader *r) {
  struct agent *a = ctx;
  a->position_path = vsm_conf_beside(r, a->set.position.z);
  return VSM_DONE;
}

int vsm_agent_sql(const struct vsm_agent_call *call) {
  struct agent a = {0};
  vsm_record_init(&a.row);
  int status = vsm_agent_follow(
      call, &(struct vsm_agent_source){&ROOT, &a.set, &a.set.event, .begin = begin, .follow = follow, .ctx = &a});
  vsm_record_fini(&a.row);
  return status;
}
