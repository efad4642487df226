// A label is read leniently, as people draw: in quotes it is whatever stands between them; else brackets within
// brackets are counted; and where that does not come out even, it ends at the first bracket of its own kind. Each way
// is tried with each shape that begins here, the longest first.
#include "conf/label.h"

#include <string.h>

static const struct entity {
  const char *code, *text;
} ENTITIES[] = {{"&amp;", "&"},  {"&lt;", "<"},    {"&gt;", ">"},   {"&quot;", "\""}, {"&apos;", "'"},
                {"&nbsp;", " "}, {"&#39;", "'"},   {"&#34;", "\""}, {"#amp;", "&"},   {"#lt;", "<"},
                {"#gt;", ">"},   {"#quot;", "\""}, {"#35;", "#"},   {"#59;", ";"},    {"#40;", "("},
                {"#41;", ")"},   {"<br/>", " "},   {"<br />", " "}, {"<br>", " "}};

// As people read it: entities resolved, a line break one space, blanks run together.
static const char *clean(struct vsm_conf_reader *r, const char *p, size_t n) {
  char *out = vsm_conf_alloc(r, n + 1, 1);
  size_t len = 0;
  for (const char *end = p + n; p < end;) {
    const char *text = NULL;
    for (size_t i = 0; !text && i < sizeof ENTITIES / sizeof *ENTITIES; i++) {
      size_t k = strlen(ENTITIES[i].code);
      if ((size_t)(end - p) >= k && memcmp(p, ENTITIES[i].code, k) == 0) {
        text = ENTITIES[i].text;
        p += k;
      }
    }
    char c = text ? *text : *p++;
    if (c == '\t' || c == '\r')
      c = ' ';
    if (c != ' ' || (len && out[len - 1] != ' '))
      out[len++] = c;
  }
  while (len && out[len - 1] == ' ')
    len--;
  out[len] = '\0';
  return out;
}

// Longer ones first, so that "([" is not taken for "(".
static const struct shape {
  const char *open, *close;
} SHAPES[] = {{"(((", ")))"}, {"([", "])"}, {"[[", "]]"}, {"[(", ")]"}, {"((", "))"},
              {"{{", "}}"},   {"[", "]"},   {"(", ")"},   {"{", "}"},   {">", "]"}};

static bool at(const char *p, const char *end, const char *text) {
  size_t n = strlen(text);
  return (size_t)(end - p) >= n && memcmp(p, text, n) == 0;
}

static const char *skip_blanks(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\t'))
    p++;
  return p;
}

// What a shape holds, up to its closing bracket.
struct content {
  const char *from, *to; // the label
  const char *close;     // the bracket; NULL: not read so
};

// "label": whatever stands between the quotes.
static struct content quoted(const char *p, const char *end, const char *close) {
  const char *from = skip_blanks(p, end);
  const char *to = from < end && *from == '"' ? memchr(from + 1, '"', (size_t)(end - from) - 1) : NULL;
  const char *bracket = to ? skip_blanks(to + 1, end) : NULL;
  return bracket && at(bracket, end, close) ? (struct content){from + 1, to, bracket} : (struct content){0};
}

// Up to its own bracket outside of all others.
static struct content balanced(const char *from, const char *end, const char *close) {
  int depth = 0;
  for (const char *p = from; p < end && depth >= 0; p++) {
    if (depth == 0 && at(p, end, close))
      return (struct content){from, p, p};
    depth += strchr("([{", *p) != NULL;
    depth -= strchr(")]}", *p) != NULL;
  }
  return (struct content){0};
}

// Up to the first bracket of its kind.
static struct content first(const char *from, const char *end, const char *close) {
  for (const char *p = from; p < end; p++)
    if (at(p, end, close))
      return (struct content){from, p, p};
  return (struct content){0};
}

const char *vsm_mermaid_label(struct vsm_conf_reader *r, const char *p, const char *end, const char **behind) {
  static struct content (*const ways[])(const char *, const char *, const char *) = {quoted, balanced, first};
  for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
      if (!at(p, end, SHAPES[i].open))
        continue;
      struct content c = ways[w](p + strlen(SHAPES[i].open), end, SHAPES[i].close);
      if (!c.close)
        continue;
      *behind = c.close + strlen(SHAPES[i].close);
      return clean(r, c.from, (size_t)(c.to - c.from));
    }
  return NULL;
}
