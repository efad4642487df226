// Each event costs a few additions here. An alert about what was refused, or is missing, is made when there is first
// anything to say of it, so that a thousand healthy sources have none.
#include "core/hearing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/alerts.h"
#include "core/calendar.h"
#include "core/sequence.h"
#include "core/state.h"

void vsm_hearing_fini(struct vsm_hearing *h) {
  for (size_t i = 0; i < h->n; i++) {
    free(h->at[i].id);
    free(h->at[i].type);
    free(h->at[i].detail);
  }
  free(h->at);
  free(h->of_row);
  free(h->of_model);
}

static uint32_t find(const struct vsm_hearing *h, struct vsm_str id) {
  for (size_t i = 0; i < h->n; i++)
    if (vsm_str_eq(vsm_str_of(h->at[i].id), id))
      return (uint32_t)i;
  return (uint32_t)VSM_NO_ROW;
}

static uint32_t add_source(struct vsm_core *core, struct vsm_str id) {
  struct vsm_hearing *h = &core->hearing;
  h->at = vsm_mem_grow(h->at, h->n, &h->cap, sizeof *h->at);
  h->at[h->n] = (struct vsm_hearing_source){.id = vsm_mem_copy(id),
                                            .model = -1,
                                            .row = (uint32_t)VSM_NO_ROW,
                                            .from_us = core->has_now ? core->now.us : 0,
                                            .heard_us = -1,
                                            .awaited = true,
                                            .silent = (uint32_t)VSM_NO_ALERT,
                                            .refused = (uint32_t)VSM_NO_ALERT,
                                            .gap = (uint32_t)VSM_NO_ALERT};
  return (uint32_t)h->n++;
}

void vsm_hearing_configure(struct vsm_core *core) {
  struct vsm_hearing *h = &core->hearing;
  const struct vsm_model *m = core->model;
  h->of_model = vsm_mem_resize(h->of_model, (m->n_sources + 1) * sizeof *h->of_model);
  for (unsigned i = 0; i < m->n_sources; i++) {
    uint32_t place = find(h, vsm_str_of(m->sources[i].id));
    h->of_model[i] = place == (uint32_t)VSM_NO_ROW ? add_source(core, vsm_str_of(m->sources[i].id)) : place;
    if (core->has_now && h->at[h->of_model[i]].model < 0) // not named before
      h->at[h->of_model[i]].from_us = core->now.us;
  }
  for (size_t i = 0; i < h->n; i++) {
    h->at[i].model = -1;
    h->at[i].silent = h->at[i].refused = h->at[i].gap = (uint32_t)VSM_NO_ALERT;
  }
  for (unsigned i = 0; i < m->n_sources; i++)
    h->at[h->of_model[i]].model = (int)i;
}

// A silence that fires goes on over a start.
static bool goes_on(const struct vsm_core *core, const struct vsm_hearing_source *s) {
  return vsm_hearing_is_silent(core, s) && core->alerts.at[s->silent].life.clear_us == INT64_MAX;
}

void vsm_hearing_begin(struct vsm_core *core) {
  core->hearing.begun_us = core->now.us;
  for (size_t i = 0; i < core->hearing.n; i++) {
    struct vsm_hearing_source *s = &core->hearing.at[i];
    if (!goes_on(core, s))
      s->from_us = core->now.us;
    s->awaited = true;
    vsm_noted_touch(&core->noted, s->silent);
  }
}

// --- what comes

static struct vsm_hearing_source *of_row(struct vsm_core *core, uint32_t row) {
  struct vsm_hearing *h = &core->hearing;
  while (row >= h->n_rows) {
    h->of_row = vsm_mem_grow(h->of_row, h->n_rows, &h->cap_rows, sizeof *h->of_row);
    h->of_row[h->n_rows++] = (uint32_t)VSM_NO_ROW;
  }
  if (h->of_row[row] == (uint32_t)VSM_NO_ROW) {
    struct vsm_str id = vsm_ledger_source_id(core->ledger, row);
    uint32_t place = find(h, id);
    h->of_row[row] = place == (uint32_t)VSM_NO_ROW ? add_source(core, id) : place;
    h->at[h->of_row[row]].row = row;
  }
  return &h->at[h->of_row[row]];
}

static uint32_t place_of(const struct vsm_core *core, const struct vsm_hearing_source *s) {
  return (uint32_t)(s - core->hearing.at);
}

