// ZeroMQ sockets on the loop; its .c is the only file that calls zmq_*.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "shell/loop.h"
#include "shell/zpeers.h"

struct vsm_key;
struct vsm_zcontext;
struct vsm_zsock;

struct vsm_zcontext *vsm_zcontext_create(void);    // NULL: no memory or descriptors
void vsm_zcontext_destroy(struct vsm_zcontext *z); // after all its sockets; waits for what lingers, under a second

// A dealer sends nothing while it has no connection.
enum vsm_zkind { VSM_Z_SUB, VSM_Z_ROUTER, VSM_Z_XPUB, VSM_Z_DEALER };

enum { VSM_Z_FRAMES_MAX = 9 };

// A received message: its first VSM_Z_FRAMES_MAX frames, and how many there were. Valid during the call.
typedef void vsm_zsock_fn(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n);
// Something happened to a connection: `what` is one word ("connected"), `endpoint` ours or the peer's.
typedef void vsm_zsock_peer_fn(void *ctx, struct vsm_zsock *sock, const char *what, struct vsm_str endpoint);

struct vsm_zsock_options {
  enum vsm_zkind kind;
  const char *name;         // for people; borrowed
  size_t message_bytes_max; // a frame beyond it: the peer is disconnected
  int receive_high_water;   // messages of one peer; beyond it the peer has to wait, or (PUB) loses them
  int send_high_water;      // messages for one peer; later ones are lost
  // Of one peer, with on_peer alone; 0: as many as come. Of what it sent, so many bytes wait at most: a few more, and
  // it is disconnected. Of what is sent to it, so many that each may be as large as the largest that was sent.
  uint64_t peer_bytes_max;
  vsm_zsock_fn *fn;
  vsm_zsock_peer_fn *on_peer; // NULL: not told
  void *ctx;
  // With CURVE where it is given: as the server of all that binds (vsm_zsock_bind()), or, with the server's key, as a
  // client. Borrowed; the server's key during the call alone.
  const struct vsm_key *key;
  const char *server_key;
  bool grants; // XPUB: nobody is subscribed to anything but by vsm_zsock_grant()
  // Where it listens, with on_peer alone.
  uint64_t connections_max; // later ones are ended at once; 0: as many as come
  int handshake_ms;         // longer ones are ended; 0: 5 s
};

struct vsm_zsock *vsm_zsock_create(struct vsm_zcontext *z, struct vsm_loop *loop,
                                   const struct vsm_zsock_options *options); // NULL: no memory or descriptors
void vsm_zsock_destroy(struct vsm_zsock *s);                                 // NULL-safe
const char *vsm_zsock_name(const struct vsm_zsock *s);
const struct vsm_zsock_options *vsm_zsock_options(const struct vsm_zsock *s);

// 0, VSM_EINUSE, or VSM_EIO with *why = static text. After success vsm_zsock_endpoint() is the real one (a wildcard
// port resolved). key: of the server that is met there (CURVE); NULL: whoever comes is let in, unencrypted.
int vsm_zsock_bind(struct vsm_zsock *s, const char *endpoint, const struct vsm_key *key, const char **why);
int vsm_zsock_connect(struct vsm_zsock *s, const char *endpoint, const char **why);
const char *vsm_zsock_endpoint(const struct vsm_zsock *s);
int vsm_zsock_subscribe(struct vsm_zsock *s, const char *prefix);

// Another socket in its place, with the same options and subscriptions: all peers are cut off, and what waited for them
// is lost. Waits until nobody listens at its endpoints any more, some milliseconds; they are to be bound anew, and a
// wildcard port is then the same as before. 0 or VSM_ENOMEM, and then it can only be destroyed.
int vsm_zsock_renew(struct vsm_zsock *s);

struct vsm_zsock_counts vsm_zsock_counts(const struct vsm_zsock *s); // NULL: zeros

bool vsm_zsock_is_client(const struct vsm_zsock *s); // of an encrypted connection
// Of the message in hand (vsm_zsock_fn): as whom the peer was let in, and its address; NULL: unknown.
// Of which connection it came, an XPUB's and a ROUTER's with on_peer: a number that no other one has, of all that the
// socket ever had; in on_peer with "disconnected" of the one that ended. 0: unknown, or it has ended since.
uint64_t vsm_zsock_peer(const struct vsm_zsock *s);
const char *vsm_zsock_user(const struct vsm_zsock *s);
const char *vsm_zsock_address(const struct vsm_zsock *s);
// The peer whose subscription or its end is in hand (XPUB that `grants`) is subscribed to a prefix, or no more.
void vsm_zsock_grant(struct vsm_zsock *s, struct vsm_str prefix, bool subscribed);

// Something that may be received waits; it is looked at soon. NULL-safe.
bool vsm_zsock_waits(struct vsm_zsock *s);
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

// --- keys

// Its public key, where the file did not say it. False: the secret one is none.
bool vsm_zkey_complete(struct vsm_key *key);
// A public key of 32 bytes as text: 40 characters, and a NUL.
void vsm_zkey_text(const char *raw, char *out);
