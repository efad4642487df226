// The configuration: loaded, taken anew, and told to every part.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/alert.h"
#include "parts.h"
#include "shell/notify.h"
#include "shell/open.h"
#include "shell/process.h"
#include "store/journal.h"

#define ANSWERS_LEAVE_US (100 * 1000) // until those of before have gone out

// What listened does not any more, and cannot again: to go on deaf would be worse than to end.
static void give_up(struct vsm_daemon *d, int err) {
  vsm_log("renew_failed", "why=\"%s\"", vsm_err_text(err));
  d->err = err;
  vsm_loop_stop(d->loop);
}

static int take_report(struct vsm_conf_report *report, int err, char **text) {
  size_t n;
  FILE *f = err ? open_memstream(text, &n) : NULL;
  if (f) {
    vsm_conf_report_print(report, f);
    fclose(f);
  }
  vsm_conf_report_fini(report);
  return err;
}

int vsm_daemon_load(const struct vsm_daemon *d, struct vsm_loaded *out, char **text) {
  struct vsm_conf_report report;
  *out = (struct vsm_loaded){0};
  int err = take_report(&report, vsm_config_load(d->options.config, &out->config, &report), text);
  if (err)
    return err;
  if (d->options.clock != VSM_CLOCK_AS_CONFIGURED)
    vsm_config_set_clock(out->config, d->options.clock);
  if (out->config->curve.key)
    vsm_process_hide();
  err = take_report(&report, vsm_clients_load(out->config, &out->clients, &report), text);
  if (!err)
    err = vsm_auth_read_keys(out->config, &out->keys, text);
  if (!err && out->config->state)
    err = vsm_keep_check(out->config, text);
  if (err)
    vsm_daemon_unload(out);
  return err;
}

void vsm_daemon_unload(struct vsm_loaded *l) {
  vsm_auth_drop_keys(&l->keys);
  vsm_clients_destroy(l->clients);
  vsm_config_destroy(l->config);
  *l = (struct vsm_loaded){0};
}

void vsm_daemon_wire(struct vsm_daemon *d) {
  vsm_core_listen(d->core, true);
  vsm_ingest_set_core(d->ingest, d->core);
  vsm_publish_set_core(d->publish, d->core, d->model, d->config->daemon.publish_interval.us);
  vsm_query_socket_set_core(d->query, d->core, d->model);
  vsm_clock_set_skew(&d->clock, d->model->max_future_skew_us);
  d->configured = vsm_clock_now(&d->clock);
}

