// Lines of a story that say what is watched: thresholds of stages and of the stream, how alerts of a kind behave, the
// sources that there are. What is not said is as a configuration that does not say it.
#include <stdlib.h>
#include <string.h>

#include "golden/story.h"

int story_alert_kind(const char *name) {
  for (int k = 0; k < VSM_ALERT_KINDS; k++)
    if (strcmp(vsm_alert_kind_name((enum vsm_alert_kind)k), name) == 0)
      return k;
  return -1;
}

static void begin_to_watch(struct story *s) {
  for (unsigned k = 0; !s->watched && k < VSM_ALERT_KINDS; k++)
    s->kinds[k] = (struct vsm_alert_rule){.severity = VSM_WARNING,
                                          .announce_us = 5 * VSM_MINUTE_US,
                                          .repeat_us = VSM_DAY_US,
                                          .min_visits = 20,
                                          .refused_ppm = 50000};
  s->watched = true;
}

// ---- watch KIND [for TIME] [keep_firing_for TIME] [announce_interval TIME] [repeat_interval TIME] [min_visits N]
//      [refused_share N%] [severity WORD]

static bool read_severity(const char *text, enum vsm_severity *out) {
  for (*out = VSM_CRITICAL; *out <= VSM_INFO; (*out)++)
    if (strcmp(vsm_severity_name(*out), text) == 0)
      return true;
  return false;
}

static bool read_kind(struct vsm_alert_rule *rule, char **w, unsigned n) {
  const struct {
    const char *word;
    int64_t *us;
  } times[] = {{"for", &rule->for_us},
               {"keep_firing_for", &rule->keep_us},
               {"announce_interval", &rule->announce_us},
               {"repeat_interval", &rule->repeat_us}};
  for (unsigned i = 0; i + 1 < n; i += 2) {
    bool good = false;
    for (unsigned k = 0; k < sizeof times / sizeof *times; k++)
      if (strcmp(w[i], times[k].word) == 0)
        good = story_duration(w[i + 1], times[k].us);
    if (strcmp(w[i], "min_visits") == 0)
      good = (rule->min_visits = strtoull(w[i + 1], NULL, 10)) > 0;
    else if (strcmp(w[i], "refused_share") == 0)
      good = (rule->refused_ppm = (uint32_t)(strtod(w[i + 1], NULL) * 10000)) > 0;
    else if (strcmp(w[i], "severity") == 0)
      good = read_severity(w[i + 1], &rule->severity);
    if (!good)
      return false;
  }
  return n % 2 == 0;
}

// ---- watch stream|STAGE stall_after TIME|pN x FACTOR [where NAME=VALUE[,VALUE]...] [calendar ID]
//      watch STAGE stage_stall_after TIME | watch STAGE wip_limit N | watch stream|STAGE nothing

static bool read_stall(struct story *s, struct vsm_stall *stall, char **w, unsigned n) {
  unsigned at = 1;
  if (n >= 3 && *w[0] == 'p' && strcmp(w[1], "x") == 0) {
    stall->percentile = (unsigned)strtoul(w[0] + 1, NULL, 10);
    stall->factor_ppm = (uint32_t)(strtod(w[2], NULL) * 1e6 + 0.5);
    at = 3;
  } else if (n < 1 || !story_duration(w[0], &stall->after_us))
    return false;
  for (; at + 1 < n; at += 2) {
    bool good = false;
    if (strcmp(w[at], "where") == 0)
      stall->n_where = good = story_where(s, w[at + 1], &stall->where);
    else if (strcmp(w[at], "calendar") == 0)
      good = (stall->calendar = story_calendar(s, w[at + 1])) != NULL;
    if (!good)
      return false;
  }
  return at == n;
}

static bool is_of(const struct story_watch *w, const char *of) {
  return w->of && of ? strcmp(w->of, of) == 0 : w->of == of;
}

static bool watch_nothing(struct story *s, const char *of) {
  unsigned n = 0;
  for (unsigned i = 0; i < s->n_watches; i++)
    if (!is_of(&s->watches[i], of))
      s->watches[n++] = s->watches[i];
  s->n_watches = n;
  return true;
}

