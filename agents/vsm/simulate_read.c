// What NAME.simulation.yaml may say: the tables of its maps, from the calendars down to the faults, and what only they
// need. Reading by table: simulate_yaml.h.
#include "simulate_yaml.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/hours.h"

#define SHAPE(name, type, close_fn)                                                                                    \
  static const struct vsm_sim_shape name##_shape = {name##_fields, sizeof name##_fields / sizeof *name##_fields,       \
                                                    sizeof(type), close_fn}

static void read_calendar_name(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  const char *text = vsm_sim_scalar(r, n, "the id of a calendar");
  const struct vsm_model *model = r->world->config ? &r->world->config->model : NULL;
  for (unsigned i = 0; text && model && i < model->n_calendars; i++)
    if (!strcmp(model->calendars[i].id, text)) {
      *(const struct vsm_calendar **)at = &model->calendars[i];
      return;
    }
  if (text)
    vsm_sim_complain(r, n, "no calendar '%s'; allowed: the calendars of the configuration beside this file", text);
}

static void read_template(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  const char *text = vsm_sim_scalar(r, n, "a text");
  const char *wrong = text ? vsm_sim_text_parse(&r->world->arena, r->stream, text, at) : NULL;
  if (wrong)
    vsm_sim_complain(r, n, "'%s': %s", text, wrong);
}

static void read_data(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  struct vsm_sim_list *list = at;
  if (n->type != YAML_MAPPING_NODE) {
    vsm_sim_complain(r, n, "expected a map of attributes");
    return;
  }
  unsigned count = (unsigned)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
  if (count > VSM_SIM_DATA_MAX) {
    vsm_sim_complain(r, n, "%u attributes; at most %d", count, VSM_SIM_DATA_MAX);
    return;
  }
  struct vsm_sim_datum *data = list->at = vsm_sim_memory(r, count * sizeof *data);
  for (unsigned i = 0; i < count; i++) {
    const char *key = vsm_sim_scalar(r, vsm_sim_node(r, n->data.mapping.pairs.start[i].key), "a key");
    if (key)
      data[i].key = key;
    read_template(r, vsm_sim_node(r, n->data.mapping.pairs.start[i].value), f, &data[i].value);
    list->n = i + 1;
  }
}

// --- Attributes and conditions -------------------------------------------------------------------------------------

static void add_weighted(struct vsm_sim_reader *r, yaml_node_t *n, struct vsm_sim_attribute *a) {
  double sum = 0;
  for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
    const char *value = vsm_sim_scalar(r, vsm_sim_node(r, p->key), "a value");
    if (!value || a->n == VSM_SIM_VALUES_MAX)
      continue;
    a->values[a->n] = value;
    sum += vsm_sim_number(r, vsm_sim_node(r, p->value), 1e6, "a weight");
    a->up_to[a->n++] = sum;
  }
  for (unsigned i = 0; i < a->n && sum > 0; i++)
    a->up_to[i] /= sum;
  if (!a->n || !(sum > 0))
    vsm_sim_complain(r, n, "an attribute needs values with weights");
}

static bool add_by_date(struct vsm_sim_reader *r, yaml_node_t *n, struct vsm_sim_attribute *a) {
  static const struct {
    const char *key;
    enum vsm_sim_kind kind;
    unsigned n;
  } KINDS[] = {{"by_weekday", VSM_SIM_BY_WEEKDAY, 7}, {"by_month", VSM_SIM_BY_MONTH, 12}};
  for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
    yaml_node_t *value = vsm_sim_find(r, n, KINDS[k].key);
    if (!value)
      continue;
    struct vsm_sim_list texts = {0};
    vsm_sim_read_texts(r, value, NULL, &texts);
    if (texts.n != KINDS[k].n)
      vsm_sim_complain(r, value, "expected %u values", KINDS[k].n);
    a->kind = KINDS[k].kind;
    a->n = texts.n < KINDS[k].n ? texts.n : KINDS[k].n;
    for (unsigned i = 0; i < a->n; i++)
      a->values[i] = ((const char **)texts.at)[i];
    return true;
  }
  return false;
}

