// The streams, live. Three pages: all streams with their stages; the items of a stage; the story of an item. A
// subscriber keeps the figures up to date, a query client fetches what a page needs besides, and nothing here waits for
// the daemon: where it is gone the page stays, says so, and goes on when the daemon is back. watch_model.c is what is
// known, watch_page.c how it reads; here are the terminal, the keys and the loop. Without a terminal, or with --once,
// one page is printed.
#include <curses.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "agents/ask/copy.h"
#include "agents/ask/segmented.h"
#include "figures.h"
#include "now.h"
#include "segments.h"
#include "text.h"
#include "watch_alerts.h"

enum { ITEMS_STEP = 100, ITEMS_AT_ONCE = 1000 }; // more are asked for by; the most in an answer
enum { ASK_EVERY_US = 2000000, REDRAW_US = 50000, ESCAPE_MS = 25, ROWS_AROUND = 3 };
enum page_kind { STREAMS, ITEMS, ITEM, ALERTS, ALERT, PAGES };

struct watching {
  const char *query, *publish, *stream, *segment;
  char window[64];
  struct vsm_segment_wanted wanted; // of the segment
  const char *sort;
  bool once, help, done, ordered;
  struct vsm_watch_model model;
  struct vsm_subscriber *subscriber;
  struct vsm_query *client;
  int64_t heard_us, asked_us;
  Vsm__V1__Request__KindCase kind;  // of what is being asked
  char of_stream[80], of_stage[80]; // and of which node, where it is about segments
  size_t node;                      // the next one whose segments are asked for; 0: a new round of them
  bool asking, moved;               // moved: what is being asked was for another page
  char problem[200];                // what the daemon answered instead; "": nothing
  enum page_kind page;
  int at[PAGES], top[PAGES]; // where the cursor is, and the line at the top, of each page
  char in_stream[80], in_stage[80], key[600], alert[600];
  struct vsm_alert_prompt prompt; // what is being typed about an alert
  Vsm__V1__Request order;         // and goes out next, if ordered
};

// --- the daemon

// A refusal says that the stream has no such attribute; it is told where no other has it either.
static void on_segments(struct watching *w, const Vsm__V1__Reply *reply) {
  const Vsm__V1__ValueStream *stream;
  const Vsm__V1__Stage *stage;
  if (!reply)
    return; // the same is asked again
  vsm_watch_model_segments(&w->model, w->of_stream, w->of_stage, *reply->error ? NULL : reply->segments);
  w->node = vsm_watch_model_node(&w->model, w->node + 1, &stream, &stage) ? w->node + 1 : 0;
  if (*reply->error && !vsm_watch_model_stage(&w->model, 0, &stream, &stage))
    vsm_text_plain(reply->error, w->problem, sizeof w->problem);
}

static void on_ordered(struct watching *w, int err, const Vsm__V1__Reply *reply) {
  const char *text = err ? vsm_client_error(err) : *reply->error ? reply->error : "done";
  vsm_text_plain(text, w->problem, sizeof w->problem);
  w->model.alerts_due = true;
}

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct watching *w = ctx;
  bool moved = w->moved;
  w->asking = w->moved = false;
  if (!err)
    w->heard_us = vsm_now_us();
  bool order = w->kind == VSM__V1__REQUEST__KIND_SILENCE || w->kind == VSM__V1__REQUEST__KIND_ACKNOWLEDGE;
  if (moved && !order)
    return;
  if (w->kind != VSM__V1__REQUEST__KIND_ALERTS) // what an order came to stays in sight
    w->problem[0] = '\0';
  if (order) {
    on_ordered(w, err, reply);
    return;
  }
  if (w->kind == VSM__V1__REQUEST__KIND_SEGMENTS) {
    on_segments(w, err ? NULL : reply);
    return;
  }
  if (err || *reply->error)
    vsm_watch_model_regather(&w->model);
  if (!err && *reply->error)
    vsm_text_plain(reply->error, w->problem, sizeof w->problem);
  else if (!err)
    vsm_watch_model_reply(&w->model, reply);
}

// The next node whose segments are to be known. False: there is none.
static bool ask_segments(struct watching *w, Vsm__V1__SegmentsRequest *out) {
  const Vsm__V1__ValueStream *stream;
  const Vsm__V1__Stage *stage;
  if (!w->segment || !vsm_watch_model_node(&w->model, w->node, &stream, &stage))
    return false;
  snprintf(w->of_stream, sizeof w->of_stream, "%s", stream->id);
  snprintf(w->of_stage, sizeof w->of_stage, "%s", stage ? stage->id : "");
  vsm_segments_request(out, w->of_stream, w->of_stage, w->wanted.attribute, w->wanted.value);
  return true;
}

