// What the daemon would make of events: the same rules, no daemon.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "cmd.h"
#include "core/view.h"
#include "logs.h"
#include "record.h"
#include "text.h"

struct trying {
  const char *path, *config, *map_path;
  bool json, mistakes;
  const struct vsm_model *model;
  struct vsm_record_map map; // where map_path is given
  struct vsm_arena arena;
  unsigned long n;
};

static const char *stream_of(const struct trying *t, const struct vsm_rule *r) {
  return r->stream < 0 ? "" : t->model->streams[r->stream].id;
}

static const char *stage_of(const struct trying *t, const struct vsm_rule *r) {
  return r->stream < 0 || r->stage < 0 ? "" : t->model->streams[r->stream].stages[r->stage].id;
}

static void print_json(const struct trying *t, const char *result, enum vsm_reason reason, struct vsm_str detail,
                       const struct vsm_match *m, long n) {
  printf("{\"result\": \"%s\", \"reason\": \"%s\", \"detail\": ", result, vsm_reason_name(reason));
  vsm_text_json(stdout, detail.p, detail.n);
  printf(", \"rules\": [");
  for (long i = 0; i < n; i++) {
    printf("%s{\"line\": %u, \"value_stream\": \"%s\", \"stage\": \"%s\", \"lifecycle\": \"%s\", \"item\": ",
           i ? ", " : "", m[i].rule->line, stream_of(t, m[i].rule), stage_of(t, m[i].rule),
           vsm_lifecycle_name(m[i].rule->lifecycle));
    vsm_text_json(stdout, m[i].item.p, m[i].item.n);
    printf(", \"links\": [");
    for (unsigned k = 0; k < m[i].n_links; k++) {
      fputs(k ? ", " : "", stdout);
      vsm_text_json(stdout, m[i].links[k].p, m[i].links[k].n);
    }
    printf("]}");
  }
  printf("]}\n");
}

static void print_text(const struct trying *t, const struct vsm_event *e, const char *result, const struct vsm_match *m,
                       long n) {
  printf("%lu: %.*s %.*s: %s\n", t->n, (int)e->source.n, e->source.p, (int)e->type.n, e->type.p, result);
  for (long i = 0; i < n; i++) {
    const struct vsm_rule *r = m[i].rule;
    if (r->ignore)
      printf("   %s: ignored\n", r->where);
    else if (m[i].reason)
      printf("   %s: %s %.*s\n", r->where, vsm_reason_name(m[i].reason), (int)m[i].detail.n,
             m[i].detail.n ? m[i].detail.p : "");
    else
      printf("   %s: %s%s%s %s of %.*s\n", r->where, stream_of(t, r), r->stage < 0 ? "" : "/", stage_of(t, r),
             vsm_lifecycle_name(r->lifecycle), (int)m[i].item.n, m[i].item.p);
    for (unsigned k = 0; k < m[i].n_links; k++)
      printf("      also known as %.*s\n", (int)m[i].links[k].n, m[i].links[k].p);
  }
}

static void judge(const struct vsm_match *m, long n, const char **result, enum vsm_reason *reason,
                  struct vsm_str *detail) {
  long taken = 0, ignored = 0;
  *reason = VSM_R_NONE;
  *detail = (struct vsm_str){0};
  for (long i = 0; i < n; i++) {
    ignored += m[i].rule->ignore;
    taken += !m[i].rule->ignore && m[i].reason == VSM_R_NONE;
    if (m[i].reason != VSM_R_NONE && (*reason == VSM_R_NONE || m[i].reason < *reason)) {
      *reason = m[i].reason;
      *detail = m[i].detail;
    }
  }
  *result = n == 0 ? "unmapped" : taken ? "applied" : ignored ? "ignored" : "rejected";
}

