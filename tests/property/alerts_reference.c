// The reference as one that keeps alerts.
#include <stdlib.h>
#include <string.h>

#include "property/alerts.h"
#include "property/reference_alerts.h"

static void *create(const struct vsm_model *model, struct vsm_arena *arena) {
  return ref_alerts_create(model, arena);
}

static void destroy(void *k) {
  ref_alerts_destroy(k);
}

static void advance(void *k, int64_t us) {
  ref_alerts_advance(k, us);
}

static void started(void *k, int64_t us) {
  ref_alerts_started(k, us);
}

static void batch(void *k, const struct vsm_event *events, size_t n) {
  ref_alerts_batch(k, events, n);
}

static void alive(void *k, const char *source, int64_t us) {
  ref_alerts_advance(k, us);
  ref_alerts_alive(k, source);
}

static void configure(void *k, const struct vsm_model *model) {
  ref_alerts_configure(k, model);
}

static bool withdraw(void *k, unsigned stream, const char *key) {
  return ref_alerts_withdraw(k, stream, key);
}

static bool forget(void *k, unsigned stream, const char *key) {
  return ref_alerts_forget(k, stream, key);
}

static uint64_t silence(void *k, const struct vsm_silence_view *v) {
  return ref_alerts_silence(k, v);
}

static bool end_silence(void *k, uint64_t id) {
  return ref_alerts_end_silence(k, id);
}

static bool acknowledge(void *k, const char *id, bool lost) {
  return ref_alerts_acknowledge(k, id, lost);
}

static void save(void *k) {
  (void)k;
}

static const char **names_of(struct vsm_arena *arena, const struct ref_member *all, size_t n, size_t *named) {
  const char **names = NULL;
  *named = 0;
  for (size_t i = 0; i < n; i++)
    if (all[i].shown)
      REF_PUSH(arena, names, *named, all[i].shown);
  return names;
}

static int cmp_listed(const void *a, const void *b) {
  const struct ref_listed *x = a, *y = b;
  return x->from_us != y->from_us ? (x->from_us > y->from_us) - (x->from_us < y->from_us) : strcmp(x->name, y->name);
}

static const struct said_item *items_of(struct vsm_arena *arena, const struct ref_sign *sign, size_t *n) {
  struct said_item *items = vsm_arena_zalloc(arena, 10 * sizeof *items);
  *n = sign->n_items < 10 ? sign->n_items : 10;
  if (*n)
    qsort(sign->items, sign->n_items, sizeof *sign->items, cmp_listed);
  for (size_t i = 0; i < *n; i++)
    items[i] = (struct said_item){sign->items[i].name, sign->items[i].age_us};
  return items;
}

static bool is_live(const struct ref_alert *x) {
  return x->state == VSM_PENDING || x->state == VSM_FIRING;
}

static struct said said_of(struct ref_alerts *a, const struct ref_alert *x, bool holds) {
  size_t n_items;
  const struct said_item *items = items_of(a->w.arena, &x->sign, &n_items);
  struct vsm_arena *arena = a->w.arena;
  const struct ref_sign *sign = is_live(x) ? &x->sign : &x->told;
  size_t n_joined, n_left;
  const char **joined = names_of(arena, x->joined, x->n_joined, &n_joined);
  const char **left = names_of(arena, x->left, x->n_left, &n_left);
  return (struct said){.id = x->id,
                       .state = x->state,
                       .change = x->change,
                       .end = x->end,
                       .severity = x->severity,
                       .since = x->since,
                       .fired = x->fired,
                       .resolved = x->resolved,
                       .moved = x->moved,
                       .count = x->told.count,
                       .unacknowledged = x->unacknowledged,
                       .silenced = x->silenced,
                       .acknowledged = x->acknowledged,
                       .inhibited_by = x->inhibited_by,
                       .n_inhibited_by = x->n_inhibited_by,
                       .joined = joined,
                       .n_joined = n_joined,
                       .joined_count = x->n_joined,
                       .left = left,
                       .n_left = n_left,
                       .left_count = x->n_left,
                       .holds = holds,
                       .threshold_us = sign->why.threshold_us,
                       .observed_us = sign->why.observed_us,
                       .threshold = sign->threshold,
                       .observed = sign->observed,
                       .percentile = sign->why.percentile,
                       .factor_ppm = sign->why.factor_ppm,
                       .by_date = sign->why.by_date,
                       .items = items,
                       .n_items = n_items};
}

static void say(void *k, FILE *out) {
  struct ref_alerts *a = k;
  struct saying_list l = {.arena = a->w.arena};
  struct said s;
  for (size_t i = 0; i < a->n_notices; i++) {
    const struct ref_alert *x = &a->notices[i];
    s = said_of(a, x, x->change == VSM_BECAME_PENDING || x->change == VSM_FIRED);
    say_one(&l, &s, true);
  }
  say_all(&l, "told", out);
  a->notices = NULL;
  a->n_notices = 0;
  for (size_t i = 0; i < a->n_alerts; i++) {
    s = said_of(a, &a->alerts[i], a->alerts[i].held);
    if (is_live(&a->alerts[i]))
      say_one(&l, &s, false);
  }
  say_all(&l, "is", out);
  for (size_t i = 0; i < a->n_history; i++) {
    s = said_of(a, &a->history[i], false);
    say_one(&l, &s, false);
  }
  say_all(&l, "was", out);
}

static size_t live(void *k, const char ***ids, struct vsm_arena *arena) {
  struct ref_alerts *a = k;
  size_t n = 0;
  *ids = NULL;
  for (size_t i = 0; i < a->n_alerts; i++)
    if (is_live(&a->alerts[i]))
      REF_PUSH(arena, *ids, n, a->alerts[i].id);
  return n;
}

const struct keeper_ops keeper_reference = {"the reference", create,    destroy,  advance, started, batch,
                                            alive,           configure, withdraw, forget,  silence, end_silence,
                                            acknowledge,     save,      say,      live};