static void ask(struct watching *w) {
  Vsm__V1__SegmentsRequest segments;
  Vsm__V1__SnapshotRequest snapshot = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__ItemsRequest items = VSM__V1__ITEMS_REQUEST__INIT;
  Vsm__V1__ItemRequest item = VSM__V1__ITEM_REQUEST__INIT;
  Vsm__V1__AlertsRequest alerts = VSM__V1__ALERTS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  if (w->ordered) {
    r = w->order;
    w->ordered = false;
  } else if (w->model.outdated) {
    r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
    r.snapshot = &snapshot;
    snapshot.stream = (char *)(w->stream ? w->stream : "");
  } else if (w->model.alerts_due || w->page == ALERTS || w->page == ALERT) {
    r.kind_case = VSM__V1__REQUEST__KIND_ALERTS;
    r.alerts = &alerts;
    alerts.stream = (char *)(w->stream ? w->stream : "");
    w->model.alerts_due = false;
  } else if (w->page == STREAMS && ask_segments(w, &segments)) {
    r.kind_case = VSM__V1__REQUEST__KIND_SEGMENTS;
    r.segments = &segments;
  } else if (w->page == ITEMS) {
    r.kind_case = VSM__V1__REQUEST__KIND_ITEMS;
    r.items = &items;
    items.stream = w->in_stream;
    items.stage = w->in_stage;
    items.sort = (char *)w->sort;
    items.attribute = w->wanted.attribute;
    items.value = w->wanted.value;
    items.cursor = (char *)vsm_watch_model_cursor(&w->model);
    items.limit = w->model.wanted < ITEMS_AT_ONCE ? (uint32_t)w->model.wanted : ITEMS_AT_ONCE;
  } else if (w->page == ITEM) {
    r.kind_case = VSM__V1__REQUEST__KIND_ITEM;
    r.item = &item;
    item.stream = w->in_stream;
    item.key = w->key;
  } else {
    return;
  }
  w->kind = r.kind_case;
  w->asked_us = vsm_now_us();
  w->asking = vsm_query_ask(w->client, &r, on_reply, w) == 0;
}

static void on_snapshot(void *ctx, const Vsm__V1__Snapshot *snapshot) {
  struct watching *w = ctx;
  vsm_watch_model_snapshot(&w->model, snapshot);
  w->heard_us = vsm_now_us();
  w->problem[0] = '\0';
}

static void on_publication(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  struct watching *w = ctx;
  (void)topic;
  vsm_watch_model_publication(&w->model, p);
  w->heard_us = vsm_now_us();
}

static void on_error(void *ctx, int err, const char *text) {
  struct watching *w = ctx;
  if (text && *text)
    vsm_text_plain(text, w->problem, sizeof w->problem);
  (void)err;
}

// --- keys

static void go_to(struct watching *w, enum page_kind page) {
  w->page = page;
  w->at[page] = w->top[page] = 0;
  w->problem[0] = '\0';
  w->asked_us = 0; // ask at once
  w->moved = w->asking;
}

static void enter(struct watching *w) {
  const Vsm__V1__ValueStream *stream;
  const Vsm__V1__Stage *stage;
  const Vsm__V1__Items *items = w->model.items;
  if (w->page == STREAMS && vsm_watch_model_stage(&w->model, w->at[STREAMS], &stream, &stage)) {
    snprintf(w->in_stream, sizeof w->in_stream, "%s", stream->id);
    snprintf(w->in_stage, sizeof w->in_stage, "%s", stage->id);
    vsm_watch_model_forget(&w->model);
    go_to(w, ITEMS);
  } else if (w->page == ITEMS && items && (size_t)w->at[ITEMS] < items->n_items) {
    snprintf(w->key, sizeof w->key, "%s", items->items[w->at[ITEMS]]->item);
    go_to(w, ITEM);
  } else if (w->page == ALERTS && w->model.alerts && (size_t)w->at[ALERTS] < w->model.alerts->n_alerts) {
    snprintf(w->alert, sizeof w->alert, "%s", w->model.alerts->alerts[w->at[ALERTS]]->id);
    go_to(w, ALERT);
  }
}

