// libzmq asks whether a client may come by messages to an endpoint of its own (ZeroMQ RFC 27), which a ROUTER on the
// loop answers:
//
//   asked:    identity, "", "1.0", request id, domain, address, peer's identity, "CURVE", 32 bytes of public key
//   answered: identity, "", "1.0", request id, "200" or "400", a text, user id, metadata (none)
//
// Each listening socket has its name as domain, so that it is known where a client was let in. The user id is the
// public key: every message of that connection then says whose it is, and a key that is no longer in the clients file
// is nobody's from the next message on, whatever its connection.
//
// libzmq cannot end one connection. So where somebody lost what a connection of before would still give (everything, or
// what is published), the socket is made anew (vsm_zsock_renew()), and all its clients come again.
#include "shell/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/err.h"
#include "base/key.h"
#include "base/mem.h"
#include "conf/conf.h"

static const char HANDLER[] = "inproc://zeromq.zap.01";
static const char *const sockets[] = {"submit", "subscribe", "publish", "query"};
enum { SUBMIT, SUBSCRIBE, PUBLISH, QUERY, SOCKETS, ELSEWHERE = SOCKETS };
enum { FRAMES = 9, RAW_KEY_BYTES = 32 };

struct entry {
  UT_hash_handle hh;
  const struct vsm_conf_client *client; // of `clients`
  unsigned seen;                        // sockets, by bit, that it was let in at
};

struct vsm_auth {
  struct vsm_auth_options o;
  struct vsm_zsock *handler; // NULL: off
  struct vsm_auth_keys keys;
  struct vsm_clients *clients;
  struct entry *entries; // by key
  unsigned stale;        // sockets, by bit
  struct vsm_auth_counts counts;
};

// --- keys

static struct vsm_key *read_key(const struct vsm_config *c, const char *path, char **text) {
  char why[VSM_KEY_WHY_BYTES];
  struct vsm_key *key = vsm_key_read(path, true, why);
  if (key && !vsm_zkey_complete(key)) {
    snprintf(why, sizeof why, "%.150s: no secret key of CURVE; vsm keygen makes one", path);
    vsm_key_destroy(key);
    key = NULL;
  }
  if (key && key->exposed)
    vsm_log("key_exposed", "file=%s what=\"everybody on this machine can read it: chmod o-r\"", path);
  if (!key && asprintf(text, "%s: daemon.curve: %s\n", c->path, why) < 0)
    *text = NULL;
  return key;
}

int vsm_auth_read_keys(const struct vsm_config *c, struct vsm_auth_keys *keys, char **text) {
  *keys = (struct vsm_auth_keys){0};
  if (c->curve.key && !(keys->key = read_key(c, c->curve.key, text)))
    return VSM_ECONFIG;
  if (c->curve.next_key && !(keys->next = read_key(c, c->curve.next_key, text))) {
    vsm_auth_drop_keys(keys);
    return VSM_ECONFIG;
  }
  return 0;
}

void vsm_auth_drop_keys(struct vsm_auth_keys *keys) {
  vsm_key_destroy(keys->key);
  vsm_key_destroy(keys->next);
  *keys = (struct vsm_auth_keys){0};
}

static bool same_key(const struct vsm_key *a, const struct vsm_key *b) {
  return a == b || (a && b && strcmp(a->secret_key, b->secret_key) == 0);
}

const struct vsm_auth_keys *vsm_auth_keys(const struct vsm_auth *a) {
  return &a->keys;
}

// --- the handler

static struct entry *find(const struct vsm_auth *a, const char *key) {
  struct entry *e = NULL;
  HASH_FIND(hh, a->entries, key, VSM_KEY_CHARS, e);
  return e;
}

static unsigned socket_of(struct vsm_str name) {
  unsigned i = 0;
  while (i < SOCKETS && !vsm_str_eq(name, vsm_str_of(sockets[i])))
    i++;
  return i;
}

