// Every key of the configuration: its type, its place, what is allowed, its default. The one place to add a key;
// reading, hints, defaults and printing follow.
#include <stddef.h>

#include "conf/clients.h"
#include "conf/forms.h"
#include "conf/resolve.h"
#include "core/calendar.h"

#define N(array) (sizeof(array) / sizeof *(array))
#define COUNT_MAX INT64_C(1000000000000)

static const char *const BOOLEANS[] = {"false", "true", NULL};
static const char *const CLOCKS[] = {"wall", "event", NULL};
static const char *const FORKS[] = {"one", "all", NULL};
static const char *const SUSPENDED[] = {"all", "ours", NULL};
static const char *const SEVERITIES[] = {"critical", "error", "warning", "info", NULL};
static const char *const PARTIES[] = {"us", "customer", "third-party", NULL};
static const char *const LIFECYCLES[] = {"schedule", "start",    "suspend",  "resume", "complete",
                                         "finish",   "withdraw", "progress", NULL};

// --- alerts: the same keys with defaults (of the daemon) and without (what overrides them)

#define ALERT_AT(member) .offset = offsetof(struct vsm_conf_alert, member)
#define ALERT_FIELDS(d)                                                                                                \
  {.key = "for", .type = &VSM_T_DURATION, ALERT_AT(hold_for), .fallback = d ? "0s" : NULL},                            \
      {.key = "keep_firing_for", .type = &VSM_T_DURATION, ALERT_AT(keep_firing_for), .fallback = d ? "0s" : NULL},     \
      {.key = "severity",                                                                                              \
       .type = &VSM_T_CHOICE,                                                                                          \
       ALERT_AT(severity),                                                                                             \
       .names = SEVERITIES,                                                                                            \
       .fallback = d ? "warning" : NULL},                                                                              \
      {.key = "announce_interval",                                                                                     \
       .type = &VSM_T_DURATION,                                                                                        \
       ALERT_AT(announce_interval),                                                                                    \
       .least = 1000,                                                                                                  \
       .fallback = d ? "5m" : NULL},                                                                                   \
  {                                                                                                                    \
    .key = "repeat_interval", .type = &VSM_T_DURATION, ALERT_AT(repeat_interval), .least = 1000,                       \
    .fallback = d ? "24h" : NULL                                                                                       \
  }
#define MIN_VISITS_FIELD(d)                                                                                            \
  {                                                                                                                    \
    .key = "min_visits", .type = &VSM_T_COUNT, ALERT_AT(min_visits), .least = 1, .most = COUNT_MAX,                    \
    .fallback = d ? "20" : NULL                                                                                        \
  }
#define REFUSED_SHARE_FIELD(d)                                                                                         \
  { .key = "refused_share", .type = &VSM_T_SHARE, ALERT_AT(refused_share), .fallback = d ? "0.05" : NULL }
#define ALERT_MAP(table)                                                                                               \
  { .what = "an alert", .fields = table, .n_fields = N(table), .size = sizeof(struct vsm_conf_alert) }

static const struct vsm_conf_field ALERT_PLAIN[] = {ALERT_FIELDS(0)};
static const struct vsm_conf_field ALERT_ITEM[] = {ALERT_FIELDS(0), MIN_VISITS_FIELD(0)};
static const struct vsm_conf_field ALERT_REFUSED[] = {ALERT_FIELDS(0), REFUSED_SHARE_FIELD(0)};
static const struct vsm_conf_field ALERT_PLAIN_DEFAULTS[] = {ALERT_FIELDS(1)};
static const struct vsm_conf_field ALERT_ITEM_DEFAULTS[] = {ALERT_FIELDS(1), MIN_VISITS_FIELD(1)};
static const struct vsm_conf_field ALERT_REFUSED_DEFAULTS[] = {ALERT_FIELDS(1), REFUSED_SHARE_FIELD(1)};
static const struct vsm_conf_map PLAIN = ALERT_MAP(ALERT_PLAIN), ITEM = ALERT_MAP(ALERT_ITEM),
                                 REFUSED = ALERT_MAP(ALERT_REFUSED), PLAIN_DEFAULTS = ALERT_MAP(ALERT_PLAIN_DEFAULTS),
                                 ITEM_DEFAULTS = ALERT_MAP(ALERT_ITEM_DEFAULTS),
                                 REFUSED_DEFAULTS = ALERT_MAP(ALERT_REFUSED_DEFAULTS);

