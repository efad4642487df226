// What people ask for that changes the state: carried out when it is asked for, and again from its record at each
// start.
#pragma once
#include "base/arena.h"
#include "core/core.h"
#include "core/graph.h"
#include "wire/request.h"

// Of the value stream asked for (-1: none), in the model in force. 0, or a negative enum vsm_err with nothing changed,
// and *why (in the arena; NULL: the error's own text). Changes are told in *fx.
// *id: of a silence that began, else 0.
// *record: what the journal is to have of it; left as it is where that is the request as it came.
int vsm_control(struct vsm_core *core, const struct vsm_model *model, const struct vsm_request *request, int stream,
                struct vsm_effects *fx, struct vsm_arena *arena, struct vsm_str *record, uint64_t *id,
                const char **why);

// The kind of alerts of a name; -1: none is named; VSM_ENOENT: there is none such, and *why says which there are.
int vsm_find_alert_kind(struct vsm_str name, struct vsm_arena *arena, const char **why);

// Why no item of this key was found, in words; NULL where err is neither VSM_ENOENT nor VSM_EAMBIGUOUS.
const char *vsm_no_such_item(const struct vsm_model *model, int err, struct vsm_str key, uint64_t streams,
                             struct vsm_arena *arena);
