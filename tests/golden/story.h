// Stories in virtual time: one file each, which the owner of a process can read. stories/README tells the
// format. A story is read line by line: stages and rules become a model, a line that begins with a time is an event
// that arrives then, and `expect` looks at what the core says.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/alert.h"
#include "lib/rig.h"
#include "shell/clock.h"

enum {
  STORY_WORDS_MAX = 64,
  STORY_STAGES_MAX = 16,
  STORY_RULES_MAX = 64,
  STORY_WINDOWS_MAX = 4,
  STORY_SEGMENTS_MAX = 4,
  STORY_MEASURES_MAX = 16,
  STORY_WATCHES_MAX = 16,
  STORY_SOURCES_MAX = 4,
  STORY_BATCH_MAX = 16,
};

#define STORY_SKEW_US (5 * VSM_MINUTE_US) // max_future_skew

struct story_stage {
  const char *id, *was;
  const char *next[STORY_STAGES_MAX]; // ids, or "outcome"
  unsigned n_next;
  bool fork_all;
};

struct story_rule {
  struct vsm_rule rule;
  const char *stage; // id; "item"; NULL for an ignore rule
};

struct vsm_calendar;

// How something is measured: the stream (of NULL) or a stage.
struct story_measure {
  const char *of;
  enum story_measure_kind { STORY_CALENDAR, STORY_MIN_VISITS, STORY_EXPECTED } kind;
  const struct vsm_calendar *calendar;
  uint64_t min_visits;
  struct vsm_expectation expected;
  const char *from, *to; // ids of stages; NULL: none
};

// A threshold of the stream (of NULL) or of a stage.
struct story_watch {
  const char *of;
  enum story_watch_kind { STORY_STALL, STORY_STAGE_STALL, STORY_WIP_LIMIT } kind;
  struct vsm_stall stall; // calendar NULL: that of the stage
  int64_t stage_stall_us;
  uint64_t wip_limit;
};

struct story_notice; // story_alerts.c

struct story {
  const char *path;
  unsigned line;
  unsigned wrong, expected; // expectations
  struct vsm_arena arena;
  // What was said of the model; it is built, or taken anew, before the next line that needs it.
  struct story_stage stages[STORY_STAGES_MAX];
  struct story_rule rules[STORY_RULES_MAX];
  struct vsm_window windows[STORY_WINDOWS_MAX];
  const char *segments[STORY_SEGMENTS_MAX];
  struct story_measure measures[STORY_MEASURES_MAX];
  struct vsm_calendar *calendars[STORY_MEASURES_MAX];
  unsigned n_stages, n_rules, n_windows, n_segments, n_measures, n_calendars;
  enum vsm_clock clock;
  int64_t keep_us;    // 0: not said
  uint64_t items_max; // 0: not said
  bool changed;
  // What is watched. Nothing is, as long as no line asks for it.
  struct story_watch watches[STORY_WATCHES_MAX];
  struct vsm_source sources[STORY_SOURCES_MAX];
  struct vsm_alert_rule kinds[VSM_ALERT_KINDS];
  unsigned n_watches, n_sources;
  bool watched;
  const struct vsm_model *model;
  struct vsm_core *core; // NULL: not begun, or stopped
  struct vsm_str kept;   // while it is stopped: owned
  struct vsm_effects fx;
  struct vsm_event batch[STORY_BATCH_MAX]; // not stepped yet
  unsigned n_batch;
  int64_t day_us, now_us;
  // The daemon's wall clock: how far it is ahead of the time of the lines, and by how much it was set since the start.
  struct vsm_wall_clock wall;
  int64_t jump_us, accepted_us;
  struct story_notice *notices, *last_notice; // not expected yet
  const struct story_notice *spoken;          // by which alert a sentence is
};

// Returns 0, or 1 where an expectation is not met or the story cannot be understood (told on stderr).
int story_run(const char *path);

// For its own files.
void story_complain(struct story *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool story_duration(const char *text, int64_t *us);                     // 90s, 1h30m, 2d
bool story_clock(const struct story *s, const char *text, int64_t *us); // 10:05 or 10:05:30 of the day
bool story_day(const char *text, int64_t *us);                          // 2026-03-02
bool story_template(struct story *s, const char *text, struct vsm_template *out);
bool story_measure(struct story *s, char **words, unsigned n); // a line that says how something is measured
bool story_where(struct story *s, char *text, const struct vsm_where **out); // NAME=VALUE[,VALUE]...
const struct vsm_calendar *story_calendar(struct story *s, const char *id);  // NULL: none
bool story_ready(struct story *s); // there is a core of the model as it stands
void story_pass_time(struct story *s, int64_t to);
const struct vsm_model *story_model(struct story *s);         // NULL: said why
int story_stage(const struct story *s, const char *id);       // -1: none
void story_expect(struct story *s, char **words, unsigned n); // the words after the time

struct story_figure {
  const char *name;
  double value;
};
// NAME VALUE pairs.
void story_figures(struct story *s, const struct story_figure *figures, unsigned n_figures, char **w, unsigned n);
void story_text(struct story *s, const char *what, const char *expected, const char *got);
const char *story_join(struct story *s, const char *before, const char *word);
const char *story_join_all(struct story *s, char **w, unsigned n);
void story_expect_item(struct story *s, char **w, unsigned n); // story_items.c
void story_expect_row(struct story *s, char **w, unsigned n);

// story_watch.c: lines that say what is watched, and how.
bool story_watch(struct story *s, char **words, unsigned n);
void story_watch_stream(struct story *s, struct vsm_stream *stream, struct vsm_stage *stages);
void story_watch_model(struct story *s, struct vsm_model *m);
int story_alert_kind(const char *name); // -1: none

// story_life.c: what happens to the daemon, and orders. The words after the time; *understood false: none of these.
bool story_life(struct story *s, int64_t at, char **words, unsigned n, bool *understood);
int64_t story_believed(struct story *s, int64_t at); // what the daemon's clock says, where the lines say this

// story_alerts.c
void story_harvest(struct story *s); // what the core told
void story_told(struct story *s, char **words, unsigned n);
void story_says(struct story *s, bool ends, char **words, unsigned n);
void story_untold(struct story *s); // complains of what nobody expected
void story_expect_alert(struct story *s, char **w, unsigned n);
void story_expect_past(struct story *s, char **w, unsigned n);
void story_expect_alerts(struct story *s, char **w, unsigned n);