static void read_attributes(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  struct vsm_sim_list *list = at;
  if (n->type != YAML_MAPPING_NODE) {
    vsm_sim_complain(r, n, "expected a map of attributes");
    return;
  }
  struct vsm_sim_attribute *a = list->at = vsm_sim_memory(r, VSM_SIM_ATTRIBUTES_MAX * sizeof *a);
  for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
    const char *name = vsm_sim_scalar(r, vsm_sim_node(r, p->key), "the name of an attribute");
    yaml_node_t *value = vsm_sim_node(r, p->value);
    if (!name || value->type != YAML_MAPPING_NODE || list->n == VSM_SIM_ATTRIBUTES_MAX) {
      vsm_sim_complain(r, value,
                       "expected { VALUE: WEIGHT, ... } or { by_weekday: [...] } or { by_month: [...] }; at most %d",
                       VSM_SIM_ATTRIBUTES_MAX);
      continue;
    }
    a[list->n].name = name;
    if (!add_by_date(r, value, &a[list->n]))
      add_weighted(r, value, &a[list->n]);
    list->n++;
  }
}

static int find_attribute(struct vsm_sim_reader *r, const char *name) {
  const struct vsm_sim_attribute *a = r->stream->attributes.at;
  for (unsigned i = 0; i < r->stream->attributes.n; i++)
    if (!strcmp(a[i].name, name))
      return (int)i;
  return -1;
}

static uint64_t value_bits(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_attribute *a) {
  struct vsm_sim_list texts = {0};
  uint64_t bits = 0;
  vsm_sim_read_texts(r, n, NULL, &texts);
  for (unsigned i = 0; i < texts.n; i++) {
    const char *text = ((const char **)texts.at)[i];
    uint64_t bit = 0;
    for (unsigned k = 0; k < a->n; k++)
      bit |= (uint64_t)!strcmp(a->values[k], text) << k;
    if (!bit)
      vsm_sim_complain(r, n, "attribute '%s' has no value '%s'", a->name, text);
    bits |= bit;
  }
  return bits;
}

static void read_conditions(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  struct vsm_sim_list *list = at;
  if (n->type != YAML_MAPPING_NODE) {
    vsm_sim_complain(r, n, "expected { ATTRIBUTE: [VALUE, ...] }");
    return;
  }
  unsigned count = (unsigned)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
  struct vsm_sim_condition *c = list->at = vsm_sim_memory(r, count * sizeof *c);
  for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
    const char *name = vsm_sim_scalar(r, vsm_sim_node(r, p->key), "the name of an attribute");
    int i = name ? find_attribute(r, name) : -1;
    if (i < 0) {
      vsm_sim_complain(r, vsm_sim_node(r, p->key), "the stream has no such attribute");
      continue;
    }
    const struct vsm_sim_attribute *a = r->stream->attributes.at;
    c[list->n++] = (struct vsm_sim_condition){(unsigned)i, value_bits(r, vsm_sim_node(r, p->value), &a[i])};
  }
}

// --- Stages --------------------------------------------------------------------------------------------------------

// Durations of a span count in its calendar, so they are read once that is known.
static void close_span(struct vsm_sim_reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_span *s = at;
  yaml_node_t *median = vsm_sim_find(r, n, "median"), *p85 = vsm_sim_find(r, n, "p85"),
              *max = vsm_sim_find(r, n, "max");
  if (!median || !p85)
    return;
  s->median_us = vsm_sim_duration(r, median, s->calendar);
  int64_t p85_us = vsm_sim_duration(r, p85, s->calendar);
  s->max_us = max ? vsm_sim_duration(r, max, s->calendar) : 10 * p85_us;
  if (s->median_us <= 0 || p85_us < s->median_us || s->max_us < p85_us) {
    vsm_sim_complain(r, n, "expected 0 < median <= p85 <= max");
    return;
  }
  s->sigma = log((double)p85_us / (double)s->median_us) / VSM_SIM_Z85;
}

static void read_later(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)r, (void)n, (void)f, (void)at; // by close_span()
}

static const struct vsm_sim_field span_fields[] = {
    {"if", read_conditions, offsetof(struct vsm_sim_span, fits), NULL, false},
    {"calendar", read_calendar_name, offsetof(struct vsm_sim_span, calendar), NULL, false},
    {"median", read_later, 0, NULL, true},
    {"p85", read_later, 0, NULL, true},
    {"max", read_later, 0, NULL, false},
};
SHAPE(span, struct vsm_sim_span, close_span);

