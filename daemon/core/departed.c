#include "core/departed.h"

#include <assert.h>
#include <string.h>

void vsm_departed_init(struct vsm_departed *d) {
  d->n = 0;
  d->floor = INT64_MIN;
}

// From `i` on, so many.
static void drop(struct vsm_departed *d, unsigned i, unsigned n) {
  d->n -= n;
  memmove(&d->at[i], &d->at[i + n], (d->n - i) * sizeof d->at[0]);
}

void vsm_departed_add(struct vsm_departed *d, int64_t us, int sign) {
  if (us <= d->floor)
    return;
  unsigned i = d->n; // behind the last that is not newer; most are the newest
  while (i > 0 && d->at[i - 1].us > us)
    i--;
  if (i > 0 && d->at[i - 1].us == us) {
    d->at[i - 1].times += (uint32_t)sign;
    if (d->at[i - 1].times == 0)
      drop(d, i - 1, 1);
    return;
  }
  assert(sign > 0);
  if (d->n == VSM_DEPARTED_ROOM && i < VSM_DEPARTED_ROOM / 2) {
    d->floor = us;
    drop(d, 0, i);
    return;
  }
  if (d->n == VSM_DEPARTED_ROOM) {
    d->floor = d->at[VSM_DEPARTED_ROOM / 2 - 1].us;
    drop(d, 0, VSM_DEPARTED_ROOM / 2);
    i -= VSM_DEPARTED_ROOM / 2;
  }
  memmove(&d->at[i + 1], &d->at[i], (d->n++ - i) * sizeof d->at[0]);
  d->at[i].us = us;
  d->at[i].times = 1;
}

bool vsm_departed_newest(const struct vsm_departed *d, int64_t *us) {
  *us = d->n > 0 ? d->at[d->n - 1].us : INT64_MIN;
  return d->n > 0 || d->floor == INT64_MIN;
}
