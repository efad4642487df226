// What a story expects of one item: its keys, its visits, its dates, its rows.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "golden/story.h"

// A visit as a story writes it: STAGE:HOW-OR-STATE:CYCLE-TIME[:rework][:unobserved][:implied]
static const char *visit_text(struct story *s, const struct vsm_visit_view *v) {
  int64_t us = v->queued_us + v->active_us + v->suspended_us;
  const char *how = v->how == VSM_OPEN ? vsm_visit_state_name(v->state) : vsm_how_name(v->how), *length = "";
  static const struct {
    int64_t us;
    char unit;
  } units[] = {{VSM_DAY_US, 'd'}, {VSM_HOUR_US, 'h'}, {VSM_MINUTE_US, 'm'}, {VSM_SECOND_US, 's'}};
  for (unsigned i = 0; i < 4; us %= units[i++].us)
    if (us / units[i].us)
      length = vsm_arena_printf(&s->arena, "%s%" PRId64 "%c", length, us / units[i].us, units[i].unit);
  return vsm_arena_printf(&s->arena, "%s:%s:%s%s%s%s", v->stage, how, *length ? length : "0s",
                          v->rework ? ":rework" : "", v->unobserved ? ":unobserved" : "", v->implied ? ":implied" : "");
}

void story_text(struct story *s, const char *what, const char *expected, const char *got) {
  s->expected++;
  if (strcmp(expected, got) != 0)
    story_complain(s, "%s: \"%s\", not \"%s\"", what, got, expected);
}

const char *story_join(struct story *s, const char *before, const char *word) {
  return vsm_arena_printf(&s->arena, "%s%s%s", before, *before ? " " : "", word);
}

const char *story_join_all(struct story *s, char **w, unsigned n) {
  const char *text = "";
  for (unsigned i = 0; i < n; i++)
    text = story_join(s, text, w[i]);
  return text;
}

static const char *time_text(struct story *s, int64_t us) {
  char text[32] = "none";
  time_t t = us / VSM_SECOND_US;
  struct tm tm;
  if (us)
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M", gmtime_r(&t, &tm));
  return vsm_arena_strdup(&s->arena, text);
}

// row KEY STAGE FIGURE VALUE ...: of the open visit, as `vsm items` lists it
void story_expect_row(struct story *s, char **w, unsigned n) {
  struct vsm_items_query query = {.stage = story_stage(s, w[1]), .state = -1, .attribute = -1, .limit = 1000};
  struct vsm_item_row *rows, *row = NULL;
  struct vsm_str cursor;
  long n_rows = vsm_core_items(s->core, &query, &s->arena, &rows, &cursor);
  for (long i = 0; i < n_rows; i++)
    if (vsm_str_eq(rows[i].item, vsm_str_of(w[0])))
      row = &rows[i];
  if (!row || n % 2) {
    story_complain(s, row ? "expects figures: NAME VALUE ..." : "it is not there");
    return;
  }
  for (unsigned i = 2; i + 1 < n; i += 2) {
    const struct story_figure figures[] = {
        {"percentile", row->pace_percentile}, {"in_stage", row->in_stage_seconds}, {"age", row->age_seconds}};
    if (strcmp(w[i], "pace") == 0)
      story_text(s, "pace", w[i + 1], *row->pace ? row->pace : "none");
    else if (strcmp(w[i], "due") == 0)
      story_text(s, "due", w[i + 1], time_text(s, row->due.us));
    else
      story_figures(s, figures, sizeof figures / sizeof *figures, w + i, 2);
  }
}

static const char *segment_text(struct story *s, const struct vsm_item_view *v, const char *attribute) {
  for (unsigned i = 0; i < v->n_segments; i++)
    if (strcmp(v->segments[i].attribute, attribute) == 0)
      return vsm_arena_strndup(&s->arena, v->segments[i].value.p, v->segments[i].value.n);
  return "none";
}

// "survey:2026-03-20T17:00 item:...": of its visits, then its own.
static const char *not_before_text(struct story *s, const struct vsm_item_view *v) {
  const char *text = "";
  for (unsigned i = 0; i < v->n_visits; i++)
    if (v->visits[i].not_before.us)
      text = story_join(
          s, text, vsm_arena_printf(&s->arena, "%s:%s", v->visits[i].stage, time_text(s, v->visits[i].not_before.us)));
  if (v->not_before.us)
    text = story_join(s, text, vsm_arena_printf(&s->arena, "item:%s", time_text(s, v->not_before.us)));
  return *text ? text : "none";
}

// item KEY unknown | item KEY STATE | item KEY shown KEY | item KEY keys KEY... | item KEY visits VISIT... |
// item KEY due TIME | item KEY not_before STAGE|item:TIME... | item KEY segment NAME VALUE; none: there is none
void story_expect_item(struct story *s, char **w, unsigned n) {
  struct vsm_item_view v;
  uint64_t streams;
  int err = vsm_core_item(s->core, 0, vsm_str_of(w[0]), &s->arena, &v, &streams);
  const char *text = "", *rest = story_join_all(s, w + 2, n - 2);
  if (err || strcmp(w[1], "unknown") == 0) {
    story_text(s, w[0], w[1], err == VSM_ENOENT ? "unknown" : "known");
    return;
  }
  if (strcmp(w[1], "visits") == 0) {
    for (unsigned i = 0; i < v.n_visits; i++)
      text = story_join(s, text, visit_text(s, &v.visits[i]));
    story_text(s, w[0], rest, text);
  } else if (strcmp(w[1], "keys") == 0) {
    for (unsigned i = 0; i < v.n_keys; i++)
      text = story_join(s, text, vsm_arena_strndup(&s->arena, v.keys[i].p, v.keys[i].n));
    story_text(s, w[0], rest, text);
  } else if (strcmp(w[1], "shown") == 0)
    story_text(s, w[0], rest, vsm_arena_strndup(&s->arena, v.item.p, v.item.n));
  else if (strcmp(w[1], "due") == 0)
    story_text(s, w[0], rest, time_text(s, v.due.us));
  else if (strcmp(w[1], "not_before") == 0)
    story_text(s, w[0], rest, not_before_text(s, &v));
  else if (strcmp(w[1], "segment") == 0 && n == 4)
    story_text(s, w[0], w[3], segment_text(s, &v, w[2]));
  else
    story_text(s, w[0], w[1], v.state);
}
