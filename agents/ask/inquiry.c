#include "agents/ask/inquiry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool vsm_inquiry_granted(struct vsm_inquiry *q, const Vsm__V1__Reply *reply, int kind) {
  if (*reply->error)
    return vsm_inquiry_fail(q, "%.*s", (int)strcspn(reply->error, "\n"), reply->error);
  return (int)reply->kind_case == kind || vsm_inquiry_fail(q, "the daemon answered something else");
}

bool vsm_inquiry_fail(struct vsm_inquiry *q, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(q->why, sizeof q->why, fmt, ap);
  va_end(ap);
  return false;
}

void vsm_inquiry_destroy(struct vsm_inquiry *q) {
  if (q)
    q->destroy(q);
}
