// Columns grow with the screen: below 110 columns durations lose their blanks ("12d4h") and the name what remains. The
// stage where most work stands longest has a mark, and a colour besides where there are colours.
#include "watch_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "base/mem.h"
#include "cmd.h"
#include "figures.h"
#include "text.h"
#include "timeline.h"

enum { WIDE = 110, BAR_MAX = 10, LINE_BYTES = 1024 };

void vsm_page_init(struct vsm_page *p, int width) {
  *p = (struct vsm_page){.width = width > 40 ? width : 40};
}

void vsm_page_fini(struct vsm_page *p) {
  for (size_t i = 0; i < p->n; i++)
    free(p->lines[i].text);
  free(p->lines);
}

// Ends the text behind so many characters.
static void cut(char *z, int columns) {
  for (; *z; z++)
    if (((unsigned char)*z & 0xc0) != 0x80 && columns-- == 0) {
      *z = '\0';
      return;
    }
}

void vsm_page_add(struct vsm_page *p, enum vsm_line_style style, int pick, const char *fmt, ...) {
  char text[LINE_BYTES], plain[LINE_BYTES];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  vsm_text_plain(text, plain, sizeof plain);
  cut(plain, p->width);
  p->lines = vsm_mem_grow(p->lines, p->n, &p->cap, sizeof *p->lines);
  p->lines[p->n++] = (struct vsm_line){vsm_mem_copy(vsm_str_of(plain)), style, pick};
  p->picks = pick >= p->picks ? pick + 1 : p->picks;
}

void vsm_page_title(struct vsm_page *p, const char *fmt, ...) {
  char text[LINE_BYTES];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  vsm_text_plain(text, p->title, sizeof p->title);
  cut(p->title, p->width);
}