static void answer(struct vsm_auth *a, const struct vsm_str *asked, const char *user) {
  const char *status = user ? "200" : "400", *text = user ? "OK" : "this key is not in the clients file";
  const struct vsm_zpart parts[] = {{.p = asked[0].p, .n = asked[0].n},
                                    {.p = "", .n = 0},
                                    {.p = "1.0", .n = 3},
                                    {.p = asked[3].p, .n = asked[3].n},
                                    {.p = status, .n = strlen(status)},
                                    {.p = text, .n = strlen(text)},
                                    {.p = user, .n = user ? strlen(user) : 0},
                                    {.p = "", .n = 0}};
  vsm_zsock_send(a->handler, parts, sizeof parts / sizeof *parts);
}

static void on_asked(void *ctx, struct vsm_zsock *sock, const struct vsm_str *f, size_t n) {
  struct vsm_auth *a = ctx;
  (void)sock;
  if (n != FRAMES)
    return;
  char key[VSM_KEY_CHARS + 1] = "";
  bool is_curve = vsm_str_eq(f[7], VSM_STR("CURVE")) && f[8].n == RAW_KEY_BYTES;
  if (is_curve)
    vsm_zkey_text(f[8].p, key);
  struct entry *e = is_curve ? find(a, key) : NULL;
  unsigned at = socket_of(f[4]);
  if (!e || at == ELSEWHERE) {
    a->counts.handshakes++;
    vsm_log_gated(a->o.gates, f[5], "client_refused", "socket=%.*s address=%.*s key=\"%s\" why=\"%s\"", (int)f[4].n,
                  f[4].p, (int)f[5].n, f[5].p, key, "the key is not in the clients file");
    answer(a, f, NULL);
    return;
  }
  e->seen |= 1u << at;
  vsm_log_gated(a->o.gates, f[5], "client", "client=%s socket=%s address=%.*s", e->client->name.z, sockets[at],
                (int)f[5].n, f[5].p);
  answer(a, f, key);
}

struct vsm_auth *vsm_auth_create(const struct vsm_auth_options *o) {
  struct vsm_auth *a = calloc(1, sizeof *a);
  const char *why;
  if (!a)
    return NULL;
  a->o = *o;
  if (!o->on)
    return a;
  a->handler =
      vsm_zsock_create(o->zcontext, o->loop,
                       &(struct vsm_zsock_options){
                           .kind = VSM_Z_ROUTER, .name = "zap", .message_bytes_max = 4096, .fn = on_asked, .ctx = a});
  if (a->handler && vsm_zsock_bind(a->handler, HANDLER, NULL, &why) == 0)
    return a;
  vsm_auth_destroy(a);
  return NULL;
}

static void drop_clients(struct vsm_auth *a) {
  struct entry *e, *next;
  HASH_ITER(hh, a->entries, e, next) {
    HASH_DEL(a->entries, e);
    free(e);
  }
  vsm_clients_destroy(a->clients);
  a->clients = NULL;
}

void vsm_auth_destroy(struct vsm_auth *a) {
  if (!a)
    return;
  vsm_zsock_destroy(a->handler);
  drop_clients(a);
  vsm_auth_drop_keys(&a->keys);
  free(a);
}

bool vsm_auth_is_on(const struct vsm_auth *a) {
  return a->handler != NULL;
}

struct vsm_auth_counts vsm_auth_counts(const struct vsm_auth *a) {
  return a->counts;
}

// --- clients

static bool same_words(const struct vsm_conf_words *a, const struct vsm_conf_words *b) {
  bool same = a->n == b->n;
  for (unsigned i = 0; same && i < a->n; i++)
    same = strcmp(a->at[i].z, b->at[i].z) == 0;
  return same;
}

// What a client was subscribed to by what it might hear then.
static unsigned stale_of(const struct entry *before, const struct entry *now) {
  if (!now)
    return before->seen;
  const struct vsm_conf_client *x = before->client, *y = now->client;
  bool hears_the_same = !((x->may ^ y->may) & VSM_WATCH) && same_words(&x->streams, &y->streams);
  return hears_the_same ? 0 : before->seen & 1u << PUBLISH;
}

