// Each publication becomes one event, as text, in a list that all readers share; a reader is a place in that list and
// what libevent has still to send to it. libevent would queue without bound, so a reader gets its next events once
// there is room in its queue. A metric replaces the one before it of the same stream or stage, as each is whole: a slow
// reader gets fewer of them and is not behind. What it cannot be told, as the list is bounded, is told as "reset":
// true.
//
// Numbers rise by one with each event, from the time at which the gateway began (microseconds): so no number is given
// twice under one epoch of the daemon, and a reader of an earlier gateway is told to begin anew.
#include "agents/web/relay.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "agents/ask/copy.h"
#include "agents/lib/clock.h"
#include "agents/web/conns.h"
#include "agents/web/daemon.h"
#include "agents/web/http.h"
#include "agents/web/server.h"
#include "base/mem.h"
#include "shell/log.h"
#include "vsm/json.h"

enum { EVENTS_MAX = 20000, EVENTS_BYTES_MAX = 16 * 1024 * 1024, LINGER_MS = 30000 };
enum { CHUNK_FRAME_BYTES = 12 }; // a chunk's length in hex, at most 8 digits, and two ends of lines

enum kind { METRIC, TRANSITION, ALERT, STATUS, KINDS };
static const char *const kind_names[KINDS] = {"metric", "transition", "alert", "status"};

struct event_text {
  struct event_text *prev, *next;
  uint64_t n;
  enum kind kind;
  char *topic;
  char *text; // as it goes out
  size_t bytes;
  UT_hash_handle hh; // of metrics, by topic
};

struct reader {
  struct reader *prev, *next;
  struct vsm_relay *relay;
  struct vsm_exchange *x;
  unsigned kinds;     // a bit for each
  const char *stream; // "": all
  uint64_t last;      // number of the newest event that it was given or did not want
  size_t queued;      // bytes at the last look
  int64_t moved_ms;   // when it last took something, or had nothing to take
};

struct vsm_relay {
  struct vsm_web *web;
  const char *publish;
  struct vsm_subscriber *news, *transitions; // transitions: while somebody reads them
  struct event *transitions_event;
  int64_t unread_ms; // since when nobody does
  uint64_t epoch, newest,
      dropped; // of events; dropped: the newest that is not there any more, though it was not replaced
  struct event_text *events, *metrics; // in order; of them the metrics
  size_t n_events, bytes;
  struct reader *readers;
  unsigned n_readers;
  Vsm__V1__Status *status; // the last one; NULL: none
  bool stale;              // as told
};

// --- the list

static void drop_event(struct vsm_relay *r, struct event_text *e) {
  if (e->kind == METRIC)
    HASH_DEL(r->metrics, e);
  DL_DELETE(r->events, e);
  r->n_events--;
  r->bytes -= e->bytes;
  free(e->topic);
  free(e->text);
  free(e);
}

static void drop_oldest(struct vsm_relay *r) {
  r->dropped = r->events->n;
  drop_event(r, r->events);
}

static void drop_replaced(struct vsm_relay *r, const char *topic) {
  struct event_text *e;
  HASH_FIND_STR(r->metrics, topic, e);
  if (e)
    drop_event(r, e);
}

// Takes the data, a line of JSON from malloc().
static char *print_event(const struct vsm_relay *r, enum kind kind, uint64_t n, char *data, size_t *bytes) {
  char *text = NULL;
  int length = asprintf(&text, "id: %" PRIu64 "-%" PRIu64 "\nevent: %s\ndata: %s\n\n", r->epoch, n, kind_names[kind],
                        (char *)vsm_mem_need(data, 0));
  free(data);
  *bytes = (size_t)length;
  return vsm_mem_need(length < 0 ? NULL : text, 0);
}

static void add(struct vsm_relay *r, enum kind kind, const char *topic, char *data) {
  if (kind == METRIC)
    drop_replaced(r, topic);
  struct event_text *e = vsm_mem_alloc(sizeof *e);
  e->n = ++r->newest;
  e->kind = kind;
  e->topic = vsm_mem_copy(vsm_str_of(topic));
  e->text = print_event(r, kind, e->n, data, &e->bytes);
  DL_APPEND(r->events, e);
  if (kind == METRIC)
    HASH_ADD_KEYPTR(hh, r->metrics, e->topic, strlen(e->topic), e);
  r->n_events++;
  r->bytes += e->bytes;
  while (r->n_events > EVENTS_MAX || r->bytes > EVENTS_BYTES_MAX)
    drop_oldest(r);
}

