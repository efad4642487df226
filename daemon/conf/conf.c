// A configuration is loaded in four steps: the file becomes a tree of nodes with places (yaml.c), the tables turn the
// tree into plain structs (schema.c, reader.c), references are looked up and the model is built (calendars.c,
// streams.c, rules.c, times.c, alerts.c, with the drawing from diagram.c and mermaid.c, zones from zones.c), and
// whatever was wrong on the way is sorted into one report. No step stops at a mistake. With any mistake there is no
// configuration.
#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/clients.h"
#include "conf/files.h"
#include "conf/load.h"
#include "conf/names.h"
#include "conf/resolve.h"

// How long items are held depends on the clock, where the file does not say it.
void vsm_config_set_clock(struct vsm_config *c, int clock) {
  c->daemon.clock = clock;
  c->model.clock = (enum vsm_clock)clock;
  if (c->model.clock == VSM_CLOCK_EVENT && c->daemon.items_keep.line == 0)
    c->daemon.items_keep = (struct vsm_conf_duration){0};
  c->model.items_keep_us = c->daemon.items_keep.us;
}

static const char *beside(struct vsm_conf_reader *r, const char *path) {
  return path ? vsm_conf_beside(r, path) : NULL;
}

// What the core takes of the daemon's settings, and where its files are.
static void resolve_daemon(struct vsm_conf_reader *r, struct vsm_config *c) {
  const struct vsm_conf_daemon *d = &c->daemon;
  struct vsm_source *sources = vsm_conf_alloc(r, c->sources.n + 1, sizeof *sources);
  for (unsigned i = 0; i < c->sources.n; i++)
    sources[i] =
        (struct vsm_source){.id = c->sources.at[i].id.z,
                            .offset_us = c->sources.at[i].offset.us,
                            .calendar = vsm_conf_calendar(c, vsm_conf_in_force(&c->sources.at[i].calendar, NULL))};
  if (c->sources.n)
    vsm_conf_check_twice(r, &c->sources.at->id, c->sources.n, sizeof *c->sources.at, "source");
  c->model.sources = sources;
  c->model.n_sources = c->sources.n;
  vsm_config_set_clock(c, d->clock);
  c->model.max_future_skew_us = d->max_future_skew.us;
  c->model.max_step_us = d->max_step.us;
  c->state = beside(r, d->state);
  c->curve.key = beside(r, d->curve.key);
  c->curve.next_key = beside(r, d->curve.next_key);
  c->curve.clients = beside(r, d->curve.clients);
  c->model.limits = (struct vsm_limits){.items = (uint64_t)d->limit_items,
                                        .sources = (uint32_t)d->limit_sources,
                                        .unmapped = (uint32_t)d->limit_unmapped,
                                        .rejected = (uint32_t)d->limit_rejected,
                                        .keys = (uint32_t)d->limit_keys,
                                        .transitions = (uint32_t)d->limit_transitions,
                                        .segment_values = (uint32_t)d->limit_segment_values};
}

static struct vsm_config *begin(struct vsm_conf_reader *r, struct vsm_conf_report *report, const char *path) {
  struct vsm_config *c = vsm_mem_alloc(sizeof *c);
  vsm_conf_report_init(report);
  vsm_arena_init(&c->arena, 0);
  *r = (struct vsm_conf_reader){.arena = &c->arena, .report = report, .file = vsm_conf_report_keep(report, path)};
  c->path = vsm_conf_copy(r, "%s", path);
  return c;
}

// Rules stand where they stood in the file that they were first read from.
static void place_rules(struct vsm_conf_reader *r, struct vsm_config *c) {
  if (!r->kept)
    return;
  for (unsigned i = 0; i < c->mappings.n && i < r->kept->n_rules; i++)
    c->mappings.at[i].line = r->kept->rule_lines[i];
  if (c->mappings.n != r->kept->n_rules)
    vsm_conf_complain(r, 1, 1, "%u rules, and the places of %u", c->mappings.n, r->kept->n_rules);
}

// text NULL: it could not be read, which was said.
static int end(struct vsm_conf_reader *r, struct vsm_config *c, const char *text, size_t n,
               struct vsm_config **config) {
  struct vsm_yaml *tree = text ? vsm_yaml_read(r->arena, r->report, r->file, text, n) : NULL;
  if (tree) {
    vsm_conf_read_map(r, &VSM_CONF_ROOT, tree, c);
    place_rules(r, c);
    struct vsm_calendar *calendars = vsm_conf_resolve_calendars(r, c);
    resolve_daemon(r, c);
    if (!r->kept) { // of what is kept nothing is opened
      vsm_conf_check_reach(r, &c->daemon);
      vsm_conf_check_server_keys(r, c);
    }
    vsm_conf_resolve_streams(r, c);
    vsm_conf_resolve_rules(r, c);
    vsm_conf_resolve_times(r, c);
    vsm_conf_resolve_alerts(r, c);
    if (r->report->n_mistakes == 0)
      vsm_conf_expand_calendars(r, calendars, c->model.n_calendars);
  }
  vsm_conf_report_sort(r->report);
  *config = r->report->n_mistakes ? NULL : c;
  if (!*config)
    vsm_config_destroy(c);
  return *config ? 0 : VSM_ECONFIG;
}

int vsm_config_load(const char *path, struct vsm_config **config, struct vsm_conf_report *report) {
  struct vsm_conf_reader r;
  struct vsm_config *c = begin(&r, report, path);
  struct vsm_conf_word top = {.file = r.file, .line = 1, .column = 1};
  size_t n = 0;
  const char *text = vsm_conf_file(&r, &top, path, &n);
  return end(&r, c, text, n, config);
}

int vsm_config_parse(const char *path, const char *text, struct vsm_config **config, struct vsm_conf_report *report) {
  struct vsm_conf_reader r;
  struct vsm_config *c = begin(&r, report, path);
  return end(&r, c, text, strlen(text), config);
}

int vsm_config_parse_with(const char *path, const char *text, const struct vsm_conf_kept *kept,
                          struct vsm_config **config, struct vsm_conf_report *report) {
  struct vsm_conf_reader r;
  struct vsm_config *c = begin(&r, report, path);
  r.kept = kept;
  if (!text)
    vsm_conf_complain(&r, 1, 1, "no configuration as this version keeps them");
  return end(&r, c, text, text ? strlen(text) : 0, config);
}

void vsm_config_destroy(struct vsm_config *config) {
  if (!config)
    return;
  vsm_arena_fini(&config->arena);
  free(config);
}

void vsm_config_print(const struct vsm_config *config, FILE *out) {
  struct vsm_conf_printer p = {.out = out};
  vsm_conf_print_map(&p, &VSM_CONF_ROOT, config);
}

int vsm_config_check(const char *path, FILE *out, FILE *mistakes) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  int err = vsm_config_load(path, &config, &report);
  vsm_conf_report_print(&report, mistakes);
  vsm_conf_report_fini(&report);
  if (err)
    return err;
  struct vsm_clients *clients;
  err = vsm_clients_load(config, &clients, &report);
  vsm_conf_report_print(&report, mistakes);
  vsm_conf_report_fini(&report);
  if (!err)
    vsm_config_print(config, out);
  vsm_clients_destroy(clients);
  vsm_config_destroy(config);
  return err;
}
