// The machine. One step: check the event (its form, its time), find the rules that claim it and work out their keys;
// only then, when it is known that the event is accepted, let time pass and apply each claim. A claim adds one
// transition to one item (and joins items by links), between a fold of the item before and a fold after.
#include "core/core.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/text.h"
#include "core/apply.h"
#include "core/horizon.h"
#include "core/sealed.h"
#include "core/words.h"

struct vsm_core *vsm_core_create_bare(const struct vsm_model *model) {
  struct vsm_core *core = calloc(1, sizeof *core);
  if (!core)
    return NULL;
  vsm_intern_init(&core->words);
  vsm_arena_init(&core->text, 0);
  core->earliest_us = INT64_MAX;
  core->looked_us = INT64_MIN;
  vsm_arena_init(&core->alerts.said, 0);
  vsm_silences_rearm(&core->alerts);
  core->ledger = vsm_ledger_create(model);
  if (core->ledger)
    return core;
  vsm_core_destroy(core);
  return NULL;
}

struct vsm_core *vsm_core_create(const struct vsm_model *model) {
  struct vsm_core *core = vsm_core_create_bare(model);
  if (!core || vsm_core_configure(core, model) == 0)
    return core;
  vsm_core_destroy(core);
  return NULL;
}

void vsm_core_destroy(struct vsm_core *core) {
  if (!core)
    return;
  for (size_t i = 0; i < core->n_streams; i++)
    vsm_stream_state_fini(&core->streams[i]);
  free(core->streams);
  vsm_alerts_fini(&core->alerts);
  vsm_hearing_fini(&core->hearing);
  vsm_noted_fini(&core->noted);
  vsm_matcher_destroy(core->matcher);
  vsm_ledger_destroy(core->ledger);
  vsm_intern_fini(&core->words);
  vsm_retold_fini(&core->retold);
  vsm_retold_fini(&core->other);
  vsm_arena_fini(&core->text);
  free(core);
}

void vsm_effects_fini(struct vsm_effects *fx) {
  free(fx->changes);
  *fx = (struct vsm_effects){0};
}

// --- refusing

static void refuse(struct vsm_effects *fx, enum vsm_reason reason, const char *detail) {
  fx->result = VSM_REJECTED;
  fx->reason = reason;
  vsm_text_format(fx->detail, sizeof fx->detail, "%s", detail ? detail : "");
}

static int refuse_whole(struct vsm_core *core, const struct vsm_event *e, uint32_t row, struct vsm_effects *fx,
                        enum vsm_reason reason, const char *detail) {
  refuse(fx, reason, detail);
  vsm_ledger_rejected(core->ledger, e->source, e->type, reason, vsm_str_of(fx->detail));
  vsm_ledger_count(core->ledger, row, VSM_REJECTED);
  return 0;
}

// The event's time by our clocks, in *us.
static enum vsm_reason check_time(const struct vsm_core *core, const struct vsm_event *e, int64_t offset_us,
                                  int64_t *us, const char **detail) {
  const struct vsm_model *m = core->model;
  bool event_clock = m->clock == VSM_CLOCK_EVENT;
  if (e->time_ns == 0 && event_clock) {
    *detail = "with the event clock every event needs a time";
    return VSM_R_NO_TIME;
  }
  *us = e->time_ns == 0 ? e->received.us : (int64_t)(e->time_ns / 1000) - offset_us;
  if (*us < 0 || *us >= VSM_TIME_MAX) {
    *detail = "times lie from 1970 to 2100";
    return VSM_R_TIME_OUT_OF_RANGE;
  }
  int64_t ahead = event_clock ? m->max_step_us : m->max_future_skew_us;
  if (core->has_now && *us - core->now.us > ahead) {
    *detail = event_clock ? "further ahead than daemon.max_step allows" : "further ahead than daemon.max_future_skew";
    return VSM_R_TIME_IN_FUTURE;
  }
  return VSM_R_NONE;
}

// --- one event

