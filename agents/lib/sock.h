// One ZeroMQ socket of the client with what belongs to it: options, a monitor that tells of connections, and its part
// in the one descriptor (an epoll set) that the user of the library waits for.
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct vsm_keys;

struct vsm_sock {
  void *context; // owned where own_context
  bool own_context;
  void *socket, *monitor;
  struct vsm_zap *zap; // NULL: none, or another socket's
};

struct vsm_sock_options {
  int type;
  int send_hwm, receive_hwm; // messages; 0: no limit
  int linger_ms;             // how long what was sent may take to leave after closing
  const char *connect, *bind;
  const struct vsm_keys *keys; // NULL: unencrypted
  const char *const *topics;   // of a SUB
  size_t n_topics;
};

// context NULL: one of its own. wait: the epoll set to join. Returns 0 or a negative enum vsm_client_err, then closed.
int vsm_sock_open(struct vsm_sock *s, void *context, int wait, const struct vsm_sock_options *options);
// Safe on a cleared struct. With a context of its own it waits for linger_ms at most.
void vsm_sock_close(struct vsm_sock *s);

// Something is there to be received, on the socket or its monitor. ZeroMQ's descriptors tell of changes only: asking
// this also makes them tell of the next one.
bool vsm_sock_ready(const struct vsm_sock *s);
bool vsm_sock_readable(const struct vsm_sock *s);        // the socket alone
bool vsm_sock_writable(const struct vsm_sock *s);        // there is room for a message
unsigned vsm_sock_connections(const struct vsm_sock *s); // that were made since the last call

// All frames go or none does (false: not now).
bool vsm_sock_send(struct vsm_sock *s, const void *head, size_t head_bytes, const void *body, size_t body_bytes);

// A message of two frames.
struct vsm_sock_message {
  struct vsm_sock_frame {
    _Alignas(8) unsigned char zmq[64]; // a zmq_msg_t
    const void *p;
    size_t n;
  } head, body;
};
// The next message of exactly two frames; others are dropped. False: none. To be closed after use.
bool vsm_sock_receive(struct vsm_sock *s, struct vsm_sock_message *m);
void vsm_sock_message_close(struct vsm_sock_message *m);

// A message to a ROUTER: identity, (an empty frame,) id, body. Others are dropped. False: none. Every one that was
// received is to be closed after use.
enum { VSM_SOCK_REQUEST_FRAMES = 4 };
struct vsm_sock_request {
  struct vsm_sock_frame frames[VSM_SOCK_REQUEST_FRAMES];
  unsigned n;
};
bool vsm_sock_receive_request(struct vsm_sock *s, struct vsm_sock_request *r);
const struct vsm_sock_frame *vsm_sock_request_body(const struct vsm_sock_request *r);
// The same frames with another body. Lost where the peer's queue is full.
void vsm_sock_reply(struct vsm_sock *s, const struct vsm_sock_request *r, const void *body, size_t n);
void vsm_sock_request_close(struct vsm_sock_request *r);

// A single frame, as an XPUB receives subscriptions: copied into buf, cut to fit. Returns its length, or -1: none.
long vsm_sock_receive_frame(struct vsm_sock *s, void *buf, size_t size);
