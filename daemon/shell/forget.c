// Two readings. The first finds the orders, each with all keys of its item, and the rebuilds before them. The second
// maps every batch before an order as it counted then: by the last rebuild between the two, else as when it came. It
// leaves out the events that name the item, or that have one of its keys for a subject, an id or a value, though no
// rule took them. The orders themselves come last: as long as they stand there the journal is not done with.
//
// What came before the first configuration that is kept was mapped by one that is not known any more, unless none came
// since. Of that all goes that has a key: no start reads it, as checkpoints cover it.
#include "shell/forget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/kept.h"
#include "core/view.h"
#include "shell/log.h"
#include "store/checkpoint.h"
#include "store/forgetting.h"
#include "store/history.h"
#include "store/rewrite.h"
#include "wire/batch.h"
#include "wire/request.h"

// All before it is mapped by the configuration that was in force there.
struct rebuild {
  uint64_t position;
  struct vsm_config *config;
};

struct order {
  uint64_t position;
  size_t n_rebuilds;                  // that came before it
  char stream[VSM_ID_MAX + 1];        // empty: all
  struct vsm_str keys[VSM_LINKS_MAX]; // in the arena of the search
  unsigned n_keys;
};

struct search {
  const char *directory;
  struct vsm_arena arena, scratch; // of the search; of a record
  struct order *orders;
  size_t n_orders, cap_orders;
  struct rebuild *rebuilds;
  size_t n_rebuilds, cap_rebuilds;
  uint64_t covered, newest;  // by the older checkpoint; by the newer one
  bool waits;                // there are orders behind the older one
  struct vsm_config *config; // by which batches are mapped when they come
  bool guessed;              // of these it is not known
  char *kept;                // the last that the first reading came by; NULL: none
  size_t kept_bytes;
  struct vsm_rewrite_writer *out;
};

typedef int read_fn(struct search *s, uint64_t position, const struct vsm_record *r);
struct reading {
  struct search *s;
  read_fn *fn;
};

static int on_record(void *ctx, uint64_t position, const struct vsm_record *record) {
  struct reading *r = ctx;
  vsm_arena_reset(&r->s->scratch);
  return r->fn(r->s, position, record);
}

// What is damaged cannot be read by anybody else either.
static int read_on(struct vsm_journal_reader *reader, vsm_journal_record_fn *fn, void *ctx) {
  struct vsm_journal_damage damage;
  int result = 1;
  while (result == 1 || result == VSM_EFORMAT)
    result = vsm_journal_read(reader, fn, ctx, &damage);
  return result;
}

static int read_all(struct search *s, read_fn *fn) {
  struct vsm_journal_reader *reader;
  struct vsm_journal_why why;
  int result = vsm_journal_reader_open(s->directory, 1, &reader, &why);
  if (result)
    return result;
  result = read_on(reader, on_record, &(struct reading){s, fn});
  vsm_journal_reader_close(reader);
  return result;
}

// --- configurations

static int parse(struct vsm_str kept, struct vsm_config **config) {
  struct vsm_conf_report report;
  int err = vsm_config_parse_kept(kept, config, &report);
  vsm_conf_report_fini(&report);
  return err;
}

static int take_configuration(struct search *s, struct vsm_str kept) {
  struct vsm_config *config;
  int err = parse(kept, &config);
  if (err)
    return err;
  vsm_config_destroy(s->config);
  s->config = config;
  s->guessed = false;
  return 0;
}

// Before the first one another was in force, of which it tells most. Where it comes behind the newer checkpoint the one
// that is in force there is known.
static int note_configuration(struct search *s, uint64_t position, struct vsm_str kept) {
  bool first = !s->kept && position <= s->newest;
  int err = first ? take_configuration(s, kept) : 0;
  s->guessed = s->guessed || first;
  free(s->kept);
  s->kept = malloc(kept.n + 1);
  s->kept_bytes = kept.n;
  if (err || !s->kept)
    return err ? err : VSM_ENOMEM;
  memcpy(s->kept, kept.p, kept.n);
  return 0;
}

