// The configuration of vsm-notify: read by the same tables as the daemon's (conf/reader.h), with the same calendars.
// All of it with its defaults: docs/notify.md.
#pragma once
#include "agents/lib/secret.h"
#include "conf/conf.h"

enum { VSM_RECEIVERS_MAX = 256, VSM_ROUTES_MAX = 1024 };

enum vsm_channel { VSM_ALERTMANAGER, VSM_WEBHOOK, VSM_COMMAND, VSM_MAIL, VSM_LOG, VSM_CHANNELS };

// Where an HTTP request goes, and with what. Of url and url_file one is given.
struct vsm_http_settings {
  struct vsm_conf_word url, url_file, user, password_file, token_file, ca_file;
  struct vsm_conf_duration timeout;
  struct vsm_secret whole_url, password, token; // of the files
  const char *ca;                               // path of ca_file; NULL: the system's
};

struct vsm_alertmanager_settings {
  struct vsm_http_settings http;
  struct vsm_conf_duration resend_interval;
};

struct vsm_webhook_settings {
  struct vsm_http_settings http;
  struct vsm_conf_word key_file;
  struct vsm_secret key;
};

struct vsm_command_settings {
  struct vsm_conf_words run;
  struct vsm_conf_duration timeout;
};

enum vsm_mail_tls { VSM_TLS_REQUIRED, VSM_TLS_OFF };
struct vsm_mail_settings {
  struct vsm_conf_word server, from;
  struct vsm_conf_words to;
  struct vsm_conf_pairs to_owner; // owner -> address
  struct vsm_conf_word user, password_file, ca_file;
  int tls;
  struct vsm_conf_duration timeout;
  struct vsm_secret password;
  const char *ca;
};

struct vsm_receiver {
  unsigned line, column;
  struct vsm_conf_word id;
  struct vsm_alertmanager_settings alertmanager;
  struct vsm_webhook_settings webhook;
  struct vsm_command_settings command;
  struct vsm_mail_settings mail;
  struct vsm_conf_word log; // "stderr", or a file
  enum vsm_channel channel; // the one that is given
  const char *log_path;     // NULL: standard error
};

struct vsm_route {
  unsigned line, column;
  struct vsm_conf_words kind, stream, stage, source, severity, owner; // globs; none: any
  struct vsm_conf_words receivers;
  int drop, go_on;
  struct vsm_conf_duration group_wait, group_interval;
  struct vsm_conf_word quiet_outside, digest;       // ids of calendars
  const struct vsm_receiver **to;                   // receivers.n
  const struct vsm_calendar *working, *digest_days; // NULL: not given
};

struct vsm_heartbeat_settings {
  struct vsm_http_settings http;
  struct vsm_conf_duration interval;
  int method; // 0 GET, 1 POST
};

struct vsm_settings {
  struct vsm_config daemon; // its arena, path, calendars and model.calendars alone are used
  const char *state;        // a directory, as a path from here
  struct {
    struct vsm_conf_word state;
    struct vsm_conf_duration unheard_after, stuck_after, group_wait, group_interval;
    struct vsm_conf_duration silent_while_behind; // with the event clock; not given: never
    struct vsm_conf_word owner, runbook;          // of what vsm-notify raises itself
    struct {
      struct vsm_conf_duration first, most, give_up_after;
    } retry;
    struct vsm_heartbeat_settings heartbeat;
  } notify;
  struct {
    struct vsm_receiver *at;
    unsigned n;
  } receivers;
  struct {
    struct vsm_route *at;
    unsigned n;
  } routes;
};

// 0 with *settings, which the caller owns; VSM_ECONFIG where there is any mistake. *report must be given to
// vsm_conf_report_fini() in any case.
int vsm_settings_load(const char *path, struct vsm_settings **settings, struct vsm_conf_report *report);
void vsm_settings_destroy(struct vsm_settings *s); // NULL-safe; wipes the secrets
// Prints all that was understood, or every mistake. 0, or as vsm_settings_load().
int vsm_settings_check(const char *path, FILE *out, FILE *mistakes);

const struct vsm_receiver *vsm_settings_receiver(const struct vsm_settings *s, const char *id); // NULL: there is none
const struct vsm_calendar *vsm_settings_calendar(const struct vsm_settings *s, const char *id); // likewise, or id NULL
const char *vsm_channel_name(enum vsm_channel channel);
