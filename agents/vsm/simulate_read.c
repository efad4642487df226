// Reads NAME.simulation.yaml. Each map of the file is a table of fields: key, how its value is read, where it goes.
// Fields are read in the order of the table, not of the file, so that calendars are known before what refers to them.
// Every mistake is said with its place; reading goes on.
#include "simulate.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/err.h"

struct reader {
  yaml_document_t document;
  const char *path;
  FILE *err;
  struct vsm_sim_world *world;
  struct vsm_sim_stream *stream; // being read
  unsigned mistakes;
};

struct field;
typedef void read_fn(struct reader *r, yaml_node_t *n, const struct field *f, void *at);

struct shape {
  const struct field *fields;
  unsigned n;
  size_t size;
  void (*close)(struct reader *r, yaml_node_t *n, void *at); // what the fields say together; NULL: nothing
};

struct field {
  const char *key;
  read_fn *read;
  size_t offset;
  const struct shape *shape; // of a map or a list of maps
  bool required;
};

#define SHAPE(name, type, close_fn) \
  static const struct shape name##_shape = {name##_fields, sizeof name##_fields / sizeof *name##_fields, sizeof(type), close_fn}

static void __attribute__((format(printf, 3, 4))) complain(struct reader *r, const yaml_node_t *n, const char *fmt, ...) {
  va_list args;
  fprintf(r->err, "%s:%zu:%zu: ", r->path, n->start_mark.line + 1, n->start_mark.column + 1);
  va_start(args, fmt);
  vfprintf(r->err, fmt, args);
  va_end(args);
  fputc('\n', r->err);
  r->mistakes++;
}

static void *memory(struct reader *r, size_t bytes) {
  void *p = vsm_arena_zalloc(&r->world->arena, bytes ? bytes : 1);
  if (!p) {
    fprintf(r->err, "%s: out of memory\n", r->path);
    exit(1);
  }
  return p;
}

static yaml_node_t *node(struct reader *r, int id) {
  return yaml_document_get_node(&r->document, id);
}

static const char *scalar(struct reader *r, yaml_node_t *n, const char *what) {
  if (n->type == YAML_SCALAR_NODE && n->data.scalar.length)
    return (const char *)n->data.scalar.value; // lives as long as the document: copy what is kept
  complain(r, n, "expected %s", what);
  return NULL;
}

static const char *keep(struct reader *r, const char *text) {
  size_t n = strlen(text) + 1;
  return memcpy(memory(r, n), text, n);
}

// --- Maps and lists ------------------------------------------------------------------------------------------------

static yaml_node_t *find(struct reader *r, yaml_node_t *map, const char *key) {
  for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
    yaml_node_t *k = node(r, p->key);
    if (k->type == YAML_SCALAR_NODE && !strcmp((const char *)k->data.scalar.value, key))
      return node(r, p->value);
  }
  return NULL;
}

static void check_keys(struct reader *r, yaml_node_t *map, const struct shape *shape) {
  for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
    yaml_node_t *k = node(r, p->key);
    const char *name = k->type == YAML_SCALAR_NODE ? (const char *)k->data.scalar.value : "";
    unsigned i = 0;
    while (i < shape->n && strcmp(shape->fields[i].key, name))
      i++;
    if (i < shape->n)
      continue;
    char allowed[512] = "";
    for (i = 0; i < shape->n; i++)
      snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s", i ? ", " : "", shape->fields[i].key);
    complain(r, k, "unknown key '%s'; allowed: %s", name, allowed);
  }
}

static void read_shape(struct reader *r, yaml_node_t *n, const struct shape *shape, void *at) {
  if (n->type != YAML_MAPPING_NODE) {
    complain(r, n, "expected a map, as in key: value");
    return;
  }
  check_keys(r, n, shape);
  for (unsigned i = 0; i < shape->n; i++) {
    const struct field *f = &shape->fields[i];
    yaml_node_t *value = find(r, n, f->key);
    if (value)
      f->read(r, value, f, (char *)at + f->offset);
    else if (f->required)
      complain(r, n, "'%s' is missing", f->key);
  }
  if (shape->close)
    shape->close(r, n, at);
}

