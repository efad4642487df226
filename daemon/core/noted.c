// Touched alerts stand in a list once each; flips are kept as they come, and summed up by who reads them.
#include <stdlib.h>

#include "base/mem.h"
#include "core/detect.h"

void vsm_noted_touch(struct vsm_noted *n, uint32_t alert) {
  if (alert == (uint32_t)VSM_NO_ALERT)
    return;
  while (alert >= n->n_marked) {
    n->marked = vsm_mem_grow(n->marked, n->n_marked, &n->cap_marked, sizeof *n->marked);
    n->marked[n->n_marked++] = false;
  }
  if (n->marked[alert])
    return;
  n->marked[alert] = true;
  n->alerts = vsm_mem_grow(n->alerts, n->n_alerts, &n->cap_alerts, sizeof *n->alerts);
  n->alerts[n->n_alerts++] = alert;
}

void vsm_noted_flip(struct vsm_noted *n, uint32_t alert, uint32_t item, int sign) {
  if (alert == (uint32_t)VSM_NO_ALERT)
    return;
  vsm_noted_touch(n, alert);
  n->flips = vsm_mem_grow(n->flips, n->n_flips, &n->cap_flips, sizeof *n->flips);
  n->flips[n->n_flips++] = (struct vsm_flip){alert, item, sign};
}

void vsm_noted_clear(struct vsm_noted *n) {
  for (size_t i = 0; i < n->n_alerts; i++)
    n->marked[n->alerts[i]] = false;
  n->n_alerts = n->n_flips = 0;
}

void vsm_noted_fini(struct vsm_noted *n) {
  free(n->alerts);
  free(n->marked);
  free(n->flips);
}
