// A look at a run of events before any of them is applied: which rules claim them, and by which keys those call the
// items. It reads events and model alone, so that it can be taken ahead; the figures that the events will touch are
// asked from memory meanwhile, which is most of what an event costs where there are many items.
#pragma once
#include "core/items.h"
#include "core/match.h"

enum { VSM_LOOK_MAX = 16 }; // events of a run

// A key by which a rule calls an item.
struct vsm_name {
  struct vsm_str key;
  uint32_t hash;
  enum vsm_reason reason; // VSM_R_NONE, or why it is none
};

struct vsm_claim {
  const struct vsm_rule *rule;
  uint32_t origin;
  struct vsm_name *name;  // of the item
  struct vsm_name *links; // rule->n_links of them
};

struct vsm_look {
  const struct vsm_kind *kind; // NULL: the wire refused the event
  struct vsm_claim *claims;
  unsigned n_claims;
  bool matched, ignored;  // by any rule, by an ignore rule
  enum vsm_reason reason; // the first of those for which rules rejected it
  const char *detail;     // of it
};

// n <= VSM_LOOK_MAX. What the looks point to lives in the arena and the matcher until the next call. VSM_ENOMEM or 0.
int vsm_look(struct vsm_matcher *matcher, const struct vsm_model *model, struct vsm_arena *arena,
             const struct vsm_event *events, size_t n, struct vsm_look *looks);

// Notes a reason for which a rule rejected the event; the first in the list of reasons holds.
void vsm_look_reject(struct vsm_look *look, enum vsm_reason reason, const char *detail);
