// As fast as it goes, the log is streamed: the daemon does not mind in which order events come. At the pace of a clock
// it is read whole first, and sent in the order of time (a log is often sorted by case).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/mem.h"
#include "cmd.h"
#include "now.h"
#include "logs.h"
#include "sender.h"
#include "text.h"

struct held {
  struct vsm_emitter_event event;
  unsigned long line;
  size_t at; // place in the log, so that sorting keeps it among equal times
};

struct replaying {
  const char *path, *submit, *speed;
  struct vsm_flag_list map;
  struct vsm_csv_map columns;
  double factor; // of real time; 0: as fast as it goes
  bool json;
  struct vsm_sender *sender;
  struct vsm_progress progress;
  uint64_t bytes, total_bytes;
  struct vsm_arena arena; // of what is held
  struct held *held;
  size_t n, cap;
};

// --- sending

static int send_now(void *ctx, const struct vsm_emitter_event *event, unsigned long line) {
  struct replaying *r = ctx;
  vsm_progress_show(&r->progress, vsm_sender_sent(r->sender), (double)r->bytes / (double)r->total_bytes);
  return vsm_sender_send(r->sender, event, line);
}

static const char *keep_text(struct replaying *r, const char *z) {
  return vsm_mem_need(vsm_arena_strdup(&r->arena, z ? z : ""), 0);
}

static int hold(void *ctx, const struct vsm_emitter_event *event, unsigned long line) {
  struct replaying *r = ctx;
  struct vsm_emitter_attribute *data = vsm_mem_need(vsm_arena_alloc(&r->arena, (event->n_data + 1) * sizeof *data), 0);
  for (size_t i = 0; i < event->n_data; i++)
    data[i] = (struct vsm_emitter_attribute){keep_text(r, event->data[i].key), keep_text(r, event->data[i].value)};
  r->held = vsm_mem_grow(r->held, r->n, &r->cap, sizeof *r->held);
  r->held[r->n] = (struct held){{.source = keep_text(r, event->source),
                                 .id = keep_text(r, event->id),
                                 .type = keep_text(r, event->type),
                                 .subject = keep_text(r, event->subject),
                                 .time_unix_nano = event->time_unix_nano,
                                 .data = data,
                                 .n_data = event->n_data},
                                line,
                                r->n};
  r->n++;
  return VSM_DONE;
}

static int by_time(const void *a, const void *b) {
  const struct held *x = a, *y = b;
  uint64_t s = x->event.time_unix_nano, t = y->event.time_unix_nano;
  return s != t ? (s > t) - (s < t) : (x->at > y->at) - (x->at < y->at);
}

static int send_paced(struct replaying *r) {
  int status = VSM_DONE;
  int64_t begun = vsm_now_us();
  if (r->n > 0)
    qsort(r->held, r->n, sizeof *r->held, by_time);
  for (size_t i = 0; i < r->n && status == VSM_DONE; i++) {
    double after_us = (double)(r->held[i].event.time_unix_nano - r->held[0].event.time_unix_nano) / 1000 / r->factor;
    status = vsm_sender_wait(r->sender, begun + (int64_t)(after_us < 1e17 ? after_us : 1e17));
    vsm_progress_show(&r->progress, i, (double)i / (double)r->n);
    if (status == VSM_DONE)
      status = vsm_sender_send(r->sender, &r->held[i].event, r->held[i].line);
  }
  return status;
}

// --- reading

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  vsm_sender_mistake(((struct replaying *)ctx)->sender, line, what);
}

static void on_bytes(void *ctx, uint64_t bytes) {
  ((struct replaying *)ctx)->bytes = bytes;
}

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && strcasecmp(text + n - k, end) == 0;
}

static int read_log(struct replaying *r, FILE *in) {
  const struct vsm_log_reader reader = {r->factor > 0 ? hold : send_now, on_mistake, on_bytes, r};
  if (ends_with(r->path, ".xes") || ends_with(r->path, ".xes.gz"))
    return vsm_xes_read(r->path, &reader);
  return vsm_csv_read(in, &r->columns, &reader);
}

