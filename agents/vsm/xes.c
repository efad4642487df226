// IEEE 1849: log > trace > event, each with attributes <string key= value=/>, <date>, <int>, <float>, <boolean>, <id>.
// An attribute may nest others, and lists hold some: those are read under "outer.inner". Streams: one trace's own
// attributes and one event are held at a time.
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "logs.h"
#include "when.h"

enum { ATTRIBUTES_MAX = 256, DEPTH_MAX = 16, CHUNK_BYTES = 64 * 1024 };

struct attributes {
  struct vsm_arena arena;
  struct vsm_emitter_attribute at[ATTRIBUTES_MAX];
  size_t n;
};

struct xes {
  const struct vsm_log_reader *r;
  XML_Parser parser;
  struct attributes trace, event;
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

static void clear(struct attributes *a) {
  vsm_arena_reset(&a->arena);
  a->n = 0;
}

static const char *find(const struct attributes *a, const char *key) {
  for (size_t i = 0; i < a->n; i++)
    if (strcmp(a->at[i].key, key) == 0)
      return a->at[i].value;
  return "";
}

static void begin_attribute(struct xes *x, const char **attrs) {
  struct attributes *a = x->in_event ? &x->event : &x->trace;
  const char *key = get(attrs, "key"), *value = get(attrs, "value");
  const char *outer = x->depth > 0 && x->depth <= DEPTH_MAX ? x->path[x->depth - 1] : NULL;
  const char *name = !key    ? outer
                     : outer ? vsm_arena_printf(&a->arena, "%s.%s", outer, key)
                             : vsm_arena_strdup(&a->arena, key);
  if (x->depth < DEPTH_MAX)
    x->path[x->depth] = name;
  x->depth++;
  if (key && value && *value && name && a->n < ATTRIBUTES_MAX)
    a->at[a->n++] = (struct vsm_emitter_attribute){name, vsm_arena_strdup(&a->arena, value)};
}

static void XMLCALL on_begin(void *ctx, const char *name, const char **attrs) {
  struct xes *x = ctx;
  if (x->skip > 0 || x->status) {
    x->skip += x->skip > 0;
  } else if (strcmp(name, "log") == 0) {
    x->in_log = true;
  } else if (x->in_log && strcmp(name, "trace") == 0) {
    x->in_trace = true;
    clear(&x->trace);
  } else if (x->in_trace && strcmp(name, "event") == 0) {
    x->in_event = true;
    clear(&x->event);
  } else if (x->in_trace && is_attribute(name)) {
    begin_attribute(x, attrs);
  } else {
    x->skip = 1;
  }
}

// What our own export wrote: the event that it came from, with its own data alone.
static bool restore(const struct xes *x, struct vsm_emitter_event *e, struct vsm_emitter_attribute *data) {
  if (!*find(&x->event, "vsm:source") || !*find(&x->event, "vsm:type"))
    return false;
  e->source = find(&x->event, "vsm:source");
  e->type = find(&x->event, "vsm:type");
  e->subject = find(&x->event, "vsm:subject");
  e->id = find(&x->event, "vsm:id");
  e->n_data = 0;
  for (size_t i = 0; i < x->event.n; i++) {
    const char *key = x->event.at[i].key;
    if (strncmp(key, "vsm:", 4) != 0 && strcmp(key, "concept:name") != 0 && strcmp(key, "time:timestamp") != 0)
      data[e->n_data++] = x->event.at[i];
  }
  return true;
}

static void emit(struct xes *x) {
  struct vsm_emitter_attribute data[2 * ATTRIBUTES_MAX];
  char what[200];
  unsigned long line = XML_GetCurrentLineNumber(x->parser);
  struct vsm_emitter_event e = {.source = "xes",
                                .type = find(&x->event, "concept:name"),
                                .subject = find(&x->trace, "concept:name"),
                                .data = data};
  for (size_t i = 0; i < x->event.n; i++)
    data[e.n_data++] = x->event.at[i];
  for (size_t i = 0; i < x->trace.n && e.n_data < ATTRIBUTES_MAX; i++)
    data[e.n_data++] = (struct vsm_emitter_attribute){vsm_arena_printf(&x->event.arena, "case:%s", x->trace.at[i].key),
                                                      x->trace.at[i].value};
  restore(x, &e, data);
  const char *time = find(&x->event, "time:timestamp");
  if (!vsm_when_parse(time, &e.time_unix_nano)) {
    snprintf(what, sizeof what, "time:timestamp \"%.60s\" is missing or not RFC 3339, after 1970 and before 2100",
             time);
    x->r->on_mistake(x->r->ctx, line, what);
  } else if (!*e.type) {
    x->r->on_mistake(x->r->ctx, line, "an event without concept:name");
  } else {
    x->status = x->r->on_event(x->r->ctx, &e);
  }
}

static void XMLCALL on_end(void *ctx, const char *name) {
  struct xes *x = ctx;
  if (x->skip > 0) {
    x->skip--;
  } else if (x->in_event && x->depth == 0 && strcmp(name, "event") == 0) {
    if (!x->status)
      emit(x);
    x->in_event = false;
  } else if (x->in_trace && x->depth == 0 && strcmp(name, "trace") == 0) {
    x->in_trace = false;
  } else if (x->depth > 0) {
    x->depth--;
  }
}

static void parse(struct xes *x, gzFile in) {
  for (int n = 1; n > 0 && !x->status;) {
    void *buf = XML_GetBuffer(x->parser, CHUNK_BYTES);
    n = buf ? gzread(in, buf, CHUNK_BYTES) : -1;
    if (n < 0) {
      x->r->on_mistake(x->r->ctx, XML_GetCurrentLineNumber(x->parser), "the file cannot be read on");
      x->status = VSM_FAILED;
    } else if (XML_ParseBuffer(x->parser, n, n == 0) == XML_STATUS_ERROR) {
      x->r->on_mistake(x->r->ctx, XML_GetCurrentLineNumber(x->parser), XML_ErrorString(XML_GetErrorCode(x->parser)));
      x->status = VSM_FAILED;
    }
    if (x->r->on_bytes)
      x->r->on_bytes(x->r->ctx, (uint64_t)gzoffset(in));
  }
}

int vsm_xes_read(const char *path, const struct vsm_log_reader *r) {
  struct xes *x = vsm_mem_alloc(sizeof *x);
  gzFile in = gzopen(path, "rb");
  x->r = r;
  x->parser = XML_ParserCreate(NULL);
  vsm_arena_init(&x->trace.arena, 0);
  vsm_arena_init(&x->event.arena, 0);
  if (!in || !x->parser) {
    r->on_mistake(r->ctx, 0, "the file cannot be opened");
    x->status = VSM_FAILED;
  } else {
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_begin, on_end);
    parse(x, in);
  }
  if (in)
    gzclose(in);
  if (x->parser)
    XML_ParserFree(x->parser);
  int status = x->status;
  vsm_arena_fini(&x->trace.arena);
  vsm_arena_fini(&x->event.arena);
  free(x);
  return status;
}
