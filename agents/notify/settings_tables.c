// One table for each map of the file, as in the daemon's conf/schema.c: a new key is one line here.
#include "agents/notify/settings_tables.h"

#include <string.h>

#include "agents/notify/settings.h"
#include "conf/forms.h"
#include "conf/resolve.h"
#include "core/calendar.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

static const char *const BOOLEANS[] = {"false", "true", NULL};
static const char *const TLS[] = {"required", "off", NULL};
static const char *const METHODS[] = {"GET", "POST", NULL};

// --- forms

static const char *form_url(const char *text, size_t *at) {
  *at = 0;
  const char *host = strncmp(text, "http://", 7) == 0 ? text + 7 : strncmp(text, "https://", 8) == 0 ? text + 8 : NULL;
  if (!host || *host == '\0' || *host == '/')
    return "no URL; allowed: http://HOST[:PORT][/PATH] or https://...";
  if (strpbrk(text, " \"<>\\"))
    return "a URL with blanks or quotes; allowed: http://HOST[:PORT][/PATH] or https://...";
  if (memchr(host, '@', strcspn(host, "/")))
    return "a URL with a password; allowed: user and password_file, or url_file";
  return vsm_form_text(text, at);
}

static const char *form_server(const char *text, size_t *at) {
  *at = 0;
  const char *host = strncmp(text, "smtp://", 7) == 0 ? text + 7 : strncmp(text, "smtps://", 8) == 0 ? text + 8 : NULL;
  if (!host || *host == '\0' || strpbrk(host, " @/\"<>\\"))
    return "no mail server; allowed: smtp://HOST[:PORT] or smtps://HOST[:PORT]";
  return vsm_form_text(text, at);
}

// No blanks, brackets or lists: what stands in an envelope cannot be more than one address.
static const char *form_address(const char *text, size_t *at) {
  const char *sign = strchr(text, '@');
  *at = 0;
  if (!sign || sign == text || sign[1] == '\0' || strchr(sign + 1, '@') || strpbrk(text, " \t\"<>()[]\\,;:") ||
      strlen(text) > 254)
    return "no mail address; allowed: NAME@HOST";
  return vsm_form_text(text, at);
}

static const char *form_glob(const char *text, size_t *at) {
  return vsm_form_text(text, at);
}

// --- channels

#define DURATION(k, place, def)                                                                                        \
  { .key = k, .type = &VSM_T_DURATION, place, .least = 1000, .fallback = def }
#define WORD(k, place, form)                                                                                           \
  { .key = k, .type = &VSM_T_WORD, place, .check = form }
#define WORDS(k, place, form)                                                                                          \
  { .key = k, .type = &VSM_T_WORDS, place, .check = form, .least = 1, .flags = VSM_CONF_ONE }

// The keys of everything that speaks HTTP; `at` is an offsetof() of its struct vsm_http_settings.
#define HTTP_AT(at, member) .offset = (at) + offsetof(struct vsm_http_settings, member)
#define HTTP_FIELDS(at)                                                                                                \
  WORD("url", HTTP_AT(at, url), form_url), WORD("url_file", HTTP_AT(at, url_file), vsm_form_text),                     \
      WORD("user", HTTP_AT(at, user), vsm_form_text),                                                                  \
      WORD("password_file", HTTP_AT(at, password_file), vsm_form_text),                                                \
      WORD("token_file", HTTP_AT(at, token_file), vsm_form_text),                                                      \
      WORD("ca_file", HTTP_AT(at, ca_file), vsm_form_text), DURATION("timeout", HTTP_AT(at, timeout), "10s")

#define RECEIVER_AT(member) .offset = offsetof(struct vsm_receiver, member)

static const struct vsm_conf_field ALERTMANAGER_FIELDS[] = {
    HTTP_FIELDS(offsetof(struct vsm_receiver, alertmanager.http)),
    DURATION("resend_interval", RECEIVER_AT(alertmanager.resend_interval), "1m"),
};

static const struct vsm_conf_field WEBHOOK_FIELDS[] = {
    HTTP_FIELDS(offsetof(struct vsm_receiver, webhook.http)),
    WORD("key_file", RECEIVER_AT(webhook.key_file), vsm_form_text),
};

