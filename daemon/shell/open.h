// What the listening sockets share: opening them with errors a person can act on, and the form of a request.
#pragma once
#include "shell/zsock.h"

// Binds and logs where, or why not and what holds the port. 0 or a negative enum vsm_err (VSM_ENOMEM: sock is NULL).
int vsm_open_listener(struct vsm_zsock *sock, const char *name, const char *endpoint);
// Is a message to a ROUTER a request: identity, id, content, and from a REQ an empty frame before the id?
bool vsm_request_frames(const struct vsm_str *frames, size_t n);
