// Ten years of a stream whose closed items are held for two months: what it counts is what was told, and its memory is
// what it was after the first year. Each item has dates of its own, so that words come and go as well.
#include <stdlib.h>
#include <string.h>

#include "lib/in_use.h"
#include "lib/rig_save.h"
#include "lib/rig.h"

enum { DAYS = 3650, ITEMS_A_DAY = 20, KEEP_DAYS = 60, OPEN_EVERY = 400, DAYS_LATE = 30 };
#define T0 (INT64_C(19000) * VSM_DAY_US)

static const uint16_t after_check[] = {1};
static struct vsm_stage stages[] = {{.id = "check", .name = "check", .next = after_check, .n_next = 1},
                                    {.id = "build", .name = "build", .to_outcome = true}};
static const struct vsm_window windows[] = {{"7d", 7 * VSM_DAY_US}, {"28d", 28 * VSM_DAY_US}};
static const char *const segments[] = {"lot"};
static struct vsm_stream stream = {.id = "S",
                                   .name = "S",
                                   .outcome = "done",
                                   .stages = stages,
                                   .n_stages = 2,
                                   .windows = windows,
                                   .n_windows = 2,
                                   .segments = segments,
                                   .n_segments = 1};

static struct vsm_template field(const char *name, struct vsm_arena *arena) {
  struct vsm_field *f = vsm_arena_zalloc(arena, sizeof *f);
  *f = (struct vsm_field){.kind = VSM_F_DATA, .text = vsm_str_of(name)};
  return (struct vsm_template){f, 1};
}

static struct vsm_model *make_model(struct vsm_arena *arena) {
  struct vsm_model *m = rig_model(&stream, 1, arena);
  struct vsm_rule *rules = (struct vsm_rule *)m->rules;
  for (unsigned i = 0; i < m->n_rules; i++) {
    struct vsm_template *values = vsm_arena_zalloc(arena, sizeof *values);
    *values = field("lot", arena);
    rules[i].segments = values;
    rules[i].due = field("due", arena);
  }
  m->items_keep_us = KEEP_DAYS * VSM_DAY_US;
  return m;
}

struct years {
  struct vsm_model *model;
  struct vsm_core *core;
  struct vsm_effects fx;
  uint64_t finished, started;
  unsigned wrong;
};

static void tell(struct years *y, unsigned item, int stage, enum vsm_lifecycle l, int64_t us) {
  struct vsm_arena arena;
  char subject[32], due[32], lot[32];
  vsm_arena_init(&arena, 0);
  snprintf(subject, sizeof subject, "item-%u", item);
  snprintf(due, sizeof due, "%lld", (long long)(T0 / VSM_SECOND_US + item * 61));
  snprintf(lot, sizeof lot, "%u", item % 5);
  struct vsm_attr attrs[] = {{VSM_STR("due"), vsm_str_of(due)}, {VSM_STR("lot"), vsm_str_of(lot)}};
  struct vsm_event e = rig_event(&stream, stage, l, subject, us, &arena);
  e.attrs = attrs;
  e.n_attrs = 2;
  if (vsm_core_step(y->core, &e, &y->fx) != 0 || y->fx.result != VSM_APPLIED) {
    printf("item %u: %s %s\n", item, vsm_result_name(y->fx.result), y->fx.detail);
    y->wrong++;
  }
  vsm_arena_fini(&arena);
}

// Some of the day's items wait for a month, and one in a while for ever.
static void live_a_day(struct years *y, unsigned day) {
  int64_t now = T0 + day * VSM_DAY_US;
  for (unsigned i = 0; i < ITEMS_A_DAY; i++) {
    unsigned item = day * ITEMS_A_DAY + i;
    int64_t us = now + i * VSM_MINUTE_US;
    tell(y, item, 0, VSM_START, us);
    y->started++;
    if (item % OPEN_EVERY == 0)
      continue;
    tell(y, item, 1, VSM_START, us + VSM_HOUR_US);
    if (day >= DAYS_LATE) {
      unsigned older = item - DAYS_LATE * ITEMS_A_DAY;
      if (older % OPEN_EVERY != 0) {
        tell(y, older, 1, VSM_COMPLETE, us + 2 * VSM_HOUR_US);
        y->finished++;
      }
    }
  }
}

static void expect(struct years *y, unsigned day, const char *what, uint64_t wanted, uint64_t got) {
  if (wanted == got)
    return;
  printf("day %u: %s %llu, not %llu\n", day, what, (unsigned long long)got, (unsigned long long)wanted);
  y->wrong++;
}

static void look(struct years *y, unsigned day) {
  struct vsm_arena arena;
  struct vsm_stream_view v;
  vsm_arena_init(&arena, 0);
  vsm_core_view_stream(y->core, 0, &arena, &v);
  expect(y, day, "started", y->started, v.windows[0].started);
  expect(y, day, "finished", y->finished, v.windows[0].finished);
  expect(y, day, "lead times", y->finished, v.windows[0].lead_time.count);
  expect(y, day, "wip", y->started - y->finished, v.wip);
  expect(y, day, "completed checks", y->started - (y->started + OPEN_EVERY - 1) / OPEN_EVERY,
         v.stages[0].windows[0].completed);
  // Open ones, and what was closed up to a day more than so long ago.
  uint64_t held = vsm_core_items_held(y->core), most = v.wip + (KEEP_DAYS + 2) * ITEMS_A_DAY;
  expect(y, day, "few items are held", 1, held <= most);
  vsm_arena_fini(&arena);
}

static void save_and_load(struct years *y) {
  struct vsm_str bytes = rig_save(y->core);
  vsm_core_destroy(y->core);
  if (rig_load(y->model, bytes, &y->core) != 0) {
    printf("what was saved cannot be read\n");
    exit(1);
  }
  free((char *)bytes.p);
}

int main(void) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  struct years y = {.model = make_model(&arena), .fx = {.quiet = true}};
  y.core = vsm_core_create(y.model);
  size_t before = test_bytes_in_use(), after_two = 0, most = 0;
  uint64_t open_after_two = 0;
  for (unsigned day = 0; day < DAYS && !y.wrong; day++) {
    live_a_day(&y, day);
    if (day % 365 != 364)
      continue;
    look(&y, day);
    size_t now = test_bytes_in_use() - before;
    if (day < 2 * 365) {
      after_two = now;
      open_after_two = y.started - y.finished;
    }
    // Those that are open for ever are held for ever: what an item takes, at most, is theirs.
    size_t theirs = (size_t)(y.started - y.finished - open_after_two) * 600;
    most = day >= 2 * 365 && now - theirs > most ? now - theirs : most;
    if (day == 5 * 365 - 1)
      save_and_load(&y);
  }
  printf("%llu items: %zu kB after two years, %zu kB at most after ten, less what stayed open\n",
         (unsigned long long)y.started, after_two >> 10, most >> 10);
  if (most > after_two + after_two / 10) {
    printf("memory grows\n");
    y.wrong++;
  }
  vsm_core_destroy(y.core);
  vsm_effects_fini(&y.fx);
  vsm_arena_fini(&arena);
  return y.wrong ? 1 : 0;
}
