// One connection too many is accepted, and then shut down: libzmq takes that for the peer's end of it, and is rid of
// it. To listen no more would take away all connections of that endpoint, and with all descriptors taken libzmq tries
// to accept without a pause; so the number stays below what descriptors there are.
//
// How much waits of a peer: the system counts what came over its connection, and here it is counted, message by
// message, what of it was taken. The difference lies in ZeroMQ's memory, in messages that wait, in the beginning of one
// that never ends, in frames of it without number. Where it is too much the connection is shut down likewise, and
// libzmq lets go of what is not whole. Nobody can make much of it wait without the process taking more; so they are
// looked at only when it does, by an eighth of what one peer may, and ten thousand idle ones cost nothing.
#include "shell/zpeers.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "shell/process.h"

enum { LOOK_SHARE = 8 };

struct vsm_zpeer {
  bool there;
  uint64_t number;
  uint64_t taken, sent; // of what came; to it
};

void vsm_zpeers_fini(struct vsm_zpeers *p) {
  free(p->at);
  *p = (struct vsm_zpeers){0};
}

static struct vsm_zpeer *peer(struct vsm_zpeers *p, int fd) {
  size_t had = p->n, n = (size_t)fd + 1;
  if (n > had) {
    p->n = n > had * 2 ? n : had * 2;
    p->at = vsm_mem_resize(p->at, p->n * sizeof *p->at);
    memset(p->at + had, 0, (p->n - had) * sizeof *p->at);
  }
  return &p->at[fd];
}

void vsm_zpeers_cut_all(struct vsm_zpeers *p) {
  for (size_t fd = 0; fd < p->n; fd++)
    p->at[fd] = (struct vsm_zpeer){0};
  memset(p->known, 0, sizeof p->known); // another socket gives numbers of its own
  p->counts.connections = 0;
}

// Should its peer have ended it meanwhile, and another have the descriptor, that one came later and is beyond the bound
// likewise, or it comes again by itself.
static const char *refuse(struct vsm_zpeers *p, int fd) {
  p->counts.refused++;
  shutdown(fd, SHUT_RDWR);
  return "connection_refused";
}

static void begin(struct vsm_zpeers *p, struct vsm_zpeer *one) {
  one->there = true;
  one->number = ++p->numbered;
}

// Every connection that was accepted is told of again when it ends. First messages may have been taken before it is
// told of, so what was taken of it starts from nothing when the one before has ended.
const char *vsm_zpeers_note(struct vsm_zpeers *p, const char *what, int fd, uint64_t most) {
  struct vsm_zsock_counts *c = &p->counts;
  bool accepted = strcmp(what, "accepted") == 0, ended = strcmp(what, "disconnected") == 0;
  c->handshakes += strcmp(what, "handshake_failed") == 0;
  if (fd >= 0 && (accepted || strcmp(what, "connected") == 0))
    begin(p, peer(p, fd));
  if (fd >= 0 && ended)
    *peer(p, fd) = (struct vsm_zpeer){0};
  c->connections -= ended && c->connections > 0; // one that we made is not counted
  return accepted && ++c->connections > most && most > 0 ? refuse(p, fd) : what;
}

uint64_t vsm_zpeers_number(const struct vsm_zpeers *p, int fd) {
  return fd >= 0 && (size_t)fd < p->n ? p->at[fd].number : 0;
}

int vsm_zpeers_descriptor(struct vsm_zpeers *p, struct vsm_str first, int (*ask)(void *ctx), void *ctx) {
  uint32_t id = 0;
  if (first.n == 1 + sizeof id && *first.p == 0)
    memcpy(&id, first.p + 1, sizeof id);
  if (id == 0)
    return ask(ctx);
  unsigned slot = ntohl(id) % VSM_ZPEERS_KNOWN; // they are given one after the other
  if (p->known[slot].id != id) {
    p->known[slot].fd = ask(ctx);
    p->known[slot].id = id;
  }
  return p->known[slot].fd;
}

