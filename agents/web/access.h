// Who may ask. Browsers: only pages of this very server, under a name that it is known by (Host, Origin). With a token:
// programs say it (Authorization: Bearer), browsers log in once with it and then have a cookie.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "agents/lib/secret.h"
#include "agents/web/attempts.h"
#include "agents/web/routes.h"

struct vsm_exchange;

enum { VSM_ACCESS_HOSTS_MAX = 16, VSM_ACCESS_SESSIONS_MAX = 256, VSM_ACCESS_SESSION_BYTES = 32 };

struct vsm_session {
  char id[2 * VSM_ACCESS_SESSION_BYTES + 1]; // "": free
  long long until_ms;
};

struct vsm_access {
  const char *hosts[VSM_ACCESS_HOSTS_MAX]; // names beside loopback's; borrowed
  size_t n_hosts;
  struct vsm_secret token; // none: everybody who can connect may ask
  struct vsm_session sessions[VSM_ACCESS_SESSIONS_MAX];
  struct vsm_attempts logins, bearers; // counted apart: a program with an old token keeps no person out
};

// False: that has been answered. Routes without a token (`open`) are checked for Host and Origin alone.
bool vsm_access_allowed(struct vsm_exchange *x, bool open);
// NULL, or what is wrong with the file and what is allowed, in `why`.
const char *vsm_access_read_token(struct vsm_access *a, const char *path, char *why, size_t size);
void vsm_access_fini(struct vsm_access *a);

vsm_handler_fn vsm_access_page;   // GET /login
vsm_handler_fn vsm_access_login;  // POST /login
vsm_handler_fn vsm_access_logout; // POST /logout
