// What holds is told without a tense ("3 items not moved for 10 wd or longer"), so that the same words serve an alert
// that fires and one that is over. Per kind there are three things to know: the words of what holds, of what ends it,
// and the command to look further; a table has them. Times of the day are UTC.
#include "wire/sentence.h"

#include <string.h>

#include "base/date.h"
#include "base/duration.h"
#include "base/err.h"
#include "core/calendar.h"
#include "core/event.h"

struct speaker {
  const struct vsm_sentence_context *context;
  const struct vsm_alert_view *v;
  struct vsm_arena *arena;
  bool failed; // the arena was exhausted
};

static const char *said(struct speaker *s, const char *text) {
  s->failed |= !text;
  return text ? text : "";
}
#define SAY(s, ...) said(s, vsm_arena_printf((s)->arena, __VA_ARGS__))

// --- figures

static const char *spoken(struct speaker *s, int64_t us) {
  char buf[32];
  return SAY(s, "%s", vsm_text_worked(vsm_seconds(us), vsm_seconds(s->v->sign.day_us), buf, sizeof buf));
}

static const char *elapsed(struct speaker *s, int64_t us) {
  char buf[32];
  return SAY(s, "%s", vsm_text_duration(vsm_seconds(us), buf, sizeof buf));
}

// As a configuration would say it. Where a calendar counts there are no days of 24 hours.
static const char *configured(struct speaker *s, int64_t us, int64_t day_us) {
  static const struct {
    const char *name;
    int64_t us;
  } units[] = {{"d", VSM_DAY_US}, {"h", VSM_HOUR_US}, {"m", VSM_MINUTE_US}, {"s", VSM_SECOND_US}};
  if (day_us > 0 && us > 0 && us % day_us == 0)
    return SAY(s, "%lldwd", (long long)(us / day_us));
  for (size_t i = day_us > 0; i < sizeof units / sizeof *units; i++)
    if (us > 0 && us % units[i].us == 0)
      return SAY(s, "%lld%s", (long long)(us / units[i].us), units[i].name);
  return SAY(s, "%lldms", (long long)(us / 1000));
}

// "5 %", "99.95 %"; of parts in a million.
static const char *share(struct speaker *s, uint64_t ppm) {
  return SAY(s, "%.6g %%", (double)ppm / 10000);
}

// As much of a share that was counted as is worth saying, and never so much that it seems to reach what it misses.
static const char *attained(struct speaker *s, uint64_t ppm) {
  return SAY(s, "%llu.%llu %%", (unsigned long long)(ppm / 10000), (unsigned long long)(ppm / 1000 % 10));
}

static const char *items(struct speaker *s, uint64_t n) {
  return SAY(s, n == 1 ? "%llu item" : "%llu items", (unsigned long long)n);
}

// "13:45 UTC" of today, else with its date.
static const char *at(struct speaker *s, int64_t us) {
  char day[VSM_DATE_BYTES];
  int minute = (int)(us % VSM_DAY_US / VSM_MINUTE_US);
  bool today = us / VSM_DAY_US == s->context->now.us / VSM_DAY_US;
  vsm_date_print(us / VSM_DAY_US, day);
  return SAY(s, "%s%s%02d:%02d UTC", today ? "" : day, today ? "" : " ", minute / 60, minute % 60);
}

// --- what it is about

static const char *place(struct speaker *s) {
  const struct vsm_alert_view *v = s->v;
  if (*v->source)
    return SAY(s, "source %s", v->source);
  return SAY(s, "%s %s", v->stream, *v->stage ? v->stage_name : v->stream_name);
}

struct vsm_alert_node vsm_alert_node(const struct vsm_model *m, const struct vsm_alert_view *v) {
  for (unsigned i = 0; i < m->n_streams; i++) {
    const struct vsm_stream *stream = &m->streams[i];
    if (strcmp(stream->id, v->stream) != 0)
      continue;
    if (!*v->stage)
      return (struct vsm_alert_node){stream, NULL};
    for (unsigned k = 0; k < stream->n_stages; k++)
      if (strcmp(stream->stages[k].id, v->stage) == 0)
        return (struct vsm_alert_node){stream, &stream->stages[k]};
  }
  return (struct vsm_alert_node){NULL, NULL};
}

int64_t vsm_alert_age_day_us(const struct vsm_model *m, const struct vsm_alert_view *v) {
  struct vsm_alert_node node = vsm_alert_node(m, v);
  const struct vsm_calendar *c = node.stage ? node.stage->calendar : node.stream ? node.stream->calendar : NULL;
  return c ? vsm_calendar_day_us(c) : 0;
}

