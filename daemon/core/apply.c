// What a claim tells is added to its item's set, between a fold of the item before and a fold after; links unite items.
#include "core/apply.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/when.h"
#include "core/alerts.h"
#include "core/hash.h"
#include "core/horizon.h"
#include "core/guard.h"
#include "core/words.h"

struct application {
  struct vsm_core *core;
  const struct vsm_event *event;
  const struct vsm_claim *claim;
  struct vsm_stream_state *stream;
  uint32_t id;
  unsigned key_place;
  long added;  // place of the new transition in the log; VSM_FOLD_ALL: none
  bool folded; // core->retold holds the item's story as it was
  bool news;   // something was new
};

static struct vsm_item *item_of(const struct application *a) {
  return vsm_items_at(&a->stream->items, a->id);
}

// The item's story as it was before this application, and how alerts saw it.
static void remember(struct application *a) {
  struct vsm_stream_state *s = a->stream;
  if (!a->folded) {
    vsm_stream_fold(s, item_of(a), (size_t)a->added, &a->core->retold.was);
    if (s->guard)
      vsm_guard_look(s, a->id, (size_t)a->added, &a->core->retold.was, &s->guard->before, &s->guard->kept);
  }
  a->folded = true;
}

static void open_item(struct application *a) {
  struct vsm_items *items = &a->stream->items;
  const struct vsm_name *name = a->claim->name;
  uint32_t key = vsm_items_find_key(items, name->key, name->hash);
  if (key == (uint32_t)VSM_ITEM_NONE) {
    a->id = vsm_items_add(items, name->key, name->hash);
    a->news = true;
    vsm_story_clear(&a->core->retold.was);
    a->folded = true;
    if (a->stream->guard)
      vsm_guard_look(a->stream, a->id, (size_t)VSM_FOLD_ALL, &a->core->retold.was, NULL, &a->stream->guard->kept);
    return;
  }
  a->id = vsm_items_key(items, key)->item;
  a->key_place = vsm_item_key_place(item_of(a), key);
}

static uint32_t wait_of(struct application *a) {
  char reason[VSM_KEY_MAX];
  const struct vsm_rule *r = a->claim->rule;
  long n = vsm_template_expand(&r->reason, a->event, reason, sizeof reason, NULL);
  struct vsm_str parts[] = {{reason, n > 0 ? (size_t)n : 0}, vsm_str_of(vsm_party_name(r->party))};
  return vsm_wait_pack(vsm_intern(&a->core->words, parts, 2), r->party);
}

// `known`: the suspension itself was told before, so that its story changes by this alone.
static void note_hold(struct application *a, uint64_t transition, bool known) {
  struct vsm_hold hold = {transition, wait_of(a)};
  if (!vsm_items_takes_hold(&a->stream->items, item_of(a), hold))
    return;
  if (known) {
    remember(a);
    a->news = true;
  }
  vsm_items_note_hold(&a->stream->items, item_of(a), hold);
}

static void add_transition(struct application *a, int64_t us) {
  const struct vsm_rule *r = a->claim->rule;
  struct vsm_item *it = item_of(a);
  uint8_t who = (uint8_t)(a->key_place | (r->creates ? VSM_WHO_CREATES : 0));
  uint64_t t = vsm_pack(us, vsm_rule_place(a->stream, r), r->lifecycle);
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
    note_hold(a, t, known);
}

static int64_t progress_of(const struct vsm_item *it, unsigned place) {
  size_t i = vsm_item_seek_progress(it, place);
  return i < it->n_progress && vsm_item_progress(it)[i].place == place ? vsm_item_progress(it)[i].us : 0;
}

static void add_progress(struct application *a, int64_t us) {
  struct vsm_progress p = {us, a->claim->origin, (uint8_t)vsm_rule_place(a->stream, a->claim->rule),
                           (uint8_t)a->key_place};
  int64_t before = progress_of(item_of(a), p.place);
  if (!vsm_items_note_progress(&a->stream->items, item_of(a), p))
    return;
  a->news = true;
  if (a->stream->guard)
    vsm_guard_tell_progress(a->stream->guard, p.place, before);
}

// Of which kind a value is, and of what.
struct topic {
  enum vsm_value_kind kind;
  uint32_t name; // of a segment
  unsigned place;
};

