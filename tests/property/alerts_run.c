// Runs a log through virtual time. A script of steps is made of it: batches of events as they are received, orders,
// starts, another configuration, and what is saved and read again. Between two steps time passes. The script is played
// to the core and to the reference, which must say the same after each step; and to the core again with each batch
// shuffled and the time between two steps split into smaller pieces.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "property/alerts.h"
#include "property/reference.h"

bool alerts_trace;

enum step_kind { EVENTS, ALIVE, START, CONFIGURE, WITHDRAW, FORGET, SILENCE, END_SILENCE, ACKNOWLEDGE, SAVE, NOTHING };

struct step {
  enum step_kind kind;
  int64_t at;
  struct vsm_event *events;
  size_t n;
  uint64_t number; // for what is random in it
  unsigned model, stream;
  const char *text; // source, key or id
  struct vsm_silence_view silence;
  uint64_t id;
  bool lost;
};

struct script {
  const struct scenario *s;
  struct vsm_model models[SCENARIO_MODELS_MAX];
  struct step *steps;
  size_t n;
  struct vsm_arena *arena;
};

// ---- The script

static int64_t received(const struct scenario_event *x) {
  return x->us + x->delay_us;
}

static bool comes_after(const struct scenario_event *a, const struct scenario_event *b) {
  if (a->model != b->model)
    return a->model > b->model;
  int64_t x = received(a), y = received(b);
  return x != y ? x > y : a->number > b->number;
}

static struct scenario_event *in_order(struct script *c, size_t *n) {
  struct scenario_event *log = vsm_arena_zalloc(c->arena, (c->s->n_events + 1) * sizeof *log);
  *n = 0;
  for (size_t i = 0; i < c->s->n_events; i++) {
    if (c->s->events[i].out)
      continue;
    size_t at = (*n)++;
    for (; at > 0 && comes_after(&log[at - 1], &c->s->events[i]); at--)
      log[at] = log[at - 1];
    log[at] = c->s->events[i];
  }
  return log;
}

static const char *key_of(struct script *c, struct rig_random *r) {
  const struct scenario_event *x = &c->s->events[rig_below(r, (unsigned)c->s->n_events)];
  return vsm_arena_printf(c->arena, "%s%.*s", rig_chance(r, 30) ? "so:" : "",
                          x->event.subject.n ? (int)x->event.subject.n : 1,
                          x->event.subject.n ? x->event.subject.p : "0");
}

static struct vsm_silence_view make_silence(struct script *c, struct rig_random *r, int64_t at) {
  struct vsm_silence_view v = {
      .kind = -1,
      .mark = {
          VSM_STR("me"), VSM_STR("why not"), {at}, {at + 1 + rig_below(r, 1000000) * (c->s->end_us - at) / 1000000}}};
  const struct vsm_model *m = &c->models[0];
  const struct vsm_stream *s = &m->streams[rig_below(r, m->n_streams)];
  switch (rig_below(r, 5)) {
  case 0:
    v.kind = (int)rig_below(r, VSM_ALERT_KINDS);
    break;
  case 1:
    v.stream = vsm_str_of(s->id);
    break;
  case 2:
    v.stream = vsm_str_of(s->id);
    v.stage = vsm_str_of(s->stages[rig_below(r, s->n_stages)].id);
    break;
  case 3:
    v.source = VSM_STR("crm");
    break;
  default:
    v.item = vsm_str_of(key_of(c, r));
    if (rig_chance(r, 30))
      v.kind = rig_chance(r, 50) ? VSM_ITEM_STALLED : VSM_ITEM_OVERDUE;
    if (rig_chance(r, 30))
      v.stream = vsm_str_of(s->id);
  }
  return v;
}

// Which alert is acknowledged, and which silence ended, is decided when it is played first.
static void add_order(struct script *c, uint64_t number, int64_t from, int64_t to) {
  struct rig_random r = {.state = number * 31 + 5};
  static const enum step_kind kinds[] = {ALIVE,       START,       WITHDRAW,    SILENCE,     SILENCE,     SILENCE,
                                         SILENCE,     END_SILENCE, END_SILENCE, ACKNOWLEDGE, ACKNOWLEDGE, ACKNOWLEDGE,
                                         ACKNOWLEDGE, SAVE,        SAVE,        START,       FORGET,      FORGET};
  if (!rig_chance(&r, 30))
    return;
  struct step x = {.kind = kinds[rig_below(&r, sizeof kinds / sizeof *kinds)], .number = number};
  x.at = from + rig_below(&r, 1001) * (to - from) / 1000;
  if (x.kind == ALIVE)
    x.text = rig_chance(&r, 50) ? "crm" : "wms";
  if (x.kind == WITHDRAW || x.kind == FORGET) {
    x.text = key_of(c, &r);
    x.stream = rig_below(&r, c->models[0].n_streams);
  }
  if (x.kind == SILENCE)
    x.silence = make_silence(c, &r, x.at);
  REF_PUSH(c->arena, c->steps, c->n, x);
}

