// The configuration: loaded, taken anew, and told to every part.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/alert.h"
#include "parts.h"
#include "shell/notify.h"
#include "store/journal.h"

static int take_notes(struct vsm_config *c, struct vsm_notes *out) {
  *out = (struct vsm_notes){vsm_arena_alloc(&c->arena, (c->n_without_effect + 1) * sizeof *out->keys), 0};
  if (!out->keys)
    return VSM_ENOMEM;
  while (out->n < c->n_without_effect) {
    out->keys[out->n] = c->without_effect[out->n].key;
    out->n++;
  }
  return 0;
}

int vsm_daemon_load(const struct vsm_daemon *d, struct vsm_config **config, struct vsm_notes *notes, char **text) {
  struct vsm_conf_report report;
  int err = vsm_config_load(d->options.config, config, &report);
  size_t n;
  FILE *f = err ? open_memstream(text, &n) : NULL;
  if (f) {
    vsm_conf_report_print(&report, f);
    fclose(f);
  }
  vsm_conf_report_fini(&report);
  if (err)
    return err;
  if (d->options.clock != VSM_CLOCK_AS_CONFIGURED)
    vsm_config_set_clock(*config, d->options.clock);
  if ((*config)->state && (err = vsm_keep_check(*config, text)) != 0)
    return err;
  return take_notes(*config, notes);
}

void vsm_daemon_wire(struct vsm_daemon *d) {
  vsm_core_listen(d->core, true);
  vsm_ingest_set_core(d->ingest, d->core);
  vsm_publish_set_core(d->publish, d->core, d->model, d->config->daemon.publish_interval.us);
  vsm_query_socket_set_core(d->query, d->core, d->model);
  vsm_clock_set_skew(&d->clock, d->model->max_future_skew_us);
  d->configured = vsm_clock_now(&d->clock);
}

void vsm_daemon_log_notes(const struct vsm_daemon *d) {
  for (unsigned i = 0; i < d->config->n_without_effect; i++) {
    const struct vsm_conf_note *n = &d->config->without_effect[i];
    vsm_log("no_effect_yet", "key=%s places=%u first=%s:%u:%u", n->key, n->places, d->config->path, n->line, n->column);
  }
}

int vsm_daemon_fold_under(struct vsm_daemon *d, const struct vsm_config *fresh) {
  struct vsm_time now = vsm_daemon_pass_time(d);
  d->folding = true;
  vsm_publish_status_now(d->publish);
  int err = vsm_core_configure(d->core, &fresh->model);
  d->folding = false;
  if (err)
    return err;
  d->model = &fresh->model;
  if (d->keep)
    vsm_rebuild_cancel(vsm_keep_rebuilding(d->keep), "the configuration was changed meanwhile; ask again");
  if (d->keep && vsm_keep_configuration(d->keep, fresh, now) != 0) // the journal has failed, and the status says so
    vsm_log("not_recorded", "what=configuration config=%s", fresh->path);
  return 0;
}

static int replace(struct vsm_daemon *d, struct vsm_config *fresh, struct vsm_notes notes, char **text) {
  if ((*text = vsm_config_needs_restart(d->config, fresh)) != NULL)
    return VSM_ECONFIG;
  int err = vsm_daemon_fold_under(d, fresh);
  if (err)
    return err;
  struct vsm_config *old = d->config;
  d->config = fresh;
  d->notes = notes;
  vsm_ingest_follow(d->ingest, fresh);
  vsm_daemon_wire(d);
  vsm_daemon_log_notes(d);
  vsm_publish_status_now(d->publish);
  vsm_config_destroy(old);
  vsm_config_destroy(d->kept);
  d->kept = NULL;
  return 0;
}

int vsm_daemon_reload(void *ctx, char **text, uint64_t *recorded) {
  struct vsm_daemon *d = ctx;
  struct vsm_config *fresh = NULL;
  *text = NULL;
  vsm_notify_reloading();
  struct vsm_notes notes;
  int err = vsm_daemon_load(d, &fresh, &notes, text);
  if (!err)
    err = replace(d, fresh, notes, text);
  if (err)
    vsm_config_destroy(fresh);
  if (err)
    vsm_log("reload_refused", "config=%s why=\"%s\"", d->options.config, *text ? "as follows" : vsm_err_text(err));
  else
    vsm_log("reloaded", "config=%s", d->options.config);
  *recorded = !err && d->keep ? vsm_journal_state(vsm_keep_journal(d->keep)).appended : 0;
  if (err && *text)
    fputs(*text, stderr);
  vsm_notify("READY=1");
  return err;
}