#define SAY_FIELDS(owner, member)                                                                                      \
  {"source", vsm_sim_read_text, offsetof(owner, member) + offsetof(struct vsm_sim_say, source), NULL, false},          \
      {"type", vsm_sim_read_text, offsetof(owner, member) + offsetof(struct vsm_sim_say, type), NULL, false},          \
      {"subject", read_template, offsetof(owner, member) + offsetof(struct vsm_sim_say, subject), NULL, false},        \
      {"data", read_data, offsetof(owner, member) + offsetof(struct vsm_sim_say, data), NULL, false}, {                \
    "mark", vsm_sim_read_text, offsetof(owner, member) + offsetof(struct vsm_sim_say, mark), NULL, false               \
  }

static void check_say(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_say *say) {
  if (!say->source || !say->type || !say->subject.n)
    vsm_sim_complain(r, n, "an event needs source, type and subject");
}

struct said {
  struct vsm_sim_say say;
};
static void close_said(struct vsm_sim_reader *r, yaml_node_t *n, void *at) {
  check_say(r, n, at);
}
static const struct vsm_sim_field said_fields[] = {SAY_FIELDS(struct said, say)};
SHAPE(said, struct said, close_said);

static void close_step(struct vsm_sim_reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_step *s = at;
  check_say(r, n, &s->say);
  if (!vsm_sim_find(r, n, "share"))
    s->share = 1;
  if (!vsm_sim_find(r, n, "times"))
    s->times = 1;
  if (!vsm_sim_find(r, n, "until"))
    s->until = s->at;
  if (s->then.source && !s->hold.n)
    vsm_sim_complain(r, n, "'then' needs a 'hold'");
}

static const struct vsm_sim_field step_fields[] = {
    {"at", vsm_sim_read_share, offsetof(struct vsm_sim_step, at), NULL, true},
    {"until", vsm_sim_read_share, offsetof(struct vsm_sim_step, until), NULL, false},
    {"times", vsm_sim_read_count, offsetof(struct vsm_sim_step, times), NULL, false},
    {"after", vsm_sim_read_duration, offsetof(struct vsm_sim_step, after_us), NULL, false},
    {"share", vsm_sim_read_share, offsetof(struct vsm_sim_step, share), NULL, false},
    {"if", read_conditions, offsetof(struct vsm_sim_step, fits), NULL, false},
    SAY_FIELDS(struct vsm_sim_step, say),
    {"hold", vsm_sim_read_list, offsetof(struct vsm_sim_step, hold), &span_shape, false},
    {"then", vsm_sim_read_map, offsetof(struct vsm_sim_step, then), &said_shape, false},
};
SHAPE(step, struct vsm_sim_step, close_step);

static const struct vsm_sim_field leave_fields[] = {
    {"share", vsm_sim_read_share, offsetof(struct vsm_sim_leave, share), NULL, true},
    {"at", vsm_sim_read_share, offsetof(struct vsm_sim_leave, at), NULL, true},
    {"to", vsm_sim_read_text, offsetof(struct vsm_sim_leave, to_name), NULL, true},
    SAY_FIELDS(struct vsm_sim_leave, say),
};
SHAPE(leave, struct vsm_sim_leave, NULL);

static void close_stage(struct vsm_sim_reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_stage *s = at;
  if (!vsm_sim_find(r, n, "begins"))
    s->begins_us = INT64_MIN;
  if (s->events.n > VSM_SIM_HOLDS_MAX)
    vsm_sim_complain(r, n, "%u events in a stage; at most %d", s->events.n, VSM_SIM_HOLDS_MAX);
}

