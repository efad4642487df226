// Where the result goes to a file, it has its name only when it is whole.
#include "export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static const struct format {
  const char *name;
  vsm_export_fn *events, *visits;
  bool events_need_items;
} formats[] = {
    {"csv", vsm_export_csv_events, vsm_export_csv_visits, false},
    {"xes", vsm_export_xes_events, vsm_export_xes_visits, true},
    {"ocel2", vsm_export_ocel_events, vsm_export_ocel_visits, true},
    {"jsonl", vsm_export_jsonl_events, vsm_export_jsonl_visits, false},
};

struct options {
  const char *state, *format, *what, *output;
  bool json;
};

static const struct format *find_format(const char *name) {
  for (size_t i = 0; name && i < sizeof formats / sizeof *formats; i++)
    if (strcmp(formats[i].name, name) == 0)
      return &formats[i];
  return NULL;
}

// What a reader should know of what is not in it.
static void tell(const struct vsm_exporting *x, const struct options *o) {
  const struct vsm_kept_reading *k = &x->kept;
  if (k->begins > 1)
    fprintf(stderr, "vsm: the journal begins at position %llu: what lay before was trimmed\n",
            (unsigned long long)k->begins);
  if (k->refused > 0)
    fprintf(stderr, "vsm: left out: %llu events that were refused when they came\n", (unsigned long long)k->refused);
  if (k->actions > 0)
    fprintf(stderr, "vsm: left out: %llu actions of people (as vsm withdraw), which are no events\n",
            (unsigned long long)k->actions);
  if (x->replaced > 0)
    fprintf(stderr, "vsm: %llu texts have characters that XML cannot hold; each became U+FFFD\n",
            (unsigned long long)x->replaced);
  if (o->json)
    fprintf(o->output ? stdout : stderr,
            "{\"format\": \"%s\", \"what\": \"%s\", \"written\": %llu, \"begins\": %llu, \"refused\": %llu, "
            "\"actions\": %llu, \"replaced\": %llu, \"damaged\": %s}\n",
            o->format, o->what, (unsigned long long)x->n, (unsigned long long)k->begins, (unsigned long long)k->refused,
            (unsigned long long)k->actions, (unsigned long long)x->replaced, k->damaged ? "true" : "false");
  else if (o->output)
    fprintf(stderr, "vsm: %llu %s in %s\n", (unsigned long long)x->n, o->what, o->output);
}

static int write_all(struct vsm_exporting *x, const struct format *f, bool visits) {
  int status = VSM_DONE;
  if (visits || f->events_need_items)
    status = vsm_kept_recover(x->directory, (struct vsm_str){0}, 0, &x->state);
  x->kept.last = x->state.position;
  vsm_progress_begin(&x->progress, visits ? "visits" : "events");
  vsm_arena_init(&x->arena, 0);
  if (!status)
    status = visits ? f->visits(x) : f->events(x);
  vsm_arena_fini(&x->arena);
  vsm_progress_end(&x->progress);
  vsm_recovered_fini(&x->state);
  return status;
}

static int say_failed(const char *path) {
  fprintf(stderr, "vsm: %s: %s\n", path, strerror(errno));
  return VSM_FAILED;
}

static int to_file(struct vsm_exporting *x, const struct format *f, bool visits, const char *path) {
  char *part = NULL;
  if (asprintf(&part, "%s.part", path) < 0)
    return VSM_FAILED;
  x->out = fopen(part, "w");
  int status = x->out ? write_all(x, f, visits) : say_failed(part);
  if (x->out && (ferror(x->out) | fclose(x->out)) && !status)
    status = say_failed(part);
  if (!status && rename(part, path) != 0)
    status = say_failed(path);
  if (status && x->out)
    unlink(part);
  free(part);
  return status;
}

static int export(const struct options *o, const struct format *f) {
  struct vsm_exporting x = {.directory = o->state, .out = stdout};
  bool visits = strcmp(o->what, "visits") == 0;
  if (!vsm_kept_is_there(o->state))
    return VSM_FAILED;
  int status = o->output ? to_file(&x, f, visits, o->output) : write_all(&x, f, visits);
  if (!status)
    tell(&x, o);
  return status ? status : x.kept.damaged ? VSM_FAILED : VSM_DONE;
}

int vsm_cmd_export(int argc, char **argv) {
  struct options o = {.what = "events"};
  const struct vsm_flag flags[] = {
      {"state", VSM_FLAG_TEXT, &o.state, "DIR", "the state directory (daemon.state); a daemon may be running on it"},
      {"format", VSM_FLAG_TEXT, &o.format, "csv|xes|ocel2|jsonl", "how it is written"},
      {"what", VSM_FLAG_TEXT, &o.what, "events|visits", "every event of the journal (events), or every finished visit"},
      {"output", VSM_FLAG_TEXT, &o.output, "FILE", "instead of standard output"},
      {"json", VSM_FLAG, &o.json, NULL, "what was written and left out as JSON; on standard error without --output"},
  };
  const struct vsm_usage usage = {
      "vsm export --state DIR --format F [--what events|visits] [-o|--output FILE]",
      "Writes what a state directory holds for other programs.\n\n"
      "Events: each that is kept, in the order in which they came; csv and jsonl can be read again by vsm replay and\n"
      "vsm emit --jsonl, xes by vsm replay. In csv data named like another column (type, say) is in the column\n"
      "vsm:data:NAME. In xes a trace is an item, in ocel2 (OCEL 2.0, JSON) an object is; these are sorted out in a\n"
      "temporary file (TMPDIR says where).\n"
      "Visits: each finished stay of an item in a stage, as the configuration in force sees it.\n"
      "Exit status 1 where a part of the journal is damaged; csv and jsonl of events have the rest, the others "
      "nothing.",
      "  vsm export --state state --format xes --output log.xes\n"
      "  vsm export --state state --format csv --what visits --output visits.csv\n"
      "  vsm export --state state --format jsonl | gzip >events.jsonl.gz\n",
      VSM_ARRAY(flags),
      0,
      0};
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "-o") == 0)
      argv[i] = (char *)"--output";
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  const struct format *f = find_format(o.format);
  if (!o.state || !f || (strcmp(o.what, "events") != 0 && strcmp(o.what, "visits") != 0)) {
    fprintf(stderr, "vsm: %s\n",
            !o.state ? "--state DIR is needed: the directory of daemon.state"
            : !f     ? "--format is one of csv, xes, ocel2, jsonl"
                     : "--what is events or visits");
    return VSM_WRONG_USAGE;
  }
  return export(&o, f);
}
