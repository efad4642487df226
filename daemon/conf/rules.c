// Mapping rules: what a rule says must make one kind of sense. Either it ignores; or it names an item and a stage (or a
// stream) and what happened there; or it carries values to an item alone. Which keys may stand beside which is checked
// here, and the rest is handed to the core as it stands.
#include "conf/resolve.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/names.h"
#include "core/template.h"

static const char *stream_name(const void *of, size_t i) {
  const struct vsm_config *c = of;
  return i < c->model.n_streams ? vsm_conf_or_empty(c->model.streams[i].id) : NULL;
}

static const char *stage_name(const void *of, size_t i) {
  const struct vsm_stream *s = of;
  return i < s->n_stages ? vsm_conf_or_empty(s->stages[i].id) : NULL;
}

static int find_stream(struct vsm_conf_reader *r, const struct vsm_config *c, const struct vsm_conf_word *w, size_t n) {
  const char *id = vsm_conf_copy(r, "%.*s", (int)n, w->z);
  int at = vsm_name_index(id, stream_name, c);
  if (at < 0)
    vsm_conf_blame(r, w, "no value stream \"%s\"%s the id of a value stream", id,
                   vsm_conf_hint(r->report, id, stream_name, c));
  return at;
}

// For a stage that is named without its stream.
static const char *whole_name_hint(struct vsm_conf_reader *r, const struct vsm_config *c, const char *id) {
  for (unsigned i = 0; i < c->model.n_streams; i++)
    for (unsigned k = 0; k < c->model.streams[i].n_stages; k++) {
      const char *stage = c->model.streams[i].stages[k].id;
      if (stage && strcmp(stage, id) == 0)
        return vsm_conf_copy(r, "; did you mean \"%s/%s\"? allowed:", c->model.streams[i].id, id);
    }
  return "; allowed:";
}

// STREAM/STAGE. A stream whose own stages are broken was complained about there.
static void find_stage(struct vsm_conf_reader *r, const struct vsm_config *c, const struct vsm_conf_word *w,
                       struct vsm_rule *out) {
  const char *slash = strchr(w->z, '/');
  if (!slash) {
    vsm_conf_blame(r, w, "\"%s\" names no stage%s STREAM/STAGE", w->z, whole_name_hint(r, c, w->z));
    return;
  }
  out->stream = find_stream(r, c, w, (size_t)(slash - w->z));
  const struct vsm_stream *s = out->stream >= 0 ? &c->model.streams[out->stream] : NULL;
  out->stage = s ? vsm_name_index(slash + 1, stage_name, s) : -1;
  if (s && s->n_stages && out->stage < 0)
    vsm_conf_blame(r, w, "no stage \"%s\" in value stream %s%s the id of one of its stages", slash + 1, s->id,
                   vsm_conf_hint(r->report, slash + 1, stage_name, s));
}

// Whether b is a slip of the pen from a: one letter too many or too few, two swapped, or in a longer name one wrong
// within. Names that differ in a digit or in their last letter are siblings (wms1, wms2; feed-a, feed-b).
static bool is_slip(const char *a, const char *b) {
  size_t na = strlen(a), nb = strlen(b), head = 0, tail = 0;
  while (head < na && head < nb && a[head] == b[head])
    head++;
  while (tail < na - head && tail < nb - head && a[na - 1 - tail] == b[nb - 1 - tail])
    tail++;
  size_t left_a = na - head - tail, left_b = nb - head - tail;
  a += head;
  b += head;
  if (left_a == 2 && left_b == 2)
    return a[0] == b[1] && a[1] == b[0];
  if (left_a > 1 || left_b > 1 || isdigit((unsigned char)*a) || isdigit((unsigned char)*b))
    return false;
  return left_a != left_b || (tail > 0 && na > 4);
}

// A source needs no configuration to be accepted, so that an unknown one is a mistake only where it looks like a slip
// of one that is listed.
static void check_source(struct vsm_conf_reader *r, const struct vsm_config *c, const struct vsm_conf_word *w) {
  const char *near = NULL;
  for (unsigned i = 0; i < c->sources.n; i++) {
    const char *id = c->sources.at[i].id.z;
    if (id && vsm_glob_match(vsm_str_of(w->z), vsm_str_of(id)))
      return;
    if (id && !near && !strchr(w->z, '*') && is_slip(w->z, id))
      near = id;
  }
  if (near)
    vsm_conf_blame(r, w,
                   "no source \"%s\" is configured; did you mean \"%s\"? allowed: a configured source, * in a name, "
                   "or one unlike all configured ones",
                   w->z, near);
}

