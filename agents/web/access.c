// A page elsewhere that makes a browser send requests here (another site, or a name that was made to point to loopback)
// is told by Host and Origin, which a browser does not let it choose. The token is compared in constant time; sessions
// are random, kept in memory, and end with the gateway.
#include "agents/web/access.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agents/lib/clock.h"
#include "agents/web/decode.h"
#include "agents/web/http.h"
#include "agents/web/server.h"
#include "shell/log.h"

enum { TOKEN_BYTES_MIN = 16, SESSION_MS = 12 * 3600 * 1000 };
#define COOKIE "vsm_session"

const char *vsm_access_read_token(struct vsm_access *a, const char *path, char *why, size_t size) {
  const char *wrong = vsm_secret_read(path, &a->token, why, size);
  if (wrong || a->token.n >= TOKEN_BYTES_MIN)
    return wrong;
  vsm_secret_wipe(&a->token);
  snprintf(why, size, "%s: a token of %d characters at least is needed", path, TOKEN_BYTES_MIN);
  return why;
}

void vsm_access_fini(struct vsm_access *a) {
  vsm_secret_wipe(&a->token);
  explicit_bzero(a->sessions, sizeof a->sessions);
}

// --- Host and Origin

// "localhost:8080", "[::1]"
static size_t host_bytes(const char *authority) {
  size_t n = *authority == '[' ? strcspn(authority, "]") + 1 : strcspn(authority, ":");
  size_t all = strlen(authority);
  return n <= all && (authority[n] == '\0' || authority[n] == ':') && strspn(authority + n, ":0123456789") == all - n
             ? n
             : 0;
}

static bool is_host(const struct vsm_access *a, const char *authority) {
  static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
  size_t n = host_bytes(authority);
  for (size_t i = 0; i < 3 + a->n_hosts; i++) {
    const char *name = i < 3 ? loopback[i] : a->hosts[i - 3];
    if (n == strlen(name) && strncasecmp(authority, name, n) == 0)
      return n > 0;
  }
  return false;
}

static bool is_own_origin(const char *origin, const char *authority) {
  const char *host = strncmp(origin, "http://", 7) == 0    ? origin + 7
                     : strncmp(origin, "https://", 8) == 0 ? origin + 8
                                                           : "";
  return strcasecmp(host, authority) == 0;
}

static bool is_own_page(struct vsm_exchange *x) {
  const char *host = vsm_http_header(x, "Host"), *origin = vsm_http_header(x, "Origin");
  const char *site = vsm_http_header(x, "Sec-Fetch-Site");
  if (!is_host(&x->web->access, host)) {
    vsm_http_problem(x, 421, "this server is not known as \"%.64s\"; vsm-web --host NAME adds a name", host);
    return false;
  }
  if ((*origin && !is_own_origin(origin, host)) ||
      (!vsm_http_reads(x) && *site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)) {
    vsm_http_problem(x, 403, "a page of another site asked; pages of this server may");
    return false;
  }
  return true;
}

// --- token and session

static bool is_token(const struct vsm_access *a, const char *text) {
  return strlen(text) == a->token.n && CRYPTO_memcmp(text, a->token.z, a->token.n) == 0;
}

// The value of our cookie among others; its length in *n.
static const char *session_of(const struct vsm_exchange *x, size_t *n) {
  for (const char *p = vsm_http_header(x, "Cookie"); *p; p += strcspn(p, ";")) {
    p += strspn(p, "; ");
    if (strncmp(p, COOKIE "=", sizeof COOKIE) == 0) {
      *n = strcspn(p + sizeof COOKIE, ";");
      return p + sizeof COOKIE;
    }
  }
  *n = 0;
  return "";
}

static struct vsm_session *find_session(const struct vsm_exchange *x) {
  struct vsm_access *a = &x->web->access;
  size_t n;
  const char *id = session_of(x, &n);
  for (size_t i = 0; i < VSM_ACCESS_SESSIONS_MAX; i++) {
    struct vsm_session *s = &a->sessions[i];
    if (*s->id && n == sizeof s->id - 1 && CRYPTO_memcmp(id, s->id, n) == 0)
      return s->until_ms > vsm_clock_ms() ? s : NULL;
  }
  return NULL;
}

// What a program says as its token; NULL: it says none.
static const char *bearer_of(const struct vsm_exchange *x) {
  const char *said = vsm_http_header(x, "Authorization");
  return strncasecmp(said, "Bearer ", 7) == 0 ? said + 7 + strspn(said + 7, " ") : NULL;
}

static bool is_known(const struct vsm_exchange *x) {
  const char *bearer = bearer_of(x);
  return bearer ? is_token(&x->web->access, bearer) : find_session(x) != NULL;
}