static const struct vsm_sim_field stage_fields[] = {
    {"id", vsm_sim_read_text, offsetof(struct vsm_sim_stage, id), NULL, true},
    {"if", read_conditions, offsetof(struct vsm_sim_stage, fits), NULL, false},
    {"unless", read_conditions, offsetof(struct vsm_sim_stage, unless), NULL, false},
    {"begins", vsm_sim_read_duration, offsetof(struct vsm_sim_stage, begins_us), NULL, false},
    {"waits", vsm_sim_read_duration, offsetof(struct vsm_sim_stage, waits_us), NULL, false},
    {"lasts", vsm_sim_read_list, offsetof(struct vsm_sim_stage, lasts), &span_shape, true},
    {"events", vsm_sim_read_list, offsetof(struct vsm_sim_stage, events), &step_shape, false},
    {"leaves", vsm_sim_read_list, offsetof(struct vsm_sim_stage, leaves), &leave_shape, false},
};
SHAPE(stage, struct vsm_sim_stage, close_stage);

// --- Streams -------------------------------------------------------------------------------------------------------

static void read_stages(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  vsm_sim_read_list(r, n, f, at);
  const struct vsm_sim_list *list = at;
  struct vsm_sim_stage *stages = list->at;
  for (unsigned i = 0; i < list->n; i++) {
    struct vsm_sim_leave *leaves = stages[i].leaves.at;
    for (unsigned k = 0; k < stages[i].leaves.n; k++) {
      leaves[k].to = -1;
      if (!leaves[k].to_name || !strcmp(leaves[k].to_name, "end"))
        continue;
      for (unsigned s = 0; s < list->n; s++)
        if (stages[s].id && !strcmp(stages[s].id, leaves[k].to_name))
          leaves[k].to = (int)s;
      if (leaves[k].to < 0)
        vsm_sim_complain(r, n, "'to: %s': no such stage; allowed: the stages of this stream, end", leaves[k].to_name);
    }
  }
}

static void close_arrivals(struct vsm_sim_reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_arrivals *a = at;
  if ((a->per_day > 0) + (a->per_year > 0) + (a->every_us > 0) != 1)
    vsm_sim_complain(r, n, "expected one of per_day, per_year, every, more than 0");
  if (a->each && !a->every_us)
    vsm_sim_complain(r, n, "'each' goes with 'every'");
}

static const struct vsm_sim_field arrivals_fields[] = {
    {"per_day", vsm_sim_read_number, offsetof(struct vsm_sim_arrivals, per_day), NULL, false},
    {"per_year", vsm_sim_read_number, offsetof(struct vsm_sim_arrivals, per_year), NULL, false},
    {"at_start", vsm_sim_read_count, offsetof(struct vsm_sim_arrivals, at_start), NULL, false},
    {"calendar", read_calendar_name, offsetof(struct vsm_sim_arrivals, calendar), NULL, false},
    {"every", vsm_sim_read_duration, offsetof(struct vsm_sim_arrivals, every_us), NULL, false},
    {"ahead", vsm_sim_read_duration, offsetof(struct vsm_sim_arrivals, ahead_us), NULL, false},
    {"each", vsm_sim_read_text, offsetof(struct vsm_sim_arrivals, each), NULL, false},
};
SHAPE(arrivals, struct vsm_sim_arrivals, close_arrivals);

static void close_stream(struct vsm_sim_reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_stream *s = at;
  int each = s->arrivals.each ? find_attribute(r, s->arrivals.each) : 0;
  if (each < 0)
    vsm_sim_complain(r, n, "'each: %s': no such attribute", s->arrivals.each);
  else
    s->arrivals.each_attribute = (unsigned)each;
}

// Notes the stream that attributes, conditions and texts belong to.
static void read_stream_id(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  r->stream = (struct vsm_sim_stream *)((char *)at - offsetof(struct vsm_sim_stream, id));
  vsm_sim_read_text(r, n, f, at);
}

static const struct vsm_sim_field stream_fields[] = {
    {"id", read_stream_id, offsetof(struct vsm_sim_stream, id), NULL, true},
    {"attributes", read_attributes, offsetof(struct vsm_sim_stream, attributes), NULL, false},
    {"arrivals", vsm_sim_read_map, offsetof(struct vsm_sim_stream, arrivals), &arrivals_shape, true},
    {"stages", read_stages, offsetof(struct vsm_sim_stream, stages), &stage_shape, true},
};
SHAPE(stream, struct vsm_sim_stream, close_stream);

// --- Faults --------------------------------------------------------------------------------------------------------

