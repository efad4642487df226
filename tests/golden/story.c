// Reads a story and plays it. Time is virtual: before each event and each look, the steps that are due are taken, each
// at its own time, as the daemon's timer would.
#include "golden/story.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/template.h"

void story_complain(struct story *s, const char *fmt, ...) {
  va_list args;
  s->wrong++;
  fprintf(stderr, "%s:%u: ", s->path, s->line);
  va_start(args, fmt);
  vfprintf(stderr, fmt, args);
  va_end(args);
  fputc('\n', stderr);
}

// ---- Times

bool story_duration(const char *text, int64_t *us) {
  static const struct {
    char unit;
    int64_t us;
  } units[] = {{'s', VSM_SECOND_US}, {'m', VSM_MINUTE_US}, {'h', VSM_HOUR_US}, {'d', VSM_DAY_US}};
  *us = 0;
  while (*text) {
    char *end;
    int64_t n = strtoll(text, &end, 10), unit = 0;
    for (unsigned i = 0; i < sizeof units / sizeof *units; i++)
      if (*end == units[i].unit)
        unit = units[i].us;
    if (end == text || !unit)
      return false;
    *us += n * unit;
    text = end + 1;
  }
  return true;
}

bool story_clock(const struct story *s, const char *text, int64_t *us) {
  int hours, minutes, seconds = 0, n = 0;
  struct story other = {0};
  const char *clock = strchr(text, 'T');
  if (clock) { // of another day
    char day[16] = "";
    memcpy(day, text, clock - text < 15 ? (size_t)(clock - text) : 15);
    return story_day(day, &other.day_us) && !strchr(clock + 1, 'T') && story_clock(&other, clock + 1, us);
  }
  if (sscanf(text, "%2d:%2d%n:%2d%n", &hours, &minutes, &n, &seconds, &n) < 2 || text[n])
    return false;
  *us = s->day_us + hours * VSM_HOUR_US + minutes * VSM_MINUTE_US + seconds * VSM_SECOND_US;
  return true;
}

bool story_day(const char *text, int64_t *us) {
  struct tm tm = {0};
  char *end = strptime(text, "%Y-%m-%d", &tm);
  *us = (int64_t)timegm(&tm) * VSM_SECOND_US;
  return end && !*end;
}

// ---- Stages and rules

// stage ID [(was ID)] -> ID | -> ID or ID (one of them) | -> ID and ID (all of them)
static bool read_stage(struct story *s, char **w, unsigned n) {
  if (n < 3 || s->n_stages == STORY_STAGES_MAX)
    return false;
  struct story_stage *stage = &s->stages[s->n_stages++];
  *stage = (struct story_stage){.id = w[0]};
  unsigned at = 1;
  if (n > 3 && strcmp(w[1], "was") == 0) {
    stage->was = w[2];
    at = 3;
  }
  if (strcmp(w[at], "->") != 0)
    return false;
  for (at++; at < n; at++) {
    if (strcmp(w[at], "and") == 0)
      stage->fork_all = true;
    else if (strcmp(w[at], "or") != 0)
      stage->next[stage->n_next++] = w[at];
  }
  return stage->n_next > 0;
}

bool story_template(struct story *s, const char *text, struct vsm_template *out) {
  size_t at;
  const char *what;
  if (vsm_template_parse(&s->arena, text, out, &at, &what) == 0)
    return true;
  story_complain(s, "%s: %s", text, what);
  return false;
}

static bool read_lifecycle(const char *text, enum vsm_lifecycle *out) {
  for (*out = VSM_SCHEDULE; *out < VSM_NO_LIFECYCLE; (*out)++)
    if (strcmp(vsm_lifecycle_name(*out), text) == 0)
      return true;
  return strcmp(text, "links") == 0 || strcmp(text, "values") == 0; // carries these alone
}

