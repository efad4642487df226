#include "lib/rig_save.h"

#include <stdio.h>

#include "base/err.h"
#include "core/save.h"

enum { ITEMS_AT_ONCE = 7 };

static int append(void *ctx, const void *bytes, size_t n) {
  return fwrite(bytes, 1, n, ctx) == n ? 0 : -1;
}

struct vsm_str rig_save(const struct vsm_core *core) {
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  if (!f)
    return (struct vsm_str){0};
  int err = vsm_core_save(core, append, f);
  fclose(f);
  return (struct vsm_str){text, err ? 0 : size};
}

int rig_load(const struct vsm_model *model, struct vsm_str bytes, struct vsm_core **core) {
  struct vsm_loading *l = vsm_loading_create(model, bytes);
  int result = l ? 1 : VSM_ENOMEM;
  while (result == 1)
    result = vsm_loading_go_on(l, ITEMS_AT_ONCE);
  *core = result == 0 ? vsm_loading_take(l) : NULL;
  vsm_loading_destroy(l);
  return result;
}
