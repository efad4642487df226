// The connections of a socket, by descriptor: how much of what each has sent was not taken yet. It lies in ZeroMQ's
// memory, which bounds it by number of messages alone, and only those that are whole.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

// Since the socket was created; of what listens, and needs on_peer.
struct vsm_zsock_counts {
  uint64_t connections; // that are there now
  uint64_t refused;     // beyond connections_max
  uint64_t handshakes;  // that failed, of refused connections too
  uint64_t greedy;      // connections that were ended by peer_bytes_max
  uint64_t waits_bytes; // of the peer of which most waited when they were looked at last
  uint64_t queues_full; // XPUB: how often queues filled up, of one peer or some, who lose messages until they have read
};

enum { VSM_ZPEERS_LOOK_US = 100 * 1000, VSM_ZPEERS_KNOWN = 256 };

struct vsm_zpeers {
  struct vsm_zpeer *at; // by descriptor
  size_t n;
  struct {
    uint32_t id;
    int fd;
  } known[VSM_ZPEERS_KNOWN]; // by the number that ZeroMQ gave them
  uint64_t numbered;         // connections so far
  uint64_t process_bytes;    // what the process took when they were looked at
  struct vsm_zsock_counts counts;
};
void vsm_zpeers_fini(struct vsm_zpeers *p);

void vsm_zpeers_cut_all(struct vsm_zpeers *p); // they are gone, without a word of each

// What happened to a connection ("accepted", "connected", "disconnected", "handshake_failed"). Returns what is to be
// said of it: of one that is accepted beyond `most` (0: as many as come), that it is ended.
const char *vsm_zpeers_note(struct vsm_zpeers *p, const char *what, int fd, uint64_t most);

uint64_t vsm_zpeers_number(const struct vsm_zpeers *p, int fd); // from 1, never given twice; 0: none is there

// The descriptor of a router's peer by the number in the first frame, which no two connections have: ask() is asked
// the first time, and each time where it is another frame.
int vsm_zpeers_descriptor(struct vsm_zpeers *p, struct vsm_str first, int (*ask)(void *ctx), void *ctx);
// A frame of so many bytes, as it comes over a connection.
size_t vsm_zpeers_on_wire(size_t bytes, bool encrypted);
void vsm_zpeers_took(struct vsm_zpeers *p, int fd, uint64_t on_wire); // fd below 0: unknown
void vsm_zpeers_sent(struct vsm_zpeers *p, int fd, uint64_t on_wire);

// Every VSM_ZPEERS_LOOK_US: ends each connection of which more than `most` bytes wait, and tells who it was. Of TCP
// alone: the system does not count what comes over others.
typedef void vsm_zpeers_fn(void *ctx, const char *endpoint);
void vsm_zpeers_look(struct vsm_zpeers *p, uint64_t most, vsm_zpeers_fn *fn, void *ctx);

// How many messages of so many bytes may wait for a peer or of it: the number that may in any case, or fewer by `most`.
int vsm_zpeers_fit(int messages, uint64_t most, uint64_t bytes);
