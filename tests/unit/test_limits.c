// The bounds of one item and of the core's tables: what is beyond is refused or summed up, counted, and breaks nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "core/intern.h"
#include "core/ledger.h"
#include "core/match.h"
#include "lib/rig.h"
#include "lib/rig_save.h"

enum { LONG_BYTES = 60000 }; // of a type; an event may have 64 KiB

static const struct vsm_stage stage = {.id = "repair", .name = "repair", .to_outcome = true};
static const struct vsm_stream stream = {.id = "S", .name = "S", .outcome = "done", .stages = &stage, .n_stages = 1};

// One rule: every event starts the stage, of the item {subject}, with the link {data.link}.
struct rig {
  struct vsm_arena arena;
  struct vsm_field subject, link;
  struct vsm_template link_template;
  struct vsm_rule rule;
  struct vsm_model model;
  struct vsm_core *core;
  struct vsm_effects fx;
  char type[LONG_BYTES];
};

static int setup(void **state) {
  struct rig *r = calloc(1, sizeof *r);
  vsm_arena_init(&r->arena, 0);
  r->subject = (struct vsm_field){VSM_F_SUBJECT, {0}};
  r->link = (struct vsm_field){VSM_F_DATA, VSM_STR("link")};
  r->link_template = (struct vsm_template){&r->link, 1};
  r->rule = (struct vsm_rule){.source = VSM_STR("*"),
                              .type = VSM_STR("opened"),
                              .lifecycle = VSM_START,
                              .item = {&r->subject, 1},
                              .links = &r->link_template,
                              .n_links = 1,
                              .creates = true,
                              .where = "test:1",
                              .line = 1};
  r->model = *rig_model(&stream, 1, &r->arena);
  r->model.rules = &r->rule;
  r->model.n_rules = 1;
  r->model.limits.sources = 10;
  r->model.limits.unmapped = 10;
  r->model.limits.rejected = 10;
  r->core = vsm_core_create(&r->model);
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

// link NULL: none
static enum vsm_result take(struct rig *r, const char *subject, const char *link, int64_t us) {
  struct vsm_attr attr = {VSM_STR("link"), vsm_str_of(link)};
  struct vsm_event e = {.source = VSM_STR("desk"),
                        .type = VSM_STR("opened"),
                        .subject = vsm_str_of(subject),
                        .attrs = &attr,
                        .n_attrs = 1,
                        .time_ns = rig_time_ns(us),
                        .received = {us}};
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  return r->fx.result;
}

static struct vsm_item_view item(struct rig *r, const char *key) {
  struct vsm_item_view v;
  uint64_t streams;
  assert_int_equal(vsm_core_item(r->core, -1, vsm_str_of(key), &r->arena, &v, &streams), 0);
  return v;
}

static uint64_t rejected(struct rig *r, enum vsm_reason reason) {
  size_t n;
  uint64_t count = 0;
  const struct vsm_rejected_view *rows = vsm_core_rejected(r->core, &r->arena, &n);
  for (size_t i = 0; i < n; i++)
    count += rows[i].reason == reason ? rows[i].count : 0;
  return count;
}

static void adds_up(struct rig *r) {
  struct vsm_ingest_view v = vsm_core_ingest(r->core);
  struct vsm_stream_view view;
  assert_int_equal(v.received, v.applied + v.duplicates + v.unmapped + v.ignored + v.rejected);
  assert_int_equal(vsm_core_view_stream(r->core, 0, &r->arena, &view), 0);
  assert_int_equal(rig_check_balances(stderr, &view), 0);
}

static const char *numbered(struct rig *r, const char *what, unsigned n) {
  return vsm_arena_printf(&r->arena, "%s%u", what, n);
}

static void an_item_has_32_keys(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < 40; i++)
    assert_int_equal(take(r, "shared", numbered(r, "k", i), 1000 + i), VSM_APPLIED);
  assert_int_equal(item(r, "shared").n_keys, VSM_LINKS_MAX);
  assert_int_equal(item(r, "k30").n_transitions, 40);
  assert_int_equal(rejected(r, VSM_R_LINK_REFUSED), 9);
  assert_int_equal(vsm_core_ingest(r->core).rejected, 0);
  adds_up(r);
}

