// A question of the route's kind is made by the descriptors of the messages: the parameters have the names of the
// request's fields, and the answer is the field of the reply that has the name of the request's. So what is told here
// is what `vsm ... --json` prints.
#include "agents/web/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ask/finished.h"
#include "agents/ask/pages.h"
#include "agents/ask/panes.h"
#include "agents/ask/segmented.h"
#include "agents/lib/number.h"
#include "agents/web/csv.h"
#include "agents/web/daemon.h"
#include "agents/web/http.h"
#include "agents/web/server.h"
#include "base/mem.h"
#include "vsm/json.h"

// --- the request

static bool set_number(const char *text, uint64_t most, uint64_t *to) {
  return vsm_number_read(text, to) && *to <= most;
}

// Returns what is allowed where the text is not that.
static const char *set_field(const ProtobufCFieldDescriptor *f, void *at, const char *text) {
  uint64_t n = 0;
  switch (f->type) {
  case PROTOBUF_C_TYPE_STRING:
    *(const char **)at = text;
    return NULL;
  case PROTOBUF_C_TYPE_BOOL:
    *(protobuf_c_boolean *)at = strcmp(text, "true") == 0;
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? NULL : "true, false";
  case PROTOBUF_C_TYPE_UINT32:
    if (!set_number(text, UINT32_MAX, &n))
      return "a whole number below 2^32";
    *(uint32_t *)at = (uint32_t)n;
    return NULL;
  case PROTOBUF_C_TYPE_UINT64:
    return set_number(text, UINT64_MAX, at) ? NULL : "a whole number below 2^64";
  default:
    return "nothing";
  }
}

static void *field_at(const ProtobufCMessage *m, const char *name, const ProtobufCFieldDescriptor **f) {
  *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
  return *f ? (char *)m + (*f)->offset : NULL;
}

static bool set_named(struct vsm_exchange *x, ProtobufCMessage *m, const char *name, const char *text) {
  const ProtobufCFieldDescriptor *f;
  void *at = field_at(m, name, &f);
  const char *allowed = at ? set_field(f, at, text) : "nothing";
  if (!allowed)
    return true;
  vsm_http_problem(x, 400, "%s=%.64s; allowed: %s", name, text, allowed);
  return false;
}

// segment=region=north
static bool set_segment(struct vsm_exchange *x, ProtobufCMessage *m, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text || !equals[1]) {
    vsm_http_problem(x, 400, "segment=%.64s; allowed: ATTRIBUTE=VALUE, as region=north", text);
    return false;
  }
  char *attribute = vsm_mem_need(vsm_arena_strndup(&x->arena, text, (size_t)(equals - text)), 0);
  return set_named(x, m, "attribute", attribute) && set_named(x, m, "value", equals + 1);
}

static bool set_params(struct vsm_exchange *x, ProtobufCMessage *m) {
  bool good = !*x->key || set_named(x, m, "key", x->key);
  for (size_t i = 0; good && i < x->n_params; i++) {
    const struct vsm_http_param *p = &x->params[i];
    if (*p->value)
      good = strcmp(p->name, "segment") == 0 ? set_segment(x, m, p->value) : set_named(x, m, p->name, p->value);
  }
  return good;
}

// --- the answer

void vsm_api_say_gone(struct vsm_exchange *x) {
  char members[64];
  uint64_t since = vsm_daemon_line_stale_since(x->web->daemon);
  snprintf(members, sizeof members, ", \"stale_since_unix_nano\": %" PRIu64, since);
  vsm_http_set_header(x, "Retry-After", "1");
  vsm_http_problem_with(x, 503, members, "the daemon does not answer; it is asked every second until it does");
}

// The daemon says "no stream ...", "no item ..." of what it does not know.
static void say_refusal(struct vsm_exchange *x, const char *error) {
  vsm_http_problem(x, strncmp(error, "no ", 3) == 0 ? 404 : 400, "%.*s", (int)strcspn(error, "\n"), error);
}

static bool wants_table(const struct vsm_exchange *x) {
  return x->route->table && vsm_http_accepts(x, "text/csv");
}

