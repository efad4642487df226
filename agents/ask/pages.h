// A page of items. A page of the daemon's may end before its limit, even empty, where a filter passed over many rows:
// pages are asked for until there are as many rows as wanted, or no more.
#pragma once
#include "agents/ask/inquiry.h"

enum { VSM_PAGES_ROWS_MAX = 1000, VSM_PAGES_ROWS_DEFAULT = 100 };

struct vsm_pages {
  struct vsm_inquiry inquiry; // first
  Vsm__V1__ItemsRequest request;
  uint64_t limit;       // wanted
  const char *cursor;   // where the first page goes on; the caller's
  Vsm__V1__Items *rows; // so far
};

// The request's texts are borrowed. limit 0: the default. The inquiry has failed already where something asked for is
// not allowed, whatever the daemon knows: `dash` is put before the names of what is wrong ("--").
void vsm_pages_init(struct vsm_pages *q, const Vsm__V1__ItemsRequest *request, uint64_t limit, const char *dash);
