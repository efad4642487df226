// IEEE 1849: log > trace > event, each with attributes <string key= value=/>, <date>, <int>, <float>, <boolean>, <id>.
// An attribute may nest others, and lists and containers hold some: those are read under "outer.inner". One trace is
// held at a time, as its own attributes may stand behind its events.
#include "logs.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "cmd.h"
#include "base/when.h"
#include "xml_key.h"

enum { DATA_MAX = 256, DEPTH_MAX = 16, CHUNK_BYTES = 64 * 1024 };

struct attributes {
  struct vsm_emitter_attribute *at;
  size_t n, cap;
};

struct event {
  unsigned long line;
  size_t first, n; // its attributes, among those of all events of the trace
};

struct xes {
  const struct vsm_log_reader *r;
  XML_Parser parser;
  struct vsm_arena arena;        // texts of the trace at hand
  struct attributes trace, data; // of the trace; of its events
  struct event *events;
  size_t n_events, cap_events;
  bool in_log, in_trace, in_event;
  unsigned depth; // of attributes within attributes
  const char *path[DEPTH_MAX];
  unsigned skip; // inside an element that is no attribute: extension, global, classifier
  int status;
};

static bool is_attribute(const char *name) {
  static const char *const names[] = {"string", "date", "int", "float", "boolean", "id", "list", "container", "values"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0)
      return true;
  return false;
}

static const char *get(const char **attrs, const char *name) {
  for (; *attrs; attrs += 2)
    if (strcmp(attrs[0], name) == 0)
      return attrs[1];
  return NULL;
}

static const char *find(const struct vsm_emitter_attribute *at, size_t n, const char *key) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(at[i].key, key) == 0)
      return at[i].value;
  return "";
}

static void *need(void *p) {
  return vsm_mem_need(p, 0);
}

// --- a trace, and what it says

// Of what our own export wrote only the event's own data is its data. NULL: it is none. Keys lie in the arena.
static const char *data_key(const char *key) {
  const size_t n = sizeof VSM_XML_DATA - 1;
  if (strncmp(key, VSM_XML_DATA, n) == 0)
    return vsm_xml_unkey((char *)key + n) ? key + n : NULL;
  return vsm_xml_is_exports(vsm_str_of(key)) ? NULL : key;
}

static bool restore(const struct vsm_emitter_attribute *at, size_t n, struct vsm_emitter_event *e,
                    struct vsm_emitter_attribute *data) {
  if (!*find(at, n, "vsm:source") || !*find(at, n, "vsm:type"))
    return false;
  e->source = find(at, n, "vsm:source");
  e->type = find(at, n, "vsm:type");
  e->subject = find(at, n, "vsm:subject");
  e->id = find(at, n, "vsm:id");
  for (size_t i = 0; i < n && e->n_data < DATA_MAX; i++) {
    const char *key = data_key(at[i].key);
    if (key)
      data[e->n_data++] = (struct vsm_emitter_attribute){key, at[i].value};
  }
  return true;
}

static const char *convert(struct xes *x, const struct event *own, struct vsm_emitter_event *e,
                           struct vsm_emitter_attribute *data, char *what, size_t size) {
  const struct vsm_emitter_attribute *at = x->data.at + own->first;
  *e = (struct vsm_emitter_event){.source = "xes",
                                  .type = find(at, own->n, "concept:name"),
                                  .subject = find(x->trace.at, x->trace.n, "concept:name"),
                                  .data = data};
  const char *time = find(at, own->n, "time:timestamp");
  if (!*time)
    return "an event without time:timestamp";
  if (!vsm_when_parse(time, &e->time_unix_nano))
    return snprintf(what, size, "time:timestamp \"%.60s\" is not " VSM_WHEN_ALLOWED, time), what;
  if (restore(at, own->n, e, data))
    return NULL;
  if (!*e->type)
    return "an event without concept:name";
  if (own->n + x->trace.n > DATA_MAX)
    return "more than 256 attributes, those of its trace counted";
  for (size_t i = 0; i < own->n; i++)
    data[e->n_data++] = at[i];
  for (size_t i = 0; i < x->trace.n; i++) {
    const char *key = need(vsm_arena_printf(&x->arena, "case:%s", x->trace.at[i].key));
    data[e->n_data++] = (struct vsm_emitter_attribute){key, x->trace.at[i].value};
  }
  return NULL;
}

static void begin_trace(struct xes *x) {
  vsm_arena_reset(&x->arena);
  x->trace.n = x->data.n = x->n_events = 0;
}

static void end_trace(struct xes *x) {
  struct vsm_emitter_attribute data[DATA_MAX];
  struct vsm_emitter_event e;
  char what[200];
  for (size_t i = 0; i < x->n_events && !x->status; i++) {
    const char *wrong = convert(x, &x->events[i], &e, data, what, sizeof what);
    if (wrong)
      x->r->on_mistake(x->r->ctx, x->events[i].line, wrong);
    else
      x->status = x->r->on_event(x->r->ctx, &e, x->events[i].line);
  }
  x->n_events = 0;
  if (x->status)
    XML_StopParser(x->parser, XML_FALSE);
}

