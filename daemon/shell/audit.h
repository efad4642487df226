// Who ordered what, when and from where: a line for each order, carried out or not, in `audit.log` of the state
// directory, or in the log alone where there is none.
#pragma once
#include "shell/auth.h"
#include "wire/request.h"

struct vsm_audit;
struct vsm_aside;

// What goes wrong with the file is logged. aside: who writes it, borrowed; NULL: none. NULL: no memory.
struct vsm_audit *vsm_audit_create(struct vsm_aside *aside);
void vsm_audit_destroy(struct vsm_audit *a); // NULL-safe

enum vsm_outcome { VSM_ORDER_DONE, VSM_ORDER_FAILED, VSM_ORDER_NOT_ALLOWED };
// recorded: the position of its record in the journal; 0: none.
void vsm_audit_order(struct vsm_audit *a, const struct vsm_caller *caller, const struct vsm_request *order,
                     uint64_t recorded, enum vsm_outcome outcome);
// A reload that a signal asked for.
void vsm_audit_signal(struct vsm_audit *a, const char *order, enum vsm_outcome outcome);
