#include "agents/web/attempts.h"

#include <stdio.h>
#include <string.h>

static struct vsm_attempts_of *find(struct vsm_attempts *a, const char *address) {
  for (size_t i = 0; i < VSM_ATTEMPTS_OF_ALL; i++)
    if (strncmp(a->of[i].address, address, sizeof a->of[i].address - 1) == 0)
      return &a->of[i];
  return NULL;
}

// Its own place, or the one whose time is over first.
static struct vsm_attempts_of *place(struct vsm_attempts *a, const char *address) {
  struct vsm_attempts_of *of = find(a, address);
  if (of)
    return of;
  of = a->of;
  for (size_t i = 1; i < VSM_ATTEMPTS_OF_ALL; i++)
    if (a->of[i].until_ms < of->until_ms)
      of = &a->of[i];
  *of = (struct vsm_attempts_of){0};
  snprintf(of->address, sizeof of->address, "%s", address);
  return of;
}

static int64_t wait_ms(const struct vsm_attempts_of *of, unsigned most, int64_t now_ms) {
  return of && of->n >= most && of->until_ms > now_ms ? of->until_ms - now_ms : 0;
}

int vsm_attempts_wait_s(struct vsm_attempts *a, const char *address, int64_t now_ms) {
  int64_t one = wait_ms(find(a, address), VSM_ATTEMPTS_OF_ONE, now_ms);
  int64_t all = wait_ms(&a->all, VSM_ATTEMPTS_OF_ALL, now_ms);
  int64_t longest = one > all ? one : all;
  a->put_off += longest > 0;
  return (int)((longest + 999) / 1000);
}

static void count(struct vsm_attempts_of *of, int64_t now_ms) {
  if (of->until_ms <= now_ms) {
    of->n = 0;
    of->until_ms = now_ms + VSM_ATTEMPTS_MS;
  }
  of->n++;
}

void vsm_attempts_failed(struct vsm_attempts *a, const char *address, int64_t now_ms) {
  count(&a->all, now_ms);
  count(place(a, address), now_ms);
  a->failed++;
}
