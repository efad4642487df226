// The parts of `vsm simulate`. The file beside the configuration (NAME.simulation.yaml) is read into a world: plain
// data. An engine runs the world as a discrete-event simulation and gives its events one by one in the order in which
// they are sent. A sink takes them: the daemon, or standard output.
//
// Times are microseconds since 1970 UTC, durations microseconds.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/time.h"
#include "core/calendar.h"

struct vsm_config;

enum { VSM_SIM_VALUES_MAX = 64, VSM_SIM_ATTRIBUTES_MAX = 16, VSM_SIM_HOLDS_MAX = 64 };
#define VSM_SIM_WEEK_US (7 * VSM_DAY_US)

// --- The world: what the file says ---------------------------------------------------------------------------------

// Everything of variable number. The members' type stands beside the field.
struct vsm_sim_list {
  void *at;
  unsigned n;
};

enum vsm_sim_kind { VSM_SIM_WEIGHTED, VSM_SIM_BY_WEEKDAY, VSM_SIM_BY_MONTH };
struct vsm_sim_attribute {
  const char *name;
  enum vsm_sim_kind kind;
  const char *values[VSM_SIM_VALUES_MAX];
  double up_to[VSM_SIM_VALUES_MAX]; // of weighted ones: sum of the weights so far, as a share
  unsigned n;
};

// All must hold: the item's value of an attribute is one of a set.
struct vsm_sim_condition {
  unsigned attribute;
  uint64_t values; // bit i: value i fits
};

// A duration drawn at random: log-normal by its median and 85th percentile, cut at its longest.
#define VSM_SIM_Z85 1.0364333894937898 // standard deviations up to which 85 % of a normal distribution lie
struct vsm_sim_span {
  struct vsm_sim_list fits;            // vsm_sim_condition
  const struct vsm_calendar *calendar; // NULL: elapsed time
  int64_t median_us, max_us;
  double sigma;
};

enum vsm_sim_part_kind {
  VSM_SIM_LITERAL,
  VSM_SIM_NUMBER,
  VSM_SIM_VALUE,
  VSM_SIM_HOUR,
  VSM_SIM_T,
  VSM_SIM_NOW,
  VSM_SIM_BEGIN,
  VSM_SIM_END
};
struct vsm_sim_part {
  enum vsm_sim_part_kind kind;
  const char *text; // of a literal
  size_t n;
  unsigned attribute; // of a value
  int64_t offset_us;  // of a time
};
struct vsm_sim_text {
  const struct vsm_sim_part *parts;
  unsigned n;
};

struct vsm_sim_datum {
  const char *key;
  struct vsm_sim_text value;
};

// What a system says.
struct vsm_sim_say {
  const char *source; // NULL: nothing is said
  const char *type;
  struct vsm_sim_text subject;
  struct vsm_sim_list data; // vsm_sim_datum
  const char *mark;         // NULL: none
};

struct vsm_sim_step {
  double at, until; // parts of the stage's time
  int64_t times;    // evenly from at to until
  int64_t after_us;
  double share;
  struct vsm_sim_list fits; // vsm_sim_condition
  struct vsm_sim_say say;
  struct vsm_sim_list hold; // vsm_sim_span: none or one
  struct vsm_sim_say then;
};

struct vsm_sim_leave {
  double share, at;
  const char *to_name;
  int to; // stage; -1: the end
  struct vsm_sim_say say;
};

struct vsm_sim_stage {
  const char *id;
  struct vsm_sim_list fits, unless; // vsm_sim_condition; unless n 0: none
  int64_t begins_us;                // not before the item's T plus this; INT64_MIN: at once
  int64_t waits_us;
  struct vsm_sim_list lasts;  // vsm_sim_span; the first that fits
  struct vsm_sim_list events; // vsm_sim_step
  struct vsm_sim_list leaves; // vsm_sim_leave
};

// Arrivals are random at a mean rate (per_year: planned, half to one and a half of the mean apart), or every so often
// one for each value of an attribute.
struct vsm_sim_arrivals {
  double per_day, per_year; // 0: not given
  int64_t at_start;         // so many at once as the simulation begins
  const struct vsm_calendar *calendar;
  int64_t every_us, ahead_us; // every_us 0: random
  const char *each;
  unsigned each_attribute;
};

struct vsm_sim_stream {
  const char *id;
  struct vsm_sim_arrivals arrivals;
  struct vsm_sim_list attributes; // vsm_sim_attribute
  struct vsm_sim_list stages;     // vsm_sim_stage
};

