#include "agents/notify/route.h"

#include "core/model.h"

static bool any_fits(const struct vsm_conf_words *globs, const char *text) {
  for (unsigned i = 0; i < globs->n; i++)
    if (vsm_glob_match(vsm_str_of(globs->at[i].z), vsm_str_of(text)))
      return true;
  return globs->n == 0;
}

bool vsm_route_fits(const struct vsm_route *r, const Vsm__V1__Alert *a) {
  return any_fits(&r->kind, a->kind) && any_fits(&r->stream, a->value_stream) && any_fits(&r->stage, a->stage) &&
         any_fits(&r->source, a->source) && any_fits(&r->severity, a->severity) && any_fits(&r->owner, a->owner);
}

static bool is_among(const struct vsm_destination *all, unsigned n, const struct vsm_receiver *to) {
  for (unsigned i = 0; i < n; i++)
    if (all[i].to == to)
      return true;
  return false;
}

unsigned vsm_route_find(const struct vsm_settings *s, const Vsm__V1__Alert *a, struct vsm_destination *out) {
  unsigned n = 0;
  for (unsigned i = 0; i < s->routes.n; i++) {
    const struct vsm_route *r = &s->routes.at[i];
    if (!vsm_route_fits(r, a))
      continue;
    for (unsigned k = 0; k < r->receivers.n; k++)
      if (!is_among(out, n, r->to[k]))
        out[n++] = (struct vsm_destination){r->to[k], r};
    if (r->go_on != 1)
      break;
  }
  return n;
}
