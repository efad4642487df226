// protobuf-c hands out C strings, and so does not show a NUL in the middle of one: that a text was refused for one is
// not compared, only that none is taken.
#undef NDEBUG
#include "tests/lib/decode_oracle.h"

#include <assert.h>
#include <stdlib.h>

#include "vsm/v1/event.pb-c.h"
#include "vsm/v1/query.pb-c.h"
#include "wire/batch.h"
#include "wire/recover.h"
#include "wire/request.h"

static void same_text(struct vsm_str s, const char *z) {
  assert(vsm_str_eq(s, vsm_str_of(z)));
}

// Written differently on purpose: each character is put together and must be the shortest form of itself.
static bool is_text(const char *z) {
  const uint8_t *p = (const uint8_t *)z;
  while (*p) {
    unsigned more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
    uint32_t c = more == 0 ? *p : more == 1 ? *p & 0x1f : more == 2 ? *p & 0x0f : *p & 0x07;
    if ((*p & 0xc0) == 0x80 || *p >= 0xf8)
      return false;
    for (unsigned i = 1; i <= more; i++, c = c << 6 | (p[i - 1] & 0x3f))
      if ((p[i] & 0xc0) != 0x80)
        return false;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
      return false;
    p += more + 1;
  }
  return true;
}

static bool is_source(const char *z) {
  size_t n = strlen(z);
  return n >= 1 && n <= 128 &&
         strspn(z, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/~%@+#-") == n;
}

static bool all_text(const Vsm__V1__Event *e, const char *source) {
  bool text = is_text(source) && is_text(e->id) && is_text(e->type) && is_text(e->subject);
  for (size_t i = 0; i < e->n_data; i++)
    text = text && is_text(e->data[i]->key) && is_text(e->data[i]->value);
  return text;
}

static void good_event(const struct vsm_event *is, const Vsm__V1__Event *e, const Vsm__V1__EventBatch *b,
                       const char *source) {
  same_text(is->source, source);
  same_text(is->id, e->id);
  same_text(is->type, e->type);
  same_text(is->subject, e->subject);
  assert(is->time_ns == e->time_unix_nano && is->sequence == e->sequence && is->epoch == b->epoch);
  assert(is->n_attrs == e->n_data && is->received.us == 7);
  for (size_t i = 0; i < e->n_data; i++) {
    same_text(is->attrs[i].key, e->data[i]->key);
    same_text(is->attrs[i].value, e->data[i]->value);
  }
  assert(is->refused_detail == NULL);
}

static void same_event(const struct vsm_event *is, const Vsm__V1__Event *e, const Vsm__V1__EventBatch *b, size_t n) {
  const char *source = e->source[0] ? e->source : b->source;
  switch (is->refused) {
  case VSM_R_NONE:
    assert(e->n_data <= 256 && all_text(e, source) && is_source(source) && e->type[0]);
    good_event(is, e, b, source);
    break;
  case VSM_R_EVENT_TOO_LARGE:
    assert(n > VSM_EVENT_BYTES_MAX);
    break;
  case VSM_R_TOO_MANY_ATTRIBUTES:
    assert(e->n_data > 256);
    break;
  case VSM_R_BAD_UTF8: // or a NUL, which protobuf-c does not show
    assert(e->n_data <= 256);
    break;
  case VSM_R_BAD_SOURCE:
    assert(e->n_data <= 256 && all_text(e, source) && !is_source(source));
    break;
  case VSM_R_NO_TYPE:
    assert(e->n_data <= 256 && all_text(e, source) && is_source(source) && !e->type[0]);
    break;
  default:
    abort();
  }
  if (is->refused)
    assert(is->refused_detail && is->n_attrs == 0);
}

static void same_batch(const struct vsm_batch *is, const Vsm__V1__EventBatch *b, size_t n) {
  uint64_t told = b->n_events ? b->n_events : 1;
  if (n > VSM_FRAME_BYTES_MAX)
    assert(is->refused == VSM_R_FRAME_TOO_LARGE && is->refused_events == told);
  else if (b->epoch >> 53)
    assert(is->refused == VSM_R_BAD_FRAME && is->refused_events == told);
  else if (b->n_events > VSM_BATCH_EVENTS_MAX)
    assert(is->refused == VSM_R_BATCH_TOO_LARGE && is->refused_events == told);
  else if (b->n_events == 0 && is->refused)
    assert(is->refused_events == 0 && (is->refused == VSM_R_BAD_UTF8 || !is_source(b->source)));
  else {
    assert(is->refused == VSM_R_NONE && is->n_events == b->n_events && is->epoch == b->epoch);
    if (is->source.n || b->n_events == 0)
      same_text(is->source, b->source);
    for (size_t i = 0; i < b->n_events; i++)
      same_event(&is->events[i], b->events[i], b, n);
  }
}

void decode_oracle_batch(const uint8_t *p, size_t n) {
  struct vsm_arena arena;
  struct vsm_batch is;
  vsm_arena_init(&arena, VSM_BATCH_ARENA_BYTES);
  int err = vsm_wire_decode_batch((struct vsm_str){(const char *)p, n}, (struct vsm_time){7}, &arena, &is);
  assert(err == 0);
  assert((is.refused == VSM_R_NONE) == (is.refused_detail == NULL));
  Vsm__V1__EventBatch *b = vsm__v1__event_batch__unpack(NULL, n, p);
  if (b)
    same_batch(&is, b, n);
  else
    assert(is.refused == (n > VSM_FRAME_BYTES_MAX ? VSM_R_FRAME_TOO_LARGE : VSM_R_BAD_FRAME) && is.refused_events);
  vsm__v1__event_batch__free_unpacked(b, NULL);
  vsm_arena_fini(&arena);
}

static void same_request(const struct vsm_request *is, const Vsm__V1__Request *r) {
  assert((int)is->kind == (int)r->kind_case);
  switch (r->kind_case) {
  case VSM__V1__REQUEST__KIND_SNAPSHOT:
    same_text(is->stream, r->snapshot->stream);
    break;
  case VSM__V1__REQUEST__KIND_ITEMS:
    same_text(is->stream, r->items->stream);
    same_text(is->stage, r->items->stage);
    same_text(is->state, r->items->state);
    same_text(is->cursor, r->items->cursor);
    same_text(is->sort, r->items->sort);
    same_text(is->attribute, r->items->attribute);
    same_text(is->value, r->items->value);
    assert(is->limit >= 1 && is->limit <= 1000);
    assert(is->limit == r->items->limit || r->items->limit == 0 || r->items->limit > 1000);
    break;
  case VSM__V1__REQUEST__KIND_ITEM:
    same_text(is->key, r->item->key);
    same_text(is->stream, r->item->stream);
    break;
  case VSM__V1__REQUEST__KIND_SERIES:
    same_text(is->stream, r->series->stream);
    same_text(is->stage, r->series->stage);
    same_text(is->window, r->series->window);
    assert(is->n_bounds == r->series->n_bounds_unix_nano);
    for (uint32_t i = 0; i < is->n_bounds && i < VSM_BOUNDS_MAX; i++)
      assert(is->bounds_ns[i] == r->series->bounds_unix_nano[i]);
    break;
  case VSM__V1__REQUEST__KIND_EDGES:
    same_text(is->stream, r->edges->stream);
    same_text(is->window, r->edges->window);
    break;
  case VSM__V1__REQUEST__KIND_FORECAST:
    same_text(is->stream, r->forecast->stream);
    same_text(is->by, r->forecast->by);
    same_text(is->key, r->forecast->item);
    assert(is->items == r->forecast->items && is->seed == r->forecast->seed);
    break;
  case VSM__V1__REQUEST__KIND_BOTTLENECK:
    same_text(is->stream, r->bottleneck->stream);
    same_text(is->window, r->bottleneck->window);
    break;
  case VSM__V1__REQUEST__KIND_SEGMENTS:
    same_text(is->stream, r->segments->stream);
    same_text(is->stage, r->segments->stage);
    same_text(is->attribute, r->segments->attribute);
    same_text(is->value, r->segments->value);
    break;
  case VSM__V1__REQUEST__KIND_WITHDRAW:
    same_text(is->key, r->withdraw->key);
    same_text(is->stream, r->withdraw->stream);
    break;
  case VSM__V1__REQUEST__KIND_FORGET:
    same_text(is->key, r->forget->key);
    same_text(is->stream, r->forget->stream);
    assert(is->n_keys == r->forget->n_keys);
    for (uint32_t i = 0; i < is->n_keys; i++)
      same_text(is->keys[i], r->forget->keys[i]);
    break;
  case VSM__V1__REQUEST__KIND_REBUILD:
    assert((is->partial != 0) == (r->rebuild->partial != 0) && is->from == r->rebuild->from);
    break;
  case VSM__V1__REQUEST__KIND_ALERTS:
    same_text(is->stream, r->alerts->stream);
    same_text(is->stage, r->alerts->stage);
    same_text(is->source, r->alerts->source);
    same_text(is->alert_kind, r->alerts->kind);
    assert((is->history != 0) == (r->alerts->history != 0) && is->limit == r->alerts->limit);
    break;
  case VSM__V1__REQUEST__KIND_SILENCE:
    same_text(is->alert_kind, r->silence->kind);
    same_text(is->stream, r->silence->stream);
    same_text(is->stage, r->silence->stage);
    same_text(is->source, r->silence->source);
    same_text(is->key, r->silence->item);
    same_text(is->author, r->silence->by);
    same_text(is->why, r->silence->why);
    assert(is->until_ns == r->silence->until_unix_nano && is->end == r->silence->end);
    break;
  case VSM__V1__REQUEST__KIND_ACKNOWLEDGE:
    same_text(is->key, r->acknowledge->id);
    same_text(is->author, r->acknowledge->by);
    same_text(is->why, r->acknowledge->why);
    assert((is->lost != 0) == (r->acknowledge->lost != 0));
    break;
  case VSM__V1__REQUEST__KIND_VISITS:
    same_text(is->stream, r->visits->stream);
    same_text(is->stage, r->visits->stage);
    same_text(is->window, r->visits->window);
    same_text(is->cursor, r->visits->cursor);
    same_text(is->attribute, r->visits->attribute);
    same_text(is->value, r->visits->value);
    assert(is->limit >= 1 && is->limit <= 2000);
    assert(is->limit == r->visits->limit || r->visits->limit == 0 || r->visits->limit > 2000);
    break;
  default:
    assert(is->stream.n == 0 && is->key.n == 0);
  }
}

void decode_oracle_request(const uint8_t *p, size_t n) {
  struct vsm_request is;
  int err = vsm_wire_decode_request((struct vsm_str){(const char *)p, n}, &is);
  Vsm__V1__Request *r = vsm__v1__request__unpack(NULL, n, p);
  assert(r || err); // what protobuf-c refuses is refused; text that is none, beyond that
  if (err == 0)
    same_request(&is, r);
  vsm__v1__request__free_unpacked(r, NULL);
}

// What is taken is what protobuf-c reads, but for a second batch, which it would add to the first.
void decode_oracle_recover(const uint8_t *p, size_t n) {
  struct vsm_recover_reply is;
  if (vsm_wire_decode_recover((struct vsm_str){(const char *)p, n}, &is) != 0)
    return;
  Vsm__V1__EventBatch *b = vsm__v1__event_batch__unpack(NULL, is.batch.n, (const uint8_t *)is.batch.p);
  Vsm__V1__RecoverReply *r = vsm__v1__recover_reply__unpack(NULL, n, p);
  assert(!r == !b);
  assert(!r || r->oldest == is.oldest);
  vsm__v1__recover_reply__free_unpacked(r, NULL);
  vsm__v1__event_batch__free_unpacked(b, NULL);
}
