// Text as people read it: durations, times, tables, progress.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/duration.h"

// "2025-01-31 12:00:05", UTC; "-" for 0.
const char *vsm_text_time(uint64_t unix_nano, char *buf, size_t size);
// What something waits for: "easement (third-party)"; the party alone where there is no reason.
const char *vsm_text_wait(const char *party, const char *reason, char *buf, size_t size);
// "2025-01-31 12:00:05", or once that is past "overdue since ..."; "" for 0.
const char *vsm_text_due(uint64_t due_unix_nano, uint64_t now_unix_nano, char *buf, size_t size);
// "at_risk 91 %"; "" where too few visits tell it.
const char *vsm_text_pace(const char *pace, unsigned percentile, char *buf, size_t size);
// "65,533"
const char *vsm_text_number(uint64_t n, char *buf, size_t size);
// How many columns of a terminal it fills; bytes that are no UTF-8 count one each.
int vsm_text_width(const char *z);
// Text from outside, safe for a terminal: control characters become '?'. Into buf, cut at whole characters; returns it.
const char *vsm_text_plain(const char *z, char *buf, size_t size);

// A text of n bytes of UTF-8 as a JSON string, in its quotes.
void vsm_text_json(FILE *out, const char *p, size_t n);

// A table printed with columns as wide as their widest cell, one for each letter of `align`: l left, r right. Rows
// have a text for each. Cells are copied.
struct vsm_text_table;
struct vsm_text_table *vsm_text_table_create(const char *align, ...); // headings
void vsm_text_table_row(struct vsm_text_table *t, ...);
void vsm_text_table_print(struct vsm_text_table *t, FILE *out); // and frees it

// Progress on standard error, where that is a terminal: how many, how fast, which share, how long still.
struct vsm_progress {
  const char *what;
  int64_t started_us, shown_us;
  bool on;
};
// what is counted: borrowed, and may change between two calls.
void vsm_progress_begin(struct vsm_progress *p, const char *what);
// Now and then, however often it is called. share: of the whole, 0 to 1; below 0: not known.
void vsm_progress_show(struct vsm_progress *p, uint64_t done, double share);
void vsm_progress_end(struct vsm_progress *p); // wipes it away
