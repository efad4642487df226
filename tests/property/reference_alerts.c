// The life of alerts, as docs/alerts.md tells it: at each instant that matters every rule is judged, sources first, and
// each alert taken one step on.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "property/reference_alerts.h"

enum cause { BY_TIME, BY_START, BY_EVENT, BY_ORDER, BY_CONFIGURATION };

static int64_t now_of(const struct ref_alerts *a) {
  return ref_now(a->w.ref);
}

static bool is_live(const struct ref_alert *x) {
  return x->state == VSM_PENDING || x->state == VSM_FIRING;
}

static void tell(struct ref_alerts *a, struct ref_alert *x, enum vsm_alert_change change) {
  x->change = change;
  x->retold = true;
  REF_PUSH(a->w.arena, a->notices, a->n_notices, *x);
}

// ---- What holds an alert back

static bool fires(const struct ref_alerts *a, enum vsm_alert_kind kind, const char *source) {
  for (size_t i = 0; i < a->n_alerts; i++)
    if (a->alerts[i].state == VSM_FIRING && a->alerts[i].subject.kind == kind &&
        strcmp(a->alerts[i].subject.source, source) == 0)
      return true;
  return false;
}

// It fires, and the source was not heard yet.
static bool is_silent(const struct ref_alerts *a, const char *source) {
  for (size_t i = 0; i < a->n_alerts; i++)
    if (a->alerts[i].state == VSM_FIRING && a->alerts[i].ceased == INT64_MAX &&
        a->alerts[i].subject.kind == VSM_SOURCE_SILENT && strcmp(a->alerts[i].subject.source, source) == 0)
      return true;
  return false;
}

static void find_inhibited(struct ref_alerts *a, struct ref_alert *x) {
  const struct vsm_model *m = a->w.model;
  x->n_inhibited_by = 0;
  x->inhibited_by = NULL;
  for (unsigned i = 0; x->subject.stream >= 0 && i < m->n_sources; i++)
    if (ref_feeds(m, m->sources[i].id, x->subject.stream, x->subject.stage) &&
        fires(a, VSM_SOURCE_SILENT, m->sources[i].id))
      REF_PUSH(a->w.arena, x->inhibited_by, x->n_inhibited_by, m->sources[i].id);
}

// Whether other sources are silent than before is told, too.
static void note_inhibited(struct ref_alerts *a, struct ref_alert *x) {
  const char **before = x->inhibited_by;
  size_t n = x->n_inhibited_by, same = 0;
  find_inhibited(a, x);
  while (same < n && same < x->n_inhibited_by && strcmp(before[same], x->inhibited_by[same]) == 0)
    same++;
  x->marked = x->marked || same < n || same < x->n_inhibited_by;
}

// Since the start a source that feeds it was not heard, and may yet be.
static bool waits(struct ref_alerts *a, const struct ref_subject *s) {
  const struct vsm_model *m = a->w.model;
  for (unsigned i = 0; a->started && s->stream >= 0 && i < m->n_sources; i++) {
    const struct vsm_source *x = &m->sources[i];
    if (x->silent_us && ref_feeds(m, x->id, s->stream, s->stage) && !ref_source(&a->w, x->id)->since_start &&
        ref_worked(x->calendar, a->start, now_of(a)) < x->silent_us)
      return true;
  }
  return false;
}

// ---- One step of one alert

static enum vsm_alert_end why(const struct ref_alert *x, enum cause cause) {
  static const enum vsm_alert_end by[] = {[BY_TIME] = VSM_END_TIME,
                                          [BY_START] = VSM_END_TIME,
                                          [BY_ORDER] = VSM_END_ORDER,
                                          [BY_CONFIGURATION] = VSM_END_RULE};
  if (cause != BY_EVENT)
    return by[cause];
  if (x->subject.stream < 0)
    return VSM_END_HEARD;
  return x->state == VSM_FIRING && x->moved != INT64_MIN && x->moved < x->fired ? VSM_END_LATE_NEWS : VSM_END_MOVED;
}

static void over(struct ref_alerts *a, struct ref_alert *x) {
  bool fired = x->state == VSM_FIRING;
  x->resolved = fired ? now_of(a) : 0;
  x->state = fired ? VSM_RESOLVED : VSM_QUIET;
  tell(a, x, fired ? VSM_ENDED : VSM_DROPPED);
  if (fired)
    REF_PUSH(a->w.arena, a->history, a->n_history, *x);
  x->acknowledged = x->held = x->lingers = false;
  x->unacknowledged = x->n_covered = x->n_announced = x->n_gone = 0;
}

