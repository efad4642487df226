// One handler per kind of question, in a table. A handler fills in a message, or says in words why it cannot: names
// that are not known are answered with those that are. What most questions begin with, the value stream, is looked up
// before.
//
// Each question has the arena to itself, from the views of the core to the message that is packed into the socket's own
// memory; nothing of it outlives the answer. Time passes in the core before a question is looked at, so that an answer
// is of now.
#include "shell/answers.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/err.h"
#include "shell/control.h"

// "a, b, c" of what is known, for a name that is not.
static const char *list(struct vsm_arena *arena, const struct vsm_model *m, int stream) {
  unsigned n = stream < 0 ? m->n_streams : m->streams[stream].n_stages;
  const char *text = "";
  for (unsigned i = 0; text && i < n; i++)
    text = vsm_arena_printf(arena, "%s%s%s", text, i ? ", " : "",
                            stream < 0 ? m->streams[i].id : m->streams[stream].stages[i].id);
  return text ? text : "";
}

int vsm_answer_find(struct vsm_query_socket *q, int stream, struct vsm_str name, const char **why) {
  unsigned n = stream < 0 ? q->model->n_streams : q->model->streams[stream].n_stages;
  if (name.n == 0)
    return -1;
  for (unsigned i = 0; i < n; i++)
    if (vsm_str_eq(name, vsm_str_of(stream < 0 ? q->model->streams[i].id : q->model->streams[stream].stages[i].id)))
      return (int)i;
  *why = vsm_arena_printf(&q->arena, "no %s \"%.*s\" in the configuration in force; known: %s",
                          stream < 0 ? "value stream" : "stage", (int)(name.n < 100 ? name.n : 100), name.p,
                          list(&q->arena, q->model, stream));
  return VSM_ENOENT;
}

// All of them, or those that the caller may watch.
static struct vsm_stream_view *view_streams(struct vsm_query_socket *q, size_t *n) {
  size_t all = q->model->n_streams;
  *n = all;
  if (vsm_caller_watches_all(&q->caller))
    return vsm_core_view_streams(q->core, 0, all, &q->arena);
  struct vsm_stream_view *views = vsm_arena_alloc(&q->arena, (all + 1) * sizeof *views);
  *n = 0;
  for (unsigned i = 0; views && i < all; i++) {
    if (!vsm_answer_may_watch(q, i))
      continue;
    const struct vsm_stream_view *one = vsm_core_view_streams(q->core, i, 1, &q->arena);
    if (!one)
      return NULL;
    views[(*n)++] = *one;
  }
  return views;
}

static int answer_snapshot(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                           const char **why) {
  size_t n = 1;
  (void)r, (void)why;
  struct vsm_stream_view *streams =
      stream < 0 ? view_streams(q, &n) : vsm_core_view_streams(q->core, (size_t)stream, 1, &q->arena);
  if (!streams)
    return VSM_ENOMEM;
  struct vsm_snapshot_view view = {.time = vsm_core_now(q->core),
                                   .epoch = *q->o.epoch,
                                   .ingest = vsm_core_ingest(q->core),
                                   .streams = streams,
                                   .n_streams = n,
                                   .sequence = q->o.sequence,
                                   .sequence_ctx = q->o.sequence_ctx};
  return vsm_reply_snapshot(&view, &q->arena, out);
}

static int find_state(struct vsm_str name) {
  static const enum vsm_visit_state states[] = {VSM_QUEUED, VSM_ACTIVE, VSM_SUSPENDED, VSM_BETWEEN};
  for (size_t i = 0; i < sizeof states / sizeof *states; i++)
    if (vsm_str_eq(name, vsm_str_of(vsm_visit_state_name(states[i]))))
      return (int)states[i];
  return name.n ? VSM_ENOENT : -1;
}

// "attribute" and "value" of a stream's segments; -1: none is asked for.
static int find_attribute(struct vsm_query_socket *q, int stream, struct vsm_str name, const char **why) {
  if (name.n == 0)
    return -1;
  if (stream < 0) {
    *why = "a segment is asked for without its value stream";
    return VSM_ENOENT;
  }
  const struct vsm_stream *s = &q->model->streams[stream];
  const char *known = "";
  for (unsigned i = 0; i < s->n_segments; i++) {
    if (vsm_str_eq(name, vsm_str_of(s->segments[i])))
      return (int)i;
    if (known)
      known = vsm_arena_printf(&q->arena, "%s%s%s", known, i ? ", " : "", s->segments[i]);
  }
  *why = vsm_arena_printf(&q->arena, "no segment \"%.*s\" in value stream %s; known: %s",
                          (int)(name.n < 100 ? name.n : 100), name.p, s->id, known && *known ? known : "none");
  return VSM_ENOENT;
}

