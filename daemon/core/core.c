// The machine. One step: check the event (its form, its time), find the rules that claim it and work out their keys;
// only then, when it is known that the event is accepted, let time pass and apply each claim. A claim adds one
// transition to one item (and joins items by links), between a fold of the item before and a fold after.
#include "core/core.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/hash.h"
#include "core/state.h"

struct vsm_core *vsm_core_create(const struct vsm_model *model) {
  struct vsm_core *core = calloc(1, sizeof *core);
  if (!core)
    return NULL;
  vsm_intern_init(&core->words);
  vsm_arena_init(&core->text, 0);
  core->deadline = VSM_TIME_NEVER;
  core->ledger = vsm_ledger_create(&model->limits);
  if (!core->ledger || vsm_core_configure(core, model) != 0) {
    vsm_core_destroy(core);
    return NULL;
  }
  return core;
}

void vsm_core_destroy(struct vsm_core *core) {
  if (!core)
    return;
  for (size_t i = 0; i < core->n_streams; i++)
    vsm_stream_state_fini(&core->streams[i]);
  free(core->streams);
  vsm_matcher_destroy(core->matcher);
  vsm_ledger_destroy(core->ledger);
  vsm_intern_fini(&core->words);
  vsm_story_fini(&core->before);
  vsm_story_fini(&core->after);
  vsm_story_fini(&core->other);
  vsm_arena_fini(&core->text);
  free(core->claims);
  free(core);
}

void vsm_effects_fini(struct vsm_effects *fx) {
  free(fx->changes);
  *fx = (struct vsm_effects){0};
}

// --- time

struct vsm_time vsm_core_now(const struct vsm_core *core) {
  return core->has_now ? core->now : (struct vsm_time){0};
}

struct vsm_time vsm_core_deadline(const struct vsm_core *core) {
  return core->deadline;
}

void vsm_core_rearm(struct vsm_core *core) {
  int64_t due = INT64_MAX;
  for (size_t i = 0; i < core->n_streams; i++) {
    int64_t at = vsm_stream_deadline(&core->streams[i], core->now.us);
    due = at < due ? at : due;
  }
  core->deadline.us = due;
}

// What the windows let go of does not depend on how many steps they take, so one step to `now` is enough.
static void pass_time(struct vsm_core *core, struct vsm_time now) {
  if (core->has_now && now.us <= core->now.us)
    return;
  core->now = now;
  core->has_now = true;
  if (now.us < core->deadline.us && core->deadline.us != INT64_MAX)
    return;
  for (size_t i = 0; i < core->n_streams; i++)
    vsm_stream_advance(&core->streams[i], now.us);
  vsm_core_rearm(core);
}

void vsm_core_advance(struct vsm_core *core, struct vsm_time wall) {
  if (core->model->clock == VSM_CLOCK_WALL)
    pass_time(core, wall);
}

// --- refusing

static void refuse(struct vsm_effects *fx, enum vsm_reason reason, const char *detail) {
  fx->result = VSM_REJECTED;
  fx->reason = reason;
  vsm_text_format(fx->detail, sizeof fx->detail, "%s", detail ? detail : "");
}

static int refuse_whole(struct vsm_core *core, const struct vsm_event *e, uint32_t row, struct vsm_effects *fx,
                        enum vsm_reason reason, const char *detail) {
  refuse(fx, reason, detail);
  vsm_ledger_rejected(core->ledger, e->source, e->type, reason, vsm_str_of(fx->detail));
  vsm_ledger_count(core->ledger, row, VSM_REJECTED);
  return 0;
}

// The event's time by our clocks, in *us.
static enum vsm_reason check_time(const struct vsm_core *core, const struct vsm_event *e, int64_t offset_us,
                                  int64_t *us, const char **detail) {
  const struct vsm_model *m = core->model;
  bool event_clock = m->clock == VSM_CLOCK_EVENT;
  if (e->time_ns == 0 && event_clock) {
    *detail = "with the event clock every event needs a time";
    return VSM_R_NO_TIME;
  }
  *us = e->time_ns == 0 ? e->received.us : (int64_t)(e->time_ns / 1000) - offset_us;
  if (*us < 0 || *us >= VSM_TIME_MAX) {
    *detail = "times lie from 1970 to 2100";
    return VSM_R_TIME_OUT_OF_RANGE;
  }
  int64_t ahead = event_clock ? m->max_step_us : m->max_future_skew_us;
  if (core->has_now && *us - core->now.us > ahead) {
    *detail = event_clock ? "further ahead than daemon.max_step allows" : "further ahead than daemon.max_future_skew";
    return VSM_R_TIME_IN_FUTURE;
  }
  return VSM_R_NONE;
}

