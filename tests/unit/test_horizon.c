// What items leave behind that are not held any more: through restarts, under other models, and when items are too
// many. (Random logs: property/sealed.)
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "lib/rig.h"
#include "lib/rig_save.h"
#include "lib/test.h"

static const struct vsm_window windows[] = {{"1d", VSM_DAY_US}, {"30d", 30 * VSM_DAY_US}};
static const uint16_t second[] = {1};

// Models of one stream, with two stages and with the first of them alone.
struct rig {
  struct vsm_arena arena;
  struct vsm_stage two[2], one[1];
  struct vsm_stream streams[2];
  struct vsm_model *both, *alone;
  struct vsm_core *core;
  struct vsm_effects fx;
};

static struct vsm_stream stream_of(const struct vsm_stage *stages, unsigned n) {
  return (struct vsm_stream){
      .id = "S", .name = "S", .outcome = "done", .stages = stages, .n_stages = n, .windows = windows, .n_windows = 2};
}

static int setup(void **state) {
  struct rig *r = calloc(1, sizeof *r);
  vsm_arena_init(&r->arena, 0);
  r->two[0] = (struct vsm_stage){.id = "a", .name = "a", .next = second, .n_next = 1};
  r->two[1] = (struct vsm_stage){.id = "b", .name = "b", .to_outcome = true};
  r->one[0] = (struct vsm_stage){.id = "a", .name = "a", .to_outcome = true};
  r->streams[0] = stream_of(r->two, 2);
  r->streams[1] = stream_of(r->one, 1);
  r->both = rig_model(&r->streams[0], 1, &r->arena);
  r->alone = rig_model(&r->streams[1], 1, &r->arena);
  r->both->items_keep_us = r->alone->items_keep_us = 5 * VSM_DAY_US;
  *state = r;
  return 0;
}

static int teardown(void **state) {
  struct rig *r = *state;
  vsm_core_destroy(r->core);
  vsm_effects_fini(&r->fx);
  vsm_arena_fini(&r->arena);
  free(r);
  return 0;
}

static void begin(struct rig *r, const struct vsm_model *m) {
  r->core = vsm_core_create(m);
  assert_non_null(r->core);
}

static void reload(struct rig *r, const struct vsm_model *m) {
  assert_int_equal(vsm_core_configure(r->core, m), 0);
}

static enum vsm_result take(struct rig *r, int stage, enum vsm_lifecycle l, const char *key, int64_t us) {
  struct vsm_event e = rig_event(&r->streams[0], stage, l, key, us, &r->arena);
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  return r->fx.result;
}

static void a_reload_that_closes_items_makes_room(void **state) {
  struct rig *r = *state;
  r->both->limits.items = r->alone->limits.items = 3;
  begin(r, r->both);
  for (int i = 0; i < 3; i++)
    take(r, 0, VSM_COMPLETE, vsm_arena_printf(&r->arena, "%d", i), VSM_DAY_US + i);
  assert_int_equal(take(r, 0, VSM_START, "one more", VSM_DAY_US + 3), VSM_REJECTED);
  reload(r, r->alone);
  assert_int_equal(vsm_core_items_open(r->core), 0);
  assert_int_equal(take(r, 0, VSM_START, "one more", VSM_DAY_US + 4), VSM_APPLIED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_reload_that_closes_items_makes_room, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
