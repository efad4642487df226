// The ranking of stages, worked out anew from the visits. The core tells durations apart to a part in 64, so what is
// counted or summed up beyond p85 may lie between two bounds; whatever follows from counts alone is compared exactly.
#include <stdlib.h>
#include <string.h>

#include "core/bottleneck.h"
#include "property/scenario_check.h"

struct strain {
  const struct vsm_stage_view *view; // of the stage now
  const struct vsm_stage_window_view *window;
  const int64_t *cycle; // times in the window, sorted
  size_t n;
  int64_t queued, took; // sums over visits that were ever active
  bool told;            // p85 is
  int64_t p85;
  uint64_t older_least, older_most;
  double usual_least, usual_most;
};

static bool counts(const struct ref_visit *v, int stage, int64_t from) {
  return v->stage == stage && v->how == VSM_COMPLETED && !v->unobserved && v->left >= from;
}

static int cmp_us(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void sum_visits(struct check *c, struct strain *s, const struct ref_item *items, size_t n, int stage,
                       int64_t from) {
  int64_t *cycle = NULL;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < items[i].fold.n_visits; k++) {
      const struct ref_visit *v = &items[i].fold.visits[k];
      if (!counts(v, stage, from))
        continue;
      int64_t took = v->queued + v->active + v->suspended;
      REF_PUSH(c->arena, cycle, s->n, took);
      s->queued += v->ever_active ? v->queued : 0;
      s->took += v->ever_active ? took : 0;
    }
  if (s->n > 0)
    qsort(cycle, s->n, sizeof *cycle, cmp_us);
  s->cycle = cycle;
}

// A duration a little longer, and a little shorter, than the core may tell apart.
static double more(double us) {
  return us * (1 + 1.0 / 64) + 2;
}
static double less(double us) {
  return us / (1 + 1.0 / 64) - 2;
}

static void count_older(struct check *c, struct strain *s, const struct vsm_calendar *calendar,
                        const struct ref_item *items, size_t n, int stage) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < items[i].fold.n_visits; k++) {
      const struct ref_visit *v = &items[i].fold.visits[k];
      if (v->stage != stage || v->how != VSM_OPEN)
        continue;
      double age = (double)ref_worked(calendar, v->entered, ref_now(c->ref));
      s->older_least += age >= more((double)s->p85);
      s->older_most += age > less((double)s->p85);
    }
}

// Time spent beyond p85, per time, between bounds.
static void weigh_usual(struct strain *s, int64_t observed) {
  double beyond = 0, off = 0;
  for (size_t i = 0; i < s->n; i++) {
    double t = (double)s->cycle[i], p85 = (double)s->p85;
    beyond += t > p85 ? t - p85 : 0;
    off += t > less(p85) ? (more(t) - t) + (more(p85) - p85) : 0;
  }
  s->usual_most = (beyond + off) / (double)observed;
  s->usual_least = beyond > off ? (beyond - off) / (double)observed : 0;
}

static int64_t observed_from(const struct ref_item *items, size_t n, int64_t window_start) {
  int64_t first = INT64_MAX;
  for (size_t i = 0; i < n; i++)
    first = items[i].fold.ever && items[i].fold.started < first ? items[i].fold.started : first;
  return first > window_start ? first : window_start;
}

static struct strain strain_of(struct check *c, const struct ref_graph *g, const struct ref_item *items, size_t n,
                               const struct vsm_stream_view *figures, unsigned place, unsigned window) {
  int stage = (int)g->order[place];
  const struct vsm_stage *model = &g->stream->stages[stage];
  int64_t now = ref_now(c->ref);
  int64_t from = window ? ref_window_start(g->stream->windows[window - 1].us, now) : INT64_MIN;
  struct strain s = {.view = &figures->stages[place], .window = &figures->stages[place].windows[window]};
  sum_visits(c, &s, items, n, stage, from);
  int64_t since = observed_from(items, n, from), observed = since < now ? ref_worked(model->calendar, since, now) : 0;
  s.told = s.n > 0 && s.n >= model->min_visits;
  if (!s.told)
    return s;
  s.p85 = s.cycle[(s.n * 85 + 99) / 100 - 1];
  count_older(c, &s, model->calendar, items, n, stage);
  if (observed > 0)
    weigh_usual(&s, observed);
  else
    s.usual_most = -1; // nothing is usual yet
  return s;
}

// ---- Signals

static bool beyond_chance(double over, double of) {
  return over > 0 && over * over > 4 * of;
}

static void compare_ppm(struct check *c, const char *id, const char *name, double least, double most, uint32_t got) {
  if ((double)got < least * VSM_PPM - 2 || (double)got > most * VSM_PPM + 2) {
    fprintf(c->out, "%s %s: between %.6f and %.6f, got %.6f\n", id, name, least, most, (double)got / VSM_PPM);
    c->wrong++;
  }
}

