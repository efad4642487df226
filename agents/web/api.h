// The questions to the daemon, as routes.
#pragma once
#include "agents/web/routes.h"
#include "vsm/messages.h"
#include "vsm/vsm.h"

// Any question whose parameters are the fields of its request. `kind` of the route says which.
vsm_handler_fn vsm_api_question;
// 503, with the time since when.
vsm_handler_fn vsm_api_say_gone;
vsm_handler_fn vsm_api_snapshot, vsm_api_items, vsm_api_visits, vsm_api_series; // of several requests each

// Asks the daemon; fn is called with the exchange, which is answered already where the daemon is gone.
void vsm_api_ask(struct vsm_exchange *x, const Vsm__V1__Request *request, vsm_query_fn *fn);
// Is it an answer of that kind (a field of Reply)? If not, the exchange has been answered.
bool vsm_api_is_answer(struct vsm_exchange *x, const char *kind, int err, const Vsm__V1__Reply *reply);
// Answers with that field, or with what went wrong.
void vsm_api_answer(struct vsm_exchange *x, const char *kind, int err, const Vsm__V1__Reply *reply);

vsm_handler_fn vsm_api_health, vsm_api_ready, vsm_api_page;
