// Rounds of random events, each of items of its own and all later than the one before. A core that seals what has been
// closed for longer than a round must say of every figure what one says that holds everything for ever; it is written
// as bytes and read again on the way, and takes a model anew. VSM_SEED=N runs that seed alone.
#include <stdlib.h>
#include <string.h>

#include "lib/rig_save.h"
#include "property/scenario.h"

enum { SEEDS = 250, ROUNDS = 4, ATTRS_MAX = 8 };
#define PAUSE_US (3 * VSM_DAY_US)

struct both {
  const struct vsm_model *seals, *holds;
  struct vsm_core *sealing, *holding;
  struct vsm_arena *arena;
  uint64_t sealed; // items
  unsigned wrong;
};

static struct vsm_str in_round(struct both *b, struct vsm_str text, unsigned round) {
  return text.n ? vsm_str_of(vsm_arena_printf(b->arena, "%u-%.*s", round, (int)text.n, text.p)) : text;
}

// The same event, later, and of an item of this round.
static struct vsm_event event_of(struct both *b, const struct scenario_event *x, unsigned round, int64_t later_us) {
  struct vsm_event e = x->event;
  struct vsm_attr *attrs = vsm_arena_alloc(b->arena, (e.n_attrs + 1) * sizeof *attrs);
  for (uint32_t i = 0; i < e.n_attrs; i++) {
    bool names = vsm_str_eq(e.attrs[i].key, VSM_STR("alt")) || vsm_str_eq(e.attrs[i].key, VSM_STR("link"));
    attrs[i] = (struct vsm_attr){e.attrs[i].key, names ? in_round(b, e.attrs[i].value, round) : e.attrs[i].value};
  }
  e.attrs = attrs;
  e.subject = in_round(b, e.subject, round);
  e.time_ns = rig_time_ns(x->us + later_us);
  e.sequence = 0;
  return e;
}

static void print_series(FILE *out, struct vsm_core *core, const struct vsm_model *model, struct vsm_arena *arena) {
  int64_t now = vsm_core_now(core).us, bounds[31];
  for (int i = 0; i < 31; i++)
    bounds[i] = now - now % VSM_DAY_US - (30 - i) * VSM_DAY_US;
  if (bounds[0] < 0)
    return;
  for (unsigned s = 0; s < model->n_streams; s++)
    for (int stage = -1; stage < (int)model->streams[s].n_stages; stage++) {
      struct vsm_series_picture p;
      struct vsm_series_query q = {.stream = s, .stage = stage, .window = -1, .bounds = bounds, .n_bounds = 31};
      if (vsm_core_view_series(core, &q, arena, &p) != 0)
        continue;
      for (size_t i = 0; i < p.n; i++)
        fprintf(out, "%u/%d %zu: %llu %llu %llu %llu %g %g\n", s, stage, i, (unsigned long long)p.panes[i].arrivals,
                (unsigned long long)p.panes[i].departures, (unsigned long long)p.panes[i].completed,
                (unsigned long long)p.panes[i].wip, p.panes[i].cycle_time_p50, p.panes[i].cycle_time_mean);
    }
}

// All but how many items are held.
static char *say(struct both *b, struct vsm_core *core, const struct vsm_model *model) {
  char *text = NULL, *figures = rig_print_core(core, model);
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  fputs(strchr(figures, '\n'), out);
  print_series(out, core, model, b->arena);
  fclose(out);
  free(figures);
  return text;
}

static void complain(struct both *b, const char *what) {
  printf("%s\n", what);
  b->wrong++;
}

static void compare(struct both *b) {
  char *seals = say(b, b->sealing, b->seals), *holds = say(b, b->holding, b->holds);
  size_t i = 0;
  while (seals[i] && seals[i] == holds[i])
    i++;
  if (seals[i] || holds[i]) {
    while (i > 0 && seals[i - 1] != '\n')
      i--;
    printf("holding %.*s\nsealing %.*s\n", (int)strcspn(holds + i, "\n"), holds + i, (int)strcspn(seals + i, "\n"),
           seals + i);
    complain(b, "the figures differ");
  }
  b->sealed += vsm_core_items_held(b->holding) - vsm_core_items_held(b->sealing);
  free(seals);
  free(holds);
}