static void set(char *to, size_t size, int width, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void set(char *to, size_t size, int width, const char *fmt, ...) {
  char text[LINE_BYTES];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  vsm_text_plain(text, to, size);
  cut(to, width);
}

// Exactly so many columns, from the left.
static const char *fit(const char *z, int columns, char *buf, size_t size) {
  vsm_text_plain(z, buf, size);
  cut(buf, columns);
  size_t n = strlen(buf);
  for (int w = vsm_text_width(buf); w < columns && n + 1 < size; w++)
    buf[n++] = ' ';
  buf[n] = '\0';
  return buf;
}

// day: of the calendar that counts it, 0: none
static const char *duration(const struct vsm_page *p, bool known, double seconds, double day, char *buf, size_t size) {
  vsm_text_worked(known ? seconds : -1, day, buf, size);
  if (p->width >= WIDE)
    return buf;
  char *to = buf;
  for (const char *z = buf; *z; z++)
    if (*z != ' ')
      *to++ = *z;
  *to = '\0';
  return buf;
}

// At most five characters.
static const char *count(uint64_t n, char *buf, size_t size) {
  if (n < 100000)
    snprintf(buf, size, "%llu", (unsigned long long)n);
  else if (n < 10000000)
    snprintf(buf, size, "%lluk", (unsigned long long)n / 1000);
  else
    snprintf(buf, size, "%lluM", (unsigned long long)n / 1000000);
  return buf;
}

// "-" where nothing was measured.
static void quantiles(const struct vsm_page *p, const struct vsm_figures *f, char p50[32], char p85[32]) {
  bool any = f->time && f->time->count > 0;
  duration(p, any, any ? f->time->p50 : 0, f->working_day_seconds, p50, 32);
  duration(p, any, any ? f->time->p85 : 0, f->working_day_seconds, p85, 32);
}

// --- streams

struct layout {
  int name, count, time, bar; // widths
};

static struct layout layout_of(const struct vsm_page *p) {
  bool wide = p->width >= WIDE;
  struct layout l = {.count = wide ? 8 : 6, .time = wide ? 10 : 7, .bar = wide ? BAR_MAX : 5};
  l.name = p->width - 2 - 5 * l.count - 3 * l.time - 1 - l.bar;
  l.name = l.name < 8 ? 8 : l.name > 48 ? 48 : l.name;
  return l;
}

// What stands before a stage's name: it holds up the stream, something stands still there.
struct marks {
  bool worst, stalled;
};

static void add_stage(struct vsm_page *p, const Vsm__V1__Stage *st, const struct vsm_page_choice *choice,
                      struct marks marks, uint64_t most, int pick) {
  struct layout l = layout_of(p);
  struct vsm_figures f = vsm_figures_of_stage(st, choice->window, choice->part);
  char name[256], n[5][24], p50[32], p85[32], oldest[32], bar[BAR_MAX + 1];
  size_t filled = most ? (size_t)((f.wip * (uint64_t)l.bar + most - 1) / most) : 0;
  memset(bar, '#', filled);
  bar[filled] = '\0';
  quantiles(p, &f, p50, p85);
  duration(p, !choice->part && st->wip > 0 && st->age, st->age ? st->age->max : 0, st->working_day_seconds, oldest,
           sizeof oldest);
  const uint64_t counts[] = {f.wip, st->queued, st->active, st->suspended, f.out};
  for (int i = 0; i < 5; i++)
    count(counts[i], n[i], sizeof n[i]);
  for (int i = 1; choice->part && i < 4; i++)
    strcpy(n[i], "-"); // not known of a part
  vsm_page_add(p, marks.worst || marks.stalled ? VSM_LINE_WORST : VSM_LINE_PLAIN, pick,
               "%s%s%s%*s%*s%*s%*s%*s%*s%*s%*s %s", marks.worst ? ">" : " ", marks.stalled ? "!" : " ",
               fit(st->name, l.name, name, sizeof name), l.count, n[0], l.count, n[1], l.count, n[2], l.count, n[3],
               l.time, p50, l.time, p85, l.time, oldest, l.count, n[4], bar);
}

static void add_stream(struct vsm_page *p, const struct vsm_watch_model *m, const Vsm__V1__ValueStream *s,
                       const struct vsm_page_choice *choice, int *pick) {
  const Vsm__V1__StreamWindow *w = vsm_stream_window(s, choice->window);
  struct vsm_figures f = vsm_figures_of_stream(s, choice->window, choice->part);
  char p50[32], p85[32], between[48] = "", rate[48] = "";
  uint64_t most = vsm_figures_most(s, choice->window, choice->part);
  int worst = choice->part ? -1 : vsm_worst_stage(s);
  quantiles(p, &f, p50, p85);
  if (s->between && !choice->part)
    snprintf(between, sizeof between, " (%llu between stages)", (unsigned long long)s->between);
  if (w && !choice->part)
    snprintf(rate, sizeof rate, ", %.1f a day", w->throughput_per_day);
  vsm_page_add(p, VSM_LINE_HEAD, -1, "%s %s: %llu in progress%s", s->id, s->name, (unsigned long long)f.wip, between);
  vsm_page_add(p, VSM_LINE_PLAIN, -1, "  %s: %llu in, %llu out%s; lead time p50 %s, p85 %s", f.window,
               (unsigned long long)f.in, (unsigned long long)f.out, rate, p50, p85);
  for (size_t i = 0; i < s->n_stages; i++)
    add_stage(p, s->stages[i], choice,
              (struct marks){(int)i == worst, vsm_watch_model_stalled(m, s->id, s->stages[i]->id)}, most, (*pick)++);
}

void vsm_page_streams(struct vsm_page *p, const struct vsm_watch_model *m, const struct vsm_page_choice *choice) {
  struct layout l = layout_of(p);
  char at[32], counts[128];
  int pick = 0;
  if (!m->snapshot) {
    set(p->title, sizeof p->title, p->width, "value streams");
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "waiting for the daemon ...");
    return;
  }
  const Vsm__V1__Ingest *g = m->snapshot->ingest;
  Vsm__V1__AlertCounts firing = vsm_watch_model_counts(m);
  bool alerts = firing.critical + firing.error + firing.warning + firing.info + firing.silenced > 0;
  set(p->title, sizeof p->title, p->width, "%s UTC  window %s  %s%s%s%s%s%llu events, %llu unmapped, %llu refused",
      vsm_text_time(m->snapshot->time_unix_nano, at, sizeof at), choice->window, choice->part ? choice->part : "",
      choice->part ? "  " : "", alerts ? "ALERTS: " : "",
      alerts ? vsm_alerts_counts(&firing, counts, sizeof counts) : "", alerts ? "  " : "",
      (unsigned long long)(g ? g->received : 0), (unsigned long long)(g ? g->unmapped : 0),
      (unsigned long long)(g ? g->rejected : 0));
  const char *queued = p->width >= WIDE ? "queued" : "queue", *active = p->width >= WIDE ? "active" : "activ";
  set(p->head, sizeof p->head, p->width, "  %-*s%*s%*s%*s%*s%*s%*s%*s%*s", l.name, "stage", l.count, "wip", l.count,
      queued, l.count, active, l.count, "held", l.time, "p50", l.time, "p85", l.time, "oldest", l.count, "left");
  for (size_t i = 0; i < m->snapshot->n_value_streams; i++) {
    if (m->without[i])
      continue;
    if (p->n > 0)
      vsm_page_add(p, VSM_LINE_PLAIN, -1, "%s", "");
    add_stream(p, m, m->snapshot->value_streams[i], choice, &pick);
  }
}

