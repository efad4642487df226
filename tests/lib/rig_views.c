// Views as text, compared, and checked for their balances.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rig.h"

// ---- As text

static void print_ages(FILE *out, const struct vsm_age_view *a) {
  fprintf(out, "    age %.17g %.17g %.17g %.17g\n", a->p50, a->p85, a->p95, a->max);
}

static void print_dist(FILE *out, const char *name, const struct vsm_dist_view *d) {
  fprintf(out, "      %s %llu mean %.17g min %.17g max %.17g p %.17g %.17g %.17g %.17g\n", name,
          (unsigned long long)d->count, d->mean, d->min, d->max, d->p50, d->p85, d->p95, d->p99);
}

static void print_str(FILE *out, const char *label, struct vsm_str s) {
  fprintf(out, " %s%.*s", label, (int)s.n, s.n ? s.p : "");
}

static void print_sle(FILE *out, const struct vsm_sle_view *sle, unsigned n) {
  for (unsigned i = 0; i < n; i++)
    fprintf(out, "      sle %s within %.17g target %.17g attained %.17g of %llu\n", sle[i].name, sle[i].within_seconds,
            sle[i].target, sle[i].attained, (unsigned long long)sle[i].count);
}

static void print_waits(FILE *out, const struct vsm_stage_view *v) {
  for (unsigned i = 0; i < v->n_waits; i++) {
    const struct vsm_wait_view *w = &v->waits[i];
    fprintf(out, "    waits for %s", w->party);
    print_str(out, "reason ", w->reason);
    fprintf(out, " wip %llu", (unsigned long long)w->wip);
    for (unsigned k = 0; k < w->n_windows; k++)
      fprintf(out, ", %s %llu %.17g", w->windows[k].window, (unsigned long long)w->windows[k].count,
              w->windows[k].seconds);
    fputc('\n', out);
  }
}

static void print_stage_window(FILE *out, const struct vsm_stage_window_view *w) {
  fprintf(out, "    window %s", w->window);
#define X(name) fprintf(out, " %s %llu", #name, (unsigned long long)w->name);
  VSM_STAGE_COUNTS(X)
#undef X
  fprintf(out, " flow_efficiency %.17g first_pass_yield %.17g\n", w->flow_efficiency, w->first_pass_yield);
  print_dist(out, "cycle_time", &w->cycle_time);
  print_dist(out, "queue_time", &w->queue_time);
  print_dist(out, "active_time", &w->active_time);
  print_dist(out, "suspended_time", &w->suspended_time);
  print_sle(out, w->sle, w->n_sle);
}

static void print_stream_window(FILE *out, const struct vsm_stream_window_view *w) {
  fprintf(out, "    window %s", w->window);
#define X(name) fprintf(out, " %s %llu", #name, (unsigned long long)w->name);
  VSM_STREAM_COUNTS(X)
#undef X
  fprintf(out, " throughput_per_day %.17g flow_efficiency %.17g\n", w->throughput_per_day, w->flow_efficiency);
  print_dist(out, "lead_time", &w->lead_time);
  print_sle(out, w->sle, w->n_sle);
}

static void print_stage(FILE *out, const struct vsm_stage_view *v) {
  fprintf(out, "  stage %s (%s) wip %llu queued %llu active %llu suspended %llu\n", v->id, v->name,
          (unsigned long long)v->wip, (unsigned long long)v->queued, (unsigned long long)v->active,
          (unsigned long long)v->suspended);
  print_ages(out, &v->age);
  for (unsigned i = 0; i < v->n_windows; i++)
    print_stage_window(out, &v->windows[i]);
  print_waits(out, v);
}

void rig_print_stream(FILE *out, const struct vsm_stream_view *v) {
  fprintf(out, "stream %s (%s) wip %llu between %llu\n", v->id, v->name, (unsigned long long)v->wip,
          (unsigned long long)v->between);
  print_ages(out, &v->age);
  for (unsigned i = 0; i < v->n_windows; i++)
    print_stream_window(out, &v->windows[i]);
  for (unsigned i = 0; i < v->n_stages; i++)
    print_stage(out, &v->stages[i]);
}