// Why a claim is refused, by what is held; VSM_R_NONE: it is not.
static enum vsm_reason refuse_claim(struct vsm_core *core, const struct vsm_look *look, const struct vsm_claim *c,
                                    int64_t us, const char **detail) {
  const struct vsm_stream_state *s = &core->streams[c->rule->stream];
  uint32_t id = vsm_items_find(&s->items, c->name->key, c->name->hash);
  bool known = true;
  if (id == (uint32_t)VSM_ITEM_NONE && us < core->horizon_us) {
    *detail = "from before the horizon (items.keep), and its item is not held";
    return VSM_R_TOO_LATE;
  }
  if (id == (uint32_t)VSM_ITEM_NONE && (*detail = vsm_horizon_refuse(core, look)) != NULL)
    return VSM_R_LIMIT;
  if (id == (uint32_t)VSM_ITEM_NONE || c->rule->lifecycle > VSM_WITHDRAW)
    return VSM_R_NONE;
  const struct vsm_item *it = vsm_items_at(&s->items, id);
  if (it->n >= core->model->limits.transitions)
    vsm_item_seek(it, vsm_pack(us, vsm_rule_place(s, c->rule), c->rule->lifecycle), &known);
  if (known)
    return VSM_R_NONE;
  core->beyond[VSM_BOUNDED_TRANSITIONS]++;
  *detail = "an item has at most as many transitions as limits.transitions says";
  return VSM_R_LIMIT;
}

static void refuse_claims(struct vsm_core *core, struct vsm_look *look, int64_t us) {
  unsigned n = 0;
  for (unsigned i = 0; i < look->n_claims; i++) {
    const char *detail = NULL;
    enum vsm_reason reason = refuse_claim(core, look, &look->claims[i], us, &detail);
    if (reason != VSM_R_NONE)
      vsm_look_reject(look, reason, detail);
    else
      look->claims[n++] = look->claims[i];
  }
  look->n_claims = n;
}

static enum vsm_result settle(const struct vsm_look *look, struct vsm_effects *fx) {
  if (!look->matched)
    return VSM_UNMAPPED;
  if (look->n_claims == 0 && look->reason != VSM_R_NONE && !look->ignored) {
    refuse(fx, look->reason, look->detail);
    return VSM_REJECTED;
  }
  return look->n_claims == 0 ? VSM_IGNORED : VSM_DUPLICATE; // until something turns out to be new
}

// One that the wire refused.
static uint32_t step_refused(struct vsm_core *core, const struct vsm_event *e, struct vsm_effects *fx) {
  uint32_t row = vsm_ledger_source(core->ledger, e->source);
  if (e->source.n > 0) // else it is nobody's number
    vsm_ledger_sequence(core->ledger, row, e->epoch, e->sequence);
  refuse_whole(core, e, row, fx, e->refused, e->refused_detail);
  return row;
}

static void step_taken(struct vsm_core *core, const struct vsm_event *e, struct vsm_look *look,
                       struct vsm_effects *fx) {
  const struct vsm_kind *kind = look->kind;
  int64_t us = 0;
  const char *detail = NULL;
  enum vsm_reason reason = check_time(core, e, kind->offset_us, &us, &detail);
  vsm_ledger_sequence(core->ledger, kind->source_row, e->epoch, e->sequence);
  vsm_ledger_heard(core->ledger, kind->source_row, e->received,
                   e->time_ns && reason == VSM_R_NONE && us <= e->received.us ? e->received.us - us : -1);
  if (reason != VSM_R_NONE) {
    refuse_whole(core, e, kind->source_row, fx, reason, detail);
    return;
  }
  refuse_claims(core, look, us);
  fx->result = settle(look, fx);
  if (fx->result != VSM_REJECTED && core->model->clock == VSM_CLOCK_EVENT)
    vsm_core_pass_time(core, us);
  if (fx->result != VSM_REJECTED && us < core->earliest_us)
    core->earliest_us = us;
  if (look->reason != VSM_R_NONE) // listed also where other rules took the event
    vsm_ledger_rejected(core->ledger, e->source, e->type, look->reason, vsm_str_of(look->detail));
  if (fx->result == VSM_UNMAPPED)
    vsm_ledger_unmapped(core->ledger, e->source, e->type, e->received);
  for (unsigned i = 0; i < look->n_claims; i++)
    if (vsm_apply(core, e, &look->claims[i], us, fx))
      fx->result = VSM_APPLIED;
  vsm_ledger_count(core->ledger, kind->source_row, fx->result);
}