static void add_event(struct script *c, const struct scenario_event *x, int64_t at) {
  struct rig_random r = {.state = x->number * 7 + 1};
  struct step *last = c->n ? &c->steps[c->n - 1] : NULL;
  if (!last || last->kind != EVENTS || !rig_chance(&r, 40)) {
    REF_PUSH(c->arena, c->steps, c->n, (struct step){.kind = EVENTS, .number = x->number});
    last = &c->steps[c->n - 1];
  }
  last->at = at;
  REF_PUSH(c->arena, last->events, last->n, x->event);
}

static void make_script(struct script *c) {
  size_t n;
  struct scenario_event *log = in_order(c, &n);
  unsigned model = 0;
  int64_t now = n ? received(&log[0]) : c->s->end_us;
  for (size_t i = 1; i < n; i++)
    now = received(&log[i]) < now ? received(&log[i]) : now;
  REF_PUSH(c->arena, c->steps, c->n, (struct step){.kind = START, .at = now});
  for (size_t i = 0; i < n; i++) {
    int64_t at = received(&log[i]) > now ? received(&log[i]) : now;
    while (model < log[i].model)
      REF_PUSH(c->arena, c->steps, c->n, (struct step){.kind = CONFIGURE, .at = now, .model = ++model});
    add_order(c, log[i].number, now, at);
    if (c->n > 1 && c->steps[c->n - 1].kind != EVENTS && c->steps[c->n - 1].at > now)
      now = c->steps[c->n - 1].at;
    add_event(c, &log[i], at);
    now = at;
    if (log[i].number % 23 == 0)
      REF_PUSH(c->arena, c->steps, c->n, (struct step){.kind = SAVE, .at = now});
  }
  while (model + 1 < c->s->n_models)
    REF_PUSH(c->arena, c->steps, c->n, (struct step){.kind = CONFIGURE, .at = now, .model = ++model});
  int64_t end = c->s->end_us > now ? c->s->end_us : now;
  REF_PUSH(c->arena, c->steps, c->n, (struct step){.kind = NOTHING, .at = end});
  REF_PUSH(c->arena, c->steps, c->n, (struct step){.kind = NOTHING, .at = end + (end - c->steps[0].at) / 3 + 1000});
  for (size_t i = 0; i < c->n; i++)
    for (size_t k = 0; k < c->steps[i].n; k++)
      c->steps[i].events[k].received.us = c->steps[i].at;
}

// ---- Playing it

struct player {
  const struct keeper_ops *ops;
  void *k;
  struct script *c;
  bool first;    // decides what is acknowledged
  uint64_t *ids; // of silences
  size_t n_ids;
  uint64_t varied; // 0: as it is; else batches are shuffled, and time is split
};

static int cmp_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void choose(struct player *p, struct step *x) {
  struct rig_random r = {.state = x->number * 91 + 3};
  const char **ids;
  size_t n = p->ops->live(p->k, &ids, p->c->arena);
  x->text = NULL;
  if (!n)
    return;
  qsort(ids, n, sizeof *ids, cmp_text);
  x->text = vsm_arena_strdup(p->c->arena, ids[rig_below(&r, (unsigned)n)]);
  x->lost = strncmp(x->text, "source_gap", 10) == 0;
}

static void shuffle(struct vsm_event *events, size_t n, uint64_t seed) {
  struct rig_random r = {.state = seed};
  for (size_t i = n; i > 1; i--) {
    size_t j = rig_below(&r, (unsigned)i);
    struct vsm_event swap = events[i - 1];
    events[i - 1] = events[j];
    events[j] = swap;
  }
}

static void pass_time(struct player *p, const struct step *x, int64_t now) {
  struct rig_random r = {.state = x->number + p->varied};
  for (unsigned i = p->varied ? rig_below(&r, 6) : 0; i > 0 && now < x->at; i--) {
    now += 1 + (int64_t)(rig_next(&r) % (uint64_t)(x->at - now));
    p->ops->advance(p->k, now);
  }
  p->ops->advance(p->k, x->at);
}

static void play(struct player *p, struct step *x) {
  struct vsm_event *events;
  switch (x->kind) {
  case EVENTS:
    events = vsm_arena_alloc(p->c->arena, x->n * sizeof *events);
    memcpy(events, x->events, x->n * sizeof *events);
    if (p->varied)
      shuffle(events, x->n, x->number + p->varied);
    p->ops->batch(p->k, events, x->n);
    break;
  case ALIVE:
    p->ops->alive(p->k, x->text, x->at);
    break;
  case START:
    p->ops->started(p->k, x->at);
    break;
  case CONFIGURE:
    p->ops->configure(p->k, &p->c->models[x->model]);
    break;
  case WITHDRAW:
    p->ops->withdraw(p->k, x->stream, x->text);
    break;
  case FORGET:
    p->ops->forget(p->k, x->stream, x->text);
    break;
  case SILENCE:
    REF_PUSH(p->c->arena, p->ids, p->n_ids, p->ops->silence(p->k, &x->silence));
    break;
  case END_SILENCE:
    if (p->n_ids)
      p->ops->end_silence(p->k, p->ids[x->number % p->n_ids]);
    break;
  case ACKNOWLEDGE:
    if (p->first)
      choose(p, x);
    if (x->text)
      p->ops->acknowledge(p->k, x->text, x->lost);
    break;
  case SAVE:
    p->ops->save(p->k);
    break;
  case NOTHING:
    break;
  }
}