// Beyond the values that are told apart the item counts under `other`.
static void change_segment(struct application *a, uint32_t name, uint32_t word) {
  remember(a);
  for (unsigned i = 0; i < a->stream->n_attributes; i++) {
    const struct vsm_attribute *at = &a->stream->attributes[i];
    if (at->name == name && !vsm_segment_is_apart(at, word))
      a->core->beyond[VSM_BOUNDED_SEGMENT_VALUES]++;
  }
}

// What has a date is not held against expectations any more.
static void change_date(struct application *a, enum vsm_value_kind kind, unsigned place) {
  struct vsm_stream_state *s = a->stream;
  const struct vsm_expectings *expected = place == VSM_PLACE_ITEM ? &s->expected : &s->stages[place].expected;
  const struct vsm_value *have = vsm_item_value(item_of(a), kind, 0, place);
  if (kind == VSM_VALUE_DUE && !have && expected->n > 0)
    remember(a);
  vsm_guard_tell_date(s->guard, kind, place, have ? vsm_items_date_of(&s->items, have->word) : 0);
}

static bool is_date(struct vsm_str text) {
  char z[VSM_KEY_MAX + 1];
  uint64_t nano;
  memcpy(z, text.p, text.n);
  z[text.n] = '\0';
  return vsm_when_parse(z, &nano) && nano >= 1000; // 0 us is none
}

static __attribute__((noinline)) void note_text(struct application *a, struct vsm_str text, struct topic topic,
                                                int64_t us) {
  const struct vsm_items *items = &a->stream->items;
  struct vsm_value *have = vsm_item_value(item_of(a), topic.kind, topic.name, topic.place);
  if (have && vsm_intern_is(&a->core->words, have->word, text)) { // mostly what it has comes again
    have->us = us > have->us ? us : have->us;
    return;
  }
  if (topic.kind != VSM_VALUE_SEGMENT && !is_date(text))
    return; // left out, like a missing field
  struct vsm_value v = {.us = us,
                        .word = vsm_intern(&a->core->words, &text, 1),
                        .name = topic.name & (VSM_INTERN_MAX - 1),
                        .kind = topic.kind & 3,
                        .place = topic.place & 255};
  if (vsm_items_takes_value(items, have, &v)) {
    if (topic.kind == VSM_VALUE_SEGMENT)
      change_segment(a, v.name, v.word);
    else if (a->stream->guard)
      change_date(a, topic.kind, topic.place);
    a->news = true;
  }
  vsm_items_put_value(items, item_of(a), have, &v);
}

// A template that is more than one field.
static __attribute__((noinline)) void note_expanded(struct application *a, const struct vsm_template *t,
                                                    struct topic topic, int64_t us) {
  char buf[VSM_KEY_MAX];
  long n = vsm_template_expand(t, a->event, buf, VSM_KEY_MAX, NULL);
  if (n > 0)
    note_text(a, (struct vsm_str){buf, (size_t)n}, topic, us);
}

// Most events carry no value.
static void note_value(struct application *a, const struct vsm_template *t, struct topic topic, int64_t us) {
  if (t->n != 1) {
    note_expanded(a, t, topic, us);
    return;
  }
  struct vsm_str whole = vsm_field_value(t->parts, a->event);
  if (whole.n > 0 && whole.n <= VSM_KEY_MAX)
    note_text(a, whole, topic, us);
}

static void add_values(struct application *a, int64_t us) {
  const struct vsm_rule *r = a->claim->rule;
  unsigned place = vsm_rule_place(a->stream, r);
  for (unsigned i = 0; i < a->stream->n_attributes; i++)
    note_value(a, &r->segments[i], (struct topic){VSM_VALUE_SEGMENT, a->stream->attributes[i].name, VSM_PLACE_ITEM},
               us);
  if (r->due.n > 0)
    note_value(a, &r->due, (struct topic){VSM_VALUE_DUE, 0, place}, us);
  if (r->not_before.n > 0)
    note_value(a, &r->not_before, (struct topic){VSM_VALUE_NOT_BEFORE, 0, place}, us);
}

static void refuse_link(struct application *a, struct vsm_str link, const char *why) {
  char text[200];
  struct vsm_str key = a->claim->name->key;
  vsm_text_format(text, sizeof text, "%.*s and %.*s: %s", (int)(key.n < 60 ? key.n : 60), key.p,
                  (int)(link.n < 60 ? link.n : 60), link.p, why);
  vsm_ledger_rejected(a->core->ledger, a->event->source, a->event->type, VSM_R_LINK_REFUSED, vsm_str_of(text));
}

