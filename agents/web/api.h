// The questions to the daemon, as routes.
#pragma once
#include "agents/web/routes.h"

// Any question whose parameters are the fields of its request. `kind` of the route says which.
vsm_handler_fn vsm_api_question;
// 503, with the time since when.
vsm_handler_fn vsm_api_say_gone;
vsm_handler_fn vsm_api_health, vsm_api_ready, vsm_api_page;