static void read_map(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  read_shape(r, n, f->shape, at);
}

// A list of maps; one map alone is a list of one.
static void read_list(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  struct vsm_sim_list *list = at;
  if (n->type == YAML_MAPPING_NODE) {
    *list = (struct vsm_sim_list){memory(r, f->shape->size), 1};
    read_shape(r, n, f->shape, list->at);
    return;
  }
  if (n->type != YAML_SEQUENCE_NODE) {
    complain(r, n, "expected a list");
    return;
  }
  unsigned count = (unsigned)(n->data.sequence.items.top - n->data.sequence.items.start);
  list->at = memory(r, count * f->shape->size);
  for (unsigned i = 0; i < count; i++) {
    list->n = i + 1;
    read_shape(r, node(r, n->data.sequence.items.start[i]), f->shape, (char *)list->at + i * f->shape->size);
  }
}

static void read_texts(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  struct vsm_sim_list *list = at;
  if (n->type != YAML_SEQUENCE_NODE) {
    complain(r, n, "expected a list of texts");
    return;
  }
  unsigned count = (unsigned)(n->data.sequence.items.top - n->data.sequence.items.start);
  const char **texts = list->at = memory(r, count * sizeof *texts);
  for (unsigned i = 0; i < count; i++) {
    const char *text = scalar(r, node(r, n->data.sequence.items.start[i]), "a text");
    if (text)
      texts[list->n++] = keep(r, text);
  }
}

// --- Values --------------------------------------------------------------------------------------------------------

static void read_text(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  const char *text = scalar(r, n, f->key);
  if (text)
    *(const char **)at = keep(r, text);
}

static double number(struct reader *r, yaml_node_t *n, double most, const char *what) {
  const char *text = scalar(r, n, what);
  char *end;
  double value = text ? strtod(text, &end) : 0;
  if (text && (*end || !(value >= 0) || value > most)) {
    complain(r, n, "'%s' is not %s", text, what);
    return 0;
  }
  return value;
}

static void read_share(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  *(double *)at = number(r, n, 1, "a share, 0 to 1");
}

static void read_number(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  *(double *)at = number(r, n, 1e6, "a number, 0 to 1000000");
}

static void read_count(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  *(int64_t *)at = (int64_t)number(r, n, 1000, "a number, 0 to 1000");
}

static int64_t duration(struct reader *r, yaml_node_t *n, const struct vsm_sim_calendar *calendar) {
  const char *text = scalar(r, n, "a duration");
  int64_t us = 0;
  if (!text)
    return 0;
  bool minus = *text == '-';
  if (!vsm_sim_duration_parse(text + minus, calendar, &us))
    complain(r, n, "'%s' is not a duration; allowed: a whole number and ms, s, m, h, d, w%s", text,
             calendar ? ", wd" : " (wd with a calendar)");
  return minus ? -us : us;
}

static void read_duration(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  *(int64_t *)at = duration(r, n, NULL);
}

static void read_calendar_name(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  const char *text = scalar(r, n, "the id of a calendar");
  const struct vsm_sim_calendar *c = r->world->calendars.at;
  for (unsigned i = 0; text && i < r->world->calendars.n; i++)
    if (c[i].id && !strcmp(c[i].id, text)) {
      *(const struct vsm_sim_calendar **)at = &c[i];
      return;
    }
  if (text)
    complain(r, n, "no calendar '%s'", text);
}

static void read_template(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  const char *text = scalar(r, n, "a text");
  const char *wrong = text ? vsm_sim_text_parse(&r->world->arena, r->stream, keep(r, text), at) : NULL;
  if (wrong)
    complain(r, n, "'%s': %s", text, wrong);
}

static void read_data(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  struct vsm_sim_list *list = at;
  if (n->type != YAML_MAPPING_NODE) {
    complain(r, n, "expected a map of attributes");
    return;
  }
  unsigned count = (unsigned)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
  if (count > VSM_SIM_DATA_MAX) {
    complain(r, n, "%u attributes; at most %d", count, VSM_SIM_DATA_MAX);
    return;
  }
  struct vsm_sim_datum *data = list->at = memory(r, count * sizeof *data);
  for (unsigned i = 0; i < count; i++) {
    const char *key = scalar(r, node(r, n->data.mapping.pairs.start[i].key), "a key");
    if (key)
      data[i].key = keep(r, key);
    read_template(r, node(r, n->data.mapping.pairs.start[i].value), f, &data[i].value);
    list->n = i + 1;
  }
}