static void a_refused_link_leaves_two_items(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < 20; i++) {
    take(r, "a", numbered(r, "a", i), 1000 + i);
    take(r, "b", numbered(r, "b", i), 2000 + i);
  }
  assert_int_equal(take(r, "a", "b", 5000), VSM_APPLIED);
  assert_int_equal(rejected(r, VSM_R_LINK_REFUSED), 1);
  assert_int_equal(item(r, "a").n_keys, 21);
  assert_int_equal(item(r, "a").n_transitions, 21);
  assert_int_equal(item(r, "b").n_transitions, 20);
  assert_int_equal(vsm_core_items_open(r->core), 2);
  adds_up(r);
}

static void an_item_has_4096_transitions(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < 4100; i++) {
    enum vsm_result expected = i < 4096 ? VSM_APPLIED : VSM_REJECTED;
    assert_int_equal(take(r, "busy", NULL, 1000 + i), expected);
  }
  assert_int_equal(r->fx.reason, VSM_R_LIMIT);
  assert_int_equal(take(r, "busy", NULL, 1000), VSM_DUPLICATE);
  assert_int_equal(item(r, "busy").n_transitions, 4096);
  assert_int_equal(rejected(r, VSM_R_LIMIT), 4);
  assert_int_equal(vsm_core_ingest(r->core).rejected, 4);
  adds_up(r);
}

// One that is open can be forgotten, though there is no room for its withdrawal.
static void an_item_with_4096_transitions_is_forgotten(void **state) {
  struct rig *r = *state;
  const struct vsm_str *keys;
  uint64_t streams;
  unsigned n, at;
  for (int i = 0; i < VSM_TRANSITIONS_MAX; i++)
    take(r, "long", "its link", VSM_DAY_US + i);
  assert_int_equal(vsm_core_withdraw(r->core, -1, VSM_STR("long"), &r->fx, &streams), VSM_ELIMIT);
  assert_int_equal(vsm_core_forget(r->core, -1, VSM_STR("its link"), &r->arena, &r->fx, &keys, &n, &at, &streams), 0);
  assert_int_equal(n, 2);
  assert_int_equal(vsm_core_items_held(r->core), 0);
  assert_int_equal(vsm_core_items_open(r->core), 0);
  struct vsm_stream_view view;
  assert_int_equal(vsm_core_view_stream(r->core, 0, &r->arena, &view), 0);
  assert_int_equal(view.windows[0].withdrawn, 1);
  adds_up(r);
}

static void items_too_long_together_stay_apart(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < 2100; i++) {
    take(r, "a", NULL, 1000 + i);
    take(r, "b", NULL, 1000 + i); // the same instants: together they would be as long as one
  }
  assert_int_equal(take(r, "a", "b", 1000), VSM_APPLIED);
  assert_int_equal(item(r, "b").n_transitions, 2100);
  for (unsigned i = 0; i < 2100; i++)
    take(r, "c", NULL, 9000 + i);
  take(r, "a", "c", 1000);
  assert_int_equal(rejected(r, VSM_R_LINK_REFUSED), 1);
  assert_int_equal(vsm_core_items_open(r->core), 2);
  adds_up(r);
}

static uint64_t beyond(struct rig *r, enum vsm_bounded what, uint64_t most) {
  struct vsm_filling f = vsm_core_filling(r->core, what);
  assert_int_equal(f.most, most);
  return f.beyond;
}

// A model may allow fewer; what an item has already it keeps.
static void a_model_allows_fewer_keys_and_transitions(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < 4; i++)
    assert_int_equal(take(r, "old", numbered(r, "k", i), 1000 + i), VSM_APPLIED);
  r->model.limits.keys = 3;
  r->model.limits.transitions = 2;
  assert_int_equal(vsm_core_configure(r->core, &r->model), 0);
  assert_true(item(r, "k3").n_keys == 5 && item(r, "old").n_transitions == 4);
  assert_int_equal(take(r, "old", "k4", 1003), VSM_DUPLICATE); // known, so it goes on; the link is refused
  assert_int_equal(take(r, "old", NULL, 2000), VSM_REJECTED);
  assert_non_null(strstr(r->fx.detail, "limits.transitions"));
  take(r, "new", "n1", 1000);
  take(r, "new", "n2", 1001);
  take(r, "new", "n3", 1001);
  assert_int_equal(item(r, "n2").n_keys, 3);
  take(r, "one", NULL, 3000);
  take(r, "one", "new", 3001); // together they would have too many keys
  take(r, "two", NULL, 3000);
  take(r, "three", NULL, 4000);
  take(r, "three", NULL, 4001);
  take(r, "two", "three", 3000); // and these too many transitions
  assert_int_equal(item(r, "two").n_transitions, 1);
  assert_int_equal(rejected(r, VSM_R_LINK_REFUSED), 4);
  assert_int_equal(beyond(r, VSM_BOUNDED_KEYS, 3), 3);
  assert_int_equal(beyond(r, VSM_BOUNDED_TRANSITIONS, 2), 2);
  adds_up(r);
}

