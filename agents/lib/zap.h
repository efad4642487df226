// Where a socket of ours binds with keys, one other is let in: the daemon. libzmq asks for each client (ZeroMQ RFC 27),
// by messages to an endpoint that a context has once; what answers belongs to the first socket that needs it.
#pragma once
#include <stdbool.h>

struct vsm_keys;
struct vsm_zap;

#define VSM_ZAP_DOMAIN "vsm"

// To be opened before the socket binds. 0 with *out, which is NULL where the context has such an endpoint already; or
// VSM_CLIENT_EIO, VSM_CLIENT_ENOMEM. wait: the epoll set to join.
int vsm_zap_open(void *context, int wait, const struct vsm_keys *keys, struct vsm_zap **out);
void vsm_zap_close(struct vsm_zap *z);       // NULL-safe
bool vsm_zap_ready(const struct vsm_zap *z); // NULL-safe; there is something to answer
void vsm_zap_serve(struct vsm_zap *z);       // NULL-safe; answers all that is there
