// The streams, live. A subscriber keeps one snapshot up to date; every redraw turns it into lines. Three pages: all
// streams with their stages; the items of a stage; the story of an item. Without a terminal, or with --once, one page
// is printed.
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"

enum { STALE_S = 12, LINES_MAX = 2000 };

struct place {
  const char *stream, *stage; // of the snapshot held
};

struct watching {
  const char *query, *publish, *window, *stream;
  bool once, help, done;
  Vsm__V1__Snapshot *snapshot; // owned; NULL: none yet
  time_t heard;
  // Where the cursor stands: a stage, counted over all streams.
  size_t cursor;
  enum { PAGE_STREAMS, PAGE_ITEMS, PAGE_ITEM } page;
  char *below; // text of the items page or of an item, owned
  size_t row;  // the line of it at the cursor
  size_t window_at;
  char window_name[32];
};

static time_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec;
}

// --- the snapshot, kept up to date

static void *copy(const ProtobufCMessage *m) {
  size_t n = protobuf_c_message_get_packed_size(m);
  uint8_t *bytes = malloc(n + 1);
  if (!bytes)
    return NULL;
  protobuf_c_message_pack(m, bytes);
  ProtobufCMessage *c = protobuf_c_message_unpack(m->descriptor, NULL, n, bytes);
  free(bytes);
  return c;
}

static void on_snapshot(void *ctx, const Vsm__V1__Snapshot *snapshot) {
  struct watching *w = ctx;
  if (w->snapshot)
    vsm__v1__snapshot__free_unpacked(w->snapshot, NULL);
  w->snapshot = copy(&snapshot->base);
  w->heard = now();
}

static Vsm__V1__ValueStream *find_stream(const struct watching *w, const char *id) {
  for (size_t i = 0; w->snapshot && i < w->snapshot->n_value_streams; i++)
    if (strcmp(w->snapshot->value_streams[i]->id, id) == 0)
      return w->snapshot->value_streams[i];
  return NULL;
}

static void take_stage(Vsm__V1__ValueStream *s, const Vsm__V1__Stage *fresh) {
  for (size_t i = 0; i < s->n_stages; i++) {
    Vsm__V1__Stage *c = strcmp(s->stages[i]->id, fresh->id) == 0 ? copy(&fresh->base) : NULL;
    if (!c)
      continue;
    vsm__v1__stage__free_unpacked(s->stages[i], NULL);
    s->stages[i] = c;
  }
}

// A publication of a stream has no stages: they stay.
static void take_stream(struct watching *w, const Vsm__V1__ValueStream *fresh) {
  for (size_t i = 0; i < w->snapshot->n_value_streams; i++) {
    Vsm__V1__ValueStream *old = w->snapshot->value_streams[i];
    Vsm__V1__ValueStream *c = strcmp(old->id, fresh->id) == 0 ? copy(&fresh->base) : NULL;
    if (!c)
      continue;
    c->stages = old->stages;
    c->n_stages = old->n_stages;
    old->stages = NULL;
    old->n_stages = 0;
    vsm__v1__value_stream__free_unpacked(old, NULL);
    w->snapshot->value_streams[i] = c;
  }
}

static void on_publication(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  struct watching *w = ctx;
  (void)topic;
  w->heard = now();
  if (!w->snapshot)
    return;
  w->snapshot->time_unix_nano = p->time_unix_nano;
  if (p->body_case == VSM__V1__PUBLICATION__BODY_STATUS && p->status->ingest && w->snapshot->ingest) {
    Vsm__V1__Ingest *c = copy(&p->status->ingest->base);
    if (c) {
      vsm__v1__ingest__free_unpacked(w->snapshot->ingest, NULL);
      w->snapshot->ingest = c;
    }
  }
  if (p->body_case != VSM__V1__PUBLICATION__BODY_METRIC)
    return;
  const Vsm__V1__Metric *m = p->metric;
  Vsm__V1__ValueStream *s = find_stream(w, m->value_stream);
  if (m->node_case == VSM__V1__METRIC__NODE_STREAM)
    take_stream(w, m->stream);
  else if (s && m->node_case == VSM__V1__METRIC__NODE_STAGE)
    take_stage(s, m->stage);
}

// --- pages: text first, then lines on the screen

struct page_text {
  char *text; // owned; lines end in NUL
  const char *lines[LINES_MAX];
  size_t n;
};

static void cut(struct page_text *p) {
  p->n = 0;
  for (char *at = p->text; at && *at && p->n < LINES_MAX;) {
    char *end = strchr(at, '\n');
    p->lines[p->n++] = at;
    if (!end)
      break;
    *end = '\0';
    at = end + 1;
  }
}

static bool is_stage_line(const char *line) {
  return strncmp(line, "  ", 2) == 0 && strncmp(line, "    stage ", 10) != 0;
}

