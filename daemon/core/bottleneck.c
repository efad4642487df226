// Each signal lies between 0 and 1, and the score is their sum: nothing is weighed. That the same difference of
// arrivals and departures tells two signals is meant: one is by how much the stage falls behind, the other what it has
// come to.
//
// Small numbers swing by themselves. So overload, growth and late speak only where what was counted lies more than two
// standard deviations (less half a step, as counts are whole) from what a steady flow would show; squared, so that
// integers do.
#include "core/bottleneck.h"

#include "base/err.h"
#include "base/text.h"
#include "core/calendar.h"
#include "core/state.h"

const char *vsm_signal_name(enum vsm_signal s) {
  static const char *const names[] = {"overload", "growth", "queue", "late"};
  return names[s];
}

static uint32_t ppm(vsm_wide part, vsm_wide whole) {
  if (part <= 0 || whole <= 0)
    return 0;
  return part >= whole ? VSM_PPM : (uint32_t)(part * VSM_PPM / whole);
}

bool vsm_more_comes(uint64_t arrivals, uint64_t departures) {
  vsm_wide more = (vsm_wide)arrivals - departures - 1;
  return more > 0 && more * more > 4 * ((vsm_wide)arrivals + departures);
}

// Would so many seldom be older by chance alone, where usually fewer are? Their number varies as a Poisson's.
static bool is_late(uint64_t older, int64_t usual_ppm) {
  vsm_wide more = (vsm_wide)older * VSM_PPM - VSM_PPM / 2 - usual_ppm;
  return more > 0 && more * more > 4 * (vsm_wide)usual_ppm * VSM_PPM;
}

void vsm_strain_signals(const struct vsm_strain *s, uint32_t signals[VSM_SIGNALS]) {
  for (unsigned i = 0; i < VSM_SIGNALS; i++)
    signals[i] = 0;
  if (s->wip == 0)
    return; // holds up nothing
  signals[VSM_SIGNAL_QUEUE] = s->queue_ppm;
  if (vsm_more_comes(s->arrivals, s->departures)) {
    signals[VSM_SIGNAL_OVERLOAD] = ppm(s->arrivals - s->departures, s->arrivals);
    signals[VSM_SIGNAL_GROWTH] = ppm(s->arrivals - s->departures, s->wip);
  }
  if (s->usual_older_ppm >= 0 && is_late(s->older, s->usual_older_ppm))
    signals[VSM_SIGNAL_LATE] = ppm((vsm_wide)s->older * VSM_PPM - s->usual_older_ppm, (vsm_wide)s->wip * VSM_PPM);
}

// --- reading a stage

// By Little's law a steady flow keeps as many beyond p85 as time is spent beyond it, per time.
static int64_t usual_older(const struct vsm_sketch *s, unsigned p85, int64_t observed_us) {
  vsm_wide beyond = 0;
  for (uint32_t i = 0; i < s->n; i++)
    if (s->first + i > p85)
      beyond += (vsm_wide)s->counts[i] * (vsm_sketch_value(s->first + i) - vsm_sketch_value(p85));
  return observed_us > 0 ? (int64_t)(beyond * VSM_PPM / observed_us) : -1;
}

// Working time of the window, or since the stream's first item, as windows count: from the begin of a pane on.
static int64_t observed(const struct vsm_core *core, const struct vsm_stream_state *s, unsigned window,
                        const struct vsm_calendar *calendar) {
  int64_t since = s->first_started;
  for (unsigned i = 0; i < s->bands->n; i++)
    if (s->bands->at[i].configured + 1 == window && s->bands->at[i].start_us > since)
      since = s->bands->at[i].start_us;
  return since == INT64_MAX ? 0 : vsm_core_age_us(core, calendar, since);
}

// Open visits at least so old, in working time where there is a calendar.
static uint64_t at_least(const struct vsm_core *core, const struct vsm_calendar *calendar, const struct vsm_ranks *open,
                         int64_t age_us) {
  int64_t entered = vsm_calendar_worked(calendar, core->now.us) - age_us; // in working time
  return entered < 0 ? 0 : vsm_ranks_below(open, vsm_calendar_when(calendar, entered + 1));
}

