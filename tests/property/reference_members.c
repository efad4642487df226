// Who is counted of an alert, who joined and who left, and who is acknowledged: items, known by their keys.
#include <string.h>

#include "property/reference_alerts.h"

// The same item, whatever it is called now: it has a key of the other's.
static bool same_item(const struct ref_member *a, const struct ref_member *b) {
  for (size_t i = 0; i < a->n_keys; i++)
    for (size_t k = 0; k < b->n_keys; k++)
      if (strcmp(a->keys[i], b->keys[k]) == 0)
        return true;
  return false;
}

static bool among(const struct ref_member *m, const struct ref_member *all, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (same_item(m, &all[i]))
      return true;
  return false;
}

// Those of some that are not among others.
static struct ref_member *without(struct ref_alerts *a, const struct ref_member *some, size_t n_some,
                                  const struct ref_member *others, size_t n_others, size_t *n) {
  struct ref_member *out = NULL;
  *n = 0;
  for (size_t i = 0; i < n_some; i++)
    if (!among(&some[i], others, n_others))
      REF_PUSH(a->w.arena, out, *n, some[i]);
  return out;
}

// What has left since the last announcement, and with that since the acknowledgement.
void ref_note_gone(struct ref_alerts *a, struct ref_alert *x) {
  for (size_t i = 0; i < x->n_announced; i++)
    if (!among(&x->announced[i], x->sign.members, x->sign.n_members) && !among(&x->announced[i], x->gone, x->n_gone))
      REF_PUSH(a->w.arena, x->gone, x->n_gone, x->announced[i]);
  size_t kept = 0;
  for (size_t i = 0; i < x->n_covered; i++)
    if (among(&x->covered[i], x->sign.members, x->sign.n_members))
      x->covered[kept++] = x->covered[i];
  x->n_covered = kept;
  x->unacknowledged = 0;
  for (size_t i = 0; x->acknowledged && i < x->sign.n_members; i++)
    x->unacknowledged += !among(&x->sign.members[i], x->covered, x->n_covered);
}

// Those of some that are no members now, as they are called by now: what links have made one is one.
static struct ref_member *who_left(struct ref_alerts *a, const struct ref_alert *x, size_t *n) {
  struct ref_member *out = NULL;
  size_t n_left;
  struct ref_member *left = without(a, x->announced, x->n_announced, x->sign.members, x->sign.n_members, &n_left);
  *n = 0;
  for (size_t i = 0; i < n_left; i++) {
    for (size_t k = 0; k < a->w.n_items[x->subject.stream]; k++) {
      const struct ref_item *item = &a->w.items[x->subject.stream][k];
      struct ref_member now = {.keys = item->keys, .n_keys = item->n_keys, .shown = item->shown};
      if (same_item(&left[i], &now))
        left[i] = now;
    }
    if (!among(&left[i], out, *n))
      REF_PUSH(a->w.arena, out, *n, left[i]);
  }
  return out;
}

void ref_find_joined(struct ref_alerts *a, struct ref_alert *x) {
  size_t n_still;
  struct ref_member *still = without(a, x->announced, x->n_announced, x->gone, x->n_gone, &n_still);
  x->joined = without(a, x->sign.members, x->sign.n_members, still, n_still, &x->n_joined);
  x->left = who_left(a, x, &x->n_left);
}

void ref_announced(struct ref_alerts *a, struct ref_alert *x) {
  x->announced_us = ref_now(a->w.ref);
  x->announced = NULL;
  x->n_announced = x->n_gone = 0;
  for (size_t i = 0; i < x->sign.n_members; i++)
    REF_PUSH(a->w.arena, x->announced, x->n_announced, x->sign.members[i]);
}

// Those that it counts now; a list of its own, as those that leave go out of it.
void ref_cover(struct ref_alerts *a, struct ref_alert *x) {
  x->covered = NULL;
  x->n_covered = 0;
  for (size_t i = 0; x->acknowledged && i < x->sign.n_members; i++)
    REF_PUSH(a->w.arena, x->covered, x->n_covered, x->sign.members[i]);
}

// A configuration announces nothing by itself.
void ref_take_as_told(struct ref_alerts *a, struct ref_alert *x) {
  int64_t us = x->announced_us;
  ref_announced(a, x);
  x->announced_us = us;
  ref_cover(a, x);
}