static char *played(struct player *p, struct step *x, int64_t now) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (x->kind != START || (now != INT64_MIN && x->number % 2))
    pass_time(p, x, now); // before every other start nobody ran
  if (x->kind == SAVE)
    p->ops->say(p->k, out); // what was to be told goes with the process
  play(p, x);
  p->ops->say(p->k, out);
  fclose(out);
  return text;
}

static void print_step(FILE *out, const struct script *c, const struct step *x) {
  static const char *const names[] = {"events",  "alive",       "start",       "configure", "withdraw", "forget",
                                      "silence", "end silence", "acknowledge", "save",      "nothing"};
  fprintf(out, "-- %+" PRId64 " us: %s %s", x->at - c->steps[0].at, names[x->kind], x->text ? x->text : "");
  if (x->kind == SILENCE)
    fprintf(out, "kind %d stream %.*s stage %.*s source %.*s item %.*s until %+" PRId64, x->silence.kind,
            (int)x->silence.stream.n, x->silence.stream.p, (int)x->silence.stage.n, x->silence.stage.p,
            (int)x->silence.source.n, x->silence.source.p, (int)x->silence.item.n, x->silence.item.p,
            x->silence.mark.until.us - c->steps[0].at);
  fputc('\n', out);
  for (size_t i = 0; i < x->n; i++) {
    const struct vsm_event *e = &x->events[i];
    fprintf(out, "     %.*s %.*s %.*s, of %+" PRId64 " us", (int)e->source.n, e->source.p, (int)e->type.n, e->type.p,
            (int)e->subject.n, e->subject.n ? e->subject.p : "",
            e->time_ns ? (int64_t)(e->time_ns / 1000) - c->steps[0].at : 0);
    for (uint32_t k = 0; k < e->n_attrs; k++)
      fprintf(out, " %.*s=%.*s", (int)e->attrs[k].key.n, e->attrs[k].key.p, (int)e->attrs[k].value.n,
              e->attrs[k].value.n ? e->attrs[k].value.p : "");
    if (e->sequence)
      fprintf(out, " number %" PRIu64 "/%" PRIu64, e->epoch, e->sequence);
    fputc('\n', out);
  }
}

// The first lines that differ.
static void print_difference(FILE *out, const struct player *a, const char *x, const struct player *b, const char *y) {
  while (*x || *y) {
    size_t n = strcspn(x, "\n"), m = strcspn(y, "\n");
    if (n != m || memcmp(x, y, n) != 0) {
      fprintf(out, "  %s%s: %.*s\n  %s%s: %.*s\n", a->ops->name, a->varied ? ", varied" : "", (int)n, x, b->ops->name,
              b->varied ? ", varied" : "", (int)m, y);
      return;
    }
    x += n + (x[n] == '\n');
    y += m + (y[m] == '\n');
  }
}

// Both play the script; returns how much is wrong.
static unsigned play_both(FILE *out, struct script *c, struct player *a, struct player *b) {
  unsigned wrong = 0;
  int64_t now = INT64_MIN;
  a->c = b->c = c;
  a->n_ids = b->n_ids = 0;
  a->k = a->ops->create(&c->models[0], c->arena);
  b->k = b->ops->create(&c->models[0], c->arena);
  for (size_t i = 0; i < c->n && !wrong; i++) {
    char *x = played(a, &c->steps[i], now), *y = played(b, &c->steps[i], now);
    now = c->steps[i].at;
    if (alerts_trace) {
      print_step(out, c, &c->steps[i]);
      fputs(x, out);
    }
    wrong = strcmp(x, y) != 0;
    if (wrong) {
      fprintf(out, "after step %zu of %zu:\n", i + 1, c->n);
      print_difference(out, a, x, b, y);
      fprintf(out, "%s: all of it:\n%s", a->ops->name, x);
      fprintf(out, "%s: all of it:\n%s", b->ops->name, y);
    }
    free(x);
    free(y);
  }
  a->ops->destroy(a->k);
  b->ops->destroy(b->k);
  return wrong;
}

unsigned alerts_run(FILE *out, const struct scenario *s) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  struct script c = {.s = s, .arena = &arena};
  for (unsigned i = 0; i < s->n_models; i++)
    c.models[i] = scenario_without_rules(s->models[i], s->rules_out, &arena);
  make_script(&c);
  struct player ref = {.ops = &keeper_reference, .first = true};
  struct player again = {.ops = &keeper_reference, .varied = 1};
  unsigned wrong = c.n % 4 == 0 ? play_both(out, &c, &ref, &again) : 0;
  struct player core = {.ops = &keeper_core}, shuffled = {.ops = &keeper_core, .varied = 2};
  if (!wrong)
    wrong = play_both(out, &c, &ref, &core);
  if (!wrong)
    wrong = play_both(out, &c, &core, &shuffled);
  vsm_arena_fini(&arena);
  return wrong;
}