static void a_key_has_256_bytes(void **state) {
  struct rig *r = *state;
  char key[VSM_KEY_MAX + 2];
  memset(key, 'k', sizeof key);
  key[VSM_KEY_MAX] = '\0';
  assert_int_equal(take(r, key, NULL, 1000), VSM_APPLIED);
  key[VSM_KEY_MAX] = 'k';
  key[VSM_KEY_MAX + 1] = '\0';
  assert_int_equal(take(r, key, NULL, 1001), VSM_REJECTED);
  assert_int_equal(r->fx.reason, VSM_R_KEY_TOO_LONG);
  assert_int_equal(take(r, "", NULL, 1002), VSM_REJECTED);
  assert_int_equal(r->fx.reason, VSM_R_MISSING_FIELD);
  assert_non_null(strstr(r->fx.detail, "subject"));
  adds_up(r);
}

// Beyond their limits, kinds and sources are counted together, and none is lost.
static void tables_are_bounded(void **state) {
  struct rig *r = *state;
  for (unsigned i = 0; i < 50; i++) {
    struct vsm_event e = {.source = vsm_str_of(numbered(r, "source", i)),
                          .type = vsm_str_of(numbered(r, "type", i)),
                          .time_ns = rig_time_ns(1000 + i)};
    assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
    assert_int_equal(r->fx.result, VSM_UNMAPPED);
    e.time_ns = 0;
    assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
    assert_int_equal(r->fx.reason, VSM_R_NO_TIME);
  }
  size_t n_sources, n_unmapped, n_rejected;
  const struct vsm_source_view *sources = vsm_core_sources(r->core, &r->arena, &n_sources);
  const struct vsm_unmapped_view *unmapped = vsm_core_unmapped(r->core, &r->arena, &n_unmapped);
  const struct vsm_rejected_view *rows = vsm_core_rejected(r->core, &r->arena, &n_rejected);
  assert_in_range(n_sources, 10, 11);
  assert_in_range(n_unmapped, 10, 11);
  assert_in_range(n_rejected, 10, 11);
  uint64_t by_source = 0, by_kind = 0, by_reason = 0;
  for (size_t i = 0; i < n_sources; i++)
    by_source += sources[i].counts.received;
  for (size_t i = 0; i < n_unmapped; i++)
    by_kind += unmapped[i].count;
  for (size_t i = 0; i < n_rejected; i++)
    by_reason += rows[i].count;
  assert_int_equal(by_source, 100);
  assert_int_equal(by_kind, 50);
  assert_int_equal(by_reason, 50);
  struct vsm_filling s = vsm_core_filling(r->core, VSM_BOUNDED_SOURCES);
  struct vsm_filling u = vsm_core_filling(r->core, VSM_BOUNDED_UNMAPPED);
  struct vsm_filling j = vsm_core_filling(r->core, VSM_BOUNDED_REJECTED);
  assert_true(s.n == n_sources && s.most == 10 && s.beyond == 80); // two events of each that came too late
  assert_true(u.n == n_unmapped && u.most == 10 && u.beyond == 40);
  assert_true(j.n == n_rejected && j.most == 10 && j.beyond == 40);
  adds_up(r);
}