static void begin(struct ref_alerts *a, struct ref_alert *x) {
  x->state = VSM_PENDING;
  x->since = now_of(a);
  x->fired = x->resolved = 0;
  x->ceased = INT64_MAX;
  x->end = VSM_NOT_ENDED;
  x->moved = INT64_MIN;
  x->n_joined = x->n_left = 0;
}

static void step_pending(struct ref_alerts *a, struct ref_alert *x, bool began) {
  const struct vsm_alert_rule *r = x->subject.rule;
  if (a->blind || now_of(a) - x->since < r->for_us || waits(a, &x->subject)) {
    if (began)
      tell(a, x, VSM_BECAME_PENDING);
    return;
  }
  x->state = VSM_FIRING;
  x->fired = now_of(a);
  ref_announced(a, x);
  tell(a, x, VSM_FIRED);
}

static void step_firing(struct ref_alerts *a, struct ref_alert *x, enum cause cause, bool by_news) {
  const struct vsm_alert_rule *r = x->subject.rule;
  if (x->held)
    x->ceased = INT64_MAX;
  x->lingers = !x->held && x->ceased == INT64_MAX && cause != BY_CONFIGURATION && !by_news &&
               (x->lingers || (x->n_inhibited_by && cause <= BY_START));
  if (!x->held && x->ceased == INT64_MAX && !(x->n_inhibited_by && x->lingers)) {
    x->ceased = now_of(a);
    x->end = x->lingers ? VSM_END_TIME : why(x, cause);
  }
  if (x->ceased != INT64_MAX && now_of(a) - x->ceased >= r->keep_us) {
    over(a, x);
    return;
  }
  if (a->blind)
    return;
  ref_find_joined(a, x);
  bool join = x->n_joined && now_of(a) - x->announced_us >= r->announce_us && !waits(a, &x->subject);
  if (!join && now_of(a) - x->announced_us < r->repeat_us)
    return;
  ref_announced(a, x);
  tell(a, x, join ? VSM_JOINED : VSM_REPEATED);
}

static struct ref_alert *alert_of(struct ref_alerts *a, const struct ref_subject *s) {
  struct ref_alert *x = NULL;
  for (size_t i = 0; i < a->n_alerts; i++)
    if (strcmp(a->alerts[i].id, s->id) == 0)
      x = &a->alerts[i];
  if (!x) {
    REF_PUSH(a->w.arena, a->alerts, a->n_alerts, (struct ref_alert){.id = s->id, .ceased = INT64_MAX});
    x = &a->alerts[a->n_alerts - 1];
  }
  x->subject = *s;
  x->severity = s->rule->severity;
  return x;
}

static void step(struct ref_alerts *a, const struct ref_subject *s, enum cause cause) {
  struct ref_alert *x = alert_of(a, s);
  struct ref_sign sign;
  bool whole = cause == BY_CONFIGURATION || (cause == BY_TIME && now_of(a) % VSM_MINUTE_US == 0);
  ref_judge(&a->w, s, whole, &sign);
  sign.untold = sign.untold || (a->blind && s->kind == VSM_SOURCE_SILENT);
  if (cause == BY_TIME && sign.by_news)
    cause = BY_EVENT;
  int64_t moved = ref_ended(&a->w, s, &x->sign, &sign);
  x->moved = x->ceased == INT64_MAX ? moved : x->moved;
  if (!sign.untold) {
    x->held = sign.holds;
    x->sign = sign;
  }
  x->sign.items = sign.items; // as of now
  x->sign.n_items = sign.n_items;
  if (sign.holds)
    x->told = sign;
  note_inhibited(a, x);
  if (cause == BY_CONFIGURATION)
    ref_take_as_told(a, x);
  ref_note_gone(a, x);
  bool began = !is_live(x) && x->held;
  if (began)
    begin(a, x);
  if (x->state == VSM_PENDING && !x->held) {
    x->end = why(x, cause);
    over(a, x);
  } else if (x->state == VSM_PENDING)
    step_pending(a, x, began);
  else if (x->state == VSM_FIRING)
    step_firing(a, x, cause, sign.by_news);
}

