// The API's description for programs, OpenAPI 3.1.
#pragma once
#include <stddef.h>

#include "agents/web/routes.h"

vsm_handler_fn vsm_openapi; // GET /api/v1/openapi.json

// openapi.json: what neither the table of routes nor the messages say.
extern const unsigned char vsm_openapi_text[];
extern const size_t vsm_openapi_text_bytes;