// --- claims

struct found {
  size_t claims, matched, ignores;
  enum vsm_reason reason; // the first of those for which rules rejected it
  char detail[sizeof((struct vsm_effects *)0)->detail];
};

static void note_rejection(struct found *f, enum vsm_reason reason, const char *detail) {
  if (f->reason != VSM_R_NONE && f->reason <= reason)
    return;
  f->reason = reason;
  vsm_text_format(f->detail, sizeof f->detail, "%s", detail);
}

static unsigned place_of(const struct vsm_stream_state *s, const struct vsm_rule *rule) {
  return rule->stage < 0 ? VSM_PLACE_ITEM : s->graph->place_of[rule->stage];
}

static bool item_is_full(const struct vsm_stream_state *s, const struct vsm_claim *c, int64_t us) {
  if (c->item == (uint32_t)VSM_ITEM_NONE || c->rule->lifecycle > VSM_WITHDRAW)
    return false;
  const struct vsm_item *it = vsm_items_at(&s->items, c->item);
  if (it->n < VSM_TRANSITIONS_MAX)
    return false;
  bool known;
  vsm_item_seek(it, vsm_pack(us, place_of(s, c->rule), c->rule->lifecycle), &known);
  return !known;
}

static void find_item(const struct vsm_core *core, struct vsm_claim *c) {
  c->item = vsm_items_find(&core->streams[c->rule->stream].items, c->key, c->hash);
}

static void claim(struct vsm_core *core, const struct vsm_event *e, const struct vsm_rule *rule, uint32_t origin,
                  int64_t us, struct found *f) {
  char name[128], text[sizeof f->detail], key_bytes[VSM_KEY_MAX];
  const struct vsm_field *missing = NULL;
  struct vsm_claim *c = &core->claims[f->claims];
  *c = (struct vsm_claim){.rule = rule, .origin = origin};
  enum vsm_reason reason = vsm_rule_key(&rule->item, e, key_bytes, &c->key, &missing);
  if (reason == VSM_R_NONE) {
    c->key.p = vsm_arena_strndup(&core->text, key_bytes, c->key.n);
    c->hash = vsm_hash(c->key, 0);
    find_item(core, c);
    if (!item_is_full(&core->streams[rule->stream], c, us)) {
      f->claims++;
      return;
    }
    reason = VSM_R_LIMIT;
    vsm_text_format(text, sizeof text, "an item has at most %d transitions", VSM_TRANSITIONS_MAX);
  } else if (reason == VSM_R_KEY_TOO_LONG) {
    vsm_text_format(text, sizeof text, "an item key has at most %d bytes (rule %s)", VSM_KEY_MAX, rule->where);
  } else {
    vsm_text_format(text, sizeof text, "%s (rule %s)", missing ? vsm_field_print(missing, name, sizeof name) : "item",
                    rule->where);
  }
  note_rejection(f, reason, text);
}

static void find_claims(struct vsm_core *core, const struct vsm_event *e, const struct vsm_kind *kind, int64_t us,
                        struct found *f) {
  *f = (struct found){0};
  vsm_arena_reset(&core->text);
  while (core->cap_claims < kind->n)
    core->claims = vsm_mem_grow(core->claims, core->cap_claims, &core->cap_claims, sizeof *core->claims);
  for (unsigned i = 0; i < kind->n; i++) {
    const struct vsm_rule *rule = &core->model->rules[kind->rules[i]];
    if (!vsm_rule_holds(rule, e))
      continue;
    f->matched++;
    if (rule->ignore)
      f->ignores++;
    else
      claim(core, e, rule, kind->origins[i], us, f);
  }
}

// --- applying

struct application {
  struct vsm_core *core;
  const struct vsm_event *event;
  const struct vsm_claim *claim;
  struct vsm_stream_state *stream;
  uint32_t id;
  unsigned key_place;
  long added;  // place of the new transition in the log; -1: none
  bool folded; // core->before holds the item's story as it was
  bool news;   // something was new
};

static struct vsm_item *item_of(const struct application *a) {
  return vsm_items_at(&a->stream->items, a->id);
}

// The item's story as it was before this application, in core->before; where a transition was added, its story with it
// in core->after.
static void remember(struct application *a) {
  if (!a->folded && a->added >= 0)
    vsm_stream_fold_both(a->stream, item_of(a), (size_t)a->added, &a->core->before, &a->core->after);
  else if (!a->folded)
    vsm_stream_fold(a->stream, item_of(a), &a->core->before);
  a->folded = true;
}

