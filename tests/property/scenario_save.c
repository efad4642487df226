// The state as bytes, and back: it must say what it said, be written as the same bytes, and go on from there.
#include <stdlib.h>
#include <string.h>

#include "lib/rig_save.h"
#include "property/scenario_check.h"

static void check_same(struct check *c, const struct vsm_model *model, struct vsm_core *again, struct vsm_str bytes) {
  struct vsm_str twice = rig_save(again);
  check_equal(c, "saved", "the same bytes", 1, vsm_str_eq(bytes, twice));
  free((char *)twice.p);
  char *was = rig_print_core(c->core, model), *is = rig_print_core(again, model);
  check_equal(c, "saved", "says the same", 0, strcmp(was, is));
  check_equal(c, "saved", "deadline", vsm_core_deadline(c->core).us, vsm_core_deadline(again).us);
  free(was);
  free(is);
}

// Bytes that were cut, or changed, are refused or read as some other state; nothing worse.
static void spoil(const struct vsm_model *model, struct vsm_str bytes, uint64_t seed) {
  struct rig_random r = {.state = seed};
  char *copy = malloc(bytes.n);
  struct vsm_core *core;
  memcpy(copy, bytes.p, bytes.n);
  for (unsigned i = 1 + rig_below(&r, 3); i > 0; i--)
    copy[rig_below(&r, (unsigned)bytes.n)] = (char)rig_next(&r);
  size_t n = rig_chance(&r, 20) ? rig_below(&r, (unsigned)bytes.n) : bytes.n;
  if (rig_load(model, (struct vsm_str){copy, n}, &core) == 0)
    vsm_core_destroy(core);
  free(copy);
}

void check_saved(struct check *c, const struct vsm_model *model, uint64_t seed) {
  struct vsm_str bytes = rig_save(c->core);
  struct vsm_core *again = NULL;
  check_equal(c, "load", "error", 0, rig_load(model, bytes, &again));
  if (again) {
    check_same(c, model, again, bytes);
    spoil(model, bytes, seed);
    vsm_core_destroy(c->core);
    c->core = again;
  }
  free((char *)bytes.p);
}
