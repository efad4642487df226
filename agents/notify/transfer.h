// Requests over libcurl, all at once in one loop: none waits for another, none for longer than its time limit.
#pragma once
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/notify/settings.h"

enum vsm_outcome {
  VSM_SENT,    // it was taken
  VSM_AGAIN,   // not now: try again
  VSM_REFUSED, // it never will be
};

struct vsm_tried {
  enum vsm_outcome outcome;
  int64_t retry_after_us; // the other side asks for so long; 0: it does not
  char said[300];         // for people: what came back, without secrets
};
typedef void vsm_tried_fn(void *ctx, const struct vsm_tried *r);

struct vsm_transfers;
struct vsm_transfer {
  CURL *easy;
  struct curl_slist *headers, *recipients;
  char *body; // owned
  size_t n, at;
  bool is_mail, has_secrets; // with secrets, what the other side says is not shown
  char answer[200], error[CURL_ERROR_SIZE];
  size_t n_answer;
  vsm_tried_fn *fn;
  void *ctx;
  struct vsm_transfers *of;
  struct vsm_transfer *next;
};

struct vsm_transfers *vsm_transfers_create(void);    // NULL: no memory
void vsm_transfers_destroy(struct vsm_transfers *t); // what is under way is dropped, uncalled
CURLM *vsm_transfers_multi(struct vsm_transfers *t); // to wait on
void vsm_transfers_turn(struct vsm_transfers *t);    // goes on with all; calls back for those that ended

// A transfer of a body (copied) with the options that all have. Then set what it needs, and _go().
struct vsm_transfer *vsm_transfer_create(struct vsm_transfers *t, const char *body, int64_t timeout_us,
                                         vsm_tried_fn *fn, void *ctx);
void vsm_transfer_header(struct vsm_transfer *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vsm_transfer_go(struct vsm_transfer *x);

// What an HTTP status means.
enum vsm_outcome vsm_http_outcome(long status);
// An HTTP request to the settings' URL, with `path` behind it, who we are, and the headers that were given.
struct vsm_transfer *vsm_http_create(struct vsm_transfers *t, const struct vsm_http_settings *h, const char *path,
                                     const char *body, vsm_tried_fn *fn, void *ctx);