static int answer_segments(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                           const char **why) {
  struct vsm_segments_query query = {.stream = (unsigned)stream,
                                     .stage = vsm_answer_find(q, stream, r->stage, why),
                                     .attribute = find_attribute(q, stream, r->attribute, why),
                                     .value = r->value};
  if (query.stage == VSM_ENOENT || query.attribute == VSM_ENOENT)
    return VSM_ENOENT;
  struct vsm_segment_view *rows;
  long n = vsm_core_view_segments(q->core, &query, &q->arena, &rows);
  return n < 0 ? (int)n : vsm_reply_segments(rows, (size_t)n, &q->arena, out);
}

// 0: "all", then as configured. An empty name is the stream's longest; VSM_ENOENT: it has none of that name.
static int find_window(const struct vsm_stream *s, struct vsm_str name) {
  int longest = 0;
  for (unsigned i = 0; i < s->n_windows; i++) {
    if (vsm_str_eq(name, vsm_str_of(s->windows[i].name)))
      return (int)i + 1;
    if (longest == 0 || s->windows[i].us > s->windows[longest - 1].us)
      longest = (int)i + 1;
  }
  if (name.n == 0)
    return longest;
  return vsm_str_eq(name, VSM_STR("all")) ? 0 : VSM_ENOENT;
}

static const char *no_window(struct vsm_query_socket *q, const struct vsm_stream *s, struct vsm_str name) {
  const char *known = "all";
  for (unsigned i = 0; known && i < s->n_windows; i++)
    known = vsm_arena_printf(&q->arena, "%s, %s", known, s->windows[i].name);
  return vsm_arena_printf(&q->arena, "no window \"%.*s\" in value stream %s; known: %s",
                          (int)(name.n < 100 ? name.n : 100), name.p, s->id, known ? known : "");
}

// No pane is longer: one is always read whole.
#define PANE_US_MAX (32 * VSM_DAY_US)

// In microseconds, cut to quarters of an hour; NULL: they are none.
static const int64_t *find_bounds(struct vsm_query_socket *q, const struct vsm_request *r) {
  int64_t *bounds = vsm_arena_alloc(&q->arena, VSM_BOUNDS_MAX * sizeof *bounds);
  bool good = r->n_bounds >= 2 && r->n_bounds <= VSM_BOUNDS_MAX;
  for (uint32_t i = 0; bounds && good && i < r->n_bounds; i++) {
    bounds[i] = (int64_t)(r->bounds_ns[i] / 1000);
    bounds[i] -= bounds[i] % VSM_QUARTER_US;
    good = bounds[i] < VSM_TIME_MAX &&
           (i == 0 || (r->bounds_ns[i] > r->bounds_ns[i - 1] && bounds[i] - bounds[i - 1] <= PANE_US_MAX));
  }
  return good ? bounds : NULL;
}

static int answer_series(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                         const char **why) {
  const struct vsm_stream *s = &q->model->streams[stream];
  struct vsm_series_query query = {.stream = (unsigned)stream,
                                   .stage = vsm_answer_find(q, stream, r->stage, why),
                                   .window = r->window.n ? find_window(s, r->window) - 1 : -1,
                                   .n_bounds = r->n_bounds};
  if (query.stage == VSM_ENOENT)
    return VSM_ENOENT;
  if (r->window.n > 0 && query.window < 0) { // "all" has no panes
    *why = no_window(q, s, r->window);
    return VSM_ENOENT;
  }
  if (query.window < 0 && !(query.bounds = find_bounds(q, r))) {
    *why = "a series needs a window, or 2 to 1001 rising times between 1970 and 2100, at most 32 days apart";
    return VSM_EINVAL;
  }
  struct vsm_series_view view = {.stream = s->id,
                                 .stage = query.stage < 0 ? "" : s->stages[query.stage].id,
                                 .window = query.window < 0 ? "" : s->windows[query.window].name};
  int err = vsm_core_view_series(q->core, &query, &q->arena, &view.picture);
  return err ? err : vsm_reply_series(&view, &q->arena, out);
}

static const char not_a_cursor[] = "the cursor is not one of an earlier answer";

static int find_sort(struct vsm_str name) {
  static const enum vsm_items_sort sorts[] = {VSM_BY_AGE, VSM_BY_PACE, VSM_BY_LAST};
  for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
    if (vsm_str_eq(name, vsm_str_of(vsm_items_sort_name(sorts[i]))))
      return (int)sorts[i];
  return name.n ? VSM_ENOENT : (int)VSM_BY_AGE;
}

