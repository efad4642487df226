#include "agents/web/daemon.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "agents/lib/clock.h"
#include "base/mem.h"
#include "shell/log.h"

enum { ANSWER_MS = 5000 };

struct question {
  struct question *prev, *next;
  struct vsm_daemon_line *line;
  vsm_query_fn *fn;
  void *ctx;
};

struct vsm_daemon_line {
  struct vsm_query *query;
  struct question *open;
  int64_t heard_ms, probe_ms; // last; when the next probe is due
  uint64_t heard_nanos;       // the same of the wall clock; 0: never
  uint64_t began_nanos;
  bool gone, probing;
};

struct vsm_daemon_line *vsm_daemon_line_create(const char *query, const struct vsm_keys *keys) {
  struct vsm_daemon_line *d = vsm_mem_alloc(sizeof *d);
  int err =
      vsm_query_create(&(struct vsm_query_options){.query = query, .keys = keys, .timeout_ms = ANSWER_MS}, &d->query);
  d->gone = true;
  d->began_nanos = vsm_clock_nanos();
  if (err == 0)
    return d;
  vsm_log("start_failed", "query=%s why=\"%s\"", query, vsm_client_error(err));
  free(d);
  return NULL;
}

void vsm_daemon_line_destroy(struct vsm_daemon_line *d) {
  if (!d)
    return;
  struct question *q, *next;
  vsm_query_destroy(d->query);
  DL_FOREACH_SAFE(d->open, q, next) {
    free(q);
  }
  free(d);
}

uint64_t vsm_daemon_line_stale_since(const struct vsm_daemon_line *d) {
  return !d->gone ? 0 : d->heard_nanos ? d->heard_nanos : d->began_nanos;
}

void vsm_daemon_line_heard(struct vsm_daemon_line *d) {
  if (d->gone)
    vsm_log("heard", "the daemon is there");
  d->gone = false;
  d->heard_ms = vsm_clock_ms();
  d->heard_nanos = vsm_clock_nanos();
}

static void lose(struct vsm_daemon_line *d, const char *why) {
  if (!d->gone)
    vsm_log("lost", "why=\"%s\" the daemon is asked every second until it answers", why);
  d->gone = true;
}

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct question *asked = ctx, q = *asked;
  DL_DELETE(q.line->open, asked);
  free(asked);
  if (err == VSM_CLIENT_ETIMEOUT)
    lose(q.line, vsm_client_error(err));
  else
    vsm_daemon_line_heard(q.line);
  q.fn(q.ctx, err, reply);
}

static int ask(struct vsm_daemon_line *d, const Vsm__V1__Request *request, vsm_query_fn *fn, void *ctx) {
  struct question *q = vsm_mem_alloc(sizeof *q);
  *q = (struct question){NULL, NULL, d, fn, ctx};
  int err = vsm_query_ask(d->query, request, on_reply, q);
  if (err)
    free(q);
  else
    DL_APPEND(d->open, q);
  return err;
}

int vsm_daemon_line_ask(struct vsm_daemon_line *d, const Vsm__V1__Request *request, vsm_query_fn *fn, void *ctx) {
  return d->gone ? VSM_CLIENT_ETIMEOUT : ask(d, request, fn, ctx);
}

static void on_probe(void *ctx, int err, const Vsm__V1__Reply *reply) {
  (void)err, (void)reply;
  ((struct vsm_daemon_line *)ctx)->probing = false;
}

static void probe(struct vsm_daemon_line *d) {
  Vsm__V1__StatusRequest status = VSM__V1__STATUS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_STATUS;
  r.status = &status;
  d->probe_ms = vsm_clock_ms() + VSM_DAEMON_PROBE_MS;
  d->probing = ask(d, &r, on_probe, d) == 0;
}

int vsm_daemon_line_fd(const struct vsm_daemon_line *d) {
  return vsm_query_fd(d->query);
}

void vsm_daemon_line_process(struct vsm_daemon_line *d) {
  vsm_query_process(d->query);
  int64_t now_ms = vsm_clock_ms();
  if (!d->gone && now_ms - d->heard_ms >= VSM_DAEMON_SILENT_MS)
    lose(d, "nothing was heard");
  if (d->gone && !d->probing && d->probe_ms <= now_ms)
    probe(d);
}

int vsm_daemon_line_timeout_ms(struct vsm_daemon_line *d) {
  int64_t now_ms = vsm_clock_ms();
  int own = !d->gone     ? vsm_clock_until(now_ms, d->heard_ms + VSM_DAEMON_SILENT_MS)
            : d->probing ? -1
                         : vsm_clock_until(now_ms, d->probe_ms);
  return vsm_clock_sooner(vsm_query_timeout_ms(d->query), own);
}