// One before the first configuration changed nothing: what came before it was mapped by the same one.
static int note_rebuild(struct search *s, uint64_t position) {
  struct rebuild r = {.position = position};
  if (!s->kept)
    return 0;
  int err = parse((struct vsm_str){s->kept, s->kept_bytes}, &r.config);
  if (err)
    return err;
  bool needed = s->n_orders > 0 && s->orders[s->n_orders - 1].n_rebuilds == s->n_rebuilds;
  if (s->n_rebuilds > 0 && !needed)
    vsm_config_destroy(s->rebuilds[--s->n_rebuilds].config);
  s->rebuilds = vsm_mem_grow(s->rebuilds, s->n_rebuilds, &s->cap_rebuilds, sizeof *s->rebuilds);
  s->rebuilds[s->n_rebuilds++] = r;
  return 0;
}

// By which a batch counted at the time of an order that came later.
static const struct vsm_config *configuration_at(const struct search *s, const struct order *o, uint64_t position) {
  const struct rebuild *last = o->n_rebuilds > 0 ? &s->rebuilds[o->n_rebuilds - 1] : NULL;
  return last && last->position > position ? last->config : s->config;
}

// --- the orders

static bool is_order(const struct vsm_record *r, struct vsm_request *request) {
  return r->kind == VSM_RECORD_CONTROL && vsm_wire_decode_request(r->payload, request) == 0 &&
         request->kind == VSM_ASK_FORGET && request->n_keys > 0;
}

static bool is_rebuild(const struct vsm_record *r, struct vsm_request *request) {
  return r->kind == VSM_RECORD_CONTROL && vsm_wire_decode_request(r->payload, request) == 0 &&
         request->kind == VSM_ASK_REBUILD;
}

static int note_order(struct search *s, uint64_t position, const struct vsm_request *request) {
  if (position > s->covered) {
    s->waits = true;
    return 0;
  }
  s->orders = vsm_mem_grow(s->orders, s->n_orders, &s->cap_orders, sizeof *s->orders);
  struct order *o = &s->orders[s->n_orders++];
  *o = (struct order){.position = position, .n_rebuilds = s->n_rebuilds, .n_keys = request->n_keys};
  snprintf(o->stream, sizeof o->stream, "%.*s", (int)request->stream.n, request->stream.p);
  for (unsigned i = 0; i < o->n_keys; i++) {
    struct vsm_str key = request->keys[i];
    o->keys[i] = (struct vsm_str){vsm_arena_strndup(&s->arena, key.p, key.n), key.n};
    if (!o->keys[i].p)
      return VSM_ENOMEM;
  }
  return 0;
}

static int note_record(struct search *s, uint64_t position, const struct vsm_record *r) {
  struct vsm_request request;
  if (r->kind == VSM_RECORD_CONFIGURATION)
    return note_configuration(s, position, r->payload);
  if (is_order(r, &request))
    return note_order(s, position, &request);
  return is_rebuild(r, &request) ? note_rebuild(s, position) : 0;
}

struct telling {
  uint64_t through;
  vsm_forget_order_fn *fn;
  void *ctx;
};

static int tell_order(void *ctx, uint64_t position, const struct vsm_record *r) {
  const struct telling *t = ctx;
  struct vsm_request request;
  if (position > t->through || !is_order(r, &request))
    return 0;
  int err = 0;
  for (unsigned i = 0; i < request.n_keys && !err; i++)
    err = t->fn(t->ctx, request.stream, request.keys[i]);
  return err;
}

int vsm_forget_orders(const char *directory, uint64_t from, uint64_t through, vsm_forget_order_fn *fn, void *ctx) {
  struct vsm_journal_reader *reader;
  struct vsm_journal_why why;
  int result = vsm_journal_reader_open(directory, from, &reader, &why);
  if (result)
    return result;
  uint64_t first = vsm_journal_reader_first(reader);
  result = first == 0 || first > from ? VSM_ENOENT : read_on(reader, tell_order, &(struct telling){through, fn, ctx});
  vsm_journal_reader_close(reader);
  return result;
}