// Behind a head (ZMTP), and in what encrypts it (CURVE).
size_t vsm_zpeers_on_wire(size_t bytes, bool encrypted) {
  enum { SHORT = 255, SHORT_HEAD = 2, LONG_HEAD = 9, BOX = 33 };
  bytes += encrypted ? BOX : 0;
  return bytes + (bytes > SHORT ? LONG_HEAD : SHORT_HEAD);
}

void vsm_zpeers_took(struct vsm_zpeers *p, int fd, uint64_t on_wire) {
  if (fd >= 0)
    peer(p, fd)->taken += on_wire;
}

void vsm_zpeers_sent(struct vsm_zpeers *p, int fd, uint64_t on_wire) {
  if (fd >= 0)
    peer(p, fd)->sent += on_wire;
}

// Bytes that ZeroMQ has of it, one way or the other. 0: the system does not tell. What was counted of another that had
// this descriptor before, and what was sent without being counted, is left out.
static uint64_t waiting(struct vsm_zpeer *one, int fd) {
  struct tcp_info info = {0};
  socklen_t n = sizeof info;
  int unread = 0;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0 || ioctl(fd, FIONREAD, &unread) != 0)
    return 0;
  uint64_t came = info.tcpi_bytes_received, rest = (uint64_t)unread;
  came = came > rest ? came - rest : 0;
  one->taken = one->taken < came ? one->taken : came;
  one->sent = one->sent > info.tcpi_bytes_acked ? one->sent : info.tcpi_bytes_acked;
  uint64_t in = came - one->taken, out = one->sent - info.tcpi_bytes_acked;
  return in > out ? in : out;
}

static void name_peer(int fd, char *out, size_t size) {
  struct sockaddr_storage at = {0};
  socklen_t n = sizeof at;
  char address[INET6_ADDRSTRLEN] = "?";
  getpeername(fd, (struct sockaddr *)&at, &n);
  bool six = at.ss_family == AF_INET6;
  const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)&at;
  const struct sockaddr_in *a4 = (const struct sockaddr_in *)&at;
  inet_ntop(at.ss_family, six ? (const void *)&a6->sin6_addr : &a4->sin_addr, address, sizeof address);
  snprintf(out, size, six ? "tcp://[%s]:%u" : "tcp://%s:%u", address, ntohs(six ? a6->sin6_port : a4->sin_port));
}

static void end(struct vsm_zpeer *one, int fd, vsm_zpeers_fn *fn, void *ctx) {
  char name[80];
  name_peer(fd, name, sizeof name);
  one->there = false;
  shutdown(fd, SHUT_RDWR);
  fn(ctx, name);
}

void vsm_zpeers_look(struct vsm_zpeers *p, uint64_t most, vsm_zpeers_fn *fn, void *ctx) {
  uint64_t bytes = vsm_process_resident_bytes();
  if (bytes < p->process_bytes)
    p->process_bytes = bytes;
  if (most == 0 || bytes < p->process_bytes + most / LOOK_SHARE)
    return;
  p->process_bytes = bytes;
  p->counts.waits_bytes = 0;
  for (size_t fd = 0; fd < p->n; fd++) {
    struct vsm_zpeer *one = &p->at[fd];
    uint64_t waits = one->there ? waiting(one, (int)fd) : 0;
    if (waits > p->counts.waits_bytes)
      p->counts.waits_bytes = waits;
    if (waits <= most)
      continue;
    p->counts.greedy++;
    end(one, (int)fd, fn, ctx);
  }
}

int vsm_zpeers_fit(int messages, uint64_t most, uint64_t bytes) {
  enum { LEAST = 2 }; // with one, a client with a key is never heard (libzmq 4.3.4)
  if (bytes * (uint64_t)messages <= most || messages <= LEAST)
    return messages;
  return bytes * LEAST < most ? (int)(most / bytes) : LEAST;
}
