// Which rules concern an event. Rules are found by (source, type) once and remembered, so that the cost of an event
// does not grow with their number.
#pragma once
#include "core/intern.h"
#include "core/template.h"
#include "core/view.h"

struct vsm_kind {
  struct vsm_str source, type;
  uint32_t source_row;     // of the ledger
  int64_t offset_us;       // of the source's clock
  const uint32_t *rules;   // whose source and type match, in order
  const uint32_t *origins; // of each, interned
  unsigned n;
};

// Of the kinds that are remembered: how many, and in how many bytes (the last one may lie beyond).
enum { VSM_KINDS_MAX = 1 << 16, VSM_KINDS_BYTES_MAX = 32 << 20 };

struct vsm_matcher;
struct vsm_ledger;

// Borrows all three.
struct vsm_matcher *vsm_matcher_create(const struct vsm_model *model, struct vsm_intern *words,
                                       struct vsm_ledger *ledger);
void vsm_matcher_destroy(struct vsm_matcher *m);
// Begins a round: kinds that were found before are not to be used any more.
void vsm_matcher_begin(struct vsm_matcher *m);
void vsm_matcher_clear(struct vsm_matcher *m); // all kinds are forgotten
// Valid for this round. NULL: out of memory.
const struct vsm_kind *vsm_matcher_kind(struct vsm_matcher *m, const struct vsm_event *event);
// What the remembered kinds take.
size_t vsm_matcher_bytes(const struct vsm_matcher *m);

// Do a rule's conditions hold?
bool vsm_rule_holds(const struct vsm_rule *rule, const struct vsm_event *event);
// The item key of an event by a rule, into buf of VSM_KEY_MAX bytes. VSM_R_NONE with *key, or the reason with *missing
// the field that has no value (of VSM_R_MISSING_FIELD).
enum vsm_reason vsm_rule_key(const struct vsm_template *t, const struct vsm_event *event, char *buf,
                             struct vsm_str *key, const struct vsm_field **missing);
// "data.order": how a person writes a field. Into buf; returns it.
const char *vsm_field_print(const struct vsm_field *f, char *buf, size_t size);
