// Read by the tables (settings_tables.c), then looked up: calendars, receivers of routes, secrets. As in the daemon's
// conf.c no step stops at a mistake, and with any mistake there is no configuration.
#include "agents/notify/settings.h"

#include <stdlib.h>
#include <string.h>

#include "agents/notify/settings_tables.h"
#include "base/err.h"
#include "base/mem.h"
#include "conf/files.h"
#include "conf/names.h"
#include "conf/resolve.h"
#include "core/model.h"

static const char *const CHANNEL_NAMES[VSM_CHANNELS] = {"alertmanager", "webhook", "command", "mail", "log"};

const char *vsm_channel_name(enum vsm_channel channel) {
  return CHANNEL_NAMES[channel];
}

// --- receivers

static void take_secret(struct vsm_conf_reader *r, const struct vsm_conf_word *file, struct vsm_secret *out) {
  char why[512];
  if (file->z && vsm_secret_read(vsm_conf_beside(r, file->z), out, why, sizeof why))
    vsm_conf_blame(r, file, "%s", why);
}

static const char *path_of(struct vsm_conf_reader *r, const struct vsm_conf_word *file) {
  return file->z ? vsm_conf_beside(r, file->z) : NULL;
}

static void resolve_http(struct vsm_conf_reader *r, struct vsm_http_settings *h, unsigned line, unsigned column) {
  if (!h->url.z == !h->url_file.z)
    vsm_conf_complain(r, line, column, "%s; allowed: one of url and url_file",
                      h->url.z ? "url and url_file" : "no url");
  if (!h->user.z != !h->password_file.z)
    vsm_conf_blame(r, h->user.z ? &h->user : &h->password_file, "%s; allowed: both, or neither",
                   h->user.z ? "a user without password_file" : "password_file without a user");
  if (h->user.z && h->token_file.z)
    vsm_conf_blame(r, &h->token_file, "token_file beside a user; allowed: one way to say who we are");
  take_secret(r, &h->url_file, &h->whole_url);
  take_secret(r, &h->password_file, &h->password);
  take_secret(r, &h->token_file, &h->token);
  h->ca = path_of(r, &h->ca_file);
}

static void resolve_mail(struct vsm_conf_reader *r, struct vsm_mail_settings *m) {
  if (!m->user.z != !m->password_file.z)
    vsm_conf_blame(r, m->user.z ? &m->user : &m->password_file, "%s; allowed: both, or neither",
                   m->user.z ? "a user without password_file" : "password_file without a user");
  if (m->user.z && m->tls == VSM_TLS_OFF && m->server.z && strncmp(m->server.z, "smtp:", 5) == 0)
    vsm_conf_blame(r, &m->user, "a password over a line that is not encrypted; allowed: tls: required");
  take_secret(r, &m->password_file, &m->password);
  m->ca = path_of(r, &m->ca_file);
}

static void resolve_receiver(struct vsm_conf_reader *r, struct vsm_receiver *v) {
  unsigned given = 0;
  for (int c = 0; c < VSM_CHANNELS; c++)
    if (vsm_conf_map_given(&VSM_NOTIFY_CHANNELS[c], v)) {
      v->channel = (enum vsm_channel)c;
      given++;
    }
  if (given != 1) {
    vsm_conf_complain(r, v->line, v->column,
                      "a receiver with %s; allowed: one of alertmanager, webhook, command, mail, log",
                      given ? "several channels" : "no channel");
    return;
  }
  if (v->channel == VSM_ALERTMANAGER)
    resolve_http(r, &v->alertmanager.http, v->line, v->column);
  if (v->channel == VSM_WEBHOOK)
    resolve_http(r, &v->webhook.http, v->line, v->column);
  if (v->channel == VSM_MAIL)
    resolve_mail(r, &v->mail);
  if (v->channel == VSM_LOG && strcmp(v->log.z, "stderr") != 0)
    v->log_path = vsm_conf_beside(r, v->log.z);
  if (v->channel == VSM_COMMAND && v->command.run.n && v->command.run.at[0].z[0] != '/')
    vsm_conf_blame(r, &v->command.run.at[0], "no path of a program; allowed: one that begins with /");
  take_secret(r, &v->webhook.key_file, &v->webhook.key);
}

// --- routes