void rig_print_item(FILE *out, const struct vsm_item_view *v) {
  fprintf(out, "item");
  print_str(out, "", v->item);
  fprintf(out, " stream %u %s keys", v->stream, v->state);
  for (unsigned i = 0; i < v->n_keys; i++)
    print_str(out, "", v->keys[i]);
  for (unsigned i = 0; i < v->n_segments; i++) {
    fprintf(out, " %s", v->segments[i].attribute);
    print_str(out, "is ", v->segments[i].value);
  }
  fprintf(out, " due %lld not before %lld\n", (long long)v->due.us, (long long)v->not_before.us);
  for (unsigned i = 0; i < v->n_transitions; i++) {
    const struct vsm_transition_view *t = &v->transitions[i];
    fprintf(out, "  %lld %s %s", (long long)t->time.us, t->stage, vsm_lifecycle_name(t->lifecycle));
    print_str(out, "source ", t->source);
    print_str(out, "type ", t->type);
    print_str(out, "rule ", t->rule);
    print_str(out, "reason ", t->reason);
    fprintf(out, " %s\n", t->party);
  }
  for (unsigned i = 0; i < v->n_visits; i++) {
    const struct vsm_visit_view *x = &v->visits[i];
    fprintf(out, "  visit %s %lld..%lld %s %s%s%s%s%s %lld %lld %lld expected %lld due %lld not before %lld", x->stage,
            (long long)x->entered.us, (long long)x->left.us, vsm_how_name(x->how), vsm_visit_state_name(x->state),
            x->confirmed ? " confirmed" : "", x->rework ? " rework" : "", x->unobserved ? " unobserved" : "",
            x->implied ? " implied" : "", (long long)x->queued_us, (long long)x->active_us, (long long)x->suspended_us,
            (long long)x->expected_us, (long long)x->due.us, (long long)x->not_before.us);
    print_str(out, "reason ", x->reason);
    fprintf(out, " %s\n", x->party ? x->party : "");
  }
}

static int cmp_lines(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Sorted: rows of one age come in the order of arrival.
static void print_rows(FILE *out, struct vsm_core *core, unsigned stream, uint64_t at_most, struct vsm_arena *arena) {
  struct vsm_items_query query = {.stream = (int)stream, .stage = -1, .state = -1, .attribute = -1, .limit = 1000};
  const char **lines = vsm_arena_alloc(arena, (at_most + 1) * sizeof *lines);
  size_t n_lines = 0;
  do {
    struct vsm_item_row *rows = NULL;
    long n = vsm_core_items(core, &query, arena, &rows, &query.cursor);
    for (long i = 0; i < n && n_lines < at_most; i++)
      lines[n_lines++] =
          vsm_arena_printf(arena, "row %.*s stage %d %s %.17g %.17g due %lld %s %u", (int)rows[i].item.n,
                           rows[i].item.p, rows[i].stage, vsm_visit_state_name(rows[i].state), rows[i].in_stage_seconds,
                           rows[i].age_seconds, (long long)rows[i].due.us, rows[i].pace, rows[i].pace_percentile);
    if (n <= 0)
      break;
  } while (query.cursor.n > 0);
  qsort(lines, n_lines, sizeof *lines, cmp_lines);
  for (size_t i = 0; i < n_lines; i++)
    fprintf(out, "  %s\n", lines[i]);
}

static void print_segments(FILE *out, struct vsm_core *core, unsigned stream, const struct vsm_stream *s,
                           struct vsm_arena *arena) {
  for (int stage = -1; stage < (int)s->n_stages; stage++) {
    struct vsm_segments_query query = {.stream = stream, .stage = stage, .attribute = -1};
    struct vsm_segment_view *rows;
    long n = vsm_core_view_segments(core, &query, arena, &rows);
    for (long i = 0; i < n; i++) {
      fprintf(out, "  segment %s", rows[i].attribute);
      print_str(out, "is ", rows[i].value);
      fprintf(out, " at %s wip %llu\n", stage < 0 ? "" : s->stages[stage].id, (unsigned long long)rows[i].wip);
      for (unsigned k = 0; k < rows[i].n_windows; k++) {
        if (stage < 0)
          print_stream_window(out, &rows[i].stream_windows[k]);
        else
          print_stage_window(out, &rows[i].windows[k]);
      }
    }
  }
}

static void print_map(FILE *out, struct vsm_core *core, unsigned stream, unsigned window, struct vsm_arena *arena) {
  struct vsm_map_view v;
  if (vsm_core_map(core, stream, window, arena, &v) != 0)
    return;
  fprintf(out, "  map %s\n", v.window);
  for (unsigned i = 0; i < v.n_edges; i++) {
    fprintf(out, "    edge %s %s %s %llu of %llu\n", v.edges[i].from, v.edges[i].to,
            vsm_edge_kind_name(v.edges[i].kind), (unsigned long long)v.edges[i].count,
            (unsigned long long)v.edges[i].total);
    print_dist(out, "handover_time", &v.edges[i].handover_time);
  }
}

char *rig_print_core(struct vsm_core *core, const struct vsm_model *model) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  fprintf(out, "now %lld open %llu held %llu\n", (long long)vsm_core_now(core).us,
          (unsigned long long)vsm_core_items_open(core), (unsigned long long)vsm_core_items_held(core));
  for (unsigned s = 0; s < model->n_streams; s++) {
    struct vsm_stream_view v;
    if (vsm_core_view_stream(core, s, &arena, &v) != 0)
      continue;
    uint64_t rows = v.between;
    for (unsigned i = 0; i < v.n_stages; i++)
      rows += v.stages[i].wip;
    rig_print_stream(out, &v);
    print_rows(out, core, s, rows, &arena);
    print_segments(out, core, s, &model->streams[s], &arena);
    for (unsigned window = 0; window < v.n_windows; window++)
      print_map(out, core, s, window, &arena);
  }
  vsm_arena_fini(&arena);
  fclose(out);
  return text;
}