static void open_item(struct application *a) {
  const struct vsm_claim *c = a->claim;
  a->id = c->item;
  if (a->id == (uint32_t)VSM_ITEM_NONE) {
    a->id = vsm_items_add(&a->stream->items, c->key, c->hash);
    a->news = true;
    vsm_story_clear(&a->core->before);
    a->folded = true;
  }
  a->key_place = vsm_items_key_place(&a->stream->items, item_of(a), c->key);
}

static void note_hold(struct application *a, uint64_t transition) {
  char reason[VSM_KEY_MAX];
  const struct vsm_rule *r = a->claim->rule;
  long n = vsm_template_expand(&r->reason, a->event, reason, sizeof reason, NULL);
  struct vsm_str parts[] = {{reason, n > 0 ? (size_t)n : 0}, vsm_str_of(vsm_party_name(r->party))};
  vsm_items_note_hold(&a->stream->items, item_of(a),
                      (struct vsm_hold){transition, vsm_intern(&a->core->words, parts, 2)});
}

static void add_transition(struct application *a, int64_t us) {
  const struct vsm_rule *r = a->claim->rule;
  struct vsm_item *it = item_of(a);
  uint8_t who = (uint8_t)(a->key_place | (r->creates ? VSM_WHO_CREATES : 0));
  uint64_t t = vsm_pack(us, place_of(a->stream, r), r->lifecycle);
  bool known;
  size_t at = vsm_item_seek(it, t, &known);
  if (!known) {
    vsm_item_insert(it, at, t, a->claim->origin, who);
    a->added = (long)at;
    a->news = true;
  } else {
    if ((who & VSM_WHO_CREATES) && !(vsm_item_who(it)[at] & VSM_WHO_CREATES)) {
      remember(a);
      a->news = true;
    }
    vsm_items_said_again(&a->stream->items, it, at, a->claim->origin, who);
  }
  if (r->lifecycle == VSM_SUSPEND)
    note_hold(a, t);
}

static void add_progress(struct application *a, int64_t us) {
  struct vsm_progress p = {us, a->claim->origin, (uint8_t)place_of(a->stream, a->claim->rule), (uint8_t)a->key_place};
  if (vsm_items_note_progress(&a->stream->items, item_of(a), p))
    a->news = true;
}

static void refuse_link(struct application *a, struct vsm_str link, const char *why) {
  char text[200];
  vsm_text_format(text, sizeof text, "%.*s and %.*s: %s", (int)(a->claim->key.n < 60 ? a->claim->key.n : 60),
                  a->claim->key.p, (int)(link.n < 60 ? link.n : 60), link.p, why);
  vsm_ledger_rejected(a->core->ledger, a->event->source, a->event->type, VSM_R_LINK_REFUSED, vsm_str_of(text));
}

static void join(struct application *a, struct vsm_str link) {
  struct vsm_items *items = &a->stream->items;
  uint32_t hash = vsm_hash(link, 0), other = vsm_items_find(items, link, hash);
  if (other == a->id)
    return;
  if (other == (uint32_t)VSM_ITEM_NONE) {
    if (item_of(a)->n_keys == VSM_LINKS_MAX) {
      refuse_link(a, link, "an item has at most 32 keys");
      return;
    }
    vsm_items_add_key(items, a->id, link, hash);
    a->news = true;
    return;
  }
  remember(a);
  vsm_stream_fold(a->stream, vsm_items_at(items, other), &a->core->other);
  if (vsm_items_unite(items, a->id, other) != 0) {
    refuse_link(a, link, "together they have more than 32 keys or 4096 transitions");
    return;
  }
  a->news = true;
  vsm_story_clear(&a->core->after);
  vsm_stream_replace(a->stream, other, &a->core->other, &a->core->after);
}

static void add_links(struct application *a) {
  const struct vsm_rule *r = a->claim->rule;
  char buf[VSM_KEY_MAX];
  struct vsm_str link;
  for (unsigned i = 0; i < r->n_links; i++) {
    enum vsm_reason reason = vsm_rule_key(&r->links[i], a->event, buf, &link, NULL);
    if (reason == VSM_R_NONE)
      join(a, link);
    else if (reason == VSM_R_KEY_TOO_LONG)
      refuse_link(a, (struct vsm_str){buf, 60}, "a key has at most 256 bytes");
  }
}

