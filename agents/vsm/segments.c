#include "segments.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool vsm_segment_parse(const char *text, struct vsm_segment_wanted *out) {
  const char *equals = text ? strchr(text, '=') : NULL;
  *out = (struct vsm_segment_wanted){0};
  if (text && (!equals || equals == text || equals[1] == '\0')) {
    fprintf(stderr, "vsm: --segment %s; allowed: ATTRIBUTE=VALUE, as region=north\n", text);
    return false;
  }
  out->attribute = vsm_mem_need(text ? strndup(text, (size_t)(equals - text)) : strdup(""), 0);
  out->value = vsm_mem_copy(vsm_str_of(text ? equals + 1 : ""));
  return true;
}

void vsm_segment_fini(struct vsm_segment_wanted *w) {
  free(w->attribute);
  free(w->value);
  *w = (struct vsm_segment_wanted){0};
}