static void write_streams(struct watching *w, struct page_text *p) {
  size_t n;
  FILE *f = open_memstream(&p->text, &n);
  if (w->snapshot)
    vsm_figures_print(f, w->snapshot, w->window);
  else
    fprintf(f, "waiting for %s ...\n", w->query);
  fclose(f);
  cut(p);
}

static void write_below(const struct watching *w, struct page_text *p) {
  p->text = strdup(w->below ? w->below : "");
  cut(p);
}

static void write_help(struct page_text *p) {
  p->text = strdup("up, down     move\n"
                   "enter        a stage's items; an item's story\n"
                   "left, esc    back\n"
                   "w            the next window: all, or one of the configured ones\n"
                   "q            quit\n"
                   "\n"
                   "wip          items in the stage: queued, active (somebody works on it), held (waits for somebody)\n"
                   "p50, p85     cycle time of what left the stage in the window\n"
                   "oldest       the longest that something now in the stage has been there\n"
                   ">            most work stands longest here\n");
  cut(p);
}

static bool place_at(const struct watching *w, size_t at, struct place *out) {
  for (size_t i = 0; w->snapshot && i < w->snapshot->n_value_streams; i++) {
    const Vsm__V1__ValueStream *s = w->snapshot->value_streams[i];
    if (at < s->n_stages) {
      *out = (struct place){s->id, s->stages[at]->id};
      return true;
    }
    at -= s->n_stages;
  }
  return false;
}

static int keep_text(void *ctx, const Vsm__V1__Reply *reply) {
  struct watching *w = ctx;
  size_t n;
  free(w->below);
  w->below = NULL;
  FILE *f = open_memstream(&w->below, &n);
  if (reply->kind_case == VSM__V1__REPLY__KIND_ITEMS)
    vsm_items_print(f, reply->items);
  else if (reply->kind_case == VSM__V1__REPLY__KIND_ITEM)
    vsm_item_print(f, reply->item);
  fclose(f);
  return VSM_DONE;
}

static void open_stage(struct watching *w) {
  struct place at;
  Vsm__V1__ItemsRequest ask_for = VSM__V1__ITEMS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  if (!place_at(w, w->cursor, &at))
    return;
  r.kind_case = VSM__V1__REQUEST__KIND_ITEMS;
  r.items = &ask_for;
  ask_for.stream = (char *)at.stream;
  ask_for.stage = (char *)at.stage;
  if (vsm_ask(w->query, &r, keep_text, w) == VSM_DONE) {
    w->page = PAGE_ITEMS;
    w->row = 1;
  }
}

// The item of the line under the cursor: its first word; the stream is the second.
static void open_item(struct watching *w) {
  struct page_text p;
  char key[300], stream[100];
  Vsm__V1__ItemRequest ask_for = VSM__V1__ITEM_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  write_below(w, &p);
  bool found = w->row < p.n && sscanf(p.lines[w->row], "%299s %99s", key, stream) == 2;
  free(p.text);
  if (!found)
    return;
  r.kind_case = VSM__V1__REQUEST__KIND_ITEM;
  r.item = &ask_for;
  ask_for.key = key;
  ask_for.stream = stream;
  if (vsm_ask(w->query, &r, keep_text, w) == VSM_DONE) {
    w->page = PAGE_ITEM;
    w->row = 0;
  }
}

// --- the screen

static size_t cursor_line(const struct watching *w, const struct page_text *p) {
  size_t stage = 0;
  for (size_t i = 0; w->page == PAGE_STREAMS && i < p->n; i++)
    if (is_stage_line(p->lines[i]) && stage++ == w->cursor)
      return i;
  return w->page == PAGE_ITEMS ? w->row : SIZE_MAX;
}

static void draw_line(int y, const char *line, bool here, bool worst) {
  int attributes = (here ? A_REVERSE : 0) | (worst ? A_BOLD | COLOR_PAIR(1) : 0);
  attron(attributes);
  mvaddnstr(y, 0, line, COLS);
  attroff(attributes);
}

static void draw(struct watching *w) {
  struct page_text p = {0};
  if (w->help)
    write_help(&p);
  else if (w->page == PAGE_STREAMS)
    write_streams(w, &p);
  else
    write_below(w, &p);
  size_t here = w->help ? SIZE_MAX : cursor_line(w, &p), room = LINES > 1 ? (size_t)LINES - 1 : 1;
  size_t focus = here != SIZE_MAX ? here : w->help ? 0 : w->row, first = focus >= room ? focus - room + 1 : 0;
  erase();
  for (size_t i = first; i < p.n && i - first < room; i++)
    draw_line((int)(i - first), p.lines[i], i == here, w->page == PAGE_STREAMS && strncmp(p.lines[i], "  > ", 4) == 0);
  attron(A_REVERSE);
  mvprintw(LINES - 1, 0, " vsm watch  window %s  ?: help  q: quit %s", w->window,
           now() - w->heard > STALE_S ? " NOTHING HEARD: the figures are old " : "");
  attroff(A_REVERSE);
  refresh();
  free(p.text);
}