static bool is_live(const struct vsm_core *core, uint32_t alert) {
  return alert != (uint32_t)VSM_NO_ALERT && core->alerts.at[alert].life.state != VSM_QUIET;
}

static void hear(struct vsm_core *core, struct vsm_hearing_source *s) {
  s->heard_us = core->now.us;
  if (s->awaited)
    vsm_alerts_touch_fed(core, s);
  if (s->awaited || is_live(core, s->silent))
    vsm_noted_touch(&core->noted, s->silent);
  s->awaited = false;
}

// Quarters in which nothing came do not tell what is usual: nights and weekends would.
static void end_quarter(struct vsm_hearing_source *s) {
  if (s->quarter_got == 0)
    return;
  s->quarters += s->quarters < VSM_USUAL_QUARTERS;
  int64_t beyond = (int64_t)(s->quarter_got * 1000) - (int64_t)s->usual_milli;
  s->usual_milli = (uint64_t)((int64_t)s->usual_milli + beyond / (int64_t)s->quarters);
  s->quarter_got = 0;
}

// Minutes between which nothing came count nothing.
static void reach_minute(struct vsm_hearing_source *s, int64_t now_us) {
  int64_t minute = now_us / VSM_MINUTE_US;
  if (minute / VSM_QUARTER_MINUTES != s->minute / VSM_QUARTER_MINUTES)
    end_quarter(s);
  for (int64_t left = minute - s->minute; left > 0 && s->all_got > 0; left--) {
    size_t slot = (size_t)(++s->minute % VSM_REFUSED_MINUTES);
    s->all_got -= s->got[slot];
    s->all_not_taken -= s->not_taken[slot];
    s->got[slot] = s->not_taken[slot] = 0;
  }
  s->minute = minute;
}

static void note_sample(struct vsm_hearing_source *s, const struct vsm_event *e, const struct vsm_effects *fx) {
  struct vsm_str type = {e->type.p, e->type.n < VSM_KEY_MAX ? e->type.n : VSM_KEY_MAX};
  s->reason = fx->result == VSM_REJECTED ? fx->reason : VSM_R_NONE;
  if (s->type && vsm_str_eq(vsm_str_of(s->type), type) && strcmp(s->detail, fx->detail) == 0)
    return;
  free(s->type);
  free(s->detail);
  s->type = vsm_mem_copy(type);
  s->detail = vsm_mem_copy(vsm_str_of(s->reason == VSM_R_NONE ? "" : fx->detail));
}

static void count(struct vsm_core *core, struct vsm_hearing_source *s, const struct vsm_event *e,
                  const struct vsm_effects *fx) {
  bool not_taken = fx->result == VSM_UNMAPPED || fx->result == VSM_REJECTED;
  reach_minute(s, core->now.us);
  size_t slot = (size_t)(s->minute % VSM_REFUSED_MINUTES);
  s->got[slot]++;
  s->quarter_got++;
  s->all_got++;
  if (not_taken) {
    s->not_taken[slot]++;
    s->all_not_taken++;
    note_sample(s, e, fx);
    if (s->refused == (uint32_t)VSM_NO_ALERT)
      s->refused = vsm_alerts_of_source(core, VSM_SOURCE_REFUSED, place_of(core, s));
  }
  vsm_noted_touch(&core->noted, s->refused);
}

static void look_for_gaps(struct vsm_core *core, struct vsm_hearing_source *s, uint64_t number) {
  uint64_t missing = vsm_ledger_missing(core->ledger, s->row);
  if (missing == s->missing)
    return;
  s->given_up -= missing < s->missing && s->given_up > 0 && number >= s->given_first && number <= s->given_last;
  s->missing = missing;
  s->ever_missing = true;
  s->given_up = s->given_up < missing ? s->given_up : missing;
  if (s->gap == (uint32_t)VSM_NO_ALERT)
    s->gap = vsm_alerts_of_source(core, VSM_SOURCE_GAP, place_of(core, s));
  vsm_noted_touch(&core->noted, s->gap);
}

void vsm_hearing_take(struct vsm_core *core, uint32_t row, const struct vsm_event *e, const struct vsm_effects *fx) {
  struct vsm_hearing_source *s = of_row(core, row);
  hear(core, s);
  if (!fx)
    return;
  count(core, s, e, fx);
  if (e->sequence != 0)
    look_for_gaps(core, s, e->sequence);
}

