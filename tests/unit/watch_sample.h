// A stream for the tests of vsm watch, and what its pages read like.
#pragma once
#include "agents/vsm/watch_page.h"

#define DAY 86400.0

extern const struct vsm_page_choice watch_all, watch_day; // the oldest first

// A stream of two stages, the second fuller, with figures in the window 24h.
struct watch_sample {
  Vsm__V1__Snapshot snapshot;
  Vsm__V1__ValueStream stream, *streams[1];
  Vsm__V1__StreamWindow stream_all, stream_day, *stream_windows[2];
  Vsm__V1__Stage stages[2], *stage_list[2];
  Vsm__V1__StageWindow all[2], day[2], *windows[2][2];
  Vsm__V1__Distribution cycle[2], lead;
  Vsm__V1__Age ages[2];
};

void watch_sample_fill(struct watch_sample *s);
// The page as text: title, head, lines.
void watch_page_expect(const struct vsm_page *p, const char *expected);
void watch_publish_stage(struct vsm_watch_model *m, const char *stream, const char *id, uint64_t wip);