// What goes wrong. Which systems, and (NULL: any) which of their events.
struct vsm_sim_which {
  struct vsm_sim_list systems; // const char *
  const char *mark, *type;
};
// Periods come again: at starts, starts + every, ... since the start of the simulation.
struct vsm_sim_period {
  int64_t starts_us, lasts_us, every_us;
};
struct vsm_sim_late {
  struct vsm_sim_which which;
  double share;
  int64_t from_us, to_us;
};
struct vsm_sim_batches {
  struct vsm_sim_which which;
  int64_t every_us;
};
struct vsm_sim_outage {
  struct vsm_sim_which which;
  struct vsm_calendar when;     // in its hours; none: in the periods
  struct vsm_sim_period period; // lasts 0: none
};
struct vsm_sim_ahead {
  struct vsm_sim_which which;
  int64_t ahead_us;
};
struct vsm_sim_storm {
  struct vsm_sim_list stages; // const char *: STREAM/STAGE
  struct vsm_sim_period period;
};
struct vsm_sim_renamed {
  struct vsm_sim_which which;
  const char *to;
  struct vsm_sim_period period;
};
struct vsm_sim_faults {
  struct {
    double share;
    int64_t within_us;
  } repeats;
  struct {
    double share;
  } dropped;
  struct vsm_sim_list late, batches, outages, clocks, storms, renamed; // vsm_sim_late, ...
};

struct vsm_sim_world {
  struct vsm_arena arena;           // owns everything but
  struct vsm_config *config;        // of which calendars are borrowed; NULL: there is none
  const struct vsm_calendar *dates; // whose zone's days, months and hours count; NULL: UTC's
  struct vsm_sim_list streams;      // vsm_sim_stream
  int64_t signs_of_life_us;         // each system that runs sends one so often; 0: never
  struct vsm_sim_faults faults;
};

// Reads NAME.simulation.yaml, and the calendars of NAME.yaml where it is there. 0; or VSM_ECONFIG, VSM_EIO, VSM_ENOMEM
// with file:line:column of each mistake on err. The world must be given to vsm_sim_world_fini() in any case.
int vsm_sim_world_read(struct vsm_sim_world *world, const char *path, FILE *err);
void vsm_sim_world_fini(struct vsm_sim_world *world);

// --- Working time (simulate_calendar.c) ----------------------------------------------------------------------------

// When so much working time after t is over, VSM_TIME_MAX at most; NULL: elapsed time.
int64_t vsm_sim_later(const struct vsm_calendar *calendar, int64_t t_us, int64_t work_us);
// How long the hours last in which t lies; 0: it lies in none.
int64_t vsm_sim_left(const struct vsm_calendar *calendar, int64_t t_us);
int64_t vsm_sim_week_us(const struct vsm_calendar *calendar); // working time of a week
// "90m", "2wd"; wd needs a calendar. False: not understood.
bool vsm_sim_duration_parse(const char *text, const struct vsm_calendar *calendar, int64_t *out_us);

// --- Texts (simulate_text.c) ---------------------------------------------------------------------------------------

struct vsm_sim_item;
struct vsm_sim_moment {
  int64_t now_us, begin_us, end_us; // of the event and of its stage
};
// Parses "SO-{n}". NULL, or what is wrong (static text). Attributes are those of the stream.
const char *vsm_sim_text_parse(struct vsm_arena *arena, const struct vsm_sim_stream *stream, const char *text,
                               struct vsm_sim_text *out);
// Writes it NUL-terminated to out and returns its length; what does not fit in size is cut.
size_t vsm_sim_text_write(const struct vsm_sim_text *text, const struct vsm_sim_item *item,
                          const struct vsm_sim_moment *moment, char *out, size_t size);
// RFC 3339 in UTC with milliseconds (where they are not 0); out has room for 32.
size_t vsm_sim_time_write(int64_t us, char *out);

// --- Chance --------------------------------------------------------------------------------------------------------

struct vsm_sim_random {
  uint64_t s[4];
};
void vsm_sim_random_init(struct vsm_sim_random *r, uint64_t seed);
double vsm_sim_random_unit(struct vsm_sim_random *r);                                   // 0 <= x < 1
int64_t vsm_sim_random_exponential(struct vsm_sim_random *r, double mean);              // whole milliseconds in us, > 0
int64_t vsm_sim_random_span(struct vsm_sim_random *r, const struct vsm_sim_span *span); // likewise

// --- The engine (simulate_engine.c, simulate_fault.c) --------------------------------------------------------------