static int replay(struct replaying *r) {
  struct stat st;
  FILE *in = fopen(r->path, "r");
  if (!in || fstat(fileno(in), &st) != 0) {
    perror(r->path);
    return VSM_FAILED;
  }
  r->total_bytes = (uint64_t)st.st_size + 1;
  r->sender = vsm_sender_open(r->submit, NULL, NULL, r->path);
  if (!r->sender) {
    fclose(in);
    return VSM_FAILED;
  }
  vsm_arena_init(&r->arena, 0);
  vsm_progress_begin(&r->progress, "events");
  int status = read_log(r, in);
  if (status == VSM_DONE && r->factor > 0)
    status = send_paced(r);
  vsm_progress_end(&r->progress);
  int closed = vsm_sender_close(r->sender, stdout, r->json);
  vsm_arena_fini(&r->arena);
  free(r->held);
  fclose(in);
  return status ? status : closed;
}

// --- options

// "subject=COL,type=COL" into the column map; names are cut out of the text.
static bool parse_map(struct vsm_csv_map *map, char *text) {
  const struct {
    const char *name, **to;
  } all[] = {{"source", &map->source},
             {"id", &map->id},
             {"type", &map->type},
             {"subject", &map->subject},
             {"time", &map->time}};
  for (char *save, *part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
    char *eq = strchr(part, '=');
    size_t i = 0;
    if (eq)
      *eq = '\0';
    while (i < sizeof all / sizeof *all && strcmp(all[i].name, part) != 0)
      i++;
    if (!eq || !eq[1] || i == sizeof all / sizeof *all) {
      fprintf(stderr, "vsm: --map %s: allowed are source, id, type, subject and time, each with =COLUMN\n", part);
      return false;
    }
    *all[i].to = eq + 1;
  }
  return true;
}

static bool parse_speed(struct replaying *r) {
  char *end = NULL;
  if (strcmp(r->speed, "max") == 0)
    return true;
  r->factor = strtod(r->speed, &end);
  if (r->factor > 1e-6 && r->factor < 1e12 && (strcmp(end, "x") == 0 || !*end))
    return true;
  fprintf(stderr, "vsm: --speed %s: allowed are max, or how many times as fast as it was: 1x, 60x\n", r->speed);
  return false;
}

int vsm_cmd_replay(int argc, char **argv) {
  struct replaying r = {.submit = VSM_SUBMIT_DEFAULT, .speed = "max"};
  const struct vsm_flag flags[] = {
      {"speed", VSM_FLAG_TEXT, &r.speed, "max|1x|60x", "as fast as it goes (max), or a multiple of real time"},
      {"map", VSM_FLAG_LIST, &r.map, "subject=COL,...", "CSV: which columns are source, id, type, subject, time"},
      {"submit", VSM_FLAG_TEXT, &r.submit, "ENDPOINT", "the daemon's submit socket, acked (" VSM_SUBMIT_DEFAULT ")"},
      {"json", VSM_FLAG, &r.json, NULL, "what became of the events as JSON"},
  };
  const struct vsm_usage usage = {
      "vsm replay FILE [--speed max|1x|60x] [--map subject=COL,type=COL,time=COL]",
      "Sends an event log and says what became of its events.\n\n"
      "CSV has a header: type, subject and time are needed, source (csv) and id (number of the row) may stand there,\n"
      "every other column is data; vsm:data:type, as vsm export writes it, is data named type. Times: RFC 3339,\n"
      "without a zone UTC, or Unix seconds.\n"
      "XES (.xes, .xes.gz): the type is the event's concept:name, the subject the trace's, data the attributes of the\n"
      "event and, as case:NAME, of its trace; the source is xes.\n"
      "What cannot be read is said with its line and counted; the rest goes on.",
      "  vsm replay log.xes.gz\n"
      "  vsm replay orders.csv --map subject=order,type=activity,time=at\n"
      "  vsm replay log.xes --speed 3600x\n",
      VSM_ARRAY(flags),
      1,
      1};
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  r.path = argv[1];
  for (size_t i = 0; i < r.map.n; i++)
    if (!parse_map(&r.columns, (char *)r.map.at[i]))
      return VSM_WRONG_USAGE;
  return parse_speed(&r) ? replay(&r) : VSM_WRONG_USAGE;
}
