// A random scenario: one or several models that follow each other, and a log of events for each. The same scenario can
// be run in several orders, and made smaller by leaving out events and rules.
#pragma once
#include <stdio.h>

#include "lib/rig.h"

enum { SCENARIO_MODELS_MAX = 3 };

struct scenario_event {
  struct vsm_event event;
  unsigned model;   // the one in force when it comes
  int64_t us;       // its time
  int64_t delay_us; // until it is received, where events come live
  uint64_t number;  // for shuffles that outlive the removal of others
  bool out;         // left out
};

struct scenario {
  struct vsm_model *models[SCENARIO_MODELS_MAX];
  unsigned n_models;
  struct scenario_event *events;
  size_t n_events;
  bool *rules_out; // by the rule's line, over all models
  unsigned n_lines;
  int64_t end_us;     // wall clock: when all is over
  bool order_matters; // some events have the time of their receipt, or one that is too far ahead only later
};

// wall: the wall clock, else events move now. Models beyond the first change stages, not what the rules of a stage say.
// Models come from the one stream of numbers, events from the other; they may be the same.
void scenario_make(struct scenario *s, struct rig_random *of_models, struct rig_random *of_events, bool wall,
                   unsigned n_models, struct vsm_arena *arena);

// For people: models, rules and the log, but for what is left out.
void scenario_print(FILE *out, const struct scenario *s);

// Runs it in several orders and compares the core with the reference and the orders with each other. Writes what is
// wrong to `out`; returns how much.
unsigned scenario_run(FILE *out, const struct scenario *s);

// A model without the rules of the lines that are left out, in the arena.
struct vsm_model scenario_without_rules(const struct vsm_model *from, const bool *out, struct vsm_arena *arena);

// Leaves out events and rules as long as scenario_run() still finds something wrong.
void scenario_shrink(struct scenario *s);
// Likewise by another way to run it.
typedef unsigned scenario_runs(FILE *out, const struct scenario *s);
void scenario_shrink_by(struct scenario *s, scenario_runs *run);
