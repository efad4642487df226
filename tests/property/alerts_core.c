// The core as one that keeps alerts.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alerts.h"
#include "core/state.h"
#include "lib/rig_save.h"
#include "property/alerts.h"
#include "property/reference.h"

struct keeper {
  struct vsm_core *core;
  const struct vsm_model *model;
  struct vsm_arena arena;
  struct vsm_effects fx;
};

static void *create(const struct vsm_model *model, struct vsm_arena *arena) {
  struct keeper *k = vsm_arena_zalloc(arena, sizeof *k);
  vsm_arena_init(&k->arena, 0);
  k->model = model;
  k->core = vsm_core_create(model);
  assert(k->core);
  vsm_core_listen(k->core, true);
  return k;
}

static void destroy(void *keeper) {
  struct keeper *k = keeper;
  vsm_core_destroy(k->core);
  vsm_effects_fini(&k->fx);
  vsm_arena_fini(&k->arena);
}

static void advance(void *keeper, int64_t us) {
  vsm_core_advance(((struct keeper *)keeper)->core, (struct vsm_time){us});
}

static void started(void *keeper, int64_t us) {
  vsm_core_started(((struct keeper *)keeper)->core, (struct vsm_time){us});
}

static void batch(void *keeper, const struct vsm_event *events, size_t n) {
  struct keeper *k = keeper;
  int status = vsm_core_step_all(k->core, events, n, &k->fx, NULL, NULL);
  assert(status == 0);
  (void)status;
}

static void alive(void *keeper, const char *source, int64_t us) {
  vsm_core_alive(((struct keeper *)keeper)->core, vsm_str_of(source), (struct vsm_time){us});
}

static void configure(void *keeper, const struct vsm_model *model) {
  struct keeper *k = keeper;
  int status = vsm_core_configure(k->core, model);
  assert(status == 0);
  (void)status;
  k->model = model;
}

static bool withdraw(void *keeper, unsigned stream, const char *key) {
  struct keeper *k = keeper;
  uint64_t streams;
  return vsm_core_withdraw(k->core, (int)stream, vsm_str_of(key), &k->fx, &streams) == 0;
}

static bool forget(void *keeper, unsigned stream, const char *key) {
  struct keeper *k = keeper;
  const struct vsm_str *keys;
  unsigned n, at;
  uint64_t streams;
  return vsm_core_forget(k->core, (int)stream, vsm_str_of(key), &k->arena, &k->fx, &keys, &n, &at, &streams) == 0;
}

static uint64_t silence(void *keeper, const struct vsm_silence_view *silence) {
  uint64_t id = 0;
  return vsm_core_silence(((struct keeper *)keeper)->core, silence, &id) == 0 ? id : 0;
}

static bool end_silence(void *keeper, uint64_t id) {
  return vsm_core_end_silence(((struct keeper *)keeper)->core, id) == 0;
}

static bool acknowledge(void *keeper, const char *id, bool lost) {
  return vsm_core_acknowledge(((struct keeper *)keeper)->core, vsm_str_of(id), VSM_STR("me"), VSM_STR("seen"), lost) ==
         0;
}

static void save(void *keeper) {
  struct keeper *k = keeper;
  struct vsm_str bytes = rig_save(k->core);
  struct vsm_core *again = NULL;
  int status = rig_load(k->model, bytes, &again);
  assert(status == 0 && again);
  (void)status;
  free((char *)bytes.p);
  vsm_core_destroy(k->core);
  k->core = again;
  vsm_core_listen(k->core, true);
}

void alerts_core_look(void *keeper) {
  vsm_core_look(((struct keeper *)keeper)->core);
}

static const char **names_of(struct vsm_arena *arena, const struct vsm_str *all, unsigned n) {
  const char **names = NULL;
  size_t at = 0;
  for (unsigned i = 0; i < n; i++)
    REF_PUSH(arena, names, at, vsm_arena_strndup(arena, all[i].p, all[i].n));
  return names;
}

