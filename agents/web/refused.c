#include "agents/web/refused.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/web/http.h"

enum { PAGE_BYTES_MAX = 1024 }; // of libevent's

static const struct {
  int status;
  const char *detail;
} known[] = {{400, "this is no HTTP request with headers of at most 16 KiB"},
             {413, "a body has 4 MiB at most"},
             {417, "of what is expected (Expect), 100-continue alone is allowed"}};

static const char *detail_of(int status) {
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].status == status)
      return known[i].detail;
  return "this server does not know such a request";
}

// The status of a page that libevent made; 0: it is none.
static int status_of(struct evbuffer *output) {
  char page[PAGE_BYTES_MAX + 1];
  size_t n = evbuffer_get_length(output);
  evbuffer_unfreeze(output, 1); // a bufferevent keeps all others from its front
  bool copied = n <= PAGE_BYTES_MAX && evbuffer_copyout(output, page, n) == (ev_ssize_t)n;
  evbuffer_freeze(output, 1);
  if (!copied)
    return 0;
  page[n] = '\0';
  return strncmp(page, "HTTP/1.", 7) == 0 && strcasestr(page, "\r\n\r\n<html>") && strcasestr(page, "</html>")
             ? atoi(page + strlen("HTTP/1.1 "))
             : 0;
}

bool vsm_refused_is(struct evbuffer *output) {
  return status_of(output) >= 400;
}

void vsm_refused_replace(struct evbuffer *output) {
  char body[512];
  int status = status_of(output);
  const char *reason = vsm_http_reason(status);
  int n = snprintf(body, sizeof body,
                   "{\"type\": \"about:blank\", \"title\": \"%s\", \"status\": %d, \"detail\": \"%s\"}\n", reason,
                   status, detail_of(status));
  evbuffer_unfreeze(output, 1);
  evbuffer_drain(output, evbuffer_get_length(output));
  evbuffer_add_printf(output,
                      "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n"
                      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n%s",
                      status, reason, n, body);
  evbuffer_freeze(output, 1);
}
