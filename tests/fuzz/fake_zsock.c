#undef NDEBUG
#include "tests/fuzz/fake_zsock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct vsm_zsock {
  struct vsm_zsock_options o;
  struct vsm_zsock *next;
};

const char *fake_zsock_user;
uint64_t fake_zsock_peer;
void (*fake_zsock_on_send)(const struct vsm_zsock *s, const struct vsm_zpart *parts, size_t n);
void (*fake_zsock_on_grant)(const struct vsm_zsock *s, struct vsm_str prefix, bool subscribed);
static struct vsm_zsock *first;

void fake_zsock_hear(const char *name, const struct vsm_str *frames, size_t n) {
  struct vsm_zsock *s = first;
  while (s && strcmp(s->o.name, name) != 0)
    s = s->next;
  assert(s);
  s->o.fn(s->o.ctx, s, frames, n);
}

struct vsm_zcontext *vsm_zcontext_create(void) {
  return NULL;
}

void vsm_zcontext_destroy(struct vsm_zcontext *z) {
  (void)z;
}

struct vsm_zsock *vsm_zsock_create(struct vsm_zcontext *z, struct vsm_loop *loop, const struct vsm_zsock_options *o) {
  struct vsm_zsock *s = malloc(sizeof *s);
  (void)z, (void)loop;
  *s = (struct vsm_zsock){*o, first};
  return first = s;
}

void vsm_zsock_destroy(struct vsm_zsock *s) {
  struct vsm_zsock **at = &first;
  while (*at && *at != s)
    at = &(*at)->next;
  if (s)
    *at = s->next;
  free(s);
}

const char *vsm_zsock_name(const struct vsm_zsock *s) {
  return s->o.name;
}

const struct vsm_zsock_options *vsm_zsock_options(const struct vsm_zsock *s) {
  return &s->o;
}

int vsm_zsock_bind(struct vsm_zsock *s, const char *endpoint, const struct vsm_key *key, const char **why) {
  (void)s, (void)endpoint, (void)key, (void)why;
  return 0;
}

int vsm_zsock_connect(struct vsm_zsock *s, const char *endpoint, const char **why) {
  return vsm_zsock_bind(s, endpoint, NULL, why);
}

const char *vsm_zsock_endpoint(const struct vsm_zsock *s) {
  (void)s;
  return "tcp://127.0.0.1:1";
}

int vsm_zsock_subscribe(struct vsm_zsock *s, const char *prefix) {
  (void)s, (void)prefix;
  return 0;
}

int vsm_zsock_renew(struct vsm_zsock *s) {
  (void)s;
  return 0;
}

struct vsm_zsock_counts vsm_zsock_counts(const struct vsm_zsock *s) {
  (void)s;
  return (struct vsm_zsock_counts){0};
}

bool vsm_zsock_is_client(const struct vsm_zsock *s) {
  (void)s;
  return false;
}

uint64_t vsm_zsock_peer(const struct vsm_zsock *s) {
  (void)s;
  return fake_zsock_peer;
}

const char *vsm_zsock_user(const struct vsm_zsock *s) {
  (void)s;
  return fake_zsock_user;
}

void vsm_zsock_grant(struct vsm_zsock *s, struct vsm_str prefix, bool subscribed) {
  fake_zsock_on_grant(s, prefix, subscribed);
}

bool vsm_zsock_waits(struct vsm_zsock *s) {
  (void)s;
  return false;
}

void vsm_zsock_hold(struct vsm_zsock *s, bool held) {
  (void)s, (void)held;
}

bool vsm_zsock_send(struct vsm_zsock *s, const struct vsm_zpart *parts, size_t n) {
  fake_zsock_on_send(s, parts, n);
  return true;
}

bool vsm_zkey_complete(struct vsm_key *key) {
  (void)key;
  return true;
}

void vsm_zkey_text(const char *raw, char *out) {
  zmq_z85_encode(out, (const uint8_t *)raw, 32);
}
