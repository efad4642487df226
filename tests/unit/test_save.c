// The state as bytes, and back: what depends on the order in which events came, and what is asleep. (Random logs:
// tests/property.)
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "core/segments.h"
#include "core/waits.h"
#include "lib/rig.h"
#include "lib/rig_save.h"

static const struct vsm_window window = {"24h", VSM_DAY_US};
static const char *const segments[] = {"area"};
static const struct vsm_stage stages[] = {
    {.id = "repair", .name = "repair", .next = (const uint16_t[]){1}, .n_next = 1},
    {.id = "check", .name = "check", .to_outcome = true}};
static const struct vsm_stream streams[] = {{.id = "S",
                                             .name = "S",
                                             .outcome = "done",
                                             .stages = stages,
                                             .n_stages = 2,
                                             .windows = &window,
                                             .n_windows = 1,
                                             .segments = segments,
                                             .n_segments = 1},
                                            {.id = "T",
                                             .name = "T",
                                             .outcome = "done",
                                             .stages = stages,
                                             .n_stages = 2,
                                             .windows = &window,
                                             .n_windows = 1,
                                             .segments = segments,
                                             .n_segments = 1}};

struct rig {
  struct vsm_arena arena;
  struct vsm_model *both, *one; // streams S and T; S alone, without the stage "check"
  struct vsm_stage left;
  struct vsm_stream alone;
  struct vsm_core *core;
  struct vsm_effects fx;
};

static struct vsm_template *template_of(struct vsm_arena *arena, const char *key) {
  struct vsm_template *t = vsm_arena_zalloc(arena, sizeof *t);
  struct vsm_field *f = vsm_arena_zalloc(arena, sizeof *f);
  *f = (struct vsm_field){VSM_F_DATA, vsm_str_of(key)};
  *t = (struct vsm_template){f, 1};
  return t;
}

static struct vsm_model *model(const struct vsm_stream *of, unsigned n, struct vsm_arena *arena) {
  struct vsm_model *m = rig_model(of, n, arena);
  struct vsm_rule *rules = vsm_arena_zalloc(arena, m->n_rules * sizeof *rules);
  memcpy(rules, m->rules, m->n_rules * sizeof *rules);
  for (unsigned i = 0; i < m->n_rules; i++) {
    rules[i].segments = template_of(arena, "area");
    rules[i].reason = *template_of(arena, "reason");
    rules[i].links = template_of(arena, "link");
    rules[i].n_links = 1;
  }
  m->rules = rules;
  return m;
}

static int setup(void **state) {
  struct rig *r = calloc(1, sizeof *r);
  vsm_arena_init(&r->arena, 0);
  r->left = (struct vsm_stage){.id = "repair", .name = "repair", .to_outcome = true};
  r->alone = streams[0];
  r->alone.stages = &r->left;
  r->alone.n_stages = 1;
  r->both = model(streams, 2, &r->arena);
  r->one = model(&r->alone, 1, &r->arena);
  r->core = vsm_core_create(r->both);
  *state = r;
  return r->core ? 0 : -1;
}

static int teardown(void **state) {
  struct rig *r = *state;
  vsm_core_destroy(r->core);
  vsm_effects_fini(&r->fx);
  vsm_arena_fini(&r->arena);
  free(r);
  return 0;
}

static void take(struct rig *r, unsigned stream, int stage, enum vsm_lifecycle l, unsigned subject, const char *key,
                 const char *value, int64_t us) {
  struct vsm_attr attr = {vsm_str_of(key), vsm_str_of(value)};
  struct vsm_event e = rig_event(&streams[stream], stage, l, vsm_arena_printf(&r->arena, "%u", subject), us, &r->arena);
  e.attrs = &attr;
  e.n_attrs = 1;
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
}

static const char *numbered(struct rig *r, const char *what, unsigned n) {
  return vsm_arena_printf(&r->arena, "%s%u", what, n);
}

// The core that the bytes are of, in place of the one that wrote them; it must write the same.
static void restart(struct rig *r, const struct vsm_model *m) {
  struct vsm_str bytes = rig_save(r->core), again;
  struct vsm_core *core;
  assert_int_equal(rig_load(m, bytes, &core), 0);
  again = rig_save(core);
  assert_int_equal(again.n, bytes.n);
  assert_memory_equal(again.p, bytes.p, bytes.n);
  free((char *)again.p);
  free((char *)bytes.p);
  vsm_core_destroy(r->core);
  r->core = core;
}

