// What a story expects of alerts. Each notice that the core tells is noted as facts, and so is an alert that stands or
// is over; a line names the facts that matter to it. A notice that no line expects is a mistake of the core, or of the
// story.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "golden/story.h"
#include "shell/alert_since.h"
#include "wire/sentence.h"

// ---- Facts

enum fact_kind { WORDS, NUMBER, TIME, MEASURE };
enum { FACTS_MAX = 20 };

struct fact {
  const char *name;
  enum fact_kind kind;
  const char *words; // of WORDS; "": none
  int64_t n;         // of the others; of MEASURE microseconds, or a number, or parts in a million
  enum measure { LENGTH, COUNT, SHARE } measure;
};

struct facts {
  const char *what; // "firing item_stalled credit"
  struct fact at[FACTS_MAX];
  unsigned n;
  const char *reason, *ends_when;
};

struct story_notice {
  int64_t at;
  struct facts facts;
  struct story_notice *next;
};

static const char *time_text(struct story *s, int64_t us) {
  char text[32];
  time_t t = us / VSM_SECOND_US;
  struct tm tm;
  bool today = us >= s->day_us && us < s->day_us + VSM_DAY_US;
  bool seconds = us % VSM_MINUTE_US >= VSM_SECOND_US;
  strftime(text, sizeof text,
           today     ? seconds ? "%H:%M:%S" : "%H:%M"
           : seconds ? "%FT%H:%M:%S"
                     : "%FT%H:%M",
           gmtime_r(&t, &tm));
  return vsm_arena_strdup(&s->arena, text);
}

static const char *fact_text(struct story *s, const struct fact *f) {
  if (f->kind == WORDS)
    return *f->words ? f->words : "none";
  if (f->kind == TIME)
    return f->n ? time_text(s, f->n) : "none";
  if (f->kind == MEASURE && f->measure == LENGTH)
    return vsm_arena_printf(&s->arena, "%" PRId64 "s", f->n / VSM_SECOND_US);
  if (f->kind == MEASURE && f->measure == SHARE)
    return vsm_arena_printf(&s->arena, "%.6g%%", (double)f->n / 10000);
  return vsm_arena_printf(&s->arena, "%" PRId64, f->n);
}

static const char *facts_text(struct story *s, const struct facts *f) {
  const char *text = f->what;
  for (unsigned i = 0; i < f->n; i++)
    if (f->at[i].kind == WORDS ? *f->at[i].words : f->at[i].n != 0)
      text = vsm_arena_printf(&s->arena, "%s %s %s", text, f->at[i].name, fact_text(s, &f->at[i]));
  return text;
}

// ---- From a view

static void add(struct facts *f, const char *name, enum fact_kind kind, const char *words, int64_t n) {
  f->at[f->n++] = (struct fact){.name = name, .kind = kind, .words = words, .n = n};
}

static void add_measure(struct facts *f, const char *name, int64_t us, uint64_t n, enum vsm_alert_kind kind) {
  bool share = kind == VSM_SLE_MISSED || kind == VSM_SOURCE_REFUSED;
  add(f, name, MEASURE, "", us ? us : (int64_t)n);
  f->at[f->n - 1].measure = us ? LENGTH : share ? SHARE : COUNT;
}

static const char *names(struct story *s, const struct vsm_str *at, unsigned n) {
  const char *text = "";
  for (unsigned i = 0; i < n; i++)
    text = story_join(s, text, vsm_arena_strndup(&s->arena, at[i].p, at[i].n));
  return text;
}

static const char *item_names(struct story *s, const struct vsm_alert_view *v) {
  const char *text = "";
  for (unsigned i = 0; i < v->n_items; i++)
    text = story_join(s, text, vsm_arena_strndup(&s->arena, v->items[i].item.p, v->items[i].item.n));
  return text;
}

static const char *blinded(struct story *s, const struct vsm_alert_view *v) {
  const char *text = "";
  for (unsigned i = 0; i < v->n_blinds; i++)
    text = story_join(s, text, v->blinds[i].stage < 0 ? "stream" : s->stages[v->blinds[i].stage].id);
  return text;
}

static const char *yes(const void *is) {
  return is ? "yes" : "";
}