// --- items of a stage

static void add_why(struct vsm_page *p, const Vsm__V1__Stage *st, const char *window) {
  const Vsm__V1__StageWindow *w = vsm_stage_window(st, window);
  const Vsm__V1__Wait *largest[VSM_WAITS_SHOWN];
  char text[512];
  size_t n = vsm_waits_largest(st, window, largest, VSM_WAITS_SHOWN), before = p->n;
  for (size_t i = 0; w && i < w->n_sle; i++)
    vsm_page_add(p, vsm_sle_missed(w->sle[i]) ? VSM_LINE_WORST : VSM_LINE_PLAIN, -1, "  SLE (%s) %s", window,
                 vsm_text_sle(w->sle[i], text, sizeof text));
  for (size_t i = 0; i < n && i < VSM_WAITS_SHOWN; i++)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "  waits (%s) %s", window,
                 vsm_text_waits(st, largest[i], window, text, sizeof text));
  if (n > VSM_WAITS_SHOWN)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "  waits (%s) for %zu things more", window, n - VSM_WAITS_SHOWN);
  if (p->n > before)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "%s", "");
}

// "in 3d4h", "late 3d4h"
static void until(const struct vsm_page *p, uint64_t due, uint64_t now, char *buf, size_t size) {
  char time[32];
  buf[0] = '\0';
  if (due)
    snprintf(buf, size, "%s %s", due < now ? "late" : "in",
             duration(p, true, (due < now ? (double)(now - due) : (double)(due - now)) / 1e9, 0, time, sizeof time));
}

struct columns {
  int name, state, time, age, pace, due; // widths
};

// The item's key shows whole before all else; a column that no item has anything for takes no room, and where it is
// narrow a due date says more than the item's age.
static struct columns columns_of(const struct vsm_page *p, const Vsm__V1__Items *items) {
  bool wide = p->width >= WIDE, due = false;
  int longest = 8, most = p->width * 3 / 10;
  for (size_t i = 0; items && i < items->n_items; i++) {
    int width = vsm_text_width(items->items[i]->item);
    longest = width > longest ? width : longest;
    due = due || items->items[i]->due_unix_nano;
  }
  return (struct columns){.name = longest < most ? longest : most,
                          .state = 7,
                          .time = wide ? 10 : 7,
                          .age = wide  ? 10
                                 : due ? 0
                                       : 7,
                          .pace = 13,
                          .due = !due   ? 0
                                 : wide ? 16
                                        : 12};
}