static const struct said_item *items_of(struct keeper *k, const struct vsm_alert_view *x) {
  struct said_item *items = vsm_arena_zalloc(&k->arena, (x->n_items + 1) * sizeof *items);
  for (unsigned i = 0; i < x->n_items; i++)
    items[i] = (struct said_item){vsm_arena_strndup(&k->arena, x->items[i].item.p, x->items[i].item.n),
                                  (int64_t)(x->items[i].age_seconds * 1e6 + 0.5)};
  return items;
}

// Views do not say whether one that is kept firing holds.
static bool holds(const struct keeper *k, const struct vsm_alert_view *x) {
  uint32_t number = vsm_alerts_find(&k->core->alerts, vsm_str_of(x->id));
  return number != (uint32_t)VSM_NO_ALERT && k->core->alerts.at[number].life.holds;
}

static struct said said_of(struct keeper *k, const struct vsm_alert_view *x, bool holds) {
  return (struct said){.id = x->id,
                       .state = x->state,
                       .change = x->change,
                       .end = x->end,
                       .severity = x->severity,
                       .since = x->since.us,
                       .fired = x->fired.us,
                       .resolved = x->resolved.us,
                       .moved = x->moved_us,
                       .count = x->sign.count,
                       .unacknowledged = x->unacknowledged,
                       .silenced = x->silenced != NULL,
                       .acknowledged = x->acknowledged != NULL,
                       .inhibited_by = names_of(&k->arena, x->inhibited_by, x->n_inhibited_by),
                       .n_inhibited_by = x->n_inhibited_by,
                       .joined = names_of(&k->arena, x->joined, x->n_joined),
                       .n_joined = x->n_joined,
                       .joined_count = x->joined_count,
                       .left = names_of(&k->arena, x->left, x->n_left),
                       .n_left = x->n_left,
                       .left_count = x->left_count,
                       .holds = holds,
                       .threshold_us = x->sign.threshold_us,
                       .observed_us = x->sign.observed_us,
                       .threshold = x->sign.threshold,
                       .observed = x->sign.observed,
                       .percentile = x->sign.percentile,
                       .factor_ppm = x->sign.factor_ppm,
                       .by_date = x->sign.by_date,
                       .items = items_of(k, x),
                       .n_items = x->n_items};
}

static void say_list(struct keeper *k, bool history, const char *what, FILE *out) {
  struct vsm_alerts_query q = {.kind = -1, .history = history};
  struct saying_list l = {.arena = &k->arena};
  struct vsm_alert_view *rows;
  long n = vsm_core_list_alerts(k->core, &q, &k->arena, &rows);
  assert(n >= 0);
  for (long i = 0; i < n; i++) {
    const struct vsm_alert_view *x = &rows[history ? n - 1 - i : i]; // the oldest first
    struct said s = said_of(k, x, !history && holds(k, x));
    say_one(&l, &s, false);
  }
  say_all(&l, what, out);
}

static void say(void *keeper, FILE *out) {
  struct keeper *k = keeper;
  struct saying_list l = {.arena = &k->arena};
  const struct vsm_alert_view *rows;
  size_t n = vsm_core_notices(k->core, &rows);
  for (size_t i = 0; i < n; i++) {
    struct said s = said_of(k, &rows[i], rows[i].change == VSM_BECAME_PENDING || rows[i].change == VSM_FIRED);
    say_one(&l, &s, true);
  }
  say_all(&l, "told", out);
  vsm_core_drop_notices(k->core);
  say_list(k, false, "is", out);
  say_list(k, true, "was", out);
  vsm_arena_reset(&k->arena);
}

static size_t live(void *keeper, const char ***ids, struct vsm_arena *arena) {
  struct keeper *k = keeper;
  struct vsm_alerts_query q = {.kind = -1};
  struct vsm_alert_view *rows;
  long found = vsm_core_list_alerts(k->core, &q, arena, &rows);
  size_t n = 0;
  *ids = NULL;
  for (long i = 0; i < found; i++)
    REF_PUSH(arena, *ids, n, vsm_arena_strdup(arena, rows[i].id));
  return n;
}

const struct keeper_ops keeper_core = {"the core", create, destroy, advance,     started,     batch, alive, configure,
                                       withdraw,   forget, silence, end_silence, acknowledge, save,  say,   live};