static const struct vsm_conf_field COMMAND_FIELDS[] = {
    {.key = "run",
     .type = &VSM_T_WORDS,
     RECEIVER_AT(command.run),
     .check = vsm_form_text,
     .least = 1,
     .most = 64,
     .flags = VSM_CONF_REQUIRED},
    DURATION("timeout", RECEIVER_AT(command.timeout), "10s"),
};

static const struct vsm_conf_field MAIL_FIELDS[] = {
    {.key = "server", .type = &VSM_T_WORD, RECEIVER_AT(mail.server), .check = form_server, .flags = VSM_CONF_REQUIRED},
    {.key = "from", .type = &VSM_T_WORD, RECEIVER_AT(mail.from), .check = form_address, .flags = VSM_CONF_REQUIRED},
    {.key = "to",
     .type = &VSM_T_WORDS,
     RECEIVER_AT(mail.to),
     .check = form_address,
     .least = 1,
     .flags = VSM_CONF_REQUIRED | VSM_CONF_ONE},
    {.key = "to_owner", .type = &VSM_T_PAIRS, RECEIVER_AT(mail.to_owner), .check = form_address},
    WORD("user", RECEIVER_AT(mail.user), vsm_form_text),
    WORD("password_file", RECEIVER_AT(mail.password_file), vsm_form_text),
    WORD("ca_file", RECEIVER_AT(mail.ca_file), vsm_form_text),
    {.key = "tls", .type = &VSM_T_CHOICE, RECEIVER_AT(mail.tls), .names = TLS, .fallback = "required"},
    DURATION("timeout", RECEIVER_AT(mail.timeout), "30s"),
};

static const struct vsm_conf_field LOG_FIELDS[] = {WORD("log", RECEIVER_AT(log), vsm_form_text)};

