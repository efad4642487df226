// A page of figures as lines of text: what snapshot and watch --once print; and parts of it that watch shows, too.
#pragma once
#include <stdio.h>

#include "cmd.h"

// How figures are shown. Of a part of a snapshot, that is one value of a segment, each node has the figures of that
// value in its segments: its work in progress, counts and times alone.
struct vsm_figures_as {
  const char *window; // "all" or a configured one
  const char *part;   // "region=north"; NULL: all
  bool segments;      // a table for each attribute besides
};
void vsm_figures_print(FILE *out, const Vsm__V1__Snapshot *snapshot, const struct vsm_figures_as *as);
const Vsm__V1__StageWindow *vsm_stage_window(const Vsm__V1__Stage *stage, const char *window);     // or the first
const Vsm__V1__StreamWindow *vsm_stream_window(const Vsm__V1__ValueStream *s, const char *window); // or the first
// False where no stream has it; says so on standard error, with those that there are.
bool vsm_window_known(const Vsm__V1__Snapshot *snapshot, const char *window);
// The stage in which most work stands for longest: the greatest WIP x p85 of age, in days, of a calendar in its working
// days. -1: none has any.
int vsm_worst_stage(const Vsm__V1__ValueStream *s);

// What is shown of a stage (in: arrivals, out: departures) or a stream (in: started, out: finished) in a window.
struct vsm_figures {
  const char *window;
  uint64_t wip, in, out;
  const Vsm__V1__Distribution *time; // cycle time, lead time; NULL: none
  double working_day_seconds;        // of it
};
struct vsm_figures vsm_figures_of_stage(const Vsm__V1__Stage *stage, const char *window, bool part);
uint64_t vsm_figures_most(const Vsm__V1__ValueStream *s, const char *window, bool part); // wip of the fullest stage
struct vsm_figures vsm_figures_of_stream(const Vsm__V1__ValueStream *s, const char *window, bool part);

// The waits of a stage that have anything in the window, those first that most wait for now, then those that took the
// longest: up to `most` of them. Returns how many there are.
enum { VSM_WAITS_SHOWN = 5 };
size_t vsm_waits_largest(const Vsm__V1__Stage *stage, const char *window, const Vsm__V1__Wait **out, size_t most);
// "easement (third-party) 12 now, 40 ended, mean 3.5 wd", of this stage
const char *vsm_text_waits(const Vsm__V1__Stage *stage, const Vsm__V1__Wait *wait, const char *window, char *buf,
                           size_t size);
bool vsm_sle_missed(const Vsm__V1__Sle *sle); // something counts, and less of it than shall was in time
// "connected: 85 % within 2 d 0 h; attained 71.2 % of 40, MISSED"
const char *vsm_text_sle(const Vsm__V1__Sle *sle, char *buf, size_t size);
