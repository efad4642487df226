#include "agents/web/routes.h"

#include <stdio.h>
#include <string.h>

#include "agents/web/access.h"
#include "agents/web/api.h"
#include "agents/web/assets.h"
#include "agents/web/decode.h"
#include "agents/web/http.h"
#include "agents/web/marks.h"
#include "agents/web/openapi.h"
#include "agents/web/posts.h"
#include "agents/web/relay.h"
#include "agents/web/scrape.h"
#include "agents/web/server.h"

#define API "/api/v1/"

const struct vsm_route vsm_routes[] = {
    {"GET", API "snapshot", vsm_api_snapshot, NULL, "stream segment segments", false, "value_streams.stages.windows"},
    {"GET", API "series", vsm_api_series, NULL, "stream stage window by zone last", false, "panes"},
    {"GET", API "items", vsm_api_items, NULL, "stream stage state segment sort limit cursor", false, "items"},
    {"GET", API "items/*", vsm_api_question, "item", "stream", false, "visits"},
    {"GET", API "visits", vsm_api_visits, NULL, "stream stage window segment limit", false, "visits"},
    {"GET", API "edges", vsm_api_question, "edges", "stream window", false, "edges"},
    {"GET", API "bottleneck", vsm_api_question, "bottleneck", "stream window", false, "value_streams.stages"},
    {"GET", API "forecast", vsm_api_question, "forecast", "stream items by item seed", false, "chances"},
    {"GET", API "alerts", vsm_api_question, "alerts", "stream stage source kind history limit", false, "alerts"},
    {"GET", API "sources", vsm_api_question, "sources", "", false, "sources"},
    {"GET", API "unmapped", vsm_api_question, "unmapped", "", false, "unmapped"},
    {"GET", API "rejected", vsm_api_question, "rejected", "", false, "rejected"},
    {"GET", API "status", vsm_api_question, "status", "", false, ""},
    {"GET", API "stream", vsm_relay_read, NULL, "stream events", false, NULL},
    {"POST", API "events", vsm_posts_take, NULL, "", false, NULL},
    {"GET", API "openapi.json", vsm_openapi, NULL, "", false, NULL},
    {"GET", "/metrics", vsm_scrape, NULL, "segments", false, NULL},
    {"POST", API "alerts/*/silence", vsm_marks_silence, NULL, "", false, NULL},
    {"POST", API "alerts/*/ack", vsm_marks_acknowledge, NULL, "", false, NULL},
    {"DELETE", API "silences/*", vsm_marks_end, NULL, "", false, NULL},
    {"GET", "/healthz", vsm_api_health, NULL, "", true, NULL},
    {"GET", "/readyz", vsm_api_ready, NULL, "", true, NULL},
    {"GET", "/login", vsm_access_page, NULL, "", true, NULL},
    {"POST", "/login", vsm_access_login, NULL, "", true, NULL},
    {"POST", "/logout", vsm_access_logout, NULL, "", true, NULL},
};
const size_t vsm_routes_n = sizeof vsm_routes / sizeof *vsm_routes;

// *key: where in the path the * begins, *n: how much it stands for.
static bool fits(const char *pattern, const char *path, const char **key, size_t *n) {
  const char *star = strchr(pattern, '*');
  *key = NULL;
  *n = 0;
  if (!star)
    return strcmp(pattern, path) == 0;
  size_t before = (size_t)(star - pattern), after = strlen(star + 1), all = strlen(path);
  if (all <= before + after || strncmp(path, pattern, before) != 0 || strcmp(path + all - after, star + 1) != 0)
    return false;
  *key = path + before;
  *n = all - before - after;
  return true;
}

static bool is_method(const struct vsm_route *r, const char *method) {
  return strcmp(r->method, method) == 0 || (strcmp(r->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

// The methods that the path knows go into `allow`.
static const struct vsm_route *find(struct vsm_exchange *x, char *allow, size_t size) {
  const char *key;
  size_t n, used = 0;
  *allow = '\0';
  for (size_t i = 0; i < vsm_routes_n; i++) {
    if (!fits(vsm_routes[i].pattern, x->path, &key, &n))
      continue;
    if (is_method(&vsm_routes[i], x->method)) {
      char *copy = key ? vsm_arena_strndup(&x->arena, key, n) : NULL;
      x->key = copy ? copy : "";
      return copy && !vsm_decode(copy) ? NULL : &vsm_routes[i];
    }
    used += (size_t)snprintf(allow + used, size - used, "%s%s%s", used ? ", " : "", vsm_routes[i].method,
                             strcmp(vsm_routes[i].method, "GET") == 0 ? ", HEAD" : "");
  }
  return NULL;
}

static const struct vsm_asset *find_asset(const char *path) {
  for (const struct vsm_asset *a = vsm_assets; a->path; a++)
    if (strcmp(a->path, path) == 0)
      return a;
  return NULL;
}

static bool is_word(const char *words, const char *word) {
  size_t n = strlen(word);
  for (const char *p = words; *p; p += strspn(p, " ")) {
    size_t k = strcspn(p, " ");
    if (k == n && strncmp(p, word, n) == 0)
      return true;
    p += k;
  }
  return false;
}

static const char *unknown_param(const struct vsm_exchange *x) {
  for (size_t i = 0; i < x->n_params; i++)
    if (!is_word(x->route->params, x->params[i].name))
      return x->params[i].name;
  return NULL;
}

static void run(struct vsm_exchange *x, const struct vsm_route *route) {
  x->route = route;
  const char *unknown = unknown_param(x);
  if (unknown)
    vsm_http_problem(x, 400, "no parameter \"%.64s\" here; allowed: %s", unknown,
                     *route->params ? route->params : "none");
  else
    route->handle(x);
}

void vsm_routes_dispatch(struct evhttp_request *req, void *web) {
  char allow[64];
  struct vsm_exchange *x = vsm_http_begin(web, req);
  if (!x)
    return;
  const struct vsm_route *route = find(x, allow, sizeof allow);
  if (!vsm_access_allowed(x, route && route->open))
    return;
  bool reads = vsm_http_reads(x);
  const struct vsm_asset *asset = route ? NULL : find_asset(x->path);
  if (route) {
    run(x, route);
  } else if (asset && reads) {
    vsm_http_asset(x, asset);
  } else if (strcmp(x->path, "/") == 0 && reads) {
    vsm_api_page(x);
  } else if (*allow || asset || strcmp(x->path, "/") == 0) {
    vsm_http_set_header(x, "Allow", *allow ? allow : "GET, HEAD");
    vsm_http_problem(x, 405, "this path knows %s", *allow ? allow : "GET, HEAD");
  } else {
    vsm_http_problem(x, 404, "nothing has this address; the API begins at " API ", docs/web.md lists it");
  }
}
