#include "core/moved.h"

#include <stdbool.h>
#include <stdlib.h>

#include "tests/lib/test.h"

enum { PLACES = 40, STEPS = 30000 };

// A set of items as the core holds them, as far as their moves go: each is open or not, and last moved at some time.
struct rig {
  struct vsm_intern words;
  struct vsm_items items;
  struct vsm_graph *graph;
  struct vsm_moved moved;
  int64_t last[PLACES]; // of the open ones; 0: not open
  size_t n_open;
};

static void begin(struct rig *r) {
  static const struct vsm_stage stages[] = {{.id = "a", .name = "A", .to_outcome = true}};
  static const struct vsm_stream stream = {.id = "S", .stages = stages, .n_stages = 1};
  *r = (struct rig){.graph = vsm_graph_create(&stream)};
  vsm_intern_init(&r->words);
  vsm_items_init(&r->items, &r->words);
}

static void end(struct rig *r) {
  vsm_moved_fini(&r->moved);
  vsm_items_fini(&r->items);
  vsm_intern_fini(&r->words);
  free(r->graph);
}

static void move(struct rig *r, uint32_t id, int64_t us) {
  struct vsm_item *it = vsm_items_at(&r->items, id);
  bool opens = !it->open;
  vsm_item_insert(it, it->n, vsm_pack(us, 0, VSM_START), 0, 0);
  it->open = true;
  r->last[id] = us;
  r->n_open += opens;
  if (opens)
    vsm_moved_opened(&r->moved, id, us);
}

// Closed ones are let go of at once, so that their places are taken by others.
static void close(struct rig *r, uint32_t id) {
  vsm_items_let_go(&r->items, id);
  r->last[id] = 0;
  r->n_open--;
}

// Every open item once, by its last move, and nothing else.
static void assert_order(struct rig *r) {
  size_t seen = 0;
  struct vsm_rank at = {0}, before = {0};
  enum vsm_moved_found found;
  while ((found = vsm_moved_look(&r->moved, &r->items, r->graph, at, &at)) != VSM_MOVED_END) {
    if (found == VSM_MOVED_RIGHT) {
      assert_true(at.us > before.us || (at.us == before.us && at.id > before.id));
      assert_true(r->last[at.id] == at.us);
      before = at;
      seen++;
    }
    at = vsm_moved_behind(at);
  }
  assert_int_equal(seen, r->n_open);
}

static void run(uint64_t seed, unsigned looks_in) {
  struct rig r;
  begin(&r);
  for (int64_t now = 1; now <= STEPS; now++) {
    uint32_t id = (uint32_t)test_below(&seed, PLACES);
    bool is_open = id < r.items.n && vsm_items_at(&r.items, id)->open;
    if (is_open && (vsm_items_at(&r.items, id)->n > 20 || test_below(&seed, 4) == 0))
      close(&r, id);
    else if (is_open)
      move(&r, id, 1 + now / 3); // several at one time
    else if (r.n_open < PLACES)
      move(&r, vsm_items_place(&r.items), 1 + now / 3);
    vsm_moved_tidy(&r.moved, &r.items, r.graph, r.n_open);
    assert_true(r.moved.ranks.count < 2000);
    if (looks_in && now % looks_in == 0)
      assert_order(&r);
  }
  assert_order(&r);
  end(&r);
}

static void test_order_holds_whoever_looks(void **state) {
  (void)state;
  run(1, 7);
  run(2, 1000);
}

// Items that close leave entries: they are found even where nobody ever asks for the order.
static void test_entries_are_bounded(void **state) {
  (void)state;
  run(3, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order_holds_whoever_looks),
      cmocka_unit_test(test_entries_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
