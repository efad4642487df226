// Who ordered what, when and from where: a line for each order, carried out or not, in `audit.log` of the state
// directory, or in the log alone where there is none.
#pragma once
#include "shell/auth.h"
#include "wire/request.h"

struct vsm_aside;

enum vsm_outcome { VSM_ORDER_DONE, VSM_ORDER_FAILED, VSM_ORDER_NOT_ALLOWED };
// aside: who writes the file, NULL: none; what goes wrong with it is logged. recorded: the position of its record in
// the journal; 0: none.
void vsm_audit_order(struct vsm_aside *aside, const struct vsm_caller *caller, const struct vsm_request *order,
                     uint64_t recorded, enum vsm_outcome outcome);
// A reload that a signal asked for.
void vsm_audit_signal(struct vsm_aside *aside, const char *order, enum vsm_outcome outcome);
