// A DEALER for each source, one request under way on each. What to ask for is decided in holes.c from the numbers that
// the core has seen; so nothing needs to be kept for it, and after a start from the journal holes are found like any.
//
// One timer stands for all sources. It is set to soon by what is heard, since one look may find many holes, and what is
// only late has a moment to arrive; else to when the next source has something to ask.
//
// A reply must be an answer: events of that source and epoch, with numbers that were asked for. Any other is dropped
// whole, and the source asked again after a while. Its batch then goes the way of all batches (ingest.c). One that
// would be refused there as a whole, as there is more of it than limits.batch or limits.frame allow, is asked for in
// smaller parts, from the lowest number that was in it; a single event that is too large is passed over.
//
// Of a part the source may have nothing, and more behind it: so then the whole is asked for.
#include "shell/recover.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "core/view.h"
#include "shell/clock.h"
#include "shell/holes.h"
#include "shell/open.h"
#include "wire/batch.h"
#include "wire/recover.h"

#define SOON_US (50 * 1000)
#define ANSWER_US (5 * VSM_SECOND_US) // until a request is given up
enum { REPLY_BYTES_MAX = 16 << 20, HIGH_WATER = 4 };

struct source {
  struct vsm_recover *r;
  char *id, *endpoint, *name, *server_key; // server_key "": unencrypted
  struct vsm_zsock *sock;
  struct vsm_holes holes;
  bool asked;
  uint64_t request; // number of the one under way, or of the last
  int64_t given_up_us;
  struct vsm_holes_range range;
  uint64_t most;                 // numbers to ask for at a time
  bool whole, part;              // all are to be asked for at the next time; less than all were
  uint64_t from, from_epoch;     // what was refused as too much began there; from 0: nothing was
  uint64_t passed, passed_epoch; // the last hole that was passed over
};

struct vsm_recover {
  struct vsm_recover_options o;
  const struct vsm_core *core;
  struct vsm_batch_bounds bounds;
  struct source **sources;
  size_t n, cap;
  struct vsm_timer *timer;
  bool begun, soon;
  struct vsm_arena arena;
};

struct vsm_recover *vsm_recover_create(const struct vsm_recover_options *o) {
  struct vsm_recover *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  r->o = *o;
  vsm_arena_init(&r->arena, VSM_BATCH_ARENA_BYTES);
  return r;
}

static void source_destroy(struct source *s) {
  vsm_zsock_destroy(s->sock);
  free(s->id);
  free(s->endpoint);
  free(s->name);
  free(s->server_key);
  free(s);
}

void vsm_recover_destroy(struct vsm_recover *r) {
  if (!r)
    return;
  for (size_t i = 0; i < r->n; i++)
    source_destroy(r->sources[i]);
  free(r->sources);
  vsm_timer_destroy(r->timer);
  vsm_arena_fini(&r->arena);
  free(r);
}

void vsm_recover_set_core(struct vsm_recover *r, const struct vsm_core *core) {
  r->core = core;
}

// --- asking

static void fail(struct source *s, const char *why) {
  s->asked = false;
  vsm_holes_failed(&s->holes, &s->range, vsm_clock_boot_us());
  vsm_log_gated(s->r->o.gates, vsm_str_of(s->id), "recover_failed", "source=%s endpoint=%s why=\"%s\"", s->id,
                s->endpoint, why);
}

static bool send_request(struct source *s) {
  uint8_t body[VSM_RECOVER_REQUEST_BYTES];
  size_t n = vsm_wire_pack_recover(s->id, s->range.epoch, s->range.first, s->range.last, body);
  s->request++;
  const struct vsm_zpart parts[] = {{.p = &s->request, .n = sizeof s->request}, {.p = body, .n = n}};
  return vsm_zsock_send(s->sock, parts, 2);
}

static bool knows_where(const struct source *s) {
  return s->from && s->from_epoch == s->range.epoch && s->from >= s->range.first && s->from <= s->range.last;
}

static void narrow(struct source *s) {
  struct vsm_holes_range *asked = &s->range;
  if (knows_where(s))
    asked->first = s->from;
  s->part = !s->whole && asked->last - asked->first >= s->most;
  if (s->part)
    asked->last = asked->first + s->most - 1;
}

