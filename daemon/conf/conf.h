// The configuration: YAML and the drawing it names, read, checked and resolved into the core's model. Plain data; a
// value that was given keeps its place (line and column from 1), so that later complaints can point at it.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "core/model.h"

enum { VSM_CONF_BYTES_MAX = 4 * 1024 * 1024 }; // of the file, and of each diagram file

struct vsm_conf_mistake {
  const char *file; // as opened
  unsigned line, column;
  const char *text; // what is wrong, what is allowed
};

// What a load found wrong: all of it, sorted by file, line and column, each once.
struct vsm_conf_report {
  struct vsm_arena arena;
  struct vsm_conf_mistake *mistakes;
  unsigned n_mistakes, cap_mistakes;
  unsigned dropped; // beyond the first 1000
};

// A text where it stands in the file; z NULL: not given.
struct vsm_conf_word {
  const char *z, *file;
  unsigned line, column;
};
struct vsm_conf_words {
  struct vsm_conf_word *at;
  unsigned n;
};

// An elapsed time, or working days of a calendar; text NULL: not given.
struct vsm_conf_duration {
  const char *text;      // as written
  int64_t us;            // of working days: working time of the calendar in force
  uint32_t working_days; // "5wd"; 0: an elapsed time, or working time of the calendar in force
  unsigned line, column;
};
struct vsm_conf_durations {
  struct vsm_conf_duration *at;
  unsigned n;
};

// Settings of one kind of alert. Under a stream, stage or source only what was given there.
struct vsm_conf_alert {
  struct vsm_conf_duration hold_for, keep_firing_for, announce_interval, repeat_interval;
  int severity;         // enum vsm_severity; -1: not given
  int64_t min_visits;   // of VSM_ITEM_STALLED, for relative thresholds; -1: not given
  double refused_share; // of VSM_SOURCE_REFUSED; 0: not given
};
struct vsm_conf_alerts {
  struct vsm_conf_alert kind[VSM_ALERT_KINDS];
};

// Attribute values for which an entry counts: name -> any of the values.
struct vsm_conf_where_entry {
  struct vsm_conf_word name;
  struct vsm_conf_words values;
};
struct vsm_conf_where {
  struct vsm_conf_where_entry *at;
  unsigned n;
};

struct vsm_conf_endpoints {
  const char **at;
  unsigned n; // 0: none
};

struct vsm_conf_daemon {
  int clock;                            // enum vsm_clock
  const char *state;                    // a directory, relative to the file; NULL: none
  struct vsm_conf_endpoints subscribe;  // binds
  const char *submit, *publish, *query; // NULL: none
  struct vsm_conf_duration publish_interval, max_future_skew, max_step;
  struct vsm_conf_durations windows;
  int64_t journal_max_bytes;
  struct vsm_conf_duration journal_keep, items_keep;
  int64_t limit_items, limit_sources, limit_unmapped, limit_rejected;
  int64_t limit_keys, limit_transitions, limit_segment_values;
  int64_t limit_memory_bytes; // -1: not given
  int64_t limit_peer_memory_bytes;
  int64_t limit_connections; // of each socket that listens
  struct vsm_conf_duration limit_handshake;
  int64_t limit_frame_bytes, limit_batch, limit_subscriptions;
  // Messages of or for one peer. Those of `query`: either way.
  int64_t limit_submit_queue, limit_subscribe_queue, limit_ack_queue, limit_publish_queue, limit_query_queue;
  struct vsm_conf_alerts alerts;
  struct {
    const char *key, *clients, *next_key; // files; NULL: not given
    struct vsm_conf_endpoints next_subscribe;
    const char *next_submit, *next_publish, *next_query;
  } curve;
  int insecure; // 0, 1
};

struct vsm_conf_calendar {
  struct vsm_conf_word id, zone;
  struct vsm_conf_words week, holidays; // "mon-fri 08:00-17:00", "2026-12-25"
};

struct vsm_conf_source {
  struct vsm_conf_word id;
  const char *connect, *recover, *server_key; // NULL: not given
  struct vsm_conf_duration silent_after, offset;
  struct vsm_conf_word calendar;
  const char *owner, *runbook;
  struct vsm_conf_alerts alerts;
};

struct vsm_conf_expected {
  unsigned line, column;
  const char *name;              // NULL: not given
  struct vsm_conf_word from, to; // "STAGE/entered", "STAGE/left"; of a stream alone
  struct vsm_conf_duration within, window;
  double share; // 0 .. 1
  int64_t min_count;
  struct vsm_conf_where where;
  int clock; // 0 all, 1 ours
  struct vsm_conf_word calendar;
};
struct vsm_conf_expectations {
  struct vsm_conf_expected *at;
  unsigned n;
};

// A threshold: an elapsed or working time, or percentile x factor of the stage's cycle time, the stream's lead time.
struct vsm_conf_threshold {
  unsigned line, column;
  struct vsm_conf_duration after;
  unsigned percentile; // 50, 85, 95, 99; 0: absolute
  double factor;
  struct vsm_conf_where where;
  struct vsm_conf_word calendar;
};
struct vsm_conf_thresholds {
  struct vsm_conf_threshold *at;
  unsigned n;
};

