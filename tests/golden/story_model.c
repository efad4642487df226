// From the stages and rules of a story to the core's model. Rules name stages by id; one whose stage is no more is left
// out, one whose stage has another name now follows it.
#include <string.h>

#include "golden/story.h"

int story_stage(const struct story *s, const char *id) {
  for (unsigned i = 0; i < s->n_stages; i++)
    if (strcmp(s->stages[i].id, id) == 0 || (s->stages[i].was && strcmp(s->stages[i].was, id) == 0))
      return (int)i;
  return -1;
}

static bool draw(struct story *s, const struct story_stage *from, struct vsm_stage *to) {
  uint16_t *next = vsm_arena_zalloc(&s->arena, STORY_STAGES_MAX * sizeof *next);
  *to =
      (struct vsm_stage){.id = from->id, .name = from->id, .was = from->was, .fork_all = from->fork_all, .next = next};
  for (unsigned i = 0; i < from->n_next; i++) {
    int at = story_stage(s, from->next[i]);
    if (strcmp(from->next[i], "outcome") == 0)
      to->to_outcome = true;
    else if (at >= 0)
      next[to->n_next++] = (uint16_t)at;
    else {
      story_complain(s, "stage %s leads to %s, which is none", from->id, from->next[i]);
      return false;
    }
  }
  return true;
}

static unsigned take_rules(const struct story *s, struct vsm_rule *rules) {
  unsigned n = 0;
  for (unsigned i = 0; i < s->n_rules; i++) {
    struct vsm_rule rule = s->rules[i].rule;
    if (s->rules[i].stage && strcmp(s->rules[i].stage, "item") != 0) {
      rule.stage = story_stage(s, s->rules[i].stage);
      if (rule.stage < 0)
        continue;
    }
    rules[n++] = rule;
  }
  return n;
}

// What is said of the stream, or of one stage.
static const struct vsm_expectation *expectations(struct story *s, const char *of, const struct vsm_calendar *in_force,
                                                  unsigned *n) {
  struct vsm_expectation *all = vsm_arena_zalloc(&s->arena, STORY_MEASURES_MAX * sizeof *all);
  *n = 0;
  for (unsigned i = 0; i < s->n_measures; i++) {
    const struct story_measure *m = &s->measures[i];
    if (m->kind != STORY_EXPECTED || (of ? !m->of || strcmp(m->of, of) != 0 : m->of != NULL))
      continue;
    all[*n] = m->expected;
    all[*n].from = m->from ? story_stage(s, m->from) : -1;
    all[*n].to = m->to ? story_stage(s, m->to) : -1;
    if (!all[*n].calendar)
      all[*n].calendar = in_force;
    (*n)++;
  }
  return all;
}

static void measure(struct story *s, struct vsm_stream *stream, struct vsm_stage *stages) {
  for (unsigned i = 0; i < s->n_measures; i++)
    if (s->measures[i].kind == STORY_CALENDAR && !s->measures[i].of)
      stream->calendar = s->measures[i].calendar;
  stream->expected = expectations(s, NULL, stream->calendar, &stream->n_expected);
  for (unsigned k = 0; k < stream->n_stages; k++) {
    stages[k].calendar = stream->calendar;
    for (unsigned i = 0; i < s->n_measures; i++) {
      const struct story_measure *m = &s->measures[i];
      if (!m->of || strcmp(m->of, stages[k].id) != 0)
        continue;
      if (m->kind == STORY_CALENDAR)
        stages[k].calendar = m->calendar;
      else if (m->kind == STORY_MIN_VISITS)
        stages[k].min_visits = m->min_visits;
    }
    stages[k].expected = expectations(s, stages[k].id, stages[k].calendar, &stages[k].n_expected);
  }
}

const struct vsm_model *story_model(struct story *s) {
  struct vsm_model *m = vsm_arena_zalloc(&s->arena, sizeof *m);
  struct vsm_stream *stream = vsm_arena_zalloc(&s->arena, sizeof *stream);
  struct vsm_stage *stages = vsm_arena_zalloc(&s->arena, (s->n_stages + 1) * sizeof *stages);
  struct vsm_window *windows = vsm_arena_zalloc(&s->arena, STORY_WINDOWS_MAX * sizeof *windows);
  struct vsm_rule *rules = vsm_arena_zalloc(&s->arena, (s->n_rules + 1) * sizeof *rules);
  for (unsigned i = 0; i < s->n_stages; i++)
    if (!draw(s, &s->stages[i], &stages[i]))
      return NULL;
  if (s->n_stages == 0) {
    story_complain(s, "no stages");
    return NULL;
  }
  memcpy(windows, s->windows, sizeof s->windows);
  *stream = (struct vsm_stream){.id = "S",
                                .name = "S",
                                .outcome = "outcome",
                                .stages = stages,
                                .n_stages = s->n_stages,
                                .windows = windows,
                                .n_windows = s->n_windows,
                                .segments = s->segments,
                                .n_segments = s->n_segments};
  measure(s, stream, stages);
  story_watch_stream(s, stream, stages);
  *m = (struct vsm_model){.streams = stream,
                          .n_streams = 1,
                          .rules = rules,
                          .n_rules = take_rules(s, rules),
                          .clock = s->clock,
                          .max_future_skew_us = STORY_SKEW_US,
                          .max_step_us = 3650 * VSM_DAY_US,
                          .items_keep_us = s->keep_us,
                          .limits = VSM_LIMITS_DEFAULT};
  if (s->items_max > 0)
    m->limits.items = s->items_max;
  story_watch_model(s, m);
  return m;
}