// --- Calendars -----------------------------------------------------------------------------------------------------

static void read_week(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  struct vsm_sim_list lines = {0}, *week = at;
  read_texts(r, n, f, &lines);
  struct vsm_sim_hours *hours = week->at = memory(r, lines.n * 7 * sizeof *hours);
  for (unsigned i = 0; i < lines.n; i++) {
    int days = vsm_sim_hours_parse(((const char **)lines.at)[i], &hours[week->n]);
    if (days < 0)
      complain(r, n, "'%s' is not understood; as in: mon-fri 08:00-17:00", ((const char **)lines.at)[i]);
    else
      week->n += (unsigned)days;
  }
}

static void close_calendar(struct reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_calendar *c = at;
  c->offset_us = r->world->utc_offset_us;
  if (!vsm_sim_calendar_close(c))
    complain(r, n, "the week has no hours, or some that overlap");
}

static const struct field calendar_fields[] = {
    {"id", read_text, offsetof(struct vsm_sim_calendar, id), NULL, true},
    {"week", read_week, offsetof(struct vsm_sim_calendar, week), NULL, true},
};
SHAPE(calendar, struct vsm_sim_calendar, close_calendar);

// --- Attributes and conditions -------------------------------------------------------------------------------------

static void add_weighted(struct reader *r, yaml_node_t *n, struct vsm_sim_attribute *a) {
  double sum = 0;
  for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
    const char *value = scalar(r, node(r, p->key), "a value");
    if (!value || a->n == VSM_SIM_VALUES_MAX)
      continue;
    a->values[a->n] = keep(r, value);
    sum += number(r, node(r, p->value), 1e6, "a weight");
    a->up_to[a->n++] = sum;
  }
  for (unsigned i = 0; i < a->n && sum > 0; i++)
    a->up_to[i] /= sum;
  if (!a->n || !(sum > 0))
    complain(r, n, "an attribute needs values with weights");
}

static bool add_by_date(struct reader *r, yaml_node_t *n, struct vsm_sim_attribute *a) {
  static const struct {
    const char *key;
    enum vsm_sim_kind kind;
    unsigned n;
  } KINDS[] = {{"by_weekday", VSM_SIM_BY_WEEKDAY, 7}, {"by_month", VSM_SIM_BY_MONTH, 12}};
  for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
    yaml_node_t *value = find(r, n, KINDS[k].key);
    if (!value)
      continue;
    struct vsm_sim_list texts = {0};
    read_texts(r, value, NULL, &texts);
    if (texts.n != KINDS[k].n)
      complain(r, value, "expected %u values", KINDS[k].n);
    a->kind = KINDS[k].kind;
    a->n = texts.n < KINDS[k].n ? texts.n : KINDS[k].n;
    for (unsigned i = 0; i < a->n; i++)
      a->values[i] = ((const char **)texts.at)[i];
    return true;
  }
  return false;
}

static void read_attributes(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  struct vsm_sim_list *list = at;
  if (n->type != YAML_MAPPING_NODE) {
    complain(r, n, "expected a map of attributes");
    return;
  }
  struct vsm_sim_attribute *a = list->at = memory(r, VSM_SIM_ATTRIBUTES_MAX * sizeof *a);
  for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
    const char *name = scalar(r, node(r, p->key), "the name of an attribute");
    yaml_node_t *value = node(r, p->value);
    if (!name || value->type != YAML_MAPPING_NODE || list->n == VSM_SIM_ATTRIBUTES_MAX) {
      complain(r, value, "expected { VALUE: WEIGHT, ... } or { by_weekday: [...] } or { by_month: [...] }; at most %d",
               VSM_SIM_ATTRIBUTES_MAX);
      continue;
    }
    a[list->n].name = keep(r, name);
    if (!add_by_date(r, value, &a[list->n]))
      add_weighted(r, value, &a[list->n]);
    list->n++;
  }
}