static bool read_when(struct story *s, struct vsm_rule *rule, char *text) {
  char *value = strchr(text, '=');
  const char *what;
  struct vsm_condition *c = vsm_arena_zalloc(&s->arena, sizeof *c);
  struct vsm_str *values = vsm_arena_zalloc(&s->arena, sizeof *values);
  if (!value)
    return false;
  *value++ = '\0';
  *values = vsm_str_of(value);
  c->op = VSM_IN;
  c->values = values;
  c->n_values = 1;
  rule->when = c;
  rule->n_when = 1;
  return vsm_field_parse(text, &c->field, &what) == 0;
}

static bool read_party(const char *text, enum vsm_party *out) {
  for (*out = VSM_US; *out <= VSM_THIRD_PARTY; (*out)++)
    if (strcmp(vsm_party_name(*out), text) == 0)
      return true;
  return false;
}

// NAME=TEMPLATE, of an attribute that was named before; the others keep their own field.
static bool read_segment(struct story *s, struct vsm_rule *rule, char *text) {
  char *value = strchr(text, '=');
  if (!value)
    return false;
  *value++ = '\0';
  for (unsigned i = 0; i < s->n_segments; i++)
    if (strcmp(s->segments[i], text) == 0)
      return story_template(s, value, (struct vsm_template *)&rule->segments[i]);
  return false;
}

static bool default_segments(struct story *s, struct vsm_rule *rule) {
  struct vsm_template *segments = vsm_arena_zalloc(&s->arena, STORY_SEGMENTS_MAX * sizeof *segments);
  rule->segments = segments;
  for (unsigned i = 0; i < s->n_segments; i++)
    if (!story_template(s, vsm_arena_printf(&s->arena, "{data.%s}", s->segments[i]), &segments[i]))
      return false;
  return true;
}

// ... by ITEM [link KEY]... [when FIELD=VALUE] [reason TEXT] [party PARTY] [segment NAME=TEMPLATE]... [due TIME]
//     [not_before TIME] [creates no]
static bool read_rest(struct story *s, struct vsm_rule *rule, char **w, unsigned n) {
  struct vsm_template *links = vsm_arena_zalloc(&s->arena, 8 * sizeof *links);
  rule->links = links;
  if (!default_segments(s, rule))
    return false;
  for (unsigned i = 0; i + 1 < n; i += 2) {
    char *value = w[i + 1];
    bool good = false;
    if (strcmp(w[i], "by") == 0)
      good = story_template(s, value, &rule->item);
    else if (strcmp(w[i], "link") == 0 && rule->n_links < 8)
      good = story_template(s, value, &links[rule->n_links++]);
    else if (strcmp(w[i], "reason") == 0)
      good = story_template(s, value, &rule->reason);
    else if (strcmp(w[i], "due") == 0)
      good = story_template(s, value, &rule->due);
    else if (strcmp(w[i], "not_before") == 0)
      good = story_template(s, value, &rule->not_before);
    else if (strcmp(w[i], "party") == 0)
      good = read_party(value, &rule->party);
    else if (strcmp(w[i], "segment") == 0)
      good = read_segment(s, rule, value);
    else if (strcmp(w[i], "when") == 0)
      good = read_when(s, rule, value);
    else if (strcmp(w[i], "creates") == 0 && strcmp(value, "no") == 0)
      good = !(rule->creates = false);
    if (!good)
      return false;
  }
  return n % 2 == 0 && rule->item.n > 0;
}

// rule SOURCE TYPE -> STAGE LIFECYCLE ... | rule SOURCE TYPE -> item finish|withdraw ... | rule SOURCE TYPE ignore
static bool read_rule(struct story *s, char **w, unsigned n) {
  if (n < 3 || s->n_rules == STORY_RULES_MAX)
    return false;
  struct story_rule *r = &s->rules[s->n_rules++];
  *r = (struct story_rule){.rule = {.source = vsm_str_of(w[0]),
                                    .type = vsm_str_of(w[1]),
                                    .stream = -1,
                                    .stage = -1,
                                    .creates = true,
                                    .line = s->line,
                                    .where = vsm_arena_printf(&s->arena, "%s:%u", s->path, s->line)}};
  if (strcmp(w[2], "ignore") == 0)
    return r->rule.ignore = true;
  if (n < 7 || strcmp(w[2], "->") != 0 || !read_lifecycle(w[4], &r->rule.lifecycle))
    return false;
  r->stage = w[3];
  r->rule.stream = 0;
  return read_rest(s, &r->rule, w + 5, n - 5);
}