// --- what they are about

static bool is_key(const struct order *o, struct vsm_str text) {
  for (unsigned i = 0; i < o->n_keys; i++)
    if (vsm_str_eq(o->keys[i], text))
      return true;
  return false;
}

// Whether it is one of the keys, also without what a rule sets before it: 4711 of so:4711.
static bool is_in_key(const struct order *o, struct vsm_str text) {
  for (unsigned i = 0; i < o->n_keys; i++) {
    struct vsm_str key = o->keys[i];
    bool ends = text.n > 0 && key.n > text.n && memcmp(key.p + key.n - text.n, text.p, text.n) == 0;
    if (vsm_str_eq(key, text) || (ends && key.p[key.n - text.n - 1] == ':'))
      return true;
  }
  return false;
}

static bool has_key(const struct order *o, const struct vsm_event *e) {
  bool has = is_in_key(o, e->subject) || is_in_key(o, e->id);
  for (uint32_t i = 0; i < e->n_attrs && !has; i++)
    has = is_in_key(o, e->attrs[i].value);
  return has;
}

static bool names_item(const struct vsm_config *config, const struct order *o, const struct vsm_match *m) {
  bool names = is_key(o, m->item);
  if (m->rule->stream < 0 || (*o->stream && strcmp(config->model.streams[m->rule->stream].id, o->stream) != 0))
    return false;
  for (unsigned i = 0; i < m->n_links && !names; i++)
    names = is_key(o, m->links[i]);
  return names;
}

// An event under a configuration.
struct mapped {
  const struct vsm_config *by;
  struct vsm_match *matches;
  long n;
  bool counts; // for some item
};

static int map(struct search *s, const struct vsm_config *by, const struct vsm_event *e, struct mapped *m) {
  *m = (struct mapped){.by = by};
  if (e->refused == VSM_R_NONE && by)
    m->n = vsm_match_event(&by->model, e, &s->scratch, &m->matches);
  for (long k = 0; k < m->n && !m->counts; k++)
    m->counts = m->matches[k].rule->stream >= 0 && m->matches[k].reason == VSM_R_NONE;
  return m->n < 0 ? VSM_ENOMEM : 0;
}

static bool concerns(const struct search *s, const struct order *o, const struct vsm_event *e, const struct mapped *m) {
  bool known = m->counts && !(s->guessed && m->by == s->config);
  bool concerns = !known && has_key(o, e);
  for (long k = 0; k < m->n && !concerns; k++)
    concerns = names_item(m->by, o, &m->matches[k]);
  return concerns;
}

static int is_about(struct search *s, uint64_t position, const struct vsm_event *e, bool *is) {
  struct mapped m = {0};
  int err = 0;
  for (size_t i = 0; i < s->n_orders && !*is && !err; i++) {
    const struct order *o = &s->orders[i];
    if (position > o->position) // of another item that has the key now
      continue;
    const struct vsm_config *by = configuration_at(s, o, position);
    if (!m.by || m.by != by)
      err = map(s, by, e, &m);
    *is = !err && concerns(s, o, e, &m);
  }
  return err;
}

static int search_batch(struct search *s, uint64_t position, const struct vsm_record *r) {
  struct vsm_batch batch;
  int err = vsm_wire_decode_batch(r->payload, r->received, &s->scratch, &batch);
  bool *drop = err ? NULL : vsm_arena_zalloc(&s->scratch, (batch.n_events + 1) * sizeof *drop), any = false;
  unsigned char *out = err ? NULL : vsm_arena_alloc(&s->scratch, r->payload.n + 1);
  if (err || !drop || !out)
    return err ? err : VSM_ENOMEM;
  for (size_t i = 0; i < batch.n_events; i++) {
    if ((err = is_about(s, position, &batch.events[i], &drop[i])) != 0)
      return err;
    any = any || drop[i];
  }
  if (!any)
    return 0;
  return vsm_rewrite_put(s->out, position, false,
                         (struct vsm_str){(const char *)out, vsm_wire_without(r->payload, drop, out)});
}

