// The simulated company as a discrete-event simulation. The agenda is a heap of entries in the order of time (and of
// their making, where times are equal): something is said, an item goes on to its next stage, items arrive. When an
// item enters a stage, all that will be said there is put on the agenda, so memory is bounded by the items that are
// open. Two sources of chance, one for the company and one for its faults: only storms change what happens, the other
// faults what arrives.
#include "simulate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/err.h"
#include "core/calendar.h"

enum entry_kind { SAY, MOVE, ARRIVE };

struct entry {
  int64_t at_us; // when it is its turn
  uint64_t order;
  enum entry_kind kind;
  bool repeat;
  int stage;       // of MOVE: where to look for the next one; -1: the end
  uint32_t number; // of SAY: of the item's sayings
  unsigned stream;
  struct vsm_sim_item *item; // NULL for ARRIVE
  const struct vsm_sim_say *say;
  struct vsm_sim_moment moment;
};

struct arrivals {
  uint64_t left; // items still to come
  double pace;   // 1: as the file says; more: faster
  uint32_t day, of_day;
};

struct vsm_sim_engine {
  const struct vsm_sim_world *world;
  struct vsm_sim_options options;
  struct vsm_sim_faults faults; // empty without faults
  struct vsm_sim_random chance, bad_luck;
  struct entry *heap;
  size_t n, cap;
  uint64_t order;
  struct arrivals *arrivals; // of each stream
  struct vsm_sim_item *free; // items for reuse
  struct vsm_arena items;
  uint64_t started, ended;
  bool no_memory;
};

