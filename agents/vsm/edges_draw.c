// Both languages want the same: points with names of our own making (a stage's id may be a word of theirs) and labels,
// and lines with labels. So the map is walked once, and what a point and a line look like is the language's.
#include "edges_draw.h"

#include <string.h>

#include "text.h"

#define UNDRAWN "#c0392b"
enum { THICKEST = 6, LABEL_BYTES = 512, NAME_BYTES = 24 };

bool vsm_edge_is_drawn(const Vsm__V1__Edge *edge) {
  return strcmp(edge->kind, "drawn") == 0;
}

double vsm_edge_share(const Vsm__V1__Edges *map, const Vsm__V1__Edge *edge) {
  uint64_t all = 0;
  for (size_t i = 0; i < map->n_edges; i++)
    if (strcmp(map->edges[i]->from, edge->from) == 0)
      all += map->edges[i]->count;
  return all ? (double)edge->count / (double)all : 0;
}

struct label {
  const char *lines[2]; // the second may be ""
};

struct line {
  const char *from, *to;
  struct label label;
  unsigned at, width; // from 0; 1 .. THICKEST
  bool drawn;
};

struct language {
  const char *begin[2], *stage[2], *end_point[2], *end; // before and behind: the headline, a label
  void (*edge)(FILE *out, const struct line *line, const struct language *l);
  const char *line_break;
  struct {
    char c;
    const char *code;
  } codes[8]; // of what has another meaning in a label
};

// A text in its quotes.
static void put_label(FILE *out, const struct label *label, const struct language *l) {
  fputc('"', out);
  for (int line = 0; line < 2 && *label->lines[line]; line++) {
    if (line)
      fputs(l->line_break, out);
    for (const char *p = label->lines[line]; *p; p++) {
      size_t i = 0;
      while (l->codes[i].c && l->codes[i].c != *p)
        i++;
      if (l->codes[i].c)
        fputs(l->codes[i].code, out);
      else
        fputc(*p, out);
    }
  }
  fputc('"', out);
}

static void put_point(FILE *out, const char *name, const char *const around[2], const struct label *label,
                      const struct language *l) {
  fprintf(out, "  %s%s", name, around[0]);
  put_label(out, label, l);
  fputs(around[1], out);
}

static void mermaid_edge(FILE *out, const struct line *line, const struct language *l) {
  fprintf(out, "  %s %s|", line->from, line->drawn ? "-->" : "-.->");
  put_label(out, &line->label, l);
  fprintf(out, "| %s\n  linkStyle %u stroke-width:%upx%s\n", line->to, line->at, line->width,
          line->drawn ? "" : ",stroke:" UNDRAWN);
}

static void dot_edge(FILE *out, const struct line *line, const struct language *l) {
  fprintf(out, "  %s -> %s [penwidth=%u, label=", line->from, line->to, line->width);
  put_label(out, &line->label, l);
  fprintf(out, "%s];\n", line->drawn ? "" : ", style=dashed, color=\"" UNDRAWN "\", constraint=false");
}

static const struct language mermaid = {
    .begin = {"graph LR\n  %% ", ""},
    .stage = {"[", "]\n"},
    .end_point = {"([", "])\n"},
    .end = "",
    .edge = mermaid_edge,
    .line_break = "<br/>",
    .codes = {{'"', "#quot;"}, {'#', "#35;"}, {';', "#59;"}, {'<', "#lt;"}, {'>', "#gt;"}, {'&', "#amp;"}},
};

static const struct language dot = {
    .begin = {"// ", "digraph observed {\n  rankdir=LR;\n  node [shape=box];\n"},
    .stage = {" [label=", "];\n"},
    .end_point = {" [shape=oval, label=", "];\n"},
    .end = "}\n",
    .edge = dot_edge,
    .line_break = "\\n",
    .codes = {{'"', "\\\""}, {'\\', "\\\\"}},
};

// --- the map

// s0, s1 .. are the stages.
static const char *name_of(const Vsm__V1__Edges *map, const char *point, char name[NAME_BYTES]) {
  static const char *const points[][2] = {{"(start)", "begin"}, {"(outcome)", "outcome"}, {"(withdrawn)", "withdrawn"}};
  for (size_t i = 0; i < sizeof points / sizeof *points; i++)
    if (strcmp(points[i][0], point) == 0)
      return points[i][1];
  for (size_t i = 0; i < map->n_stages; i++)
    if (strcmp(map->stages[i]->id, point) == 0) {
      snprintf(name, NAME_BYTES, "s%zu", i);
      return name;
    }
  return NULL; // of a newer daemon
}