static void step(struct vsm_core *core, const struct vsm_event *e, struct vsm_look *look, struct vsm_effects *fx) {
  fx->n_changes = 0;
  fx->reason = VSM_R_NONE;
  fx->detail[0] = '\0';
  uint32_t row = look->kind ? look->kind->source_row : step_refused(core, e, fx);
  if (look->kind)
    step_taken(core, e, look, fx);
  vsm_hearing_take(core, row, e, fx);
}

// The items that the events of a run are about.
static void list_asked(struct vsm_core *core, size_t n) {
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    const struct vsm_look *look = &core->looks[i];
    core->asked_from[i] = at;
    for (unsigned c = 0; c < look->n_claims; c++) {
      const struct vsm_claim *claim = &look->claims[c];
      for (unsigned k = 0; k <= claim->rule->n_links && at < VSM_ASKED_MAX; k++)
        if (claim->name[k].reason == VSM_R_NONE)
          core->asked[at++] =
              (struct vsm_asked){.items = &core->streams[claim->rule->stream].items, .hash = claim->name[k].hash};
    }
  }
  core->asked_from[n] = at;
}

// While one event is stepped, memory is on its way for those behind it: with each turn a further part of their trails.
static void ask_ahead(struct vsm_core *core, size_t n, size_t turn) {
  for (unsigned step = 0; step < VSM_TRAIL_STEPS && step <= turn; step++)
    for (size_t i = turn - step, k = core->asked_from[i < n ? i : n]; i < n && k < core->asked_from[i + 1]; k++)
      vsm_items_ask(core->asked[k].items, core->asked[k].hash, &core->asked[k].trail, step);
}

// After a run: what the sets of open items and visits put off.
static void end_run(struct vsm_core *core) {
  vsm_ranks_settle(&core->ranks);
  for (unsigned i = 0; i < core->model->n_streams; i++) {
    struct vsm_stream_state *s = &core->streams[i];
    vsm_moved_tidy(&s->moved, &s->items, s->graph, s->open.count);
  }
}

int vsm_core_step_all(struct vsm_core *core, const struct vsm_event *events, size_t n, struct vsm_effects *fx,
                      vsm_core_done *done, void *ctx) {
  vsm_words_tidy(core);
  for (size_t at = 0, run; at < n; at += run) {
    run = n - at < VSM_LOOK_MAX ? n - at : VSM_LOOK_MAX;
    int err = vsm_look(core->matcher, core->model, &core->text, events + at, run, core->looks);
    if (err)
      return err;
    list_asked(core, run);
    for (size_t turn = 0; turn < run + VSM_TRAIL_STEPS; turn++) {
      ask_ahead(core, run, turn);
      if (turn < VSM_TRAIL_STEPS)
        continue;
      size_t i = turn - VSM_TRAIL_STEPS;
      step(core, &events[at + i], &core->looks[i], fx);
      if (done)
        done(ctx, &events[at + i], fx);
    }
    end_run(core);
  }
  vsm_alerts_settle(core, VSM_BY_EVENTS);
  return 0;
}

int vsm_core_step(struct vsm_core *core, const struct vsm_event *event, struct vsm_effects *fx) {
  return vsm_core_step_all(core, event, 1, fx, NULL, NULL);
}

int vsm_core_alive(struct vsm_core *core, struct vsm_str source, struct vsm_time received) {
  uint32_t row = vsm_ledger_source(core->ledger, source);
  vsm_ledger_heard(core->ledger, row, received, -1);
  vsm_hearing_take(core, row, NULL, NULL);
  vsm_alerts_settle(core, VSM_BY_EVENTS);
  return 0;
}

void vsm_core_refuse_frame(struct vsm_core *core, struct vsm_str source, enum vsm_reason reason, uint64_t events) {
  vsm_ledger_frames(core->ledger, source, reason, events);
}