static int answer_items(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                        const char **why) {
  struct vsm_items_query query = {.stream = stream,
                                  .stage = -1,
                                  .state = find_state(r->state),
                                  .value = r->value,
                                  .limit = r->limit,
                                  .cursor = r->cursor};
  if (r->stage.n > 0 && stream < 0) {
    *why = "a stage is asked for without its value stream";
    return VSM_EINVAL;
  }
  if (r->stage.n > 0 && (query.stage = vsm_answer_find(q, stream, r->stage, why)) == VSM_ENOENT)
    return VSM_ENOENT;
  if (query.state == VSM_ENOENT) {
    *why = "unknown state; allowed: queued, active, suspended, between";
    return VSM_EINVAL;
  }
  int sort = find_sort(r->sort);
  if (sort == VSM_ENOENT) {
    *why = "unknown sort; allowed: age, pace, last";
    return VSM_EINVAL;
  }
  query.sort = (enum vsm_items_sort)sort;
  query.attribute = find_attribute(q, stream, r->attribute, why);
  if (query.attribute == VSM_ENOENT)
    return VSM_ENOENT;
  struct vsm_item_row *rows;
  struct vsm_str cursor;
  long n = vsm_core_items(q->core, &query, &q->arena, &rows, &cursor);
  if (n == VSM_EINVAL)
    *why = not_a_cursor;
  return n < 0 ? (int)n : vsm_reply_items(q->model, rows, (size_t)n, cursor, &q->arena, out);
}

static int answer_visits(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                         const char **why) {
  const struct vsm_stream *s = &q->model->streams[stream];
  int stage = vsm_answer_find(q, stream, r->stage, why), window = find_window(s, r->window);
  int attribute = find_attribute(q, stream, r->attribute, why);
  if (window == VSM_ENOENT)
    *why = no_window(q, s, r->window);
  if (stage == VSM_ENOENT || attribute == VSM_ENOENT || window == VSM_ENOENT)
    return VSM_ENOENT;
  struct vsm_visits_query query = {.stream = (unsigned)stream,
                                   .stage = stage,
                                   .window = (unsigned)window,
                                   .attribute = attribute,
                                   .value = r->value,
                                   .limit = r->limit,
                                   .cursor = r->cursor};
  struct vsm_visits_of of = {s->id, stage < 0 ? "" : s->stages[stage].id, window ? s->windows[window - 1].name : "all"};
  struct vsm_visits_view view;
  int err = vsm_core_visits(q->core, &query, &q->arena, &view);
  if (err == VSM_EINVAL)
    *why = not_a_cursor;
  return err ? err : vsm_reply_visits(&of, &view, &q->arena, out);
}

static int answer_item(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                       const char **why) {
  struct vsm_item_view item;
  uint64_t streams = 0;
  int err = vsm_core_item(q->core, stream, r->key, &q->arena, &item, &streams);
  *why = vsm_no_such_item(q->model, err, r->key, streams, &q->arena);
  return err ? err : vsm_reply_item(q->model, &item, &q->arena, out);
}

static int answer_edges(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                        const char **why) {
  if (stream < 0) {
    *why = vsm_arena_printf(&q->arena, "edges are asked for without a value stream; known: %s",
                            list(&q->arena, q->model, -1));
    return VSM_EINVAL;
  }
  int window = find_window(&q->model->streams[stream], r->window);
  if (window == VSM_ENOENT) {
    *why = no_window(q, &q->model->streams[stream], r->window);
    return VSM_ENOENT;
  }
  struct vsm_map_view map;
  int err = vsm_core_map(q->core, (unsigned)stream, (unsigned)window, &q->arena, &map);
  return err ? err : vsm_reply_edges(vsm_core_now(q->core), &map, &q->arena, out);
}

// Of all streams, those without the window are left out.
static int answer_bottleneck(struct vsm_query_socket *q, const struct vsm_request *r, int stream,
                             struct vsm_message *out, const char **why) {
  unsigned first = stream < 0 ? 0 : (unsigned)stream, end = stream < 0 ? q->model->n_streams : first + 1, n = 0;
  struct vsm_bottleneck_view *views = vsm_arena_alloc(&q->arena, (end - first + 1) * sizeof *views);
  if (!views)
    return VSM_ENOMEM;
  for (unsigned i = first; i < end; i++) {
    int window = find_window(&q->model->streams[i], r->window);
    if (window == VSM_ENOENT || !vsm_answer_may_watch(q, i))
      continue;
    if (vsm_core_bottleneck(q->core, i, (unsigned)window, &q->arena, &views[n++]) != 0)
      return VSM_ENOMEM;
  }
  if (n == 0 && end > first) {
    *why = no_window(q, &q->model->streams[first], r->window);
    return VSM_ENOENT;
  }
  return vsm_reply_bottleneck(vsm_core_now(q->core), views, n, &q->arena, out);
}