// Where memory is short new items are refused; known ones go on, and the state says so from then on.
static void items_are_bounded_by_memory(void **state) {
  struct rig *r = *state;
  assert_int_equal(take(r, "one", NULL, 1000), VSM_APPLIED);
  assert_int_equal(take(r, "two", NULL, 1001), VSM_APPLIED);
  vsm_core_set_room(r->core, 2);
  struct vsm_str saved = rig_save(r->core);
  vsm_core_destroy(r->core);
  assert_int_equal(rig_load(&r->model, saved, &r->core), 0);
  free((char *)saved.p);
  assert_int_equal(vsm_core_room(r->core), 2);
  assert_int_equal(take(r, "three", NULL, 1002), VSM_REJECTED);
  assert_int_equal(r->fx.reason, VSM_R_LIMIT);
  assert_non_null(strstr(r->fx.detail, "limits.memory"));
  assert_int_equal(take(r, "one", NULL, 1003), VSM_APPLIED);
  assert_int_equal(vsm_core_without_memory(r->core), 1);
  assert_int_equal(vsm_core_filling(r->core, VSM_BOUNDED_ITEMS).beyond, 0);
  vsm_core_set_room(r->core, 0);
  assert_int_equal(take(r, "three", NULL, 1002), VSM_APPLIED);
  saved = rig_save(r->core);
  vsm_core_destroy(r->core);
  assert_int_equal(rig_load(&r->model, saved, &r->core), 0);
  free((char *)saved.p);
  assert_int_equal(vsm_core_room(r->core), 0);
  adds_up(r);
}

// A type of its own for each i; the text is the rig's until the next call.
static struct vsm_str long_type(struct rig *r, unsigned i) {
  memset(r->type, 't', LONG_BYTES);
  snprintf(r->type, 16, "type%u.", i);
  r->type[strlen(r->type)] = 't';
  return (struct vsm_str){r->type, LONG_BYTES};
}

static enum vsm_result take_long(struct rig *r, unsigned i) {
  struct vsm_event e = {.source = VSM_STR("desk"),
                        .type = long_type(r, i),
                        .subject = vsm_str_of(numbered(r, "s", i)),
                        .time_ns = rig_time_ns(1000 + i)};
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  return r->fx.result;
}

static struct vsm_str type_of(struct rig *r, unsigned i) {
  return item(r, numbered(r, "s", i)).transitions[0].type;
}

// Beyond the room for words, a story cannot tell the type any more; every event counts all the same.
// Two rules take the event: one is about an item that is closed, the other begins one. Another closed one makes room,
// if there is any.
static void an_event_does_not_push_out_its_own_item(void **state) {
  struct rig *r = *state;
  const struct vsm_template of_link = r->link_template;
  struct vsm_rule *rules = vsm_arena_zalloc(&r->arena, 3 * sizeof *rules);
  rules[0] = rules[1] = rules[2] = r->rule;
  rules[0].lifecycle = VSM_COMPLETE;
  rules[0].n_links = rules[1].n_links = rules[2].n_links = 0;
  rules[1].item = of_link;
  rules[2].type = VSM_STR("begun");
  r->model.rules = rules;
  r->model.n_rules = 3;
  r->model.limits.items = 3;
  assert_int_equal(vsm_core_configure(r->core, &r->model), 0);
  take(r, "first", NULL, VSM_DAY_US); // ends at once
  take(r, "second", NULL, VSM_DAY_US + 1);
  take(r, "third", NULL, VSM_DAY_US + 2);
  assert_int_equal(vsm_core_items_open(r->core), 0);
  assert_int_equal(take(r, "first", "begins", VSM_DAY_US + 3), VSM_APPLIED);
  assert_int_equal(vsm_core_items_held(r->core), 3);
  assert_int_equal(item(r, "first").n_transitions, 2);
  assert_false(vsm_core_knows(r->core, -1, VSM_STR("second")));
  take(r, "third", "begins", VSM_DAY_US + 4); // for it the first goes, which is closed
  assert_int_equal(vsm_core_items_held(r->core), 3);
  adds_up(r);
}