static void tell(struct application *a, int64_t us, struct vsm_effects *fx) {
  size_t cap = fx->cap_changes;
  fx->changes = vsm_mem_grow(fx->changes, fx->n_changes, &cap, sizeof *fx->changes);
  fx->cap_changes = (unsigned)cap;
  fx->changes[fx->n_changes++] =
      (struct vsm_change){.stream = (unsigned)a->claim->rule->stream,
                          .stage = a->claim->rule->stage,
                          .lifecycle = a->claim->rule->lifecycle,
                          .time = {us},
                          .item = vsm_items_shown(&a->stream->items, item_of(a), a->stream->graph)};
}

// True where something was new.
static bool apply(struct vsm_core *core, const struct vsm_event *e, const struct vsm_claim *c, int64_t us,
                  struct vsm_effects *fx) {
  struct application a = {.core = core, .event = e, .claim = c, .stream = &core->streams[c->rule->stream], .added = -1};
  open_item(&a);
  if (c->rule->lifecycle <= VSM_WITHDRAW)
    add_transition(&a, us);
  else if (c->rule->lifecycle == VSM_PROGRESS)
    add_progress(&a, us);
  bool moved = a.news;
  add_links(&a);
  if (a.folded)
    vsm_stream_fold(a.stream, item_of(&a), &core->after);
  else if (a.added >= 0)
    remember(&a); // and the story as it is
  if (a.folded)
    vsm_stream_replace(a.stream, a.id, &core->before, &core->after);
  if (moved && c->rule->lifecycle != VSM_NO_LIFECYCLE)
    tell(&a, us, fx);
  return a.news;
}

// --- one event

static enum vsm_result settle(const struct found *f, struct vsm_effects *fx) {
  if (f->matched == 0)
    return VSM_UNMAPPED;
  if (f->claims == 0 && f->reason != VSM_R_NONE && f->ignores == 0) {
    refuse(fx, f->reason, f->detail);
    return VSM_REJECTED;
  }
  return f->claims == 0 ? VSM_IGNORED : VSM_DUPLICATE; // until something turns out to be new
}

int vsm_core_step(struct vsm_core *core, const struct vsm_event *e, struct vsm_effects *fx) {
  fx->n_changes = 0;
  fx->reason = VSM_R_NONE;
  fx->detail[0] = '\0';
  if (e->refused != VSM_R_NONE)
    return refuse_whole(core, e, vsm_ledger_source(core->ledger, e->source), fx, e->refused, e->refused_detail);
  const struct vsm_kind *kind = vsm_matcher_kind(core->matcher, e);
  if (!kind)
    return VSM_ENOMEM;
  int64_t us = 0;
  const char *detail = NULL;
  enum vsm_reason reason = check_time(core, e, kind->offset_us, &us, &detail);
  vsm_ledger_sequence(core->ledger, kind->source_row, e->epoch, e->sequence);
  vsm_ledger_heard(core->ledger, kind->source_row, e->received,
                   e->time_ns && reason == VSM_R_NONE && us <= e->received.us ? e->received.us - us : -1);
  if (reason != VSM_R_NONE)
    return refuse_whole(core, e, kind->source_row, fx, reason, detail);
  struct found f;
  find_claims(core, e, kind, us, &f);
  fx->result = settle(&f, fx);
  if (fx->result != VSM_REJECTED && core->model->clock == VSM_CLOCK_EVENT)
    pass_time(core, (struct vsm_time){us});
  if (f.reason != VSM_R_NONE) // listed also where other rules took the event
    vsm_ledger_rejected(core->ledger, e->source, e->type, f.reason, vsm_str_of(f.detail));
  if (fx->result == VSM_UNMAPPED)
    vsm_ledger_unmapped(core->ledger, e->source, e->type, e->received);
  for (size_t i = 0; i < f.claims; i++) {
    if (i > 0) // the claims before may have made or joined items
      find_item(core, &core->claims[i]);
    if (apply(core, e, &core->claims[i], us, fx))
      fx->result = VSM_APPLIED;
  }
  vsm_ledger_count(core->ledger, kind->source_row, fx->result);
  return 0;
}

int vsm_core_alive(struct vsm_core *core, struct vsm_str source, struct vsm_time received) {
  vsm_ledger_heard(core->ledger, vsm_ledger_source(core->ledger, source), received, -1);
  return 0;
}

void vsm_core_refuse_frame(struct vsm_core *core, struct vsm_str source, enum vsm_reason reason, uint64_t events) {
  vsm_ledger_frames(core->ledger, source, reason, events);
}
