// The daemon as the gateway sees it: questions to it, and whether it is there. It is taken for gone when a question has
// no answer, or nothing was published for VSM_DAEMON_SILENT_MS (its status comes every 5 s). From then on questions
// fail at once, but for one that is asked every second until it is answered.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "vsm/messages.h"
#include "vsm/vsm.h"

struct vsm_daemon_line;

enum { VSM_DAEMON_SILENT_MS = 12000, VSM_DAEMON_PROBE_MS = 1000 };

// NULL where an endpoint is no good, which is logged.
struct vsm_daemon_line *vsm_daemon_line_create(const char *query, const struct vsm_keys *keys);
void vsm_daemon_line_destroy(struct vsm_daemon_line *d); // NULL-safe

// As vsm_query_ask(). VSM_CLIENT_ETIMEOUT at once where the daemon is known to be gone.
int vsm_daemon_line_ask(struct vsm_daemon_line *d, const struct Vsm__V1__Request *request, vsm_query_fn *fn, void *ctx);
void vsm_daemon_line_heard(struct vsm_daemon_line *d); // it published something
// Since when what was heard of it is stale, ns of the wall clock; 0: it is there.
uint64_t vsm_daemon_line_stale_since(const struct vsm_daemon_line *d);

int vsm_daemon_line_fd(const struct vsm_daemon_line *d);
int vsm_daemon_line_timeout_ms(struct vsm_daemon_line *d);
void vsm_daemon_line_process(struct vsm_daemon_line *d);
