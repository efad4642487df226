// A look at an alert asks whether its rule holds, and lets its state follow. Of what is to be looked at in one instant
// sources come first, since a silent one keeps others from ending by time alone; then by id, so that the order in which
// things were noted does not show. What time brings next stands in one ordered set: the rule's own due time, and what
// its life waits for (for, keep_firing_for, the next announcement).
#include "core/alert.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/alerts.h"
#include "core/hash.h"
#include "core/state.h"

void vsm_alerts_fini(struct vsm_alerts *a) {
  for (size_t i = 0; i < a->n; i++)
    vsm_alert_free(&a->at[i]);
  free(a->at);
  vsm_ranks_fini(&a->due);
  free(a->feeds);
  for (size_t i = 0; i < a->n_silences; i++)
    vsm_silence_free(&a->silences[i]);
  free(a->silences);
  for (size_t i = 0; i < VSM_ALERT_HISTORY_MAX && i < a->n_past; i++)
    vsm_arena_fini(&a->past[i].text);
  free(a->past);
  vsm_arena_fini(&a->said);
  free(a->notices);
  free(a->soon);
  free(a->by_id);
  free(a->chosen);
  free(a->looked);
  free(a->signs);
  free(a->united);
}

bool vsm_alerts_fires(const struct vsm_core *core, uint32_t alert) {
  return core->alerts.at[alert].life.state == VSM_FIRING;
}

bool vsm_alerts_is_quiet(const struct vsm_core *core, uint32_t alert) {
  return alert == (uint32_t)VSM_NO_ALERT || core->alerts.at[alert].life.state == VSM_QUIET;
}

void vsm_alerts_all(struct vsm_core *core) {
  for (size_t i = 0; i < core->alerts.n; i++)
    vsm_noted_touch(&core->noted, (uint32_t)i);
}

// --- sources that feed it

static bool is_fed_by(const struct vsm_alert *a, unsigned source) {
  return a->feeds && (a->feeds[source / 64] >> source % 64 & 1);
}

void vsm_alerts_touch_fed(struct vsm_core *core, const struct vsm_hearing_source *s) {
  for (size_t i = 0; s->model >= 0 && i < core->alerts.n; i++)
    if (is_fed_by(&core->alerts.at[i], (unsigned)s->model))
      vsm_noted_touch(&core->noted, (uint32_t)i);
}

// The first of the model's sources from `from` on that feeds it; their number: none does.
static unsigned next_feed(const struct vsm_core *core, const struct vsm_alert *a, unsigned from) {
  unsigned n = core->model->n_sources;
  uint64_t word = 0;
  while (a->feeds && from < n && (word = a->feeds[from / 64] >> from % 64) == 0)
    from = (from / 64 + 1) * 64;
  return word ? from + (unsigned)__builtin_ctzll(word) : n;
}

static const struct vsm_hearing_source *source_of(const struct vsm_core *core, unsigned model) {
  return &core->hearing.at[core->hearing.of_model[model]];
}

void vsm_alerts_count_silent(struct vsm_core *core) {
  core->alerts.n_silent = 0;
  for (size_t i = 0; i < core->hearing.n; i++)
    core->alerts.n_silent += vsm_hearing_is_silent(core, &core->hearing.at[i]);
}

uint64_t vsm_alert_silent(const struct vsm_core *core, const struct vsm_alert *a) {
  uint64_t sum = 0;
  if (core->alerts.n_silent == 0)
    return 0;
  for (unsigned i = next_feed(core, a, 0); i < core->model->n_sources; i = next_feed(core, a, i + 1))
    if (vsm_hearing_is_silent(core, source_of(core, i)))
      sum += UINT64_C(1) + vsm_hash(vsm_str_of(core->model->sources[i].id), 0);
  return sum;
}

// Until when a source is waited for that was not heard since the start; INT64_MIN: none is.
static int64_t awaited_until(const struct vsm_core *core, const struct vsm_alert *a) {
  int64_t until = INT64_MIN, one;
  for (unsigned i = next_feed(core, a, 0); i < core->model->n_sources; i = next_feed(core, a, i + 1))
    if (vsm_hearing_awaited(core, source_of(core, i), &one) && one > until)
      until = one;
  return until;
}

// --- one alert

static int64_t later(int64_t us, int64_t by) {
  return us > INT64_MAX - by ? INT64_MAX : us + by;
}