// ---- One look at all of them

static void mark(struct ref_alerts *a, struct ref_alert *x) {
  bool silenced = false;
  for (size_t i = 0; i < a->w.n_silences; i++)
    if (!a->w.silences[i].view.item.n && ref_silence_fits(&a->w, &a->w.silences[i], &x->subject))
      silenced = true;
  x->marked = x->marked || silenced != x->silenced;
  x->silenced = silenced;
  note_inhibited(a, x);
  if (is_live(x) && x->marked && !x->retold)
    tell(a, x, VSM_MARKED);
}

static void find_subjects(struct ref_alerts *a) {
  if (a->subjects && a->subjects_of == a->w.n_sources)
    return;
  a->subjects = ref_subjects(&a->w, &a->n_subjects);
  a->subjects_of = a->w.n_sources;
}

static bool is_watched(const struct ref_alerts *a, const char *id) {
  for (size_t i = 0; i < a->n_subjects; i++)
    if (strcmp(a->subjects[i].id, id) == 0)
      return true;
  return false;
}

static void end_unwatched(struct ref_alerts *a) {
  for (struct ref_alert *x = a->alerts; x < a->alerts + a->n_alerts; x++) {
    if (!is_live(x) || is_watched(a, x->id))
      continue;
    x->end = x->ceased == INT64_MAX ? VSM_END_RULE : x->end;
    over(a, x);
  }
}

static void look(struct ref_alerts *a, enum cause cause) {
  find_subjects(a);
  if (cause != BY_TIME)
    ref_world_anew(&a->w);
  if (cause == BY_CONFIGURATION || (cause == BY_TIME && now_of(a) % VSM_MINUTE_US == 0))
    ref_world_thresholds(&a->w);
  for (size_t i = 0; i < a->n_alerts; i++)
    a->alerts[i].marked = a->alerts[i].retold = false;
  end_unwatched(a); // first, since others are inhibited by them
  for (size_t i = 0; i < a->n_subjects; i++)
    step(a, &a->subjects[i], cause);
  if (cause == BY_CONFIGURATION || (cause == BY_TIME && now_of(a) % VSM_MINUTE_US == 0))
    ref_world_shared(&a->w);
  for (size_t i = 0; i < a->n_alerts; i++)
    mark(a, &a->alerts[i]);
  vsm_arena_reset(&a->w.scratch);
}

// ---- When to look by time alone

static int64_t sooner(int64_t a, int64_t b, int64_t now) {
  return b > now && b < a ? b : a;
}

static int64_t next_of_life(struct ref_alerts *a, const struct ref_alert *x, int64_t next) {
  const struct vsm_alert_rule *r = x->subject.rule;
  int64_t now = now_of(a);
  if (x->state == VSM_PENDING)
    next = sooner(next, x->since + r->for_us, now);
  if (x->state == VSM_FIRING && x->ceased != INT64_MAX)
    next = sooner(next, x->ceased + r->keep_us, now);
  if (x->state == VSM_FIRING) {
    next = sooner(next, x->announced_us + r->announce_us, now);
    next = sooner(next, x->announced_us + r->repeat_us, now);
  }
  return next;
}

// When those that wait for a source stop doing so.
static int64_t end_of_waiting(struct ref_alerts *a, const struct vsm_source *x, int64_t limit) {
  int64_t no = now_of(a), yes = limit;
  if (ref_worked(x->calendar, a->start, no) >= x->silent_us || ref_worked(x->calendar, a->start, yes) < x->silent_us)
    return INT64_MAX;
  while (yes - no > 1) {
    int64_t middle = no + (yes - no) / 2;
    if (ref_worked(x->calendar, a->start, middle) >= x->silent_us)
      yes = middle;
    else
      no = middle;
  }
  return yes;
}