static void reply_table(struct vsm_exchange *x, FILE *out, char **text, const size_t *n) {
  bool good = fclose(out) == 0;
  if (good)
    vsm_http_reply(x, 200, "text/csv; charset=utf-8; header=present", *text, *n);
  else
    vsm_http_json(x, NULL);
  free(*text);
}

static void show_message(struct vsm_exchange *x, const ProtobufCMessage *m) {
  char *text = NULL;
  size_t n = 0;
  if (!wants_table(x)) {
    vsm_http_json(x, vsm_json_message(m, NULL));
    return;
  }
  FILE *out = vsm_mem_need(open_memstream(&text, &n), 0);
  vsm_csv_print(out, m, x->route->table);
  reply_table(x, out, &text, &n);
}

void vsm_api_ask(struct vsm_exchange *x, const Vsm__V1__Request *request, vsm_query_fn *fn) {
  if (vsm_daemon_line_ask(x->web->daemon, request, fn, x) != 0)
    vsm_api_say_gone(x);
}

bool vsm_api_is_answer(struct vsm_exchange *x, const char *kind, int err, const Vsm__V1__Reply *reply) {
  if (err) {
    vsm_api_say_gone(x);
  } else if (*reply->error) {
    say_refusal(x, reply->error);
  } else {
    if (protobuf_c_message_descriptor_get_field_by_name(reply->base.descriptor, kind)->id == reply->kind_case)
      return true;
    vsm_http_problem(x, 500, "the daemon answered something else");
  }
  return false;
}

void vsm_api_answer(struct vsm_exchange *x, const char *kind, int err, const Vsm__V1__Reply *reply) {
  const ProtobufCFieldDescriptor *f;
  if (vsm_api_is_answer(x, kind, err, reply))
    show_message(x, *(const ProtobufCMessage *const *)field_at(&reply->base, kind, &f));
}

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct vsm_exchange *x = ctx;
  vsm_api_answer(x, x->route->kind, err, reply);
}

void vsm_api_question(struct vsm_exchange *x) {
  const ProtobufCFieldDescriptor *f;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  void *at = field_at(&r.base, x->route->kind, &f);
  const ProtobufCMessageDescriptor *type = f->descriptor;
  ProtobufCMessage *m = vsm_mem_need(vsm_arena_alloc(&x->arena, type->sizeof_message), type->sizeof_message);
  protobuf_c_message_init(type, m);
  *(ProtobufCMessage **)at = m;
  r.kind_case = f->id;
  if (set_params(x, m))
    vsm_api_ask(x, &r, on_reply);
}

// --- what takes several requests

static vsm_query_fn on_step;

// Asks what is to be asked next; when all is there, shows it.
static void go_on(struct vsm_exchange *x) {
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  if (x->inquiry->next(x->inquiry, &r))
    vsm_api_ask(x, &r, on_step);
  else if (*x->inquiry->why)
    say_refusal(x, x->inquiry->why);
  else
    x->show(x);
}

static void on_step(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct vsm_exchange *x = ctx;
  if (err) {
    vsm_api_say_gone(x);
    return;
  }
  x->inquiry->take(x->inquiry, reply);
  go_on(x);
}

static void inquire(struct vsm_exchange *x, struct vsm_inquiry *q, vsm_handler_fn *show) {
  x->inquiry = q;
  x->show = show;
  go_on(x);
}

static void show_items(struct vsm_exchange *x) {
  show_message(x, &((struct vsm_pages *)x->inquiry)->rows->base);
}

void vsm_api_items(struct vsm_exchange *x) {
  struct vsm_pages *q = vsm_mem_need(vsm_arena_alloc(&x->arena, sizeof *q), sizeof *q);
  Vsm__V1__ItemsRequest request = VSM__V1__ITEMS_REQUEST__INIT;
  if (!set_params(x, &request.base))
    return;
  vsm_pages_init(q, &request, request.limit, "");
  inquire(x, &q->inquiry, show_items);
}

static void show_visits(struct vsm_exchange *x) {
  show_message(x, &((struct vsm_finished *)x->inquiry)->visits->base);
}