static int find_attribute(struct reader *r, const char *name) {
  const struct vsm_sim_attribute *a = r->stream->attributes.at;
  for (unsigned i = 0; i < r->stream->attributes.n; i++)
    if (!strcmp(a[i].name, name))
      return (int)i;
  return -1;
}

static uint64_t value_bits(struct reader *r, yaml_node_t *n, const struct vsm_sim_attribute *a) {
  struct vsm_sim_list texts = {0};
  uint64_t bits = 0;
  read_texts(r, n, NULL, &texts);
  for (unsigned i = 0; i < texts.n; i++) {
    const char *text = ((const char **)texts.at)[i];
    uint64_t bit = 0;
    for (unsigned k = 0; k < a->n; k++)
      bit |= (uint64_t)!strcmp(a->values[k], text) << k;
    if (!bit)
      complain(r, n, "attribute '%s' has no value '%s'", a->name, text);
    bits |= bit;
  }
  return bits;
}

static void read_conditions(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)f;
  struct vsm_sim_list *list = at;
  if (n->type != YAML_MAPPING_NODE) {
    complain(r, n, "expected { ATTRIBUTE: [VALUE, ...] }");
    return;
  }
  unsigned count = (unsigned)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
  struct vsm_sim_condition *c = list->at = memory(r, count * sizeof *c);
  for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
    const char *name = scalar(r, node(r, p->key), "the name of an attribute");
    int i = name ? find_attribute(r, name) : -1;
    if (i < 0) {
      complain(r, node(r, p->key), "the stream has no such attribute");
      continue;
    }
    const struct vsm_sim_attribute *a = r->stream->attributes.at;
    c[list->n++] = (struct vsm_sim_condition){(unsigned)i, value_bits(r, node(r, p->value), &a[i])};
  }
}

// --- Stages --------------------------------------------------------------------------------------------------------

// Durations of a span count in its calendar, so they are read once that is known.
static void close_span(struct reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_span *s = at;
  yaml_node_t *median = find(r, n, "median"), *p85 = find(r, n, "p85"), *max = find(r, n, "max");
  if (!median || !p85)
    return;
  s->median_us = duration(r, median, s->calendar);
  int64_t p85_us = duration(r, p85, s->calendar);
  s->max_us = max ? duration(r, max, s->calendar) : 10 * p85_us;
  if (s->median_us <= 0 || p85_us < s->median_us || s->max_us < p85_us) {
    complain(r, n, "expected 0 < median <= p85 <= max");
    return;
  }
  s->sigma = log((double)p85_us / (double)s->median_us) / 1.0364333894937898; // the 85th percentile of the normal
}

static void read_later(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  (void)r, (void)n, (void)f, (void)at; // by close_span()
}

static const struct field span_fields[] = {
    {"if", read_conditions, offsetof(struct vsm_sim_span, fits), NULL, false},
    {"calendar", read_calendar_name, offsetof(struct vsm_sim_span, calendar), NULL, false},
    {"median", read_later, 0, NULL, true},
    {"p85", read_later, 0, NULL, true},
    {"max", read_later, 0, NULL, false},
};
SHAPE(span, struct vsm_sim_span, close_span);

#define SAY_FIELDS(owner, member)                                                                  \
  {"source", read_text, offsetof(owner, member) + offsetof(struct vsm_sim_say, source), NULL, false},      \
  {"type", read_text, offsetof(owner, member) + offsetof(struct vsm_sim_say, type), NULL, false},          \
  {"subject", read_template, offsetof(owner, member) + offsetof(struct vsm_sim_say, subject), NULL, false}, \
  {"data", read_data, offsetof(owner, member) + offsetof(struct vsm_sim_say, data), NULL, false},          \
  {"mark", read_text, offsetof(owner, member) + offsetof(struct vsm_sim_say, mark), NULL, false}

static void check_say(struct reader *r, yaml_node_t *n, const struct vsm_sim_say *say) {
  if (!say->source || !say->type || !say->subject.n)
    complain(r, n, "an event needs source, type and subject");
}

