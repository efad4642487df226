// A scenario as people read it.
#include "core/calendar.h"
#include "property/scenario.h"

#include <inttypes.h>

static void print_str(FILE *out, struct vsm_str s) {
  fprintf(out, "%.*s", (int)s.n, s.n ? s.p : "");
}

static void print_template(FILE *out, const char *label, const struct vsm_template *t) {
  if (t->n)
    fprintf(out, " %s", label);
  for (unsigned i = 0; i < t->n; i++) {
    const struct vsm_field *f = &t->parts[i];
    if (f->kind == VSM_F_SUBJECT)
      fprintf(out, "{subject}");
    else if (f->kind == VSM_F_DATA)
      fprintf(out, "{data.%.*s}", (int)f->text.n, f->text.p);
    else
      print_str(out, f->text);
  }
}

static void print_expected(FILE *out, const struct vsm_stream *s, const struct vsm_expectation *all, unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    const struct vsm_expectation *e = &all[i];
    fprintf(out, "      expected \"%s\" within %" PRId64 " us", e->name, e->within_us);
    if (e->from >= 0)
      fprintf(out, " from %s/%s", s->stages[e->from].id, e->from_left ? "left" : "entered");
    if (e->to >= 0)
      fprintf(out, " to %s/%s", s->stages[e->to].id, e->to_left ? "left" : "entered");
    for (unsigned k = 0; k < e->n_where; k++) {
      fprintf(out, " where %s", s->segments[e->where[k].attribute]);
      for (unsigned j = 0; j < e->where[k].n; j++)
        fprintf(out, " %.*s", (int)e->where[k].values[j].n, e->where[k].values[j].p);
    }
    fprintf(out, "%s%s%s\n", e->ours ? " clock: ours" : "", e->calendar ? " calendar " : "",
            e->calendar ? e->calendar->id : "");
  }
}

static void print_streams(FILE *out, const struct vsm_model *m) {
  for (unsigned s = 0; s < m->n_streams; s++) {
    fprintf(out, "  stream %s, windows", m->streams[s].id);
    for (unsigned i = 0; i < m->streams[s].n_windows; i++)
      fprintf(out, " %s", m->streams[s].windows[i].name);
    if (m->streams[s].calendar)
      fprintf(out, ", calendar %s", m->streams[s].calendar->id);
    for (unsigned i = 0; i < m->streams[s].n_segments; i++)
      fprintf(out, "%s %s", i ? "" : ", segments", m->streams[s].segments[i]);
    fputc('\n', out);
    print_expected(out, &m->streams[s], m->streams[s].expected, m->streams[s].n_expected);
    for (unsigned i = 0; i < m->streams[s].n_stages; i++) {
      const struct vsm_stage *stage = &m->streams[s].stages[i];
      fprintf(out, "    %s", stage->id);
      if (stage->was)
        fprintf(out, " (was %s)", stage->was);
      fprintf(out, " ->");
      for (unsigned k = 0; k < stage->n_next; k++)
        fprintf(out, " %s", m->streams[s].stages[stage->next[k]].id);
      fprintf(out, "%s%s, min_visits %" PRIu64 "%s%s\n", stage->to_outcome ? " outcome" : "",
              stage->fork_all ? ", fork: all" : "", stage->min_visits, stage->calendar ? ", calendar " : "",
              stage->calendar ? stage->calendar->id : "");
      print_expected(out, &m->streams[s], stage->expected, stage->n_expected);
    }
  }
}

static void print_condition(FILE *out, const struct vsm_condition *c) {
  static const char *const ops[] = {"in", "not_in", "exists", "matches"};
  fprintf(out, " when %.*s %s", (int)c->field.text.n, c->field.text.p, ops[c->op]);
  if (c->op == VSM_EXISTS)
    fprintf(out, " %s", c->exists ? "true" : "false");
  for (unsigned i = 0; c->op != VSM_EXISTS && i < c->n_values; i++)
    fprintf(out, " %.*s", (int)c->values[i].n, c->values[i].p);
}

static void print_rule(FILE *out, const struct vsm_model *m, const struct vsm_rule *r) {
  fprintf(out, "  %3u: %.*s %.*s", r->line, (int)r->source.n, r->source.p, (int)r->type.n, r->type.p);
  for (unsigned i = 0; i < r->n_when; i++)
    print_condition(out, &r->when[i]);
  if (r->ignore) {
    fprintf(out, " ignore\n");
    return;
  }
  const struct vsm_stream *s = &m->streams[r->stream];
  fprintf(out, " -> %s/%s %s", s->id, r->stage < 0 ? "" : s->stages[r->stage].id, vsm_lifecycle_name(r->lifecycle));
  print_template(out, "item ", &r->item);
  for (unsigned i = 0; i < r->n_links; i++)
    print_template(out, "link ", &r->links[i]);
  for (unsigned i = 0; i < s->n_segments; i++) {
    fprintf(out, " %s:", s->segments[i]);
    print_template(out, "", &r->segments[i]);
  }
  print_template(out, "due ", &r->due);
  print_template(out, "not_before ", &r->not_before);
  if (r->lifecycle == VSM_SUSPEND)
    fprintf(out, " party %s", vsm_party_name(r->party));
  print_template(out, "reason ", &r->reason);
  fprintf(out, "%s\n", r->creates ? "" : " creates: false");
}

static void print_event(FILE *out, const struct scenario_event *x) {
  const struct vsm_event *e = &x->event;
  fprintf(out, "  %" PRId64 " (sent as %" PRIu64 " ns, %" PRId64 " us on the way) ", x->us, e->time_ns, x->delay_us);
  print_str(out, e->source);
  fputc(' ', out);
  print_str(out, e->type);
  fprintf(out, " subject=");
  print_str(out, e->subject);
  for (uint32_t i = 0; i < e->n_attrs; i++) {
    fputc(' ', out);
    print_str(out, e->attrs[i].key);
    fputc('=', out);
    print_str(out, e->attrs[i].value);
  }
  if (e->sequence)
    fprintf(out, " number %" PRIu64 " of epoch %" PRIu64, e->sequence, e->epoch);
  fputc('\n', out);
}

void scenario_print(FILE *out, const struct scenario *s) {
  for (unsigned i = 0; i < s->n_models; i++) {
    const struct vsm_model *m = s->models[i];
    fprintf(out, "model %u, clock: %s\n", i, m->clock == VSM_CLOCK_WALL ? "wall" : "event");
    print_streams(out, m);
    for (unsigned k = 0; k < m->n_rules; k++)
      if (!s->rules_out[m->rules[k].line])
        print_rule(out, m, &m->rules[k]);
    fprintf(out, "log\n");
    for (size_t k = 0; k < s->n_events; k++)
      if (!s->events[k].out && s->events[k].model == i)
        print_event(out, &s->events[k]);
  }
  fprintf(out, "end %" PRId64 "\n", s->end_us);
}
