// Runs a scenario through the core in several orders. The first comes live: each event is received when it happened or
// some time later, balances are checked after each, the reference is asked now and then. The others come shuffled,
// backwards, or in batches that are announced, and the core is written as bytes and read again now and then. At the end
// each must say what the reference says, and all of them the same, byte for byte.
#include "property/scenario_check.h"

#include <stdlib.h>
#include <string.h>

enum order { LIVE, SHUFFLED, BACKWARDS, SHUFFLED_AGAIN, ORDERS };

struct run {
  const struct scenario *s;
  enum order order;
  struct vsm_model models[SCENARIO_MODELS_MAX]; // without the rules left out
  struct scenario_event *log;                   // as it comes
  size_t n;
  struct check c;
  struct watch *watch; // while it comes live
};

static bool wall(const struct run *r) {
  return r->s->models[0]->clock == VSM_CLOCK_WALL;
}

// ---- The log in its order

struct vsm_model scenario_without_rules(const struct vsm_model *from, const bool *out, struct vsm_arena *arena) {
  struct vsm_model m = *from;
  struct vsm_rule *rules = vsm_arena_zalloc(arena, (from->n_rules + 1) * sizeof *rules);
  m.n_rules = 0;
  for (unsigned i = 0; i < from->n_rules; i++)
    if (!out[from->rules[i].line])
      rules[m.n_rules++] = from->rules[i];
  m.rules = rules;
  return m;
}

static uint64_t rank(const struct scenario_event *x, enum order order) {
  struct rig_random r = {.state = x->number * 31 + order};
  switch (order) {
  case LIVE:
    return (uint64_t)(x->us + x->delay_us);
  case BACKWARDS:
    return UINT64_MAX - (uint64_t)x->us;
  case SHUFFLED:
  case SHUFFLED_AGAIN:
  case ORDERS:
    break;
  }
  return rig_next(&r);
}

static bool comes_after(const struct scenario_event *a, const struct scenario_event *b, enum order order) {
  if (a->model != b->model)
    return a->model > b->model;
  uint64_t ra = rank(a, order), rb = rank(b, order);
  return ra != rb ? ra > rb : a->number > b->number;
}

static void put_in_order(struct run *r) {
  r->log = vsm_arena_zalloc(r->c.arena, (r->s->n_events + 1) * sizeof *r->log);
  for (size_t i = 0; i < r->s->n_events; i++) {
    if (r->s->events[i].out)
      continue;
    size_t at = r->n++;
    for (; at > 0 && comes_after(&r->log[at - 1], &r->s->events[i], r->order); at--)
      r->log[at] = r->log[at - 1];
    r->log[at] = r->s->events[i];
  }
  int64_t received = 0;
  for (size_t i = 0; i < r->n; i++) {
    int64_t at = r->order == LIVE ? r->log[i].us + r->log[i].delay_us : r->s->end_us - (int64_t)(r->n - i);
    if (at > r->s->end_us)
      at = r->s->end_us;
    if (at > received)
      received = at;
    r->log[i].event.received.us = received;
  }
}

// ---- One run

enum { STEPS_MAX = 3 }; // of time, one by one; then at once to the end

// As the shell does: the steps that are due, each at its own time.
static void advance(struct run *r, int64_t us) {
  if (!wall(r))
    return;
  struct vsm_time due = vsm_core_deadline(r->c.core);
  for (int i = 0; r->order == LIVE && i < STEPS_MAX && due.us <= us; i++) {
    vsm_core_advance(r->c.core, due);
    struct vsm_time next = vsm_core_deadline(r->c.core);
    check_equal(&r->c, "time", "a step taken is not due again", 1, next.us > due.us);
    due = next;
  }
  vsm_core_advance(r->c.core, (struct vsm_time){us});
  ref_advance(r->c.ref, (struct vsm_time){us});
  if (r->order == SHUFFLED)
    vsm_core_advance(r->c.core, (struct vsm_time){us / 2}); // time does not go back
}

static void configure(struct run *r, unsigned model) {
  check_equal(&r->c, "configure", "error", 0, vsm_core_configure(r->c.core, &r->models[model]));
  ref_configure(r->c.ref, &r->models[model]);
  if (r->watch)
    watch_forget(r->watch);
}

static void look_live(struct run *r, const struct vsm_model *model, const struct scenario_event *x) {
  if (r->n < 50 || x->number % 16 == 0)
    check_balances(&r->c, model);
  if (r->n < 30)
    watch_look(r->watch, &r->c, model);
  if (x->number % 19 == 0)
    check_all(&r->c, model);
}

static void run_log(struct run *r) {
  struct vsm_effects fx = {0};
  unsigned model = 0;
  for (size_t i = 0; i < r->n && !r->c.wrong; i++) {
    while (model < r->log[i].model)
      configure(r, ++model);
    advance(r, r->log[i].event.received.us);
    check_step(&r->c, &r->models[model], &r->log[i].event, &fx);
    if (r->order == LIVE)
      look_live(r, &r->models[model], &r->log[i]);
    if (r->order != LIVE && r->log[i].number % 13 == r->order)
      check_saved(&r->c, &r->models[model], r->log[i].number);
    if (r->c.wrong)
      fprintf(r->c.out, "after event %zu of %zu\n", i + 1, r->n);
  }
  while (model + 1 < r->s->n_models)
    configure(r, ++model);
  advance(r, r->s->end_us);
  if (r->order == LIVE && r->n < 30 && !r->c.wrong)
    watch_look(r->watch, &r->c, &r->models[model]);
  vsm_effects_fini(&fx);
}