// Why it holds no more.
static enum vsm_alert_end end_of(const struct vsm_alert *a, const struct vsm_sign *sign, enum vsm_cause cause) {
  if (cause == VSM_BY_ORDER)
    return VSM_END_ORDER;
  if (cause == VSM_BY_MODEL)
    return VSM_END_RULE;
  if (cause == VSM_BY_TIME)
    return VSM_END_TIME;
  if (a->subject.stream < 0)
    return VSM_END_HEARD;
  return a->life.state == VSM_FIRING && sign->moved_us != INT64_MIN && sign->moved_us < a->life.fired_us
             ? VSM_END_LATE_NEWS
             : VSM_END_MOVED;
}

static void note_clear(struct vsm_core *core, struct vsm_alert *a, const struct vsm_sign *sign, enum vsm_cause cause) {
  if (a->life.clear_us != INT64_MAX)
    return;
  cause = a->life.lingers && cause != VSM_BY_MODEL ? VSM_BY_TIME : cause;
  a->life.lingers = false;
  a->life.clear_us = core->now.us;
  a->life.end = end_of(a, sign, cause);
  a->life.moved_us = sign->moved_us;
}

static void announce(struct vsm_core *core, struct vsm_alert *a, enum vsm_alert_change change) {
  vsm_alert_tell(core, a, change);
  a->life.announced_us = core->now.us;
  vsm_since_clear(&a->life.announced);
}

static void end(struct vsm_core *core, struct vsm_alert *a) {
  bool fired = a->life.state == VSM_FIRING;
  a->life.state = fired ? VSM_RESOLVED : VSM_QUIET;
  vsm_alert_tell(core, a, fired ? VSM_ENDED : VSM_DROPPED);
  if (fired)
    vsm_alert_remember(core, a);
  vsm_life_end(&a->life);
  vsm_life_begin(&a->life);
}

void vsm_alert_over(struct vsm_core *core, struct vsm_alert *a, enum vsm_cause cause) {
  note_clear(core, a, &a->life.sign, cause);
  end(core, a);
}

static void pend(struct vsm_core *core, struct vsm_alert *a) {
  int64_t awaited = awaited_until(core, a);
  if (core->alerts.blind || later(a->life.since_us, a->rule->for_us) > core->now.us || awaited > core->now.us) {
    if (a->life.state == VSM_QUIET) {
      a->life.state = VSM_PENDING;
      vsm_alert_tell(core, a, VSM_BECAME_PENDING);
    }
    return;
  }
  a->life.state = VSM_FIRING;
  a->life.fired_us = core->now.us;
  a->life.clear_us = INT64_MAX;
  announce(core, a, VSM_FIRED);
}

// When it is announced again by time alone. Not while nobody looks; and whether somebody joined is not known while a
// source is waited for.
static int64_t joined_due(const struct vsm_core *core, const struct vsm_alert *a) {
  if (core->alerts.blind || a->life.announced.joined == 0)
    return INT64_MAX;
  int64_t due = later(a->life.announced_us, a->rule->announce_us), awaited = awaited_until(core, a);
  return due > awaited ? due : awaited;
}

static int64_t repeat_due(const struct vsm_core *core, const struct vsm_alert *a) {
  return core->alerts.blind ? INT64_MAX : later(a->life.announced_us, a->rule->repeat_us);
}

static void go_on(struct vsm_core *core, struct vsm_alert *a) {
  if (later(a->life.clear_us, a->rule->keep_us) <= core->now.us)
    end(core, a);
  else if (joined_due(core, a) <= core->now.us)
    announce(core, a, VSM_JOINED);
  else if (repeat_due(core, a) <= core->now.us)
    announce(core, a, VSM_REPEATED);
}

// Beside its state: whether a silence fits it, which sources that feed it are silent.
static bool marks_changed(struct vsm_core *core, struct vsm_alert *a) {
  bool silenced = vsm_silence_of(core, a) != NULL;
  uint64_t silent = vsm_alert_silent(core, a);
  bool changed = silenced != a->life.silenced || silent != a->life.silent;
  a->life.silenced = silenced;
  a->life.silent = silent;
  a->life.inhibited = silent != 0;
  return changed;
}