static struct entry *index_clients(const struct vsm_clients *clients) {
  struct entry *entries = NULL;
  for (unsigned i = 0; clients && i < clients->n; i++) {
    struct entry *e = vsm_mem_alloc(sizeof *e);
    e->client = &clients->at[i];
    HASH_ADD_KEYPTR(hh, entries, e->client->key.z, VSM_KEY_CHARS, e);
  }
  return entries;
}

bool vsm_auth_follow(struct vsm_auth *a, const struct vsm_auth_keys *keys, struct vsm_clients *clients) {
  struct entry *fresh = index_clients(clients);
  for (struct entry *e = a->entries; e; e = e->hh.next) {
    struct entry *now = NULL;
    HASH_FIND(hh, fresh, e->client->key.z, VSM_KEY_CHARS, now);
    a->stale |= stale_of(e, now);
    if (now)
      now->seen = e->seen;
  }
  drop_clients(a);
  a->entries = fresh;
  a->clients = clients;
  struct vsm_auth_keys before = a->keys;
  a->keys = *keys;
  bool others = !same_key(before.key, keys->key) || !same_key(before.next, keys->next);
  vsm_auth_drop_keys(&before);
  return others;
}

bool vsm_auth_take_stale(struct vsm_auth *a, const char *socket) {
  unsigned bit = 1u << socket_of(vsm_str_of(socket));
  bool stale = (a->stale & bit) != 0;
  a->stale &= ~bit;
  return stale;
}

// --- rights

// What libzmq knows of a message is looked for where it is needed alone: that takes longer than to take the message.
struct vsm_caller vsm_auth_caller(const struct vsm_auth *a, const struct vsm_zsock *sock) {
  if (!vsm_auth_is_on(a))
    return (struct vsm_caller){.anybody = true, .name = "", .key = "", .address = ""};
  const char *key = vsm_zsock_user(sock), *address = vsm_zsock_address(sock);
  const struct entry *e = key && vsm_key_well_formed(key) ? find(a, key) : NULL;
  key = key ? key : "";
  return (struct vsm_caller){.client = e ? e->client : NULL,
                             .name = e ? e->client->name.z : key,
                             .key = key,
                             .address = address ? address : ""};
}

bool vsm_caller_may(const struct vsm_caller *c, enum vsm_role role) {
  return c->anybody || (c->source && role == VSM_EMIT) || (c->client && (c->client->may & role));
}

bool vsm_caller_may_emit(const struct vsm_caller *c, struct vsm_str source) {
  if (c->anybody || !vsm_caller_may(c, VSM_EMIT))
    return c->anybody;
  if (c->source)
    return vsm_str_eq(source, vsm_str_of(c->source));
  const struct vsm_conf_words *globs = &c->client->sources;
  for (unsigned i = 0; i < globs->n; i++)
    if (vsm_glob_match(vsm_str_of(globs->at[i].z), source))
      return true;
  return globs->n == 0;
}

bool vsm_caller_watches_all(const struct vsm_caller *c) {
  return vsm_caller_may(c, VSM_WATCH) && (c->anybody || c->client->streams.n == 0);
}

bool vsm_caller_may_watch(const struct vsm_caller *c, struct vsm_str stream) {
  if (vsm_caller_watches_all(c) || !vsm_caller_may(c, VSM_WATCH))
    return vsm_caller_may(c, VSM_WATCH);
  for (unsigned i = 0; i < c->client->streams.n; i++)
    if (vsm_str_eq(stream, vsm_str_of(c->client->streams.at[i].z)))
      return true;
  return false;
}

const char *vsm_caller_streams(const struct vsm_caller *c, struct vsm_arena *arena) {
  const char *text = "";
  for (unsigned i = 0; text && i < c->client->streams.n; i++)
    text = vsm_arena_printf(arena, "%s%s%s", text, i ? ", " : "", c->client->streams.at[i].z);
  return text ? text : "";
}

void vsm_auth_refuse(struct vsm_auth *a, const struct vsm_caller *c, const char *socket, const char *what) {
  a->counts.messages++;
  vsm_log_gated(a->o.gates, vsm_str_of(c->name), "not_allowed", "client=%s socket=%s address=%s what=\"%s\"", c->name,
                socket, c->address, what);
}