// ---- Compared

struct differences {
  FILE *out;
  const char *stream, *stage, *window;
  unsigned n;
};

static void differ(struct differences *d, const char *what, double expected, double got) {
  d->n++;
  fprintf(d->out, "%s/%s %s %s: expected %.17g, got %.17g\n", d->stream, d->stage, d->window, what, expected, got);
}

static void same_count(struct differences *d, const char *what, uint64_t expected, uint64_t got) {
  if (expected != got)
    differ(d, what, (double)expected, (double)got);
}

// allowed: an absolute difference that is always allowed, in the same unit
static void near(struct differences *d, const char *what, double expected, double got, double share, double allowed) {
  if (!(fabs(expected - got) <= fmax(share * fabs(expected), allowed)))
    differ(d, what, expected, got);
}

static void same_number(struct differences *d, const char *what, double expected, double got) {
  near(d, what, expected, got, 1e-12, 1e-12);
}

static void compare_dist(struct differences *d, const char *what, const struct vsm_dist_view *e,
                         const struct vsm_dist_view *g) {
  same_count(d, what, e->count, g->count);
  same_number(d, what, e->mean, g->mean);
#define X(field) near(d, what, e->field, g->field, 0.01, 1e-6);
  X(min) X(max) X(p50) X(p85) X(p95) X(p99)
#undef X
}

static void compare_ages(struct differences *d, const struct vsm_age_view *e, const struct vsm_age_view *g) {
#define X(field) near(d, "age " #field, e->field, g->field, 0.01, 1);
  X(p50)
  X(p85)
  X(p95)
#undef X
  same_number(d, "age max", e->max, g->max);
}

// Whose windows and whose order are the same.
static void compare_sle(struct differences *d, const struct vsm_sle_view *e, unsigned n_e, const struct vsm_sle_view *g,
                        unsigned n_g) {
  same_count(d, "expectations", n_e, n_g);
  for (unsigned i = 0; i < n_e && i < n_g; i++) {
    same_count(d, "sle name", 0, strcmp(e[i].name, g[i].name) != 0);
    same_number(d, "sle within", e[i].within_seconds, g[i].within_seconds);
    same_number(d, "sle target", e[i].target, g[i].target);
    same_number(d, "sle attained", e[i].attained, g[i].attained);
    same_count(d, "sle count", e[i].count, g[i].count);
  }
}

