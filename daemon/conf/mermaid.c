// A drawing is read by statements, one a line or parted by semicolons:
//
//   statement  group { arrow group }        group  node { & node }        node  NAME [shape with label] [:::class]
//
// What stands in a shape is read by label.c. Lines that only say how something looks are skipped. After a
// mistake reading goes on with the next line, so that one run tells all.
#include "conf/mermaid.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/forms.h"
#include "conf/label.h"
#include "conf/markdown.h"

// A drawing that people can read is far below these; above, looking up nodes and arrows would take too long.
enum { GRAPH_BYTES_MAX = 256 * 1024, NODES_MAX = 1000, NAME_BYTES_MAX = 256, ARROWS_MAX = 4000, GROUP_MAX = 64 };

struct group {
  unsigned nodes[GROUP_MAX];
  unsigned n;
};

struct parser {
  struct vsm_conf_reader *r;
  const char *p, *end; // of the graph
  const char *line_start;
  unsigned line;
  const char *counted; // up to here in this line there are
  unsigned columns;    // so many characters
  struct vsm_mermaid *out;
  size_t cap_nodes, cap_arrows;
  struct vsm_conf_word subgraphs[GROUP_MAX];
  unsigned n_subgraphs;
};

// --- places and characters

static bool id_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// The length of a run of c.
static size_t run(const char *p, const char *end, char c) {
  size_t n = 0;
  while (p + n < end && p[n] == c)
    n++;
  return n;
}

// Columns are characters, not bytes, and counted on from the last place asked for, so that a long line is counted once.
static struct vsm_conf_word word_at(struct parser *ps, const char *at, const char *z) {
  if (ps->counted < ps->line_start || ps->counted > at) {
    ps->counted = ps->line_start;
    ps->columns = 0;
  }
  for (; ps->counted < at; ps->counted++)
    ps->columns += ((unsigned char)*ps->counted & 0xc0) != 0x80;
  return (struct vsm_conf_word){z, ps->r->file, ps->line, ps->columns + 1};
}

static bool complain(struct parser *ps, const char *at, const char *what) {
  struct vsm_conf_word w = word_at(ps, at, NULL);
  vsm_conf_blame(ps->r, &w, "%s", what);
  return false;
}

static bool give_up(struct parser *ps, const char *at, const char *what) {
  (void)complain(ps, at, what);
  ps->p = ps->end;
  return false;
}

static void skip_blanks(struct parser *ps) {
  while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\r'))
    ps->p++;
}

static const char *line_end(const struct parser *ps) {
  const char *nl = memchr(ps->p, '\n', (size_t)(ps->end - ps->p));
  return nl ? nl : ps->end;
}

static bool at(const struct parser *ps, const char *p, const char *text) {
  size_t n = strlen(text);
  return (size_t)(ps->end - p) >= n && memcmp(p, text, n) == 0;
}

// The end of a statement: of the line, of the graph, a semicolon, or a comment.
static bool at_end(const struct parser *ps) {
  return ps->p == ps->end || *ps->p == '\n' || *ps->p == ';' || at(ps, ps->p, "%%");
}

// To the end of the statement; a semicolon in quotes or brackets is none.
static void skip_statement(struct parser *ps) {
  bool quoted = false;
  int depth = 0;
  for (; ps->p < ps->end && *ps->p != '\n' && (quoted || depth > 0 || *ps->p != ';'); ps->p++) {
    quoted ^= *ps->p == '"';
    depth += strchr("([{", *ps->p) != NULL;
    depth -= strchr(")]}", *ps->p) != NULL;
  }
}

// A name: letters, digits, underscores, whatever is not ASCII; dots and hyphens between them, unless an arrow begins.
static size_t name_length(const struct parser *ps) {
  const char *p = ps->p;
  while (p < ps->end) {
    bool letter = (id_letter(*p) && *p != '-') || (unsigned char)*p >= 0x80;
    bool joint = (*p == '-' || *p == '.') && p > ps->p && p + 1 < ps->end &&
                 ((id_letter(p[1]) && p[1] != '-') || (unsigned char)p[1] >= 0x80);
    if (!letter && !joint)
      break;
    p++;
  }
  return (size_t)(p - ps->p);
}

// --- nodes