static void save_and_load(struct both *b) {
  struct vsm_str bytes = rig_save(b->sealing), twice;
  vsm_core_destroy(b->sealing);
  if (rig_load(b->seals, bytes, &b->sealing) != 0) {
    complain(b, "what was saved cannot be read");
    b->sealing = vsm_core_create(b->seals);
  }
  twice = rig_save(b->sealing);
  if (!vsm_str_eq(bytes, twice))
    complain(b, "what was read is saved as other bytes");
  free((char *)bytes.p);
  free((char *)twice.p);
}

static void run_round(struct both *b, const struct scenario *s, unsigned round, int64_t later_us) {
  struct vsm_effects fx = {.quiet = true};
  for (size_t i = 0; i < s->n_events; i++) {
    struct vsm_event e = event_of(b, &s->events[i], round, later_us);
    vsm_core_step(b->sealing, &e, &fx);
    enum vsm_reason sealing = fx.reason;
    vsm_core_step(b->holding, &e, &fx);
    if (sealing != fx.reason)
      complain(b, "an event is refused by one of them, or for another reason");
  }
  vsm_effects_fini(&fx);
}

static void run(struct both *b, const struct scenario *s, int64_t length_us) {
  b->sealing = vsm_core_create(b->seals);
  b->holding = vsm_core_create(b->holds);
  for (unsigned round = 0; round < ROUNDS && !b->wrong; round++) {
    run_round(b, s, round, round * length_us);
    compare(b);
    if (round % 2 == 1)
      save_and_load(b);
    else if (vsm_core_configure(b->sealing, b->seals) != 0)
      complain(b, "the model is not taken again");
    compare(b);
  }
  vsm_core_destroy(b->sealing);
  vsm_core_destroy(b->holding);
}

// False: its times leave no room for rounds.
static bool run_seed(uint64_t seed, uint64_t *sealed, unsigned *wrong) {
  struct rig_random r = {.state = seed};
  struct vsm_arena arena;
  struct scenario s = {0};
  vsm_arena_init(&arena, 0);
  scenario_make(&s, &r, &r, false, 1, &arena);
  int64_t first = INT64_MAX, last = 0;
  for (size_t i = 0; i < s.n_events; i++) {
    first = s.events[i].us < first ? s.events[i].us : first;
    last = s.events[i].us > last ? s.events[i].us : last;
  }
  int64_t span = s.n_events ? last - first : 0, length = span + PAUSE_US;
  bool fits = last + ROUNDS * length < VSM_TIME_MAX;
  if (fits) {
    if (rig_chance(&r, 30))
      s.models[0]->limits.segment_values = 1 + rig_below(&r, 3);
    struct vsm_model seals = *s.models[0];
    seals.items_keep_us = span + VSM_DAY_US;
    struct both b = {.seals = &seals, .holds = s.models[0], .arena = &arena};
    run(&b, &s, length);
    *sealed += b.sealed;
    *wrong += b.wrong;
  }
  vsm_arena_fini(&arena);
  return fits;
}

int main(void) {
  const char *one = getenv("VSM_SEED");
  uint64_t sealed = 0;
  unsigned n = 0, wrong = 0;
  for (uint64_t seed = one ? strtoull(one, NULL, 10) : 1; seed <= SEEDS || one; seed++) {
    n += run_seed(seed, &sealed, &wrong);
    if (wrong)
      printf("seed %llu\n", (unsigned long long)seed);
    if (one || wrong)
      break;
  }
  printf("%u logs of %d rounds, %llu items were not held any more when they were compared\n", n, ROUNDS,
         (unsigned long long)sealed);
  return wrong || (!one && sealed == 0) ? 1 : 0;
}
