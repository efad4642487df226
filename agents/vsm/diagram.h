// A cumulative flow diagram in characters, for any terminal of 80 columns: time goes to the right, what was done since
// the beginning is the lowest band, and on it lies what was in progress, the last stage lowest. A band's height is its
// work in progress; how far to the right a height comes again is about how long work takes.
#pragma once
#include <stddef.h>
#include <stdio.h>

struct vsm_diagram_band {
  char letter;
  const double *at; // its height in each pane
};
struct vsm_diagram {
  const struct vsm_diagram_band *bands; // the lowest first
  size_t n_bands, n;                    // panes
  const char *from, *to;                // of the first and the last pane
};
void vsm_diagram_print(const struct vsm_diagram *d, FILE *out);