struct said {
  struct vsm_sim_say say;
};
static void close_said(struct reader *r, yaml_node_t *n, void *at) {
  check_say(r, n, at);
}
static const struct field said_fields[] = {SAY_FIELDS(struct said, say)};
SHAPE(said, struct said, close_said);

static void close_step(struct reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_step *s = at;
  check_say(r, n, &s->say);
  if (!find(r, n, "share"))
    s->share = 1;
  if (!find(r, n, "times"))
    s->times = 1;
  if (!find(r, n, "until"))
    s->until = s->at;
  if (s->then.source && !s->hold.n)
    complain(r, n, "'then' needs a 'hold'");
}

static const struct field step_fields[] = {
    {"at", read_share, offsetof(struct vsm_sim_step, at), NULL, true},
    {"until", read_share, offsetof(struct vsm_sim_step, until), NULL, false},
    {"times", read_count, offsetof(struct vsm_sim_step, times), NULL, false},
    {"after", read_duration, offsetof(struct vsm_sim_step, after_us), NULL, false},
    {"share", read_share, offsetof(struct vsm_sim_step, share), NULL, false},
    {"if", read_conditions, offsetof(struct vsm_sim_step, fits), NULL, false},
    SAY_FIELDS(struct vsm_sim_step, say),
    {"hold", read_list, offsetof(struct vsm_sim_step, hold), &span_shape, false},
    {"then", read_map, offsetof(struct vsm_sim_step, then), &said_shape, false},
};
SHAPE(step, struct vsm_sim_step, close_step);

static const struct field leave_fields[] = {
    {"share", read_share, offsetof(struct vsm_sim_leave, share), NULL, true},
    {"at", read_share, offsetof(struct vsm_sim_leave, at), NULL, true},
    {"to", read_text, offsetof(struct vsm_sim_leave, to_name), NULL, true},
    SAY_FIELDS(struct vsm_sim_leave, say),
};
SHAPE(leave, struct vsm_sim_leave, NULL);

static void close_stage(struct reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_stage *s = at;
  if (!find(r, n, "begins"))
    s->begins_us = INT64_MIN;
  if (s->events.n > VSM_SIM_HOLDS_MAX)
    complain(r, n, "%u events in a stage; at most %d", s->events.n, VSM_SIM_HOLDS_MAX);
}

static const struct field stage_fields[] = {
    {"id", read_text, offsetof(struct vsm_sim_stage, id), NULL, true},
    {"if", read_conditions, offsetof(struct vsm_sim_stage, fits), NULL, false},
    {"unless", read_conditions, offsetof(struct vsm_sim_stage, unless), NULL, false},
    {"begins", read_duration, offsetof(struct vsm_sim_stage, begins_us), NULL, false},
    {"waits", read_duration, offsetof(struct vsm_sim_stage, waits_us), NULL, false},
    {"lasts", read_list, offsetof(struct vsm_sim_stage, lasts), &span_shape, true},
    {"events", read_list, offsetof(struct vsm_sim_stage, events), &step_shape, false},
    {"leaves", read_list, offsetof(struct vsm_sim_stage, leaves), &leave_shape, false},
};
SHAPE(stage, struct vsm_sim_stage, close_stage);

// --- Streams -------------------------------------------------------------------------------------------------------

static void read_stages(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  read_list(r, n, f, at);
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
        complain(r, n, "'to: %s': no such stage; allowed: the stages of this stream, end", leaves[k].to_name);
    }
  }
}

static void close_arrivals(struct reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_arrivals *a = at;
  if ((a->per_day > 0) + (a->per_year > 0) + (a->every_us > 0) != 1)
    complain(r, n, "expected one of per_day, per_year, every, more than 0");
  if (a->each && !a->every_us)
    complain(r, n, "'each' goes with 'every'");
}