// No data is not recovery: what time alone would end goes on while a source that feeds it is silent.
static bool lingers(const struct vsm_alert *a, const struct vsm_sign *seen, enum vsm_cause cause) {
  if (a->life.holds || a->life.state != VSM_FIRING || a->life.clear_us != INT64_MAX || cause == VSM_BY_MODEL ||
      seen->by_news)
    return false;
  return a->life.lingers || (a->life.inhibited && cause == VSM_BY_TIME);
}

static void live(struct vsm_core *core, struct vsm_alert *a, const struct vsm_sign *seen, enum vsm_cause cause) {
  bool marked = marks_changed(core, a);
  uint64_t number = a->life.number;
  int64_t due = seen->due_us;
  if (cause == VSM_BY_TIME && seen->by_news)
    cause = VSM_BY_EVENTS;
  a->life.holds = seen->untold ? a->life.holds : seen->holds;
  a->life.lingers = lingers(a, seen, cause);
  if (seen->holds || a->life.state == VSM_QUIET)
    a->life.sign = *seen;
  else
    a->life.sign.due_us = due;
  if (a->life.holds)
    a->life.clear_us = INT64_MAX;
  else if (a->life.state != VSM_QUIET && !(a->life.inhibited && a->life.lingers))
    note_clear(core, a, seen, cause);
  if (a->life.holds && a->life.state == VSM_QUIET)
    a->life.since_us = core->now.us;
  if (a->life.holds && a->life.state != VSM_FIRING)
    pend(core, a);
  else if (a->life.state == VSM_PENDING)
    end(core, a);
  else if (a->life.state == VSM_FIRING)
    go_on(core, a);
  if (marked && a->life.state != VSM_QUIET && a->life.number == number)
    vsm_alert_tell(core, a, VSM_MARKED);
}

static int64_t next_due(const struct vsm_core *core, const struct vsm_alert *a, int64_t due) {
  if (a->life.state == VSM_PENDING && !core->alerts.blind) {
    int64_t fires = later(a->life.since_us, a->rule->for_us), awaited = awaited_until(core, a);
    return vsm_earlier_us(due, fires > awaited ? fires : awaited);
  }
  if (a->life.state != VSM_FIRING)
    return due;
  due = vsm_earlier_us(due, later(a->life.clear_us, a->life.clear_us == INT64_MAX ? 0 : a->rule->keep_us));
  return vsm_earlier_us(due, vsm_earlier_us(repeat_due(core, a), joined_due(core, a)));
}

void vsm_alerts_await_nothing(struct vsm_alerts *all) {
  all->n_soon = all->n_waiting = 0;
  all->soon_us = INT64_MAX;
}

static void wait_for(struct vsm_core *core, uint32_t number, int64_t due) {
  struct vsm_alert *a = &core->alerts.at[number];
  if (a->soon && --core->alerts.n_waiting == 0)
    vsm_alerts_await_nothing(&core->alerts);
  a->soon = false;
  if (due != INT64_MAX && due <= core->now.us)
    due = core->now.us + 1; // time must pass
  if (due == a->due_us)
    return;
  if (a->due_us != INT64_MAX)
    vsm_ranks_remove(&core->alerts.due, a->due_us, number);
  if (due != INT64_MAX)
    vsm_ranks_insert(&core->alerts.due, due, number);
  a->due_us = due;
}

void vsm_alerts_await_minute(struct vsm_core *core, uint32_t alert) {
  struct vsm_alerts *all = &core->alerts;
  int64_t minute = vsm_next_minute(core->now.us);
  if (alert == (uint32_t)VSM_NO_ALERT || all->at[alert].soon || all->at[alert].due_us <= minute)
    return;
  all->at[alert].soon = true;
  all->soon_us = vsm_earlier_us(all->soon_us, minute);
  all->soon = vsm_mem_grow(all->soon, all->n_soon, &all->cap_soon, sizeof *all->soon);
  all->soon[all->n_soon++] = alert;
  all->n_waiting++;
}

// --- all that is to be looked at

static int by_item(const void *x, const void *y) {
  const struct vsm_flip *a = x, *b = y;
  if (a->alert != b->alert)
    return a->alert < b->alert ? -1 : 1;
  return (a->item > b->item) - (a->item < b->item);
}

// Where the last of its items have left, the newest of them tells when.
static void flip(struct vsm_core *core, struct vsm_alert *a, uint32_t item, int sign) {
  if (sign < 0 && a->life.state != VSM_QUIET && a->seen && !a->seen->holds)
    a->seen->moved_us = vsm_later_us(a->seen->moved_us, vsm_detect_ended(core, &a->subject, item));
  if (sign != 0 && a->life.state == VSM_FIRING)
    vsm_since_flip(&a->life.announced, item, sign);
  if (sign != 0 && a->life.ack.set)
    vsm_since_flip(&a->life.covered, item, sign);
}

