#include "wire/alert.h"

#include "base/when.h"
#include "core/event.h"

void vsm_build_mark(struct vsm_build *b, const struct vsm_mark_view *v, Vsm__V1__AlertMark *out) {
  out->by = vsm_build_text(b, v->by);
  out->why = vsm_build_text(b, v->why);
  out->at_unix_nano = vsm_build_nanos(v->at);
  out->until_unix_nano = vsm_build_nanos(v->until);
}

static Vsm__V1__AlertMark *mark(struct vsm_build *b, const struct vsm_mark_view *v) {
  Vsm__V1__AlertMark *m = v ? vsm_build_message(b, &vsm__v1__alert_mark__descriptor) : NULL;
  if (m)
    vsm_build_mark(b, v, m);
  return m;
}

// "BY until TIME: WHY" in one text; "" where it is not.
static char *mark_text(struct vsm_build *b, const struct vsm_mark_view *v) {
  char until[VSM_WHEN_BYTES] = "";
  if (!v)
    return (char *)"";
  if (v->until.us)
    vsm_when_print(v->until.us, until);
  char *text =
      vsm_arena_printf(b->arena, "%.*s%s%s%s%.*s", (int)v->by.n, v->by.n ? v->by.p : "", *until ? " until " : "", until,
                       v->why.n ? ": " : "", (int)v->why.n, v->why.n ? v->why.p : "");
  b->failed |= !text;
  return text;
}

static char *sources(struct vsm_build *b, const struct vsm_str *s, unsigned n) {
  char *text = (char *)"";
  for (unsigned i = 0; text && i < n; i++)
    text = vsm_arena_printf(b->arena, "%s%s%.*s", text, i ? "," : "", (int)s[i].n, s[i].p);
  b->failed |= !text;
  return text;
}

static void items(struct vsm_build *b, const struct vsm_alert_view *v, Vsm__V1__Alert *m) {
  m->items = vsm_build_list(b, v->n_items, &vsm__v1__alert_item__descriptor, &m->n_items);
  for (size_t i = 0; i < m->n_items; i++) {
    m->items[i]->item = vsm_build_text(b, v->items[i].item);
    m->items[i]->age_seconds = v->items[i].age_seconds;
  }
}

// Items, numbers; or parts of a whole.
static double figure(enum vsm_alert_kind kind, uint64_t n) {
  bool parts = kind == VSM_SLE_MISSED || kind == VSM_SOURCE_REFUSED;
  return parts ? (double)n / 1e6 : (double)n;
}

static void life(const struct vsm_alert_view *v, Vsm__V1__Alert *m) {
  m->state = (char *)vsm_alert_state_name(v->state);
  m->change = (char *)vsm_alert_change_name(v->change);
  m->number = v->number;
  m->since_unix_nano = vsm_build_nanos(v->since);
  m->fired_unix_nano = vsm_build_nanos(v->fired);
  m->resolved_unix_nano = vsm_build_nanos(v->resolved);
}

static void figures(const struct vsm_model *model, const struct vsm_alert_view *v, Vsm__V1__Alert *m) {
  m->count = v->sign.count;
  m->threshold_seconds = vsm_seconds(v->sign.threshold_us);
  m->observed_seconds = vsm_seconds(v->sign.observed_us);
  m->threshold = figure(v->kind, v->sign.threshold);
  m->observed = figure(v->kind, v->sign.observed);
  m->working_day_seconds = vsm_seconds(v->sign.day_us);
  m->age_working_day_seconds = vsm_seconds(vsm_alert_age_day_us(model, v));
  m->unacknowledged = v->unacknowledged;
  m->joined_count = v->joined_count;
  m->left_count = v->left_count;
}

static bool feeds(const struct vsm_model *model, const char *source, int stream, int stage) {
  for (unsigned i = 0; i < model->n_rules; i++) {
    const struct vsm_rule *r = &model->rules[i];
    if (r->stream == stream && r->stage == stage && vsm_glob_match(r->source, vsm_str_of(source)))
      return true;
  }
  return false;
}

// The stages of which nothing is heard while a source is silent.
static void blinds(struct vsm_build *b, const struct vsm_model *model, const struct vsm_alert_view *v,
                   Vsm__V1__Alert *m) {
  size_t n = 0;
  if (v->kind != VSM_SOURCE_SILENT)
    return;
  for (unsigned i = 0; i < model->n_streams; i++)
    n += model->streams[i].n_stages;
  m->blinds = vsm_build_array(b, n + 1, sizeof *m->blinds);
  for (unsigned i = 0; m->blinds && i < model->n_streams; i++)
    for (unsigned k = 0; k < model->streams[i].n_stages; k++)
      if (feeds(model, v->source, (int)i, (int)k)) {
        char *text = vsm_arena_printf(b->arena, "%s/%s", model->streams[i].id, model->streams[i].stages[k].id);
        m->blinds[m->n_blinds++] = text ? text : (char *)"";
        b->failed |= !text;
      }
}

static void words(struct vsm_build *b, const struct vsm_sentence_context *context, const struct vsm_alert_view *v,
                  Vsm__V1__Alert *m) {
  struct vsm_sentences say;
  b->failed |= vsm_sentences(context, v, b->arena, &say) != 0;
  m->reason = (char *)say.reason;
  m->ends_when = (char *)say.ends_when;
  m->look = (char *)say.look;
  m->rule = (char *)say.rule;
}

void vsm_build_alert(struct vsm_build *b, const struct vsm_sentence_context *context, const struct vsm_alert_view *v,
                     Vsm__V1__Alert *m) {
  m->id = (char *)v->id;
  m->kind = (char *)vsm_alert_kind_name(v->kind);
  m->severity = (char *)vsm_severity_name(v->severity);
  m->owner = (char *)v->ownership.owner;
  m->runbook = (char *)v->ownership.runbook;
  m->value_stream = (char *)v->stream;
  m->value_stream_name = (char *)v->stream_name;
  m->stage = (char *)v->stage;
  m->stage_name = (char *)v->stage_name;
  m->source = (char *)v->source;
  m->name = (char *)v->name;
  m->inhibited_by = sources(b, v->inhibited_by, v->n_inhibited_by);
  m->silenced = mark_text(b, v->silenced);
  m->silence = mark(b, v->silenced);
  m->acknowledged = mark_text(b, v->acknowledged);
  m->acknowledgement = mark(b, v->acknowledged);
  m->joined = vsm_build_texts(b, v->joined, v->n_joined, &m->n_joined);
  m->left = vsm_build_texts(b, v->left, v->n_left, &m->n_left);
  m->newest = vsm_build_texts(b, v->newest, v->n_newest, &m->n_newest);
  m->newest_count = v->newest_count;
  life(v, m);
  figures(context->model, v, m);
  blinds(b, context->model, v, m);
  items(b, v, m);
  words(b, context, v, m);
}