#define WHICH_FIELDS(owner)                                                                                            \
  {"systems", vsm_sim_read_texts, offsetof(owner, which) + offsetof(struct vsm_sim_which, systems), NULL, true},       \
      {"mark", vsm_sim_read_text, offsetof(owner, which) + offsetof(struct vsm_sim_which, mark), NULL, false}, {       \
    "type", vsm_sim_read_text, offsetof(owner, which) + offsetof(struct vsm_sim_which, type), NULL, false              \
  }
#define PERIOD_FIELDS(owner, needed)                                                                                   \
  {"starts", vsm_sim_read_duration, offsetof(owner, period) + offsetof(struct vsm_sim_period, starts_us), NULL,        \
   needed},                                                                                                            \
      {"lasts", vsm_sim_read_duration, offsetof(owner, period) + offsetof(struct vsm_sim_period, lasts_us), NULL,      \
       needed},                                                                                                        \
  {                                                                                                                    \
    "every", vsm_sim_read_duration, offsetof(owner, period) + offsetof(struct vsm_sim_period, every_us), NULL, false   \
  }

static const struct vsm_sim_field late_fields[] = {
    WHICH_FIELDS(struct vsm_sim_late),
    {"share", vsm_sim_read_share, offsetof(struct vsm_sim_late, share), NULL, true},
    {"from", vsm_sim_read_duration, offsetof(struct vsm_sim_late, from_us), NULL, true},
    {"to", vsm_sim_read_duration, offsetof(struct vsm_sim_late, to_us), NULL, true},
};
SHAPE(late, struct vsm_sim_late, NULL);

static void close_batches(struct vsm_sim_reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_batches *b = at;
  if (b->every_us <= 0)
    vsm_sim_complain(r, n, "'every' must be more than 0");
}
static const struct vsm_sim_field batches_fields[] = {
    WHICH_FIELDS(struct vsm_sim_batches),
    {"every", vsm_sim_read_duration, offsetof(struct vsm_sim_batches, every_us), NULL, true},
};
SHAPE(batches, struct vsm_sim_batches, close_batches);

static void read_week(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  struct vsm_sim_list words = {0};
  struct vsm_calendar *c = at;
  vsm_sim_read_texts(r, n, f, &words);
  struct vsm_hours *hours = vsm_sim_memory(r, words.n * 7 * sizeof *hours);
  for (unsigned i = 0; i < words.n; i++) {
    struct vsm_conf_hours h;
    const char *wrong = vsm_conf_hours_parse(((const char **)words.at)[i], &h);
    if (wrong) {
      vsm_sim_complain(r, n, "%s", wrong);
      return;
    }
    for (int day = h.first; day <= h.last; day++)
      hours[c->n_hours++] = (struct vsm_hours){(uint8_t)day, (uint16_t)h.from_m, (uint16_t)h.to_m};
  }
  qsort(hours, c->n_hours, sizeof *hours, vsm_conf_hours_by_time);
  for (unsigned i = 1; i < c->n_hours; i++)
    if (hours[i].weekday == hours[i - 1].weekday && hours[i].from_m < hours[i - 1].to_m)
      vsm_sim_complain(r, n, "hours that overlap");
  c->hours = hours;
}

static void close_outage(struct vsm_sim_reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_outage *o = at;
  if (r->world->dates)
    o->when.zone = r->world->dates->zone;
  if ((o->when.n_hours > 0) == (o->period.lasts_us > 0))
    vsm_sim_complain(r, n, "one of 'week' with hours, and of 'starts' and 'lasts'");
  else if (o->when.n_hours && vsm_calendar_expand(&o->when, r->arena))
    vsm_mem_need(NULL, VSM_CALENDAR_DAYS);
}
static const struct vsm_sim_field outage_fields[] = {
    WHICH_FIELDS(struct vsm_sim_outage),
    {"week", read_week, offsetof(struct vsm_sim_outage, when), NULL, false},
    PERIOD_FIELDS(struct vsm_sim_outage, false),
};
SHAPE(outage, struct vsm_sim_outage, close_outage);

static const struct vsm_sim_field ahead_fields[] = {
    WHICH_FIELDS(struct vsm_sim_ahead),
    {"ahead", vsm_sim_read_duration, offsetof(struct vsm_sim_ahead, ahead_us), NULL, true},
};
SHAPE(ahead, struct vsm_sim_ahead, NULL);

