// libcurl's multi interface: each transfer is a handle of its own with its own limits of time and size. Its names are
// looked up by a thread of libcurl's; nothing here waits.
#include "agents/notify/transfer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/vsm/text.h"
#include "base/mem.h"
#include "base/time.h"

enum { ANSWER_BYTES_MAX = 64 * 1024, RETRY_AFTER_MAX_S = 3600 };

struct vsm_transfers {
  CURLM *multi;
  struct vsm_transfer *first;
};

struct vsm_transfers *vsm_transfers_create(void) {
  struct vsm_transfers *t = vsm_mem_alloc(sizeof *t);
  t->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
  if (t->multi)
    return t;
  free(t);
  return NULL;
}

static void destroy(struct vsm_transfer *x) {
  struct vsm_transfer **link = &x->of->first;
  while (*link && *link != x)
    link = &(*link)->next;
  if (*link) {
    *link = x->next;
    curl_multi_remove_handle(x->of->multi, x->easy);
  }
  curl_easy_cleanup(x->easy);
  curl_slist_free_all(x->headers);
  curl_slist_free_all(x->recipients);
  free(x->body);
  free(x);
}

void vsm_transfers_destroy(struct vsm_transfers *t) {
  if (!t)
    return;
  while (t->first)
    destroy(t->first);
  curl_multi_cleanup(t->multi);
  curl_global_cleanup();
  free(t);
}

CURLM *vsm_transfers_multi(struct vsm_transfers *t) {
  return t->multi;
}

// --- one transfer

// The begin of the answer is kept; one without end is not listened to.
static size_t take_answer(char *p, size_t size, size_t n, void *ctx) {
  struct vsm_transfer *x = ctx;
  size_t bytes = size * n;
  for (size_t i = 0; i < bytes && x->n_answer + i + 1 < sizeof x->answer; i++)
    x->answer[x->n_answer + i] = p[i];
  x->n_answer += bytes;
  return x->n_answer > ANSWER_BYTES_MAX ? 0 : bytes;
}

static size_t give_body(char *p, size_t size, size_t n, void *ctx) {
  struct vsm_transfer *x = ctx;
  size_t left = x->n - x->at, bytes = size * n < left ? size * n : left;
  memcpy(p, x->body + x->at, bytes);
  x->at += bytes;
  return bytes;
}

struct vsm_transfer *vsm_transfer_create(struct vsm_transfers *t, const char *body, int64_t timeout_us,
                                         vsm_tried_fn *fn, void *ctx) {
  struct vsm_transfer *x = vsm_mem_alloc(sizeof *x);
  x->easy = vsm_mem_need(curl_easy_init(), 0);
  x->body = vsm_mem_copy(vsm_str_of(body));
  x->n = strlen(x->body);
  x->fn = fn;
  x->ctx = ctx;
  x->of = t;
  curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x);
  curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, (long)(timeout_us / 1000));
  curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(timeout_us / 1000));
  curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error);
  curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, take_answer);
  curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
  curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, give_body);
  curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
  curl_easy_setopt(x->easy, CURLOPT_USERAGENT, "vsm-notify/" VSM_VERSION);
  return x;
}

void vsm_transfer_header(struct vsm_transfer *x, const char *fmt, ...) {
  char line[8192];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(line, sizeof line, fmt, ap);
  va_end(ap);
  x->headers = vsm_mem_need(curl_slist_append(x->headers, line), 0);
  explicit_bzero(line, sizeof line);
}

void vsm_transfer_go(struct vsm_transfer *x) {
  if (!x->is_mail)
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
  x->next = x->of->first;
  x->of->first = x;
  curl_multi_add_handle(x->of->multi, x->easy);
}

// --- how it ended

enum vsm_outcome vsm_http_outcome(long status) {
  if (status >= 200 && status < 300)
    return VSM_SENT;
  return status == 408 || status == 429 || status >= 500 || status < 200 ? VSM_AGAIN : VSM_REFUSED;
}