// What is noted of it is its own, not that of who comes to its place.
static int take_its_flips(struct vsm_noted *n, uint32_t alert, uint32_t item) {
  size_t kept = 0;
  int sum = 0;
  for (size_t i = 0; i < n->n_flips; i++) {
    struct vsm_flip f = n->flips[i];
    if (f.alert == alert && f.item == item)
      sum += f.sign;
    else
      n->flips[kept++] = f;
  }
  n->n_flips = kept;
  return sum;
}

// As it was seen at the last look, both together, against how it is now.
static void take_united(struct vsm_core *core) {
  for (size_t i = 0; i < core->alerts.n_united; i++) {
    const struct vsm_united *u = &core->alerts.united[i];
    struct vsm_alert *a = &core->alerts.at[u->alert];
    int is = vsm_detect_counts(core, &a->subject, u->item), was = is - take_its_flips(&core->noted, u->alert, u->item);
    if (a->life.state == VSM_FIRING)
      vsm_since_unite(&a->life.announced, u->item, was, &u->announced);
    if (a->life.ack.set)
      vsm_since_unite(&a->life.covered, u->item, was, &u->covered);
    vsm_noted_flip(&core->noted, u->alert, u->item, is - (was || u->announced.is));
  }
  core->alerts.n_united = 0;
}

// What happened to one item between two looks is one change, or none.
static void take_flips(struct vsm_core *core) {
  take_united(core);
  struct vsm_noted *n = &core->noted;
  vsm_sort(n->flips, n->n_flips, sizeof *n->flips, by_item);
  for (size_t i = 0, k; i < n->n_flips; i = k) {
    int sum = 0;
    for (k = i; k < n->n_flips && by_item(&n->flips[i], &n->flips[k]) == 0; k++)
      sum += n->flips[k].sign;
    flip(core, &core->alerts.at[n->flips[i].alert], n->flips[i].item, sum);
  }
  n->n_flips = 0;
}

void vsm_alerts_let_go(struct vsm_core *core, unsigned stream, uint32_t item) {
  for (size_t i = 0; core->streams[stream].guard && i < core->alerts.n; i++) {
    struct vsm_alert *a = &core->alerts.at[i];
    if (a->subject.stream != (int)stream || a->life.state == VSM_QUIET)
      continue;
    flip(core, a, item, take_its_flips(&core->noted, (uint32_t)i, item));
    vsm_since_let_go(&a->life.announced, item);
    vsm_since_let_go(&a->life.covered, item);
  }
}

void vsm_alerts_unite(struct vsm_core *core, unsigned stream, uint32_t item, uint32_t other) {
  struct vsm_alerts *all = &core->alerts;
  for (size_t i = 0; i < all->n_united; i++)
    if (all->at[all->united[i].alert].subject.stream == (int)stream && all->united[i].item == other)
      all->united[i].item = item;
  for (size_t i = 0; core->streams[stream].guard && i < all->n; i++) {
    struct vsm_alert *a = &all->at[i];
    if (a->subject.stream != (int)stream || a->life.state == VSM_QUIET)
      continue;
    bool was = take_its_flips(&core->noted, (uint32_t)i, other) < 0;
    struct vsm_united u = {(uint32_t)i, item, vsm_since_take(&a->life.announced, other, was),
                           vsm_since_take(&a->life.covered, other, was)};
    if (!was && !u.announced.was && !u.covered.was)
      continue;
    all->united = vsm_mem_grow(all->united, all->n_united, &all->cap_united, sizeof *all->united);
    all->united[all->n_united++] = u;
    vsm_noted_touch(&core->noted, (uint32_t)i);
  }
}

static void take_chosen(struct vsm_alerts *all, size_t n) {
  uint32_t *looked = all->looked;
  for (size_t k = 0; n > 0; k++)
    for (; all->chosen[k]; all->chosen[k] &= all->chosen[k] - 1, n--)
      *looked++ = all->by_id[k * 64 + (size_t)__builtin_ctzll(all->chosen[k])];
}