// The keys that say something about an item, by name, with whether the rule gives them.
struct given {
  const char *key;
  bool is;
};

static void check_ignore(struct vsm_conf_reader *r, const struct vsm_conf_rule *rule, const struct given *given,
                         size_t n) {
  for (size_t i = 0; i < n; i++)
    if (given[i].is)
      vsm_conf_complain(r, rule->line, rule->column,
                        "\"%s\" beside ignore: true; allowed beside it: source, type, when", given[i].key);
}

static void check_lifecycle(struct vsm_conf_reader *r, const struct vsm_conf_rule *rule) {
  bool of_item = rule->lifecycle == VSM_FINISH || rule->lifecycle == VSM_WITHDRAW;
  const char *name = rule->lifecycle >= 0 ? vsm_lifecycle_name((enum vsm_lifecycle)rule->lifecycle) : "";
  if (rule->lifecycle >= 0 && rule->stage.z && of_item)
    vsm_conf_complain(r, rule->line, rule->column,
                      "lifecycle %s is of the item, not of a stage; allowed with stage: "
                      "schedule, start, suspend, resume, complete, progress",
                      name);
  if (rule->lifecycle >= 0 && rule->stream.z && !of_item)
    vsm_conf_complain(r, rule->line, rule->column, "lifecycle %s is of a stage; allowed with stream: finish, withdraw",
                      name);
  if (rule->lifecycle != -2 && rule->lifecycle != VSM_SUSPEND && (rule->reason.z || rule->party >= 0))
    vsm_conf_complain(r, rule->line, rule->column, "\"%s\" without lifecycle: suspend; allowed with it alone",
                      rule->reason.z ? "reason" : "party");
  bool carries = rule->links.n || rule->segments.n || rule->due.z || rule->not_before.z;
  if (rule->lifecycle == -1 && !carries)
    vsm_conf_complain(r, rule->line, rule->column,
                      "the rule does nothing; allowed: a lifecycle, ignore: true, or at "
                      "least one of links, segments, due, not_before");
}

static void check_keys(struct vsm_conf_reader *r, const struct vsm_conf_rule *rule) {
  const struct given given[] = {
      {"stage", rule->stage.z != NULL},    {"stream", rule->stream.z != NULL},
      {"lifecycle", rule->lifecycle >= 0}, {"item", rule->item.z != NULL},
      {"links", rule->links.n > 0},        {"segments", rule->segments.n > 0},
      {"reason", rule->reason.z != NULL},  {"party", rule->party >= 0},
      {"due", rule->due.z != NULL},        {"not_before", rule->not_before.z != NULL},
      {"creates", rule->creates >= 0},
  };
  if (rule->ignore == 1) {
    check_ignore(r, rule, given, sizeof given / sizeof *given);
    return;
  }
  if (rule->ignore == -2)
    return;
  if (!rule->item.line) // a value that was refused has a place, but no text
    vsm_conf_complain(r, rule->line, rule->column, "\"item\" is missing; a rule that does not ignore needs it");
  if (rule->stage.line && rule->stream.line)
    vsm_conf_complain(r, rule->line, rule->column, "both stage and stream; allowed: one of them");
  if (!rule->stage.line && !rule->stream.line)
    vsm_conf_complain(r, rule->line, rule->column, "neither stage nor stream; a rule that does not ignore needs one");
  check_lifecycle(r, rule);
}

static struct vsm_template template_of(struct vsm_conf_reader *r, const struct vsm_conf_word *w) {
  struct vsm_template t = {0};
  size_t at;
  const char *what;
  if (w->z) // its form was checked when it was read, so all that may be missing is memory
    vsm_mem_need(vsm_template_parse(r->arena, w->z, &t, &at, &what) ? NULL : &t, strlen(w->z));
  return t;
}

static const struct vsm_str *values_of(struct vsm_conf_reader *r, const struct vsm_conf_word *from, unsigned n) {
  struct vsm_str *values = vsm_conf_alloc(r, n + 1, sizeof *values);
  for (unsigned i = 0; i < n; i++)
    values[i] = vsm_str_of(from[i].z);
  return values;
}

static void resolve_condition(struct vsm_conf_reader *r, const struct vsm_conf_condition *from,
                              struct vsm_condition *out) {
  const char *what;
  if (!from->field.z)
    return;
  (void)vsm_field_parse(from->field.z, &out->field, &what);
  int n = (from->in.at != NULL) + (from->not_in.at != NULL) + (from->exists != -1) + (from->matches.line != 0);
  if (n != 1)
    vsm_conf_blame(r, &from->field, "a condition with %s; allowed: exactly one of in, not_in, exists, matches",
                   n ? "several tests" : "no test");
  const struct vsm_conf_words *list = from->in.n ? &from->in : &from->not_in;
  out->op = from->in.n ? VSM_IN : from->not_in.n ? VSM_NOT_IN : from->exists >= 0 ? VSM_EXISTS : VSM_MATCHES;
  out->exists = from->exists == 1;
  out->values = from->matches.z ? values_of(r, &from->matches, 1) : values_of(r, list->at, list->n);
  out->n_values = from->matches.z ? 1 : list->n;
}