static void compare_waits(struct differences *d, const struct vsm_stage_view *e, const struct vsm_stage_view *g) {
  d->window = "";
  same_count(d, "waits", e->n_waits, g->n_waits);
  for (unsigned i = 0; i < e->n_waits && i < g->n_waits; i++) {
    const struct vsm_wait_view *we = &e->waits[i], *wg = &g->waits[i];
    d->window = we->party;
    same_count(d, "party and reason of the wait", 1,
               strcmp(we->party, wg->party) == 0 && vsm_str_eq(we->reason, wg->reason));
    same_count(d, "suspended for it", we->wip, wg->wip);
    for (unsigned k = 0; k < we->n_windows && k < wg->n_windows; k++) {
      d->window = we->windows[k].window;
      same_count(d, "name of a wait's window", 0, strcmp(we->windows[k].window, wg->windows[k].window) != 0);
      same_count(d, "suspensions that ended", we->windows[k].count, wg->windows[k].count);
      near(d, "seconds of suspensions", we->windows[k].seconds, wg->windows[k].seconds, 1e-12, 1e-9);
    }
  }
}

static void compare_stage(struct differences *d, const struct vsm_stage_view *e, const struct vsm_stage_view *g) {
  d->stage = e->id;
  d->window = "";
#define X(field) same_count(d, #field, e->field, g->field);
  X(wip)
  X(queued)
  X(active)
  X(suspended)
  X(n_windows)
#undef X
  compare_ages(d, &e->age, &g->age);
  for (unsigned i = 0; i < e->n_windows && i < g->n_windows; i++) {
    const struct vsm_stage_window_view *we = &e->windows[i], *wg = &g->windows[i];
    d->window = we->window;
#define X(field) same_count(d, #field, we->field, wg->field);
    VSM_STAGE_COUNTS(X)
#undef X
#define X(field) compare_dist(d, #field, &we->field, &wg->field);
    X(cycle_time)
    X(queue_time)
    X(active_time)
    X(suspended_time)
#undef X
    same_number(d, "flow_efficiency", we->flow_efficiency, wg->flow_efficiency);
    same_number(d, "first_pass_yield", we->first_pass_yield, wg->first_pass_yield);
    compare_sle(d, we->sle, we->n_sle, wg->sle, wg->n_sle);
  }
  compare_waits(d, e, g);
}

unsigned rig_compare_stream(FILE *out, const struct vsm_stream_view *expected, const struct vsm_stream_view *got) {
  struct differences d = {.out = out, .stream = expected->id, .stage = "", .window = ""};
  same_count(&d, "wip", expected->wip, got->wip);
  same_count(&d, "between", expected->between, got->between);
  same_count(&d, "stages", expected->n_stages, got->n_stages);
  same_count(&d, "windows", expected->n_windows, got->n_windows);
  compare_ages(&d, &expected->age, &got->age);
  for (unsigned i = 0; i < expected->n_windows && i < got->n_windows; i++) {
    const struct vsm_stream_window_view *e = &expected->windows[i], *g = &got->windows[i];
    d.window = e->window;
#define X(field) same_count(&d, #field, e->field, g->field);
    VSM_STREAM_COUNTS(X)
#undef X
    compare_dist(&d, "lead_time", &e->lead_time, &g->lead_time);
    same_number(&d, "throughput_per_day", e->throughput_per_day, g->throughput_per_day);
    same_number(&d, "flow_efficiency", e->flow_efficiency, g->flow_efficiency);
    compare_sle(&d, e->sle, e->n_sle, g->sle, g->n_sle);
  }
  for (unsigned i = 0; i < expected->n_stages && i < got->n_stages; i++)
    compare_stage(&d, &expected->stages[i], &got->stages[i]);
  return d.n;
}

