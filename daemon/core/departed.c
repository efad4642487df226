#include "core/departed.h"

#include <assert.h>
#include <string.h>

void vsm_departed_init(struct vsm_departed *d) {
  d->n = 0;
  d->floor = INT64_MIN;
}

static void drop(struct vsm_departed *d, unsigned i) {
  memmove(&d->at[i], &d->at[i + 1], (--d->n - i) * sizeof d->at[0]);
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
      drop(d, i - 1);
    return;
  }
  assert(sign > 0);
  if (d->n == VSM_DEPARTED_KEPT) {
    if (i == 0) {
      d->floor = us;
      return;
    }
    d->floor = d->at[0].us;
    drop(d, 0);
    i--;
  }
  memmove(&d->at[i + 1], &d->at[i], (d->n++ - i) * sizeof d->at[0]);
  d->at[i].us = us;
  d->at[i].times = 1;
}

bool vsm_departed_newest(const struct vsm_departed *d, int64_t *us) {
  *us = d->n > 0 ? d->at[d->n - 1].us : INT64_MIN;
  return d->n > 0 || d->floor == INT64_MIN;
}