// An order to withdraw or to silence it goes as well.
static int search_order(struct search *s, uint64_t position, const struct vsm_record *r) {
  static const struct vsm_str empty_withdraw = {"\x72\x00", 2};
  struct vsm_request request;
  if (vsm_wire_decode_request(r->payload, &request) != 0 ||
      (request.kind != VSM_ASK_WITHDRAW && request.kind != VSM_ASK_SILENCE))
    return 0;
  for (size_t i = 0; i < s->n_orders; i++)
    if (position < s->orders[i].position && is_key(&s->orders[i], request.key))
      return vsm_rewrite_put(s->out, position, false, empty_withdraw);
  return 0;
}

static int search_record(struct search *s, uint64_t position, const struct vsm_record *r) {
  switch (r->kind) {
  case VSM_RECORD_CONFIGURATION:
    return take_configuration(s, r->payload);
  case VSM_RECORD_BATCH:
    return search_batch(s, position, r);
  case VSM_RECORD_CONTROL:
    return search_order(s, position, r);
  case VSM_RECORD_START:
  case VSM_RECORD_LOOKED:
  case VSM_RECORD_ROOM:
    break;
  }
  return 0;
}

static int write_all(struct search *s) {
  int err = s->n_orders > 0 ? read_all(s, search_record) : 0;
  for (size_t i = 0; i < s->n_orders && !err; i++)
    err = vsm_rewrite_put(s->out, s->orders[i].position, true, vsm_wire_forgotten);
  return err;
}

// --- all of it

// Nothing is left to be found: the last thing that is done.
static int scrub(const char *directory) {
  struct vsm_journal_why why;
  int err = vsm_history_scrub(directory, &why);
  if (err)
    vsm_log("history_failed", "why=\"%s\"", why.text);
  return err;
}

static int search(struct search *s) {
  uint64_t positions[VSM_CHECKPOINTS_KEPT];
  int n = vsm_checkpoints_list(s->directory, positions, VSM_CHECKPOINTS_KEPT);
  if (n < VSM_CHECKPOINTS_KEPT)
    return n < 0 ? n : 0;
  s->covered = positions[VSM_CHECKPOINTS_KEPT - 1];
  s->newest = positions[0];
  int err = read_all(s, note_record);
  if (err || (s->n_orders == 0 && s->waits))
    return err;
  if (s->n_orders == 0 && (err = scrub(s->directory)) != 0)
    return err;
  err = vsm_rewrite_create(s->directory, &s->out);
  if (err)
    return err;
  err = write_all(s);
  if (!err)
    return vsm_rewrite_finish(s->out);
  vsm_rewrite_abandon(s->out);
  return err;
}

int vsm_forget_look(const char *directory, struct vsm_str kept) {
  if (!vsm_forgetting_is_marked(directory) || vsm_rewrite_exists(directory))
    return 0;
  struct search s = {.directory = directory};
  vsm_arena_init(&s.arena, 0);
  vsm_arena_init(&s.scratch, 0);
  int err = kept.n ? take_configuration(&s, kept) : 0;
  if (!err)
    err = search(&s);
  if (err)
    vsm_log("forget_failed", "why=\"%s\"", vsm_err_text(err));
  vsm_config_destroy(s.config);
  for (size_t i = 0; i < s.n_rebuilds; i++)
    vsm_config_destroy(s.rebuilds[i].config);
  free(s.rebuilds);
  free(s.kept);
  free(s.orders);
  vsm_arena_fini(&s.arena);
  vsm_arena_fini(&s.scratch);
  return err;
}