static void describe(struct story *s, const struct vsm_alert_view *v, struct facts *f) {
  static const char *const ends[] = {"", "moved", "late", "heard", "order", "rule", "time"};
  add(f, "name", WORDS, vsm_arena_strdup(&s->arena, v->name), 0);
  add(f, "since", TIME, "", v->since.us);
  add(f, "fired", TIME, "", v->fired.us);
  add(f, "count", NUMBER, "", (int64_t)v->sign.count);
  add_measure(f, "limit", v->sign.threshold_us, v->sign.threshold, v->kind);
  add_measure(f, "observed", v->sign.observed_us, v->sign.observed, v->kind);
  add(f, "items", WORDS, item_names(s, v), 0);
  add(f, "joined", WORDS, names(s, v->joined, v->n_joined), 0);
  add(f, "left", WORDS, names(s, v->left, v->n_left), 0);
  add(f, "inhibited_by", WORDS, names(s, v->inhibited_by, v->n_inhibited_by), 0);
  add(f, "blinds", WORDS, blinded(s, v), 0);
  add(f, "type", WORDS, names(s, &v->type, v->type.n > 0), 0);
  add(f, "silenced", WORDS, yes(v->silenced), 0);
  add(f, "acknowledged", WORDS, yes(v->acknowledged), 0);
  add(f, "unacknowledged", NUMBER, "", (int64_t)v->unacknowledged);
  add(f, "severity", WORDS, v->severity == VSM_WARNING ? "" : vsm_severity_name(v->severity), 0);
  add(f, "why", WORDS, ends[v->end], 0);
  add(f, "of", TIME, "", v->moved_us == INT64_MIN ? 0 : v->moved_us);
}

static void note(struct story *s, const struct vsm_alert_view *v, const char *how, struct facts *f) {
  struct vsm_alert_since since = {.core = s->core, .arena = &s->arena};
  struct vsm_sentences said = {"", "", "", ""};
  const char *place = *v->source ? v->source : *v->stage ? v->stage : "stream";
  *f = (struct facts){.what = vsm_arena_printf(&s->arena, "%s %s %s", how, vsm_alert_kind_name(v->kind), place)};
  describe(s, v, f);
  vsm_sentences(&(struct vsm_sentence_context){s->model, vsm_core_now(s->core), vsm_alert_silent_since, &since}, v,
                &s->arena, &said);
  f->reason = said.reason;
  f->ends_when = said.ends_when;
}

// The time of the lines, where the core's is now.
static int64_t of_lines(struct story *s) {
  int64_t behind = s->clock == VSM_CLOCK_WALL ? story_believed(s, s->now_us) - vsm_core_now(s->core).us : 0;
  return s->now_us - behind;
}

void story_harvest(struct story *s) {
  const struct vsm_alert_view *rows;
  size_t n = s->core ? vsm_core_notices(s->core, &rows) : 0;
  for (size_t i = 0; i < n; i++) {
    struct story_notice *x = vsm_arena_zalloc(&s->arena, sizeof *x);
    x->at = of_lines(s);
    note(s, &rows[i], vsm_alert_change_name(rows[i].change), &x->facts);
    *(s->notices ? &s->last_notice->next : &s->notices) = x;
    s->last_notice = x;
  }
  if (n > 0)
    vsm_core_drop_notices(s->core);
}

// ---- Against what is expected

static const struct fact *find(const struct facts *f, const char *name) {
  for (unsigned i = 0; i < f->n; i++)
    if (strcmp(f->at[i].name, name) == 0)
      return &f->at[i];
  return NULL;
}

static bool is_measured(const struct fact *f, const char *word) {
  char *end;
  int64_t us;
  double n = strtod(word, &end);
  if (f->measure == LENGTH)
    return story_duration(word, &us) && us / VSM_SECOND_US == f->n / VSM_SECOND_US;
  if (f->measure == SHARE)
    return strcmp(end, "%") == 0 && (int64_t)(n * 100 + 0.5) == (f->n + 50) / 100;
  return !*end && (int64_t)n == f->n;
}

static bool is_so(struct story *s, const struct fact *f, char **w, unsigned n) {
  int64_t us;
  if (f->kind == WORDS)
    return strcmp(story_join_all(s, w, n), *f->words ? f->words : "none") == 0;
  if (n != 1)
    return false;
  if (f->kind == TIME && strcmp(w[0], "none") == 0)
    return f->n == 0;
  if (f->kind == TIME)
    return story_clock(s, w[0], &us) && us / VSM_SECOND_US == f->n / VSM_SECOND_US;
  return f->kind == MEASURE ? is_measured(f, w[0]) : strtoll(w[0], NULL, 10) == f->n;
}