unsigned rig_compare_segment(FILE *out, const char *stage, const struct vsm_segment_view *expected,
                             const struct vsm_segment_view *got) {
  struct differences d = {.out = out, .stream = expected->attribute, .stage = stage, .window = ""};
  same_count(&d, "the same attribute and value", 1,
             strcmp(expected->attribute, got->attribute) == 0 && vsm_str_eq(expected->value, got->value));
  same_count(&d, "windows", expected->n_windows, got->n_windows);
  same_count(&d, "wip", expected->wip, got->wip);
  for (unsigned i = 0; i < expected->n_windows && i < got->n_windows; i++) {
    if (expected->windows) {
      const struct vsm_stage_window_view *e = &expected->windows[i], *g = &got->windows[i];
      d.window = e->window;
#define X(field) same_count(&d, #field, e->field, g->field);
      VSM_STAGE_COUNTS(X)
#undef X
      compare_dist(&d, "cycle_time", &e->cycle_time, &g->cycle_time);
    } else {
      const struct vsm_stream_window_view *e = &expected->stream_windows[i], *g = &got->stream_windows[i];
      d.window = e->window;
#define X(field) same_count(&d, #field, e->field, g->field);
      VSM_STREAM_COUNTS(X)
#undef X
      compare_dist(&d, "lead_time", &e->lead_time, &g->lead_time);
    }
  }
  if (d.n)
    fprintf(out, "of the segment value %.*s\n", (int)expected->value.n, expected->value.n ? expected->value.p : "");
  return d.n;
}

static void compare_edge(struct differences *d, const struct vsm_map_edge *e, const struct vsm_map_edge *g) {
  char name[200];
  snprintf(name, sizeof name, "%s -> %s", e->from, e->to);
  d->stage = name;
  same_count(d, "the same edge", 0, strcmp(e->from, g->from) != 0 || strcmp(e->to, g->to) != 0);
  same_count(d, "kind", e->kind, g->kind);
  same_count(d, "count", e->count, g->count);
  same_count(d, "total", e->total, g->total);
  compare_dist(d, "handover_time", &e->handover_time, &g->handover_time);
}

unsigned rig_compare_map(FILE *out, const struct vsm_map_view *expected, const struct vsm_map_view *got) {
  struct differences d = {.out = out, .stream = expected->id, .stage = "", .window = expected->window};
  same_count(&d, "the same stream and window", 0,
             strcmp(expected->id, got->id) != 0 || strcmp(expected->window, got->window) != 0);
  same_count(&d, "edges", expected->n_edges, got->n_edges);
  same_count(&d, "edges left off", expected->left_off, got->left_off);
  for (unsigned i = 0; i < expected->n_edges && i < got->n_edges; i++)
    compare_edge(&d, &expected->edges[i], &got->edges[i]);
  d.stage = "";
  same_count(&d, "stages", expected->n_stages, got->n_stages);
  for (unsigned i = 0; i < expected->n_stages && i < got->n_stages; i++) {
    const struct vsm_map_stage *e = &expected->stages[i], *g = &got->stages[i];
    d.stage = e->id;
    same_count(&d, "the same stage", 0, strcmp(e->id, g->id) != 0);
#define X(field) same_count(&d, #field, e->field, g->field);
    X(wip) X(arrivals) X(skipped) X(bypassed) X(rework) X(unobserved)
#undef X
  }
  return d.n;
}

// ---- Balances

unsigned rig_check_balances(FILE *out, const struct vsm_stream_view *v) {
  struct differences d = {.out = out, .stream = v->id, .stage = "", .window = "all"};
  const struct vsm_stream_window_view *all = &v->windows[0];
  same_count(&d, "started + reopened - finished - withdrawn = wip",
             all->started + all->reopened - all->finished - all->withdrawn, v->wip);
  for (unsigned i = 0; i < v->n_stages; i++) {
    const struct vsm_stage_view *s = &v->stages[i];
    const struct vsm_stage_window_view *w = &s->windows[0];
    d.stage = s->id;
    same_count(&d, "arrivals - departures = wip", w->arrivals - w->departures, s->wip);
    same_count(&d, "departures = completed + skipped + returned + withdrawn",
               w->completed + w->skipped + w->returned + w->withdrawn, w->departures);
    same_count(&d, "queued + active + suspended = wip", s->queued + s->active + s->suspended, s->wip);
    same_count(&d, "cycle_time of completed but unobserved ones", w->completed - w->unobserved, w->cycle_time.count);
  }
  return d.n;
}