// Of the expectations of this name at this place the first; NULL: they are not in the model any more.
static const struct vsm_expectation *expectation(struct speaker *s, bool *several) {
  struct vsm_alert_node node = vsm_alert_node(s->context->model, s->v);
  const struct vsm_expectation *found = NULL;
  const struct vsm_expectation *list = node.stage ? node.stage->expected : node.stream ? node.stream->expected : NULL;
  unsigned n = node.stage ? node.stage->n_expected : node.stream ? node.stream->n_expected : 0;
  *several = false;
  for (unsigned i = 0; i < n; i++)
    if (strcmp(list[i].name, s->v->name) == 0) {
      *several = *several || found;
      found = found ? found : &list[i];
    }
  return found;
}

static const char *quoted_name(struct speaker *s) {
  return *s->v->name ? SAY(s, " \"%s\"", s->v->name) : "";
}

static int64_t day_us(const struct vsm_expectation *e) {
  return e->calendar ? vsm_calendar_day_us(e->calendar) : 0;
}

// " within 2 wd" where there is one answer.
static const char *within(struct speaker *s, bool as_configured) {
  bool several;
  char buf[32];
  const struct vsm_expectation *e = expectation(s, &several);
  if (!e || several)
    return "";
  if (as_configured)
    return SAY(s, " within %s", configured(s, e->within_us, day_us(e)));
  return SAY(s, " within %s", vsm_text_worked(vsm_seconds(e->within_us), vsm_seconds(day_us(e)), buf, sizeof buf));
}

static const char *over_window(struct speaker *s) {
  bool several;
  const struct vsm_expectation *e = expectation(s, &several);
  return e && !several ? SAY(s, " over %s", configured(s, e->window_us, 0)) : "";
}

// --- its rule

static const char *relative(struct speaker *s) {
  return SAY(s, "p%u x %.6g", s->v->sign.percentile, (double)s->v->sign.factor_ppm / 1e6);
}

static const char *rule(struct speaker *s) {
  const struct vsm_sign *g = &s->v->sign;
  switch (s->v->kind) {
  case VSM_ITEM_STALLED:
    return SAY(s, "stall_after %s", g->percentile ? relative(s) : configured(s, g->threshold_us, g->day_us));
  case VSM_ITEM_OVERDUE:
    return g->by_date ? "due" : SAY(s, "expected%s%s", quoted_name(s), within(s, true));
  case VSM_STAGE_STALLED:
    return SAY(s, "stage_stall_after %s", configured(s, g->threshold_us, g->day_us));
  case VSM_WIP_LIMIT:
    return SAY(s, "wip_limit %llu", (unsigned long long)g->threshold);
  case VSM_SLE_MISSED:
    return SAY(s, "expected%s %s%s%s", quoted_name(s), share(s, g->threshold), within(s, true), over_window(s));
  case VSM_SOURCE_SILENT:
    return SAY(s, "silent_after %s", configured(s, g->threshold_us, g->day_us));
  case VSM_SOURCE_REFUSED:
    return SAY(s, "refused_share %s", share(s, g->threshold));
  case VSM_SOURCE_GAP:
    return "sequence numbers without holes";
  case VSM_ALERT_KINDS:
    break;
  }
  return "";
}

// --- what holds

// ", the oldest dsn:77 for 12 wd"; the item is left out where it is not told.
static const char *worst(struct speaker *s, const char *which, const char *how, const char *figure) {
  const struct vsm_alert_view *v = s->v;
  int n = v->n_items ? (int)v->items[0].item.n : 0;
  return SAY(s, ", the %s%s%.*s%s%s %s", which, n ? " " : "", n, n ? v->items[0].item.p : "", *how ? " " : "", how,
             figure);
}

// Of those that are merely there, the one that is there longest.
static const char *oldest(struct speaker *s) {
  const struct vsm_alert_view *v = s->v;
  char buf[32];
  if (v->n_items == 0)
    return "";
  double day = vsm_seconds(vsm_alert_age_day_us(s->context->model, v));
  return worst(s, "oldest", "for", vsm_text_worked(v->items[0].age_seconds, day, buf, sizeof buf));
}

static const char *refused_sample(struct speaker *s) {
  const struct vsm_alert_view *v = s->v;
  if (v->type.n == 0)
    return "";
  if (v->reason == VSM_R_NONE)
    return SAY(s, "; no rule takes type %.*s", (int)v->type.n, v->type.p);
  return SAY(s, "; type %.*s as %s%s%.*s", (int)v->type.n, v->type.p, vsm_reason_name(v->reason),
             v->detail.n ? ": " : "", (int)v->detail.n, v->detail.n ? v->detail.p : "");
}