// A publication of the last status as JSON, with what the gateway knows besides. sequence 0: it is not the daemon's.
static char *print_status(const struct vsm_relay *r, uint64_t sequence, bool reset) {
  Vsm__V1__Status none = VSM__V1__STATUS__INIT;
  Vsm__V1__Publication p = VSM__V1__PUBLICATION__INIT;
  size_t n;
  p.epoch = r->epoch;
  p.sequence = sequence;
  p.body_case = VSM__V1__PUBLICATION__BODY_STATUS;
  p.status = r->status ? r->status : &none;
  p.time_unix_nano = p.status->time_unix_nano;
  char *json = vsm_mem_need(vsm_json_message(&p.base, &n), 0), *text = NULL;
  json[n - 1] = '\0';
  int length = asprintf(&text, "%s, \"stale_since_unix_nano\": %" PRIu64 ", \"reset\": %s}", json,
                        vsm_daemon_line_stale_since(r->web->daemon), reset ? "true" : "false");
  free(json);
  return vsm_mem_need(length < 0 ? NULL : text, 0);
}

// --- what the daemon says

// What was told of another run of the daemon is void; every reader is behind, and is told so.
static void begin_epoch(struct vsm_relay *r, uint64_t epoch) {
  r->epoch = epoch;
  while (r->events)
    drop_oldest(r);
  r->dropped = ++r->newest;
}

static void keep_status(struct vsm_relay *r, const Vsm__V1__Status *s) {
  vsm_drop(r->status);
  r->status = vsm_copy(&s->base);
}

// KINDS: of a later daemon.
static enum kind kind_of(const Vsm__V1__Publication *p) {
  static const Vsm__V1__Publication__BodyCase bodies[KINDS] = {
      [METRIC] = VSM__V1__PUBLICATION__BODY_METRIC,
      [TRANSITION] = VSM__V1__PUBLICATION__BODY_TRANSITION,
      [ALERT] = VSM__V1__PUBLICATION__BODY_ALERT,
      [STATUS] = VSM__V1__PUBLICATION__BODY_STATUS,
  };
  enum kind kind = 0;
  while (kind < KINDS && bodies[kind] != p->body_case)
    kind++;
  return kind;
}

static void tell(struct vsm_relay *r, const char *topic, const Vsm__V1__Publication *p) {
  enum kind kind = kind_of(p);
  if (kind == STATUS)
    keep_status(r, p->status);
  if (kind != KINDS)
    add(r, kind, topic, kind == STATUS ? print_status(r, p->sequence, false) : vsm_json_message(&p->base, NULL));
}

// Of any epoch: libvsm leaves out what is from before a start that it knows of.
static void on_news(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  struct vsm_relay *r = ctx;
  vsm_daemon_line_heard(r->web->daemon);
  if (p->epoch != r->epoch)
    begin_epoch(r, p->epoch);
  tell(r, topic, p);
}

// They come by another connection, so of another epoch they may be from before a start, or the first after one: what
// comes before the news of it nobody misses, as every reader begins anew with that.
static void on_transition(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  struct vsm_relay *r = ctx;
  vsm_daemon_line_heard(r->web->daemon);
  if (p->epoch == r->epoch)
    tell(r, topic, p);
}

// Of figures nothing is missing; a reader that was told of an alert which was lost here would not know.
static void on_gap(void *ctx, const char *topic, uint64_t first, uint64_t last) {
  struct vsm_relay *r = ctx;
  (void)first, (void)last;
  if (strncmp(topic, "v1/metric/", strlen("v1/metric/")) != 0)
    add(r, STATUS, "", print_status(r, 0, true));
}

static int subscribe(struct vsm_relay *r, const char *const *topics, size_t n,
                     void (*on_publication)(void *, const char *, const Vsm__V1__Publication *),
                     struct vsm_subscriber **out) {
  return vsm_subscriber_create(&(struct vsm_subscriber_options){.publish = r->publish,
                                                                .topics = topics,
                                                                .n_topics = n,
                                                                .keys = r->web->options->keys,
                                                                .on_publication = on_publication,
                                                                .on_gap = on_gap,
                                                                .ctx = r},
                               out);
}

struct vsm_relay *vsm_relay_create(struct vsm_web *web, const char *publish) {
  static const char *const topics[] = {"v1/metric/", "v1/alert/", "v1/status/"};
  struct vsm_relay *r = vsm_mem_alloc(sizeof *r);
  r->web = web;
  r->publish = publish;
  r->newest = r->dropped = vsm_clock_nanos() / 1000;
  int err = subscribe(r, topics, sizeof topics / sizeof *topics, on_news, &r->news);
  if (err == 0 && vsm_web_watch(web, vsm_subscriber_fd(r->news)))
    return r;
  vsm_log("start_failed", "publish=%s why=\"%s\"", publish, vsm_client_error(err));
  vsm_relay_destroy(r);
  return NULL;
}