// Asks where there is something to ask for. Returns when to look again.
static int64_t attend(struct source *s, int64_t now_us) {
  if (s->asked && now_us >= s->given_up_us)
    fail(s, "no answer");
  int64_t again_us = s->given_up_us;
  const struct vsm_sequence *seen = vsm_core_numbers(s->r->core, vsm_str_of(s->id));
  if (s->asked || !vsm_holes_ask(&s->holes, seen, now_us, &s->range, &again_us))
    return again_us;
  narrow(s);
  s->asked = send_request(s);
  s->given_up_us = now_us + ANSWER_US;
  if (s->asked)
    return s->given_up_us;
  vsm_holes_unsent(&s->holes, &s->range, now_us); // no connection; the log says so where it ends
  return now_us + VSM_SECOND_US;
}

static void look(void *ctx) {
  struct vsm_recover *r = ctx;
  r->soon = false;
  if (!r->begun)
    return;
  if (!r->o.is_ready(r->o.ctx)) { // what comes would have to wait
    vsm_timer_set(r->timer, VSM_SECOND_US);
    return;
  }
  int64_t now_us = vsm_clock_boot_us(), again_us = now_us + VSM_MINUTE_US;
  for (size_t i = 0; i < r->n; i++) {
    int64_t us = attend(r->sources[i], now_us);
    again_us = us < again_us ? us : again_us;
  }
  vsm_timer_set(r->timer, again_us - now_us < SOON_US ? SOON_US : again_us - now_us);
}

void vsm_recover_soon(struct vsm_recover *r) {
  if (r->soon || !r->begun || r->n == 0)
    return;
  r->soon = true;
  vsm_timer_set(r->timer, SOON_US);
}

void vsm_recover_begin(struct vsm_recover *r) {
  r->begun = true;
  if (r->n)
    look(r); // at once: which epoch it was when nothing was heard yet
}

void vsm_recover_end(struct vsm_recover *r) {
  r->begun = false;
}

// --- answers

// NULL, or what is wrong with it.
static const char *judge(const struct source *s, const struct vsm_batch *b, struct vsm_holes_answer *out) {
  const struct vsm_holes_range *asked = &s->range;
  *out = (struct vsm_holes_answer){.epoch = b->epoch, .events = b->n_events, .lowest = UINT64_MAX};
  bool is_empty = b->n_events == 0 && b->refused_events == 0; // then it needs no source
  if (b->refused != VSM_R_NONE && !is_empty)
    return b->refused_detail;
  if (is_empty)
    return b->epoch > VSM_EPOCH_MAX ? "an epoch is below 2^53" : NULL;
  if (b->epoch != asked->epoch)
    return "events of another epoch than was asked for";
  for (size_t i = 0; i < b->n_events; i++) {
    const struct vsm_event *e = &b->events[i];
    if (e->sequence < asked->first || e->sequence > asked->last)
      return "events with numbers that were not asked for";
    if (e->source.n && !vsm_str_eq(e->source, vsm_str_of(s->id)))
      return "events of another source than was asked for";
    out->lowest = e->sequence < out->lowest ? e->sequence : out->lowest;
    out->highest = e->sequence > out->highest ? e->sequence : out->highest;
  }
  return NULL;
}

// Nobody can take it. It is counted as refused, once.
static void pass_over(struct source *s, const char *why, struct vsm_str batch) {
  const struct vsm_holes_range *asked = &s->range;
  bool is_hole = asked->why == VSM_HOLES_BETWEEN; // which may be asked for again
  bool is_known = is_hole && s->passed_epoch == asked->epoch && s->passed >= asked->first;
  if (!is_known)
    s->r->o.take(s->r->o.ctx, s->id, batch);
  s->from = 0;
  s->passed = is_hole ? asked->first : s->passed;
  s->passed_epoch = is_hole ? asked->epoch : s->passed_epoch;
  vsm_holes_passed_over(&s->holes, asked);
  vsm_log_gated(s->r->o.gates, vsm_str_of(s->id), "event_passed_over", "source=%s epoch=%llu number=%llu why=\"%s\"",
                s->id, (unsigned long long)asked->epoch, (unsigned long long)asked->first, why);
}

