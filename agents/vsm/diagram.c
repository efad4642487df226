#include "diagram.h"

#include <string.h>

#include "text.h"

enum { ROWS = 18, COLUMNS = 64, WIDEST_PANE = 8 };

static double height(const struct vsm_diagram *d, size_t pane) {
  double sum = 0;
  for (size_t i = 0; i < d->n_bands; i++)
    sum += d->bands[i].at[pane];
  return sum;
}

// What is seen in a pane so high; a cell shows what its middle lies in.
static char cell(const struct vsm_diagram *d, size_t pane, double at) {
  double sum = 0;
  for (size_t i = 0; i < d->n_bands; i++)
    if (at < (sum += d->bands[i].at[pane]))
      return d->bands[i].letter;
  return ' ';
}

void vsm_diagram_print(const struct vsm_diagram *d, FILE *out) {
  double most = 1;
  char line[COLUMNS + 1], top[24];
  size_t wide = d->n && d->n < COLUMNS ? COLUMNS / d->n : 1;
  wide = wide > WIDEST_PANE ? WIDEST_PANE : wide;
  size_t columns = d->n < COLUMNS ? d->n * wide : COLUMNS;
  for (size_t i = 0; i < d->n; i++)
    most = height(d, i) > most ? height(d, i) : most;
  for (int row = 0; row < ROWS; row++) {
    for (size_t c = 0; c < columns; c++)
      line[c] = cell(d, c * d->n / columns, (ROWS - row - 0.5) / ROWS * most);
    size_t seen = columns;
    while (seen > 0 && line[seen - 1] == ' ')
      seen--;
    fprintf(out, "%11s |%.*s\n", row ? "" : vsm_text_number((uint64_t)(most + 0.5), top, sizeof top), (int)seen, line);
  }
  memset(line, '-', columns);
  fprintf(out, "%11s +%.*s\n%12s%s", "0", (int)columns, line, "", d->from);
  size_t used = strlen(d->from), last = strlen(d->to);
  if (columns + 1 >= used + last + 2)
    fprintf(out, "%*s", (int)(columns + 1 - used), d->to);
  fputc('\n', out);
}
