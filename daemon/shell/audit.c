// A line names no item: when one is forgotten nothing of it may be left, and this file is never written anew. The
// position of the order's record leads to it for as long as the journal may tell.
//
// The loop waits for no disk, and so not for this file: the system is asked to write a line soon. What was ordered
// stands in the journal, which is on disk before the order is answered.
//
// Texts of a client are cut, and what could end a line or a value is replaced. The file is bounded: when it is full it
// becomes audit.log.1, in the place of the one before.
#include "shell/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/when.h"

enum { FILE_BYTES_MAX = 16 << 20, LINE_BYTES = 1024, TEXT_BYTES = 100 };

struct vsm_audit {
  int fd; // -1: none
  char *path;
};

// A line while it is put together.
struct line {
  char text[LINE_BYTES];
  size_t n;
};

static const char *const orders[VSM_ASK_END] = {
    [VSM_ASK_RELOAD] = "reload",           [VSM_ASK_WITHDRAW] = "withdraw",         [VSM_ASK_FORGET] = "forget",
    [VSM_ASK_REBUILD] = "rebuild",         [VSM_ASK_CLOCK_ACCEPT] = "clock_accept", [VSM_ASK_SILENCE] = "silence",
    [VSM_ASK_ACKNOWLEDGE] = "acknowledge",
};
static const char *const outcomes[] = {
    [VSM_ORDER_DONE] = "done", [VSM_ORDER_FAILED] = "failed", [VSM_ORDER_NOT_ALLOWED] = "not_allowed"};

static void open_file(struct vsm_audit *a) {
  a->fd = open(a->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (a->fd < 0)
    vsm_log("audit_failed", "file=%s why=\"%s\"", a->path, strerror(errno));
}

struct vsm_audit *vsm_audit_create(const char *state) {
  struct vsm_audit *a = calloc(1, sizeof *a);
  if (!a)
    return NULL;
  a->fd = -1;
  if (state && asprintf(&a->path, "%s/audit.log", state) < 0) {
    free(a);
    return NULL;
  }
  return a;
}

void vsm_audit_destroy(struct vsm_audit *a) {
  if (!a)
    return;
  if (a->fd >= 0)
    close(a->fd);
  free(a->path);
  free(a);
}

static void turn_over(struct vsm_audit *a) {
  struct stat st;
  char *old = NULL;
  if (a->fd < 0 || fstat(a->fd, &st) != 0 || st.st_size < FILE_BYTES_MAX || asprintf(&old, "%s.1", a->path) < 0)
    return;
  if (rename(a->path, old) == 0) {
    close(a->fd);
    open_file(a);
  }
  free(old);
}

static void add(struct line *l, const char *name, struct vsm_str value) {
  if (value.n == 0)
    return;
  size_t from = l->n;
  l->n += (size_t)snprintf(l->text + l->n, LINE_BYTES - l->n, " %s=\"%.*s\"", name,
                           (int)(value.n < TEXT_BYTES ? value.n : TEXT_BYTES), value.p);
  for (size_t i = from + strlen(name) + 3; i + 1 < l->n; i++)
    if ((unsigned char)l->text[i] < ' ' || l->text[i] == 0x7f || l->text[i] == '"')
      l->text[i] = ' ';
}

static void begin(struct line *l) {
  char now[VSM_WHEN_BYTES];
  vsm_when_print((int64_t)time(NULL) * VSM_SECOND_US, now);
  l->n = (size_t)snprintf(l->text, LINE_BYTES, "time=%s", now);
}

static void end(struct vsm_audit *a, struct line *l) {
  l->text[l->n++] = '\n';
  if (a->path && a->fd < 0)
    open_file(a);
  turn_over(a);
  if (a->fd >= 0 && write(a->fd, l->text, l->n) != (ssize_t)l->n)
    vsm_log("audit_failed", "file=%s why=\"%s\"", a->path, strerror(errno));
  if (a->fd >= 0)
    sync_file_range(a->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  vsm_log("order", "%.*s", (int)l->n - 1, l->text);
}

void vsm_audit_order(struct vsm_audit *a, const struct vsm_caller *c, const struct vsm_request *r, uint64_t recorded,
                     enum vsm_outcome outcome) {
  struct line l;
  begin(&l);
  add(&l, "client", vsm_str_of(c->name));
  add(&l, "key", vsm_str_of(c->key));
  add(&l, "address", vsm_str_of(c->address));
  add(&l, "order", vsm_str_of(orders[r->kind]));
  add(&l, "stream", r->stream);
  add(&l, "stage", r->stage);
  add(&l, "source", r->source);
  add(&l, "kind", r->alert_kind);
  if (r->kind == VSM_ASK_ACKNOWLEDGE)
    add(&l, "alert", r->key);
  if (recorded)
    l.n += (size_t)snprintf(l.text + l.n, LINE_BYTES - l.n, " record=%llu", (unsigned long long)recorded);
  add(&l, "outcome", vsm_str_of(outcomes[outcome]));
  end(a, &l);
}

void vsm_audit_signal(struct vsm_audit *a, const char *order, enum vsm_outcome outcome) {
  struct line l;
  begin(&l);
  add(&l, "client", VSM_STR("signal"));
  add(&l, "order", vsm_str_of(order));
  add(&l, "outcome", vsm_str_of(outcomes[outcome]));
  end(a, &l);
}