#define KIND(name, value, table, d)                                                                                    \
  {                                                                                                                    \
    .key = name, .type = &VSM_T_MAP, .offset = offsetof(struct vsm_conf_alerts, kind[value]), .map = &table,           \
    .fallback = d ? "" : NULL                                                                                          \
  }
#define KINDS(plain, item, refused, d)                                                                                 \
  KIND("item_stalled", VSM_ITEM_STALLED, item, d), KIND("item_overdue", VSM_ITEM_OVERDUE, plain, d),                   \
      KIND("stage_stalled", VSM_STAGE_STALLED, plain, d), KIND("wip_limit", VSM_WIP_LIMIT, plain, d),                  \
      KIND("sle_missed", VSM_SLE_MISSED, plain, d), KIND("source_silent", VSM_SOURCE_SILENT, plain, d),                \
      KIND("source_refused", VSM_SOURCE_REFUSED, refused, d), KIND("source_gap", VSM_SOURCE_GAP, plain, d)
static const struct vsm_conf_field OVERRIDE_FIELDS[] = {KINDS(PLAIN, ITEM, REFUSED, 0)};
static const struct vsm_conf_field ALERTS_FIELDS[] = {KINDS(PLAIN_DEFAULTS, ITEM_DEFAULTS, REFUSED_DEFAULTS, 1)};
static const struct vsm_conf_map OVERRIDES = {.what = "alerts",
                                              .fields = OVERRIDE_FIELDS,
                                              .n_fields = N(OVERRIDE_FIELDS),
                                              .size = sizeof(struct vsm_conf_alerts)};
static const struct vsm_conf_map ALERTS = {
    .what = "alerts", .fields = ALERTS_FIELDS, .n_fields = N(ALERTS_FIELDS), .size = sizeof(struct vsm_conf_alerts)};

// --- daemon

#define DAEMON_AT(member) .offset = offsetof(struct vsm_conf_daemon, member)
#define DAEMON_MAP(name, table)                                                                                        \
  { .what = name, .fields = table, .n_fields = N(table), .size = sizeof(struct vsm_conf_daemon) }

// Maps within daemon share its struct: their own offset is 0.
static const struct vsm_conf_field SUBSCRIBE_FIELDS[] = {
    {.key = "bind", .type = &VSM_T_LISTENERS, DAEMON_AT(subscribe), .fallback = "tcp://127.0.0.1:5570"},
};
static const struct vsm_conf_map SUBSCRIBE = DAEMON_MAP("subscribe", SUBSCRIBE_FIELDS);

static const struct vsm_conf_field JOURNAL_FIELDS[] = {
    {.key = "max", .type = &VSM_T_BYTES, DAEMON_AT(journal_max_bytes), .least = 1 << 20, .fallback = "20GiB"},
    {.key = "keep", .type = &VSM_T_DURATION, DAEMON_AT(journal_keep), .least = VSM_MINUTE_US},
};
static const struct vsm_conf_map JOURNAL = DAEMON_MAP("journal", JOURNAL_FIELDS);

static const struct vsm_conf_field KEEP_FIELDS[] = {
    {.key = "keep", .type = &VSM_T_DURATION, DAEMON_AT(items_keep), .least = VSM_MINUTE_US, .fallback = "400d"},
};
static const struct vsm_conf_map KEEP = DAEMON_MAP("items", KEEP_FIELDS);

#define LIMIT(name, member, largest, by_default)                                                                       \
  { .key = name, .type = &VSM_T_COUNT, DAEMON_AT(member), .least = 1, .most = largest, .fallback = by_default }