static void back(struct watching *w) {
  if (w->page == STREAMS)
    return;
  if (w->page == ITEM && w->model.item) {
    vsm_drop(w->model.item);
    w->model.item = NULL;
  }
  w->page = w->page == ALERTS ? STREAMS : w->page - 1;
  w->problem[0] = '\0';
  w->moved = w->asking;
}

// The window behind the one shown, of the stream at the cursor.
static void next_window(struct watching *w) {
  const Vsm__V1__ValueStream *s;
  const Vsm__V1__Stage *stage;
  if (!vsm_watch_model_stage(&w->model, w->at[STREAMS], &s, &stage) || s->n_windows == 0)
    return;
  size_t i = 0;
  while (i < s->n_windows && strcmp(s->windows[i]->window, w->window) != 0)
    i++;
  snprintf(w->window, sizeof w->window, "%s", s->windows[(i + 1) % s->n_windows]->window);
}

static void next_sort(struct watching *w) {
  static const char *const sorts[] = {"age", "pace", "last"};
  size_t i = 0;
  while (strcmp(sorts[i], w->sort) != 0)
    i++;
  w->sort = sorts[(i + 1) % 3];
  vsm_watch_model_forget(&w->model);
  go_to(w, ITEMS);
}

static void begin_prompt(struct watching *w, enum vsm_alert_prompt_kind kind) {
  const Vsm__V1__Alert *a = vsm_watch_model_alert(&w->model, w->page == ALERTS ? w->at[ALERTS] : -1, w->alert);
  if (a && !w->ordered && !w->asking)
    vsm_alert_prompt_begin(&w->prompt, kind, a);
}

static void on_prompt_key(struct watching *w, int key) {
  bool backspace = key == KEY_BACKSPACE || key == 127 || key == '\b';
  if (vsm_alert_prompt_key(&w->prompt, key == KEY_ENTER ? '\n' : key, backspace))
    w->ordered =
        vsm_alert_prompt_order(&w->prompt, vsm_watch_model_now(&w->model), &w->order, w->problem, sizeof w->problem);
}

static void on_key(struct watching *w, int key) {
  bool of_alerts = w->page == ALERTS || w->page == ALERT;
  if (key == KEY_RESIZE)
    return;
  if (w->prompt.kind != VSM_NO_PROMPT) {
    on_prompt_key(w, key);
    return;
  }
  if (key == 'q') {
    w->done = true;
  } else if (w->help) {
    w->help = false;
  } else if (key == '?' || key == 'h') {
    w->help = true;
  } else if (key == 'a' && !of_alerts) {
    go_to(w, ALERTS);
  } else if ((key == 'x' || key == 'z') && of_alerts) {
    begin_prompt(w, key == 'x' ? VSM_PROMPT_ACK : VSM_PROMPT_SILENCE);
  } else if (key == 'w') {
    next_window(w);
  } else if (key == 's' && w->page == ITEMS) {
    next_sort(w);
  } else if (key == KEY_UP || key == 'k') {
    w->at[w->page]--; // draw() keeps it within the page
  } else if (key == KEY_DOWN || key == 'j') {
    w->at[w->page]++;
  } else if (key == KEY_PPAGE) {
    w->at[w->page] -= LINES;
  } else if (key == KEY_NPAGE) {
    w->at[w->page] += LINES;
  } else if (key == KEY_ENTER || key == '\n' || key == '\r' || key == KEY_RIGHT) {
    enter(w);
  } else if (key == KEY_LEFT || key == KEY_BACKSPACE || key == 127 || key == '\b' || key == 27) {
    back(w);
  }
}

// --- the screen

static int clamp(int n, int least, int most) {
  return n > most ? most < least ? least : most : n < least ? least : n;
}

// Keeps the cursor within the page and in sight; a page without anything to pick is scrolled itself. Returns the line
// of the cursor, or -1.
static int place(struct watching *w, const struct vsm_page *p, int room) {
  int *at = &w->at[w->page], *top = &w->top[w->page], line = -1, most = (int)p->n - room;
  if (p->picks == 0) {
    *top = *at = clamp(*at, 0, most > 0 ? most : 0);
    return -1;
  }
  *at = clamp(*at, 0, p->picks - 1);
  for (size_t i = 0; i < p->n; i++)
    if (p->lines[i].pick == *at)
      line = (int)i;
  int above = *at == 0 ? line : ROWS_AROUND; // the first one shows what stands over it
  *top = clamp(*top, line - room + 2, line - (above < room ? above : 0));
  *top = clamp(*top, 0, most > 0 ? most : 0);
  return line;
}