static unsigned find_node(struct parser *ps, const char *name, size_t n, const char *where) {
  struct vsm_mermaid *g = ps->out;
  for (unsigned i = 0; i < g->n_nodes; i++)
    if (strlen(g->nodes[i].name.z) == n && memcmp(g->nodes[i].name.z, name, n) == 0)
      return i;
  g->nodes = vsm_mem_grow(g->nodes, g->n_nodes, &ps->cap_nodes, sizeof *g->nodes);
  struct vsm_conf_word w = word_at(ps, where, vsm_conf_copy(ps->r, "%.*s", (int)n, name));
  g->nodes[g->n_nodes] =
      (struct vsm_mermaid_node){.name = w, .label = {.file = w.file, .line = w.line, .column = w.column}};
  return g->n_nodes++;
}

static bool take_label(struct parser *ps, unsigned node) {
  const char *start = ps->p;
  struct vsm_conf_word w = word_at(ps, start, NULL), *has = &ps->out->nodes[node].label;
  w.z = vsm_mermaid_label(ps->r, start, line_end(ps), &ps->p);
  size_t wrong;
  if (!w.z)
    return complain(ps, start, "a shape without its closing bracket; allowed: [] () ([]) {} (()) {{}}");
  if (*w.z == '\0')
    return complain(ps, start, "an empty label; allowed: a text");
  if (vsm_form_text(w.z, &wrong))
    return complain(ps, start, vsm_form_text(w.z, &wrong));
  if (has->z && strcmp(has->z, w.z) != 0)
    return complain(ps, start, "another label for a node that has one; allowed: one label a node");
  *has = w;
  return true;
}

static bool node(struct parser *ps, struct group *g) {
  skip_blanks(ps);
  const char *start = ps->p;
  size_t n = name_length(ps);
  if (n == 0)
    return complain(ps, start, "no node here; allowed: a name, as A, with or without a shape and label: A[Label]");
  if (n > NAME_BYTES_MAX || g->n == GROUP_MAX)
    return complain(ps, start, "too much; allowed: names of 256 bytes, 64 nodes side by side");
  if (ps->out->n_nodes == NODES_MAX)
    return give_up(ps, start, "too many nodes; allowed: 1000");
  ps->p += n;
  unsigned i = find_node(ps, start, n, start);
  g->nodes[g->n++] = i;
  const char *behind = ps->p;
  skip_blanks(ps);
  bool shape = ps->p < ps->end && (strchr("[({", *ps->p) || (*ps->p == '>' && behind == ps->p));
  if (shape && !take_label(ps, i))
    return false;
  if (at(ps, ps->p, ":::")) {
    ps->p += 3;
    ps->p += name_length(ps);
  }
  return true;
}

static bool group(struct parser *ps, struct group *g) {
  g->n = 0;
  do {
    if (!node(ps, g))
      return false;
    skip_blanks(ps);
  } while (at(ps, ps->p, "&") && ps->p++);
  return true;
}

// --- arrows

// The kinds of lines: what a line with a text in it begins with, what all of it is made of, and how long it is at least
// without a head.
static const struct stroke {
  const char *begin;
  char body;
  size_t least;
} STROKES[] = {{"--", '-', 3}, {"==", '=', 3}, {"-.", '.', 1}};
enum { N_STROKES = sizeof STROKES / sizeof *STROKES };

// The end of a line that begins at p: its body and head. NULL: none here; *head: > o x or 0.
static const char *stroke_end(const struct parser *ps, const struct stroke *s, const char *p, char *head) {
  p += s->body == '.' && p < ps->end && *p == '-'; // -.-> is dots between two hyphens
  size_t n = run(p, ps->end, s->body);
  p += n;
  if (s->body == '.') {
    if (n == 0 || p == ps->end || *p++ != '-')
      return NULL;
  }
  *head = p < ps->end && strchr(">ox", *p) ? *p : 0;
  bool long_enough = s->body == '.' || n >= (*head ? 2 : s->least);
  return long_enough ? p + (*head != 0) : NULL;
}

