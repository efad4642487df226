#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "logs.h"

enum { MISTAKES_SHOWN = 20 };

struct replaying {
  const char *path, *submit, *pub, *speed;
  struct vsm_flag_list map;
  struct vsm_csv_map columns;
  double factor; // of real time; 0: as fast as it goes
  struct vsm_sender *sender;
  uint64_t sent, mistakes, bytes;
  uint64_t first_ns;       // time of the first event
  struct timespec started; // when it was sent
  struct vsm_progress_bar bar;
};

// Waits until the event's time has come, at the asked speed.
static void pace(struct replaying *r, uint64_t at_ns) {
  if (r->factor == 0)
    return;
  if (r->sent == 0) {
    r->first_ns = at_ns;
    clock_gettime(CLOCK_MONOTONIC, &r->started);
  }
  if (at_ns <= r->first_ns)
    return;
  uint64_t after = (uint64_t)((double)(at_ns - r->first_ns) / r->factor) + (uint64_t)r->started.tv_nsec;
  struct timespec due = {r->started.tv_sec + (time_t)(after / 1000000000), (long)(after % 1000000000)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static int on_event(void *ctx, const struct vsm_emitter_event *event) {
  struct replaying *r = ctx;
  pace(r, event->time_unix_nano);
  r->sent++;
  return vsm_sender_send(r->sender, event);
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  struct replaying *r = ctx;
  if (r->mistakes++ < MISTAKES_SHOWN)
    fprintf(stderr, "%s:%lu: %s\n", r->path, line, what);
}

static void on_bytes(void *ctx, uint64_t bytes) {
  struct replaying *r = ctx;
  r->bytes = bytes;
  vsm_progress_show(&r->bar, bytes);
}

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && strcasecmp(text + n - k, end) == 0;
}

static int read_log(struct replaying *r) {
  const struct vsm_log_reader reader = {r->path, on_event, on_mistake, on_bytes, r};
  struct stat st;
  FILE *in = fopen(r->path, "r");
  if (!in || fstat(fileno(in), &st) != 0 || S_ISDIR(st.st_mode)) {
    if (in)
      fclose(in);
    fprintf(stderr, "vsm: %s cannot be read\n", r->path);
    return VSM_FAILED;
  }
  vsm_progress_begin(&r->bar, "bytes", (uint64_t)st.st_size);
  bool xes = ends_with(r->path, ".xes") || ends_with(r->path, ".xes.gz");
  int status = xes ? vsm_xes_read(r->path, &reader) : vsm_csv_read(in, &r->columns, &reader);
  vsm_progress_end(&r->bar, r->bytes);
  fclose(in);
  return status;
}

// "subject=COL,type=COL" into the column map; names are cut out of the text.
static bool parse_map(struct replaying *r, char *text) {
  const struct {
    const char *name;
    const char **to;
  } all[] = {{"source", &r->columns.source},
             {"id", &r->columns.id},
             {"type", &r->columns.type},
             {"subject", &r->columns.subject},
             {"time", &r->columns.time}};
  for (char *save, *part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
    char *eq = strchr(part, '=');
    bool known = false;
    if (eq)
      *eq = '\0';
    for (size_t i = 0; eq && i < sizeof all / sizeof *all; i++)
      if (strcmp(all[i].name, part) == 0) {
        *all[i].to = eq + 1;
        known = true;
      }
    if (!known) {
      fprintf(stderr, "vsm: --map takes source, id, type, subject, time, each with =COLUMN\n");
      return false;
    }
  }
  return true;
}

static bool parse_speed(struct replaying *r) {
  char *end;
  r->factor = strcmp(r->speed, "max") == 0 ? 0 : strtod(r->speed, &end);
  if (strcmp(r->speed, "max") == 0 || (r->factor > 0 && strcmp(end, "x") == 0))
    return true;
  fprintf(stderr, "vsm: --speed takes max, or a factor: 1x, 60x\n");
  return false;
}

static int summary(const struct replaying *r, const struct vsm_emitter_counts *c) {
  printf("%llu events sent", (unsigned long long)r->sent);
  if (!r->pub)
    printf(": %llu accepted, %llu refused", (unsigned long long)c->accepted, (unsigned long long)c->rejected);
  if (r->mistakes > 0)
    printf("; %llu places of the file could not be read", (unsigned long long)r->mistakes);
  putchar('\n');
  return r->mistakes > 0 ? VSM_FAILED : VSM_DONE;
}

int vsm_cmd_replay(int argc, char **argv) {
  struct replaying r = {.submit = VSM_SUBMIT_DEFAULT, .speed = "max"};
  const struct vsm_flag flags[] = {
      {"speed", VSM_FLAG_TEXT, &r.speed, "max|1x|60x", "as fast as it goes (default), or a multiple of real time"},
      {"map", VSM_FLAG_LIST, &r.map, "subject=COL,...", "CSV: which columns are source, id, type, subject, time"},
      {"submit", VSM_FLAG_TEXT, &r.submit, "ENDPOINT", "acked (" VSM_SUBMIT_DEFAULT ")"},
      {"pub", VSM_FLAG_TEXT, &r.pub, "ENDPOINT", "fire and forget, to the subscribe socket"},
  };
  int n, status = vsm_options(
             argc, argv,
             &(struct vsm_usage){"vsm replay FILE [--speed max|1x|60x] [--map subject=COL,type=COL,time=COL]",
                                 "Sends an event log: CSV, or XES (.xes, .xes.gz). Rows that cannot be read are said "
                                 "and left out.",
                                 "  vsm replay log.xes.gz\n  vsm replay orders.csv --map subject=order,type=activity\n",
                                 VSM_ARRAY(flags), 1, 1},
             &n);
  if (status >= 0)
    return status;
  r.path = argv[1];
  for (size_t i = 0; i < r.map.n; i++)
    if (!parse_map(&r, (char *)r.map.at[i]))
      return VSM_WRONG_USAGE;
  if (!parse_speed(&r))
    return VSM_WRONG_USAGE;
  r.sender = vsm_sender_open(r.submit, r.pub, "replay");
  if (!r.sender)
    return VSM_FAILED;
  status = read_log(&r);
  struct vsm_emitter_counts counts;
  int closed = vsm_sender_close(r.sender, &counts);
  int told = summary(&r, &counts);
  return status ? status : closed ? closed : told;
}
