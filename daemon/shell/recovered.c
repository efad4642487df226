#include "shell/recovered.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

void vsm_recovered_fini(struct vsm_recovered *r) {
  vsm_core_destroy(r->core);
  vsm_config_destroy(r->config);
  free(r->kept);
  *r = (struct vsm_recovered){0};
}

int vsm_recovered_keep(struct vsm_recovered *r, struct vsm_str kept) {
  free(r->kept);
  r->kept = malloc(kept.n + 1);
  if (!r->kept)
    return VSM_ENOMEM;
  memcpy(r->kept, kept.p, kept.n);
  r->kept_bytes = kept.n;
  return 0;
}