#define RECEIVER_MAP(text, name)                                                                                       \
  { .what = text, .fields = name##_FIELDS, .n_fields = N(name##_FIELDS), .size = sizeof(struct vsm_receiver) }
const struct vsm_conf_map VSM_NOTIFY_CHANNELS[] = {
    [VSM_ALERTMANAGER] = RECEIVER_MAP("alertmanager", ALERTMANAGER),
    [VSM_WEBHOOK] = RECEIVER_MAP("webhook", WEBHOOK),
    [VSM_COMMAND] = RECEIVER_MAP("command", COMMAND),
    [VSM_MAIL] = RECEIVER_MAP("mail", MAIL),
    [VSM_LOG] = RECEIVER_MAP("log", LOG),
};

static const struct vsm_conf_field RECEIVER_FIELDS[] = {
    {.key = "id", .type = &VSM_T_WORD, RECEIVER_AT(id), .check = vsm_form_id, .flags = VSM_CONF_REQUIRED},
    {.key = "alertmanager", .type = &VSM_T_MAP, .map = &VSM_NOTIFY_CHANNELS[VSM_ALERTMANAGER]},
    {.key = "webhook", .type = &VSM_T_MAP, .map = &VSM_NOTIFY_CHANNELS[VSM_WEBHOOK]},
    {.key = "command", .type = &VSM_T_MAP, .map = &VSM_NOTIFY_CHANNELS[VSM_COMMAND]},
    {.key = "mail", .type = &VSM_T_MAP, .map = &VSM_NOTIFY_CHANNELS[VSM_MAIL]},
    WORD("log", RECEIVER_AT(log), vsm_form_text),
};
static const struct vsm_conf_map RECEIVER = {.what = "a receiver",
                                             .fields = RECEIVER_FIELDS,
                                             .n_fields = N(RECEIVER_FIELDS),
                                             .size = sizeof(struct vsm_receiver),
                                             .has_place = true};

// --- routes

#define ROUTE_AT(member) .offset = offsetof(struct vsm_route, member)
static const struct vsm_conf_field ROUTE_FIELDS[] = {
    WORDS("kind", ROUTE_AT(kind), form_glob),
    WORDS("stream", ROUTE_AT(stream), form_glob),
    WORDS("stage", ROUTE_AT(stage), form_glob),
    WORDS("source", ROUTE_AT(source), form_glob),
    WORDS("severity", ROUTE_AT(severity), form_glob),
    WORDS("owner", ROUTE_AT(owner), form_glob),
    WORDS("receivers", ROUTE_AT(receivers), vsm_form_id),
    {.key = "drop", .type = &VSM_T_CHOICE, ROUTE_AT(drop), .names = BOOLEANS, .fallback = "false"},
    {.key = "continue", .type = &VSM_T_CHOICE, ROUTE_AT(go_on), .names = BOOLEANS, .fallback = "false"},
    {.key = "group_wait", .type = &VSM_T_DURATION, ROUTE_AT(group_wait)},
    {.key = "group_interval", .type = &VSM_T_DURATION, ROUTE_AT(group_interval)},
    WORD("quiet_outside", ROUTE_AT(quiet_outside), vsm_form_calendar_id),
    WORD("digest", ROUTE_AT(digest), vsm_form_calendar_id),
};
static const struct vsm_conf_map ROUTE = {.what = "a route",
                                          .fields = ROUTE_FIELDS,
                                          .n_fields = N(ROUTE_FIELDS),
                                          .size = sizeof(struct vsm_route),
                                          .has_place = true};

// --- the file

#define ROOT_AT(member) .offset = offsetof(struct vsm_settings, member)
#define ROOT_MAP(text, name)                                                                                           \
  { .what = text, .fields = name##_FIELDS, .n_fields = N(name##_FIELDS), .size = sizeof(struct vsm_settings) }

static const struct vsm_conf_field RETRY_FIELDS[] = {
    DURATION("first", ROOT_AT(notify.retry.first), "1s"),
    DURATION("most", ROOT_AT(notify.retry.most), "5m"),
    DURATION("give_up_after", ROOT_AT(notify.retry.give_up_after), "3d"),
};
static const struct vsm_conf_map RETRY = ROOT_MAP("retry", RETRY);

static const struct vsm_conf_field HEARTBEAT_FIELDS[] = {
    HTTP_FIELDS(offsetof(struct vsm_settings, notify.heartbeat.http)),
    DURATION("interval", ROOT_AT(notify.heartbeat.interval), "1m"),
    {.key = "method", .type = &VSM_T_CHOICE, ROOT_AT(notify.heartbeat.method), .names = METHODS, .fallback = "GET"},
};
static const struct vsm_conf_map HEARTBEAT = ROOT_MAP("heartbeat", HEARTBEAT);

static const struct vsm_conf_field NOTIFY_FIELDS[] = {
    {.key = "state", .type = &VSM_T_WORD, ROOT_AT(notify.state), .check = vsm_form_text, .fallback = "notify-state"},
    DURATION("unheard_after", ROOT_AT(notify.unheard_after), "15s"),
    WORD("owner", ROOT_AT(notify.owner), vsm_form_text),
    WORD("runbook", ROOT_AT(notify.runbook), vsm_form_text),
    {.key = "group_wait", .type = &VSM_T_DURATION, ROOT_AT(notify.group_wait), .fallback = "60s"},
    {.key = "group_interval", .type = &VSM_T_DURATION, ROOT_AT(notify.group_interval), .fallback = "5m"},
    {.key = "silent_while_behind", .type = &VSM_T_DURATION, ROOT_AT(notify.silent_while_behind), .least = 1000},
    {.key = "retry", .type = &VSM_T_MAP, .map = &RETRY, .fallback = ""},
    DURATION("stuck_after", ROOT_AT(notify.stuck_after), "15m"),
    {.key = "heartbeat", .type = &VSM_T_MAP, .map = &HEARTBEAT},
};
static const struct vsm_conf_map NOTIFY = ROOT_MAP("notify", NOTIFY);

static const struct vsm_conf_field ROOT_FIELDS[] = {
    {.key = "notify", .type = &VSM_T_MAP, .map = &NOTIFY, .fallback = ""},
    {.key = "calendars",
     .type = &VSM_T_ITEMS,
     ROOT_AT(daemon.calendars),
     .map = &VSM_CONF_CALENDAR,
     .most = VSM_CALENDARS_MAX},
    {.key = "receivers",
     .type = &VSM_T_ITEMS,
     ROOT_AT(receivers),
     .map = &RECEIVER,
     .least = 1,
     .most = VSM_RECEIVERS_MAX,
     .flags = VSM_CONF_REQUIRED},
    {.key = "routes",
     .type = &VSM_T_ITEMS,
     ROOT_AT(routes),
     .map = &ROUTE,
     .least = 1,
     .most = VSM_ROUTES_MAX,
     .flags = VSM_CONF_REQUIRED},
};
const struct vsm_conf_map VSM_NOTIFY_ROOT = ROOT_MAP("the configuration", ROOT);
