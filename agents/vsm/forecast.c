#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "text.h"

struct asked {
  const char *query, *by, *item;
  uint64_t items, seed;
  bool json;
};

static void print_question(FILE *out, const Vsm__V1__Forecast *f) {
  char n[32], plain[512];
  vsm_text_number(f->items, n, sizeof n);
  fprintf(out, "%s: ", f->value_stream);
  if (strcmp(f->kind, "item") == 0)
    fprintf(out, "when is %s finished?\n", vsm_text_plain(f->item, plain, sizeof plain));
  else if (strcmp(f->kind, "by") == 0)
    fprintf(out, "how many items are finished from tomorrow to the end of %s?\n", f->by);
  else if (strcmp(f->kind, "items") == 0)
    fprintf(out, "when are %s more items finished?\n", n);
  else
    fprintf(out, "when have %s items ended (finished or withdrawn), as many as are open now?\n", n);
}

// Why there is none.
static void print_trouble(FILE *out, const Vsm__V1__Forecast *f) {
  fputs("  no forecast: ", out);
  if (strcmp(f->trouble, "few_days") == 0)
    fprintf(out, "%llu whole days since something was first done; at least 20 are needed\n",
            (unsigned long long)f->days);
  else if (strcmp(f->trouble, "few_done") == 0)
    fprintf(out, "%llu items done in %llu days; at least 10 are needed\n", (unsigned long long)f->done,
            (unsigned long long)f->days);
  else if (strcmp(f->trouble, "unstable") == 0)
    fprintf(out,
            "the stream is not stable: of the last %llu days the newer half is unlike the older one,\n"
            "  so they do not tell what comes; vsm series shows them\n",
            (unsigned long long)f->days);
  else if (strcmp(f->trouble, "few_like") == 0)
    fprintf(out, "%llu stays of finished items lasted longer than this one; at least 20 are needed\n",
            (unsigned long long)f->like);
  else // of a newer daemon
    fprintf(out, "%s\n", f->trouble);
}

static void print_chance(FILE *out, const Vsm__V1__Forecast *f, const Vsm__V1__ForecastChance *c) {
  char n[32], at[32];
  fprintf(out, "  %2.0f %%  ", c->chance * 100);
  if (!*c->date)
    fputs("not within two years", out);
  else if (strcmp(f->kind, "by") == 0)
    fprintf(out, "at least %s", vsm_text_number(c->items, n, sizeof n));
  else if (strcmp(f->kind, "item") == 0)
    fprintf(out, "by %s UTC", vsm_text_time(c->unix_nano, at, sizeof at));
  else
    fprintf(out, "by the end of %s", c->date);
  if (f->tests > 0)
    fprintf(out, "   (came true in %.0f %%)", c->tested * 100);
  fputc('\n', out);
}

static void print_origin(FILE *out, const Vsm__V1__Forecast *f) {
  char n[4][32];
  if (strcmp(f->kind, "item") == 0) {
    fprintf(out, "  told from %s stays %s%s of finished items that lasted longer than %s",
            vsm_text_number(f->like, n[0], sizeof n[0]), *f->stage ? "in " : "between stages", f->stage,
            vsm_text_duration(f->in_stage_seconds, n[1], sizeof n[1]));
    if (f->like_withdrawn > 0)
      fprintf(out, "; %s more ended in withdrawal", vsm_text_number(f->like_withdrawn, n[2], sizeof n[2]));
    fputc('\n', out);
    return;
  }
  fprintf(out, "  told from %llu days since %s (%s) with %s done; %s trials, seed %llu\n", (unsigned long long)f->days,
          *f->first_date ? f->first_date : "-", f->zone, vsm_text_number(f->done, n[0], sizeof n[0]),
          vsm_text_number(f->trials, n[1], sizeof n[1]), (unsigned long long)f->seed);
  if (f->growing)
    fprintf(out, "  work in progress grows: in these days %s started and %s ended\n",
            vsm_text_number(f->started, n[2], sizeof n[2]), vsm_text_number(f->ended, n[3], sizeof n[3]));
}

static void print_test(FILE *out, const Vsm__V1__Forecast *f) {
  if (f->tests == 0)
    fputs("  not back-tested: the past is too short for it\n", out);
  else if (f->test_days > 0)
    fprintf(out, "  back-test: as told on %llu past days, %llu days ahead\n", (unsigned long long)f->tests,
            (unsigned long long)f->test_days);
  else
    fprintf(out, "  back-test: as told of %llu stays from those that had ended before\n", (unsigned long long)f->tests);
}

static int show(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  const Vsm__V1__Forecast *f = reply->forecast;
  if (a->json)
    return vsm_print_json(&f->base);
  print_question(stdout, f);
  if (*f->trouble) {
    print_trouble(stdout, f);
    return VSM_DONE;
  }
  for (size_t i = 0; i < f->n_chances; i++)
    print_chance(stdout, f, f->chances[i]);
  print_origin(stdout, f);
  print_test(stdout, f);
  return VSM_DONE;
}

int vsm_cmd_forecast(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .by = "", .item = "", .items = UINT64_MAX};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"items", VSM_FLAG_COUNT, &a.items, "N", "when are N more items finished"},
      {"by", VSM_FLAG_TEXT, &a.by, "DATE", "how many are finished by the end of this day: 2026-12-31"},
      {"item", VSM_FLAG_TEXT, &a.item, "KEY", "when is this item finished"},
      {"seed", VSM_FLAG_COUNT, &a.seed, "N", "of the dice (0): the same seed, the same answer"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  static const char line[] = "vsm forecast STREAM [--items N | --by DATE | --item KEY] [--seed N] [--json]";
  int n,
      status = vsm_options(
          argc, argv,
          &(struct vsm_usage){
              line,
              "When work will be done, with a chance of 50, 85 and 95 %, by what the stream did on past days, drawn\n"
              "again many times (Monte Carlo); and how often such statements came true on the days behind. Without an\n"
              "option: when as many items have ended as are open now. docs/concepts.md has the method.",
              "  vsm forecast RCV-01\n  vsm forecast RCV-01 --items 500\n  vsm forecast RCV-01 --by 2026-12-31\n"
              "  vsm forecast RCV-01 --item so:4711 --json\n",
              VSM_ARRAY(flags), 1, 1},
          &n);
  if (status >= 0)
    return status;
  if ((a.items != UINT64_MAX) + (*a.by != 0) + (*a.item != 0) > 1 || a.items == 0) {
    fprintf(stderr, "vsm: of --items, which is at least 1, --by and --item one at most\nusage: %s\n", line);
    return VSM_WRONG_USAGE;
  }
  Vsm__V1__ForecastRequest ask_for = VSM__V1__FORECAST_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_FORECAST;
  r.forecast = &ask_for;
  ask_for.stream = argv[1];
  ask_for.items = a.items == UINT64_MAX ? 0 : a.items;
  ask_for.by = (char *)a.by;
  ask_for.item = (char *)a.item;
  ask_for.seed = a.seed;
  return vsm_ask(a.query, &r, show, &a);
}