// Half as many at the next time, which is at once.
static void take_less(struct source *s, const struct vsm_batch *b, const struct vsm_holes_answer *answer,
                      struct vsm_str batch) {
  uint64_t span = s->range.last - s->range.first, n = answer->events < span ? answer->events : span;
  s->whole = false;
  if (span == 0) {
    pass_over(s, b->refused_detail, batch);
    return;
  }
  n = n / 2 < s->r->bounds.events ? n / 2 : s->r->bounds.events;
  s->most = n > 1 ? n : 1;
  s->from = answer->lowest;
  s->from_epoch = s->range.epoch;
  vsm_log_gated(s->r->o.gates, vsm_str_of(s->id), "recover_failed", "source=%s endpoint=%s why=\"%s\" next=%llu", s->id,
                s->endpoint, b->refused_detail, (unsigned long long)s->most);
}

static bool is_nothing_of_a_part(const struct source *s, const struct vsm_holes_answer *a) {
  return s->part && !knows_where(s) && a->events == 0 && a->epoch <= s->range.epoch && a->oldest <= s->range.last;
}

// So many were not too much; where they are less than half of what may be there can be more of them.
static void take_more(struct source *s, size_t bytes) {
  const struct vsm_batch_bounds *bounds = &s->r->bounds;
  s->most = bytes <= bounds->frame_bytes / 2 ? s->most * 2 : s->most;
  s->most = s->most < bounds->events ? s->most : bounds->events;
}

static void tell(struct source *s, const struct vsm_holes_answer *answer) {
  vsm_log_gated(s->r->o.gates, vsm_str_of(s->id), "events_recovered",
                "source=%s events=%llu epoch=%llu first=%llu last=%llu", s->id, (unsigned long long)answer->events,
                (unsigned long long)answer->epoch, (unsigned long long)answer->lowest,
                (unsigned long long)answer->highest);
}

static void take_answer(struct source *s, struct vsm_holes_answer *answer, const struct vsm_recover_reply *reply) {
  answer->oldest = reply->oldest;
  s->whole = is_nothing_of_a_part(s, answer);
  if (s->whole)
    return;
  s->from = 0;
  if (answer->events) {
    take_more(s, reply->batch.n);
    tell(s, answer);
  }
  vsm_holes_answered(&s->holes, &s->range, answer, vsm_clock_boot_us());
}

static void take_reply(struct source *s, struct vsm_str frame) {
  struct vsm_recover *r = s->r;
  struct vsm_recover_reply reply;
  struct vsm_batch batch;
  struct vsm_holes_answer answer;
  vsm_arena_reset(&r->arena);
  const char *why = NULL;
  if (vsm_wire_decode_recover(frame, &reply) != 0)
    why = "not a RecoverReply";
  else if (vsm_wire_decode_batch(reply.batch, (struct vsm_time){0}, &r->arena, &batch) != 0)
    why = "out of memory";
  else
    why = judge(s, &batch, &answer);
  if (!why && answer.events)
    vsm_batch_bound(&batch, reply.batch.n, &r->bounds);
  if (!why && answer.events && batch.refused != VSM_R_NONE) {
    take_less(s, &batch, &answer, reply.batch);
    return;
  }
  if (!why && answer.events && r->o.take(r->o.ctx, s->id, reply.batch) != 0)
    why = "its events could not be taken";
  if (why)
    fail(s, why);
  else
    take_answer(s, &answer, &reply);
}

// (an empty frame), request id, reply. Others, and late ones, are nobody's.
static void on_reply(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n) {
  (void)sock;
  struct source *s = ctx;
  struct vsm_str id = {(const char *)&s->request, sizeof s->request};
  bool is_answer = (n == 2 || (n == 3 && frames[0].n == 0)) && vsm_str_eq(frames[n - 2], id);
  if (!s->asked || !is_answer || !s->r->begun)
    return;
  s->asked = false;
  take_reply(s, frames[n - 1]);
  if (s->r->begun)
    vsm_timer_set(s->r->timer, 0);
}

