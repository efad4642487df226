// Pages of vsm watch: what is known, as lines of text no wider than the screen. No terminal, no clock.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "watch_model.h"

enum vsm_line_style { VSM_LINE_PLAIN, VSM_LINE_HEAD, VSM_LINE_WORST };

struct vsm_line {
  char *text;
  enum vsm_line_style style;
  int pick; // number of what can be chosen here, from 0; -1: nothing
};

struct vsm_page {
  int width;                  // columns
  char title[256], head[256]; // above the lines, and do not scroll with them
  struct vsm_line *lines;
  size_t n, cap;
  int picks;
};

void vsm_page_init(struct vsm_page *p, int width);
void vsm_page_fini(struct vsm_page *p);
// One more line, cut to the page's width; what stands above all.
void vsm_page_add(struct vsm_page *p, enum vsm_line_style style, int pick, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void vsm_page_title(struct vsm_page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// What the user chose.
struct vsm_page_choice {
  const char *window; // "all" or a configured one
  const char *part;   // "region=north"; NULL: all
  const char *sort;   // of items: "age", "pace", "last"
};

// The streams and their stages; picks are stages, in the order of the model.
void vsm_page_streams(struct vsm_page *p, const struct vsm_watch_model *m, const struct vsm_page_choice *choice);
// What a stage waits for, whether it is in time, and what is in it; picks are items.
void vsm_page_items(struct vsm_page *p, const struct vsm_watch_model *m, const char *stream, const char *stage,
                    const struct vsm_page_choice *choice);
// The story of an item.
void vsm_page_item(struct vsm_page *p, const struct vsm_watch_model *m, const char *key);
void vsm_page_help(struct vsm_page *p);
