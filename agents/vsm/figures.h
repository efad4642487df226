// A page of figures as lines of text: what snapshot and watch --once print.
#pragma once
#include <stdio.h>

#include "cmd.h"

// window: "all" or a configured one.
void vsm_figures_print(FILE *out, const Vsm__V1__Snapshot *snapshot, const char *window);
const Vsm__V1__StageWindow *vsm_stage_window(const Vsm__V1__Stage *stage, const char *window);     // or the first
const Vsm__V1__StreamWindow *vsm_stream_window(const Vsm__V1__ValueStream *s, const char *window); // or the first
// False where no stream has it; says so on standard error, with those that there are.
bool vsm_window_known(const Vsm__V1__Snapshot *snapshot, const char *window);
// The stage in which most work stands for longest: the greatest WIP x p85 of age. -1: none has any.
int vsm_worst_stage(const Vsm__V1__ValueStream *s);