static int64_t next_instant(struct ref_alerts *a, int64_t limit) {
  int64_t now = now_of(a), next = limit;
  if (a->minutes)
    next = sooner(next, (now / VSM_MINUTE_US + 1) * VSM_MINUTE_US, now);
  for (size_t i = 0; i < a->n_subjects; i++)
    next = sooner(next, ref_next_by_time(&a->w, &a->subjects[i], next), now);
  vsm_arena_reset(&a->w.scratch);
  for (size_t i = 0; i < a->n_alerts; i++)
    next = next_of_life(a, &a->alerts[i], next);
  for (size_t i = 0; i < a->w.n_silences; i++)
    if (!a->w.silences[i].over)
      next = sooner(next, a->w.silences[i].view.mark.until.us, now);
  for (unsigned i = 0; a->started && i < a->w.model->n_sources; i++)
    if (a->w.model->sources[i].silent_us)
      next = sooner(next, end_of_waiting(a, &a->w.model->sources[i], next), now);
  return next;
}

void ref_alerts_advance(struct ref_alerts *a, int64_t us) {
  if (!now_of(a)) { // nothing was heard of yet
    ref_advance(a->w.ref, (struct vsm_time){us});
    for (size_t i = 0; i < a->w.n_sources; i++)
      a->w.sources[i].since = us;
    look(a, BY_TIME);
  }
  while (now_of(a) < us) {
    ref_advance(a->w.ref, (struct vsm_time){next_instant(a, us)});
    look(a, BY_TIME);
  }
}

// ---- What comes from outside

// Whether anything is looked at at whole minutes alone.
static bool needs_minutes(const struct vsm_model *m) {
  bool needs = m->alerts != NULL;
  for (unsigned i = 0; i < m->n_sources; i++)
    needs = needs || m->sources[i].alerts;
  for (unsigned i = 0; i < m->n_streams; i++) {
    const struct vsm_stream *s = &m->streams[i];
    needs = needs || s->n_expected;
    for (unsigned k = 0; k < s->n_stalls; k++)
      needs = needs || !s->stalls[k].after_us;
    for (unsigned j = 0; j < s->n_stages; j++) {
      needs = needs || s->stages[j].n_expected;
      for (unsigned k = 0; k < s->stages[j].n_stalls; k++)
        needs = needs || !s->stages[j].stalls[k].after_us;
    }
  }
  return needs;
}

static void take_model(struct ref_alerts *a, const struct vsm_model *model) {
  a->w.model = model;
  a->subjects = NULL;
  a->minutes = needs_minutes(model);
  for (unsigned i = 0; i < model->n_sources; i++) {
    struct ref_heard *h = ref_source(&a->w, model->sources[i].id);
    if (!h->named && now_of(a) > h->since)
      h->since = now_of(a);
  }
  for (size_t i = 0; i < a->w.n_sources; i++)
    a->w.sources[i].named = false;
  for (unsigned i = 0; i < model->n_sources; i++)
    ref_source(&a->w, model->sources[i].id)->named = true;
}

struct ref_alerts *ref_alerts_create(const struct vsm_model *model, struct vsm_arena *arena) {
  struct ref_alerts *a = vsm_arena_zalloc(arena, sizeof *a);
  assert(a);
  a->w.ref = ref_create(model, arena);
  a->w.arena = arena;
  vsm_arena_init(&a->w.scratch, 0);
  take_model(a, model);
  look(a, BY_CONFIGURATION);
  return a;
}

void ref_alerts_destroy(struct ref_alerts *a) {
  vsm_arena_fini(&a->w.scratch);
}

void ref_alerts_configure(struct ref_alerts *a, const struct vsm_model *model) {
  ref_configure(a->w.ref, model);
  take_model(a, model);
  look(a, BY_CONFIGURATION);
}

void ref_alerts_started(struct ref_alerts *a, int64_t us) {
  a->blind = true;
  ref_alerts_advance(a, us);
  a->blind = false;
  a->started = true;
  a->start = now_of(a);
  for (size_t i = 0; i < a->w.n_sources; i++) {
    a->w.sources[i].since_start = false;
    if (!is_silent(a, a->w.sources[i].id) && a->start > a->w.sources[i].since)
      a->w.sources[i].since = a->start;
  }
  look(a, BY_START);
}

static void heard(struct ref_alerts *a, const char *source) {
  struct ref_heard *h = ref_source(&a->w, source);
  h->since = h->heard = now_of(a);
  h->since_start = true;
}