// --- elements

static void begin_event(struct xes *x) {
  if (!x->in_trace)
    begin_trace(x); // a log may hold events that are in no trace
  x->events = vsm_mem_grow(x->events, x->n_events, &x->cap_events, sizeof *x->events);
  x->events[x->n_events++] = (struct event){XML_GetCurrentLineNumber(x->parser), x->data.n, 0};
  x->in_event = true;
}

static void begin_attribute(struct xes *x, const char **attrs) {
  const char *key = get(attrs, "key"), *value = get(attrs, "value");
  const char *outer = x->depth > 0 ? x->path[x->depth - 1] : NULL, *name = outer;
  if (key)
    name = need(outer ? vsm_arena_printf(&x->arena, "%s.%s", outer, key) : vsm_arena_strdup(&x->arena, key));
  x->path[x->depth++] = name;
  if (!key || !value || !*value)
    return;
  struct attributes *a = x->in_event ? &x->data : &x->trace;
  a->at = vsm_mem_grow(a->at, a->n, &a->cap, sizeof *a->at);
  a->at[a->n++] = (struct vsm_emitter_attribute){name, need(vsm_arena_strdup(&x->arena, value))};
  if (x->in_event)
    x->events[x->n_events - 1].n++;
}

static void XMLCALL on_begin(void *ctx, const char *name, const char **attrs) {
  struct xes *x = ctx;
  bool deeper = x->depth > 0;
  if (x->skip > 0)
    x->skip++;
  else if (!x->in_log && strcmp(name, "log") == 0)
    x->in_log = true;
  else if (x->in_log && !x->in_trace && !x->in_event && strcmp(name, "trace") == 0)
    begin_trace(x), x->in_trace = true;
  else if (x->in_log && !x->in_event && !deeper && strcmp(name, "event") == 0)
    begin_event(x);
  else if ((x->in_trace || x->in_event) && x->depth < DEPTH_MAX && is_attribute(name))
    begin_attribute(x, attrs);
  else
    x->skip = 1;
}

static void XMLCALL on_end(void *ctx, const char *name) {
  struct xes *x = ctx;
  (void)name; // expat sees to it that ends match
  if (x->skip > 0) {
    x->skip--;
  } else if (x->depth > 0) {
    x->depth--;
  } else if (x->in_event) {
    x->in_event = false;
    if (!x->in_trace)
      end_trace(x);
  } else if (x->in_trace) {
    x->in_trace = false;
    end_trace(x);
  }
}

// --- the file

static void broken(struct xes *x, const char *what) {
  unsigned long line = XML_GetCurrentLineNumber(x->parser);
  if (x->in_event && x->n_events > 0)
    x->n_events--; // not whole
  end_trace(x);
  x->r->on_mistake(x->r->ctx, line, what);
  x->status = x->status ? x->status : VSM_FAILED;
}

static void parse(struct xes *x, gzFile in) {
  char what[160];
  for (int n = 1; n > 0 && !x->status;) {
    void *buf = need(XML_GetBuffer(x->parser, CHUNK_BYTES));
    n = gzread(in, buf, CHUNK_BYTES);
    if (n < 0) {
      broken(x, "the compressed file is damaged here; the rest is not read");
    } else if (XML_ParseBuffer(x->parser, n, n == 0) == XML_STATUS_ERROR && !x->status) {
      snprintf(what, sizeof what, "not well-formed XML: %s; the rest is not read",
               XML_ErrorString(XML_GetErrorCode(x->parser)));
      broken(x, what);
    }
    if (x->r->on_bytes)
      x->r->on_bytes(x->r->ctx, (uint64_t)gzoffset(in));
  }
  if (!x->status && !x->in_log) {
    x->r->on_mistake(x->r->ctx, 1, "no event log: its outermost element is not <log>");
    x->status = VSM_FAILED;
  }
}

int vsm_xes_read(const char *path, const struct vsm_log_reader *r) {
  struct xes x = {.r = r};
  gzFile in = gzopen(path, "rb");
  if (!in) {
    r->on_mistake(r->ctx, 0, "the file cannot be opened");
    return VSM_FAILED;
  }
  x.parser = need(XML_ParserCreate(NULL));
  vsm_arena_init(&x.arena, 0);
  XML_SetUserData(x.parser, &x);
  XML_SetElementHandler(x.parser, on_begin, on_end);
  parse(&x, in);
  gzclose(in);
  XML_ParserFree(x.parser);
  vsm_arena_fini(&x.arena);
  free(x.trace.at);
  free(x.data.at);
  free(x.events);
  return x.status;
}
