// Events posted over HTTP, on their way to the daemon: each request is answered when the daemon has acked all of its
// events, or after VSM_POSTS_MS.
#pragma once
#include "agents/web/routes.h"

struct vsm_keys;
struct vsm_posts;

enum { VSM_POSTS_MS = 5000 };

// NULL where the endpoint is no good, which is logged.
struct vsm_posts *vsm_posts_create(const char *submit, const struct vsm_keys *keys);
// NULL-safe. Answers what is open that it is not known what becomes of it.
void vsm_posts_destroy(struct vsm_posts *p);

vsm_handler_fn vsm_posts_take; // POST /api/v1/events

int vsm_posts_fd(const struct vsm_posts *p);
int vsm_posts_timeout_ms(struct vsm_posts *p);
void vsm_posts_process(struct vsm_posts *p);