static bool read_threshold(struct story *s, char **w, unsigned n) {
  const char *of = strcmp(w[0], "stream") == 0 ? NULL : w[0];
  if (n == 2 && strcmp(w[1], "nothing") == 0)
    return watch_nothing(s, of);
  if (n < 3 || s->n_watches == STORY_WATCHES_MAX)
    return false;
  struct story_watch *x = &s->watches[s->n_watches++];
  *x = (struct story_watch){.of = of};
  if (strcmp(w[1], "stall_after") == 0)
    return read_stall(s, &x->stall, w + 2, n - 2);
  x->kind = strcmp(w[1], "wip_limit") == 0 ? STORY_WIP_LIMIT : STORY_STAGE_STALL;
  if (x->kind == STORY_WIP_LIMIT)
    return n == 3 && of && (x->wip_limit = strtoull(w[2], NULL, 10)) > 0;
  return n == 3 && of && strcmp(w[1], "stage_stall_after") == 0 && story_duration(w[2], &x->stage_stall_us);
}

// ---- source ID [silent_after TIME] [calendar ID]; of one that was named before: anew

static bool read_source(struct story *s, char **w, unsigned n) {
  unsigned k = 0;
  while (k < s->n_sources && strcmp(s->sources[k].id, w[0]) != 0)
    k++;
  if (k == STORY_SOURCES_MAX)
    return false;
  s->n_sources += k == s->n_sources;
  struct vsm_source *x = &s->sources[k];
  *x = (struct vsm_source){.id = w[0], .ownership = {"", ""}};
  for (unsigned i = 1; i + 1 < n; i += 2) {
    bool good = false;
    if (strcmp(w[i], "silent_after") == 0)
      good = story_duration(w[i + 1], &x->silent_us);
    else if (strcmp(w[i], "calendar") == 0)
      good = (x->calendar = story_calendar(s, w[i + 1])) != NULL;
    if (!good)
      return false;
  }
  return n % 2 == 1;
}

bool story_watch(struct story *s, char **w, unsigned n) {
  bool source = strcmp(w[0], "source") == 0;
  if (n < 2 || (!source && strcmp(w[0], "watch") != 0))
    return false;
  begin_to_watch(s);
  int kind = story_alert_kind(w[1]);
  if (source)
    return read_source(s, w + 1, n - 1);
  return kind >= 0 ? read_kind(&s->kinds[kind], w + 2, n - 2) : read_threshold(s, w + 1, n - 1);
}

// ---- Into the model

static const struct vsm_alert_rule *rules(struct story *s) {
  struct vsm_alert_rule *copy = vsm_arena_zalloc(&s->arena, sizeof s->kinds);
  return memcpy(copy, s->kinds, sizeof s->kinds);
}

static const struct vsm_stall *stalls(struct story *s, const char *of, const struct vsm_calendar *in_force,
                                      unsigned *n) {
  struct vsm_stall *all = vsm_arena_zalloc(&s->arena, STORY_WATCHES_MAX * sizeof *all);
  *n = 0;
  for (unsigned i = 0; i < s->n_watches; i++)
    if (s->watches[i].kind == STORY_STALL && is_of(&s->watches[i], of)) {
      all[*n] = s->watches[i].stall;
      if (!all[*n].calendar)
        all[*n].calendar = in_force;
      (*n)++;
    }
  return all;
}

void story_watch_stream(struct story *s, struct vsm_stream *stream, struct vsm_stage *stages) {
  if (!s->watched)
    return;
  stream->alerts = rules(s);
  stream->ownership = (struct vsm_ownership){"", ""};
  stream->stalls = stalls(s, NULL, stream->calendar, &stream->n_stalls);
  for (unsigned k = 0; k < stream->n_stages; k++) {
    struct vsm_stage *to = &stages[k];
    to->alerts = stream->alerts;
    to->ownership = stream->ownership;
    to->stalls = stalls(s, to->id, to->calendar, &to->n_stalls);
    for (unsigned i = 0; i < s->n_watches; i++) {
      const struct story_watch *w = &s->watches[i];
      if (w->kind == STORY_STAGE_STALL && is_of(w, to->id))
        to->stage_stall_us = w->stage_stall_us;
      if (w->kind == STORY_WIP_LIMIT && is_of(w, to->id))
        to->wip_limit = w->wip_limit;
    }
  }
}

void story_watch_model(struct story *s, struct vsm_model *m) {
  struct vsm_source *sources = vsm_arena_zalloc(&s->arena, sizeof s->sources);
  if (!s->watched)
    return;
  m->alerts = rules(s);
  for (unsigned i = 0; i < s->n_sources; i++) {
    sources[i] = s->sources[i];
    sources[i].alerts = m->alerts;
  }
  m->sources = sources;
  m->n_sources = s->n_sources;
}
