// Durations as people say them.
#pragma once
#include <stddef.h>

// "12 d 4 h", "3 h 05 m", "41 s", "0.3 s", at most 9 characters; "-" below 0. Into buf, of at least 16 bytes; returns
// it.
const char *vsm_text_duration(double seconds, char *buf, size_t size);
// The same of a time that a calendar counts, whose working day is so long: hours below one day, then "2 wd", "12.4 wd".
// working_day_seconds 0: elapsed time, as above.
const char *vsm_text_worked(double seconds, double working_day_seconds, char *buf, size_t size);