static char *told(struct rig *r, const struct vsm_model *m) {
  char *text = NULL, *views = rig_print_core(r->core, m);
  size_t size, n;
  FILE *f = open_memstream(&text, &size);
  fputs(views, f);
  free(views);
  struct vsm_segment_view *rows;
  long n_rows =
      vsm_core_view_segments(r->core, &(struct vsm_segments_query){.stage = -1, .attribute = -1}, &r->arena, &rows);
  for (long i = 0; i < n_rows; i++)
    fprintf(f, "%.*s %llu\n", (int)rows[i].value.n, rows[i].value.p, (unsigned long long)rows[i].wip);
  const struct vsm_unmapped_view *unmapped = vsm_core_unmapped(r->core, &r->arena, &n);
  for (size_t i = 0; i < n; i++)
    fprintf(f, "%.*s %llu\n", (int)unmapped[i].type.n, unmapped[i].type.p, (unsigned long long)unmapped[i].count);
  const struct vsm_source_view *sources = vsm_core_sources(r->core, &r->arena, &n);
  for (size_t i = 0; i < n; i++)
    fprintf(f, "%.*s %llu %llu %f %llu %llu\n", (int)sources[i].source.n, sources[i].source.p,
            (unsigned long long)sources[i].counts.received, (unsigned long long)sources[i].counts.gaps,
            sources[i].delay_p95_seconds, (unsigned long long)sources[i].rate.recent,
            (unsigned long long)sources[i].rate.usual_milli);
  fclose(f);
  return text;
}

static void same_after_restart(struct rig *r, const struct vsm_model *m) {
  char *before = told(r, m);
  restart(r, m);
  char *after = told(r, m);
  assert_string_equal(after, before);
  free(before);
  free(after);
}

static void an_empty_core(void **state) {
  same_after_restart(*state, ((struct rig *)*state)->both);
}

static void later_values_stay_other(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < VSM_SEGMENT_VALUES_MAX + 10; i++) // the last ones come first in the order of items
    take(r, 0, 0, VSM_START, i, "area", "none", 1000);
  for (unsigned i = VSM_SEGMENT_VALUES_MAX + 10; i-- > 0;)
    take(r, 0, 0, VSM_COMPLETE, i, "area", numbered(r, "a", i), 2000);
  same_after_restart(r, r->both);
}

static uint64_t others(struct rig *r, long *n_values) {
  struct vsm_segment_view *rows;
  uint64_t wip = 0;
  *n_values = vsm_core_view_segments(r->core, &(struct vsm_segments_query){.stage = -1}, &r->arena, &rows);
  for (long i = 0; i < *n_values; i++)
    wip += vsm_str_eq(rows[i].value, VSM_STR("other")) ? rows[i].wip : 0;
  return wip;
}

// Where a model tells fewer values apart, also from then on; more again with one that does.
static void a_model_tells_fewer_values_apart(void **state) {
  struct rig *r = *state;
  long n;
  r->both->limits.segment_values = 3;
  assert_int_equal(vsm_core_configure(r->core, r->both), 0);
  for (unsigned i = 0; i < 8; i++)
    take(r, 0, 0, VSM_START, i, "area", numbered(r, "a", i), 1000);
  take(r, 0, 0, VSM_COMPLETE, 7, "area", "a7", 2000); // said again
  assert_int_equal(others(r, &n), 5);
  assert_int_equal(n, 4);
  struct vsm_filling f = vsm_core_filling(r->core, VSM_BOUNDED_SEGMENT_VALUES);
  assert_true(f.n == 3 && f.most == 3 && f.beyond == 5);
  same_after_restart(r, r->both);
  assert_int_equal(vsm_core_filling(r->core, VSM_BOUNDED_SEGMENT_VALUES).beyond, 0); // since this core began
  r->both->limits.segment_values = 2;
  assert_int_equal(vsm_core_configure(r->core, r->both), 0);
  assert_int_equal(others(r, &n), 6);
  same_after_restart(r, r->both);
  r->both->limits.segment_values = VSM_SEGMENT_VALUES_MAX;
  assert_int_equal(vsm_core_configure(r->core, r->both), 0);
  assert_int_equal(others(r, &n), 0);
  assert_int_equal(n, 8);
}

// Sealed in another order than they came in: they stay under what they were counted.
static void values_of_sealed_items_stay_apart(void **state) {
  struct rig *r = *state;
  const unsigned n = VSM_SEGMENT_VALUES_MAX + 10;
  r->one->items_keep_us = 5 * VSM_DAY_US;
  assert_int_equal(vsm_core_configure(r->core, r->one), 0);
  for (unsigned i = 0; i < n; i++)
    take(r, 0, 0, VSM_START, i, "area", numbered(r, "a", i), 1000);
  for (unsigned i = 0; i < n; i++)
    take(r, 0, 0, VSM_COMPLETE, n - 1 - i, "area", numbered(r, "a", n - 1 - i), (i + 1) * VSM_DAY_US);
  take(r, 0, 0, VSM_START, n, "area", "a0", 400 * VSM_DAY_US);
  assert_int_equal(vsm_core_items_held(r->core), 1);
  char *before = told(r, r->one);
  same_after_restart(r, r->one);
  assert_int_equal(vsm_core_configure(r->core, r->one), 0);
  char *after = told(r, r->one);
  assert_string_equal(after, before);
  same_after_restart(r, r->one);
  free(before);
  free(after);
}