void vsm_daemon_log_security(const struct vsm_daemon *d) {
  if (vsm_config_is_insecure(d->config))
    vsm_log("insecure", "what=\"it listens beyond this machine, unencrypted: anybody can speak and hear\" config=%s",
            d->config->path);
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

// Sockets that somebody must be cut off from, or whose keys or endpoints are others, are opened anew. The query socket
// is, when the answer that says so has gone out.
static void renew_sockets(struct vsm_daemon *d, bool all) {
  bool submit = vsm_auth_take_stale(d->auth, "submit"), subscribe = vsm_auth_take_stale(d->auth, "subscribe");
  bool publish = vsm_auth_take_stale(d->auth, "publish"), query = vsm_auth_take_stale(d->auth, "query");
  int err = vsm_ingest_renew(d->ingest, d->config, all || submit, all || subscribe);
  if (!err && (all || publish))
    err = vsm_publish_renew(d->publish, d->config);
  if (!err && (all || query))
    vsm_timer_set(d->renew, ANSWERS_LEAVE_US);
  if (err)
    give_up(d, err);
}

void vsm_daemon_renew_query(void *ctx) {
  struct vsm_daemon *d = ctx;
  int err = vsm_query_socket_renew(d->query, d->config);
  if (err)
    give_up(d, err);
}

void vsm_daemon_renew_publish(void *ctx) {
  struct vsm_daemon *d = ctx;
  int err = vsm_publish_renew(d->publish, d->config);
  if (err)
    give_up(d, err);
}

// The model is in force: what else the configuration says is taken.
static void take(struct vsm_daemon *d, struct vsm_loaded *fresh) {
  struct vsm_config *old = d->config;
  bool keys = vsm_auth_follow(d->auth, &fresh->keys, fresh->clients);
  bool endpoints = vsm_config_next_differs(old, fresh->config);
  d->config = fresh->config;
  *fresh = (struct vsm_loaded){0};
  vsm_ingest_follow(d->ingest, d->config, keys);
  if (vsm_auth_is_on(d->auth))
    renew_sockets(d, keys || endpoints);
  vsm_daemon_wire(d);
  vsm_daemon_log_security(d);
  vsm_publish_status_now(d->publish);
  vsm_config_destroy(old);
  vsm_config_destroy(d->kept);
  d->kept = NULL;
}

// One after another; "": none in its place. NULL: that was all.
static const char *next_endpoint(const struct vsm_config *c, unsigned i) {
  const struct vsm_conf_endpoints *many = &c->daemon.curve.next_subscribe;
  const char *one[] = {c->daemon.curve.next_submit, c->daemon.curve.next_publish, c->daemon.curve.next_query};
  if (i < many->n)
    return many->at[i];
  i -= many->n;
  return i >= sizeof one / sizeof *one ? NULL : one[i] ? one[i] : "";
}

static bool is_listed(const struct vsm_config *c, const char *endpoint) {
  const char *one;
  for (unsigned i = 0; (one = next_endpoint(c, i)) != NULL; i++)
    if (strcmp(one, endpoint) == 0)
      return true;
  return false;
}

static bool can_listen(struct vsm_daemon *d, struct vsm_zsock *sock, const struct vsm_config *fresh,
                       const char *endpoint, char **text) {
  char why[256];
  if (!*endpoint || is_listed(d->config, endpoint) || vsm_open_try(sock, endpoint, why, sizeof why) == 0)
    return true;
  if (asprintf(text, "%s: daemon.curve.next: %s: %s\n", fresh->path, endpoint, why) < 0)
    *text = NULL;
  return false;
}

static void on_nothing(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n) {
  (void)ctx, (void)sock, (void)frames, (void)n;
}

static void on_nobody(void *ctx, struct vsm_zsock *sock, const char *what, struct vsm_str endpoint) {
  (void)ctx, (void)sock, (void)what, (void)endpoint;
}

// A socket that could not be opened anew would end us: so the endpoints that are to come are tried while nothing is in
// force yet. vsm_zsock_renew() waits until they are free again, and needs to be told of them (on_peer).
static bool can_listen_at_next(struct vsm_daemon *d, const struct vsm_config *fresh, char **text) {
  struct vsm_zsock_options o = {
      .kind = VSM_Z_ROUTER, .name = "next", .message_bytes_max = 1, .fn = on_nothing, .on_peer = on_nobody};
  struct vsm_zsock *sock = vsm_zsock_create(d->zcontext, d->loop, &o);
  bool can = sock != NULL;
  const char *one;
  for (unsigned i = 0; can && (one = next_endpoint(fresh, i)) != NULL; i++)
    can = can_listen(d, sock, fresh, one, text);
  if (sock)
    vsm_zsock_renew(sock);
  vsm_zsock_destroy(sock);
  return can;
}

static int replace(struct vsm_daemon *d, struct vsm_loaded *fresh, char **text) {
  if ((*text = vsm_config_needs_restart(d->config, fresh->config)) != NULL)
    return VSM_ECONFIG;
  if ((*text = vsm_daemon_lacks_room(d, fresh->config)) != NULL)
    return VSM_ENOMEM;
  if (vsm_config_next_differs(d->config, fresh->config) && !can_listen_at_next(d, fresh->config, text))
    return VSM_EINUSE;
  int err = vsm_daemon_fold_under(d, fresh->config);
  if (!err)
    take(d, fresh);
  return err;
}

// It would be in force, and not on disk.
static char *refuses_now(const struct vsm_daemon *d) {
  const char *why = vsm_daemon_refuses_orders(d);
  char *text = NULL;
  return why && asprintf(&text, "%s: %s\n", d->options.config, why) >= 0 ? text : NULL;
}

int vsm_daemon_reload(void *ctx, char **text, uint64_t *recorded) {
  struct vsm_daemon *d = ctx;
  struct vsm_loaded fresh = {0};
  vsm_notify_reloading();
  int err = (*text = refuses_now(d))                   ? VSM_EIO
            : (*text = vsm_daemon_lacks_room(d, NULL)) ? VSM_ENOMEM
                                                       : vsm_daemon_load(d, &fresh, text);
  if (!err)
    err = replace(d, &fresh, text);
  vsm_daemon_unload(&fresh);
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