static const struct field arrivals_fields[] = {
    {"per_day", read_number, offsetof(struct vsm_sim_arrivals, per_day), NULL, false},
    {"per_year", read_number, offsetof(struct vsm_sim_arrivals, per_year), NULL, false},
    {"calendar", read_calendar_name, offsetof(struct vsm_sim_arrivals, calendar), NULL, false},
    {"every", read_duration, offsetof(struct vsm_sim_arrivals, every_us), NULL, false},
    {"ahead", read_duration, offsetof(struct vsm_sim_arrivals, ahead_us), NULL, false},
    {"each", read_text, offsetof(struct vsm_sim_arrivals, each), NULL, false},
};
SHAPE(arrivals, struct vsm_sim_arrivals, close_arrivals);

static void close_stream(struct reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_stream *s = at;
  int each = s->arrivals.each ? find_attribute(r, s->arrivals.each) : 0;
  if (each < 0)
    complain(r, n, "'each: %s': no such attribute", s->arrivals.each);
  else
    s->arrivals.each_attribute = (unsigned)each;
}

// Notes the stream that attributes, conditions and texts belong to.
static void read_stream_id(struct reader *r, yaml_node_t *n, const struct field *f, void *at) {
  r->stream = (struct vsm_sim_stream *)((char *)at - offsetof(struct vsm_sim_stream, id));
  read_text(r, n, f, at);
}

static const struct field stream_fields[] = {
    {"id", read_stream_id, offsetof(struct vsm_sim_stream, id), NULL, true},
    {"attributes", read_attributes, offsetof(struct vsm_sim_stream, attributes), NULL, false},
    {"arrivals", read_map, offsetof(struct vsm_sim_stream, arrivals), &arrivals_shape, true},
    {"stages", read_stages, offsetof(struct vsm_sim_stream, stages), &stage_shape, true},
};
SHAPE(stream, struct vsm_sim_stream, close_stream);

// --- Faults --------------------------------------------------------------------------------------------------------

#define WHICH_FIELDS(owner)                                                                                            \
  {"systems", read_texts, offsetof(owner, which) + offsetof(struct vsm_sim_which, systems), NULL, true},               \
  {"mark", read_text, offsetof(owner, which) + offsetof(struct vsm_sim_which, mark), NULL, false},                     \
  {"type", read_text, offsetof(owner, which) + offsetof(struct vsm_sim_which, type), NULL, false}
#define PERIOD_FIELDS(owner)                                                                                           \
  {"starts", read_duration, offsetof(owner, period) + offsetof(struct vsm_sim_period, starts_us), NULL, true},         \
  {"lasts", read_duration, offsetof(owner, period) + offsetof(struct vsm_sim_period, lasts_us), NULL, true},           \
  {"every", read_duration, offsetof(owner, period) + offsetof(struct vsm_sim_period, every_us), NULL, false}

static const struct field late_fields[] = {
    WHICH_FIELDS(struct vsm_sim_late),
    {"share", read_share, offsetof(struct vsm_sim_late, share), NULL, true},
    {"from", read_duration, offsetof(struct vsm_sim_late, from_us), NULL, true},
    {"to", read_duration, offsetof(struct vsm_sim_late, to_us), NULL, true},
};
SHAPE(late, struct vsm_sim_late, NULL);

static void close_batches(struct reader *r, yaml_node_t *n, void *at) {
  struct vsm_sim_batches *b = at;
  if (b->every_us <= 0)
    complain(r, n, "'every' must be more than 0");
}
static const struct field batches_fields[] = {
    WHICH_FIELDS(struct vsm_sim_batches),
    {"every", read_duration, offsetof(struct vsm_sim_batches, every_us), NULL, true},
};
SHAPE(batches, struct vsm_sim_batches, close_batches);

static void close_outage(struct reader *r, yaml_node_t *n, void *at) {
  close_calendar(r, n, &((struct vsm_sim_outage *)at)->when);
}
static const struct field outage_fields[] = {
    WHICH_FIELDS(struct vsm_sim_outage),
    {"week", read_week, offsetof(struct vsm_sim_outage, when) + offsetof(struct vsm_sim_calendar, week), NULL, true},
};
SHAPE(outage, struct vsm_sim_outage, close_outage);

static const struct field ahead_fields[] = {
    WHICH_FIELDS(struct vsm_sim_ahead),
    {"ahead", read_duration, offsetof(struct vsm_sim_ahead, ahead_us), NULL, true},
};
SHAPE(ahead, struct vsm_sim_ahead, NULL);

