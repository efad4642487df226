// ZeroMQ sockets on the loop; its .c is the only file that calls zmq_*.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "shell/loop.h"

struct vsm_zcontext;
struct vsm_zsock;

struct vsm_zcontext *vsm_zcontext_create(void);    // NULL: no memory or descriptors
void vsm_zcontext_destroy(struct vsm_zcontext *z); // after all its sockets; waits for what lingers, under a second

// A dealer sends nothing while it has no connection.
enum vsm_zkind { VSM_Z_SUB, VSM_Z_ROUTER, VSM_Z_XPUB, VSM_Z_DEALER };

enum { VSM_Z_FRAMES_MAX = 4 };

// A received message: its first VSM_Z_FRAMES_MAX frames, and how many there were. Valid during the call.
typedef void vsm_zsock_fn(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n);
// Something happened to a connection: `what` is one word ("connected"), `endpoint` ours or the peer's.
typedef void vsm_zsock_peer_fn(void *ctx, struct vsm_zsock *sock, const char *what, struct vsm_str endpoint);

struct vsm_zsock_options {
  enum vsm_zkind kind;
  const char *name;         // for people; borrowed
  size_t message_bytes_max; // beyond it the peer is disconnected
  int receive_high_water;   // messages of one peer; beyond it the peer has to wait, or (PUB) loses them
  int send_high_water;      // messages for one peer; later ones are lost
  vsm_zsock_fn *fn;
  vsm_zsock_peer_fn *on_peer; // NULL: not told
  void *ctx;
};

struct vsm_zsock *vsm_zsock_create(struct vsm_zcontext *z, struct vsm_loop *loop,
                                   const struct vsm_zsock_options *options); // NULL: no memory or descriptors
void vsm_zsock_destroy(struct vsm_zsock *s);                                 // NULL-safe
const char *vsm_zsock_name(const struct vsm_zsock *s);

// 0, VSM_EINUSE, or VSM_EIO with *why = static text. After success vsm_zsock_endpoint() is the real one (a wildcard
// port resolved).
int vsm_zsock_bind(struct vsm_zsock *s, const char *endpoint, const char **why);
int vsm_zsock_connect(struct vsm_zsock *s, const char *endpoint, const char **why);
const char *vsm_zsock_endpoint(const struct vsm_zsock *s);
int vsm_zsock_subscribe(struct vsm_zsock *s, const char *prefix);

// While it is held nothing is received: what comes waits in ZeroMQ's queues, up to the high-water mark. NULL-safe.
void vsm_zsock_hold(struct vsm_zsock *s, bool held);

// A frame to send: bytes to copy, or a message to pack where pack is given.
struct vsm_zpart {
  const void *p;
  size_t n;
  void (*pack)(const void *what, void *out); // p is `what`
};
// At most VSM_Z_FRAMES_MAX parts. Never waits. False: the peer's queue is full or the peer is gone, and nothing was
// sent.
bool vsm_zsock_send(struct vsm_zsock *s, const struct vsm_zpart *parts, size_t n);