// Items in the order of the keys by which they are shown.
static int cmp_shown(const void *a, const void *b) {
  return strcmp(((const struct ref_item *)a)->shown, ((const struct ref_item *)b)->shown);
}

static char *print_all(struct run *r, const struct vsm_model *model) {
  char *text = NULL, *view = rig_print_core(r->c.core, model);
  size_t size = 0, n;
  FILE *out = open_memstream(&text, &size);
  fputs(view, out);
  free(view);
  for (unsigned s = 0; s < model->n_streams; s++) {
    struct ref_item *items = ref_items(r->c.ref, s, &n);
    if (n)
      qsort(items, n, sizeof *items, cmp_shown);
    for (size_t i = 0; i < n; i++) {
      struct vsm_item_view v;
      uint64_t streams;
      if (vsm_core_item(r->c.core, (int)s, vsm_str_of(items[i].shown), r->c.arena, &v, &streams) == 0)
        rig_print_item(out, &v);
    }
  }
  fclose(out);
  return text;
}

// Returns all that the core says at the end, owned by the caller.
static char *run_in(FILE *out, const struct scenario *s, enum order order, unsigned *wrong) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  struct run r = {.s = s, .order = order, .c = {.out = out, .arena = &arena}};
  for (unsigned i = 0; i < s->n_models; i++)
    r.models[i] = scenario_without_rules(s->models[i], s->rules_out, &arena);
  put_in_order(&r);
  r.c.core = vsm_core_create(&r.models[0]);
  r.c.ref = ref_create(&r.models[0], &arena);
  r.watch = order == LIVE ? watch_create() : NULL;
  run_log(&r);
  const struct vsm_model *last = &r.models[s->n_models - 1];
  if (!r.c.wrong)
    check_all(&r.c, last);
  if (!r.c.wrong)
    check_balances(&r.c, last);
  char *text = print_all(&r, last);
  watch_destroy(r.watch);
  vsm_core_destroy(r.c.core);
  vsm_arena_fini(&arena);
  *wrong += r.c.wrong;
  return text;
}

// The first lines that differ.
static void print_difference(FILE *out, const char *live, const char *now) {
  while (*live) {
    size_t n = strcspn(live, "\n"), m = strcspn(now, "\n");
    if (n != m || memcmp(live, now, n) != 0) {
      fprintf(out, "not what the core says of the log live:\n  live %.*s\n  now  %.*s\n", (int)n, live, (int)m, now);
      return;
    }
    live += n + (live[n] == '\n');
    now += m + (now[m] == '\n');
  }
}

unsigned scenario_run(FILE *out, const struct scenario *s) {
  static const char *const names[] = {"live", "shuffled", "backwards", "shuffled again, in batches"};
  unsigned wrong = 0;
  char *first = NULL;
  for (enum order order = LIVE; order < ORDERS && !wrong; order++) {
    char *text = run_in(out, s, order, &wrong);
    if (!wrong && first && !s->order_matters && strcmp(first, text) != 0) {
      print_difference(out, first, text);
      wrong++;
    }
    if (wrong)
      fprintf(out, "in the order: %s\n", names[order]);
    if (first)
      free(text);
    else
      first = text;
  }
  free(first);
  return wrong;
}

// ---- Smaller

static bool fails(const struct scenario *s, scenario_runs *run) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  bool failed = run(out, s) > 0;
  fclose(out);
  free(text);
  return failed;
}

// Leaves out `n` events from one on, where it fails without them too.
static bool leave_out(struct scenario *s, scenario_runs *run, size_t from, size_t n) {
  bool changed = false, *before = malloc(s->n_events * sizeof *before);
  for (size_t i = 0; i < s->n_events; i++) {
    before[i] = s->events[i].out;
    if (i >= from && i < from + n && !s->events[i].out)
      changed = s->events[i].out = true;
  }
  if (changed && !fails(s, run)) {
    for (size_t i = 0; i < s->n_events; i++)
      s->events[i].out = before[i];
    changed = false;
  }
  free(before);
  return changed;
}

void scenario_shrink(struct scenario *s) {
  scenario_shrink_by(s, scenario_run);
}

void scenario_shrink_by(struct scenario *s, scenario_runs *run) {
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t chunk = s->n_events; chunk > 0; chunk /= 2)
      for (size_t from = 0; from < s->n_events; from += chunk)
        changed = leave_out(s, run, from, chunk) || changed;
  }
  for (unsigned line = 1; line <= s->n_lines; line++) {
    s->rules_out[line] = true;
    if (!fails(s, run))
      s->rules_out[line] = false;
  }
}
