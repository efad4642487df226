// From the stages and rules of a story to the core's model. Rules name stages by id; one whose stage is no more is left
// out, one whose stage has another name now follows it.
#include <string.h>

#include "golden/story.h"

static int stage_index(const struct story *s, const char *id) {
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
    int at = stage_index(s, from->next[i]);
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
      rule.stage = stage_index(s, s->rules[i].stage);
      if (rule.stage < 0)
        continue;
    }
    rules[n++] = rule;
  }
  return n;
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
                                .n_windows = s->n_windows};
  *m = (struct vsm_model){.streams = stream,
                          .n_streams = 1,
                          .rules = rules,
                          .n_rules = take_rules(s, rules),
                          .clock = s->clock,
                          .max_future_skew_us = 5 * VSM_MINUTE_US,
                          .max_step_us = 3650 * VSM_DAY_US,
                          .limits = VSM_LIMITS_DEFAULT};
  return m;
}