// Of a frame and a batch: those of the wire, which are the same everywhere.
enum { ROWS_MAX = 100000000, QUEUE_MAX = 1000000, FRAME_BYTES_MAX = 4 << 20, BATCH_MAX = 65536 };
static const struct vsm_conf_field LIMITS_FIELDS[] = {
    LIMIT("items", limit_items, COUNT_MAX, "10000000"),
    {.key = "memory", .type = &VSM_T_BYTES, DAEMON_AT(limit_memory_bytes), .least = 16 << 20},
    LIMIT("sources", limit_sources, ROWS_MAX, "10000"),
    LIMIT("unmapped", limit_unmapped, ROWS_MAX, "10000"),
    LIMIT("rejected", limit_rejected, ROWS_MAX, "10000"),
    LIMIT("keys", limit_keys, VSM_LINKS_MAX, "32"),
    LIMIT("transitions", limit_transitions, VSM_TRANSITIONS_MAX, "4096"),
    LIMIT("segment_values", limit_segment_values, VSM_SEGMENT_VALUES_MAX, "64"),
    {.key = "peer_memory",
     .type = &VSM_T_BYTES,
     DAEMON_AT(limit_peer_memory_bytes),
     .least = 1 << 20,
     .fallback = "256MiB"},
    LIMIT("connections", limit_connections, 1000000, "10000"),
    {.key = "handshake",
     .type = &VSM_T_DURATION,
     DAEMON_AT(limit_handshake),
     .least = 1000,
     .most = VSM_HOUR_US,
     .fallback = "5s"},
    {.key = "frame",
     .type = &VSM_T_BYTES,
     DAEMON_AT(limit_frame_bytes),
     .least = 1 << 10,
     .most = FRAME_BYTES_MAX,
     .fallback = "4MiB"},
    LIMIT("batch", limit_batch, BATCH_MAX, "65536"),
    LIMIT("subscriptions", limit_subscriptions, QUEUE_MAX, "10000"),
    LIMIT("submit_queue", limit_submit_queue, QUEUE_MAX, "1000"),
    LIMIT("subscribe_queue", limit_subscribe_queue, QUEUE_MAX, "10000"),
    LIMIT("ack_queue", limit_ack_queue, QUEUE_MAX, "100000"),
    LIMIT("publish_queue", limit_publish_queue, QUEUE_MAX, "10000"),
    LIMIT("query_queue", limit_query_queue, QUEUE_MAX, "1000"),
};
static const struct vsm_conf_map LIMITS = DAEMON_MAP("limits", LIMITS_FIELDS);

static const struct vsm_conf_field CURVE_NEXT_FIELDS[] = {
    {.key = "key", .type = &VSM_T_TEXT, DAEMON_AT(curve.next_key), .flags = VSM_CONF_REQUIRED},
    {.key = "subscribe", .type = &VSM_T_LISTENERS, DAEMON_AT(curve.next_subscribe), .flags = VSM_CONF_ONE},
    {.key = "submit", .type = &VSM_T_LISTENER, DAEMON_AT(curve.next_submit)},
    {.key = "publish", .type = &VSM_T_LISTENER, DAEMON_AT(curve.next_publish)},
    {.key = "query", .type = &VSM_T_LISTENER, DAEMON_AT(curve.next_query)},
};
static const struct vsm_conf_map CURVE_NEXT = DAEMON_MAP("next", CURVE_NEXT_FIELDS);

static const struct vsm_conf_field CURVE_FIELDS[] = {
    {.key = "key", .type = &VSM_T_TEXT, DAEMON_AT(curve.key), .flags = VSM_CONF_REQUIRED},
    {.key = "clients", .type = &VSM_T_TEXT, DAEMON_AT(curve.clients), .flags = VSM_CONF_REQUIRED},
    {.key = "next", .type = &VSM_T_MAP, .map = &CURVE_NEXT},
};
static const struct vsm_conf_map CURVE = DAEMON_MAP("curve", CURVE_FIELDS);