// As many items as the cursor needs: it may jump a screen on, and shall find it there.
static void want_items(struct watching *w) {
  size_t wanted = (size_t)w->at[ITEMS] + 2 * (size_t)LINES;
  w->model.wanted = (wanted / ITEMS_STEP + 1) * ITEMS_STEP;
}

static void make_page(struct watching *w, struct vsm_page *p) {
  const struct vsm_page_choice choice = {w->window, w->segment, w->sort};
  vsm_page_init(p, COLS);
  if (w->help)
    vsm_page_help(p);
  else if (w->page == STREAMS)
    vsm_page_streams(p, &w->model, &choice);
  else if (w->page == ITEMS)
    vsm_page_items(p, &w->model, w->in_stream, w->in_stage, &choice);
  else if (w->page == ITEM)
    vsm_page_item(p, &w->model, w->key);
  else if (w->page == ALERTS)
    vsm_page_alerts(p, &w->model);
  else
    vsm_page_alert(p, &w->model, w->alert);
}

static void put(int y, int attributes, const char *text) {
  attron(attributes);
  mvhline(y, 0, ' ', COLS);
  mvaddstr(y, 0, text);
  attroff(attributes);
}

static void put_foot(const struct watching *w) {
  char foot[400];
  long silent = (long)((vsm_now_us() - w->heard_us) / 1000000);
  if (w->prompt.kind != VSM_NO_PROMPT)
    vsm_alert_prompt_line(&w->prompt, foot, sizeof foot);
  else if (silent >= VSM_NOW_SILENT_US / 1000000)
    snprintf(foot, sizeof foot, " NOTHING HEARD FOR %ld s: %s; is vsmd running? q: quit", silent,
             w->model.snapshot ? "these figures are old" : w->publish);
  else if (*w->problem || *w->model.trouble)
    snprintf(foot, sizeof foot, " %s", *w->problem ? w->problem : w->model.trouble);
  else
    snprintf(foot, sizeof foot, " %sa: alerts  ?: help  q: quit",
             w->page == STREAMS  ? "enter: items of the stage  w: window  "
             : w->page == ITEMS  ? "enter: story of the item  left: back  s: order  w: window  "
             : w->page == ALERTS ? "enter: in full  left: back  x: acknowledge  z: silence  "
             : w->page == ALERT  ? "left: back  x: acknowledge  z: silence  "
                                 : "left: back  ");
  foot[COLS < (int)sizeof foot ? COLS : (int)sizeof foot - 1] = '\0';
  put(LINES - 1, A_REVERSE, foot);
}

static void draw(struct watching *w) {
  static const int styles[] = {A_NORMAL, A_BOLD, A_BOLD};
  struct vsm_page p;
  make_page(w, &p);
  int first = *p.head ? 2 : 1, room = LINES - first - 1;
  int here = w->help ? -1 : place(w, &p, room), top = w->help ? 0 : w->top[w->page];
  erase();
  put(0, A_BOLD, p.title);
  if (*p.head)
    put(1, A_UNDERLINE, p.head);
  for (int i = 0; i < room && top + i < (int)p.n; i++) {
    const struct vsm_line *l = &p.lines[top + i];
    int colour = l->style == VSM_LINE_WORST ? (int)COLOR_PAIR(1) : 0;
    put(first + i, (top + i == here ? (int)A_REVERSE : colour) | styles[l->style], l->text);
  }
  put_foot(w);
  refresh();
  vsm_page_fini(&p);
}

// False where the terminal cannot be drawn on.
static bool begin_screen(void) {
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  setlocale(LC_CTYPE, "");
  if (!term || strcmp(term, "dumb") == 0 || !newterm(NULL, stdout, stdin))
    return false;
  cbreak();
  noecho();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(ESCAPE_MS);
  curs_set(0);
  if (has_colors() && !(no_color && *no_color)) {
    start_color();
    use_default_colors();
    init_pair(1, COLOR_YELLOW, -1);
  }
  return true;
}

// At once for items that were scrolled to, unless the last answer was that this cannot be.
static bool is_time_to_ask(const struct watching *w) {
  bool lacks = w->page == ITEMS && !*w->problem && vsm_watch_model_lacks_items(&w->model);
  bool begun = w->ordered || w->model.alerts_due || (w->page == STREAMS && w->node > 0); // a round of segments
  return lacks || begun || vsm_now_us() - w->asked_us > ASK_EVERY_US;
}

