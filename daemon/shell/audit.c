// A line names no item: when one is forgotten nothing of it may be left, and this file is never written anew. The
// position of the order's record leads to it for as long as the journal may tell.
//
// The loop waits for no disk, and so not for this file: shell/aside.c writes it. What was ordered stands in the
// journal, which is on disk before the order is answered.
//
// Texts of a client are cut, and what could end a line or a value is replaced.
#include "shell/audit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/time.h"
#include "base/when.h"
#include "shell/aside.h"

enum { LINE_BYTES = 1024, TEXT_BYTES = 100 };

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

static void end(struct vsm_aside *aside, struct line *l) {
  l->text[l->n++] = '\n';
  int err = aside ? vsm_aside_write(aside, l->text, l->n) : 0;
  if (err)
    vsm_log("audit_failed", "file=audit.log why=\"%s\"", vsm_err_text(err));
  vsm_log("order", "%.*s", (int)l->n - 1, l->text);
}

void vsm_audit_order(struct vsm_aside *aside, const struct vsm_caller *c, const struct vsm_request *r,
                     uint64_t recorded, enum vsm_outcome outcome) {
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
  end(aside, &l);
}

void vsm_audit_signal(struct vsm_aside *aside, const char *order, enum vsm_outcome outcome) {
  struct line l;
  begin(&l);
  add(&l, "client", VSM_STR("signal"));
  add(&l, "order", vsm_str_of(order));
  add(&l, "outcome", vsm_str_of(outcomes[outcome]));
  end(aside, &l);
}