static const struct vsm_conf_field DAEMON_FIELDS[] = {
    {.key = "clock", .type = &VSM_T_CHOICE, DAEMON_AT(clock), .names = CLOCKS, .fallback = "wall"},
    {.key = "state", .type = &VSM_T_TEXT, DAEMON_AT(state), .check = vsm_form_text},
    {.key = "subscribe", .type = &VSM_T_MAP, .map = &SUBSCRIBE, .flags = VSM_CONF_NONE, .fallback = ""},
    {.key = "submit", .type = &VSM_T_LISTENER, DAEMON_AT(submit), .fallback = "tcp://127.0.0.1:5571"},
    {.key = "publish", .type = &VSM_T_LISTENER, DAEMON_AT(publish), .fallback = "tcp://127.0.0.1:5572"},
    {.key = "query", .type = &VSM_T_LISTENER, DAEMON_AT(query), .fallback = "tcp://127.0.0.1:5573"},
    {.key = "publish_interval",
     .type = &VSM_T_DURATION,
     DAEMON_AT(publish_interval),
     .least = 1000,
     .most = VSM_HOUR_US,
     .fallback = "250ms"},
    {.key = "max_future_skew", .type = &VSM_T_DURATION, DAEMON_AT(max_future_skew), .fallback = "5m"},
    {.key = "max_step", .type = &VSM_T_DURATION, DAEMON_AT(max_step), .least = 1000, .fallback = "3650d"},
    {.key = "windows",
     .type = &VSM_T_DURATIONS,
     DAEMON_AT(windows),
     .least = 1,
     .most = 32,
     .fallback = "1h 24h 7d 30d"},
    {.key = "journal", .type = &VSM_T_MAP, .map = &JOURNAL, .fallback = ""},
    {.key = "items", .type = &VSM_T_MAP, .map = &KEEP, .fallback = ""},
    {.key = "limits", .type = &VSM_T_MAP, .map = &LIMITS, .fallback = ""},
    {.key = "alerts", .type = &VSM_T_MAP, DAEMON_AT(alerts), .map = &ALERTS, .fallback = ""},
    {.key = "curve", .type = &VSM_T_MAP, .map = &CURVE},
    {.key = "insecure", .type = &VSM_T_CHOICE, DAEMON_AT(insecure), .names = BOOLEANS, .fallback = "false"},
};
static const struct vsm_conf_map DAEMON = DAEMON_MAP("daemon", DAEMON_FIELDS);

// --- calendars and sources

#define CALENDAR_AT(member) .offset = offsetof(struct vsm_conf_calendar, member)
static const struct vsm_conf_field CALENDAR_FIELDS[] = {
    {.key = "id", .type = &VSM_T_WORD, CALENDAR_AT(id), .flags = VSM_CONF_REQUIRED, .check = vsm_form_calendar_id},
    {.key = "zone", .type = &VSM_T_WORD, CALENDAR_AT(zone), .flags = VSM_CONF_REQUIRED, .check = vsm_form_zone},
    {.key = "week",
     .type = &VSM_T_WORDS,
     CALENDAR_AT(week),
     .flags = VSM_CONF_REQUIRED | VSM_CONF_ONE,
     .check = vsm_form_week,
     .least = 1},
    {.key = "holidays", .type = &VSM_T_WORDS, CALENDAR_AT(holidays), .flags = VSM_CONF_ONE, .check = vsm_form_date},
};
const struct vsm_conf_map VSM_CONF_CALENDAR = {.what = "a calendar",
                                               .fields = CALENDAR_FIELDS,
                                               .n_fields = N(CALENDAR_FIELDS),
                                               .size = sizeof(struct vsm_conf_calendar)};

#define SOURCE_AT(member) .offset = offsetof(struct vsm_conf_source, member)
static const struct vsm_conf_field SOURCE_FIELDS[] = {
    {.key = "id", .type = &VSM_T_WORD, SOURCE_AT(id), .flags = VSM_CONF_REQUIRED, .check = vsm_form_source},
    {.key = "connect", .type = &VSM_T_PEER, SOURCE_AT(connect)},
    {.key = "recover", .type = &VSM_T_PEER, SOURCE_AT(recover)},
    {.key = "server_key", .type = &VSM_T_TEXT, SOURCE_AT(server_key), .check = vsm_form_key},
    {.key = "silent_after", .type = &VSM_T_DURATION, SOURCE_AT(silent_after), .least = 1000, .flags = VSM_CONF_WORKING},
    {.key = "offset", .type = &VSM_T_DURATION, SOURCE_AT(offset), .flags = VSM_CONF_SIGNED, .fallback = "0s"},
    {.key = "calendar", .type = &VSM_T_WORD, SOURCE_AT(calendar)},
    {.key = "owner", .type = &VSM_T_TEXT, SOURCE_AT(owner)},
    {.key = "runbook", .type = &VSM_T_TEXT, SOURCE_AT(runbook)},
    {.key = "alerts", .type = &VSM_T_MAP, SOURCE_AT(alerts), .map = &OVERRIDES},
};
static const struct vsm_conf_map SOURCE = {
    .what = "a source", .fields = SOURCE_FIELDS, .n_fields = N(SOURCE_FIELDS), .size = sizeof(struct vsm_conf_source)};

