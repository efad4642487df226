#include "shell/control.h"

#include "base/err.h"
#include "core/alert.h"

const char *vsm_no_such_item(const struct vsm_model *m, int err, struct vsm_str key, uint64_t streams,
                             struct vsm_arena *arena) {
  const char *names = "";
  if (err == VSM_ENOENT)
    return vsm_arena_printf(arena, "no item has the key \"%.*s\"", (int)(key.n < 256 ? key.n : 256),
                            key.n ? key.p : "");
  if (err != VSM_EAMBIGUOUS)
    return NULL;
  for (unsigned i = 0; names && i < m->n_streams && i < 64; i++)
    if (streams >> i & 1)
      names = vsm_arena_printf(arena, "%s%s%s", names, *names ? ", " : "", m->streams[i].id);
  return vsm_arena_printf(arena, "several value streams know this key: %s; say which", names ? names : "");
}

static int withdraw(struct vsm_core *core, const struct vsm_model *model, const struct vsm_request *r, int stream,
                    struct vsm_effects *fx, struct vsm_arena *arena, const char **why) {
  uint64_t streams = 0;
  int err = vsm_core_withdraw(core, stream, r->key, fx, &streams);
  if (err == VSM_EINVAL)
    *why = "the item is not in progress: it has finished or was withdrawn";
  else if (err == VSM_ELIMIT)
    *why = "the item has 4096 transitions, the most that one can have";
  else
    *why = vsm_no_such_item(model, err, r->key, streams, arena);
  return err;
}

// Of a record that was itself forgotten nothing is left to do.
static int forget(struct vsm_core *core, const struct vsm_model *model, const struct vsm_request *r, int stream,
                  struct vsm_effects *fx, struct vsm_arena *arena, struct vsm_str *record, const char **why) {
  struct vsm_str key = r->key.n > 0 || r->n_keys == 0 ? r->key : r->keys[0];
  const struct vsm_str *keys;
  unsigned n, at;
  uint64_t streams = 0;
  if (key.n == 0)
    return 0;
  int err = vsm_core_forget(core, stream, key, arena, fx, &keys, &n, &at, &streams);
  if (err == VSM_ENOENT && r->sealed) {
    vsm_core_forget_key(core, stream, key);
    return vsm_wire_forget(r->stream, &key, 1, true, arena, record);
  }
  *why = vsm_no_such_item(model, err, key, streams, arena);
  if (err == VSM_ENOENT && *why)
    *why = vsm_arena_printf(arena, "%s; what is kept of one that is sealed is forgotten with --sealed", *why);
  return err ? err : vsm_wire_forget(vsm_str_of(model->streams[at].id), keys, n, false, arena, record);
}

int vsm_find_alert_kind(struct vsm_str name, struct vsm_arena *arena, const char **why) {
  const char *known = "";
  if (name.n == 0)
    return -1;
  for (int k = 0; k < VSM_ALERT_KINDS; k++) {
    const char *is = vsm_alert_kind_name((enum vsm_alert_kind)k);
    if (vsm_str_eq(name, vsm_str_of(is)))
      return k;
    if (known)
      known = vsm_arena_printf(arena, "%s%s%s", known, k ? ", " : "", is);
  }
  *why = vsm_arena_printf(arena, "no kind of alerts \"%.*s\"; known: %s", (int)(name.n < 100 ? name.n : 100), name.p,
                          known ? known : "");
  return VSM_ENOENT;
}

static int end_silence(struct vsm_core *core, uint64_t id, struct vsm_arena *arena, const char **why) {
  int err = vsm_core_end_silence(core, id);
  if (err == VSM_ENOENT)
    *why = vsm_arena_printf(arena, "no silence %llu is in force; vsm silence --list shows those that are",
                            (unsigned long long)id);
  return err;
}

static int silence(struct vsm_core *core, const struct vsm_request *r, struct vsm_arena *arena, uint64_t *id,
                   const char **why) {
  if (r->end > 0)
    return end_silence(core, r->end, arena, why);
  int kind = vsm_find_alert_kind(r->alert_kind, arena, why);
  if (kind == VSM_ENOENT)
    return kind;
  struct vsm_time until = {(int64_t)(r->until_ns / 1000)};
  struct vsm_silence_view view = {.kind = kind,
                                  .stream = r->stream,
                                  .stage = r->stage,
                                  .source = r->source,
                                  .item = r->key,
                                  .mark = {r->author, r->why, vsm_core_now(core), until}};
  int err = vsm_core_silence(core, &view, id);
  if (err == VSM_EINVAL)
    *why = "a silence names at least one of kind, stream, stage, source and item, a stage with its stream, and ends "
           "later than now";
  else if (err == VSM_ELIMIT)
    *why = vsm_arena_printf(arena, "%d silences are in force, the most that can be; vsm silence --list shows them",
                            VSM_SILENCES_MAX);
  return err;
}

static int acknowledge(struct vsm_core *core, const struct vsm_request *r, struct vsm_arena *arena, const char **why) {
  int err = vsm_core_acknowledge(core, r->key, r->author, r->why, r->lost != 0);
  if (err == VSM_ENOENT)
    *why = vsm_arena_printf(arena, "no alert \"%.*s\" is pending or fires; vsm alerts shows those that do",
                            (int)(r->key.n < 300 ? r->key.n : 300), r->key.n ? r->key.p : "");
  else if (err == VSM_EINVAL)
    *why = "only what a source_gap misses can be given up as lost";
  return err;
}

int vsm_control(struct vsm_core *core, const struct vsm_model *model, const struct vsm_request *r, int stream,
                struct vsm_effects *fx, struct vsm_arena *arena, struct vsm_str *record, uint64_t *id,
                const char **why) {
  *why = NULL;
  *id = 0;
  switch (r->kind) {
  case VSM_ASK_WITHDRAW:
    return withdraw(core, model, r, stream, fx, arena, why);
  case VSM_ASK_FORGET:
    return forget(core, model, r, stream, fx, arena, record, why);
  case VSM_ASK_SILENCE:
    return silence(core, r, arena, id, why);
  case VSM_ASK_ACKNOWLEDGE:
    return acknowledge(core, r, arena, why);
  default:
    *why = "this version does not know such an order";
    return VSM_EFORMAT;
  }
}