struct vsm_sim_item {
  const struct vsm_sim_stream *stream;
  int64_t t_us;     // of an hourly item its hour, else its arrival
  uint32_t day;     // of its number: YYMMDD
  uint32_t of_day;  // and the count within that day, from 1
  uint32_t said;    // events so far
  uint32_t pending; // entries of the agenda that point here
  uint8_t value[VSM_SIM_ATTRIBUTES_MAX];
  struct vsm_sim_item *next_free;
};

struct vsm_sim_options {
  uint64_t seed;
  int64_t start_us;
  uint64_t items; // 0: without end
  bool faults;
};

enum { VSM_SIM_DATA_MAX = 16 };
struct vsm_sim_event {
  int64_t sent_us; // simulated time at which the system sends it
  int64_t time_us; // when it says it happened
  const char *source, *id, *type, *subject;
  struct {
    const char *key, *value;
  } data[VSM_SIM_DATA_MAX];
  unsigned n_data;
  char text[4096]; // what id, subject and data point into
  bool dropped;    // lost on the way, where there is no ack
};

struct vsm_sim_engine;
// Borrows the world. NULL: out of memory.
struct vsm_sim_engine *vsm_sim_engine_create(const struct vsm_sim_world *world, const struct vsm_sim_options *options);
void vsm_sim_engine_destroy(struct vsm_sim_engine *e); // NULL-safe
// The next event, in the order of sent_us. 1, 0 at the end, VSM_ENOMEM.
int vsm_sim_engine_next(struct vsm_sim_engine *e, struct vsm_sim_event *event);
uint64_t vsm_sim_engine_started(const struct vsm_sim_engine *e); // items
uint64_t vsm_sim_engine_ended(const struct vsm_sim_engine *e);

// What faults do to one event: when it is sent, what its clock says, what type it bears. Periods count from start_us.
bool vsm_sim_which_fits(const struct vsm_sim_which *which, const struct vsm_sim_say *say);
int64_t vsm_sim_fault_sent(const struct vsm_sim_faults *f, struct vsm_sim_random *r, const struct vsm_sim_say *say,
                           int64_t start_us, int64_t when_us);
// Is the whole system out of order then?
bool vsm_sim_fault_down(const struct vsm_sim_faults *f, const char *source, int64_t start_us, int64_t when_us);
int64_t vsm_sim_fault_clock(const struct vsm_sim_faults *f, const struct vsm_sim_say *say, int64_t when_us);
const char *vsm_sim_fault_type(const struct vsm_sim_faults *f, const struct vsm_sim_say *say, int64_t since_start_us);
// As vsm_sim_later(), but for storms over that stage (STREAM/STAGE), in which its work stands still.
int64_t vsm_sim_fault_later(const struct vsm_sim_faults *f, const char *stream, const char *stage, int64_t start_us,
                            const struct vsm_calendar *calendar, int64_t t_us, int64_t work_us);

// --- Sinks (simulate_send.c) ---------------------------------------------------------------------------------------

struct vsm_sim_sink;
struct vsm_spooled;
// One of submit and publish (endpoints), or neither: JSON lines on out. NULL: what is wrong went to err.
// Published, each system has a spool where one is asked for. Borrows its arguments.
struct vsm_sim_sink *vsm_sim_sink_create(const char *submit, const char *publish, const struct vsm_spooled *spooled,
                                         FILE *out, FILE *err);
void vsm_sim_sink_destroy(struct vsm_sim_sink *s); // NULL-safe
// 0, VSM_EAGAIN (no room: let it work and try again), or another error.
int vsm_sim_sink_put(struct vsm_sim_sink *s, const struct vsm_sim_event *event);
// A sign of life of that system. As vsm_sim_sink_put(); JSON lines have none.
int vsm_sim_sink_alive(struct vsm_sim_sink *s, const char *source);
// Sends and receives, and waits at most so long (-1: without end) for something to do. 1 where stop_fd is readable, 0,
// or an error.
int vsm_sim_sink_work(struct vsm_sim_sink *s, int stop_fd, int timeout_ms);
// Nothing waits for more events from now on.
void vsm_sim_sink_flush(struct vsm_sim_sink *s);

struct vsm_sim_figures {
  uint64_t pending;            // put and not yet acked (publish: not yet sent)
  uint64_t accepted, rejected; // publish and JSON lines: accepted means sent
  const char *refused;         // the first reason given; borrowed
};
struct vsm_sim_figures vsm_sim_sink_figures(const struct vsm_sim_sink *s);
