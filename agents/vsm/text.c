#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "now.h"

const char *vsm_text_time(uint64_t unix_nano, char *buf, size_t size) {
  time_t t = (time_t)(unix_nano / 1000000000);
  struct tm tm;
  if (unix_nano == 0 || !gmtime_r(&t, &tm) || strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
    snprintf(buf, size, "-");
  return buf;
}

const char *vsm_text_wait(const char *party, const char *reason, char *buf, size_t size) {
  snprintf(buf, size, *reason && *party ? "%s (%s)" : "%s%s", reason, party);
  return buf;
}

const char *vsm_text_due(uint64_t due, uint64_t now, char *buf, size_t size) {
  char at[32];
  snprintf(buf, size, "%s%s", due && due < now ? "overdue since " : "", due ? vsm_text_time(due, at, sizeof at) : "");
  return buf;
}

const char *vsm_text_pace(const char *pace, unsigned percentile, char *buf, size_t size) {
  buf[0] = '\0';
  if (*pace)
    snprintf(buf, size, "%s %u %%", pace, percentile);
  return buf;
}

const char *vsm_text_number(uint64_t n, char *buf, size_t size) {
  char digits[24];
  size_t k = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
  for (size_t i = 0; i < k && at + 2 < size; i++) {
    if (i > 0 && (k - i) % 3 == 0)
      buf[at++] = ',';
    buf[at++] = digits[i];
  }
  buf[at] = '\0';
  return buf;
}

int vsm_text_width(const char *z) {
  int n = 0;
  for (; *z; z++)
    n += ((unsigned char)*z & 0xc0) != 0x80;
  return n;
}

static bool goes_on(const char *z) {
  return ((unsigned char)*z & 0xc0) == 0x80;
}

const char *vsm_text_plain(const char *z, char *buf, size_t size) {
  size_t n = 0;
  for (; *z && n + 1 < size; z++) {
    unsigned char c = (unsigned char)*z;
    bool c1 = c == 0xc2 && (unsigned char)z[1] < 0xa0; // control characters of two bytes
    buf[n++] = c < 0x20 || c == 0x7f || c1 ? '?' : (char)c;
    z += c1 && z[1];
  }
  if (*z && goes_on(z))
    while (n > 0 && goes_on(&buf[--n]))
      ;
  buf[n] = '\0';
  return buf;
}

void vsm_text_json(FILE *out, const char *p, size_t n) {
  putc('"', out);
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)p[i];
    if (c == '"' || c == '\\')
      fprintf(out, "\\%c", c);
    else if (c < 0x20)
      fprintf(out, "\\u%04x", c);
    else
      putc(c, out);
  }
  putc('"', out);
}

// --- tables

enum { COLUMNS_MAX = 24, CELL_BYTES = 512 };

struct vsm_text_table {
  const char *align;
  size_t columns, n, cap; // n: cells
  char **cells;           // row by row
};

static void add_cells(struct vsm_text_table *t, va_list ap) {
  char plain[CELL_BYTES];
  for (size_t i = 0; i < t->columns; i++) {
    t->cells = vsm_mem_grow(t->cells, t->n, &t->cap, sizeof *t->cells);
    t->cells[t->n++] = vsm_mem_copy(vsm_str_of(vsm_text_plain(va_arg(ap, const char *), plain, sizeof plain)));
  }
}

struct vsm_text_table *vsm_text_table_create(const char *align, ...) {
  struct vsm_text_table *t = vsm_mem_alloc(sizeof *t);
  va_list ap;
  t->align = align;
  t->columns = strlen(align);
  va_start(ap, align);
  add_cells(t, ap);
  va_end(ap);
  return t;
}

void vsm_text_table_row(struct vsm_text_table *t, ...) {
  va_list ap;
  va_start(ap, t);
  add_cells(t, ap);
  va_end(ap);
}

void vsm_text_table_print(struct vsm_text_table *t, FILE *out) {
  int widths[COLUMNS_MAX] = {0}, owed = 0; // owed: blanks before the next cell that is not empty
  for (size_t i = 0; i < t->n; i++) {
    int w = vsm_text_width(t->cells[i]);
    widths[i % t->columns] = w > widths[i % t->columns] ? w : widths[i % t->columns];
  }
  for (size_t i = 0; i < t->n; i++) {
    size_t c = i % t->columns;
    int pad = widths[c] - vsm_text_width(t->cells[i]);
    bool right = t->align[c] == 'r';
    owed += right ? pad : 0;
    if (*t->cells[i]) {
      fprintf(out, "%*s%s", owed, "", t->cells[i]);
      owed = 0;
    }
    owed += (right ? 0 : pad) + 2;
    free(t->cells[i]);
    if (c + 1 == t->columns) {
      fputc('\n', out);
      owed = 0;
    }
  }
  free(t->cells);
  free(t);
}

// --- progress

enum { PROGRESS_US = 200000 };

void vsm_progress_begin(struct vsm_progress *p, const char *what) {
  *p = (struct vsm_progress){.what = what, .started_us = vsm_now_us(), .on = isatty(STDERR_FILENO)};
}

void vsm_progress_show(struct vsm_progress *p, uint64_t done, double share) {
  char number[32], rate[32], left[32];
  if (!p->on)
    return;
  int64_t now = vsm_now_us();
  if (now - p->shown_us < PROGRESS_US)
    return;
  p->shown_us = now;
  double seconds = (double)(now - p->started_us + 1) / 1e6;
  fprintf(stderr, "\r%s %s, %s a second", vsm_text_number(done, number, sizeof number), p->what,
          vsm_text_number((uint64_t)((double)done / seconds), rate, sizeof rate));
  if (share > 0)
    fprintf(stderr, ", %.0f %%, %s left", share * 100,
            vsm_text_duration(seconds * (1 - share) / share, left, sizeof left));
  fputs("\033[K", stderr);
}

void vsm_progress_end(struct vsm_progress *p) {
  if (p->on && p->shown_us)
    fputs("\r\033[K", stderr);
}