static const char *kind_name(const void *of, size_t i) {
  static const char *const own[] = {"daemon_unheard", "not_durable", NULL};
  (void)of;
  return i < VSM_ALERT_KINDS ? vsm_alert_kind_name((enum vsm_alert_kind)i) : own[i - VSM_ALERT_KINDS];
}

static const char *severity_name(const void *of, size_t i) {
  (void)of;
  return i <= VSM_INFO ? vsm_severity_name((enum vsm_severity)i) : NULL;
}

static const char *receiver_name(const void *of, size_t i) {
  const struct vsm_settings *s = of;
  return i < s->receivers.n ? vsm_conf_or_empty(s->receivers.at[i].id.z) : NULL;
}

// Each glob must fit one of the names that there are.
static void check_known(struct vsm_conf_reader *r, const struct vsm_conf_words *globs, const char *what,
                        vsm_name_fn *name) {
  for (unsigned i = 0; i < globs->n; i++) {
    bool fits = false;
    const char *one;
    for (size_t k = 0; !fits && (one = name(NULL, k)) != NULL; k++)
      fits = vsm_glob_match(vsm_str_of(globs->at[i].z), vsm_str_of(one));
    if (!fits)
      vsm_conf_blame(r, &globs->at[i], "no %s \"%s\"%s", what, globs->at[i].z,
                     vsm_conf_choice(r->report, globs->at[i].z, name, NULL));
  }
}

static const struct vsm_calendar *find_calendar(struct vsm_conf_reader *r, const struct vsm_settings *s,
                                                const struct vsm_conf_word *id) {
  const struct vsm_calendar *c = vsm_settings_calendar(s, id->z);
  if (id->z && !c)
    vsm_conf_blame(r, id, "no calendar \"%s\"; allowed: the id of one under calendars", id->z);
  return c;
}

static void resolve_to(struct vsm_conf_reader *r, const struct vsm_settings *s, struct vsm_route *route) {
  route->to = vsm_conf_alloc(r, route->receivers.n + 1, sizeof *route->to);
  unsigned n = 0;
  for (unsigned i = 0; i < route->receivers.n; i++) {
    const struct vsm_conf_word *id = &route->receivers.at[i];
    const struct vsm_receiver *v = vsm_settings_receiver(s, id->z);
    if (!v)
      vsm_conf_blame(r, id, "no receiver \"%s\"%s", id->z, vsm_conf_choice(r->report, id->z, receiver_name, s));
    else if (v->channel == VSM_ALERTMANAGER && (route->quiet_outside.z || route->digest.z))
      vsm_conf_blame(r, id, "an Alertmanager has quiet hours and digests of its own; allowed: none of these here");
    else
      route->to[n++] = v;
  }
}

static bool takes_all(const struct vsm_route *v) {
  return v->kind.n + v->stream.n + v->stage.n + v->source.n + v->severity.n + v->owner.n == 0;
}

static void resolve_route(struct vsm_conf_reader *r, const struct vsm_settings *s, struct vsm_route *v, bool is_last) {
  check_known(r, &v->kind, "kind of alert", kind_name);
  check_known(r, &v->severity, "severity", severity_name);
  v->working = find_calendar(r, s, &v->quiet_outside);
  v->digest_days = find_calendar(r, s, &v->digest);
  resolve_to(r, s, v);
  if (!v->group_wait.text)
    v->group_wait = s->notify.group_wait;
  if (!v->group_interval.text)
    v->group_interval = s->notify.group_interval;
  if ((v->drop == 1) == (v->receivers.n > 0))
    vsm_conf_complain(r, v->line, v->column, "a route %s; allowed: receivers, or drop: true",
                      v->drop == 1 ? "that drops, with receivers" : "that leads nowhere");
  if (v->working && v->digest_days)
    vsm_conf_blame(r, &v->digest, "digest beside quiet_outside; allowed: one of them, as a digest is quiet until then");
  if (v->drop == 1 && v->go_on == 1)
    vsm_conf_complain(r, v->line, v->column, "a route that drops and goes on; allowed: drop, or continue");
  if (is_last && (!takes_all(v) || v->go_on == 1))
    vsm_conf_complain(r, v->line, v->column,
                      "the last route does not take all; what none takes would be lost. allowed: one "
                      "without conditions and continue at the end, with receivers, or drop: true");
  if (!is_last && takes_all(v) && v->go_on != 1)
    vsm_conf_complain(r, v->line, v->column,
                      "a route that takes all before others, which then take none; allowed: "
                      "conditions, continue: true, or to stand last");
}