// An attribute that the rule does not speak of is the event's field of that name.
static void resolve_segments(struct vsm_conf_reader *r, const struct vsm_conf_stream *s,
                             const struct vsm_conf_rule *from, struct vsm_rule *out) {
  struct vsm_template *segments = vsm_conf_alloc(r, s->segments.n + 1, sizeof *segments);
  for (unsigned i = 0; i < s->segments.n; i++) {
    struct vsm_field *field = vsm_conf_alloc(r, 1, sizeof *field);
    *field = (struct vsm_field){VSM_F_DATA, vsm_str_of(s->segments.at[i].z)};
    segments[i] = (struct vsm_template){field, 1};
  }
  for (unsigned i = 0; i < from->segments.n; i++) {
    const struct vsm_conf_word *name = &from->segments.at[i].name;
    int at = vsm_name_index(name->z, vsm_conf_segment, s);
    if (at >= 0)
      segments[at] = template_of(r, &from->segments.at[i].value);
    else
      vsm_conf_blame(r, name, "no segment \"%s\" in value stream %s%s its segments", name->z, s->id.z,
                     vsm_conf_hint(r->report, name->z, vsm_conf_segment, s));
  }
  out->segments = segments;
}

static void resolve_lists(struct vsm_conf_reader *r, const struct vsm_config *c, const struct vsm_conf_rule *from,
                          struct vsm_rule *out) {
  struct vsm_condition *when = vsm_conf_alloc(r, from->when.n + 1, sizeof *when);
  struct vsm_template *links = vsm_conf_alloc(r, from->links.n + 1, sizeof *links);
  for (unsigned i = 0; i < from->when.n; i++)
    resolve_condition(r, &from->when.at[i], &when[i]);
  for (unsigned i = 0; i < from->links.n; i++)
    links[i] = template_of(r, &from->links.at[i]);
  out->when = when;
  out->n_when = from->when.n;
  out->links = links;
  out->n_links = from->links.n;
  if (out->stream >= 0)
    resolve_segments(r, &c->value_streams.at[out->stream], from, out);
}

static void resolve_rule(struct vsm_conf_reader *r, const struct vsm_config *c, struct vsm_conf_rule *from,
                         struct vsm_rule *out) {
  const char *slash = strrchr(c->path, '/');
  *out = (struct vsm_rule){.stream = -1, .stage = -1, .lifecycle = VSM_NO_LIFECYCLE, .line = from->line};
  check_keys(r, from);
  if (from->source.z)
    check_source(r, c, &from->source);
  out->source = vsm_str_of(from->source.z);
  out->type = vsm_str_of(from->type.z);
  out->ignore = from->ignore == 1;
  out->where = vsm_conf_copy(r, "%s:%u", slash ? slash + 1 : c->path, from->line);
  if (from->stage.z)
    find_stage(r, c, &from->stage, out);
  else if (from->stream.z)
    out->stream = find_stream(r, c, &from->stream, strlen(from->stream.z));
  if (from->lifecycle >= 0)
    out->lifecycle = (enum vsm_lifecycle)from->lifecycle;
  if (from->lifecycle == VSM_SUSPEND && from->party < 0)
    from->party = VSM_US;
  if (!out->ignore && from->creates < 0)
    from->creates = 1;
  from->ignore = out->ignore;
  out->party = from->party < 0 ? VSM_US : (enum vsm_party)from->party;
  out->creates = from->creates == 1;
  out->item = template_of(r, &from->item);
  out->reason = template_of(r, &from->reason);
  out->due = template_of(r, &from->due);
  out->not_before = template_of(r, &from->not_before);
  resolve_lists(r, c, from, out);
}

void vsm_conf_resolve_rules(struct vsm_conf_reader *r, struct vsm_config *config) {
  struct vsm_rule *rules = vsm_conf_alloc(r, config->mappings.n + 1, sizeof *rules);
  for (unsigned i = 0; i < config->mappings.n; i++)
    resolve_rule(r, config, &config->mappings.at[i], &rules[i]);
  config->model.rules = rules;
  config->model.n_rules = config->mappings.n;
}