// A mail server's 5xx about sender, recipient or text is final; about us (the greeting, our password) it is not.
static enum vsm_outcome mail_outcome(struct vsm_transfer *x, CURLcode code, long reply) {
  curl_off_t sent = 0;
  curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  if (code == CURLE_OK)
    return VSM_SENT;
  bool final = code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && sent > 0);
  return final && reply >= 500 && reply < 600 ? VSM_REFUSED : VSM_AGAIN;
}

static void describe(const struct vsm_transfer *x, CURLcode code, long status, struct vsm_tried *r) {
  char answer[sizeof x->answer];
  vsm_text_plain(x->answer, answer, sizeof answer);
  if (code != CURLE_OK)
    snprintf(r->said, sizeof r->said, "%s", *x->error && !x->has_secrets ? x->error : curl_easy_strerror(code));
  else if (x->is_mail)
    snprintf(r->said, sizeof r->said, "%ld", status);
  else
    snprintf(r->said, sizeof r->said, "HTTP %ld%s%s", status, *answer && !x->has_secrets ? ": " : "",
             x->has_secrets ? "" : answer);
}

static void end(struct vsm_transfer *x, CURLcode code) {
  struct vsm_tried r = {0};
  long status = 0;
  curl_off_t after_s = 0;
  curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &after_s);
  bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && status >= 200); // too long, but its status is known
  r.outcome = x->is_mail ? mail_outcome(x, code, status) : answered ? vsm_http_outcome(status) : VSM_AGAIN;
  r.retry_after_us = (after_s < RETRY_AFTER_MAX_S ? after_s : RETRY_AFTER_MAX_S) * VSM_SECOND_US;
  describe(x, answered ? CURLE_OK : code, status, &r);
  vsm_tried_fn *fn = x->fn;
  void *ctx = x->ctx;
  destroy(x);
  fn(ctx, &r);
}

void vsm_transfers_turn(struct vsm_transfers *t) {
  int running, left;
  CURLMsg *m;
  curl_multi_perform(t->multi, &running);
  while ((m = curl_multi_info_read(t->multi, &left)) != NULL) {
    struct vsm_transfer *x = NULL;
    CURLcode code = m->data.result; // the message goes with the handle
    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
    if (x)
      end(x, code);
  }
}

// --- HTTP

static void set_url(struct vsm_transfer *x, const struct vsm_http_settings *h, const char *path) {
  const char *url = h->whole_url.z ? h->whole_url.z : h->url.z;
  char *whole = NULL;
  size_t n = strlen(url);
  if (*path && n > 0 && url[n - 1] == '/')
    n--;
  vsm_mem_need(asprintf(&whole, "%.*s%s", (int)n, url, path) < 0 ? NULL : whole, n);
  curl_easy_setopt(x->easy, CURLOPT_URL, whole);
  explicit_bzero(whole, strlen(whole));
  free(whole);
}

struct vsm_transfer *vsm_http_create(struct vsm_transfers *t, const struct vsm_http_settings *h, const char *path,
                                     const char *body, vsm_tried_fn *fn, void *ctx) {
  struct vsm_transfer *x = vsm_transfer_create(t, body, h->timeout.us, fn, ctx);
  x->has_secrets = h->whole_url.z || h->password.z || h->token.z;
  set_url(x, h, path);
  curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS_STR, "http,https");
  if (h->ca)
    curl_easy_setopt(x->easy, CURLOPT_CAINFO, h->ca);
  if (h->password.z) {
    curl_easy_setopt(x->easy, CURLOPT_USERNAME, h->user.z);
    curl_easy_setopt(x->easy, CURLOPT_PASSWORD, h->password.z);
  }
  if (h->token.z)
    vsm_transfer_header(x, "Authorization: Bearer %s", h->token.z);
  vsm_transfer_header(x, "Expect:");
  if (body) {
    vsm_transfer_header(x, "Content-Type: application/json");
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, x->body);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->n);
  }
  return x;
}