// --- the clients file, a document of its own

#define CLIENT_AT(member) .offset = offsetof(struct vsm_conf_client, member)
static const struct vsm_conf_field CLIENT_FIELDS[] = {
    {.key = "name", .type = &VSM_T_WORD, CLIENT_AT(name), .flags = VSM_CONF_REQUIRED, .check = vsm_form_id},
    {.key = "public_key", .type = &VSM_T_WORD, CLIENT_AT(key), .flags = VSM_CONF_REQUIRED, .check = vsm_form_key},
    {.key = "roles",
     .type = &VSM_T_WORDS,
     CLIENT_AT(roles),
     .flags = VSM_CONF_REQUIRED | VSM_CONF_ONE,
     .check = vsm_form_role,
     .least = 1},
    {.key = "sources", .type = &VSM_T_WORDS, CLIENT_AT(sources), .flags = VSM_CONF_ONE, .check = vsm_form_glob_source},
    {.key = "streams", .type = &VSM_T_WORDS, CLIENT_AT(streams), .flags = VSM_CONF_ONE, .check = vsm_form_stream_id},
};
static const struct vsm_conf_map CLIENT = {
    .what = "a client", .fields = CLIENT_FIELDS, .n_fields = N(CLIENT_FIELDS), .size = sizeof(struct vsm_conf_client)};
const struct vsm_conf_field VSM_CONF_CLIENTS = {
    .key = "the clients file", .type = &VSM_T_ITEMS, .map = &CLIENT, .most = VSM_CLIENTS_MAX};

// --- value streams

#define EXPECTED_AT(member) .offset = offsetof(struct vsm_conf_expected, member)
static const struct vsm_conf_field EXPECTED_FIELDS[] = {
    {.key = "name", .type = &VSM_T_TEXT, EXPECTED_AT(name)},
    {.key = "from", .type = &VSM_T_WORD, EXPECTED_AT(from), .check = vsm_form_span},
    {.key = "to", .type = &VSM_T_WORD, EXPECTED_AT(to), .check = vsm_form_span},
    {.key = "within",
     .type = &VSM_T_DURATION,
     EXPECTED_AT(within),
     .least = 1000,
     .flags = VSM_CONF_REQUIRED | VSM_CONF_WORKING},
    {.key = "share", .type = &VSM_T_SHARE, EXPECTED_AT(share), .fallback = "0.85"},
    {.key = "window", .type = &VSM_T_DURATION, EXPECTED_AT(window), .least = VSM_MINUTE_US},
    {.key = "min_count", .type = &VSM_T_COUNT, EXPECTED_AT(min_count), .most = COUNT_MAX, .fallback = "20"},
    {.key = "where", .type = &VSM_T_WHERE, EXPECTED_AT(where)},
    {.key = "clock", .type = &VSM_T_CHOICE, EXPECTED_AT(clock), .names = SUSPENDED, .fallback = "all"},
    {.key = "calendar", .type = &VSM_T_WORD, EXPECTED_AT(calendar)},
};
static const struct vsm_conf_map EXPECTED = {.what = "an expectation",
                                             .fields = EXPECTED_FIELDS,
                                             .has_place = true,
                                             .n_fields = N(EXPECTED_FIELDS),
                                             .size = sizeof(struct vsm_conf_expected)};

#define THRESHOLD_AT(member) .offset = offsetof(struct vsm_conf_threshold, member)
static const struct vsm_conf_field THRESHOLD_FIELDS[] = {
    {.key = "after", .type = &VSM_T_THRESHOLD, .least = 1000, .flags = VSM_CONF_REQUIRED | VSM_CONF_WORKING},
    {.key = "where", .type = &VSM_T_WHERE, THRESHOLD_AT(where)},
    {.key = "calendar", .type = &VSM_T_WORD, THRESHOLD_AT(calendar)},
};
static const struct vsm_conf_map THRESHOLD = {.what = "stall_after",
                                              .fields = THRESHOLD_FIELDS,
                                              .shorthand = "after",
                                              .n_fields = N(THRESHOLD_FIELDS),
                                              .has_place = true,
                                              .size = sizeof(struct vsm_conf_threshold)};