static void long_types_are_taken_beyond_the_room_for_words(void **state) {
  struct rig *r = *state;
  const unsigned n = VSM_INTERN_BYTES_MAX / LONG_BYTES + 10;
  r->rule.type = VSM_STR("*");
  for (unsigned i = 0; i < n; i++)
    assert_int_equal(take_long(r, i), VSM_APPLIED);
  for (unsigned i = 0; i < n; i++)
    assert_int_equal(take_long(r, i), VSM_DUPLICATE);
  assert_int_equal(vsm_core_items_open(r->core), n);
  assert_true(vsm_str_eq(type_of(r, 7), long_type(r, 7)));
  assert_int_equal(type_of(r, n - 1).n, 0);
  assert_int_equal(take(r, "short", NULL, 9000), VSM_APPLIED); // what is short still fits
  assert_true(vsm_str_eq(item(r, "short").transitions[0].type, VSM_STR("opened")));
  adds_up(r);
}

static void words_are_bounded_in_bytes(void **state) {
  struct rig *r = *state;
  struct vsm_intern in;
  uint32_t first = 0, id;
  unsigned n = 0;
  vsm_intern_init(&in);
  while ((id = vsm_intern(&in, (struct vsm_str[]){VSM_STR("desk"), long_type(r, n), VSM_STR("x:1")}, 3)) != 0) {
    first = first ? first : id;
    assert_in_range(++n, 1, VSM_INTERN_BYTES_MAX / LONG_BYTES);
  }
  assert_in_range(in.bytes, VSM_INTERN_BYTES_MAX - 2 * LONG_BYTES, VSM_INTERN_BYTES_MAX);
  assert_int_equal(vsm_intern(&in, (struct vsm_str[]){VSM_STR("desk"), long_type(r, 0), VSM_STR("x:1")}, 3), first);
  assert_int_not_equal(vsm_intern(&in, (struct vsm_str[]){VSM_STR("desk"), VSM_STR("short"), VSM_STR("x:1")}, 3), 0);
  vsm_intern_fini(&in);
}

static void kinds_are_bounded_in_bytes(void **state) {
  struct rig *r = *state;
  struct vsm_intern words;
  vsm_intern_init(&words);
  struct vsm_ledger *ledger = vsm_ledger_create(&r->model);
  struct vsm_matcher *m = vsm_matcher_create(&r->model, &words, ledger);
  unsigned forgotten = 0;
  size_t before = 0;
  for (unsigned i = 0; i < 3 * (VSM_KINDS_BYTES_MAX / LONG_BYTES); i++) {
    struct vsm_event e = {.source = VSM_STR("desk"), .type = i % 10 ? long_type(r, i) : VSM_STR("opened")};
    vsm_matcher_begin(m);
    const struct vsm_kind *k = vsm_matcher_kind(m, &e);
    assert_non_null(k);
    assert_true(vsm_str_eq(k->type, e.type));
    assert_int_equal(k->n, i % 10 ? 0 : 1); // by its one rule, also after all was forgotten
    assert_in_range(vsm_matcher_bytes(m), 1, VSM_KINDS_BYTES_MAX + 2 * LONG_BYTES);
    forgotten += vsm_matcher_bytes(m) < before;
    before = vsm_matcher_bytes(m);
  }
  assert_int_equal(forgotten, 2);
  vsm_matcher_destroy(m);
  vsm_ledger_destroy(ledger);
  vsm_intern_fini(&words);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(an_item_has_32_keys, setup, teardown),
      cmocka_unit_test_setup_teardown(a_refused_link_leaves_two_items, setup, teardown),
      cmocka_unit_test_setup_teardown(an_item_has_4096_transitions, setup, teardown),
      cmocka_unit_test_setup_teardown(an_item_with_4096_transitions_is_forgotten, setup, teardown),
      cmocka_unit_test_setup_teardown(items_too_long_together_stay_apart, setup, teardown),
      cmocka_unit_test_setup_teardown(a_model_allows_fewer_keys_and_transitions, setup, teardown),
      cmocka_unit_test_setup_teardown(a_key_has_256_bytes, setup, teardown),
      cmocka_unit_test_setup_teardown(tables_are_bounded, setup, teardown),
      cmocka_unit_test_setup_teardown(items_are_bounded_by_memory, setup, teardown),
      cmocka_unit_test_setup_teardown(an_event_does_not_push_out_its_own_item, setup, teardown),
      cmocka_unit_test_setup_teardown(long_types_are_taken_beyond_the_room_for_words, setup, teardown),
      cmocka_unit_test_setup_teardown(words_are_bounded_in_bytes, setup, teardown),
      cmocka_unit_test_setup_teardown(kinds_are_bounded_in_bytes, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