// Waits for something to do, so long at most.
static void turn(struct watching *w, int most_ms) {
  struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                       {.fd = vsm_subscriber_fd(w->subscriber), .events = POLLIN},
                       {.fd = vsm_query_fd(w->client), .events = POLLIN}};
  int ms = vsm_now_sooner(vsm_subscriber_timeout_ms(w->subscriber), vsm_query_timeout_ms(w->client));
  poll(p, 3, vsm_now_sooner(ms, most_ms));
  vsm_subscriber_process(w->subscriber);
  vsm_query_process(w->client);
  if (p[0].revents & (POLLHUP | POLLERR | POLLNVAL))
    w->done = true;
  for (int key; (key = getch()) != ERR;)
    on_key(w, key);
  want_items(w);
  if (!w->asking && is_time_to_ask(w))
    ask(w);
}

static void run(struct watching *w) {
  while (!w->done) {
    draw(w);
    int64_t redraw_us = vsm_now_us() + REDRAW_US, left_us;
    turn(w, 1000);
    while (!w->done && (left_us = redraw_us - vsm_now_us()) > 0) // what comes close together is drawn together
      turn(w, (int)(left_us / 1000) + 1);
  }
  endwin();
}

static int once(const struct watching *w) {
  return vsm_snapshot_print(w->query, w->stream, w->window, w->segment);
}

static int watch(struct watching *w) {
  static const char *const topics[] = {"v1/metric/", "v1/status/", "v1/alert/"};
  char metrics[100], alerts[100];
  snprintf(metrics, sizeof metrics, "v1/metric/%.64s/", w->stream ? w->stream : "");
  snprintf(alerts, sizeof alerts, "v1/alert/%.64s/", w->stream ? w->stream : "");
  const struct vsm_subscriber_options options = {.publish = w->publish,
                                                 .query = w->query,
                                                 .topics =
                                                     w->stream ? (const char *[]){metrics, topics[1], alerts} : topics,
                                                 .n_topics = 3,
                                                 .stream = w->stream,
                                                 .keys = vsm_cli_keys(),
                                                 .on_snapshot = on_snapshot,
                                                 .on_publication = on_publication,
                                                 .on_error = on_error,
                                                 .ctx = w};
  const char *tried = w->publish;
  int err = vsm_subscriber_create(&options, &w->subscriber);
  if (!err)
    err = vsm_query_create(&(struct vsm_query_options){.query = tried = w->query, .keys = vsm_cli_keys()}, &w->client);
  if (err)
    vsm_say_endpoint(tried, err);
  bool drawn = !err && begin_screen();
  if (drawn)
    run(w);
  vsm_subscriber_destroy(w->subscriber);
  vsm_query_destroy(w->client);
  vsm_watch_model_fini(&w->model);
  return err ? VSM_FAILED : drawn ? VSM_DONE : once(w);
}

int vsm_cmd_watch(int argc, char **argv) {
  struct watching w = {.query = VSM_QUERY_DEFAULT, .publish = VSM_PUBLISH_DEFAULT, .sort = "age"};
  const char *window = "all";
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &w.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"publish", VSM_FLAG_TEXT, &w.publish, "ENDPOINT", "its publish socket (" VSM_PUBLISH_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &w.stream, "ID", "this value stream alone"},
      {"segment", VSM_FLAG_TEXT, &w.segment, "A=VALUE", "of the streams that have it, this part alone: region=north"},
      {"window", VSM_FLAG_TEXT, &window, "NAME", "all (default), or a configured one: 24h"},
      {"once", VSM_FLAG, &w.once, NULL, "prints one page and ends"},
  };
  const struct vsm_usage usage = {
      "vsm watch [--once] [--stream ID] [--segment A=VALUE] [--window NAME]",
      "The streams and their stages, live; from there to the items of a stage, and the story of an item.\n"
      "? lists the keys. NO_COLOR=1 does without colours.",
      "  vsm watch\n  vsm watch --stream RCV-01 --window 24h\n  vsm watch --segment region=north\n  vsm watch --once\n",
      VSM_ARRAY(flags),
      0,
      0};
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  if (!vsm_segment_parse(w.segment, &w.wanted))
    return VSM_WRONG_USAGE;
  snprintf(w.window, sizeof w.window, "%s", window);
  w.heard_us = vsm_now_us();
  status = w.once || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) ? once(&w) : watch(&w);
  vsm_segment_fini(&w.wanted);
  return status;
}
