// What people say about alerts: silence, acknowledge, end a silence.
#pragma once
#include "agents/web/routes.h"

vsm_handler_fn vsm_marks_silence;     // POST /api/v1/alerts/ID/silence
vsm_handler_fn vsm_marks_acknowledge; // POST /api/v1/alerts/ID/ack
vsm_handler_fn vsm_marks_end;         // DELETE /api/v1/silences/ID