static bool before(const struct entry *a, const struct entry *b) {
  return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void push(struct vsm_sim_engine *e, struct entry entry) {
  if (e->n == e->cap) {
    size_t cap = e->cap ? e->cap * 2 : 1024;
    struct entry *heap = realloc(e->heap, cap * sizeof *heap);
    if (!heap) {
      e->no_memory = true;
      return;
    }
    e->heap = heap;
    e->cap = cap;
  }
  entry.order = e->order++;
  if (entry.item)
    entry.item->pending++;
  size_t i = e->n++;
  for (; i && before(&entry, &e->heap[(i - 1) / 4]); i = (i - 1) / 4)
    e->heap[i] = e->heap[(i - 1) / 4];
  e->heap[i] = entry;
}

static struct entry pop(struct vsm_sim_engine *e) {
  struct entry top = e->heap[0], last = e->heap[--e->n];
  size_t i = 0;
  for (;;) {
    size_t least = 4 * i + 1, end = least + 4 < e->n ? least + 4 : e->n;
    if (least >= e->n)
      break;
    for (size_t child = least + 1; child < end; child++)
      if (before(&e->heap[child], &e->heap[least]))
        least = child;
    if (!before(&e->heap[least], &last))
      break;
    e->heap[i] = e->heap[least];
    i = least;
  }
  e->heap[i] = last;
  return top;
}

static void release(struct vsm_sim_engine *e, struct vsm_sim_item *item) {
  assert(item->pending);
  if (--item->pending)
    return;
  item->next_free = e->free;
  e->free = item;
}

// --- Stages --------------------------------------------------------------------------------------------------------

static bool fits(const struct vsm_sim_list *conditions, const struct vsm_sim_item *item) {
  const struct vsm_sim_condition *c = conditions->at;
  for (unsigned i = 0; i < conditions->n; i++)
    if (!(c[i].values >> item->value[c[i].attribute] & 1))
      return false;
  return true;
}

// One visit: what was drawn for it.
struct visit {
  const struct vsm_sim_stage *stage;
  const char *stream;
  const struct vsm_calendar *calendar;
  int64_t begin_us, lasts_us;
  struct {
    unsigned step;
    double at;
    const struct vsm_calendar *calendar;
    int64_t us;
  } holds[VSM_SIM_HOLDS_MAX]; // in the order of at
  unsigned n_holds;
  uint64_t happens;                  // bit i: step i does
  const struct vsm_sim_leave *leave; // NULL: it runs to its end
};

static int64_t pass(const struct vsm_sim_engine *e, const struct visit *v, const struct vsm_calendar *calendar,
                    int64_t t_us, int64_t work_us) {
  return vsm_sim_fault_later(&e->faults, v->stream, v->stage->id, e->options.start_us, calendar, t_us, work_us);
}

// When that part of the stage's time is over, the first so many holds among it.
static int64_t time_of(const struct vsm_sim_engine *e, const struct visit *v, double at, unsigned holds) {
  int64_t t = v->begin_us;
  double done = 0;
  for (unsigned i = 0; i < holds; i++) {
    t = pass(e, v, v->calendar, t, (int64_t)((v->holds[i].at - done) * (double)v->lasts_us));
    t = pass(e, v, v->holds[i].calendar, t, v->holds[i].us);
    done = v->holds[i].at;
  }
  t = pass(e, v, v->calendar, t, (int64_t)((at - done) * (double)v->lasts_us));
  return t / 1000 * 1000;
}

static unsigned holds_before(const struct visit *v, double at, unsigned step) {
  unsigned n = 0;
  while (n < v->n_holds && (v->holds[n].at < at || (v->holds[n].at <= at && v->holds[n].step < step)))
    n++;
  return n;
}

static void add_hold(struct visit *v, unsigned step, double at, const struct vsm_sim_span *span, int64_t us) {
  unsigned i = v->n_holds++;
  for (; i && v->holds[i - 1].at > at; i--)
    v->holds[i] = v->holds[i - 1];
  v->holds[i].step = step;
  v->holds[i].at = at;
  v->holds[i].calendar = span->calendar;
  v->holds[i].us = us;
}

static void draw(struct vsm_sim_engine *e, const struct vsm_sim_item *item, struct visit *v) {
  const struct vsm_sim_span *lasts = v->stage->lasts.at;
  for (unsigned i = 0; i < v->stage->lasts.n; i++)
    if (fits(&lasts[i].fits, item)) {
      v->calendar = lasts[i].calendar;
      v->lasts_us = vsm_sim_random_span(&e->chance, &lasts[i]);
      break;
    }
  const struct vsm_sim_leave *leaves = v->stage->leaves.at;
  for (unsigned i = 0; i < v->stage->leaves.n && !v->leave; i++)
    if (vsm_sim_random_unit(&e->chance) < leaves[i].share)
      v->leave = &leaves[i];
  const struct vsm_sim_step *steps = v->stage->events.at;
  double last = v->leave ? v->leave->at : 1;
  for (unsigned i = 0; i < v->stage->events.n; i++) {
    if (!fits(&steps[i].fits, item) || (steps[i].share < 1 && vsm_sim_random_unit(&e->chance) >= steps[i].share) ||
        steps[i].at > last)
      continue;
    v->happens |= UINT64_C(1) << i;
    if (steps[i].hold.n)
      add_hold(v, i, steps[i].at, steps[i].hold.at, vsm_sim_random_span(&e->chance, steps[i].hold.at));
  }
}

static void say(struct vsm_sim_engine *e, struct vsm_sim_item *item, const struct vsm_sim_say *what, int64_t when_us,
                int64_t begin_us, int64_t end_us) {
  if (!what->source)
    return;
  push(e, (struct entry){.at_us = vsm_sim_fault_sent(&e->faults, &e->bad_luck, what, e->options.start_us, when_us),
                         .kind = SAY,
                         .number = ++item->said,
                         .item = item,
                         .say = what,
                         .moment = {when_us, begin_us, end_us}});
}

static void say_step(struct vsm_sim_engine *e, struct vsm_sim_item *item, const struct visit *v, unsigned i,
                     int64_t end_us) {
  const struct vsm_sim_step *step = &((const struct vsm_sim_step *)v->stage->events.at)[i];
  double last = v->leave ? v->leave->at : 1;
  for (int64_t k = 0; k < step->times; k++) {
    double at = step->at + (step->times > 1 ? (step->until - step->at) * (double)k / (double)(step->times - 1) : 0);
    if (at <= last)
      say(e, item, &step->say, time_of(e, v, at, holds_before(v, at, i)) + step->after_us, v->begin_us, end_us);
  }
  // Leaving at the very time of a hold takes the place of its end.
  if (step->hold.n && !(v->leave && v->leave->at <= step->at))
    say(e, item, &step->then, time_of(e, v, step->at, holds_before(v, step->at, i + 1)), v->begin_us, end_us);
}

static void enter(struct vsm_sim_engine *e, struct vsm_sim_item *item, unsigned number, int64_t t_us) {
  const struct vsm_sim_stage *stage = &((const struct vsm_sim_stage *)item->stream->stages.at)[number];
  struct visit v = {.stage = stage, .stream = item->stream->id, .begin_us = t_us + stage->waits_us};
  if (stage->begins_us != INT64_MIN && v.begin_us < item->t_us + stage->begins_us)
    v.begin_us = item->t_us + stage->begins_us;
  draw(e, item, &v);
  double last = v.leave ? v.leave->at : 1;
  int64_t end = time_of(e, &v, last, holds_before(&v, last, VSM_SIM_HOLDS_MAX));
  for (unsigned i = 0; i < stage->events.n; i++)
    if (v.happens >> i & 1)
      say_step(e, item, &v, i, end);
  if (v.leave)
    say(e, item, &v.leave->say, end, v.begin_us, end);
  push(e, (struct entry){.at_us = end, .kind = MOVE, .stage = v.leave ? v.leave->to : (int)number + 1, .item = item});
}

// To that stage, or the first after it that concerns the item.
static void move(struct vsm_sim_engine *e, struct vsm_sim_item *item, int stage, int64_t t_us) {
  const struct vsm_sim_stage *stages = item->stream->stages.at;
  for (; stage >= 0 && (unsigned)stage < item->stream->stages.n; stage++)
    if (fits(&stages[stage].fits, item) && !(stages[stage].unless.n && fits(&stages[stage].unless, item))) {
      enter(e, item, (unsigned)stage, t_us);
      return;
    }
  e->ended++;
}

// --- Arrivals ------------------------------------------------------------------------------------------------------

static uint8_t draw_value(struct vsm_sim_engine *e, const struct vsm_sim_attribute *a, int64_t t_us) {
  double u;
  uint8_t i = 0;
  switch (a->kind) {
  case VSM_SIM_BY_WEEKDAY:
    return (uint8_t)vsm_date_weekday(vsm_calendar_date(e->world->dates, t_us));
  case VSM_SIM_BY_MONTH:
    return (uint8_t)(vsm_date_of(vsm_calendar_date(e->world->dates, t_us)).month - 1);
  case VSM_SIM_WEIGHTED:
    u = vsm_sim_random_unit(&e->chance);
    while (i + 1u < a->n && u >= a->up_to[i])
      i++;
  }
  return i;
}

static void begin(struct vsm_sim_engine *e, unsigned stream, int64_t t_us, int each) {
  const struct vsm_sim_stream *s = &((const struct vsm_sim_stream *)e->world->streams.at)[stream];
  const struct vsm_sim_attribute *attributes = s->attributes.at;
  struct arrivals *a = &e->arrivals[stream];
  struct vsm_sim_item *item = e->free;
  if (item)
    e->free = item->next_free;
  else if (!(item = vsm_arena_alloc(&e->items, sizeof *item))) {
    e->no_memory = true;
    return;
  }
  struct vsm_date date = vsm_date_of(vsm_calendar_date(e->world->dates, t_us));
  uint32_t day = (uint32_t)(date.year % 100 * 10000 + date.month * 100 + date.day);
  a->of_day = day == a->day ? a->of_day + 1 : 1;
  a->day = day;
  *item = (struct vsm_sim_item){.stream = s, .t_us = t_us + s->arrivals.ahead_us, .day = day, .of_day = a->of_day};
  for (unsigned i = 0; i < s->attributes.n; i++)
    item->value[i] = draw_value(e, &attributes[i], item->t_us);
  if (each >= 0)
    item->value[s->arrivals.each_attribute] = (uint8_t)each;
  a->left--;
  e->started++;
  move(e, item, 0, t_us);
}

static int64_t next_arrival(struct vsm_sim_engine *e, unsigned stream, int64_t t_us) {
  const struct vsm_sim_arrivals *a = &((const struct vsm_sim_stream *)e->world->streams.at)[stream].arrivals;
  if (a->every_us)
    return t_us + a->every_us;
  double per_day = (a->per_day + a->per_year / 365) * e->arrivals[stream].pace;
  double day_us = a->calendar ? (double)vsm_sim_week_us(a->calendar) / 7 : (double)VSM_DAY_US;
  if (a->per_year > 0) // what is rare is planned
    return vsm_sim_later(a->calendar, t_us, (int64_t)((0.5 + vsm_sim_random_unit(&e->chance)) * day_us / per_day));
  return vsm_sim_later(a->calendar, t_us, vsm_sim_random_exponential(&e->chance, day_us / per_day));
}

static void arrive(struct vsm_sim_engine *e, unsigned stream, int64_t t_us) {
  const struct vsm_sim_stream *s = &((const struct vsm_sim_stream *)e->world->streams.at)[stream];
  struct arrivals *a = &e->arrivals[stream];
  if (!s->arrivals.each) {
    begin(e, stream, t_us, -1);
  } else {
    unsigned n = ((const struct vsm_sim_attribute *)s->attributes.at)[s->arrivals.each_attribute].n;
    for (unsigned i = 0; i < n && a->left; i++)
      begin(e, stream, t_us, (int)i);
  }
  if (a->left)
    push(e, (struct entry){.at_us = next_arrival(e, stream, t_us), .kind = ARRIVE, .stream = stream});
}

static double natural_per_day(const struct vsm_sim_stream *s) {
  const struct vsm_sim_arrivals *a = &s->arrivals;
  if (!a->every_us)
    return a->per_day + a->per_year / 365;
  unsigned each = a->each ? ((const struct vsm_sim_attribute *)s->attributes.at)[a->each_attribute].n : 1;
  return (double)VSM_DAY_US / (double)a->every_us * each;
}

// Shares a number of items out by the streams' rates, at least a fiftieth to each; what rounding leaves goes to the
// busiest. A stream that got more than its rate gives in the time that the others take runs faster.
static void share_out(struct vsm_sim_engine *e) {
  const struct vsm_sim_stream *s = e->world->streams.at;
  unsigned n = e->world->streams.n, busiest = 0;
  uint64_t items = e->options.items, given = 0;
  double total = 0;
  for (unsigned i = 0; i < n; i++) {
    total += natural_per_day(&s[i]);
    if (natural_per_day(&s[i]) > natural_per_day(&s[busiest]))
      busiest = i;
  }
  for (unsigned i = 0; i < n; i++) {
    uint64_t least = (items + 49) / 50, share = (uint64_t)((double)items * natural_per_day(&s[i]) / total);
    e->arrivals[i].left = i == busiest ? 0 : share > least ? share : least;
    if (e->arrivals[i].left > items - given)
      e->arrivals[i].left = items - given;
    given += e->arrivals[i].left;
  }
  e->arrivals[busiest].left = items - given;
  for (unsigned i = 0; i < n; i++) {
    double pace = (double)e->arrivals[i].left / ((double)items / total * natural_per_day(&s[i]));
    e->arrivals[i].pace = pace > 1 ? pace : 1;
  }
}

static void open_agenda(struct vsm_sim_engine *e) {
  const struct vsm_sim_stream *s = e->world->streams.at;
  for (unsigned i = 0; i < e->world->streams.n; i++) {
    e->arrivals[i] = (struct arrivals){.left = UINT64_MAX, .pace = 1};
  }
  if (e->options.items)
    share_out(e);
  for (unsigned i = 0; i < e->world->streams.n; i++) {
    int64_t t = e->options.start_us, every = s[i].arrivals.every_us;
    for (int64_t k = 0; k < s[i].arrivals.at_start && e->arrivals[i].left; k++)
      begin(e, i, t, -1);
    if (every) // the first whole hour that can still be entered in time
      t = (t + s[i].arrivals.ahead_us + every - 1) / every * every - s[i].arrivals.ahead_us;
    else
      t = next_arrival(e, i, t);
    if (e->arrivals[i].left)
      push(e, (struct entry){.at_us = t, .kind = ARRIVE, .stream = i});
  }
}

struct vsm_sim_engine *vsm_sim_engine_create(const struct vsm_sim_world *world, const struct vsm_sim_options *options) {
  struct vsm_sim_engine *e = calloc(1, sizeof *e);
  if (!e)
    return NULL;
  e->world = world;
  e->options = *options;
  if (options->faults)
    e->faults = world->faults;
  vsm_arena_init(&e->items, 0);
  uint64_t seed = options->seed * 2 + UINT64_C(0x5eed);
  vsm_sim_random_init(&e->chance, seed);
  vsm_sim_random_init(&e->bad_luck, ~seed);
  e->arrivals = calloc(world->streams.n, sizeof *e->arrivals);
  if (e->arrivals)
    open_agenda(e);
  if (!e->arrivals || e->no_memory) {
    vsm_sim_engine_destroy(e);
    return NULL;
  }
  return e;
}

void vsm_sim_engine_destroy(struct vsm_sim_engine *e) {
  if (!e)
    return;
  vsm_arena_fini(&e->items);
  free(e->arrivals);
  free(e->heap);
  free(e);
}

// --- Events --------------------------------------------------------------------------------------------------------

static const char *render(struct vsm_sim_event *event, size_t *used, const struct vsm_sim_text *text,
                          const struct entry *entry) {
  char *out = event->text + *used;
  *used += vsm_sim_text_write(text, entry->item, &entry->moment, out, sizeof event->text - *used) + 1;
  if (*used >= sizeof event->text)
    *used = sizeof event->text - 1;
  return out;
}

static void fill(struct vsm_sim_engine *e, struct vsm_sim_event *event, const struct entry *entry) {
  const struct vsm_sim_say *what = entry->say;
  const struct vsm_sim_datum *data = what->data.at;
  event->sent_us = entry->at_us;
  event->time_us = vsm_sim_fault_clock(&e->faults, what, entry->moment.now_us);
  event->source = what->source;
  event->type = vsm_sim_fault_type(&e->faults, what, entry->moment.now_us - e->options.start_us);
  size_t used = (size_t)snprintf(event->text, sizeof event->text, "%s/%06u%04u/%u", entry->item->stream->id,
                                 entry->item->day, entry->item->of_day, entry->number) +
                1;
  event->id = event->text;
  event->subject = render(event, &used, &what->subject, entry);
  event->n_data = what->data.n;
  for (unsigned i = 0; i < what->data.n; i++) {
    event->data[i].key = data[i].key;
    event->data[i].value = render(event, &used, &data[i].value, entry);
  }
  event->dropped = e->faults.dropped.share > 0 && vsm_sim_random_unit(&e->bad_luck) < e->faults.dropped.share;
}

static void perhaps_repeat(struct vsm_sim_engine *e, const struct entry *entry) {
  if (entry->repeat || e->faults.repeats.share <= 0 || vsm_sim_random_unit(&e->bad_luck) >= e->faults.repeats.share)
    return;
  struct entry again = *entry;
  again.repeat = true;
  again.at_us += (int64_t)(vsm_sim_random_unit(&e->bad_luck) * (double)e->faults.repeats.within_us);
  push(e, again);
}

int vsm_sim_engine_next(struct vsm_sim_engine *e, struct vsm_sim_event *event) {
  while (e->n && !e->no_memory) {
    struct entry entry = pop(e);
    switch (entry.kind) {
    case SAY:
      fill(e, event, &entry);
      perhaps_repeat(e, &entry);
      release(e, entry.item);
      return e->no_memory ? VSM_ENOMEM : 1;
    case MOVE:
      move(e, entry.item, entry.stage, entry.at_us);
      release(e, entry.item);
      break;
    case ARRIVE:
      arrive(e, entry.stream, entry.at_us);
      break;
    }
  }
  return e->no_memory ? VSM_ENOMEM : 0;
}

uint64_t vsm_sim_engine_started(const struct vsm_sim_engine *e) {
  return e->started;
}

uint64_t vsm_sim_engine_ended(const struct vsm_sim_engine *e) {
  return e->ended;
}
