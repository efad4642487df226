#include "agents/notify/alert.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

bool vsm_alert_is_blocked(const Vsm__V1__Alert *a) {
  return *a->inhibited_by || *a->silenced || (*a->acknowledged && a->unacknowledged == 0);
}

bool vsm_alert_is(const Vsm__V1__Alert *a, const char *state) {
  return strcmp(a->state, state) == 0;
}

static bool same_names(char *const *a, size_t n_a, char *const *b, size_t n_b) {
  if (n_a != n_b)
    return false;
  for (size_t i = 0; i < n_a; i++)
    if (strcmp(a[i], b[i]) != 0)
      return false;
  return true;
}

bool vsm_alert_same_news(const Vsm__V1__Alert *a, const Vsm__V1__Alert *b) {
  return a->joined_count == b->joined_count && a->left_count == b->left_count &&
         same_names(a->joined, a->n_joined, b->joined, b->n_joined) &&
         same_names(a->left, a->n_left, b->left, b->n_left);
}

const char *vsm_alert_where(const Vsm__V1__Alert *a, char *buf, size_t size) {
  if (*a->value_stream)
    snprintf(buf, size, "%s%s%s", a->value_stream, *a->stage ? "/" : "", a->stage);
  else if (*a->source)
    snprintf(buf, size, "source %s", a->source);
  else
    snprintf(buf, size, "daemon");
  return buf;
}

void *vsm_alert_pack(const Vsm__V1__Alert *a, size_t *n) {
  *n = vsm__v1__alert__get_packed_size(a);
  uint8_t *p = vsm_mem_alloc(*n + 1);
  vsm__v1__alert__pack(a, p);
  return p;
}