// An arrow in one piece, or with a text in it: -- text -->. Leaves ps->p behind it.
static bool line(struct parser *ps, const struct stroke *s, char *head) {
  const char *p = stroke_end(ps, s, ps->p, head);
  if (p) {
    ps->p = p;
    return true;
  }
  const char *start = ps->p, *end = line_end(ps);
  bool quoted = false;
  for (p = start + strlen(s->begin); p < end; p++) {
    quoted ^= *p == '"';
    const char *behind = quoted || *p != s->body ? NULL : stroke_end(ps, s, p, head);
    if (behind) {
      ps->p = behind;
      return true;
    }
  }
  return complain(ps, start,
                  "an arrow that does not end; allowed: --> --- -.-> ==> -- text --> -->|text| and longer ones");
}

struct arrow {
  bool backward, unseen;
  struct vsm_conf_word where;
};

static bool text_between_bars(struct parser *ps) {
  skip_blanks(ps);
  if (!at(ps, ps->p, "|"))
    return true;
  const char *end = line_end(ps), *bar = ps->p + 1;
  for (bool quoted = false; bar < end && (quoted || *bar != '|'); bar++)
    quoted ^= *bar == '"';
  if (bar == end)
    return complain(ps, ps->p, "a text of an arrow that does not end; allowed: -->|text|");
  ps->p = bar + 1;
  return true;
}

static bool arrow(struct parser *ps, struct arrow *a) {
  const char *start = ps->p;
  *a = (struct arrow){.where = word_at(ps, start, NULL)};
  if (at(ps, ps->p, "~~~")) {
    a->unseen = true;
    ps->p += run(ps->p, ps->end, '~');
    return text_between_bars(ps);
  }
  char tail = ps->p < ps->end && strchr("<ox", *ps->p) ? *ps->p : 0, head;
  for (int i = 0; i < N_STROKES; i++)
    if (at(ps, ps->p + (tail != 0), STROKES[i].begin)) {
      ps->p += tail != 0;
      if (!line(ps, &STROKES[i], &head))
        return false;
      a->backward = tail == '<' && !head;
      return text_between_bars(ps);
    }
  return complain(ps, start,
                  "neither an arrow nor the end of the statement; allowed: --> --- -.-> ==> &, a semicolon, "
                  "a new line");
}

static void add_arrow(struct parser *ps, unsigned from, unsigned to, const struct vsm_conf_word *where) {
  struct vsm_mermaid *g = ps->out;
  for (unsigned i = 0; i < g->n_arrows; i++)
    if (g->arrows[i].from == from && g->arrows[i].to == to)
      return;
  g->arrows = vsm_mem_grow(g->arrows, g->n_arrows, &ps->cap_arrows, sizeof *g->arrows);
  g->arrows[g->n_arrows++] = (struct vsm_mermaid_arrow){from, to, *where};
  g->nodes[from].n_next++;
}

static bool join(struct parser *ps, const struct group *left, const struct arrow *a, const struct group *right) {
  if (a->unseen)
    return true;
  for (unsigned i = 0; i < left->n; i++)
    for (unsigned k = 0; k < right->n; k++) {
      if (ps->out->n_arrows == ARROWS_MAX)
        return give_up(ps, ps->p, "too many arrows; allowed: 4000");
      unsigned from = left->nodes[i], to = right->nodes[k];
      add_arrow(ps, a->backward ? to : from, a->backward ? from : to, &a->where);
    }
  return true;
}

// --- statements

// What only says how something looks, or groups what is drawn.
static bool skipped(struct parser *ps) {
  static const char *const words[] = {"subgraph", "end",   "style",     "classDef",
                                      "class",    "click", "linkStyle", "direction"};
  size_t n = name_length(ps);
  const char *behind = ps->p + n + strspn(ps->p + n, " \t");
  bool word = ps->p + n == ps->end || strchr(" \t\r\n;", ps->p[n]);
  bool node = behind < ps->end && strchr("-=<~&", *behind); // a node of that name
  for (size_t i = 0; word && !node && i < sizeof words / sizeof *words; i++) {
    if (strlen(words[i]) != n || memcmp(ps->p, words[i], n) != 0)
      continue;
    ps->p += n;
    skip_blanks(ps);
    if (i == 0 && ps->n_subgraphs < GROUP_MAX) {
      const char *name = vsm_conf_copy(ps->r, "%.*s", (int)name_length(ps), ps->p);
      ps->subgraphs[ps->n_subgraphs++] = word_at(ps, ps->p, name);
    }
    skip_statement(ps);
    return true;
  }
  return false;
}