void vsm_hearing_give_up(struct vsm_core *core, uint32_t place) {
  struct vsm_hearing_source *s = &core->hearing.at[place];
  const struct vsm_sequence *numbers = vsm_ledger_numbers(core->ledger, vsm_str_of(s->id));
  s->given_up = s->missing;
  s->given_first = numbers->first;
  s->given_last = numbers->last;
  vsm_noted_touch(&core->noted, s->gap);
}

// --- what is asked

static const struct vsm_source *model_of(const struct vsm_core *core, const struct vsm_hearing_source *s) {
  return s->model >= 0 ? &core->model->sources[s->model] : NULL;
}

static int64_t silent_from(const struct vsm_source *m, int64_t us) {
  return vsm_calendar_when(m->calendar, vsm_calendar_worked(m->calendar, us) + m->silent_us);
}

bool vsm_hearing_awaited(const struct vsm_core *core, const struct vsm_hearing_source *s, int64_t *until) {
  const struct vsm_source *m = model_of(core, s);
  if (!m || m->silent_us == 0 || !s->awaited)
    return false;
  *until = silent_from(m, core->hearing.begun_us);
  return *until > core->now.us;
}

bool vsm_hearing_is_silent(const struct vsm_core *core, const struct vsm_hearing_source *s) {
  return s->silent != (uint32_t)VSM_NO_ALERT && vsm_alerts_fires(core, s->silent);
}

int64_t vsm_hearing_unheard_us(const struct vsm_core *core, uint32_t place) {
  const struct vsm_hearing_source *s = &core->hearing.at[place];
  const struct vsm_source *m = model_of(core, s);
  const struct vsm_calendar *c = m ? m->calendar : NULL;
  int64_t last = s->heard_us >= 0 ? s->heard_us : s->from_us;
  return vsm_calendar_worked(c, core->now.us) - vsm_calendar_worked(c, last);
}

// What was not heard while no process ran tells nothing.
static void detect_silence(struct vsm_core *core, const struct vsm_hearing_source *s, struct vsm_sign *out) {
  const struct vsm_source *m = model_of(core, s);
  int64_t heard = s->heard_us > s->from_us ? s->heard_us : s->from_us;
  out->threshold_us = m->silent_us;
  out->day_us = m->calendar ? vsm_calendar_day_us(m->calendar) : 0;
  out->observed_us = vsm_hearing_unheard_us(core, (uint32_t)(s - core->hearing.at));
  out->untold = core->alerts.blind;
  int64_t due = silent_from(m, heard);
  out->holds = due <= core->now.us;
  out->due_us = out->holds ? INT64_MAX : due;
  out->moved_us = s->heard_us;
}

static void detect_refused(struct vsm_core *core, struct vsm_hearing_source *s, const struct vsm_alert_rule *rule,
                           struct vsm_sign *out) {
  reach_minute(s, core->now.us);
  out->untold = s->all_got == 0;
  out->count = s->all_not_taken;
  out->threshold = rule->refused_ppm;
  out->observed = s->all_got ? s->all_not_taken * 1000000 / s->all_got : 0;
  out->holds = s->all_not_taken * 1000000 > (uint64_t)rule->refused_ppm * s->all_got;
  out->due_us = s->all_not_taken > 0 ? (s->minute + 1) * VSM_MINUTE_US : INT64_MAX;
}

void vsm_hearing_detect(struct vsm_core *core, const struct vsm_subject *subject, struct vsm_sign *out) {
  struct vsm_hearing_source *s = &core->hearing.at[subject->source];
  *out = (struct vsm_sign){.moved_us = INT64_MIN, .due_us = INT64_MAX};
  if (subject->kind == VSM_SOURCE_SILENT)
    detect_silence(core, s, out);
  else if (subject->kind == VSM_SOURCE_REFUSED)
    detect_refused(core, s, vsm_alerts_source_rule(core, subject->kind, subject->source), out);
  else
    out->holds = (out->count = out->observed = s->missing - s->given_up) > 0;
}

