// Columns grow with the screen: below 110 columns durations lose their blanks ("12d4h") and the name what remains. The
// stage where most work stands longest has a mark, and a colour besides where there are colours.
#include "watch_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd.h"
#include "figures.h"
#include "text.h"

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

static void add(struct vsm_page *p, enum vsm_line_style style, int pick, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void add(struct vsm_page *p, enum vsm_line_style style, int pick, const char *fmt, ...) {
  char text[LINE_BYTES], plain[LINE_BYTES];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  vsm_text_plain(text, plain, sizeof plain);
  cut(plain, p->width);
  p->lines = vsm_mem_grow(p->lines, p->n, &p->cap, sizeof *p->lines);
  p->lines[p->n++] = (struct vsm_line){vsm_mem_need(strdup(plain), 0), style, pick};
  p->picks = pick >= p->picks ? pick + 1 : p->picks;
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

static const char *duration(const struct vsm_page *p, bool known, double seconds, char *buf, size_t size) {
  vsm_text_duration(known ? seconds : -1, buf, size);
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
static void quantiles(const struct vsm_page *p, const Vsm__V1__Distribution *d, char p50[32], char p85[32]) {
  bool any = d && d->count > 0;
  duration(p, any, any ? d->p50 : 0, p50, 32);
  duration(p, any, any ? d->p85 : 0, p85, 32);
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

static void add_stage(struct vsm_page *p, const Vsm__V1__Stage *st, const char *window, bool worst, uint64_t most,
                      int pick) {
  struct layout l = layout_of(p);
  const Vsm__V1__StageWindow *w = vsm_stage_window(st, window);
  char name[256], n[5][24], p50[32], p85[32], oldest[32], bar[BAR_MAX + 1];
  size_t filled = most ? (size_t)((st->wip * (uint64_t)l.bar + most - 1) / most) : 0;
  memset(bar, '#', filled);
  bar[filled] = '\0';
  quantiles(p, w ? w->cycle_time : NULL, p50, p85);
  duration(p, st->wip > 0 && st->age, st->age ? st->age->max : 0, oldest, sizeof oldest);
  const uint64_t counts[] = {st->wip, st->queued, st->active, st->suspended, w ? w->departures : 0};
  for (int i = 0; i < 5; i++)
    count(counts[i], n[i], sizeof n[i]);
  add(p, worst ? VSM_LINE_WORST : VSM_LINE_PLAIN, pick, "%s%s%*s%*s%*s%*s%*s%*s%*s%*s %s", worst ? "> " : "  ",
      fit(st->name, l.name, name, sizeof name), l.count, n[0], l.count, n[1], l.count, n[2], l.count, n[3], l.time, p50,
      l.time, p85, l.time, oldest, l.count, n[4], bar);
}

static void add_stream(struct vsm_page *p, const Vsm__V1__ValueStream *s, const char *window, int *pick) {
  const Vsm__V1__StreamWindow *w = vsm_stream_window(s, window);
  char p50[32], p85[32], between[48] = "";
  uint64_t most = 0;
  int worst = vsm_worst_stage(s);
  quantiles(p, w ? w->lead_time : NULL, p50, p85);
  if (s->between)
    snprintf(between, sizeof between, " (%llu between stages)", (unsigned long long)s->between);
  add(p, VSM_LINE_HEAD, -1, "%s %s: %llu in progress%s", s->id, s->name, (unsigned long long)s->wip, between);
  if (w)
    add(p, VSM_LINE_PLAIN, -1, "  %s: %llu in, %llu out, %.1f a day; lead time p50 %s, p85 %s", w->window,
        (unsigned long long)w->started, (unsigned long long)w->finished, w->throughput_per_day, p50, p85);
  for (size_t i = 0; i < s->n_stages; i++)
    most = s->stages[i]->wip > most ? s->stages[i]->wip : most;
  for (size_t i = 0; i < s->n_stages; i++)
    add_stage(p, s->stages[i], window, (int)i == worst, most, (*pick)++);
}

void vsm_page_streams(struct vsm_page *p, const struct vsm_watch_model *m, const char *window) {
  struct layout l = layout_of(p);
  char at[32];
  int pick = 0;
  if (!m->snapshot) {
    set(p->title, sizeof p->title, p->width, "value streams");
    add(p, VSM_LINE_PLAIN, -1, "waiting for the daemon ...");
    return;
  }
  const Vsm__V1__Ingest *g = m->snapshot->ingest;
  set(p->title, sizeof p->title, p->width, "%s UTC  window %s  %llu events, %llu unmapped, %llu refused",
      vsm_text_time(m->snapshot->time_unix_nano, at, sizeof at), window, (unsigned long long)(g ? g->received : 0),
      (unsigned long long)(g ? g->unmapped : 0), (unsigned long long)(g ? g->rejected : 0));
  const char *queued = p->width >= WIDE ? "queued" : "queue", *active = p->width >= WIDE ? "active" : "activ";
  set(p->head, sizeof p->head, p->width, "  %-*s%*s%*s%*s%*s%*s%*s%*s%*s", l.name, "stage", l.count, "wip", l.count,
      queued, l.count, active, l.count, "held", l.time, "p50", l.time, "p85", l.time, "oldest", l.count, "left");
  for (size_t i = 0; i < m->snapshot->n_value_streams; i++) {
    if (i > 0)
      add(p, VSM_LINE_PLAIN, -1, "%s", "");
    add_stream(p, m->snapshot->value_streams[i], window, &pick);
  }
}

// --- items of a stage

void vsm_page_items(struct vsm_page *p, const struct vsm_watch_model *m, const char *stream, const char *stage) {
  char item[300], in_stage[32], age[32];
  int time = p->width >= WIDE ? 10 : 7, name = p->width / 2 - time - 6;
  set(p->title, sizeof p->title, p->width, "%s/%s: in progress, the longest here first", stream, stage);
  set(p->head, sizeof p->head, p->width, "  %-*s %-9s%*s%*s  waits for", name, "item", "state", time, "here", time,
      "age");
  if (!m->items)
    add(p, VSM_LINE_PLAIN, -1, "asking the daemon ...");
  else if (m->items->n_items == 0)
    add(p, VSM_LINE_PLAIN, -1, "nothing is in progress here");
  for (size_t i = 0; m->items && i < m->items->n_items; i++) {
    const Vsm__V1__ItemRow *r = m->items->items[i];
    const char *dash = *r->party && *r->reason ? ": " : "";
    add(p, VSM_LINE_PLAIN, (int)i, "  %s %-9s%*s%*s  %s%s%s", fit(r->item, name, item, sizeof item), r->state, time,
        duration(p, true, r->in_stage_seconds, in_stage, sizeof in_stage), time,
        duration(p, true, r->age_seconds, age, sizeof age), r->party, dash, r->reason);
  }
  if (m->items && *m->items->cursor)
    add(p, VSM_LINE_PLAIN, -1, "  more follow");
}

// --- an item

static void add_transition(struct vsm_page *p, const Vsm__V1__ItemTransition *t) {
  char at[32];
  add(p, VSM_LINE_PLAIN, -1, "  %s  %-8s  %s", vsm_text_time(t->time_unix_nano, at, sizeof at), t->lifecycle,
      *t->stage ? t->stage : "(the item)");
  if (*t->party)
    add(p, VSM_LINE_PLAIN, -1, "  %21swaits for %s%s%s", "", t->party, *t->reason ? ": " : "", t->reason);
  add(p, VSM_LINE_PLAIN, -1, "  %21s%s said %s; rule %s", "", t->source, t->type, t->rule);
}

static void add_visit(struct vsm_page *p, const Vsm__V1__Item *item, const Vsm__V1__Visit *v) {
  char at[32], spent[3][32], bar[VSM_TIMELINE_BYTES];
  vsm_item_timeline(item, v, bar);
  add(p, VSM_LINE_PLAIN, -1, "  %s  %s", bar, v->stage);
  add(p, VSM_LINE_PLAIN, -1, "    %s: queued %s, active %s, held %s; %s%s%s%s",
      vsm_text_time(v->entered_unix_nano, at, sizeof at), duration(p, true, v->queue_seconds, spent[0], 32),
      duration(p, true, v->active_seconds, spent[1], 32), duration(p, true, v->suspended_seconds, spent[2], 32),
      *v->how ? v->how : v->state, v->rework ? ", rework" : "", v->unobserved ? ", entry not observed" : "",
      v->implied ? ", implied" : "");
}

void vsm_page_item(struct vsm_page *p, const struct vsm_watch_model *m, const char *key) {
  const Vsm__V1__Item *item = m->item;
  set(p->title, sizeof p->title, p->width, "%s%s%s%s%s", key, item ? " in " : "", item ? item->value_stream : "",
      item ? ": " : "", item ? item->state : "");
  if (!item) {
    add(p, VSM_LINE_PLAIN, -1, "asking the daemon ...");
    return;
  }
  add(p, VSM_LINE_HEAD, -1, "known as");
  for (size_t i = 0; i < item->n_keys; i++)
    add(p, VSM_LINE_PLAIN, -1, "  %s", item->keys[i]);
  add(p, VSM_LINE_HEAD, -1, "where it was");
  for (size_t i = 0; i < item->n_visits; i++)
    add_visit(p, item, item->visits[i]);
  add(p, VSM_LINE_HEAD, -1, "what was said of it");
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
      "?                              this help",
      "q                              quit",
      "",
      "wip      what is in the stage: queued, active (worked on), held (waits for somebody)",
      "p50 p85  cycle time, waiting included: half, 85 % of what left in the window took no longer",
      "oldest   how long the oldest of what is here now has been here",
      "left     how much left the stage in the window",
      ">        in this stage of the stream most work stands longest",
      "####     where work piles up: work in progress beside the stream's fullest stage",
  };
  set(p->title, sizeof p->title, p->width, "help");
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    add(p, VSM_LINE_PLAIN, -1, "%s", lines[i]);
}