static uint64_t other_reasons(struct rig *r) {
  struct vsm_stage_view v;
  uint64_t wip = 0;
  assert_int_equal(vsm_core_view_stage(r->core, 0, 0, &r->arena, &v), 0);
  for (unsigned i = 0; i < v.n_waits; i++)
    wip += vsm_str_eq(v.waits[i].reason, VSM_STR("other")) ? v.waits[i].wip : 0;
  return wip;
}

static void later_reasons_stay_other(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < VSM_WAITS_MAX + 10; i++)
    take(r, 0, 0, VSM_START, i, "reason", "", 1000);
  for (unsigned i = VSM_WAITS_MAX + 10; i-- > 0;)
    take(r, 0, 0, VSM_SUSPEND, i, "reason", numbered(r, "r", i), 2000);
  assert_int_equal(other_reasons(r), 10);
  restart(r, r->both);
  assert_int_equal(other_reasons(r), 10);
  take(r, 0, 0, VSM_RESUME, 3, "reason", "", 3000); // one of the last ten
  assert_int_equal(other_reasons(r), 9);
}

static void free_places_are_taken_again_in_the_same_order(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < 12; i++)
    take(r, 0, 0, VSM_START, i, "area", "x", 1000);
  for (unsigned i = 0; i < 12; i += 3) // 4 items of 12
    take(r, 0, 0, VSM_START, i, "link", numbered(r, "", (i + 7) % 12), 1000);
  struct vsm_core *was = NULL;
  struct vsm_str bytes = rig_save(r->core);
  assert_int_equal(rig_load(r->both, bytes, &was), 0);
  free((char *)bytes.p);
  for (int turn = 0; turn < 2; turn++) {
    for (unsigned i = 20; i < 30; i++)
      take(r, 0, 0, VSM_START, i, "area", "x", 1000);
    struct vsm_core *other = r->core;
    r->core = was;
    was = other;
  }
  struct vsm_str a = rig_save(r->core), b = rig_save(was);
  assert_true(vsm_str_eq(a, b));
  free((char *)a.p);
  free((char *)b.p);
  vsm_core_destroy(was);
}

static void what_sleeps_wakes(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < 5; i++) {
    take(r, 0, 1, VSM_START, i, "area", "x", 1000 + i);
    take(r, 1, 0, VSM_SUSPEND, i, "reason", "y", 1000 + i);
  }
  char *before = told(r, r->both);
  assert_int_equal(vsm_core_configure(r->core, r->one), 0);
  same_after_restart(r, r->one); // a stage and a stream are asleep
  assert_int_equal(vsm_core_configure(r->core, r->both), 0);
  char *after = told(r, r->both);
  assert_string_equal(after, before);
  free(before);
  free(after);
}

static void sequences_delays_and_what_was_not_taken(void **state) {
  struct rig *r = *state;
  for (unsigned i = 1; i < 50; i++) {
    struct vsm_event e = rig_event(&streams[0], 0, VSM_START, "1", 1000 + i, &r->arena);
    e.sequence = i * 3 % 50;
    e.epoch = 7;
    e.received.us += i * VSM_SECOND_US;
    if (i % 5 == 0)
      e.type = VSM_STR("nobody.knows");
    if (i % 7 == 0)
      e.subject = (struct vsm_str){0}; // no key
    assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  }
  same_after_restart(r, r->both);
  struct vsm_event e = rig_event(&streams[0], 0, VSM_START, "1", 9000, &r->arena);
  e.epoch = 7;
  e.sequence = 1;
  size_t n;
  uint64_t gaps = vsm_core_sources(r->core, &r->arena, &n)->counts.gaps;
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0); // which it still knows not to be missing
  assert_int_equal(vsm_core_sources(r->core, &r->arena, &n)->counts.gaps, gaps);
}

static void bytes_of_another_model_are_refused(void **state) {
  struct rig *r = *state;
  struct vsm_core *core;
  take(r, 0, 1, VSM_START, 1, "area", "x", 1000);
  struct vsm_str bytes = rig_save(r->core);
  assert_int_equal(rig_load(r->one, bytes, &core), VSM_EFORMAT);
  for (size_t n = 0; n < bytes.n; n++)
    assert_int_equal(rig_load(r->both, (struct vsm_str){bytes.p, n}, &core), VSM_EFORMAT);
  free((char *)bytes.p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(an_empty_core, setup, teardown),
      cmocka_unit_test_setup_teardown(later_values_stay_other, setup, teardown),
      cmocka_unit_test_setup_teardown(a_model_tells_fewer_values_apart, setup, teardown),
      cmocka_unit_test_setup_teardown(values_of_sealed_items_stay_apart, setup, teardown),
      cmocka_unit_test_setup_teardown(later_reasons_stay_other, setup, teardown),
      cmocka_unit_test_setup_teardown(free_places_are_taken_again_in_the_same_order, setup, teardown),
      cmocka_unit_test_setup_teardown(what_sleeps_wakes, setup, teardown),
      cmocka_unit_test_setup_teardown(sequences_delays_and_what_was_not_taken, setup, teardown),
      cmocka_unit_test_setup_teardown(bytes_of_another_model_are_refused, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
