// A daemon for tests of libvsm: plain sockets, whose every answer the test decides on.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <vsm/messages.h>
#include <vsm/vsm.h>

enum { FAKE_PATIENCE_MS = 10000, FAKE_ROOM = 1 << 20 };

struct fake_daemon {
  void *context, *router, *pub;
  char router_at[64], pub_at[64];
  // The last message that the router received.
  char peer[64], id[64];
  int peer_bytes, id_bytes, body_bytes;
  uint8_t body[FAKE_ROOM];
};

// For cmocka: a cleared fixture of so many bytes, which begins with its daemon.
int fake_daemon_setup(void **state, size_t fixture_bytes);
int fake_daemon_teardown(void **state);
// A socket bound to a port of its own, which is written to endpoint[64].
void *fake_daemon_socket(struct fake_daemon *d, int type, char *endpoint);
void fake_daemon_receive(struct fake_daemon *d);
// To the peer and under the id of the last message.
void fake_daemon_answer(struct fake_daemon *d, const ProtobufCMessage *m);

// One turn of a loop: waits for the library or the daemon's socket (NULL: none), at most so long, and lets the library
// work. True: the daemon's socket is readable.
bool fake_turn_emitter(struct vsm_emitter *e, void *socket, int most_ms);
bool fake_turn_query(struct vsm_query *q, void *socket, int most_ms);
bool fake_turn_subscriber(struct vsm_subscriber *s, void *socket, int most_ms);
#define TURN(kind, object, socket) fake_turn_##kind((object), (socket), FAKE_PATIENCE_MS)
