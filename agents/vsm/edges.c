// How items really went: the arrows of the drawing, what went beside it, and the stages that were passed over.
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "edges_draw.h"
#include "text.h"

struct asked {
  const char *query, *window;
  bool json, mermaid, dot;
};

static const struct {
  const char *kind, *means;
} kinds[] = {{"skip", "forwards, over stages"},     {"back", "to an earlier stage"},
             {"repeat", "to the same stage again"}, {"across", "to a stage of another way"},
             {"withdrawn", "out of the stream"},    {"reopened", "back after the end"}};

static const char *means(const char *kind) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].kind, kind) == 0)
      return kinds[i].means;
  return "";
}

static struct vsm_text_table *table(void) {
  return vsm_text_table_create("llrrrrrll", "from", "to", "times", "share", "p50", "p85", "all time", "", "");
}

static void row(struct vsm_text_table *t, const Vsm__V1__Edges *map, const Vsm__V1__Edge *e) {
  char count[32], total[32], share[32] = "-", p50[32] = "-", p85[32] = "-";
  const Vsm__V1__Distribution *d = e->handover_time;
  if (e->count > 0)
    snprintf(share, sizeof share, "%.0f %%", vsm_edge_share(map, e) * 100);
  if (d && d->count > 0) {
    vsm_text_worked(d->p50, e->working_day_seconds, p50, sizeof p50);
    vsm_text_worked(d->p85, e->working_day_seconds, p85, sizeof p85);
  }
  bool drawn = vsm_edge_is_drawn(e);
  vsm_text_table_row(t, e->from, e->to, vsm_text_number(e->count, count, sizeof count), share, p50, p85,
                     vsm_text_number(e->total, total, sizeof total), drawn ? "" : e->kind, drawn ? "" : means(e->kind));
}

static size_t print_edges(const Vsm__V1__Edges *map, bool drawn) {
  struct vsm_text_table *t = NULL;
  size_t n = 0;
  for (size_t i = 0; i < map->n_edges; i++) {
    if (vsm_edge_is_drawn(map->edges[i]) != drawn)
      continue;
    if (n++ == 0) {
      puts(drawn ? "\nThe arrows of the drawing:" : "\nBeside the drawing:");
      t = table();
    }
    row(t, map, map->edges[i]);
  }
  if (t)
    vsm_text_table_print(t, stdout);
  return n;
}

static void print_passed_over(const Vsm__V1__Edges *map) {
  char n[3][32];
  struct vsm_text_table *t = NULL;
  for (size_t i = 0; i < map->n_stages; i++) {
    const Vsm__V1__EdgesStage *s = map->stages[i];
    if (s->bypassed + s->skipped == 0)
      continue;
    if (!t) {
      puts("\nPassed over:");
      t = vsm_text_table_create("lrrr", "stage", "never entered", "left without work", "entered");
    }
    vsm_text_table_row(t, s->id, vsm_text_number(s->bypassed, n[0], sizeof n[0]),
                       vsm_text_number(s->skipped, n[1], sizeof n[1]), vsm_text_number(s->arrivals, n[2], sizeof n[2]));
  }
  if (t)
    vsm_text_table_print(t, stdout);
}

static void print(const Vsm__V1__Edges *map) {
  char name[256];
  printf("%s %s, %s\n", map->value_stream, vsm_text_plain(map->name, name, sizeof name),
         strcmp(map->window, "all") == 0 ? "all time" : map->window);
  print_edges(map, true);
  if (print_edges(map, false) == 0)
    puts("\nNothing went beside the drawing.");
  print_passed_over(map);
  if (map->left_off > 0)
    printf("\n%u edges beside the drawing that least went along are left off.\n", map->left_off);
  puts("\nshare: of what went on from there; p50, p85: from leaving the one until work in the other begins");
}

static int show(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  if (a->json)
    return vsm_print_json(&reply->edges->base);
  if (a->mermaid)
    vsm_edges_mermaid(stdout, reply->edges);
  else if (a->dot)
    vsm_edges_dot(stdout, reply->edges);
  else
    print(reply->edges);
  return VSM_DONE;
}

int vsm_cmd_edges(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .window = ""};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"window", VSM_FLAG_TEXT, &a.window, "NAME", "all, or a configured one: 7d; without: the longest of the stream"},
      {"mermaid", VSM_FLAG, &a.mermaid, NULL, "as a Mermaid graph: the drawing with these figures on it"},
      {"dot", VSM_FLAG, &a.dot, NULL, "as a graph for Graphviz"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n, status = vsm_options(
             argc, argv,
             &(struct vsm_usage){
                 "vsm edges STREAM [--window NAME] [--mermaid | --dot | --json]",
                 "The observed map: how often items really went from stage to stage, and how long work waited on the\n"
                 "way; the arrows of the drawing, what went beside it, and the stages that were passed over.",
                 "  vsm edges RCV-01\n  vsm edges RCV-01 --window 7d --json\n"
                 "  vsm edges RCV-01 --mermaid\n  vsm edges RCV-01 --dot | dot -Tsvg > map.svg\n",
                 VSM_ARRAY(flags), 1, 1},
             &n);
  if (status >= 0)
    return status;
  if (a.json + a.mermaid + a.dot > 1) {
    fputs("vsm edges: one of --mermaid, --dot, --json\n", stderr);
    return VSM_WRONG_USAGE;
  }
  Vsm__V1__EdgesRequest ask_for = VSM__V1__EDGES_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_EDGES;
  r.edges = &ask_for;
  ask_for.stream = argv[1];
  ask_for.window = (char *)a.window;
  return vsm_ask(a.query, &r, show, &a);
}