static bool statement(struct parser *ps) {
  struct group left, right;
  struct arrow a;
  if (skipped(ps))
    return true;
  if (!group(ps, &left))
    return false;
  while (skip_blanks(ps), !at_end(ps)) {
    if (!arrow(ps, &a) || !group(ps, &right) || !join(ps, &left, &a, &right))
      return false;
    left = right;
  }
  return true;
}

static bool header(struct parser *ps) {
  static const char *const kinds[] = {"graph", "flowchart"};
  static const char *const directions[] = {"LR", "TB", "TD", "RL", "BT"};
  bool good = false;
  const char *start = ps->p;
  size_t n = name_length(ps);
  for (size_t i = 0; i < 2; i++)
    good = good || (strlen(kinds[i]) == n && memcmp(ps->p, kinds[i], n) == 0);
  if (!good)
    return give_up(ps, start, "the graph begins otherwise; allowed: graph or flowchart, then LR, TB, TD, RL or BT");
  ps->p += n;
  skip_blanks(ps);
  if (at_end(ps))
    return true;
  start = ps->p;
  n = name_length(ps);
  for (size_t i = 0; i < 5; i++)
    if (n == 2 && memcmp(ps->p, directions[i], 2) == 0) {
      ps->p += 2;
      skip_blanks(ps);
      return at_end(ps) || complain(ps, ps->p, "more behind the direction; allowed: a semicolon or a new line");
    }
  return give_up(ps, start, "no direction; allowed: LR, TB, TD, RL, BT");
}

static void statements(struct parser *ps) {
  bool begun = false;
  while (ps->p < ps->end) {
    skip_blanks(ps);
    if (at(ps, ps->p, "%%"))
      ps->p = line_end(ps);
    if (!at_end(ps)) {
      bool good = begun ? statement(ps) : header(ps);
      begun = true;
      if (!good)
        ps->p = line_end(ps);
    }
    if (at(ps, ps->p, "\n")) {
      ps->line++;
      ps->line_start = ps->p + 1;
    }
    if (at(ps, ps->p, "\n") || at(ps, ps->p, ";"))
      ps->p++;
  }
  if (!begun)
    complain(ps, ps->p, "an empty graph; allowed: graph or flowchart, and nodes");
}

// The parser grows its arrays in the heap; what stays lies in the arena.
static void *keep(struct vsm_conf_reader *r, void *heap, size_t n, size_t size) {
  void *kept = vsm_conf_alloc(r, n + 1, size);
  if (n)
    memcpy(kept, heap, n * size);
  free(heap);
  return kept;
}

bool vsm_mermaid_read(struct vsm_conf_reader *r, const char *text, const char *id, struct vsm_mermaid *out) {
  struct parser ps = {.r = r, .out = out};
  *out = (struct vsm_mermaid){0};
  bool found = vsm_markdown_find(text, id, &ps.p, &ps.end, &ps.line);
  ps.line_start = ps.p;
  if (ps.end - ps.p > GRAPH_BYTES_MAX)
    (void)give_up(&ps, ps.p, "a graph too large; allowed: 256 KiB");
  else if (found)
    statements(&ps);
  out->nodes = keep(r, out->nodes, out->n_nodes, sizeof *out->nodes);
  out->arrows = keep(r, out->arrows, out->n_arrows, sizeof *out->arrows);
  for (unsigned i = 0; i < out->n_nodes; i++) {
    struct vsm_mermaid_node *node = &out->nodes[i];
    size_t at;
    const char *wrong = vsm_form_text(node->name.z, &at);
    if (wrong)
      vsm_conf_blame(r, &node->name, "%s", wrong);
    if (!node->label.z)
      node->label.z = wrong ? vsm_conf_copy(r, "node %u", i + 1) : node->name.z;
    for (unsigned k = 0; k < ps.n_subgraphs; k++)
      if (strcmp(ps.subgraphs[k].z, node->name.z) == 0)
        vsm_conf_blame(r, &node->name, "an arrow to or from subgraph \"%s\"; allowed: between nodes", node->name.z);
  }
  return found;
}
