// Since when a source is silent, asked of the core for the sentences of alerts that it inhibits.
#pragma once
#include "core/alert.h"

struct vsm_alert_since {
  struct vsm_core *core;
  struct vsm_arena *arena; // scratch
};
struct vsm_time vsm_alert_silent_since(void *since, struct vsm_str source); // a vsm_silent_since_fn
