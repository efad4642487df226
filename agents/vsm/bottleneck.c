// The daemon ranks and counts; here each signal that speaks is put into words, with the figures that it comes from.
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "text.h"

#define LEAST_SHOWN 0.05 // of a reason; JSON has the others too

struct asked {
  const char *query, *stream, *window;
  bool json;
};

static void print_reason(FILE *out, const Vsm__V1__BottleneckStage *s, const char *signal) {
  char n[3][32];
  if (strcmp(signal, "overload") == 0)
    fprintf(out, "falls behind: %s came, %s left", vsm_text_number(s->arrivals, n[0], sizeof n[0]),
            vsm_text_number(s->departures, n[1], sizeof n[1]));
  else if (strcmp(signal, "growth") == 0)
    fprintf(out, "grows: %.0f of the %s in progress came on top", s->growth,
            vsm_text_number(s->wip, n[0], sizeof n[0]));
  else if (strcmp(signal, "queue") == 0)
    fprintf(out, "waits: %.0f %% of the cycle time is queue; %s of %s are queued now", s->queue_share * 100,
            vsm_text_number(s->queued, n[0], sizeof n[0]), vsm_text_number(s->wip, n[1], sizeof n[1]));
  else if (strcmp(signal, "late") == 0)
    fprintf(out, "late: %s of %s are older than p85 (%s), where %.0f would be usual",
            vsm_text_number(s->older, n[0], sizeof n[0]), vsm_text_number(s->wip, n[1], sizeof n[1]),
            vsm_text_worked(s->p85_seconds, s->working_day_seconds, n[2], sizeof n[2]),
            s->older_usual_share * (double)s->wip);
  else // of a newer daemon
    fputs(signal, out);
}

static void print_stage(FILE *out, const Vsm__V1__BottleneckStage *s) {
  char wip[32];
  fprintf(out, "  %u. %s: score %.2f, %s in progress", s->rank, s->stage, s->score,
          vsm_text_number(s->wip, wip, sizeof wip));
  if (s->suspended > 0)
    fprintf(out, ", of these %s on hold", vsm_text_number(s->suspended, wip, sizeof wip));
  fputc('\n', out);
  for (size_t i = 0; i < s->n_reasons && s->reasons[i]->weight >= LEAST_SHOWN; i++) {
    fprintf(out, "     %.2f  ", s->reasons[i]->weight);
    print_reason(out, s, s->reasons[i]->signal);
    fputc('\n', out);
  }
}

static void print_stream(FILE *out, const Vsm__V1__BottleneckStream *s) {
  char seen[32];
  size_t n = 0;
  fprintf(out, "%s, %s\n", s->value_stream, strcmp(s->window, "all") == 0 ? "all time" : s->window);
  if (s->window_seconds == 0 || s->observed_seconds < s->window_seconds)
    fprintf(out, "  (from the first item on, %s: what filled up at the beginning counts as growth)\n",
            vsm_text_duration(s->observed_seconds, seen, sizeof seen));
  for (; n < s->n_stages && s->stages[n]->score >= LEAST_SHOWN; n++)
    print_stage(out, s->stages[n]);
  if (n == 0)
    fputs("  no stage holds up the flow\n", out);
  else if (n < s->n_stages)
    fputs("  little or nothing speaks of", out);
  for (size_t i = n; n > 0 && i < s->n_stages; i++)
    fprintf(out, "%s %s%s", i > n ? "," : "", s->stages[i]->stage, i + 1 == s->n_stages ? "\n" : "");
}

static int show(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  const Vsm__V1__Bottleneck *b = reply->bottleneck;
  if (a->json)
    return vsm_print_json(&b->base);
  for (size_t i = 0; i < b->n_value_streams; i++) {
    if (i)
      putchar('\n');
    print_stream(stdout, b->value_streams[i]);
  }
  return VSM_DONE;
}

int vsm_cmd_bottleneck(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .window = ""};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"window", VSM_FLAG_TEXT, &a.window, "NAME", "all, or a configured one: 7d; without: the longest of the stream"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n,
      status = vsm_options(
          argc, argv,
          &(struct vsm_usage){
              "vsm bottleneck [STREAM] [--window NAME] [--json]",
              "The stages that hold up the flow, the worst first, and why: more comes than leaves, work in progress\n"
              "grows, work waits in queue, more is older than p85 than is usual. Each reason weighs up to 1; the "
              "score\n"
              "is their sum. docs/concepts.md has the rule.",
              "  vsm bottleneck\n  vsm bottleneck RCV-01 --window 7d\n  vsm bottleneck RCV-01 --json\n",
              VSM_ARRAY(flags), 0, 1},
          &n);
  if (status >= 0)
    return status;
  Vsm__V1__BottleneckRequest ask_for = VSM__V1__BOTTLENECK_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_BOTTLENECK;
  r.bottleneck = &ask_for;
  ask_for.stream = n > 0 ? argv[1] : (char *)"";
  ask_for.window = (char *)a.window;
  return vsm_ask(a.query, &r, show, &a);
}