static const char *facts(struct speaker *s) {
  const struct vsm_sign *g = &s->v->sign;
  switch (s->v->kind) {
  case VSM_ITEM_STALLED:
    return SAY(s, "%s not moved for %s or longer%s%s", items(s, g->count), spoken(s, g->threshold_us),
               g->percentile ? SAY(s, " (%s)", relative(s)) : "",
               worst(s, "longest", "for", spoken(s, g->observed_us)));
  case VSM_ITEM_OVERDUE:
    if (g->by_date)
      return SAY(
          s, "%s past the date%s", items(s, g->count),
          worst(s, "latest", "by", g->observed_us < VSM_SECOND_US ? "less than 1 s" : spoken(s, g->observed_us)));
    return SAY(s, "%s older than expected%s%s%s", items(s, g->count), quoted_name(s), within(s, false),
               worst(s, "oldest", "for", spoken(s, g->observed_us)));
  case VSM_STAGE_STALLED:
    return SAY(s, "nothing has left for %s (limit %s), %s waiting%s", spoken(s, g->observed_us),
               spoken(s, g->threshold_us), items(s, g->count), oldest(s));
  case VSM_WIP_LIMIT:
    return SAY(s, "%s at once (limit %llu)%s", items(s, g->observed), (unsigned long long)g->threshold, oldest(s));
  case VSM_SLE_MISSED:
    return SAY(s, "%s of %s%s%s, where %s are expected%s", attained(s, g->observed), items(s, g->count),
               within(s, false), *s->v->name ? SAY(s, " (%s)", s->v->name) : "", share(s, g->threshold),
               over_window(s));
  case VSM_SOURCE_SILENT:
    return SAY(s, "nothing heard for %s (limit %s)", spoken(s, g->observed_us), spoken(s, g->threshold_us));
  case VSM_SOURCE_REFUSED:
    return SAY(s, "%s of what came in 15 minutes refused or not mapped (limit %s), %llu in number%s",
               attained(s, g->observed), share(s, g->threshold), (unsigned long long)g->count, refused_sample(s));
  case VSM_SOURCE_GAP:
    return SAY(s, g->count == 1 ? "%llu sequence number missing" : "%llu sequence numbers missing",
               (unsigned long long)g->count);
  case VSM_ALERT_KINDS:
    break;
  }
  return "";
}

// --- what would end it, and what did

static const char *until(struct speaker *s) {
  const struct vsm_sign *g = &s->v->sign;
  bool of_stage = *s->v->stage;
  switch (s->v->kind) {
  case VSM_ITEM_STALLED:
    return "each of these items moves on, reports progress or is withdrawn";
  case VSM_ITEM_OVERDUE:
    return of_stage ? "each of these items leaves the stage or is withdrawn"
                    : "each of these items finishes or is withdrawn";
  case VSM_STAGE_STALLED:
    return "something leaves the stage, or nothing is left to do there";
  case VSM_WIP_LIMIT:
    return SAY(s, "no more than %llu are there", (unsigned long long)g->threshold);
  case VSM_SLE_MISSED:
    return SAY(s, "%s or more are in time", share(s, g->threshold));
  case VSM_SOURCE_SILENT:
    return "the source says anything, be it a batch without events";
  case VSM_SOURCE_REFUSED:
    return SAY(s, "no more than %s of 15 minutes are refused or not mapped", share(s, g->threshold));
  case VSM_SOURCE_GAP:
    return SAY(s, "the missing ones come, or are given up: vsm ack --lost %s", s->v->source);
  case VSM_ALERT_KINDS:
    break;
  }
  return "";
}

static const char *moved_on(enum vsm_alert_kind kind) {
  static const char *const words[VSM_ALERT_KINDS] = {[VSM_ITEM_STALLED] = "the items moved on",
                                                     [VSM_ITEM_OVERDUE] = "the items moved on",
                                                     [VSM_STAGE_STALLED] =
                                                         "something left the stage, or nothing is left to do there",
                                                     [VSM_WIP_LIMIT] = "there are fewer again",
                                                     [VSM_SLE_MISSED] = "the share recovered",
                                                     [VSM_SOURCE_SILENT] = "the source was heard",
                                                     [VSM_SOURCE_REFUSED] = "fewer are refused again",
                                                     [VSM_SOURCE_GAP] = "what was missing came"};
  return words[kind];
}