static void next_window(struct watching *w) {
  if (!w->snapshot || w->snapshot->n_value_streams == 0)
    return;
  const Vsm__V1__ValueStream *s = w->snapshot->value_streams[0];
  if (s->n_windows == 0)
    return;
  w->window_at = (w->window_at + 1) % s->n_windows;
  snprintf(w->window_name, sizeof w->window_name, "%s", s->windows[w->window_at]->window);
  w->window = w->window_name;
}

static void move_by(struct watching *w, int step) {
  struct place at;
  size_t *position = w->page == PAGE_STREAMS ? &w->cursor : &w->row;
  if (step < 0 && *position > 0)
    --*position;
  else if (step > 0 && (w->page != PAGE_STREAMS || place_at(w, w->cursor + 1, &at)) && *position + 1 < LINES_MAX)
    ++*position;
}

static void on_key(struct watching *w, int key) {
  if (w->help && key != 'q') {
    w->help = false;
    return;
  }
  switch (key) {
  case 'q':
    w->done = true;
    break;
  case '?':
    w->help = true;
    break;
  case 'w':
    next_window(w);
    break;
  case KEY_UP:
  case 'k':
    move_by(w, -1);
    break;
  case KEY_DOWN:
  case 'j':
    move_by(w, 1);
    break;
  case KEY_ENTER:
  case '\n':
  case '\r':
    if (w->page == PAGE_STREAMS)
      open_stage(w);
    else if (w->page == PAGE_ITEMS)
      open_item(w);
    break;
  case KEY_LEFT:
  case KEY_BACKSPACE:
  case 27:
    if (w->page == PAGE_ITEM)
      open_stage(w);
    else
      w->page = PAGE_STREAMS;
    break;
  default:
    break;
  }
}

static void begin_screen(void) {
  setlocale(LC_ALL, "");
  initscr();
  cbreak();
  noecho();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(25);
  curs_set(0);
  if (has_colors() && !getenv("NO_COLOR")) {
    start_color();
    use_default_colors();
    init_pair(1, COLOR_YELLOW, -1);
  }
}

static void run(struct watching *w, struct vsm_subscriber *s) {
  begin_screen();
  while (!w->done) {
    draw(w);
    int ms = vsm_subscriber_timeout_ms(s);
    struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = vsm_subscriber_fd(s), .events = POLLIN}};
    poll(p, 2, ms < 0 || ms > 1000 ? 1000 : ms);
    vsm_subscriber_process(s);
    if (p[0].revents & (POLLHUP | POLLERR))
      w->done = true;
    for (int key; (key = getch()) != ERR;)
      on_key(w, key);
  }
  endwin();
}

static int print_once(void *ctx, const Vsm__V1__Reply *reply) {
  const struct watching *w = ctx;
  vsm_figures_print(stdout, reply->snapshot, w->window);
  return VSM_DONE;
}

static int once(struct watching *w) {
  Vsm__V1__SnapshotRequest ask_for = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  r.snapshot = &ask_for;
  ask_for.stream = (char *)(w->stream ? w->stream : "");
  return vsm_ask(w->query, &r, print_once, w);
}

int vsm_cmd_watch(int argc, char **argv) {
  struct watching w = {.query = VSM_QUERY_DEFAULT, .publish = VSM_PUBLISH_DEFAULT, .window = "all", .heard = now()};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &w.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"publish", VSM_FLAG_TEXT, &w.publish, "ENDPOINT", "its publish socket (" VSM_PUBLISH_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &w.stream, "ID", "this value stream alone"},
      {"window", VSM_FLAG_TEXT, &w.window, "NAME", "all (default), or a configured one: 24h"},
      {"once", VSM_FLAG, &w.once, NULL, "prints one page and ends"},
  };
  int n, status = vsm_options(argc, argv,
                              &(struct vsm_usage){"vsm watch [--once] [--stream ID] [--window NAME]",
                                                  "The streams and their stages, live. ? lists the keys.",
                                                  "  vsm watch\n  vsm watch --once --stream RCV-01\n", VSM_ARRAY(flags),
                                                  0, 0},
                              &n);
  if (status >= 0)
    return status;
  if (w.once || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
    return once(&w);
  struct vsm_subscriber *s;
  int err =
      vsm_subscriber_create(&(struct vsm_subscriber_options){.publish = w.publish,
                                                             .query = w.query,
                                                             .topics = (const char *[]){"v1/metric/", "v1/status/"},
                                                             .n_topics = 2,
                                                             .stream = w.stream,
                                                             .on_snapshot = on_snapshot,
                                                             .on_publication = on_publication,
                                                             .ctx = &w},
                            &s);
  if (err) {
    vsm_say_endpoint(w.publish, err);
    return VSM_FAILED;
  }
  run(&w, s);
  vsm_subscriber_destroy(s);
  if (w.snapshot)
    vsm__v1__snapshot__free_unpacked(w.snapshot, NULL);
  free(w.below);
  return VSM_DONE;
}