void ref_alerts_batch(struct ref_alerts *a, const struct vsm_event *events, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const char *source = vsm_arena_strndup(a->w.arena, events[i].source.p, events[i].source.n);
    uint64_t unmapped = ref_counts(a->w.ref).unmapped;
    bool bad = ref_take(a->w.ref, &events[i]) != VSM_R_NONE || ref_counts(a->w.ref).unmapped != unmapped;
    struct ref_heard *h = ref_source(&a->w, source);
    heard(a, source);
    if (bad)
      REF_PUSH(a->w.arena, h->bad, h->n_bad, now_of(a) / VSM_MINUTE_US);
    else
      REF_PUSH(a->w.arena, h->good, h->n_good, now_of(a) / VSM_MINUTE_US);
  }
  look(a, BY_EVENT);
}

void ref_alerts_alive(struct ref_alerts *a, const char *source) {
  heard(a, source);
  look(a, BY_EVENT);
}

bool ref_alerts_withdraw(struct ref_alerts *a, unsigned stream, const char *key) {
  bool done = ref_withdraw(a->w.ref, stream, key);
  if (done)
    look(a, BY_ORDER);
  return done;
}

static bool has_key(const struct ref_member *m, const char *const *keys, size_t n) {
  for (size_t i = 0; i < m->n_keys; i++)
    for (size_t k = 0; k < n; k++)
      if (strcmp(m->keys[i], keys[k]) == 0)
        return true;
  return false;
}

// That it left is told, but by no name; who has its keys now is another.
static void forget_member(struct ref_member *all, size_t n_all, const char *const *keys, size_t n) {
  for (size_t i = 0; i < n_all; i++)
    if (has_key(&all[i], keys, n)) {
      all[i].n_keys = 0;
      all[i].shown = NULL;
    }
}

bool ref_alerts_forget(struct ref_alerts *a, unsigned stream, const char *key) {
  const char *const *keys;
  size_t n;
  ref_alerts_withdraw(a, stream, key);
  if (!ref_forget(a->w.ref, stream, key, &keys, &n))
    return false;
  for (size_t i = 0; i < a->n_alerts; i++) {
    struct ref_alert *x = &a->alerts[i];
    if (x->subject.stream != (int)stream)
      continue;
    forget_member(x->announced, x->n_announced, keys, n);
    forget_member(x->gone, x->n_gone, keys, n);
    forget_member(x->covered, x->n_covered, keys, n);
  }
  for (size_t i = 0; i < a->w.n_silences; i++) {
    struct ref_silence *s = &a->w.silences[i];
    bool here = !s->view.stream.n || vsm_str_eq(s->view.stream, vsm_str_of(a->w.model->streams[stream].id));
    for (size_t k = 0; here && k < n; k++)
      s->over = s->over || vsm_str_eq(s->view.item, vsm_str_of(keys[k]));
  }
  look(a, BY_ORDER);
  return true;
}

uint64_t ref_alerts_silence(struct ref_alerts *a, const struct vsm_silence_view *silence) {
  struct ref_silence s = {.view = *silence};
  s.view.id = ++a->silence_id;
  REF_PUSH(a->w.arena, a->w.silences, a->w.n_silences, s);
  look(a, BY_ORDER);
  return s.view.id;
}

bool ref_alerts_end_silence(struct ref_alerts *a, uint64_t id) {
  for (size_t i = 0; i < a->w.n_silences; i++) {
    struct ref_silence *s = &a->w.silences[i];
    if (s->view.id != id || s->over || s->view.mark.until.us <= now_of(a))
      continue;
    s->over = true;
    look(a, BY_ORDER);
    return true;
  }
  return false;
}

bool ref_alerts_acknowledge(struct ref_alerts *a, const char *id, bool lost) {
  for (size_t i = 0; i < a->n_alerts; i++) {
    struct ref_alert *x = &a->alerts[i];
    if (!is_live(x) || strcmp(x->id, id) != 0 || (lost && x->subject.kind != VSM_SOURCE_GAP))
      continue;
    struct ref_heard *h = lost ? ref_source(&a->w, x->subject.source) : NULL;
    size_t n = 0;
    struct ref_number *missing = lost ? ref_missing(a->w.ref, h->id, &n) : NULL;
    for (size_t k = 0; k < n; k++)
      REF_PUSH(a->w.arena, h->given_up, h->n_given_up, missing[k]);
    x->acknowledged = x->acknowledged || !lost;
    if (!lost)
      tell(a, x, VSM_MARKED);
    ref_cover(a, x);
    look(a, BY_ORDER);
    return true;
  }
  return false;
}
