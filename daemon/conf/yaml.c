// libyaml's parser says what comes next (a scalar, the begin or end of a list or map) and where; each node is appended
// to the innermost open collection, which stands on a small stack. A collection's members are linked in order; in a
// map a scalar becomes the key of the node behind it. libyaml itself builds such a tree too, but there an alias is
// silently the node that it names, so that a few lines can stand for billions; here it is a mistake with its place.
// Depth and number of nodes are bounded, so a hostile text costs at most in proportion to its size.
#include "conf/yaml.h"

#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "conf/forms.h"

enum { DEPTH_MAX = 16, NODES_MAX = 500000 };

struct open {
  struct vsm_yaml *node;
  struct vsm_yaml *key;   // of a map: read, its value not yet
  struct vsm_yaml **tail; // where the next member is linked
};

struct builder {
  struct vsm_arena *arena;
  struct vsm_conf_report *report;
  const char *file;
  struct open stack[DEPTH_MAX];
  unsigned depth, n_nodes, n_documents;
  struct vsm_yaml *root;
  bool broken;
};

static void complain(struct builder *b, yaml_mark_t at, const char *what) {
  vsm_conf_report_add(b->report, b->file, (unsigned)at.line + 1, (unsigned)at.column + 1, "%s", what);
}

static void give_up(struct builder *b, yaml_mark_t at, const char *what) {
  complain(b, at, what);
  b->broken = true;
}

static struct vsm_yaml *node_new(struct builder *b, enum vsm_yaml_kind kind, yaml_mark_t at) {
  struct vsm_yaml *n = vsm_mem_need(vsm_arena_zalloc(b->arena, sizeof *n), sizeof *n);
  *n = (struct vsm_yaml){.kind = kind, .line = (unsigned)at.line + 1, .column = (unsigned)at.column + 1, .text = ""};
  return n;
}

// Hangs a node into the innermost open collection.
static void attach(struct builder *b, struct vsm_yaml *n, yaml_mark_t at) {
  if (++b->n_nodes > NODES_MAX) {
    give_up(b, at, "too many values; allowed: 500000 in a file");
    return;
  }
  if (b->depth == 0) {
    if (!b->root)
      b->root = n;
    return;
  }
  struct open *in = &b->stack[b->depth - 1];
  if (in->node->kind == VSM_YAML_MAP && !in->key) {
    if (n->kind != VSM_YAML_SCALAR)
      complain(b, at, "a list or map as key; allowed: a plain name");
    n->broken = n->broken || n->kind != VSM_YAML_SCALAR;
    in->key = n;
    return;
  }
  n->key = in->key;
  in->key = NULL;
  *in->tail = n;
  in->tail = &n->next;
  in->node->n++;
}

static void open_collection(struct builder *b, enum vsm_yaml_kind kind, yaml_mark_t at) {
  struct vsm_yaml *n = node_new(b, kind, at);
  attach(b, n, at);
  if (b->depth == DEPTH_MAX)
    give_up(b, at, "nested too deeply; allowed: 16 levels");
  else
    b->stack[b->depth++] = (struct open){.node = n, .tail = &n->first};
}

// Tags and anchors would make a value mean more than stands there.
static bool is_plain(struct builder *b, yaml_mark_t at, const void *anchor, const void *tag) {
  if (tag)
    complain(b, at, "a tag; allowed: plain values, lists and maps");
  if (anchor)
    complain(b, at, "an anchor; allowed: every value written out where it is used");
  return !tag && !anchor;
}

static void scalar(struct builder *b, const yaml_event_t *e) {
  struct vsm_yaml *n = node_new(b, VSM_YAML_SCALAR, e->start_mark);
  const char *text = (const char *)e->data.scalar.value;
  size_t length = e->data.scalar.length, at;
  n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  n->broken = !is_plain(b, e->start_mark, e->data.scalar.anchor, e->data.scalar.tag);
  if (strlen(text) != length || vsm_form_text(text, &at)) {
    complain(b, e->start_mark, "a control character or line break in a value; allowed: text of one line");
    n->broken = true;
  } else {
    n->text = vsm_mem_need(vsm_arena_strndup(b->arena, text, length), length);
  }
  attach(b, n, e->start_mark);
}