// --- the whole

static void resolve(struct vsm_conf_reader *r, struct vsm_settings *s) {
  struct vsm_calendar *calendars = vsm_conf_resolve_calendars(r, &s->daemon);
  if (s->receivers.n)
    vsm_conf_check_twice(r, &s->receivers.at->id, s->receivers.n, sizeof *s->receivers.at, "receiver");
  for (unsigned i = 0; i < s->receivers.n; i++)
    resolve_receiver(r, &s->receivers.at[i]);
  for (unsigned i = 0; i < s->routes.n; i++)
    resolve_route(r, s, &s->routes.at[i], i + 1 == s->routes.n);
  struct vsm_http_settings *h = &s->notify.heartbeat.http;
  if (h->timeout.text)
    resolve_http(r, h, h->timeout.line ? h->timeout.line : 1, h->timeout.column ? h->timeout.column : 1);
  if (s->notify.state.z)
    s->state = vsm_conf_beside(r, s->notify.state.z);
  if (r->report->n_mistakes == 0)
    vsm_conf_expand_calendars(r, calendars, s->daemon.model.n_calendars);
}

int vsm_settings_load(const char *path, struct vsm_settings **settings, struct vsm_conf_report *report) {
  struct vsm_settings *s = vsm_mem_alloc(sizeof *s);
  vsm_conf_report_init(report);
  vsm_arena_init(&s->daemon.arena, 0);
  struct vsm_conf_reader r = {.arena = &s->daemon.arena, .report = report, .file = vsm_conf_report_keep(report, path)};
  struct vsm_conf_word top = {.file = r.file, .line = 1, .column = 1};
  size_t n = 0;
  const char *text = vsm_conf_file(&r, &top, path, &n);
  struct vsm_yaml *tree = text ? vsm_yaml_read(r.arena, report, r.file, text, n) : NULL;
  s->daemon.path = vsm_conf_copy(&r, "%s", path);
  if (tree) {
    vsm_conf_read_map(&r, &VSM_NOTIFY_ROOT, tree, s);
    resolve(&r, s);
  }
  vsm_conf_report_sort(report);
  *settings = report->n_mistakes ? NULL : s;
  if (!*settings)
    vsm_settings_destroy(s);
  return *settings ? 0 : VSM_ECONFIG;
}

static void wipe_http(struct vsm_http_settings *h) {
  vsm_secret_wipe(&h->whole_url);
  vsm_secret_wipe(&h->password);
  vsm_secret_wipe(&h->token);
}

void vsm_settings_destroy(struct vsm_settings *s) {
  if (!s)
    return;
  for (unsigned i = 0; i < s->receivers.n; i++) {
    struct vsm_receiver *v = &s->receivers.at[i];
    wipe_http(&v->alertmanager.http);
    wipe_http(&v->webhook.http);
    vsm_secret_wipe(&v->webhook.key);
    vsm_secret_wipe(&v->mail.password);
  }
  wipe_http(&s->notify.heartbeat.http);
  vsm_arena_fini(&s->daemon.arena);
  free(s);
}

int vsm_settings_check(const char *path, FILE *out, FILE *mistakes) {
  struct vsm_settings *s;
  struct vsm_conf_report report;
  int err = vsm_settings_load(path, &s, &report);
  vsm_conf_report_print(&report, mistakes);
  vsm_conf_report_fini(&report);
  if (err)
    return err;
  struct vsm_conf_printer p = {.out = out};
  vsm_conf_print_map(&p, &VSM_NOTIFY_ROOT, s);
  vsm_settings_destroy(s);
  return 0;
}

const struct vsm_receiver *vsm_settings_receiver(const struct vsm_settings *s, const char *id) {
  for (unsigned i = 0; i < s->receivers.n; i++)
    if (s->receivers.at[i].id.z && strcmp(s->receivers.at[i].id.z, id) == 0)
      return &s->receivers.at[i];
  return NULL;
}

const struct vsm_calendar *vsm_settings_calendar(const struct vsm_settings *s, const char *id) {
  return vsm_conf_calendar(&s->daemon, id);
}