#define STAGE_AT(member) .offset = offsetof(struct vsm_conf_stage, member)
static const struct vsm_conf_field STAGE_FIELDS[] = {
    {.key = "id", .type = &VSM_T_WORD, STAGE_AT(id), .flags = VSM_CONF_REQUIRED, .check = vsm_form_stage_id},
    {.key = "name", .type = &VSM_T_TEXT, STAGE_AT(name)},
    {.key = "was", .type = &VSM_T_WORD, STAGE_AT(was), .check = vsm_form_stage_id},
    {.key = "next", .type = &VSM_T_WORDS, STAGE_AT(next), .flags = VSM_CONF_ONE, .least = 1},
    {.key = "fork", .type = &VSM_T_CHOICE, STAGE_AT(fork), .names = FORKS, .fallback = "one"},
    {.key = "calendar", .type = &VSM_T_WORD, STAGE_AT(calendar)},
    {.key = "expected", .type = &VSM_T_ITEMS, STAGE_AT(expected), .map = &EXPECTED, .least = 1, .flags = VSM_CONF_ONE},
    {.key = "stall_after",
     .type = &VSM_T_ITEMS,
     STAGE_AT(stall_after),
     .map = &THRESHOLD,
     .least = 1,
     .flags = VSM_CONF_ONE},
    {.key = "stage_stall_after",
     .type = &VSM_T_DURATION,
     STAGE_AT(stage_stall_after),
     .least = 1000,
     .flags = VSM_CONF_WORKING},
    {.key = "wip_limit", .type = &VSM_T_COUNT, STAGE_AT(wip_limit), .least = 1, .most = COUNT_MAX},
    {.key = "owner", .type = &VSM_T_TEXT, STAGE_AT(owner)},
    {.key = "runbook", .type = &VSM_T_TEXT, STAGE_AT(runbook)},
    {.key = "alerts", .type = &VSM_T_MAP, STAGE_AT(alerts), .map = &OVERRIDES},
};
const struct vsm_conf_map VSM_CONF_STAGE = {
    .what = "a stage", .fields = STAGE_FIELDS, .n_fields = N(STAGE_FIELDS), .size = sizeof(struct vsm_conf_stage)};

#define STREAM_AT(member) .offset = offsetof(struct vsm_conf_stream, member)
static const struct vsm_conf_field STREAM_FIELDS[] = {
    {.key = "id", .type = &VSM_T_WORD, STREAM_AT(id), .flags = VSM_CONF_REQUIRED, .check = vsm_form_stream_id},
    {.key = "name", .type = &VSM_T_TEXT, STREAM_AT(name)},
    {.key = "diagram", .type = &VSM_T_WORD, STREAM_AT(diagram)},
    {.key = "owner", .type = &VSM_T_TEXT, STREAM_AT(owner)},
    {.key = "runbook", .type = &VSM_T_TEXT, STREAM_AT(runbook)},
    {.key = "segments", .type = &VSM_T_WORDS, STREAM_AT(segments), .most = VSM_SEGMENTS_MAX},
    {.key = "calendar", .type = &VSM_T_WORD, STREAM_AT(calendar)},
    {.key = "windows", .type = &VSM_T_DURATIONS, STREAM_AT(windows), .least = 1, .most = 32},
    {.key = "expected", .type = &VSM_T_ITEMS, STREAM_AT(expected), .map = &EXPECTED, .least = 1, .flags = VSM_CONF_ONE},
    {.key = "stall_after",
     .type = &VSM_T_ITEMS,
     STREAM_AT(stall_after),
     .map = &THRESHOLD,
     .least = 1,
     .flags = VSM_CONF_ONE},
    {.key = "alerts", .type = &VSM_T_MAP, STREAM_AT(alerts), .map = &OVERRIDES},
    {.key = "stages", .type = &VSM_T_ITEMS, STREAM_AT(stages), .map = &VSM_CONF_STAGE},
    {.key = "outcome", .type = &VSM_T_WORD, STREAM_AT(outcome)},
};
static const struct vsm_conf_map STREAM = {.what = "a value stream",
                                           .fields = STREAM_FIELDS,
                                           .n_fields = N(STREAM_FIELDS),
                                           .size = sizeof(struct vsm_conf_stream)};

// --- mappings