struct vsm_conf_stage {
  struct vsm_conf_word id;
  const char *name;
  struct vsm_conf_word was;
  struct vsm_conf_words next; // given, or drawn; n 0: the following stage
  int fork;                   // 0 one, 1 all
  struct vsm_conf_word calendar;
  struct vsm_conf_expectations expected;
  struct vsm_conf_thresholds stall_after;
  struct vsm_conf_duration stage_stall_after;
  int64_t wip_limit; // -1: none
  const char *owner, *runbook;
  struct vsm_conf_alerts alerts;
};
struct vsm_conf_stages {
  struct vsm_conf_stage *at;
  unsigned n;
};

struct vsm_conf_stream {
  struct vsm_conf_word id;
  const char *name;
  struct vsm_conf_word diagram; // not given any more once its stages are taken
  struct vsm_conf_word outcome;
  const char *owner, *runbook;
  struct vsm_conf_words segments;
  struct vsm_conf_word calendar;
  struct vsm_conf_durations windows; // n 0: the daemon's
  struct vsm_conf_expectations expected;
  struct vsm_conf_thresholds stall_after;
  struct vsm_conf_alerts alerts;
  struct vsm_conf_stages stages; // those of the diagram among them
};

struct vsm_conf_condition {
  struct vsm_conf_word field;
  struct vsm_conf_words in, not_in;
  int exists; // 0, 1; -1: not given
  struct vsm_conf_word matches;
};
struct vsm_conf_conditions {
  struct vsm_conf_condition *at;
  unsigned n;
};
struct vsm_conf_pair {
  struct vsm_conf_word name, value;
};
struct vsm_conf_pairs {
  struct vsm_conf_pair *at;
  unsigned n;
};

struct vsm_conf_rule {
  unsigned line, column;
  struct vsm_conf_word source, type;
  struct vsm_conf_conditions when;
  struct vsm_conf_word stage, stream; // "STREAM/STAGE"; "STREAM"
  int lifecycle;                      // enum vsm_lifecycle; -1: not given
  struct vsm_conf_word item;
  struct vsm_conf_words links;
  struct vsm_conf_pairs segments;
  struct vsm_conf_word reason;
  int party; // enum vsm_party; -1: no suspend
  struct vsm_conf_word due, not_before;
  int creates, ignore; // 0, 1; creates -1: an ignore rule
};

struct vsm_config {
  struct vsm_arena arena; // owns everything below
  const char *path;       // as given to vsm_config_load()
  const char *state;      // daemon.state as a path from here; NULL: none
  struct {
    const char *key, *next_key, *clients; // daemon.curve's, likewise
  } curve;
  struct vsm_conf_daemon daemon;
  struct {
    struct vsm_conf_calendar *at;
    unsigned n;
  } calendars;
  struct {
    struct vsm_conf_source *at;
    unsigned n;
  } sources;
  struct {
    struct vsm_conf_stream *at;
    unsigned n;
  } value_streams;
  struct {
    struct vsm_conf_rule *at;
    unsigned n;
  } mappings;
  struct vsm_model model; // what the core borrows; valid until vsm_config_destroy()
};

// Reads and checks the file and the diagrams that it names. Returns 0 with *config, which the caller owns; VSM_ECONFIG
// where there is any mistake (an unreadable file is one); then *config is NULL. *report is set up by this call and must
// be given to vsm_conf_report_fini() in any case.
int vsm_config_load(const char *path, struct vsm_config **config, struct vsm_conf_report *report);
// The same from a text; path is what mistakes name, and what the paths of diagrams are relative to.
int vsm_config_parse(const char *path, const char *text, struct vsm_config **config, struct vsm_conf_report *report);
void vsm_config_destroy(struct vsm_config *config); // NULL-safe
// Another clock than the file says, with what depends on it.
void vsm_config_set_clock(struct vsm_config *config, int clock);

// All that was understood, defaults included, as YAML that loads to the same; diagrams are written out as stages.
void vsm_config_print(const struct vsm_config *config, FILE *out);
// Loads a file; prints all that was understood of it, or every mistake. 0, or as vsm_config_load().
int vsm_config_check(const char *path, FILE *out, FILE *mistakes);

// What differs between the configuration in force and a new one and only a restart can change: a line each, for free();
// NULL: nothing.
char *vsm_config_needs_restart(const struct vsm_config *in_force, const struct vsm_config *fresh);
// Do the endpoints of the next key differ?
bool vsm_config_next_differs(const struct vsm_config *in_force, const struct vsm_config *fresh);

// Does anything listen beyond this machine unencrypted?
bool vsm_config_is_insecure(const struct vsm_config *config);
// Is this a place that only this machine can reach? (ipc, or tcp on a loopback address)
bool vsm_conf_is_local(const char *endpoint);

// One line a mistake: file:line:column: text
void vsm_conf_report_print(const struct vsm_conf_report *report, FILE *out);
void vsm_conf_report_fini(struct vsm_conf_report *report);
