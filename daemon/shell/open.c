// Errors at start are for people: which socket, where, why, and of a port that is taken who holds it. That is looked up
// as a person would: the listening socket's inode in /proc/net/tcp, then the process that has it open, as far as we may
// see. ZeroMQ takes an ipc path away from whoever listens there, so it is asked first whether anyone does.
#include "shell/open.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "shell/log.h"
#include "shell/process.h"
#include "wire/message.h"

enum { REQUEST_ID_MAX = 1024 };
// For the journal, checkpoints, ZeroMQ itself and connections that are about to be refused; for a source that is
// connected to and its recover socket.
enum { OTHER_DESCRIPTORS = 256, SOURCE_DESCRIPTORS = 8, CONNECTIONS_LEAST = 8 };

// The inode of the socket that listens on a TCP port, 0: none found.
static unsigned long listening_inode(const char *table, unsigned port) {
  FILE *f = fopen(table, "r");
  char line[512];
  unsigned long found = 0;
  while (f && !found && fgets(line, sizeof line, f)) {
    unsigned at, state;
    unsigned long inode;
    if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &at, &state, &inode) == 3 && at == port &&
        state == 0x0a)
      found = inode;
  }
  if (f)
    fclose(f);
  return found;
}

static bool holds(const char *pid, const char *link_wanted) {
  char path[288], link[64];
  snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
  DIR *d = opendir(path);
  bool found = false;
  for (struct dirent *e; d && !found && (e = readdir(d));) {
    snprintf(path, sizeof path, "/proc/%.20s/fd/%.200s", pid, e->d_name);
    ssize_t n = readlink(path, link, sizeof link - 1);
    found = n > 0 && (size_t)n == strlen(link_wanted) && memcmp(link, link_wanted, (size_t)n) == 0;
  }
  if (d)
    closedir(d);
  return found;
}

// "NAME (process PID)" of who listens on the port of an endpoint, as far as we may see. A listener on all addresses of
// IPv6 may hold those of IPv4 too.
static void find_holder(const char *endpoint, unsigned port, char *out, size_t size) {
  snprintf(out, size, "another program");
  unsigned long inode = vsm_endpoint_is_ipv6(endpoint) ? 0 : listening_inode("/proc/net/tcp", port);
  if (!inode)
    inode = listening_inode("/proc/net/tcp6", port);
  char wanted[64], path[64], name[64] = "";
  snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
  DIR *d = inode ? opendir("/proc") : NULL;
  for (struct dirent *e; d && (e = readdir(d));) {
    if (!isdigit((unsigned char)e->d_name[0]) || !holds(e->d_name, wanted))
      continue;
    snprintf(path, sizeof path, "/proc/%.20s/comm", e->d_name);
    FILE *f = fopen(path, "r");
    if (f && fgets(name, sizeof name, f))
      name[strcspn(name, "\n")] = '\0';
    if (f)
      fclose(f);
    snprintf(out, size, "%s (process %.20s)", name, e->d_name);
    break;
  }
  if (d)
    closedir(d);
}

// Does anyone listen on this path?
static bool ipc_is_taken(const char *endpoint) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  if (strncmp(endpoint, "ipc://", 6) != 0 || endpoint[6] != '/' || strlen(endpoint + 6) >= sizeof at.sun_path)
    return false;
  strcpy(at.sun_path, endpoint + 6);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool taken = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
  if (fd >= 0)
    close(fd);
  return taken;
}

// *why: static text; holder: who has the port, "" where that is not the matter.
static int listen_at(struct vsm_zsock *sock, const char *endpoint, const struct vsm_key *key, const char **why,
                     char *holder, size_t size) {
  *holder = '\0';
  *why = "out of memory or descriptors";
  int err = sock ? 0 : VSM_ENOMEM;
  if (!err && ipc_is_taken(endpoint)) {
    *why = "another program listens there";
    err = VSM_EINUSE;
  }
  if (!err)
    err = vsm_zsock_bind(sock, endpoint, key, why);
  const char *port = strrchr(endpoint, ':');
  if (err == VSM_EINUSE && strncmp(endpoint, "tcp://", 6) == 0 && port)
    find_holder(endpoint, (unsigned)strtoul(port + 1, NULL, 10), holder, size);
  return err;
}

int vsm_open_try(struct vsm_zsock *sock, const char *endpoint, char *out, size_t size) {
  char holder[128];
  const char *why;
  int err = listen_at(sock, endpoint, NULL, &why, holder, sizeof holder);
  if (err)
    snprintf(out, size, "%s%s%s", why, *holder ? ", held by " : "", holder);
  return err;
}