// Takes those out of the list that are about sources, or about streams, in the order of their ids. They stay marked
// while they are looked at, since flips that looking finds are theirs.
static size_t choose(struct vsm_core *core, bool sources) {
  struct vsm_noted *noted = &core->noted;
  struct vsm_alerts *all = &core->alerts;
  size_t n = 0, left = 0;
  for (size_t i = 0; i < noted->n_alerts; i++) {
    uint32_t number = noted->alerts[i];
    const struct vsm_alert *a = &all->at[number];
    if ((a->subject.stream < 0) == sources) {
      all->looked = vsm_mem_grow(all->looked, n, &all->cap_looked, sizeof *all->looked);
      all->signs = vsm_mem_grow(all->signs, n++, &all->cap_signs, sizeof *all->signs);
      all->chosen[a->place / 64] |= UINT64_C(1) << a->place % 64;
    } else {
      noted->alerts[left++] = number;
    }
  }
  noted->n_alerts = left;
  take_chosen(all, n);
  return n;
}

static bool is_heard_or_not(const struct vsm_alert *a, enum vsm_alert_state before) {
  return a->subject.kind == VSM_SOURCE_SILENT && (a->life.state == VSM_FIRING) != (before == VSM_FIRING);
}

static void look_at(struct vsm_core *core, bool sources, enum vsm_cause cause) {
  size_t n = choose(core, sources);
  const uint32_t *looked = core->alerts.looked;
  struct vsm_sign *signs = core->alerts.signs;
  for (size_t i = 0; i < n; i++) {
    vsm_detect(core, &core->alerts.at[looked[i]].subject, &signs[i]);
    core->alerts.at[looked[i]].seen = &signs[i];
  }
  if (!sources) // they have no members, and those of others are not all found yet
    take_flips(core);
  for (size_t i = 0; i < n; i++) {
    struct vsm_alert *a = &core->alerts.at[looked[i]];
    enum vsm_alert_state before = a->life.state;
    core->noted.marked[looked[i]] = false;
    a->seen = NULL;
    live(core, a, &signs[i], cause);
    wait_for(core, looked[i], next_due(core, a, signs[i].due_us));
    if (is_heard_or_not(a, before)) {
      vsm_alerts_count_silent(core);
      vsm_alerts_touch_fed(core, &core->hearing.at[a->subject.source]);
    }
  }
}

void vsm_alerts_settle(struct vsm_core *core, enum vsm_cause cause) {
  if (core->noted.n_alerts == 0 || !core->has_now)
    return;
  vsm_ranks_settle(&core->ranks);
  look_at(core, true, cause);
  look_at(core, false, cause);
}

int64_t vsm_alerts_due(const struct vsm_core *core) {
  const struct vsm_alerts *a = &core->alerts;
  int64_t due = vsm_earlier_us(a->soon_us, a->silences_due_us);
  return a->due.count > 0 ? vsm_earlier_us(vsm_ranks_select(&a->due, 0).us, due) : due;
}

static void touch_soon(struct vsm_core *core) {
  const struct vsm_alerts *all = &core->alerts;
  for (size_t i = 0; all->soon_us <= core->now.us && i < all->n_soon; i++)
    if (all->at[all->soon[i]].soon)
      vsm_noted_touch(&core->noted, all->soon[i]);
}

void vsm_alerts_step(struct vsm_core *core) {
  vsm_alerts_settle(core, VSM_BY_EVENTS); // of a batch in which time passes
  struct vsm_rank first;
  struct vsm_ranks_at at = vsm_ranks_seek(&core->alerts.due, 0, 0);
  while (vsm_ranks_next(&core->alerts.due, &at, &first) && first.us <= core->now.us)
    vsm_noted_touch(&core->noted, first.id);
  touch_soon(core);
  vsm_silences_pass(core);
  vsm_alerts_settle(core, VSM_BY_TIME);
}

// Between the last record and the start nobody looked, and nobody was told: what came to hold in that time fires now,
// or once the sources that feed it were heard.
void vsm_core_started(struct vsm_core *core, struct vsm_time at) {
  core->alerts.blind = true;
  vsm_core_advance(core, at);
  core->alerts.blind = false;
  if (!core->has_now)
    return;
  vsm_hearing_begin(core);
  for (size_t i = 0; i < core->alerts.n; i++)
    if (core->alerts.at[i].life.state != VSM_QUIET)
      vsm_noted_touch(&core->noted, (uint32_t)i);
  vsm_alerts_settle(core, VSM_BY_TIME);
}