static void join(struct application *a, const struct vsm_name *name) {
  struct vsm_items *items = &a->stream->items;
  struct vsm_str link = name->key;
  uint32_t other = vsm_items_find(items, link, name->hash);
  enum vsm_bounded beyond;
  if (other == a->id)
    return;
  if (other == (uint32_t)VSM_ITEM_NONE) {
    if (item_of(a)->n_keys >= a->core->model->limits.keys) {
      a->core->beyond[VSM_BOUNDED_KEYS]++;
      refuse_link(a, link, "an item has at most as many keys as limits.keys says");
      return;
    }
    if (a->stream->guard && vsm_silence_any_item(a->core)) // it may be one that a silence names
      remember(a);
    vsm_items_add_key(items, a->id, link, name->hash);
    a->news = true;
    return;
  }
  remember(a);
  vsm_stream_fold(a->stream, vsm_items_at(items, other), (size_t)VSM_FOLD_ALL, &a->core->other.was);
  if (a->stream->guard)
    vsm_guard_look(a->stream, other, (size_t)VSM_FOLD_ALL, &a->core->other.was, NULL, &a->stream->guard->other);
  if (!vsm_items_unite(items, a->id, other, &a->core->model->limits, &beyond)) {
    a->core->beyond[beyond]++;
    refuse_link(a, link,
                beyond == VSM_BOUNDED_KEYS ? "together they have more keys than limits.keys says"
                                           : "together they have more transitions than limits.transitions says");
    return;
  }
  a->news = true;
  if (a->stream->guard)
    a->stream->guard->has_other = true;
  vsm_stream_replace(a->stream, other, &a->core->other);
  vsm_alerts_unite(a->core, (unsigned)a->claim->rule->stream, a->id, other);
}

