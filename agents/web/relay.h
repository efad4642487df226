// What the daemon publishes, as server-sent events: metric, transition, alert, status. See relay.c.
#pragma once
#include "agents/web/routes.h"

struct vsm_relay;
struct vsm_web;

enum {
  VSM_RELAY_READERS_MAX = 128,         // of the connections the others are for questions
  VSM_RELAY_QUEUE_BYTES = 1024 * 1024, // that wait for one reader
  VSM_RELAY_STALL_MS = 5000,           // a reader with a full queue takes nothing for so long: it is closed
};

// NULL where the endpoint is no good, which is logged. web: borrowed.
struct vsm_relay *vsm_relay_create(struct vsm_web *web, const char *publish);
void vsm_relay_close(struct vsm_relay *r);   // ends all readers; before the server ends. NULL-safe
void vsm_relay_destroy(struct vsm_relay *r); // NULL-safe
void vsm_relay_turn(struct vsm_relay *r);
int vsm_relay_timeout_ms(struct vsm_relay *r);

vsm_handler_fn vsm_relay_read; // GET /api/v1/stream
