// One log, cut into batches in several ways: with the event clock the same is told of it, and the same stands when it
// was read, wherever it was cut but between events of one now.
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "property/alerts.h"
#include "property/reference.h"

struct log {
  struct vsm_model model; // the scenario's first, with the event clock
  struct vsm_event *events;
  size_t n;
  bool *moves; // the event moves now, so that a batch may begin with it
};

static struct log read_log(const struct scenario *s, struct vsm_arena *arena) {
  struct log l = {.model = scenario_without_rules(s->models[0], s->rules_out, arena)};
  l.model.clock = VSM_CLOCK_EVENT;
  for (size_t i = 0; i < s->n_events; i++)
    if (!s->events[i].out) {
      REF_PUSH(arena, l.events, l.n, s->events[i].event);
      l.events[l.n - 1].received.us = s->events[i].us + s->events[i].delay_us;
    }
  l.moves = vsm_arena_zalloc(arena, l.n + 1);
  return l;
}

static void find_moves(struct log *l) {
  struct vsm_core *core = vsm_core_create(&l->model);
  struct vsm_effects fx = {0};
  for (size_t i = 0; core && i < l->n; i++) {
    int64_t before = vsm_core_now(core).us;
    l->moves[i] = vsm_core_step(core, &l->events[i], &fx) == 0 && vsm_core_now(core).us > before;
  }
  vsm_effects_fini(&fx);
  vsm_core_destroy(core);
}

enum { SAVES_PERCENT = 10 };

struct way {
  unsigned percent; // of the places where a batch may begin, so many are taken
  bool saves;       // at some of them the state is read again; what was told is not known then
  bool configures;  // at the end the same configuration comes once more, with which all is looked at
};

// What is told of the whole log, what stands then and what is over.
static char *play(const struct log *l, struct way way, struct vsm_arena *arena) {
  struct rig_random r = {.state = way.percent};
  void *k = keeper_core.create(&l->model, arena);
  char *text = NULL;
  size_t size = 0, from = 0;
  FILE *out = open_memstream(&text, &size);
  for (size_t i = 1; i <= l->n; i++) {
    if (i < l->n && (!l->moves[i] || !rig_chance(&r, way.percent)))
      continue;
    keeper_core.batch(k, l->events + from, i - from);
    from = i;
    if (way.saves && rig_chance(&r, SAVES_PERCENT))
      keeper_core.save(k);
  }
  alerts_core_look(k);
  if (way.configures)
    keeper_core.configure(k, &l->model);
  keeper_core.say(k, out);
  fclose(out);
  keeper_core.destroy(k);
  return text;
}

static const char *without_told(const char *text) {
  while (strncmp(text, "told ", 5) == 0)
    text = strchr(text, '\n') + 1;
  return text;
}

static bool same(const char *whole, const char *cut, struct way way) {
  if (way.saves || way.configures)
    return strcmp(without_told(whole), without_told(cut)) == 0;
  return strcmp(whole, cut) == 0;
}

unsigned alerts_split(FILE *out, const struct scenario *s) {
  static const struct way ways[] = {{.percent = 100}, {.percent = 40, .saves = true}, {.configures = true}};
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  struct log l = read_log(s, &arena);
  find_moves(&l);
  char *whole = play(&l, (struct way){0}, &arena);
  unsigned wrong = 0;
  for (unsigned i = 0; i < sizeof ways / sizeof *ways && !wrong; i++) {
    char *cut = play(&l, ways[i], &arena);
    wrong = !same(whole, cut, ways[i]);
    if (wrong)
      fprintf(out, "in one batch:\n%scut at %u of 100 places%s:\n%s", whole, ways[i].percent,
              ways[i].configures ? ", and configured" : "", cut);
    free(cut);
  }
  free(whole);
  vsm_arena_fini(&arena);
  return wrong;
}
