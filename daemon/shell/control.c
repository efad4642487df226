#include "shell/control.h"

#include "base/err.h"

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
  if (err == VSM_ELIMIT)
    *why = "the item is in progress, and has 4096 transitions, so that it cannot be withdrawn before";
  else
    *why = vsm_no_such_item(model, err, key, streams, arena);
  return err ? err : vsm_wire_forget(vsm_str_of(model->streams[at].id), keys, n, arena, record);
}

int vsm_control(struct vsm_core *core, const struct vsm_model *model, const struct vsm_request *r, int stream,
                struct vsm_effects *fx, struct vsm_arena *arena, struct vsm_str *record, const char **why) {
  *why = NULL;
  switch (r->kind) {
  case VSM_ASK_WITHDRAW:
    return withdraw(core, model, r, stream, fx, arena, why);
  case VSM_ASK_FORGET:
    return forget(core, model, r, stream, fx, arena, record, why);
  default:
    *why = "this version does not know such an order";
    return VSM_EFORMAT;
  }
}
