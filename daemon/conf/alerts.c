// Alerts: each stage, stream and source gets the whole of its rules, so that nobody else looks up what was said where.
// What is nearest holds: a stage's own word over its stream's over the daemon's; a source's over the daemon's, which
// has one for everything (schema.c).
#include "conf/resolve.h"

// What is said here takes the place of what was said further out.
static void override(struct vsm_alert_rule *rule, const struct vsm_conf_alert *said) {
  const struct {
    const struct vsm_conf_duration *said;
    int64_t *us;
  } times[] = {{&said->hold_for, &rule->for_us},
               {&said->keep_firing_for, &rule->keep_us},
               {&said->announce_interval, &rule->announce_us},
               {&said->repeat_interval, &rule->repeat_us}};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++)
    if (times[i].said->text)
      *times[i].us = times[i].said->us;
  if (said->severity >= 0)
    rule->severity = (enum vsm_severity)said->severity;
  if (said->min_visits >= 0)
    rule->min_visits = (uint64_t)said->min_visits;
  if (said->refused_share > 0)
    rule->refused_ppm = (uint32_t)(said->refused_share * 1e6 + 0.5);
}

// The rules further out (NULL: none) with what is said here, by kind.
static const struct vsm_alert_rule *rules(struct vsm_conf_reader *r, const struct vsm_alert_rule *outer,
                                          const struct vsm_conf_alerts *said) {
  struct vsm_alert_rule *out = vsm_conf_alloc(r, VSM_ALERT_KINDS, sizeof *out);
  for (int k = 0; k < VSM_ALERT_KINDS; k++) {
    if (outer)
      out[k] = outer[k];
    override(&out[k], &said->kind[k]);
  }
  return out;
}

static const char *nearest(const char *own, const char *outer) {
  return own ? own : outer ? outer : "";
}

static void resolve_stream(struct vsm_conf_reader *r, const struct vsm_conf_stream *s,
                           const struct vsm_alert_rule *outer, struct vsm_stream *out) {
  struct vsm_stage *stages = (struct vsm_stage *)out->stages; // ours still
  out->alerts = rules(r, outer, &s->alerts);
  out->ownership = (struct vsm_ownership){nearest(s->owner, NULL), nearest(s->runbook, NULL)};
  for (unsigned i = 0; i < out->n_stages; i++) {
    const struct vsm_conf_stage *stage = &s->stages.at[i];
    stages[i].alerts = rules(r, out->alerts, &stage->alerts);
    stages[i].min_visits = stages[i].alerts[VSM_ITEM_STALLED].min_visits;
    stages[i].wip_limit = stage->wip_limit > 0 ? (uint64_t)stage->wip_limit : 0;
    stages[i].ownership = (struct vsm_ownership){nearest(stage->owner, s->owner), nearest(stage->runbook, s->runbook)};
  }
}

void vsm_conf_resolve_alerts(struct vsm_conf_reader *r, struct vsm_config *config) {
  struct vsm_stream *streams = (struct vsm_stream *)config->model.streams; // built before, nobody else's yet
  struct vsm_source *sources = (struct vsm_source *)config->model.sources;
  config->model.alerts = rules(r, NULL, &config->daemon.alerts);
  for (unsigned i = 0; i < config->sources.n; i++) {
    const struct vsm_conf_source *s = &config->sources.at[i];
    sources[i].alerts = rules(r, config->model.alerts, &s->alerts);
    sources[i].ownership = (struct vsm_ownership){nearest(s->owner, NULL), nearest(s->runbook, NULL)};
  }
  for (unsigned i = 0; i < config->value_streams.n; i++)
    resolve_stream(r, &config->value_streams.at[i], config->model.alerts, &streams[i]);
}
