// /metrics: the daemon's answers of this moment.
#pragma once
#include "agents/web/routes.h"

vsm_handler_fn vsm_scrape; // GET /metrics