static int try_event(struct trying *t, const struct vsm_emitter_event *event, unsigned long line) {
  struct vsm_attr attrs[256];
  for (size_t i = 0; i < event->n_data; i++)
    attrs[i] = (struct vsm_attr){vsm_str_of(event->data[i].key), vsm_str_of(event->data[i].value)};
  struct vsm_event e = {.source = vsm_str_of(event->source),
                        .id = vsm_str_of(event->id),
                        .type = vsm_str_of(event->type),
                        .subject = vsm_str_of(event->subject),
                        .attrs = attrs,
                        .n_attrs = (uint32_t)event->n_data,
                        .time_ns = event->time_unix_nano};
  struct vsm_match *m;
  const char *result;
  enum vsm_reason reason;
  struct vsm_str detail;
  long n = vsm_match_event(t->model, &e, &t->arena, &m);
  if (n < 0)
    return VSM_FAILED;
  t->n = line;
  judge(m, n, &result, &reason, &detail);
  if (t->json)
    print_json(t, result, reason, detail, m, n);
  else
    print_text(t, &e, result, m, n);
  return VSM_DONE;
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  struct trying *t = ctx;
  fflush(stdout); // in the order of the lines, where both go to one place
  fprintf(stderr, "%s:%lu: %s\n", t->path, line, what);
  t->mistakes = true;
}

static int on_event(void *ctx, const struct vsm_emitter_event *event, unsigned long line) {
  struct trying *t = ctx;
  struct vsm_emitter_event mapped;
  char why[200];
  vsm_arena_reset(&t->arena);
  if (!t->map_path)
    return try_event(t, event, line);
  if (vsm_record_event(&t->map, event, &t->arena, &mapped, why, sizeof why))
    return try_event(t, &mapped, line);
  return on_mistake(t, line, why), VSM_DONE;
}

static int try_file(struct trying *t) {
  FILE *in = strcmp(t->path, "-") == 0 ? stdin : fopen(t->path, "r");
  if (!in) {
    perror(t->path);
    return VSM_FAILED;
  }
  int status = vsm_jsonl_read(in, t->map_path ? vsm_json_record_read : vsm_cloudevent_read,
                              &(struct vsm_log_reader){on_event, on_mistake, NULL, t});
  if (in != stdin)
    fclose(in);
  return t->mistakes ? VSM_FAILED : status;
}

static int try_with(struct trying *t) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  int err = vsm_config_load(t->config, &config, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  if (err)
    return VSM_FAILED;
  t->model = &config->model;
  vsm_arena_init(&t->arena, 0);
  int status = try_file(t);
  vsm_arena_fini(&t->arena);
  vsm_config_destroy(config);
  return status;
}

int vsm_cmd_try(int argc, char **argv) {
  struct trying t = {0};
  const struct vsm_flag flags[] = {
      {"config", VSM_FLAG_TEXT, &t.config, "FILE", "the configuration whose rules are tried"},
      {"map", VSM_FLAG_TEXT, &t.map_path, "FILE",
       "the lines are records, which become events as this file of vsm agent says"},
      {"json", VSM_FLAG, &t.json, NULL, "as JSON, a line an event"},
  };
  int n,
      status = vsm_options(
          argc, argv,
          &(struct vsm_usage){"vsm try FILE.jsonl --config F [--map FILE] [--json]",
                              "For each event (CloudEvents, a line of JSON each): which rules match, which item and\n"
                              "stage, or why not. No daemon is needed.",
                              "  vsm try events.jsonl --config config/quantum-energy.yaml\n"
                              "  vsm try rows.jsonl --map orders.yaml --config vsmd.yaml\n",
                              VSM_ARRAY(flags), 1, 1},
          &n);
  if (status >= 0)
    return status;
  if (!t.config) {
    fprintf(stderr, "vsm: --config FILE is needed\n");
    return VSM_WRONG_USAGE;
  }
  t.path = argv[1];
  struct vsm_arena arena; // of the map
  vsm_arena_init(&arena, 0);
  status = t.map_path ? vsm_record_load(t.map_path, NULL, &t.map, &t.map, &arena) : VSM_DONE;
  if (status == VSM_DONE)
    status = try_with(&t);
  vsm_arena_fini(&arena);
  return status;
}
