// Who is let in, and what each may do: CURVE's keys, the handler that libzmq asks (ZAP), and the clients file.
#pragma once
#include "conf/clients.h"
#include "shell/log.h"
#include "shell/zsock.h"

struct vsm_auth;
struct vsm_key;

// The keys that the daemon is known by.
struct vsm_auth_keys {
  struct vsm_key *key, *next; // NULL: nothing is encrypted; no other key is coming
};

// Reads them where the configuration names files. 0, or VSM_ECONFIG with *text, a line for people, for free().
int vsm_auth_read_keys(const struct vsm_config *config, struct vsm_auth_keys *keys, char **text);
void vsm_auth_drop_keys(struct vsm_auth_keys *keys);

struct vsm_auth_options {
  struct vsm_zcontext *zcontext;
  struct vsm_loop *loop;
  struct vsm_log_gates *gates;
  bool on; // daemon.curve is given; else everybody may do everything
};

// To be made before anything listens: without a handler libzmq lets in whoever has any key. NULL: out of memory.
struct vsm_auth *vsm_auth_create(const struct vsm_auth_options *options);
void vsm_auth_destroy(struct vsm_auth *a); // NULL-safe; after all that listens
bool vsm_auth_is_on(const struct vsm_auth *a);
// The keys and the clients that are in force from now on; both are taken. Sockets that were opened with the keys before
// are to be opened anew before this call returns to the loop: true where they are others.
bool vsm_auth_follow(struct vsm_auth *a, const struct vsm_auth_keys *keys, struct vsm_clients *clients);
const struct vsm_auth_keys *vsm_auth_keys(const struct vsm_auth *a);

// Was somebody let in at this socket who would not be, or would hear less, by now? Asking takes the answer away.
bool vsm_auth_take_stale(struct vsm_auth *a, const char *socket);

// Who sent the message that a socket has in hand. Valid during the call, and until vsm_auth_follow().
struct vsm_caller {
  bool anybody;                         // nothing is encrypted
  const char *source;                   // it may emit for this one alone; NULL: a client
  const struct vsm_conf_client *client; // NULL: not known, or no more
  const char *name, *key, *address;     // for people; "": not known, as all three where nothing is encrypted
};
struct vsm_caller vsm_auth_caller(const struct vsm_auth *a, const struct vsm_zsock *sock);

bool vsm_caller_may(const struct vsm_caller *c, enum vsm_role role);
bool vsm_caller_may_emit(const struct vsm_caller *c, struct vsm_str source);
bool vsm_caller_watches_all(const struct vsm_caller *c); // streams, and what is of none
bool vsm_caller_may_watch(const struct vsm_caller *c, struct vsm_str stream);
// "A, B": the streams of one who does not watch all, in the arena.
const char *vsm_caller_streams(const struct vsm_caller *c, struct vsm_arena *arena);

// Counts what a client was refused, and logs it by its name.
void vsm_auth_refuse(struct vsm_auth *a, const struct vsm_caller *c, const char *socket, const char *what);

// Since the start.
struct vsm_auth_counts {
  uint64_t handshakes; // refused
  uint64_t messages;   // not allowed, as a whole or in part
};
struct vsm_auth_counts vsm_auth_counts(const struct vsm_auth *a);