static double up_to_1(double share) {
  return share < 0 ? 0 : share > 1 ? 1 : share;
}

static void compare_late(struct check *c, const char *id, const struct strain *s, uint64_t older, uint32_t got) {
  double n = (double)older, wip = (double)s->view->wip;
  bool can = s->told && wip > 0 && s->usual_most >= 0;
  bool may = can && beyond_chance(n - 0.5 - s->usual_least, s->usual_least);
  bool must = can && beyond_chance(n - 0.5 - s->usual_most - 1e-5, s->usual_most + 1e-5);
  compare_ppm(c, id, "late", must ? up_to_1((n - s->usual_most) / wip) : 0,
              may ? up_to_1((n - s->usual_least) / wip) : 0, got);
}

static void compare_signals(struct check *c, const char *id, const struct strain *s,
                            const struct vsm_bottleneck_row *got) {
  double in = (double)s->window->arrivals, out = (double)s->window->departures, wip = (double)s->view->wip;
  bool falls = wip > 0 && beyond_chance(in - out - 1, in + out);
  double overload = falls ? up_to_1((in - out) / in) : 0, growth = falls ? up_to_1((in - out) / wip) : 0;
  double queue = wip > 0 && s->took > 0 ? (double)s->queued / (double)s->took : 0;
  compare_ppm(c, id, "overload", overload, overload, got->signals[VSM_SIGNAL_OVERLOAD]);
  compare_ppm(c, id, "growth", growth, growth, got->signals[VSM_SIGNAL_GROWTH]);
  compare_ppm(c, id, "queue", queue, queue, got->signals[VSM_SIGNAL_QUEUE]);
  compare_late(c, id, s, got->older, got->signals[VSM_SIGNAL_LATE]);
  uint32_t sum = 0;
  for (unsigned i = 0; i < VSM_SIGNALS; i++)
    sum += got->signals[i];
  check_equal(c, id, "score", sum, got->score_ppm);
}

static void compare_row(struct check *c, const struct strain *s, const struct vsm_bottleneck_row *got) {
  const char *id = s->view->id;
  check_equal(c, id, "wip", (int64_t)s->view->wip, (int64_t)got->wip);
  check_equal(c, id, "queued", (int64_t)s->view->queued, (int64_t)got->queued);
  check_equal(c, id, "suspended", (int64_t)s->view->suspended, (int64_t)got->suspended);
  check_equal(c, id, "arrivals", (int64_t)s->window->arrivals, (int64_t)got->arrivals);
  check_equal(c, id, "departures", (int64_t)s->window->departures, (int64_t)got->departures);
  check_equal(c, id, "older, at least", 1, got->older >= s->older_least);
  check_equal(c, id, "older, at most", 1, got->older <= s->older_most);
  check_equal(c, id, "p85 within 1 %", 1,
              got->p85_seconds * 1e6 <= (double)s->p85 * 1.01 + 2 &&
                  got->p85_seconds * 1e6 >= (double)s->p85 * .99 - 2);
  if (s->view->wip > 0 && s->told && s->usual_most >= 0)
    compare_ppm(c, id, "usual share", s->usual_least / (double)s->view->wip, s->usual_most / (double)s->view->wip,
                (uint32_t)(got->older_usual_share * VSM_PPM));
  compare_signals(c, id, s, got);
}

// By score, then WIP, then the order of the stream.
static bool is_ranked(const struct vsm_bottleneck_row *a, unsigned place_a, const struct vsm_bottleneck_row *b,
                      unsigned place_b) {
  if (a->score_ppm != b->score_ppm)
    return a->score_ppm > b->score_ppm;
  return a->wip != b->wip ? a->wip > b->wip : place_a < place_b;
}

static unsigned place_of(const struct vsm_stream_view *figures, const char *id) {
  unsigned place = 0;
  while (place < figures->n_stages && strcmp(figures->stages[place].id, id) != 0)
    place++;
  return place;
}

void check_bottleneck(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items,
                      size_t n, const struct vsm_stream_view *figures) {
  for (unsigned window = 0; window <= g->stream->n_windows; window++) {
    struct vsm_bottleneck_view got;
    check_equal(c, "bottleneck", "error", 0, vsm_core_bottleneck(c->core, stream, window, c->arena, &got));
    check_equal(c, "bottleneck", "stages", figures->n_stages, got.n_rows);
    for (unsigned i = 0, before = 0; i < got.n_rows; i++) {
      unsigned place = place_of(figures, got.rows[i].stage);
      struct strain s = strain_of(c, g, items, n, figures, place, window);
      compare_row(c, &s, &got.rows[i]);
      check_equal(c, s.view->id, "ranked behind the one before", 1,
                  i == 0 || is_ranked(&got.rows[i - 1], before, &got.rows[i], place));
      before = place;
    }
  }
}
