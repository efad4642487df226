// In the place of shell/zsock.c: sockets without ZeroMQ, on which a fuzz target says what comes and hears what is sent.
#pragma once
#include "shell/zsock.h"

// As whom the peer was let in whose message is in hand; NULL: unknown.
extern const char *fake_zsock_user;
extern uint64_t fake_zsock_peer; // and its connection; 0: unknown
// What is sent on any socket, and what a subscriber is granted.
extern void (*fake_zsock_on_send)(const struct vsm_zsock *s, const struct vsm_zpart *parts, size_t n);
extern void (*fake_zsock_on_grant)(const struct vsm_zsock *s, struct vsm_str prefix, bool subscribed);

// The socket of that name hears a message of n frames (at most VSM_Z_FRAMES_MAX of them are there).
void fake_zsock_hear(const char *name, const struct vsm_str *frames, size_t n);