static bool has_to_wait(struct vsm_exchange *x, struct vsm_attempts *attempts) {
  char seconds[16];
  int wait_s = vsm_attempts_wait_s(attempts, vsm_http_peer(x), vsm_clock_ms());
  if (wait_s == 0)
    return false;
  snprintf(seconds, sizeof seconds, "%d", wait_s);
  vsm_http_set_header(x, "Retry-After", seconds);
  vsm_http_problem(x, 429, "too many wrong tokens (%d a minute from one address, %d from all); try again in %d s",
                   VSM_ATTEMPTS_OF_ONE, VSM_ATTEMPTS_OF_ALL, wait_s);
  return true;
}

static void note_wrong(struct vsm_exchange *x, struct vsm_attempts *attempts, const char *event) {
  vsm_log(event, "peer=%s why=\"another token\"", vsm_http_peer(x));
  vsm_attempts_failed(attempts, vsm_http_peer(x), vsm_clock_ms());
}

static void refuse_unknown(struct vsm_exchange *x) {
  struct vsm_access *a = &x->web->access;
  if (bearer_of(x)) {
    if (has_to_wait(x, &a->bearers))
      return;
    note_wrong(x, &a->bearers, "token_refused");
  }
  vsm_http_set_header(x, "WWW-Authenticate", "Bearer realm=\"vsm\"");
  vsm_http_problem(x, 401, "a token is needed: Authorization: Bearer TOKEN, or a log-in at /login");
}

static void redirect(struct vsm_exchange *x, const char *to) {
  vsm_http_set_header(x, "Location", to);
  vsm_http_reply(x, 303, "text/plain; charset=utf-8", "", 0);
}

bool vsm_access_allowed(struct vsm_exchange *x, bool open) {
  if (!is_own_page(x))
    return false;
  if (open || !x->web->access.token.z || is_known(x))
    return true;
  if (vsm_http_accepts(x, "text/html") && !bearer_of(x))
    redirect(x, "/login");
  else
    refuse_unknown(x);
  return false;
}

// --- the log-in of browsers

static void show_page(struct vsm_exchange *x, int status, const char *said) {
  char page[1024];
  int n =
      snprintf(page, sizeof page,
               "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
               "content=\"width=device-width\"><title>Log in</title><main><h1>Log in</h1><p role=\"alert\">%s</p>"
               "<form method=\"post\" action=\"/login\"><label>Token <input type=\"password\" name=\"token\" required "
               "autofocus autocomplete=\"current-password\"></label> <button>Log in</button></form></main></html>\n",
               said);
  vsm_http_set_header(x, "Cache-Control", "no-store");
  vsm_http_reply(x, status, "text/html; charset=utf-8", page, (size_t)n);
}

void vsm_access_page(struct vsm_exchange *x) {
  show_page(x, 200, "");
}

// A free place, or that of the session which ends first.
static struct vsm_session *new_session(struct vsm_access *a) {
  struct vsm_session *s = a->sessions;
  unsigned char bytes[VSM_ACCESS_SESSION_BYTES];
  for (size_t i = 1; i < VSM_ACCESS_SESSIONS_MAX; i++)
    if (a->sessions[i].until_ms < s->until_ms)
      s = &a->sessions[i];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    return NULL;
  for (size_t i = 0; i < sizeof bytes; i++)
    snprintf(s->id + 2 * i, 3, "%02x", bytes[i]);
  s->until_ms = vsm_clock_ms() + SESSION_MS;
  return s;
}

static void set_cookie(struct vsm_exchange *x, const char *value, int seconds) {
  char cookie[256];
  bool secure = strcmp(vsm_http_header(x, "X-Forwarded-Proto"), "https") == 0;
  snprintf(cookie, sizeof cookie, COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", value, seconds,
           secure ? "; Secure" : "");
  vsm_http_set_header(x, "Set-Cookie", cookie);
}

static void refuse_login(struct vsm_exchange *x) {
  note_wrong(x, &x->web->access.logins, "login_refused");
  show_page(x, 403, "That is not the token.");
}

// The right token is not looked at either while somebody has to wait, or who guesses would learn which one it is. Of
// programs the right one always is: others must not be able to keep them out.
void vsm_access_login(struct vsm_exchange *x) {
  size_t n;
  char *body = (char *)vsm_http_body(x, &n);
  bool form = vsm_http_is_type(x, "application/x-www-form-urlencoded") && strncmp(body, "token=", 6) == 0 &&
              vsm_decode_plus(body + 6);
  struct vsm_session *s;
  if (!x->web->access.token.z) {
    redirect(x, "/");
  } else if (has_to_wait(x, &x->web->access.logins)) {
    return;
  } else if (!form || !is_token(&x->web->access, body + 6)) {
    refuse_login(x);
  } else if (!(s = new_session(&x->web->access))) {
    vsm_http_problem(x, 500, "the system has no random numbers");
  } else {
    set_cookie(x, s->id, SESSION_MS / 1000);
    redirect(x, "/");
  }
}

void vsm_access_logout(struct vsm_exchange *x) {
  struct vsm_session *s = find_session(x);
  if (s)
    *s = (struct vsm_session){0};
  set_cookie(x, "", 0);
  redirect(x, "/login");
}
