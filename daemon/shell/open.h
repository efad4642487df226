// What the listening sockets share: opening them with errors a person can act on, and the form of requests and replies.
#pragma once
#include "conf/conf.h"
#include "shell/auth.h"
#include "shell/log.h"
#include "shell/zsock.h"
#include "wire/status.h"

// Could a socket listen there? It does so on success; else *out says why not, and who has the port.
int vsm_open_try(struct vsm_zsock *sock, const char *endpoint, char *out, size_t size);

// Binds and logs where, or why not and what holds the port. 0 or a negative enum vsm_err (VSM_ENOMEM: sock is NULL).
// key: NULL: unencrypted.
int vsm_open_listener(struct vsm_zsock *sock, const char *name, const char *endpoint, const struct vsm_key *key);
// At all of its endpoints: those of its own, and those where the daemon is known by its next key.
int vsm_open_listeners(struct vsm_zsock *sock, const char *name, const struct vsm_conf_endpoints *own,
                       const struct vsm_conf_endpoints *next, const struct vsm_auth_keys *keys);
// A list of the one endpoint; NULL: of none.
struct vsm_conf_endpoints vsm_open_one(const char *const *endpoint);
// Bounds of a socket that listens, as the configuration says them, and as far as there are descriptors: those that
// nothing else needs are shared out among all that listen, so that accepting never fails.
void vsm_open_bounds(struct vsm_zsock_options *options, const struct vsm_config *config);
// A queue's high-water mark: so many messages, or as many of the largest as limits.peer_memory has room for.
int vsm_open_queue(const struct vsm_config *config, int64_t messages, size_t largest_bytes);
void vsm_open_tell_bounds(const struct vsm_zsock *sock, struct vsm_bounds *out); // how these fare

// What happens to the connections of a socket, for vsm_zsock_peer_fn.
void vsm_log_peer(struct vsm_log_gates *gates, const struct vsm_zsock *sock, const char *what, struct vsm_str endpoint);

// Is a message to a ROUTER a request: identity, id, content, and from a REQ an empty frame before the id?
bool vsm_request_frames(const struct vsm_str *frames, size_t n);
// vsm_message_pack() as a zsock calls it.
void vsm_pack_message(const void *message, void *out);
// A struct vsm_str of bytes that were packed before, likewise.
void vsm_pack_bytes(const void *bytes, void *out);
// Answers it: the same frames, but for the content. False: it could not be sent.
bool vsm_reply(struct vsm_zsock *sock, const struct vsm_str *frames, size_t n, const void *content, size_t bytes,
               void (*pack)(const void *content, void *out));