// " at 14:50 UTC", of the event that ended it.
static const char *moved_at(struct speaker *s) {
  return s->v->moved_us == INT64_MIN ? "" : SAY(s, " at %s", at(s, s->v->moved_us));
}

static const char *ended(struct speaker *s) {
  bool gap = s->v->kind == VSM_SOURCE_GAP;
  switch (s->v->end) {
  case VSM_NOT_ENDED:
    return "";
  case VSM_END_MOVED:
    return SAY(s, "%s%s", moved_on(s->v->kind), moved_at(s));
  case VSM_END_LATE_NEWS:
    return SAY(s, "a late event told that it had ended%s, before the alert fired", moved_at(s));
  case VSM_END_HEARD:
    return moved_on(gap ? VSM_SOURCE_GAP : VSM_SOURCE_SILENT);
  case VSM_END_ORDER:
    return gap ? "what was missing was given up as lost"
               : "by an order: what it was about was withdrawn, forgotten or silenced";
  case VSM_END_RULE:
    return "the configuration does not ask for it any more, or asks for something else";
  case VSM_END_TIME:
    return "by time alone: the window moved on";
  }
  return "";
}

// "source gms is silent since 10:32 UTC, source ems too"
static const char *blinded(struct speaker *s) {
  const struct vsm_sentence_context *c = s->context;
  const char *text = "";
  for (unsigned i = 0; i < s->v->n_inhibited_by; i++) {
    struct vsm_str source = s->v->inhibited_by[i];
    struct vsm_time since = c->silent_since ? c->silent_since(c->ctx, source) : (struct vsm_time){0};
    text = SAY(s, "%s%s%.*s%s%s", text, i ? ", source " : "source ", (int)source.n, source.p,
               since.us ? " silent since " : "",
               since.us                        ? at(s, since.us)
               : i + 1 == s->v->n_inhibited_by ? " silent"
                                               : "");
  }
  return text;
}

// --- the whole

static bool is_over(const struct vsm_alert_view *v) {
  return v->state == VSM_RESOLVED || v->change == VSM_DROPPED;
}

static const char *reason(struct speaker *s) {
  const struct vsm_alert_view *v = s->v;
  const char *where = place(s), *what = facts(s);
  if (v->change == VSM_DROPPED)
    return SAY(s, "%s: no longer so, before it fired. It was: %s.", where, what);
  if (v->state == VSM_RESOLVED)
    return SAY(s, "%s: over since %s, after %s: %s. It was: %s.", where, at(s, v->resolved.us),
               elapsed(s, v->resolved.us - v->since.us), ended(s), what);
  const char *so_far = SAY(s, "%s: %s; since %s.", where, what, at(s, v->since.us));
  return v->n_inhibited_by == 0 ? so_far : SAY(s, "%s Perhaps the news is missing: %s.", so_far, blinded(s));
}

static const char *ends_when(struct speaker *s) {
  if (is_over(s->v))
    return ended(s);
  return s->v->n_inhibited_by == 0 ? until(s) : SAY(s, "%s; not by time alone (%s)", until(s), blinded(s));
}

static const char *look(struct speaker *s) {
  const struct vsm_alert_view *v = s->v;
  const char *of_stage = *v->stage ? SAY(s, " --stage %s", v->stage) : "";
  switch (v->kind) {
  case VSM_ITEM_STALLED:
    return SAY(s, "vsm items --stream %s%s --sort last", v->stream, of_stage);
  case VSM_ITEM_OVERDUE:
  case VSM_STAGE_STALLED:
  case VSM_WIP_LIMIT:
    return SAY(s, "vsm items --stream %s%s", v->stream, of_stage);
  case VSM_SLE_MISSED:
    return SAY(s, "vsm items --stream %s%s --sort pace", v->stream, of_stage);
  case VSM_SOURCE_REFUSED:
    return v->reason == VSM_R_NONE ? "vsm unmapped" : "vsm rejected";
  case VSM_SOURCE_SILENT:
  case VSM_SOURCE_GAP:
    return "vsm sources";
  case VSM_ALERT_KINDS:
    break;
  }
  return "";
}

int vsm_sentences(const struct vsm_sentence_context *context, const struct vsm_alert_view *alert,
                  struct vsm_arena *arena, struct vsm_sentences *out) {
  struct speaker s = {context, alert, arena, false};
  *out = (struct vsm_sentences){reason(&s), ends_when(&s), look(&s), rule(&s)};
  return s.failed ? VSM_ENOMEM : 0;
}