static void add_item(struct vsm_page *p, const Vsm__V1__ItemRow *r, struct columns c, uint64_t now_ns, int pick) {
  char item[300], state[16], in_stage[32], age[32] = "", pace[64] = "", pace_cell[64], due[64], due_cell[64], wait[400];
  const char *word = strcmp(r->state, "suspended") == 0 ? "held" : r->state; // as in the table of the stages
  until(p, r->due_unix_nano, now_ns, due, sizeof due);
  if (*r->pace)
    snprintf(pace, sizeof pace, "%s %u%%", r->pace, r->pace_percentile);
  if (c.age)
    duration(p, true, r->age_seconds, r->age_working_day_seconds, age, sizeof age);
  vsm_page_add(p, VSM_LINE_PLAIN, pick, "  %s %s%*s%*s  %s%s%s", fit(r->item, c.name, item, sizeof item),
               fit(word, c.state, state, sizeof state), c.time,
               duration(p, true, r->in_stage_seconds, r->working_day_seconds, in_stage, sizeof in_stage), c.age, age,
               fit(pace, c.pace, pace_cell, sizeof pace_cell), fit(due, c.due, due_cell, sizeof due_cell),
               vsm_text_wait(r->party, r->reason, wait, sizeof wait));
}

static const char *order(const char *sort) {
  return strcmp(sort, "pace") == 0   ? "the slowest of their stage first"
         : strcmp(sort, "last") == 0 ? "unmoved for the longest first"
                                     : "the longest here first";
}

void vsm_page_items(struct vsm_page *p, const struct vsm_watch_model *m, const char *stream, const char *stage,
                    const struct vsm_page_choice *choice) {
  struct columns c = columns_of(p, m->items);
  const Vsm__V1__Stage *st = vsm_watch_model_find(m, stream, stage);
  uint64_t now_ns = m->snapshot ? m->snapshot->time_unix_nano : 0;
  set(p->title, sizeof p->title, p->width, "%s/%s: %s%s%s", stream, stage, choice->part ? choice->part : "",
      choice->part ? ", " : "", order(choice->sort));
  set(p->head, sizeof p->head, p->width, "  %-*s %-*s%*s%*s  %-*s%-*swaits for", c.name, "item", c.state, "state",
      c.time, "here", c.age, c.age ? "age" : "", c.pace, "pace", c.due, c.due ? "due" : "");
  if (st && !choice->part)
    add_why(p, st, choice->window);
  if (!m->items)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "asking the daemon ...");
  else if (m->items->n_items == 0)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "nothing is in progress here");
  for (size_t i = 0; m->items && i < m->items->n_items; i++)
    add_item(p, m->items->items[i], c, now_ns, (int)i);
  if (m->items && *m->items->cursor)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "  more follow");
}

// --- an item

static void add_transition(struct vsm_page *p, const Vsm__V1__ItemTransition *t) {
  char at[32], wait[400];
  vsm_page_add(p, VSM_LINE_PLAIN, -1, "  %s  %-8s  %s", vsm_text_time(t->time_unix_nano, at, sizeof at), t->lifecycle,
               *t->stage ? t->stage : "(the item)");
  if (*t->party)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "  %21swaits for %s", "",
                 vsm_text_wait(t->party, t->reason, wait, sizeof wait));
  vsm_page_add(p, VSM_LINE_PLAIN, -1, "  %21s%s said %s; rule %s", "", t->source, t->type, t->rule);
}

