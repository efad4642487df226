// Which receivers an alert goes to: the first route that fits, and after one with `continue` the next that fits.
#pragma once
#include "agents/notify/alert.h"
#include "agents/notify/settings.h"

bool vsm_route_fits(const struct vsm_route *route, const Vsm__V1__Alert *a);

struct vsm_destination {
  const struct vsm_receiver *to;
  const struct vsm_route *route; // by which it was found
};
// Each receiver once, by the first route that leads there. Returns how many; out has room for VSM_RECEIVERS_MAX.
unsigned vsm_route_find(const struct vsm_settings *s, const Vsm__V1__Alert *a, struct vsm_destination *out);