// CHANGE KIND PLACE [NAME VALUE...]...
static bool agrees(struct story *s, const struct facts *f, char **w, unsigned n) {
  if (n < 3 || strcmp(story_join_all(s, w, 3), f->what) != 0)
    return false;
  for (unsigned i = 3, k; i < n; i = k) {
    const struct fact *x = find(f, w[i]);
    for (k = i + 1; k < n && !find(f, w[k]); k++)
      ;
    if (!x || !is_so(s, x, w + i + 1, k - i - 1))
      return false;
  }
  return true;
}

static void compare(struct story *s, const struct facts *f, char **w, unsigned n) {
  s->expected++;
  s->spoken = NULL;
  if (!f)
    story_complain(s, "there is no such alert");
  else if (!agrees(s, f, w, n))
    story_complain(s, "is: %s", facts_text(s, f));
}

static void speak(struct story *s, const struct facts *f) {
  struct story_notice *x = vsm_arena_zalloc(&s->arena, sizeof *x);
  x->facts = *f;
  s->spoken = x;
}

// told TIME nothing | told TIME CHANGE KIND PLACE [FACT VALUE...]...: of what was told the next one, at that time.
void story_told(struct story *s, char **w, unsigned n) {
  int64_t at;
  struct story_notice *x;
  bool nothing = n == 2 && strcmp(w[1], "nothing") == 0;
  if (!story_clock(s, w[0], &at)) {
    story_complain(s, "told TIME ...");
    return;
  }
  if (!s->notices || nothing) // else it was told on the way here
    story_pass_time(s, at > s->now_us ? at : s->now_us);
  int64_t soon = story_believed(s, at) + VSM_SECOND_US; // also what is due within this second
  for (struct vsm_time due; !nothing && !s->notices && (due = vsm_core_deadline(s->core)).us < soon; story_harvest(s))
    vsm_core_advance(s->core, due);
  x = s->notices;
  s->expected++;
  if (nothing && x)
    story_complain(s, "told %s: %s", time_text(s, x->at), facts_text(s, &x->facts));
  else if (!nothing && !x)
    story_complain(s, "nothing is told");
  else if (x && (x->at / VSM_SECOND_US != at / VSM_SECOND_US || !agrees(s, &x->facts, w + 1, n - 1)))
    story_complain(s, "told %s: %s", time_text(s, x->at), facts_text(s, &x->facts));
  s->spoken = x;
  if (x && !nothing)
    s->notices = x->next;
}

void story_untold(struct story *s) {
  for (const struct story_notice *x = s->notices; x; x = x->next)
    story_complain(s, "no line expects: told %s %s", time_text(s, x->at), facts_text(s, &x->facts));
}

// says|ends TEXT: the sentence of the alert before.
void story_says(struct story *s, bool ends, char **w, unsigned n) {
  const struct story_notice *x = s->spoken;
  if (x)
    story_text(s, ends ? "ends" : "says", story_join_all(s, w, n), ends ? x->facts.ends_when : x->facts.reason);
  else
    story_complain(s, "no alert before");
}

// ---- What stands, and what is over

static long list(struct story *s, bool history, struct vsm_alert_view **rows) {
  return vsm_core_list_alerts(s->core, &(struct vsm_alerts_query){.kind = -1, .history = history}, &s->arena, rows);
}

// STATE KIND PLACE ...: the newest of this kind and place; of several names, that of the first fact.
static void expect_one(struct story *s, bool history, char **w, unsigned n) {
  struct vsm_alert_view *rows;
  struct facts facts, *found = NULL, one;
  long n_rows = list(s, history, &rows);
  for (long i = 0; i < n_rows && !found; i++) {
    note(s, &rows[i], vsm_alert_state_name(rows[i].state), &one);
    if (strcmp(strchr(one.what, ' '), strchr(story_join_all(s, w, 3), ' ')) != 0 ||
        (n > 4 && strcmp(w[3], "name") == 0 && strcmp(w[4], rows[i].name) != 0))
      continue;
    facts = one;
    found = &facts;
  }
  compare(s, found, w, n);
  if (found)
    speak(s, found);
}

void story_expect_alert(struct story *s, char **w, unsigned n) {
  expect_one(s, false, w, n);
}

void story_expect_past(struct story *s, char **w, unsigned n) {
  expect_one(s, true, w, n);
}

// alerts none | alerts ID...: those that stand, the most severe first.
void story_expect_alerts(struct story *s, char **w, unsigned n) {
  struct vsm_alert_view *rows;
  const char *text = "";
  long n_rows = list(s, false, &rows);
  for (long i = 0; i < n_rows; i++)
    text = story_join(s, text, rows[i].id);
  story_text(s, "alerts", story_join_all(s, w, n), *text ? text : "none");
}