static const struct vsm_sim_field storm_fields[] = {
    {"stages", vsm_sim_read_texts, offsetof(struct vsm_sim_storm, stages), NULL, true},
    PERIOD_FIELDS(struct vsm_sim_storm, true),
};
SHAPE(storm, struct vsm_sim_storm, NULL);

static const struct vsm_sim_field renamed_fields[] = {
    WHICH_FIELDS(struct vsm_sim_renamed),
    {"to", vsm_sim_read_text, offsetof(struct vsm_sim_renamed, to), NULL, true},
    PERIOD_FIELDS(struct vsm_sim_renamed, true),
};
SHAPE(renamed, struct vsm_sim_renamed, NULL);

struct repeats {
  double share;
  int64_t within_us;
};
static const struct vsm_sim_field repeats_fields[] = {
    {"share", vsm_sim_read_share, offsetof(struct repeats, share), NULL, true},
    {"within", vsm_sim_read_duration, offsetof(struct repeats, within_us), NULL, true},
};
SHAPE(repeats, struct repeats, NULL);

static const struct vsm_sim_field dropped_fields[] = {{"share", vsm_sim_read_share, 0, NULL, true}};
SHAPE(dropped, double, NULL);

static const struct vsm_sim_field fault_fields[] = {
    {"repeats", vsm_sim_read_map, offsetof(struct vsm_sim_faults, repeats), &repeats_shape, false},
    {"dropped", vsm_sim_read_map, offsetof(struct vsm_sim_faults, dropped), &dropped_shape, false},
    {"late", vsm_sim_read_list, offsetof(struct vsm_sim_faults, late), &late_shape, false},
    {"batches", vsm_sim_read_list, offsetof(struct vsm_sim_faults, batches), &batches_shape, false},
    {"outages", vsm_sim_read_list, offsetof(struct vsm_sim_faults, outages), &outage_shape, false},
    {"clocks", vsm_sim_read_list, offsetof(struct vsm_sim_faults, clocks), &ahead_shape, false},
    {"storms", vsm_sim_read_list, offsetof(struct vsm_sim_faults, storms), &storm_shape, false},
    {"renamed", vsm_sim_read_list, offsetof(struct vsm_sim_faults, renamed), &renamed_shape, false},
};
SHAPE(fault, struct vsm_sim_faults, NULL);

static const struct vsm_sim_field world_fields[] = {
    {"dates", read_calendar_name, offsetof(struct vsm_sim_world, dates), NULL, false},
    {"streams", vsm_sim_read_list, offsetof(struct vsm_sim_world, streams), &stream_shape, true},
    {"signs_of_life", vsm_sim_read_duration, offsetof(struct vsm_sim_world, signs_of_life_us), NULL, false},
    {"faults", vsm_sim_read_map, offsetof(struct vsm_sim_world, faults), &fault_shape, false},
};
SHAPE(world, struct vsm_sim_world, NULL);

// NAME.simulation.yaml -> NAME.yaml. 0 too where there is no such file.
static int read_config(struct vsm_sim_world *world, const char *path, FILE *err) {
  static const char SUFFIX[] = ".simulation.yaml";
  char config[PATH_MAX];
  size_t n = strlen(path), cut = sizeof SUFFIX - 1;
  if (n < cut || strcmp(path + n - cut, SUFFIX))
    return 0;
  snprintf(config, sizeof config, "%.*s.yaml", (int)(n - cut), path);
  if (access(config, F_OK))
    return 0;
  struct vsm_conf_report report;
  int failed = vsm_config_load(config, &world->config, &report);
  vsm_conf_report_print(&report, err);
  vsm_conf_report_fini(&report);
  return failed;
}

int vsm_sim_world_read(struct vsm_sim_world *world, const char *path, FILE *err) {
  *world = (struct vsm_sim_world){0};
  vsm_arena_init(&world->arena, 0);
  struct vsm_sim_reader r = {.path = path, .err = err, .arena = &world->arena, .world = world};
  int failed = read_config(world, path, err);
  return failed ? failed : vsm_sim_read_file(&r, &world_shape, world);
}

void vsm_sim_world_fini(struct vsm_sim_world *world) {
  vsm_arena_fini(&world->arena);
  vsm_config_destroy(world->config);
}