static bool read_windows(struct story *s, char **w, unsigned n) {
  s->n_windows = 0;
  for (unsigned i = 0; i < n && i < STORY_WINDOWS_MAX; i++) {
    s->windows[i].name = w[i];
    if (!story_duration(w[i], &s->windows[i].us))
      return false;
    s->n_windows++;
  }
  return true;
}

// ---- Playing it

bool story_ready(struct story *s) {
  if (!s->changed || s->kept.n > 0)
    return s->core != NULL;
  const struct vsm_model *model = story_model(s);
  if (!model)
    return false;
  if (!s->core)
    s->core = vsm_core_create(model);
  else if (vsm_core_configure(s->core, model) != 0)
    story_complain(s, "the core does not take the model");
  s->model = model;
  s->changed = false;
  if (s->core)
    vsm_core_listen(s->core, true);
  story_harvest(s);
  return s->core != NULL;
}

void story_pass_time(struct story *s, int64_t to) {
  if (to < s->now_us)
    story_complain(s, "time goes back");
  s->now_us = to;
  if (s->clock == VSM_CLOCK_EVENT || !s->core)
    return;
  int64_t believed = story_believed(s, to);
  for (struct vsm_time due = vsm_core_deadline(s->core); due.us <= believed; due = vsm_core_deadline(s->core)) {
    int64_t before = vsm_core_now(s->core).us;
    vsm_core_advance(s->core, due);
    story_harvest(s);
    if (vsm_core_deadline(s->core).us <= due.us || vsm_core_now(s->core).us < before) {
      story_complain(s, "a time step that is due again once it was taken");
      return;
    }
  }
  vsm_core_advance(s->core, (struct vsm_time){believed});
  story_harvest(s);
}

// SOURCE TYPE SUBJECT [KEY=VALUE]... [of TIME] [number N]: it arrives now and tells of an earlier time.
static bool read_event(struct story *s, char **w, unsigned n, struct vsm_event *e) {
  struct vsm_attr *attrs = vsm_arena_zalloc(&s->arena, n * sizeof *attrs + 1);
  int64_t happened = s->now_us;
  if (n < 3)
    return false;
  *e = (struct vsm_event){
      .source = vsm_str_of(w[0]), .type = vsm_str_of(w[1]), .subject = vsm_str_of(w[2]), .attrs = attrs};
  for (unsigned i = 3; i < n; i++) {
    char *value = strchr(w[i], '=');
    if (strcmp(w[i], "of") == 0 && i + 1 < n) {
      if (!story_clock(s, w[++i], &happened))
        return false;
    } else if (strcmp(w[i], "number") == 0 && i + 1 < n)
      e->sequence = strtoull(w[++i], NULL, 10);
    else if (value)
      attrs[e->n_attrs++] = (struct vsm_attr){{w[i], (size_t)(value - w[i])}, vsm_str_of(value + 1)};
    else
      return false;
  }
  e->time_ns = rig_time_ns(happened);
  e->received.us = s->clock == VSM_CLOCK_WALL ? vsm_core_now(s->core).us : s->now_us;
  return true;
}

// An event, or with `and` one more of the same batch. The batch is stepped before the next line that is none of it.
static bool add_event(struct story *s, char **w, unsigned n) {
  return s->n_batch < STORY_BATCH_MAX && read_event(s, w, n, &s->batch[s->n_batch]) && ++s->n_batch;
}

static void end_batch(struct story *s) {
  if (s->n_batch && vsm_core_step_all(s->core, s->batch, s->n_batch, &s->fx, NULL, NULL) != 0)
    story_complain(s, "the core has no memory");
  if (s->n_batch)
    story_harvest(s);
  s->n_batch = 0;
}

