// One claim of an event carried out.
#pragma once
#include "core/state.h"

static inline unsigned vsm_rule_place(const struct vsm_stream_state *s, const struct vsm_rule *rule) {
  return rule->stage < 0 ? VSM_PLACE_ITEM : s->graph->place_of[rule->stage];
}

// `us`: when the event happened. True where something was new; the transition is told in *fx then.
bool vsm_apply(struct vsm_core *core, const struct vsm_event *event, const struct vsm_claim *claim, int64_t us,
               struct vsm_effects *fx);
