// A Markdown text is walked line by line. A heading that names the id opens its part, one of the same or a higher level
// closes it; the first fence ```mermaid within is the one wanted. What stands in any other fence is no heading.
#include "conf/markdown.h"

#include <stddef.h>
#include <string.h>

static bool id_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// RCV-01 is named by "2.1. RCV-01: Customers", and not by RCV-010 or RCV-01.2.
static bool names(const char *line, const char *end, const char *id) {
  size_t n = strlen(id);
  for (const char *p = line; p + n <= end; p++) {
    bool begins = p == line || !id_letter(p[-1]);
    bool ends = p + n == end || !(id_letter(p[n]) || (p[n] == '.' && p + n + 1 < end && id_letter(p[n + 1])));
    if (begins && ends && memcmp(p, id, n) == 0)
      return true;
  }
  return false;
}

// The length of a run of c.
static size_t run(const char *p, const char *end, char c) {
  size_t n = 0;
  while (p + n < end && p[n] == c)
    n++;
  return n;
}

static bool blank(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
    p++;
  return p == end;
}

struct markdown {
  const char *id;
  size_t under; // level of the heading that names the id; 0: not below one
  char fence;   // of the open fence; 0: none
  size_t fence_len;
  const char *from; // of the graph, once found
  unsigned from_line;
};

// One line; true once the graph lies behind.
static bool markdown_line(struct markdown *m, const char *p, const char *end, unsigned line) {
  size_t indent = run(p, end, ' ');
  const char *q = p + indent;
  size_t ticks = indent > 3 || q == end || (*q != '`' && *q != '~') ? 0 : run(q, end, *q);
  if (m->fence) {
    bool closes = ticks >= m->fence_len && *q == m->fence && blank(q + ticks, end);
    if (closes)
      m->fence = 0;
    return closes && m->from;
  }
  size_t level = indent > 3 ? 0 : run(q, end, '#');
  if (ticks >= 3) {
    m->fence = *q;
    m->fence_len = ticks;
    q += ticks + run(q + ticks, end, ' ');
    if (m->under && end - q >= 7 && memcmp(q, "mermaid", 7) == 0 && (end - q == 7 || !id_letter(q[7]))) {
      m->from = end < p ? p : end;
      m->from_line = line + 1;
    }
  } else if (level >= 1 && level <= 6 && q + level < end && q[level] == ' ') {
    if (names(q + level, end, m->id))
      m->under = level;
    else if (level <= m->under)
      m->under = 0;
  }
  return false;
}

bool vsm_markdown_find(const char *text, const char *id, const char **from, const char **end, unsigned *line) {
  struct markdown m = {.id = id};
  const char *p = text;
  for (unsigned n = 1; *p; n++) {
    size_t length = strcspn(p, "\n");
    if (markdown_line(&m, p, p + length, n))
      break;
    p += length + (p[length] == '\n');
  }
  *end = p;
  *from = m.from ? m.from + (*m.from == '\n') : p;
  *line = m.from_line;
  return m.from != NULL;
}
