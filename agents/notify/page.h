// A message: what changed, as JSON for programs, and in it a title and a text for people.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "agents/notify/alert.h"

struct vsm_page_entry {
  char change[16];       // firing, joined, repeated, still, resolved, passed
  Vsm__V1__Alert *alert; // owned
};

struct vsm_page {
  const char *kind; // "alerts", "digest", "test"; borrowed, as the next three
  const char *receiver, *owner, *stream;
  int64_t made_us;
  char delivery[33]; // the same for each try, after restarts too
  struct vsm_page_entry *at;
  size_t n, cap;
};

void vsm_page_begin(struct vsm_page *p, const char *kind, const char *receiver, const char *owner, const char *stream,
                    int64_t now_us);
void vsm_page_add(struct vsm_page *p, const char *change, Vsm__V1__Alert *alert); // takes it; NULL: nothing
void vsm_page_fini(struct vsm_page *p);
char *vsm_page_json(const struct vsm_page *p);  // one line; for free()
char *vsm_page_title(const struct vsm_page *p); // for free(), as the text
char *vsm_page_text(const struct vsm_page *p);