#define CONDITION_AT(member) .offset = offsetof(struct vsm_conf_condition, member)
static const struct vsm_conf_field CONDITION_FIELDS[] = {
    {.key = "field", .type = &VSM_T_WORD, CONDITION_AT(field), .flags = VSM_CONF_REQUIRED, .check = vsm_form_field},
    {.key = "in", .type = &VSM_T_WORDS, CONDITION_AT(in), .least = 1, .flags = VSM_CONF_ONE},
    {.key = "not_in", .type = &VSM_T_WORDS, CONDITION_AT(not_in), .least = 1, .flags = VSM_CONF_ONE},
    {.key = "exists", .type = &VSM_T_CHOICE, CONDITION_AT(exists), .names = BOOLEANS},
    {.key = "matches", .type = &VSM_T_WORD, CONDITION_AT(matches)},
};
static const struct vsm_conf_map CONDITION = {.what = "a condition",
                                              .fields = CONDITION_FIELDS,
                                              .n_fields = N(CONDITION_FIELDS),
                                              .size = sizeof(struct vsm_conf_condition)};

#define RULE_AT(member) .offset = offsetof(struct vsm_conf_rule, member)
static const struct vsm_conf_field RULE_FIELDS[] = {
    {.key = "source", .type = &VSM_T_WORD, RULE_AT(source), .flags = VSM_CONF_REQUIRED, .check = vsm_form_glob_source},
    {.key = "type", .type = &VSM_T_WORD, RULE_AT(type), .flags = VSM_CONF_REQUIRED},
    {.key = "when", .type = &VSM_T_ITEMS, RULE_AT(when), .map = &CONDITION},
    {.key = "stage", .type = &VSM_T_WORD, RULE_AT(stage)},
    {.key = "stream", .type = &VSM_T_WORD, RULE_AT(stream)},
    {.key = "lifecycle", .type = &VSM_T_CHOICE, RULE_AT(lifecycle), .names = LIFECYCLES},
    {.key = "item", .type = &VSM_T_WORD, RULE_AT(item), .check = vsm_form_template},
    {.key = "links", .type = &VSM_T_WORDS, RULE_AT(links), .check = vsm_form_template, .most = VSM_LINKS_MAX - 1},
    {.key = "segments", .type = &VSM_T_PAIRS, RULE_AT(segments), .check = vsm_form_template},
    {.key = "reason", .type = &VSM_T_WORD, RULE_AT(reason), .check = vsm_form_template},
    {.key = "party", .type = &VSM_T_CHOICE, RULE_AT(party), .names = PARTIES},
    {.key = "due", .type = &VSM_T_WORD, RULE_AT(due), .check = vsm_form_template},
    {.key = "not_before", .type = &VSM_T_WORD, RULE_AT(not_before), .check = vsm_form_template},
    {.key = "creates", .type = &VSM_T_CHOICE, RULE_AT(creates), .names = BOOLEANS},
    {.key = "ignore", .type = &VSM_T_CHOICE, RULE_AT(ignore), .names = BOOLEANS},
};
static const struct vsm_conf_map RULE = {.what = "a mapping rule",
                                         .fields = RULE_FIELDS,
                                         .n_fields = N(RULE_FIELDS),
                                         .size = sizeof(struct vsm_conf_rule),
                                         .has_place = true};

// --- the file

#define ROOT_AT(member) .offset = offsetof(struct vsm_config, member)
static const struct vsm_conf_field ROOT_FIELDS[] = {
    {.key = "daemon", .type = &VSM_T_MAP, ROOT_AT(daemon), .map = &DAEMON, .fallback = ""},
    {.key = "calendars",
     .type = &VSM_T_ITEMS,
     ROOT_AT(calendars),
     .map = &VSM_CONF_CALENDAR,
     .most = VSM_CALENDARS_MAX},
    {.key = "sources", .type = &VSM_T_ITEMS, ROOT_AT(sources), .map = &SOURCE},
    {.key = "value_streams", .type = &VSM_T_ITEMS, ROOT_AT(value_streams), .map = &STREAM},
    {.key = "mappings", .type = &VSM_T_ITEMS, ROOT_AT(mappings), .map = &RULE},
};
const struct vsm_conf_map VSM_CONF_ROOT = {
    .what = "the configuration", .fields = ROOT_FIELDS, .n_fields = N(ROOT_FIELDS), .size = sizeof(struct vsm_config)};