// What a forecast is of. NULL, or what is wrong with the question.
static const char *read_forecast(const struct vsm_request *r, struct vsm_forecast_query *query) {
  if ((r->items > 0) + (r->by.n > 0) + (r->key.n > 0) > 1)
    return "a forecast is of items, by a day or of one item: ask for one of them";
  query->kind = r->items ? VSM_FORECAST_ITEMS : r->by.n ? VSM_FORECAST_BY : r->key.n ? VSM_FORECAST_ITEM : query->kind;
  query->items = r->items;
  query->item = r->key;
  query->seed = r->seed;
  if (r->by.n > 0 && !vsm_date_parse(r->by.p, r->by.n, &query->by))
    return "a forecast is by a day, written like 2026-12-31";
  return NULL;
}

static int answer_forecast(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                           const char **why) {
  struct vsm_forecast_query query = {.stream = (unsigned)stream};
  struct vsm_forecast_view view;
  *why = read_forecast(r, &query);
  if (*why)
    return VSM_EINVAL;
  int err = vsm_core_forecast(q->core, &query, &q->arena, &view);
  if (err == VSM_ENOENT)
    *why = vsm_arena_printf(&q->arena, "no item of value stream %s has the key \"%.*s\"", q->model->streams[stream].id,
                            (int)(r->key.n < 256 ? r->key.n : 256), r->key.p);
  else if (err == VSM_EINVAL)
    *why = query.kind == VSM_FORECAST_ITEM
               ? "the item is not in progress: it has finished or was withdrawn"
               : "a forecast is by a day from tomorrow on, up to two years (730 days) ahead";
  return err ? err : vsm_reply_forecast(vsm_core_now(q->core), &query, &view, &q->arena, out);
}

static int answer_unmapped(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                           const char **why) {
  size_t n;
  (void)r, (void)stream, (void)why;
  const struct vsm_unmapped_view *rows = vsm_core_unmapped(q->core, &q->arena, &n);
  return vsm_reply_unmapped(rows, n, &q->arena, out);
}

static int answer_rejected(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                           const char **why) {
  size_t n;
  (void)r, (void)stream, (void)why;
  const struct vsm_rejected_view *rows = vsm_core_rejected(q->core, &q->arena, &n);
  return vsm_reply_rejected(rows, n, &q->arena, out);
}

static int answer_sources(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                          const char **why) {
  size_t n;
  (void)r, (void)stream, (void)why;
  const struct vsm_source_view *rows = vsm_core_sources(q->core, &q->arena, &n);
  return vsm_reply_sources(rows, n, &q->arena, out);
}

static int answer_status(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                         const char **why) {
  struct vsm_status_view status;
  (void)r, (void)stream, (void)why;
  q->o.status(q->o.ctx, &status);
  return vsm_reply_status(&status, &q->arena, out);
}

static int answer_reload(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                         const char **why) {
  char *text = NULL;
  struct vsm_status_view status;
  (void)r, (void)stream;
  int err = q->o.reload(q->o.ctx, &text, &q->recorded);
  if (err) {
    *why = text ? vsm_arena_strdup(&q->arena, text) : NULL;
    free(text);
    return err;
  }
  q->o.status(q->o.ctx, &status);
  return vsm_reply_reloaded(status.configuration, &q->arena, out);
}

// What changes the state is a record, and answered when that is on disk.
static int answer_order(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                        const char **why) {
  if (r->key.n == 0) {
    *why = vsm_no_such_item(q->model, VSM_ENOENT, r->key, 0, &q->arena);
    return VSM_ENOENT;
  }
  struct vsm_ordered done = {0};
  int err = q->o.order(q->o.ctx, r, stream, q->frame, &q->arena, &done, why);
  q->recorded = done.recorded;
  return err ? err : vsm_reply_done(r->key, stream < 0 ? "" : q->model->streams[stream].id, 0, &q->arena, out);
}

static int answer_clock_accept(struct vsm_query_socket *q, const struct vsm_request *r, int stream,
                               struct vsm_message *out, const char **why) {
  (void)r, (void)stream, (void)why;
  q->o.clock_accept(q->o.ctx);
  return vsm_reply_done((struct vsm_str){0}, "", 0, &q->arena, out);
}

