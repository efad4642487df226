// The newest finished visits of a stage, or items of a stream: the daemon goes through its items page by page, in no
// order; here they are put together, the newest first, and cut to as many as wanted.
#pragma once
#include "agents/ask/inquiry.h"

enum { VSM_FINISHED_ROWS_MAX = 2000, VSM_FINISHED_ROWS_DEFAULT = 100 };

struct vsm_finished {
  struct vsm_inquiry inquiry; // first
  Vsm__V1__VisitsRequest request;
  Vsm__V1__Visits *visits; // so far; at the end without a cursor
};

// The request's texts are borrowed; its limit 0 is the default. `dash` as vsm_pages_init() has it.
void vsm_finished_init(struct vsm_finished *q, const Vsm__V1__VisitsRequest *request, uint64_t limit, const char *dash);