static void add_links(struct application *a) {
  for (unsigned i = 0; i < a->claim->rule->n_links; i++) {
    const struct vsm_name *link = &a->claim->links[i];
    if (link->reason == VSM_R_NONE)
      join(a, link);
    else if (link->reason == VSM_R_KEY_TOO_LONG)
      refuse_link(a, (struct vsm_str){link->key.p, 60}, "a key has at most 256 bytes");
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

// Its story is what it was, but not when it was last moved, or is due.
static void see_again(struct application *a) {
  const struct vsm_guard_before *b = &a->stream->guard->before;
  struct vsm_retold *r = &a->core->retold;
  if (!b->progress && !b->due && !b->not_before)
    return;
  vsm_stream_fold(a->stream, item_of(a), (size_t)VSM_FOLD_ALL, &r->is);
  vsm_story_clear(&r->was);
  r->same_visits = r->same_marks = 0;
  vsm_guard_see_again(a->stream, a->id, r);
}

// Most often a transition was added and nothing else: then both stories are told at once.
static void retell(struct application *a) {
  struct vsm_retold *r = &a->core->retold;
  if (a->folded) {
    vsm_stream_fold(a->stream, item_of(a), (size_t)VSM_FOLD_ALL, &r->is);
    r->same_visits = r->same_marks = 0;
    r->added = (size_t)VSM_FOLD_ALL;
    r->anew = true;
    if (a->stream->guard)
      a->stream->guard->has_kept = true;
  } else if (a->added != VSM_FOLD_ALL) {
    vsm_stream_fold_both(a->stream, item_of(a), (size_t)a->added, r);
    r->anew = false;
  } else {
    if (a->stream->guard)
      see_again(a);
    return;
  }
  vsm_stream_replace(a->stream, a->id, r);
  item_of(a)->open = r->is.open;
  if (!r->is.open)
    a->core->all_open = false;
}

bool vsm_apply(struct vsm_core *core, const struct vsm_event *e, const struct vsm_claim *c, int64_t us,
               struct vsm_effects *fx) {
  struct application a = {
      .core = core, .event = e, .claim = c, .stream = &core->streams[c->rule->stream], .added = VSM_FOLD_ALL};
  if (a.stream->guard)
    a.stream->guard->before = (struct vsm_guard_before){0};
  open_item(&a);
  if (c->rule->lifecycle <= VSM_WITHDRAW)
    add_transition(&a, us);
  else if (c->rule->lifecycle == VSM_PROGRESS)
    add_progress(&a, us);
  bool moved = a.news;
  add_values(&a, us);
  add_links(&a);
  vsm_item_touch(item_of(&a), us);
  retell(&a);
  if (moved && !fx->quiet && c->rule->lifecycle != VSM_NO_LIFECYCLE)
    tell(&a, us, fx);
  return a.news;
}

// As an event would say it that knows no rule.
static void withdraw(struct vsm_core *core, unsigned stream, struct vsm_str key, int64_t us, struct vsm_effects *fx) {
  static const struct vsm_template nothing[VSM_SEGMENTS_MAX];
  struct vsm_event event = {.source = VSM_STR("vsm"), .type = VSM_STR("withdraw")};
  struct vsm_rule rule = {
      .stream = (int)stream, .stage = -1, .lifecycle = VSM_WITHDRAW, .segments = nothing, .where = ""};
  struct vsm_name name = {.key = key, .hash = vsm_hash(key, 0)};
  uint32_t origin = vsm_intern(&core->words, (struct vsm_str[]){event.source, event.type, VSM_STR("")}, 3);
  vsm_apply(core, &event, &(struct vsm_claim){.rule = &rule, .origin = origin, .name = &name}, us, fx);
}

// most: transitions that the item may have before; with VSM_TRANSITIONS_MAX it must not be held for longer.
static int withdraw_item(struct vsm_core *core, unsigned at, uint32_t id, struct vsm_str key, unsigned most,
                         struct vsm_effects *fx) {
  const struct vsm_story *story = &core->retold.is;
  const struct vsm_item *it = vsm_items_at(&core->streams[at].items, id);
  vsm_stream_fold(&core->streams[at], it, (size_t)VSM_FOLD_ALL, &core->retold.is);
  if (!story->open)
    return VSM_EINVAL;
  if (it->n > most)
    return VSM_ELIMIT;
  fx->n_changes = 0;
  withdraw(core, at, key, story->last > core->now.us ? story->last : core->now.us, fx);
  vsm_ranks_settle(&core->ranks);
  vsm_alerts_settle(core, VSM_BY_ORDER);
  return 0;
}

int vsm_core_withdraw(struct vsm_core *core, int stream, struct vsm_str key, struct vsm_effects *fx,
                      uint64_t *streams) {
  unsigned at;
  uint32_t id;
  int err = vsm_core_find_item(core, stream, key, &at, &id, streams);
  return err ? err : withdraw_item(core, at, id, key, VSM_TRANSITIONS_MAX - 1, fx);
}

int vsm_core_forget(struct vsm_core *core, int stream, struct vsm_str key, struct vsm_arena *arena,
                    struct vsm_effects *fx, const struct vsm_str **keys, unsigned *n_keys, unsigned *at,
                    uint64_t *streams) {
  uint32_t id;
  fx->n_changes = 0;
  int err = vsm_core_find_item(core, stream, key, at, &id, streams);
  if (err)
    return err;
  const struct vsm_items *items = &core->streams[*at].items;
  struct vsm_str *all = vsm_arena_alloc(arena, VSM_LINKS_MAX * sizeof *all);
  const struct vsm_item *it = vsm_items_at(items, id);
  *n_keys = it->n_keys;
  *keys = all;
  for (unsigned i = 0; all && i < it->n_keys; i++) {
    struct vsm_str k = vsm_items_key_str(items, vsm_item_key_id(it, i));
    all[i] = (struct vsm_str){vsm_arena_strndup(arena, k.p, k.n), k.n};
    if (!all[i].p)
      return VSM_ENOMEM;
  }
  if (!all)
    return VSM_ENOMEM;
  if (it->open && (err = withdraw_item(core, *at, id, key, VSM_TRANSITIONS_MAX, fx)) != 0)
    return err;
  vsm_silences_forget(core, *at, all, *n_keys);
  vsm_horizon_seal(core, *at, id, false);
  vsm_alerts_settle(core, VSM_BY_ORDER);
  for (unsigned i = 0; i < *n_keys; i++)
    vsm_ledger_forget(core->ledger, all[i]);
  vsm_words_tidy_now(core);
  return 0;
}

bool vsm_core_knows(const struct vsm_core *core, int stream, struct vsm_str key) {
  unsigned at;
  uint32_t id;
  uint64_t streams = 0;
  return vsm_core_find_item(core, stream, key, &at, &id, &streams) != VSM_ENOENT;
}

void vsm_core_forget_key(struct vsm_core *core, int stream, struct vsm_str key) {
  for (unsigned i = 0; i < core->model->n_streams; i++)
    if (stream < 0 || i == (unsigned)stream)
      vsm_silences_forget(core, i, &key, 1);
  vsm_ledger_forget(core->ledger, key);
}
