// What happens to the daemon of a story, and what people tell it: it starts and stops, its clock jumps, a source says
// that it is alive, an item is withdrawn, an alert silenced or acknowledged.
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "golden/story.h"
#include "lib/rig_save.h"

// ---- The daemon's clock is that of the daemon (shell/clock.h). Its time since boot goes with the lines.

static int64_t since_boot(const struct story *s, int64_t at) {
  return at - s->accepted_us;
}

static int64_t wall(const struct story *s, int64_t at) {
  return at + s->jump_us;
}

int64_t story_believed(struct story *s, int64_t at) {
  return vsm_clock_follow(&s->wall, wall(s, at), since_boot(s, at)).us;
}

// clock jumps TIME ahead|back | clock accept: from then on the lines tell the time that it shows.
static bool clock_line(struct story *s, char **w, unsigned n) {
  int64_t us;
  if (n == 3 && strcmp(w[0], "jumps") == 0 && story_duration(w[1], &us)) {
    s->jump_us += strcmp(w[2], "back") == 0 ? -us : us;
    return strcmp(w[2], "back") == 0 || strcmp(w[2], "ahead") == 0;
  }
  if (n != 1 || strcmp(w[0], "accept") != 0)
    return false;
  s->wall.offset_us = wall(s, s->now_us) - since_boot(s, s->now_us);
  s->now_us += s->jump_us;
  s->accepted_us += s->jump_us;
  s->jump_us = 0;
  vsm_core_started(s->core, (struct vsm_time){story_believed(s, s->now_us)});
  return true;
}

// ---- start, stop

static bool stop(struct story *s, char **w, unsigned n) {
  (void)w;
  s->kept = rig_save(s->core);
  vsm_core_destroy(s->core);
  s->core = NULL;
  return n == 0 && s->kept.n > 0;
}

// A process believes the clock that it finds, but not that it is earlier than what it recorded.
static bool start(struct story *s, char **w, unsigned n) {
  (void)w;
  int64_t at = s->now_us;
  if (s->kept.n > 0) {
    int err = rig_load(s->model, s->kept, &s->core);
    free((char *)s->kept.p);
    s->kept = (struct vsm_str){0};
    if (err)
      return false;
    vsm_core_listen(s->core, true);
    s->wall.offset_us = wall(s, at) - since_boot(s, at);
    int64_t last = vsm_core_now(s->core).us;
    if (since_boot(s, at) + s->wall.offset_us < last)
      s->wall.offset_us = last - since_boot(s, at);
  }
  vsm_core_started(s->core, (struct vsm_time){story_believed(s, at)});
  return n == 0;
}

// ---- Orders

static void copy_place(struct vsm_silence_view *v, const char *word, const char *value) {
  if (strcmp(word, "stage") == 0)
    v->stage = vsm_str_of(value);
  else if (strcmp(word, "source") == 0)
    v->source = vsm_str_of(value);
  else if (strcmp(word, "item") == 0)
    v->item = vsm_str_of(value);
}

// silence [kind KIND] [stage NAME] [source ID] [item KEY] [stream] for TIME
static bool silence(struct story *s, char **w, unsigned n) {
  struct vsm_silence_view v = {.kind = -1, .mark = {VSM_STR("ann"), VSM_STR("known"), {0}, {0}}};
  uint64_t id;
  for (unsigned i = 0; i + 1 < n; i += 2) {
    int64_t us;
    copy_place(&v, w[i], w[i + 1]);
    if (strcmp(w[i], "stream") == 0 || v.stage.n > 0)
      v.stream = VSM_STR("S");
    if (strcmp(w[i], "kind") == 0 && (v.kind = story_alert_kind(w[i + 1])) < 0)
      return false;
    if (strcmp(w[i], "for") == 0 && story_duration(w[i + 1], &us))
      v.mark.until.us = vsm_core_now(s->core).us + us;
  }
  if (n % 2 || vsm_core_silence(s->core, &v, &id) != 0)
    story_complain(s, "this cannot be silenced");
  return true;
}

// ack KIND stream|STAGE|SOURCE [NAME]
static bool acknowledge(struct story *s, char **w, unsigned n) {
  int kind = story_alert_kind(w[0]);
  const char *place = w[1];
  if (kind >= 0 && kind < VSM_SOURCE_SILENT)
    place = strcmp(place, "stream") == 0 ? "S" : vsm_arena_printf(&s->arena, "S/%s", place);
  const char *id = vsm_arena_printf(&s->arena, "%s:%s%s%s", w[0], place, n > 2 ? ":" : "", n > 2 ? w[2] : "");
  if (vsm_core_acknowledge(s->core, vsm_str_of(id), VSM_STR("ann"), VSM_STR("on it"), false) != 0)
    story_complain(s, "there is no alert %s", id);
  return true;
}

static bool lose(struct story *s, char **w, unsigned n) {
  const char *id = vsm_arena_printf(&s->arena, "source_gap:%s", w[0]);
  if (vsm_core_acknowledge(s->core, vsm_str_of(id), VSM_STR("ann"), VSM_STR("gone"), true) != 0)
    story_complain(s, "nothing of source %s is missing", w[0]);
  return n == 1;
}

static bool withdraw(struct story *s, char **w, unsigned n) {
  uint64_t streams;
  if (vsm_core_withdraw(s->core, -1, vsm_str_of(w[0]), &s->fx, &streams) != 0)
    story_complain(s, "%s cannot be withdrawn", w[0]);
  return n == 1;
}

static bool end_silence(struct story *s, char **w, unsigned n) {
  return n == 1 && vsm_core_end_silence(s->core, strtoull(w[0], NULL, 10)) == 0;
}

static bool alive(struct story *s, char **w, unsigned n) {
  return n == 1 && vsm_core_alive(s->core, vsm_str_of(w[0]), vsm_core_now(s->core)) == 0;
}

static bool quiet(struct story *s, char **w, unsigned n) {
  (void)w;
  vsm_core_look(s->core);
  return n == 0;
}

bool story_life(struct story *s, int64_t at, char **w, unsigned n, bool *understood) {
  static const struct {
    const char *word;
    bool (*play)(struct story *s, char **w, unsigned n);
    unsigned words; // behind it, at least
    bool anytime;   // also while it is stopped
  } lines[] = {{"withdraw", withdraw, 1, false}, {"silence", silence, 4, false},       {"ack", acknowledge, 2, false},
               {"lost", lose, 1, false},         {"unsilence", end_silence, 1, false}, {"alive", alive, 1, false},
               {"clock", clock_line, 1, true},   {"quiet", quiet, 0, false},           {"stop", stop, 0, false},
               {"start", start, 0, true}};
  const unsigned n_lines = sizeof lines / sizeof *lines;
  unsigned k = 0;
  while (k < n_lines && (strcmp(w[0], lines[k].word) != 0 || n <= lines[k].words))
    k++;
  if (k == n_lines)
    return false;
  bool begins = lines[k].play == start; // looks itself at what time brought
  *understood = (lines[k].anytime && s->kept.n > 0) || story_ready(s);
  if (*understood && !begins)
    story_pass_time(s, at);
  s->now_us = at;
  *understood = *understood && lines[k].play(s, w + 1, n - 1);
  story_harvest(s);
  return *understood;
}