struct vsm_rate_view vsm_hearing_rate(const struct vsm_core *core, uint32_t row) {
  const struct vsm_hearing *h = &core->hearing;
  bool heard = row < h->n_rows && h->of_row[row] != (uint32_t)VSM_NO_ROW; // since the start
  uint32_t place = heard ? h->of_row[row] : find(h, vsm_ledger_source_id(core->ledger, row));
  if (place == (uint32_t)VSM_NO_ROW)
    return (struct vsm_rate_view){0};
  struct vsm_hearing_source s = h->at[place]; // as it would be now
  reach_minute(&s, core->now.us);
  return (struct vsm_rate_view){
      .recent = s.all_got,
      .recent_us = (VSM_REFUSED_MINUTES - 1) * VSM_MINUTE_US + core->now.us % VSM_MINUTE_US,
      .usual_milli = s.quarters < VSM_USUAL_QUARTERS_MIN ? 0 : s.usual_milli,
  };
}

// --- as bytes

void vsm_hearing_save(const struct vsm_hearing *h, struct vsm_out *o) {
  vsm_out_signed(o, h->begun_us);
  vsm_out_number(o, h->n);
  for (size_t i = 0; i < h->n; i++) {
    const struct vsm_hearing_source *s = &h->at[i];
    vsm_out_text(o, vsm_str_of(s->id));
    vsm_out_signed(o, s->from_us);
    vsm_out_signed(o, s->heard_us);
    vsm_out_number(o, s->awaited);
    vsm_out_signed(o, s->minute);
    for (unsigned k = 0; k < VSM_REFUSED_MINUTES; k++) {
      vsm_out_number(o, s->got[k]);
      vsm_out_number(o, s->not_taken[k]);
    }
    vsm_out_number(o, s->type != NULL);
    vsm_out_text(o, vsm_str_of(s->type));
    vsm_out_text(o, vsm_str_of(s->detail));
    vsm_out_number(o, s->reason);
    vsm_out_number(o, s->missing);
    vsm_out_number(o, s->given_up);
    vsm_out_number(o, s->given_first);
    vsm_out_number(o, s->given_last);
    vsm_out_number(o, s->ever_missing);
    vsm_out_number(o, s->quarter_got);
    vsm_out_number(o, s->quarters);
    vsm_out_number(o, s->usual_milli);
  }
}

static void load_source(struct vsm_core *core, struct vsm_in *in, uint64_t version) {
  struct vsm_str id = vsm_in_text(in, VSM_KEY_MAX);
  uint32_t place = find(&core->hearing, id);
  if (place == (uint32_t)VSM_NO_ROW)
    place = add_source(core, id);
  struct vsm_hearing_source *s = &core->hearing.at[place];
  s->from_us = vsm_in_signed(in);
  s->heard_us = vsm_in_signed(in);
  if (version <= 3 && s->from_us > core->hearing.begun_us)
    core->hearing.begun_us = s->from_us;
  s->awaited = version > 3 ? vsm_in_below(in, 2) : s->heard_us < s->from_us;
  s->minute = vsm_in_signed(in);
  for (unsigned k = 0; k < VSM_REFUSED_MINUTES; k++) {
    s->all_got += s->got[k] = (uint32_t)vsm_in_below(in, UINT32_MAX);
    s->all_not_taken += s->not_taken[k] = (uint32_t)vsm_in_below(in, UINT32_MAX);
  }
  bool sampled = vsm_in_below(in, 2);
  struct vsm_str type = vsm_in_text(in, VSM_KEY_MAX), detail = vsm_in_text(in, VSM_KEY_MAX);
  if (sampled && !s->type) {
    s->type = vsm_mem_copy(type);
    s->detail = vsm_mem_copy(detail);
  }
  s->reason = (enum vsm_reason)vsm_in_below(in, VSM_R_LINK_REFUSED + 1);
  s->missing = vsm_in_number(in);
  s->given_up = vsm_in_number(in);
  if (version > 3) {
    s->given_first = vsm_in_number(in);
    s->given_last = vsm_in_number(in);
  }
  s->ever_missing = vsm_in_below(in, 2);
  if (version > 4) {
    s->quarter_got = vsm_in_below(in, UINT32_MAX);
    s->quarters = vsm_in_below(in, VSM_USUAL_QUARTERS + 1);
    s->usual_milli = vsm_in_below(in, UINT32_MAX * UINT64_C(1000));
    in->bad = in->bad || (s->usual_milli > 0 && s->quarters == 0);
  }
  in->bad = in->bad || s->minute < 0 || s->given_up > s->missing;
}

void vsm_hearing_load(struct vsm_core *core, struct vsm_in *in, uint64_t version) {
  if (version > 3)
    core->hearing.begun_us = vsm_in_signed(in);
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 0; !in->bad && i < n; i++)
    load_source(core, in, version);
}