static void on_peer(void *ctx, struct vsm_zsock *sock, const char *what, struct vsm_str endpoint) {
  struct source *s = ctx;
  vsm_log_peer(s->r->o.gates, sock, what, endpoint);
  if (strcmp(what, "connected") == 0)
    vsm_holes_connected(&s->holes, vsm_clock_boot_us());
  else if (s->asked)
    fail(s, "the connection was lost");
  vsm_recover_soon(s->r);
}

// --- life

static bool is_source(const struct source *s, const struct vsm_conf_source *c) {
  return c->recover && strcmp(c->recover, s->endpoint) == 0 && strcmp(c->id.z, s->id) == 0 &&
         strcmp(c->server_key ? c->server_key : "", s->server_key) == 0;
}

static bool is_configured(const struct vsm_config *config, const struct source *s) {
  for (unsigned i = 0; i < config->sources.n; i++)
    if (is_source(s, &config->sources.at[i]))
      return true;
  return false;
}

static bool is_connected(const struct vsm_recover *r, const struct vsm_conf_source *source) {
  for (size_t i = 0; i < r->n; i++)
    if (is_source(r->sources[i], source))
      return true;
  return false;
}

static char *copy(const char *before, const char *text) {
  size_t n = strlen(before) + strlen(text) + 1;
  char *z = vsm_mem_alloc(n);
  snprintf(z, n, "%s%s", before, text);
  return z;
}

static int connect_source(struct vsm_recover *r, const struct vsm_conf_source *source) {
  const char *why = "out of memory or descriptors";
  struct source *s = vsm_mem_alloc(sizeof *s);
  s->r = r;
  s->most = r->bounds.events;
  s->id = copy("", source->id.z);
  s->endpoint = copy("", source->recover);
  s->name = copy("recover/", source->id.z);
  s->server_key = copy("", source->server_key ? source->server_key : "");
  s->sock = vsm_zsock_create(r->o.zcontext, r->o.loop,
                             &(struct vsm_zsock_options){.kind = VSM_Z_DEALER,
                                                         .name = s->name,
                                                         .message_bytes_max = REPLY_BYTES_MAX,
                                                         .receive_high_water = HIGH_WATER,
                                                         .send_high_water = HIGH_WATER,
                                                         .fn = on_reply,
                                                         .on_peer = on_peer,
                                                         .ctx = s,
                                                         .key = vsm_auth_keys(r->o.auth)->key,
                                                         .server_key = source->server_key});
  if (!r->timer)
    r->timer = vsm_timer_create(r->o.loop, look, r);
  if (!r->timer || !s->sock || vsm_zsock_connect(s->sock, s->endpoint, &why) != 0) {
    vsm_log("connect_failed", "socket=%s endpoint=%s why=\"%s\"", s->id, s->endpoint, why);
    source_destroy(s);
    return VSM_EIO;
  }
  vsm_log("connecting", "socket=%s endpoint=%s", s->name, s->endpoint);
  r->sources = vsm_mem_grow(r->sources, r->n, &r->cap, sizeof *r->sources);
  r->sources[r->n++] = s;
  return 0;
}

int vsm_recover_follow(struct vsm_recover *r, const struct vsm_config *config, bool our_key) {
  r->bounds = (struct vsm_batch_bounds){(size_t)config->daemon.limit_frame_bytes, (size_t)config->daemon.limit_batch};
  for (size_t i = r->n; i-- > 0;) {
    r->sources[i]->most = r->bounds.events;
    if (is_configured(config, r->sources[i]) && !(our_key && *r->sources[i]->server_key))
      continue;
    source_destroy(r->sources[i]);
    r->sources[i] = r->sources[--r->n];
  }
  int err = 0;
  for (unsigned i = 0; i < config->sources.n; i++) {
    const struct vsm_conf_source *s = &config->sources.at[i];
    if (s->recover && !is_connected(r, s) && connect_source(r, s) != 0)
      err = VSM_EIO;
  }
  if (r->begun)
    vsm_recover_begin(r);
  return err;
}