static void drop_transitions(struct vsm_relay *r) {
  if (r->transitions_event)
    event_free(r->transitions_event);
  vsm_subscriber_destroy(r->transitions);
  r->transitions_event = NULL;
  r->transitions = NULL;
}

static bool need_transitions(struct vsm_relay *r) {
  static const char *const topics[] = {"v1/transition/"};
  if (r->transitions)
    return true;
  if (subscribe(r, topics, 1, on_transition, &r->transitions) != 0)
    return false;
  r->transitions_event = vsm_web_wake_on(r->web, vsm_subscriber_fd(r->transitions));
  return r->transitions_event != NULL;
}

// --- readers

static size_t queue_of(const struct reader *reader) {
  struct evhttp_connection *evcon = evhttp_request_get_connection(reader->x->req);
  return evcon ? evbuffer_get_length(bufferevent_get_output(evhttp_connection_get_bufferevent(evcon))) : 0;
}

static bool wants(const struct reader *reader, const struct event_text *e) {
  size_t n = strlen(reader->stream);
  if (!(reader->kinds & 1u << e->kind))
    return e->kind == STATUS; // that what it has is stale everybody must know
  if (e->kind == STATUS || n == 0)
    return true;
  const char *stream = strchr(e->topic + strlen("v1/"), '/') + 1;
  return strncmp(stream, reader->stream, n) == 0 && stream[n] == '/';
}

static void on_drained(struct evhttp_connection *evcon, void *ctx);

static void push(struct reader *reader, const char *text, size_t n) {
  struct evbuffer *out = vsm_mem_need(evbuffer_new(), 0);
  evbuffer_add(out, text, n);
  evhttp_send_reply_chunk_with_cb(reader->x->req, out, on_drained, reader);
  evbuffer_free(out);
}

// A status for one reader: it begins here, as what came before cannot be told, or (not reset) goes on.
static void push_status(struct reader *reader, bool reset) {
  size_t n;
  struct vsm_relay *r = reader->relay;
  char *text = print_event(r, STATUS, reader->last, print_status(r, 0, reset), &n);
  push(reader, text, n);
  free(text);
}

// The first event behind a number; NULL: there is none. Nearly always near the end.
static struct event_text *event_behind(const struct vsm_relay *r, uint64_t n) {
  struct event_text *e = r->events ? r->events->prev : NULL;
  if (!e || e->n <= n)
    return NULL;
  while (e != r->events && e->prev->n > n)
    e = e->prev;
  return e;
}

// Has it taken anything since the last look?
static void look(struct reader *reader) {
  size_t queued = queue_of(reader);
  if (queued < reader->queued || queued == 0)
    reader->moved_ms = vsm_clock_ms();
  reader->queued = queued;
}

static void feed(struct reader *reader) {
  struct vsm_relay *r = reader->relay;
  look(reader);
  if (reader->last < r->dropped && reader->queued < VSM_RELAY_QUEUE_BYTES / 2) {
    reader->last = r->newest;
    push_status(reader, true);
  }
  for (struct event_text *e = reader->last < r->dropped ? NULL : event_behind(r, reader->last); e; e = e->next) {
    bool wanted = wants(reader, e);
    if (wanted && queue_of(reader) + e->bytes + CHUNK_FRAME_BYTES > VSM_RELAY_QUEUE_BYTES)
      break;
    if (wanted)
      push(reader, e->text, e->bytes);
    reader->last = e->n;
  }
  reader->queued = queue_of(reader);
}

static void on_drained(struct evhttp_connection *evcon, void *ctx) {
  (void)evcon;
  feed(ctx);
}

static void feed_all(struct vsm_relay *r) {
  struct reader *reader, *next;
  DL_FOREACH_SAFE(r->readers, reader, next) {
    feed(reader);
  }
}

// libevent frees the request with the connection, unless it took it off before.
static void on_close(struct evhttp_connection *evcon, void *ctx) {
  struct reader *reader = ctx;
  struct vsm_relay *r = reader->relay;
  (void)evcon;
  DL_DELETE(r->readers, reader);
  r->n_readers--;
  vsm_http_end_stream(reader->x);
  free(reader);
}

static void close_reader(struct reader *reader) {
  evhttp_connection_free(evhttp_request_get_connection(reader->x->req)); // calls on_close()
}

static void close_stalled(struct vsm_relay *r) {
  struct reader *reader, *next;
  int64_t now_ms = vsm_clock_ms();
  DL_FOREACH_SAFE(r->readers, reader, next) {
    look(reader);
    if (reader->last < r->newest && now_ms - reader->moved_ms >= VSM_RELAY_STALL_MS) {
      vsm_log("reader_closed", "queued=%zu why=\"it takes nothing\"", reader->queued);
      close_reader(reader);
    }
  }
}