static int answer_rebuild(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                          const char **why) {
  (void)stream;
  int err = q->o.rebuild(q->o.ctx, r->partial, &q->arena, why);
  return err ? err : vsm_reply_done((struct vsm_str){0}, "", 0, &q->arena, out);
}

// without: what is said where the question is of one value stream and names none; NULL: it need not, or, as edges do,
// says more itself.
static const struct {
  vsm_answer_fn *answer;
  const char *without;
} questions[] = {
    [VSM_ASK_SNAPSHOT] = {answer_snapshot, NULL},
    [VSM_ASK_ITEMS] = {answer_items, NULL},
    [VSM_ASK_ITEM] = {answer_item, NULL},
    [VSM_ASK_UNMAPPED] = {answer_unmapped, NULL},
    [VSM_ASK_REJECTED] = {answer_rejected, NULL},
    [VSM_ASK_SOURCES] = {answer_sources, NULL},
    [VSM_ASK_STATUS] = {answer_status, NULL},
    [VSM_ASK_RELOAD] = {answer_reload, NULL},
    [VSM_ASK_SERIES] = {answer_series, "a series is asked for without a value stream"},
    [VSM_ASK_EDGES] = {answer_edges, NULL},
    [VSM_ASK_BOTTLENECK] = {answer_bottleneck, NULL},
    [VSM_ASK_FORECAST] = {answer_forecast, "a forecast is asked for without a value stream"},
    [VSM_ASK_SEGMENTS] = {answer_segments, "segments are asked for without a value stream"},
    [VSM_ASK_WITHDRAW] = {answer_order, NULL},
    [VSM_ASK_FORGET] = {answer_order, NULL},
    [VSM_ASK_REBUILD] = {answer_rebuild, NULL},
    [VSM_ASK_CLOCK_ACCEPT] = {answer_clock_accept, NULL},
    [VSM_ASK_ALERTS] = {vsm_answer_alerts, NULL},
    [VSM_ASK_SILENCE] = {vsm_answer_silence, NULL},
    [VSM_ASK_ACKNOWLEDGE] = {vsm_answer_acknowledge, NULL},
    [VSM_ASK_VISITS] = {answer_visits, "visits are asked for without a value stream"},
};

static int answer_question(struct vsm_query_socket *q, const struct vsm_request *r, struct vsm_message *out,
                           const char **why) {
  int stream = vsm_answer_find(q, -1, r->stream, why);
  bool past = r->kind == VSM_ASK_ALERTS && r->history != 0; // also of what is configured no more
  if (stream == VSM_ENOENT && !past)
    return stream;
  if (stream < 0 && !past && (*why = questions[r->kind].without) != NULL)
    return VSM_EINVAL;
  return questions[r->kind].answer(q, r, stream, out, why);
}

// By name: a reload drops the clients of before.
static struct vsm_caller name_caller(struct vsm_query_socket *q) {
  const char *name = vsm_arena_strdup(&q->arena, q->caller.name);
  const char *address = vsm_zsock_address(q->sock);
  return (struct vsm_caller){.name = name ? name : "", .key = q->caller.key, .address = address ? address : ""};
}

// 0, or an error with *why: also where it may not be asked.
static int answer_allowed(struct vsm_query_socket *q, struct vsm_request *r, struct vsm_message *out,
                          const char **why) {
  struct vsm_caller asked = vsm_answer_is_order(r) ? name_caller(q) : q->caller;
  *why = vsm_answer_refuse(q, r);
  bool allowed = *why == NULL;
  int err = allowed ? answer_question(q, r, out, why) : VSM_EINVAL;
  if (!allowed)
    vsm_auth_refuse(q->o.auth, &q->caller, "query", *why);
  if (vsm_answer_is_order(r))
    vsm_audit_order(q->o.aside, &asked, r, q->recorded,
                    !allowed      ? VSM_ORDER_NOT_ALLOWED
                    : err || *why ? VSM_ORDER_FAILED
                                  : VSM_ORDER_DONE);
  return err;
}

int vsm_answer(struct vsm_query_socket *q, struct vsm_str frame, struct vsm_message *out) {
  struct vsm_request r;
  const char *why = NULL;
  int err = vsm_wire_decode_request(frame, &r);
  q->frame = frame;
  q->recorded = 0;
  q->o.pass_time(q->o.ctx);
  if (err)
    why = "this is no request: docs/wire.md, proto/vsm/v1/query.proto";
  else if (!questions[r.kind].answer)
    why = "this version does not know such a question";
  else
    err = answer_allowed(q, &r, out, &why);
  if (err || why)
    err = vsm_reply_error(why ? why : vsm_err_text(err), &q->arena, out);
  return err;
}