void vsm_api_visits(struct vsm_exchange *x) {
  struct vsm_finished *q = vsm_mem_need(vsm_arena_alloc(&x->arena, sizeof *q), sizeof *q);
  Vsm__V1__VisitsRequest request = VSM__V1__VISITS_REQUEST__INIT;
  if (!set_params(x, &request.base))
    return;
  vsm_finished_init(q, &request, request.limit, "");
  inquire(x, &q->inquiry, show_visits);
}

static void show_snapshot(struct vsm_exchange *x) {
  show_message(x, &((struct vsm_segmented *)x->inquiry)->snapshot->base);
}

void vsm_api_snapshot(struct vsm_exchange *x) {
  struct vsm_segmented *q = vsm_mem_need(vsm_arena_alloc(&x->arena, sizeof *q), sizeof *q);
  Vsm__V1__SegmentsRequest wanted = VSM__V1__SEGMENTS_REQUEST__INIT;
  const char *segment = vsm_http_param(x, "segment"), *all = vsm_http_param(x, "segments");
  if (*segment && !set_segment(x, &wanted.base, segment))
    return;
  if (*all && strcmp(all, "true") != 0 && strcmp(all, "false") != 0) {
    vsm_http_problem(x, 400, "segments=%.64s; allowed: true, false", all);
    return;
  }
  vsm_segmented_init(q, &(struct vsm_segmented_options){.stream = vsm_http_param(x, "stream"),
                                                        .segments = *segment || strcmp(all, "true") == 0,
                                                        .attribute = wanted.attribute,
                                                        .value = wanted.value});
  inquire(x, &q->inquiry, show_snapshot);
}

// A row for each pane and stage, before them one of the stream (its stage is empty).
static void print_panes(FILE *out, const struct vsm_panes *p) {
  Vsm__V1__SeriesPane none = VSM__V1__SERIES_PANE__INIT;
  fputs("stage", out);
  vsm_csv_names(out, &none.base);
  for (size_t i = p->first; i < p->n_panes; i++)
    for (size_t k = 0; k <= p->n_stages; k++) {
      vsm_csv_text(out, k ? p->stages[k - 1]->id : "");
      vsm_csv_values(out, &p->nodes[k].panes[i].base);
    }
}

static void show_series(struct vsm_exchange *x) {
  const struct vsm_panes *p = (struct vsm_panes *)x->inquiry;
  char *text = NULL;
  size_t n = 0;
  FILE *out = vsm_mem_need(open_memstream(&text, &n), 0);
  if (wants_table(x)) {
    print_panes(out, p);
    reply_table(x, out, &text, &n);
    return;
  }
  vsm_panes_json(out, p);
  fclose(out);
  vsm_http_json(x, text);
}

void vsm_api_series(struct vsm_exchange *x) {
  struct vsm_panes_options o = {.stream = vsm_http_param(x, "stream"),
                                .stage = vsm_http_param(x, "stage"),
                                .window = vsm_http_param(x, "window"),
                                .by = vsm_http_param(x, "by"),
                                .zone = vsm_http_param(x, "zone")};
  const char *last = vsm_http_param(x, "last");
  if (!*o.stream)
    vsm_http_problem(x, 400, "a series is of one value stream: stream=ID");
  else if (*last && !set_number(last, UINT32_MAX, &o.last))
    vsm_http_problem(x, 400, "last=%.64s; allowed: a whole number", last);
  else
    inquire(x, &vsm_panes_create(&o, "")->inquiry, show_series);
}

// --- what is known without a question

void vsm_api_health(struct vsm_exchange *x) {
  vsm_http_reply(x, 200, "text/plain; charset=utf-8", "ok\n", 3);
}

void vsm_api_ready(struct vsm_exchange *x) {
  if (vsm_daemon_line_stale_since(x->web->daemon))
    vsm_api_say_gone(x);
  else
    vsm_http_reply(x, 200, "text/plain; charset=utf-8", "ok\n", 3);
}

void vsm_api_page(struct vsm_exchange *x) {
  static const char page[] = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>vsm-web</title>"
                             "<p>This vsm-web was built without its dashboard; the API begins at "
                             "<a href=\"/api/v1/snapshot\">/api/v1/snapshot</a>.</p></html>\n";
  vsm_http_reply(x, 200, "text/html; charset=utf-8", page, sizeof page - 1);
}