static bool is_shown(const Vsm__V1__Edge *e) {
  return e->count > 0 || vsm_edge_is_drawn(e);
}

static bool is_met(const Vsm__V1__Edges *map, const char *point) {
  for (size_t i = 0; i < map->n_edges; i++)
    if (is_shown(map->edges[i]) && (strcmp(map->edges[i]->from, point) == 0 || strcmp(map->edges[i]->to, point) == 0))
      return true;
  return false;
}

static void draw_points(FILE *out, const Vsm__V1__Edges *map, const struct language *l) {
  char plain[LABEL_BYTES], figures[LABEL_BYTES], name[NAME_BYTES], n[2][32];
  put_point(out, "begin", l->end_point, &(struct label){{"start", ""}}, l);
  for (size_t i = 0; i < map->n_stages; i++) {
    const Vsm__V1__EdgesStage *s = map->stages[i];
    int at = snprintf(figures, sizeof figures, "%s entered, %s here", vsm_text_number(s->arrivals, n[0], sizeof n[0]),
                      vsm_text_number(s->wip, n[1], sizeof n[1]));
    if (s->bypassed + s->skipped > 0)
      snprintf(figures + at, sizeof figures - (size_t)at, ", %s passed over",
               vsm_text_number(s->bypassed + s->skipped, n[0], sizeof n[0]));
    snprintf(name, sizeof name, "s%zu", i);
    put_point(out, name, l->stage, &(struct label){{vsm_text_plain(s->name, plain, sizeof plain), figures}}, l);
  }
  put_point(out, "outcome", l->end_point, &(struct label){{vsm_text_plain(map->outcome, plain, sizeof plain), ""}}, l);
  if (is_met(map, "(withdrawn)"))
    put_point(out, "withdrawn", l->end_point, &(struct label){{"withdrawn", ""}}, l);
}

// "back 1,234", and how long work waited on the way.
static void draw_edge(FILE *out, const Vsm__V1__Edge *e, struct line line, const struct language *l) {
  char text[LABEL_BYTES], wait[64] = "", n[32], d[32];
  line.drawn = vsm_edge_is_drawn(e);
  snprintf(text, sizeof text, "%s%s%s", line.drawn ? "" : e->kind, line.drawn ? "" : " ",
           vsm_text_number(e->count, n, sizeof n));
  if (e->handover_time && e->handover_time->count > 0)
    snprintf(wait, sizeof wait, "p50 %s", vsm_text_worked(e->handover_time->p50, e->working_day_seconds, d, sizeof d));
  line.label = (struct label){{text, wait}};
  l->edge(out, &line, l);
}

static void draw(FILE *out, const Vsm__V1__Edges *map, const struct language *l) {
  char from[NAME_BYTES], to[NAME_BYTES], now[32];
  uint64_t most = 1;
  for (size_t i = 0; i < map->n_edges; i++)
    most = map->edges[i]->count > most ? map->edges[i]->count : most;
  fprintf(out, "%s%s as observed, window %s, %s UTC\n%s", l->begin[0], map->value_stream, map->window,
          vsm_text_time(map->time_unix_nano, now, sizeof now), l->begin[1]);
  draw_points(out, map, l);
  unsigned n = 0;
  for (size_t i = 0; i < map->n_edges; i++) {
    const Vsm__V1__Edge *e = map->edges[i];
    struct line line = {.from = name_of(map, e->from, from), .to = name_of(map, e->to, to), .at = n};
    if (!is_shown(e) || !line.from || !line.to)
      continue;
    line.width = 1 + (unsigned)((double)e->count / (double)most * (THICKEST - 1) + 0.5);
    draw_edge(out, e, line, l);
    n++;
  }
  fputs(l->end, out);
}

void vsm_edges_mermaid(FILE *out, const Vsm__V1__Edges *map) {
  draw(out, map, &mermaid);
}

void vsm_edges_dot(FILE *out, const Vsm__V1__Edges *map) {
  draw(out, map, &dot);
}