static void take(struct builder *b, const yaml_event_t *e) {
  struct vsm_yaml *n;
  switch (e->type) {
  case YAML_DOCUMENT_START_EVENT:
    if (++b->n_documents == 2)
      give_up(b, e->start_mark, "a second document; allowed: one");
    break;
  case YAML_ALIAS_EVENT:
    complain(b, e->start_mark, "an alias; allowed: every value written out where it is used");
    n = node_new(b, VSM_YAML_SCALAR, e->start_mark);
    n->broken = true;
    attach(b, n, e->start_mark);
    break;
  case YAML_SCALAR_EVENT:
    scalar(b, e);
    break;
  case YAML_SEQUENCE_START_EVENT:
    (void)is_plain(b, e->start_mark, e->data.sequence_start.anchor, e->data.sequence_start.tag);
    open_collection(b, VSM_YAML_LIST, e->start_mark);
    break;
  case YAML_MAPPING_START_EVENT:
    (void)is_plain(b, e->start_mark, e->data.mapping_start.anchor, e->data.mapping_start.tag);
    open_collection(b, VSM_YAML_MAP, e->start_mark);
    break;
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    b->depth--;
    break;
  case YAML_NO_EVENT:
  case YAML_STREAM_START_EVENT:
  case YAML_STREAM_END_EVENT:
  case YAML_DOCUMENT_END_EVENT:
    break;
  }
}

static bool indented_by_tab(const char *text, size_t line) {
  for (; line > 0 && strchr(text, '\n'); line--)
    text = strchr(text, '\n') + 1;
  return text[strspn(text, " ")] == '\t';
}

// The reader (encoding) knows only how many bytes in it was; everything behind it knows line and column.
static void broken(struct builder *b, const yaml_parser_t *p, const char *text, size_t n) {
  yaml_mark_t at = p->problem_mark;
  if (p->error == YAML_READER_ERROR) {
    at = (yaml_mark_t){0};
    for (size_t i = 0; i < n && i < p->problem_offset; i++) {
      at.column = text[i] == '\n' ? 0 : at.column + (((unsigned char)text[i] & 0xc0) != 0x80);
      at.line += text[i] == '\n';
    }
  }
  if (indented_by_tab(text, at.line))
    complain(b, at, "a tab before the first character of a line; allowed: spaces");
  else
    vsm_conf_report_add(b->report, b->file, (unsigned)at.line + 1, (unsigned)at.column + 1, "not YAML: %s%s%s",
                        p->problem ? p->problem : "unreadable", p->context ? ", " : "", p->context ? p->context : "");
  b->broken = true;
}

struct vsm_yaml *vsm_yaml_read(struct vsm_arena *arena, struct vsm_conf_report *report, const char *file,
                               const char *text, size_t n) {
  struct builder b = {.arena = arena, .report = report, .file = file};
  yaml_parser_t p;
  vsm_mem_need(yaml_parser_initialize(&p) ? &p : NULL, sizeof p);
  yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&p, (const unsigned char *)text, n);
  bool done = false;
  while (!done && !b.broken) {
    yaml_event_t e;
    if (!yaml_parser_parse(&p, &e)) {
      broken(&b, &p, text, n);
      break;
    }
    done = e.type == YAML_STREAM_END_EVENT;
    take(&b, &e);
    yaml_event_delete(&e);
  }
  yaml_parser_delete(&p);
  if (!b.broken && !b.root)
    vsm_conf_report_add(report, file, 1, 1,
                        "empty; allowed: a map of daemon, calendars, sources, value_streams, mappings");
  return b.broken ? NULL : b.root;
}