int vsm_open_listener(struct vsm_zsock *sock, const char *name, const char *endpoint, const struct vsm_key *key) {
  char holder[128];
  const char *why;
  int err = listen_at(sock, endpoint, key, &why, holder, sizeof holder);
  if (err == 0) {
    vsm_log("listening", "socket=%s endpoint=%s%s", name, vsm_zsock_endpoint(sock), key ? " curve=yes" : "");
    return 0;
  }
  vsm_log("listen_failed", "socket=%s endpoint=%s why=\"%s\"%s%s%s", name, endpoint, why, *holder ? " held_by=\"" : "",
          holder, *holder ? "\"" : "");
  return err;
}

int vsm_open_listeners(struct vsm_zsock *sock, const char *name, const struct vsm_conf_endpoints *own,
                       const struct vsm_conf_endpoints *next, const struct vsm_auth_keys *keys) {
  int err = 0;
  for (unsigned i = 0; i < own->n && !err; i++)
    err = vsm_open_listener(sock, name, own->at[i], keys->key);
  for (unsigned i = 0; i < next->n && !err; i++)
    err = vsm_open_listener(sock, name, next->at[i], keys->next);
  return err;
}

struct vsm_conf_endpoints vsm_open_one(const char *const *endpoint) {
  return (struct vsm_conf_endpoints){(const char **)endpoint, *endpoint != NULL};
}

void vsm_open_bounds(struct vsm_zsock_options *o, const struct vsm_config *c) {
  const struct vsm_conf_daemon *d = &c->daemon;
  uint64_t listening = (d->subscribe.n > 0) + (d->submit != NULL) + (d->publish != NULL) + (d->query != NULL);
  uint64_t kept_back = OTHER_DESCRIPTORS + (uint64_t)c->sources.n * SOURCE_DESCRIPTORS;
  uint64_t all = vsm_process_descriptors_max(), share = all > kept_back ? (all - kept_back) / listening : 0;
  o->connections_max = (uint64_t)d->limit_connections < share ? (uint64_t)d->limit_connections
                       : share > CONNECTIONS_LEAST            ? share
                                                              : CONNECTIONS_LEAST;
  o->handshake_ms = (int)(d->limit_handshake.us / 1000);
  o->peer_bytes_max = (uint64_t)d->limit_peer_memory_bytes;
}

int vsm_open_queue(const struct vsm_config *c, int64_t messages, size_t largest_bytes) {
  return vsm_zpeers_fit((int)messages, (uint64_t)c->daemon.limit_peer_memory_bytes, largest_bytes);
}

void vsm_open_tell_bounds(const struct vsm_zsock *sock, struct vsm_bounds *out) {
  const struct vsm_zsock_options *o = vsm_zsock_options(sock);
  struct vsm_zsock_counts c = vsm_zsock_counts(sock);
  vsm_bounds_add(out, (struct vsm_bound){"connections", o->name, c.connections, o->connections_max, c.refused});
  vsm_bounds_add(out, (struct vsm_bound){"handshake", o->name, 0, (uint64_t)o->handshake_ms, c.handshakes});
  vsm_bounds_add(out, (struct vsm_bound){"peer_memory", o->name, c.waits_bytes, o->peer_bytes_max, c.greedy});
}

void vsm_log_peer(struct vsm_log_gates *gates, const struct vsm_zsock *sock, const char *what,
                  struct vsm_str endpoint) {
  vsm_log_gated(gates, vsm_str_of(vsm_zsock_name(sock)), what, "socket=%s endpoint=%.*s", vsm_zsock_name(sock),
                (int)(endpoint.n < 256 ? endpoint.n : 256), endpoint.p);
}

bool vsm_request_frames(const struct vsm_str *frames, size_t n) {
  bool from_req = n == 4 && frames[1].n == 0;
  return (n == 3 || from_req) && frames[n - 2].n >= 1 && frames[n - 2].n <= REQUEST_ID_MAX;
}

bool vsm_reply(struct vsm_zsock *sock, const struct vsm_str *frames, size_t n, const void *content, size_t bytes,
               void (*pack)(const void *content, void *out)) {
  struct vsm_zpart parts[VSM_Z_FRAMES_MAX];
  for (size_t i = 0; i + 1 < n; i++)
    parts[i] = (struct vsm_zpart){.p = frames[i].p, .n = frames[i].n};
  parts[n - 1] = (struct vsm_zpart){.p = content, .n = bytes, .pack = pack};
  return vsm_zsock_send(sock, parts, n);
}

void vsm_pack_message(const void *message, void *out) {
  vsm_message_pack(message, out);
}

void vsm_pack_bytes(const void *bytes, void *out) {
  const struct vsm_str *packed = bytes;
  if (packed->n)
    memcpy(out, packed->p, packed->n);
}
