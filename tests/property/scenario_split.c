// Segments, value by value; and the pace of each open visit, as near as the core's durations are.
#include <string.h>

#include "property/scenario_check.h"

// place -1: of the stream itself.
static struct vsm_segment_view expected_row(const struct ref_segment *s, int place) {
  struct vsm_segment_view row = {
      .attribute = s->attribute, .value = vsm_str_of(s->value), .n_windows = s->figures.n_windows};
  if (place < 0) {
    row.wip = s->figures.wip;
    row.stream_windows = s->figures.windows;
  } else {
    row.wip = s->figures.stages[place].wip;
    row.windows = s->figures.stages[place].windows;
  }
  return row;
}

static void compare_segments(struct check *c, unsigned stream, const struct ref_graph *g,
                             const struct ref_segment *expected, size_t n, int place) {
  int stage = place < 0 ? -1 : (int)g->order[place];
  const char *id = place < 0 ? "" : g->stream->stages[stage].id;
  struct vsm_segments_query query = {.stream = stream, .stage = stage, .attribute = -1};
  struct vsm_segment_view *got;
  long n_got = vsm_core_view_segments(c->core, &query, c->arena, &got);
  check_equal(c, id, "values of attributes", (long)n, n_got);
  for (size_t i = 0; i < n && (long)i < n_got; i++) {
    struct vsm_segment_view row = expected_row(&expected[i], place);
    c->wrong += rig_compare_segment(c->out, id, &row, &got[i]);
  }
}

void check_segments(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items,
                    size_t n) {
  size_t n_segments;
  const struct ref_segment *segments = ref_segments(g, items, n, ref_now(c->ref), c->arena, &n_segments);
  for (int place = -1; place < (int)g->stream->n_stages; place++)
    compare_segments(c, stream, g, segments, n_segments, place);
}

// ---- The observed map

void check_map(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items, size_t n,
               const struct vsm_stream_view *figures) {
  for (unsigned window = 0; window <= g->stream->n_windows; window++) {
    struct vsm_map_view got, expected = ref_map(g, items, n, ref_now(c->ref), figures, window, c->arena);
    check_equal(c, "map", "error", 0, vsm_core_map(c->core, stream, window, c->arena, &got));
    c->wrong += rig_compare_map(c->out, &expected, &got);
  }
}

// ---- Pace

struct cycle_times {
  const int64_t *us; // sorted
  size_t n;
};

static size_t not_above(const struct cycle_times *t, double us) {
  size_t n = 0;
  while (n < t->n && (double)t->us[n] <= us)
    n++;
  return n;
}

// 0: on_pace, up to the value that half of all do not exceed; and so on.
static int word_of(const struct cycle_times *t, double age_us) {
  static const size_t percents[] = {50, 85, 95};
  for (int i = 0; i < 3; i++)
    if (age_us <= (double)t->us[(t->n * percents[i] + 99) / 100 - 1])
      return i;
  return 3;
}

// Durations are told apart to a part in 64, and to a microsecond.
static void compare_pace(struct check *c, const struct cycle_times *t, int64_t age_us, const struct vsm_item_row *row) {
  static const char *const words[] = {"on_pace", "slow", "at_risk", "over"};
  double less = (double)age_us / (1 + 1.0 / 64) - 1, more = (double)age_us * (1 + 1.0 / 64) + 1;
  bool fits = false;
  for (int i = word_of(t, less); i <= word_of(t, more); i++)
    fits = fits || strcmp(row->pace, words[i]) == 0;
  check_equal(c, "pace", row->pace, 1, fits);
  check_equal(c, "pace_percentile", "at least", 1, row->pace_percentile >= not_above(t, less) * 100 / t->n);
  check_equal(c, "pace_percentile", "at most", 1, row->pace_percentile <= not_above(t, more) * 100 / t->n);
}

static void check_pace_at(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items,
                          size_t n, int stage) {
  struct cycle_times t;
  t.us = ref_cycle_times(g, items, n, ref_now(c->ref), stage, c->arena, &t.n);
  const struct vsm_stage *s = &g->stream->stages[stage];
  struct vsm_items_query query = {.stream = (int)stream, .stage = stage, .state = -1, .attribute = -1, .limit = 1000};
  struct vsm_item_row *rows;
  struct vsm_str cursor;
  long n_rows = vsm_core_items(c->core, &query, c->arena, &rows, &cursor);
  for (long i = 0; i < n_rows; i++) {
    if (t.n > 0 && t.n >= s->min_visits) {
      compare_pace(c, &t, (int64_t)(rows[i].in_stage_seconds * 1e6 + 0.5), &rows[i]);
      continue;
    }
    check_equal(c, "too few for a pace", rows[i].pace, 0, (int64_t)strlen(rows[i].pace));
    check_equal(c, "too few for a pace", "percentile", 0, rows[i].pace_percentile);
  }
}

void check_pace(struct check *c, unsigned stream, const struct ref_graph *g, const struct ref_item *items, size_t n) {
  for (int stage = 0; stage < (int)g->stream->n_stages; stage++)
    check_pace_at(c, stream, g, items, n, stage);
}
