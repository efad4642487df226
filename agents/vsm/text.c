#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd.h"

const char *vsm_text_duration(double s, char *buf, size_t size) {
  double d = s / 86400, h = s / 3600, m = s / 60;
  if (s < 0)
    snprintf(buf, size, "-");
  else if (s < 9.95)
    snprintf(buf, size, s == 0 ? "0 s" : "%.1f s", s);
  else if (s < 59.5)
    snprintf(buf, size, "%.0f s", s);
  else if (m < 59.5)
    snprintf(buf, size, "%.0f m", m);
  else if (h < 9.95)
    snprintf(buf, size, "%d h %02d m", (int)h, (int)((s - 3600 * (int)h) / 60));
  else if (h < 47.5)
    snprintf(buf, size, "%.0f h", h);
  else if (d < 9.95)
    snprintf(buf, size, "%d d %d h", (int)d, (int)((s - 86400.0 * (int)d) / 3600));
  else
    snprintf(buf, size, "%.0f d", d);
  return buf;
}

const char *vsm_text_time(uint64_t unix_nano, char *buf, size_t size) {
  time_t t = (time_t)(unix_nano / 1000000000);
  struct tm tm;
  if (unix_nano == 0 || !gmtime_r(&t, &tm) || strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
    snprintf(buf, size, "-");
  return buf;
}

const char *vsm_text_number(uint64_t n, char *buf, size_t size) {
  snprintf(buf, size, "%llu", (unsigned long long)n);
  return buf;
}

// --- tables

enum { COLUMNS_MAX = 24 };

struct vsm_table_text {
  const char *align;
  size_t columns, rows, cap;
  char **cells; // rows x columns
};

static void add_row(struct vsm_table_text *t, va_list ap) {
  for (size_t i = 0; i < t->columns; i++) {
    t->cells = vsm_mem_grow(t->cells, t->rows * t->columns + i, &t->cap, sizeof *t->cells);
    t->cells[t->rows * t->columns + i] = strdup(va_arg(ap, const char *));
  }
  t->rows++;
}

struct vsm_table_text *vsm_table_text_create(const char *align, ...) {
  struct vsm_table_text *t = vsm_mem_alloc(sizeof *t);
  va_list ap;
  t->align = align;
  t->columns = strlen(align);
  va_start(ap, align);
  add_row(t, ap);
  va_end(ap);
  return t;
}

void vsm_table_text_row(struct vsm_table_text *t, ...) {
  va_list ap;
  va_start(ap, t);
  add_row(t, ap);
  va_end(ap);
}

// Characters, not bytes.
static int width(const char *s) {
  int n = 0;
  for (; *s; s++)
    n += ((unsigned char)*s & 0xc0) != 0x80;
  return n;
}

void vsm_table_text_print_and_free(FILE *out, struct vsm_table_text *t) {
  int widths[COLUMNS_MAX] = {0};
  for (size_t i = 0; i < t->rows * t->columns; i++) {
    int w = t->cells[i] ? width(t->cells[i]) : 0;
    if (w > widths[i % t->columns])
      widths[i % t->columns] = w;
  }
  for (size_t i = 0; i < t->rows * t->columns; i++) {
    size_t c = i % t->columns;
    const char *cell = t->cells[i] ? t->cells[i] : "";
    int pad = widths[c] - width(cell);
    bool last = c + 1 == t->columns;
    if (t->align[c] == 'r')
      fprintf(out, "%*s%s", pad, "", cell);
    else
      fprintf(out, "%s%*s", cell, last ? 0 : pad, "");
    fputs(last ? "\n" : "  ", out);
    free(t->cells[i]);
  }
  free(t->cells);
  free(t);
}

// --- progress

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void vsm_progress_begin(struct vsm_progress_bar *p, const char *what, uint64_t total) {
  *p = (struct vsm_progress_bar){.what = what, .total = total, .started_us = now_us(), .on = isatty(STDERR_FILENO)};
}

static void show(const struct vsm_progress_bar *p, uint64_t done, int64_t now, const char *end) {
  double seconds = (double)(now - p->started_us) / 1e6, rate = seconds > 0 ? (double)done / seconds : 0;
  char left[32];
  fprintf(stderr, "\r%s %llu", p->what, (unsigned long long)done);
  if (p->total > 0)
    fprintf(stderr, " of %llu (%.0f %%)", (unsigned long long)p->total, 100.0 * (double)done / (double)p->total);
  fprintf(stderr, ", %.0f a second", rate);
  if (p->total > done && rate > 0)
    fprintf(stderr, ", %s left", vsm_text_duration((double)(p->total - done) / rate, left, sizeof left));
  fprintf(stderr, "   %s", end);
}

void vsm_progress_show(struct vsm_progress_bar *p, uint64_t done) {
  if (!p->on)
    return;
  int64_t now = now_us();
  if (now - p->shown_us < 200000)
    return;
  p->shown_us = now;
  show(p, done, now, "");
}

void vsm_progress_end(struct vsm_progress_bar *p, uint64_t done) {
  if (p->on)
    show(p, done, now_us(), "\n");
}