static bool play_event(struct story *s, int64_t at, char **w, unsigned n) {
  bool understood = true;
  if (n == 0)
    return false;
  if (story_life(s, at, w, n, &understood))
    return true;
  if (!understood || !story_ready(s))
    return false;
  story_pass_time(s, at);
  return add_event(s, w, n);
}

static bool play_expect(struct story *s, char **w, unsigned n) {
  int64_t at;
  if (n < 2 || !story_clock(s, w[0], &at) || !story_ready(s))
    return false;
  story_pass_time(s, at);
  story_expect(s, w + 1, n - 1);
  return true;
}

static bool read_model_line(struct story *s, char **w, unsigned n) {
  s->changed = true;
  if (strcmp(w[0], "stage") == 0)
    return read_stage(s, w + 1, n - 1);
  if (strcmp(w[0], "rule") == 0)
    return read_rule(s, w + 1, n - 1);
  if (strcmp(w[0], "windows") == 0)
    return read_windows(s, w + 1, n - 1);
  if (strcmp(w[0], "clock") == 0 && n == 2) {
    s->clock = strcmp(w[1], "event") == 0 ? VSM_CLOCK_EVENT : VSM_CLOCK_WALL;
    return true;
  }
  if (strcmp(w[0], "keep") == 0 && n == 2)
    return story_duration(w[1], &s->keep_us);
  if (strcmp(w[0], "items") == 0 && n == 3) { // at most N
    s->items_max = strtoull(w[2], NULL, 10);
    return s->items_max > 0;
  }
  if (strcmp(w[0], "from") == 0 && n == 3) { // from now on
    s->n_stages = 0;
    return true;
  }
  return story_watch(s, w, n) || story_measure(s, w, n);
}

static bool play_told(struct story *s, char **w, unsigned n) {
  if (n < 2 || !story_ready(s))
    return false;
  story_told(s, w, n);
  return true;
}

static bool play_line(struct story *s, char **w, unsigned n) {
  int64_t at;
  if (strcmp(w[0], "and") == 0)
    return s->n_batch && add_event(s, w + 1, n - 1);
  end_batch(s);
  if (strcmp(w[0], "expect") == 0)
    return play_expect(s, w + 1, n - 1);
  if (strcmp(w[0], "told") == 0)
    return play_told(s, w + 1, n - 1);
  if (strcmp(w[0], "says") == 0 || strcmp(w[0], "ends") == 0) {
    story_says(s, *w[0] == 'e', w + 1, n - 1);
    return true;
  }
  if (strcmp(w[0], "day") == 0 && n == 2)
    return story_day(w[1], &s->day_us);
  if (story_clock(s, w[0], &at))
    return play_event(s, at, w + 1, n - 1);
  return read_model_line(s, w, n);
}

static unsigned split(char *line, char **words) {
  unsigned n = 0;
  line[strcspn(line, "#\n")] = '\0';
  for (char *at = NULL, *w = strtok_r(line, " \t", &at); w && n < STORY_WORDS_MAX; w = strtok_r(NULL, " \t", &at))
    words[n++] = w;
  return n;
}

int story_run(const char *path) {
  struct story s = {.path = path, .clock = VSM_CLOCK_WALL, .wall = {.skew_us = STORY_SKEW_US}};
  char *text = NULL, *words[STORY_WORDS_MAX];
  size_t size = 0;
  FILE *f = fopen(path, "r");
  if (!f) {
    perror(path);
    return 1;
  }
  vsm_arena_init(&s.arena, 0);
  while (getline(&text, &size, f) >= 0) {
    s.line++;
    unsigned n = split(vsm_arena_strdup(&s.arena, text), words);
    if (n && !play_line(&s, words, n))
      story_complain(&s, "not understood: %s", text);
  }
  end_batch(&s);
  story_untold(&s);
  if (!s.expected)
    story_complain(&s, "expects nothing");
  free(text);
  fclose(f);
  vsm_core_destroy(s.core);
  free((char *)s.kept.p);
  vsm_effects_fini(&s.fx);
  vsm_arena_fini(&s.arena);
  return s.wrong ? 1 : 0;
}