static void add_visit(struct vsm_page *p, const Vsm__V1__Item *item, const Vsm__V1__Visit *v, uint64_t now_ns) {
  char at[32], spent[3][32], bar[VSM_TIMELINE_BYTES], how[64], expected[96], due[64], wait[400];
  uint64_t end = v->left_unix_nano ? v->left_unix_nano : now_ns;
  double day = v->working_day_seconds;
  vsm_timeline(item, v, now_ns, bar);
  vsm_page_add(p, VSM_LINE_PLAIN, -1, "  %s  %s: %s", bar, v->stage, vsm_text_how(v, how, sizeof how));
  vsm_page_add(p, VSM_LINE_PLAIN, -1, "    %s: queued %s, active %s, held %s",
               vsm_text_time(v->entered_unix_nano, at, sizeof at),
               duration(p, true, v->queue_seconds, day, spent[0], 32),
               duration(p, true, v->active_seconds, day, spent[1], 32),
               duration(p, true, v->suspended_seconds, day, spent[2], 32));
  if (*vsm_text_expected(v, expected, sizeof expected))
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "    %s", expected);
  if (v->not_before_unix_nano)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "    nothing is expected before %s",
                 vsm_text_time(v->not_before_unix_nano, at, sizeof at));
  if (v->due_unix_nano)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "    due: %s", vsm_text_due(v->due_unix_nano, end, due, sizeof due));
  if (*v->party)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "    waits for %s", vsm_text_wait(v->party, v->reason, wait, sizeof wait));
}

void vsm_page_item(struct vsm_page *p, const struct vsm_watch_model *m, const char *key) {
  const Vsm__V1__Item *item = m->item;
  char due[64], at[32];
  uint64_t now_ns = m->snapshot ? m->snapshot->time_unix_nano : 0;
  set(p->title, sizeof p->title, p->width, "%s%s%s%s%s", key, item ? " in " : "", item ? item->value_stream : "",
      item ? ": " : "", item ? item->state : "");
  if (!item) {
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "asking the daemon ...");
    return;
  }
  now_ns = vsm_item_end(item, now_ns);
  vsm_page_add(p, VSM_LINE_HEAD, -1, "known as");
  for (size_t i = 0; i < item->n_keys; i++)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "  %s", item->keys[i]);
  for (size_t i = 0; i < item->n_segments; i++)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "  %s=%s", item->segments[i]->attribute, item->segments[i]->value);
  if (item->due_unix_nano)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "  due: %s", vsm_text_due(item->due_unix_nano, now_ns, due, sizeof due));
  if (item->not_before_unix_nano)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "  nothing is expected before %s",
                 vsm_text_time(item->not_before_unix_nano, at, sizeof at));
  vsm_page_add(p, VSM_LINE_HEAD, -1, "where it was:  %s", VSM_TIMELINE_LEGEND);
  for (size_t i = 0; i < item->n_visits; i++)
    add_visit(p, item, item->visits[i], now_ns);
  vsm_page_add(p, VSM_LINE_HEAD, -1, "what was said of it");
  for (size_t i = 0; i < item->n_transitions; i++)
    add_transition(p, item->transitions[i]);
}

// --- help

void vsm_page_help(struct vsm_page *p) {
  static const char *const lines[] = {
      "up, down, page up, page down   move",
      "enter                          a stage's items; an item's story",
      "left, escape, backspace        back",
      "w                              the next window: all, or a configured one",
      "s                              items by age, by pace, by last transition",
      "a                              alerts; there x: acknowledge, z: silence",
      "?                              this help",
      "q                              quit",
      "",
      "wip      what is in the stage: queued, active, held (waits for somebody)",
      "p50 p85  cycle time, waiting included, that 50, 85 % of what left did not pass",
      "oldest   how long the oldest of what is here now has been here",
      "left     how much left the stage in the window",
      ">        in this stage of the stream most work stands longest",
      "!        an alert fires: the stage or items in it stand still",
      "####     work in progress beside the stream's fullest stage",
      "pace     % that took less: on_pace, slow (over p50), at_risk (p85), over (p95)",
      "due      late: so long past the date; in: so long until then",
      "SLE      what share shall be done within a time, and what share was",
      "",
      "Times that a calendar counts are working time: wd, a working day of it.",
  };
  set(p->title, sizeof p->title, p->width, "help");
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "%s", lines[i]);
}
