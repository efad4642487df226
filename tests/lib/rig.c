#include "lib/rig.h"

#include <string.h>

static struct vsm_template template_of(struct vsm_field *field) {
  return (struct vsm_template){field, 1};
}

static struct vsm_str type_of(const struct vsm_stream *stream, int stage, enum vsm_lifecycle l,
                              struct vsm_arena *arena) {
  const char *name = vsm_lifecycle_name(l);
  return vsm_str_of(stage < 0 ? vsm_arena_printf(arena, "%s %s", stream->id, name)
                              : vsm_arena_printf(arena, "%s/%s %s", stream->id, stream->stages[stage].id, name));
}

static bool of_item(enum vsm_lifecycle l) {
  return l == VSM_FINISH || l == VSM_WITHDRAW;
}

struct vsm_model *rig_model(const struct vsm_stream *streams, unsigned n_streams, struct vsm_arena *arena) {
  struct vsm_model *m = vsm_arena_zalloc(arena, sizeof *m);
  struct vsm_field *subject = vsm_arena_zalloc(arena, sizeof *subject);
  subject->kind = VSM_F_SUBJECT;
  unsigned cap = 0;
  for (unsigned s = 0; s < n_streams; s++)
    cap += (streams[s].n_stages + 1) * (VSM_PROGRESS + 1);
  struct vsm_rule *rules = vsm_arena_zalloc(arena, cap * sizeof *rules);
  for (unsigned s = 0; s < n_streams; s++)
    for (int stage = -1; stage < (int)streams[s].n_stages; stage++)
      for (enum vsm_lifecycle l = VSM_SCHEDULE; l <= VSM_PROGRESS; l++) {
        if ((stage < 0) != of_item(l))
          continue;
        rules[m->n_rules] = (struct vsm_rule){.source = VSM_STR("test"),
                                              .type = type_of(&streams[s], stage, l, arena),
                                              .stream = (int)s,
                                              .stage = stage,
                                              .lifecycle = l,
                                              .item = template_of(subject),
                                              .creates = true,
                                              .line = m->n_rules + 1};
        rules[m->n_rules].where = vsm_arena_printf(arena, "test:%u", m->n_rules + 1);
        m->n_rules++;
      }
  m->streams = streams;
  m->n_streams = n_streams;
  m->rules = rules;
  m->clock = VSM_CLOCK_EVENT;
  m->max_step_us = 3650 * VSM_DAY_US;
  m->max_future_skew_us = 5 * VSM_MINUTE_US;
  m->limits = VSM_LIMITS_DEFAULT;
  return m;
}

uint64_t rig_time_ns(int64_t us) {
  return us ? (uint64_t)us * 1000 : 1;
}

struct vsm_event rig_event(const struct vsm_stream *stream, int stage, enum vsm_lifecycle lifecycle,
                           const char *subject, int64_t us, struct vsm_arena *arena) {
  return (struct vsm_event){.source = VSM_STR("test"),
                            .type = type_of(stream, stage, lifecycle, arena),
                            .subject = vsm_str_of(subject),
                            .time_ns = rig_time_ns(us),
                            .received = {us}};
}

uint64_t rig_next(struct rig_random *r) { // splitmix64
  uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static unsigned byte(struct rig_random *r) {
  return r->bytes < r->end ? *r->bytes++ : 0;
}

unsigned rig_below(struct rig_random *r, unsigned n) {
  if (n <= 1)
    return 0;
  if (!r->bytes)
    return (unsigned)(rig_next(r) % n);
  unsigned value = byte(r);
  if (n > 256)
    value = value << 8 | byte(r);
  return value % n;
}

bool rig_chance(struct rig_random *r, unsigned percent) {
  return rig_below(r, 100) < percent;
}

bool rig_exhausted(const struct rig_random *r) {
  return r->bytes && r->bytes == r->end;
}