static void read_stage(const struct vsm_core *core, const struct vsm_stream_state *s, unsigned place, unsigned window,
                       struct vsm_bottleneck_row *row) {
  const struct vsm_stage *model = &s->model->stages[s->graph->at[place].declared];
  const struct vsm_stage_state *st = &s->stages[place];
  struct vsm_tally t = {0};
  vsm_flow_sum(&st->flow, s->bands, window, &t);
  const struct vsm_sketch *cycle = &t.dists[VSM_D_CYCLE];
  struct vsm_strain strain = {
      .wip = st->open.count,
      .arrivals = (uint64_t)t.counts[VSM_N_ARRIVALS],
      .departures = (uint64_t)(t.counts[VSM_N_COMPLETED] + t.counts[VSM_N_SKIPPED] + t.counts[VSM_N_RETURNED] +
                               t.counts[VSM_N_LEFT_WITHDRAWN]),
      .queue_ppm = ppm(t.dists[VSM_D_QUEUE].sum, t.effort),
      .usual_older_ppm = -1,
  };
  *row = (struct vsm_bottleneck_row){.stage = model->id};
  if (cycle->count > 0 && (uint64_t)cycle->count >= model->min_visits) {
    unsigned p85 = vsm_sketch_percentile(cycle, 85); // older is what lies beyond its bucket
    strain.usual_older_ppm = usual_older(cycle, p85, observed(core, s, window, model->calendar));
    strain.older = at_least(core, model->calendar, &st->open, vsm_sketch_least(p85 + 1));
    row->p85_seconds = vsm_seconds(vsm_sketch_value(p85));
    if (strain.wip > 0 && strain.usual_older_ppm > 0)
      row->older_usual_share = (double)strain.usual_older_ppm / VSM_PPM / (double)strain.wip;
  }
  vsm_strain_signals(&strain, row->signals);
  for (unsigned i = 0; i < VSM_SIGNALS; i++)
    row->score_ppm += row->signals[i];
  row->wip = strain.wip;
  row->queued = st->by_state[VSM_QUEUED];
  row->suspended = st->by_state[VSM_SUSPENDED];
  row->arrivals = strain.arrivals;
  row->departures = strain.departures;
  row->older = strain.older;
  row->queue_share = (double)strain.queue_ppm / VSM_PPM;
  row->working_day_seconds = vsm_working_day_seconds(model->calendar);
  vsm_tally_fini(&t);
}

// Rows lie in one array, in the order of the stream: what is equal otherwise keeps it.
static int by_score(const void *pa, const void *pb) {
  const struct vsm_bottleneck_row *a = *(const struct vsm_bottleneck_row *const *)pa,
                                  *b = *(const struct vsm_bottleneck_row *const *)pb;
  if (a->score_ppm != b->score_ppm)
    return a->score_ppm > b->score_ppm ? -1 : 1;
  if (a->wip != b->wip)
    return a->wip > b->wip ? -1 : 1;
  return a < b ? -1 : a > b;
}

static void read_window(const struct vsm_core *core, const struct vsm_stream_state *s, unsigned window,
                        struct vsm_bottleneck_view *out) {
  int64_t since = s->first_started == INT64_MAX ? 0 : vsm_core_age_us(core, NULL, s->first_started);
  int64_t length = window == 0 ? 0 : s->model->windows[window - 1].us;
  out->window = window == 0 ? "all" : s->model->windows[window - 1].name;
  out->window_seconds = vsm_seconds(length);
  out->observed_seconds = vsm_seconds(length > 0 && length < since ? length : since);
}

int vsm_core_bottleneck(struct vsm_core *core, unsigned stream, unsigned window, struct vsm_arena *arena,
                        struct vsm_bottleneck_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, stream);
  unsigned n = s->graph->n;
  struct vsm_bottleneck_row *rows = vsm_arena_alloc(arena, n * sizeof *rows);
  struct vsm_bottleneck_row *sorted = vsm_arena_alloc(arena, n * sizeof *sorted);
  const struct vsm_bottleneck_row **order = vsm_arena_alloc(arena, n * sizeof *order);
  if (!rows || !sorted || !order)
    return VSM_ENOMEM;
  for (unsigned place = 0; place < n; place++) {
    read_stage(core, s, place, window, &rows[place]);
    order[place] = &rows[place];
  }
  vsm_sort(order, n, sizeof *order, by_score);
  for (unsigned i = 0; i < n; i++)
    sorted[i] = *order[i];
  *out = (struct vsm_bottleneck_view){.id = s->model->id, .rows = sorted, .n_rows = n};
  read_window(core, s, window, out);
  return 0;
}
