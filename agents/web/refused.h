// What libevent refuses by itself: a first line or headers that it cannot read, headers or a body that are too large.
// It answers with a page of HTML, and has no way to be told another.
#pragma once
#include <stdbool.h>

struct evbuffer;

// Is it such an answer, whole and with nothing of ours before it, that waits in the output of a bufferevent? Then a
// problem (application/problem+json) may take its place.
bool vsm_refused_is(struct evbuffer *output);
void vsm_refused_replace(struct evbuffer *output);