// "EPOCH-N" of an earlier connection. False: it cannot go on from there.
static bool resume(struct reader *reader, const char *id) {
  struct vsm_relay *r = reader->relay;
  char *end;
  uint64_t epoch = strtoull(id, &end, 10);
  uint64_t n = *end == '-' ? strtoull(end + 1, &end, 10) : 0;
  if (*end || end == id || epoch != r->epoch || n < r->dropped || n > r->newest)
    return false;
  reader->last = n;
  return true;
}

// "metric,alert"; false: another name, which is said.
static bool choose_kinds(struct reader *reader, const char *names) {
  for (const char *p = names; *p; p += *p == ',') {
    size_t n = strcspn(p, ","), i = 0;
    while (i < KINDS && (strlen(kind_names[i]) != n || strncmp(kind_names[i], p, n) != 0))
      i++;
    if (i == KINDS) {
      vsm_http_problem(reader->x, 400, "events=%.64s; allowed: of metric, transition, alert, status any, by commas",
                       names);
      return false;
    }
    reader->kinds |= 1u << i;
    p += n;
  }
  if (!*names)
    reader->kinds = (1u << KINDS) - 1;
  return true;
}

static void begin(struct reader *reader) {
  struct vsm_relay *r = reader->relay;
  DL_APPEND(r->readers, reader);
  r->n_readers++;
  evhttp_connection_set_closecb(evhttp_request_get_connection(reader->x->req), on_close, reader);
  vsm_http_begin_stream(reader->x, "text/event-stream");
  bool resumed = resume(reader, vsm_http_header(reader->x, "Last-Event-ID"));
  if (!resumed)
    reader->last = r->newest;
  push_status(reader, !resumed);
  feed(reader);
}

void vsm_relay_read(struct vsm_exchange *x) {
  struct vsm_relay *r = x->web->relay;
  if (strcmp(x->method, "HEAD") == 0) {
    vsm_http_reply(x, 200, "text/event-stream", "", 0);
    return;
  }
  if (r->n_readers == VSM_RELAY_READERS_MAX) {
    vsm_http_set_header(x, "Retry-After", "10");
    vsm_http_problem(x, 503, "%d readers are there already", VSM_RELAY_READERS_MAX);
    return;
  }
  struct reader *reader = vsm_mem_alloc(sizeof *reader);
  *reader = (struct reader){.relay = r, .x = x, .stream = vsm_http_param(x, "stream"), .moved_ms = vsm_clock_ms()};
  if (!choose_kinds(reader, vsm_http_param(x, "events"))) {
    free(reader);
  } else if (reader->kinds & 1u << TRANSITION && !need_transitions(r)) {
    free(reader);
    vsm_http_problem(x, 503, "no descriptors or memory to subscribe to transitions");
  } else {
    begin(reader);
  }
}

// --- the turn

// While somebody reads transitions, and a little longer, so that who comes back finds what was in between.
static void look_after_transitions(struct vsm_relay *r) {
  struct reader *reader;
  bool read = false;
  DL_FOREACH(r->readers, reader) {
    read = read || reader->kinds & 1u << TRANSITION;
  }
  int64_t now_ms = vsm_clock_ms();
  if (read || !r->transitions)
    r->unread_ms = now_ms;
  else if (now_ms - r->unread_ms >= LINGER_MS)
    drop_transitions(r);
}

// When the daemon went, and when it is back: in between something may have been lost.
static void tell_stale(struct vsm_relay *r) {
  bool stale = vsm_daemon_line_stale_since(r->web->daemon) != 0;
  if (stale == r->stale)
    return;
  r->stale = stale;
  add(r, STATUS, "", print_status(r, 0, !stale));
}

void vsm_relay_turn(struct vsm_relay *r) {
  uint64_t before = r->newest;
  vsm_subscriber_process(r->news);
  if (r->transitions)
    vsm_subscriber_process(r->transitions);
  tell_stale(r);
  if (r->newest != before)
    feed_all(r);
  close_stalled(r);
  look_after_transitions(r);
}

// Readers are looked after with each publication, of which there is one every 5 s.
int vsm_relay_timeout_ms(struct vsm_relay *r) {
  int wait_ms = vsm_subscriber_timeout_ms(r->news);
  if (r->transitions)
    wait_ms = vsm_clock_sooner(wait_ms, vsm_subscriber_timeout_ms(r->transitions));
  return wait_ms;
}

void vsm_relay_close(struct vsm_relay *r) {
  while (r && r->readers)
    close_reader(r->readers);
}

void vsm_relay_destroy(struct vsm_relay *r) {
  if (!r)
    return;
  while (r->events)
    drop_event(r, r->events);
  drop_transitions(r);
  vsm_subscriber_destroy(r->news);
  vsm_drop(r->status);
  free(r);
}