static const struct field storm_fields[] = {
    {"stages", read_texts, offsetof(struct vsm_sim_storm, stages), NULL, true},
    PERIOD_FIELDS(struct vsm_sim_storm),
};
SHAPE(storm, struct vsm_sim_storm, NULL);

static const struct field renamed_fields[] = {
    WHICH_FIELDS(struct vsm_sim_renamed),
    {"to", read_text, offsetof(struct vsm_sim_renamed, to), NULL, true},
    PERIOD_FIELDS(struct vsm_sim_renamed),
};
SHAPE(renamed, struct vsm_sim_renamed, NULL);

struct repeats {
  double share;
  int64_t within_us;
};
static const struct field repeats_fields[] = {
    {"share", read_share, offsetof(struct repeats, share), NULL, true},
    {"within", read_duration, offsetof(struct repeats, within_us), NULL, true},
};
SHAPE(repeats, struct repeats, NULL);

static const struct field dropped_fields[] = {{"share", read_share, 0, NULL, true}};
SHAPE(dropped, double, NULL);

static const struct field fault_fields[] = {
    {"repeats", read_map, offsetof(struct vsm_sim_faults, repeats), &repeats_shape, false},
    {"dropped", read_map, offsetof(struct vsm_sim_faults, dropped), &dropped_shape, false},
    {"late", read_list, offsetof(struct vsm_sim_faults, late), &late_shape, false},
    {"batches", read_list, offsetof(struct vsm_sim_faults, batches), &batches_shape, false},
    {"outages", read_list, offsetof(struct vsm_sim_faults, outages), &outage_shape, false},
    {"clocks", read_list, offsetof(struct vsm_sim_faults, clocks), &ahead_shape, false},
    {"storms", read_list, offsetof(struct vsm_sim_faults, storms), &storm_shape, false},
    {"renamed", read_list, offsetof(struct vsm_sim_faults, renamed), &renamed_shape, false},
};
SHAPE(fault, struct vsm_sim_faults, NULL);

static const struct field world_fields[] = {
    {"utc_offset", read_duration, offsetof(struct vsm_sim_world, utc_offset_us), NULL, false},
    {"calendars", read_list, offsetof(struct vsm_sim_world, calendars), &calendar_shape, false},
    {"streams", read_list, offsetof(struct vsm_sim_world, streams), &stream_shape, true},
    {"faults", read_map, offsetof(struct vsm_sim_world, faults), &fault_shape, false},
};
SHAPE(world, struct vsm_sim_world, NULL);

// --- The file ------------------------------------------------------------------------------------------------------

static bool load(struct reader *r, FILE *file) {
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser))
    return false;
  yaml_parser_set_input_file(&parser, file);
  bool good = yaml_parser_load(&parser, &r->document);
  if (!good)
    fprintf(r->err, "%s:%zu:%zu: %s\n", r->path, parser.problem_mark.line + 1, parser.problem_mark.column + 1,
            parser.problem ? parser.problem : "not YAML");
  yaml_parser_delete(&parser);
  return good;
}

int vsm_sim_world_read(struct vsm_sim_world *world, const char *path, FILE *err) {
  struct reader r = {.path = path, .err = err, .world = world};
  *world = (struct vsm_sim_world){0};
  vsm_arena_init(&world->arena, 0);
  FILE *file = fopen(path, "r");
  if (!file) {
    fprintf(err, "%s: cannot be read: %m\n", path);
    return VSM_EIO;
  }
  bool good = load(&r, file);
  fclose(file);
  if (!good)
    return VSM_ECONFIG;
  yaml_node_t *root = yaml_document_get_root_node(&r.document);
  if (!root) {
    fprintf(err, "%s:1:1: the file is empty\n", path);
    r.mistakes++;
  } else {
    read_shape(&r, root, &world_shape, world);
  }
  yaml_document_delete(&r.document);
  return r.mistakes ? VSM_ECONFIG : 0;
}

void vsm_sim_world_fini(struct vsm_sim_world *world) {
  vsm_arena_fini(&world->arena);
}
