// What is not allowed must not be in the journal, which is read at each start, when nobody remembers who sent what. So
// the frame is made anew without it, and what is left of the batch is as if only that had been sent.
#include "shell/vet.h"

#include "base/err.h"

static const char *say(const struct vsm_caller *c, struct vsm_str source, struct vsm_arena *arena) {
  if (!vsm_caller_may(c, VSM_EMIT))
    return vsm_arena_printf(arena, "client %s may not emit", c->name);
  return vsm_arena_printf(arena, "client %s may not speak for source %.*s", c->name, (int)source.n, source.p);
}

// An event at fault is refused for that, whoever sends it, where nobody is known as its source.
static bool is_allowed(const struct vsm_caller *c, const struct vsm_event *e) {
  return e->source.n == 0 ? vsm_caller_may(c, VSM_EMIT) : vsm_caller_may_emit(c, e->source);
}

static int take_out(const struct vsm_caller *c, struct vsm_arena *arena, struct vsm_batch *batch, struct vsm_vet *v) {
  bool *dropped = vsm_arena_zalloc(arena, v->n * sizeof *dropped);
  uint32_t *index = vsm_arena_alloc(arena, v->n * sizeof *index);
  if (!dropped || !index)
    return VSM_ENOMEM;
  uint32_t left = 0;
  for (uint32_t i = 0; i < v->n; i++) {
    struct vsm_event *e = &batch->events[i];
    dropped[i] = !is_allowed(c, e);
    if (dropped[i]) {
      if (!v->detail) {
        v->detail = say(c, e->source, arena);
        v->source = e->source;
      }
      continue;
    }
    index[left] = i;
    batch->events[left++] = *e;
  }
  v->dropped = dropped;
  v->index = index;
  v->n_dropped = v->n - left;
  batch->n_events = left;
  return 0;
}

int vsm_vet_batch(const struct vsm_caller *c, struct vsm_arena *arena, struct vsm_batch *batch, struct vsm_str *frame,
                  struct vsm_vet *out) {
  *out = (struct vsm_vet){.n = (uint32_t)batch->n_events, .source = batch->source};
  if (c->anybody)
    return 0;
  if (batch->n_events == 0) {
    out->detail = vsm_caller_may_emit(c, batch->source) ? NULL : say(c, batch->source, arena);
    return 0;
  }
  bool all = true;
  for (size_t i = 0; i < batch->n_events && all; i++)
    all = is_allowed(c, &batch->events[i]);
  int err = all ? 0 : take_out(c, arena, batch, out);
  if (err || out->n_dropped == 0 || vsm_vet_left_nothing(out))
    return err;
  unsigned char *rest = vsm_arena_alloc(arena, frame->n);
  if (!rest)
    return VSM_ENOMEM;
  *frame = (struct vsm_str){(const char *)rest, vsm_wire_without(*frame, out->dropped, rest)};
  return 0;
}

bool vsm_vet_left_nothing(const struct vsm_vet *v) {
  return v->n == 0 ? v->detail != NULL : v->n_dropped == v->n;
}

void vsm_vet_tell(const struct vsm_vet *v, struct vsm_ack *ack, uint32_t *at, uint32_t before) {
  for (; *at < before; ++*at)
    if (v->dropped && v->dropped[*at])
      vsm_ack_reject(ack, *at, VSM_R_NOT_ALLOWED, v->detail);
}
