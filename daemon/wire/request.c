#include "wire/request.h"

#include <stddef.h>

#include "base/err.h"
#include "vsm/v1/query.pb-c.h"
#include "wire/fields.h"
#include "wire/utf8.h"

enum { LARGEST_NUMBER = 9 };

// Where the fields of each kind of question go: by kind and number, the offset of its text in struct vsm_request.
#define AT(member) offsetof(struct vsm_request, member)
static const size_t texts[][LARGEST_NUMBER + 1] = {
    [VSM_ASK_SNAPSHOT] = {[1] = AT(stream)},
    [VSM_ASK_ITEMS] = {[1] = AT(stream),
                       [2] = AT(stage),
                       [3] = AT(state),
                       [5] = AT(cursor),
                       [6] = AT(sort),
                       [7] = AT(attribute),
                       [8] = AT(value)},
    [VSM_ASK_ITEM] = {[1] = AT(key), [2] = AT(stream)},
    [VSM_ASK_SERIES] = {[1] = AT(stream), [2] = AT(stage), [3] = AT(window)},
    [VSM_ASK_EDGES] = {[1] = AT(stream), [2] = AT(window)},
    [VSM_ASK_BOTTLENECK] = {[1] = AT(stream), [2] = AT(window)},
    [VSM_ASK_FORECAST] = {[1] = AT(stream), [3] = AT(by), [4] = AT(key)},
    [VSM_ASK_SEGMENTS] = {[1] = AT(stream), [2] = AT(stage), [3] = AT(attribute), [4] = AT(value)},
    [VSM_ASK_WITHDRAW] = {[1] = AT(key), [2] = AT(stream)},
    [VSM_ASK_FORGET] = {[1] = AT(key), [2] = AT(stream)},
    [VSM_ASK_ALERTS] = {[1] = AT(stream), [2] = AT(stage), [3] = AT(source), [4] = AT(alert_kind)},
    [VSM_ASK_SILENCE] = {[1] = AT(alert_kind),
                         [2] = AT(stream),
                         [3] = AT(stage),
                         [4] = AT(source),
                         [5] = AT(key),
                         [7] = AT(author),
                         [8] = AT(why)},
    [VSM_ASK_ACKNOWLEDGE] = {[1] = AT(key), [2] = AT(author), [3] = AT(why)},
    [VSM_ASK_VISITS] =
        {[1] = AT(stream), [2] = AT(stage), [3] = AT(window), [5] = AT(cursor), [6] = AT(attribute), [7] = AT(value)},
    [VSM_ASK_END] = {0},
};
// Likewise of numbers.
static const size_t numbers[][LARGEST_NUMBER + 1] = {
    [VSM_ASK_FORECAST] = {[2] = AT(items), [5] = AT(seed)},
    [VSM_ASK_FORGET] = {[4] = AT(sealed)},
    [VSM_ASK_REBUILD] = {[1] = AT(partial), [2] = AT(from)},
    [VSM_ASK_ALERTS] = {[5] = AT(history)},
    [VSM_ASK_SILENCE] = {[9] = AT(end)},
    [VSM_ASK_ACKNOWLEDGE] = {[4] = AT(lost)},
    [VSM_ASK_END] = {0},
};
#undef AT
#define ITEMS_LIMIT VSM_WIRE_TAG(4, VSM_WIRE_VARINT) // of visits, too
#define ALERTS_LIMIT VSM_WIRE_TAG(6, VSM_WIRE_VARINT)
#define SILENCE_UNTIL VSM_WIRE_TAG(6, VSM_WIRE_64BIT)
#define FORGET_KEY VSM_WIRE_TAG(3, VSM_WIRE_BYTES)
#define SERIES_BOUND VSM_WIRE_TAG(4, VSM_WIRE_64BIT)
#define SERIES_BOUNDS VSM_WIRE_TAG(4, VSM_WIRE_BYTES) // packed
static const unsigned last_known[] = {
    [VSM_ASK_SNAPSHOT] = 1, [VSM_ASK_ITEMS] = 8,       [VSM_ASK_ITEM] = 2,     [VSM_ASK_SERIES] = 4,
    [VSM_ASK_EDGES] = 2,    [VSM_ASK_BOTTLENECK] = 2,  [VSM_ASK_FORECAST] = 5, [VSM_ASK_SEGMENTS] = 4,
    [VSM_ASK_WITHDRAW] = 2, [VSM_ASK_FORGET] = 4,      [VSM_ASK_REBUILD] = 2,  [VSM_ASK_ALERTS] = 6,
    [VSM_ASK_SILENCE] = 9,  [VSM_ASK_ACKNOWLEDGE] = 4, [VSM_ASK_VISITS] = 7,   [VSM_ASK_END] = 0};

// Of those that are told in pages.
static const uint32_t most_rows[] = {
    [VSM_ASK_ITEMS] = VSM_ITEMS_MAX, [VSM_ASK_VISITS] = VSM_VISITS_MAX, [VSM_ASK_END] = 0};

static void add_bound(struct vsm_request *out, uint64_t ns) {
  if (out->n_bounds < VSM_BOUNDS_MAX)
    out->bounds_ns[out->n_bounds] = ns;
  out->n_bounds++;
}

static const uint8_t *read_bounds(const uint8_t *p, const uint8_t *end, struct vsm_request *out) {
  struct vsm_str packed;
  uint64_t ns = 0;
  p = vsm_wire_bytes(p, end, &packed);
  if (!p || packed.n % sizeof ns)
    return NULL;
  const uint8_t *at = (const uint8_t *)packed.p, *last = at + packed.n;
  while (at < last) {
    at = vsm_wire_64bit(at, last, &ns);
    add_bound(out, ns);
  }
  return p;
}

static bool is_limit(enum vsm_request_kind kind, uint64_t tag) {
  return most_rows[kind] > 0 ? tag == ITEMS_LIMIT : kind == VSM_ASK_ALERTS && tag == ALERTS_LIMIT;
}

static bool read_question(struct vsm_str bytes, struct vsm_request *out) {
  const uint8_t *p = (const uint8_t *)bytes.p, *end = p + bytes.n;
  while (p < end) {
    uint64_t tag, limit, bound = 0;
    if (!(p = vsm_wire_tag(p, end, &tag)))
      return false;
    size_t text = tag >> 3 <= LARGEST_NUMBER ? texts[out->kind][tag >> 3] : 0;
    size_t number = tag >> 3 <= LARGEST_NUMBER ? numbers[out->kind][tag >> 3] : 0;
    if (text && (tag & 7) == VSM_WIRE_BYTES)
      p = vsm_wire_bytes(p, end, (struct vsm_str *)((char *)out + text));
    else if (number && (tag & 7) == VSM_WIRE_VARINT)
      p = vsm_wire_varint(p, end, 10, (uint64_t *)(void *)((char *)out + number));
    else if (is_limit(out->kind, tag) && (p = vsm_wire_varint(p, end, 10, &limit)))
      out->limit = (uint32_t)limit;
    else if (out->kind == VSM_ASK_SILENCE && tag == SILENCE_UNTIL)
      p = vsm_wire_64bit(p, end, &out->until_ns);
    else if (out->kind == VSM_ASK_FORGET && tag == FORGET_KEY && out->n_keys < VSM_LINKS_MAX)
      p = vsm_wire_bytes(p, end, &out->keys[out->n_keys++]);
    else if (out->kind == VSM_ASK_SERIES && tag == SERIES_BOUNDS)
      p = read_bounds(p, end, out);
    else if (out->kind == VSM_ASK_SERIES && tag == SERIES_BOUND && (p = vsm_wire_64bit(p, end, &bound)))
      add_bound(out, bound);
    else if (p)
      p = vsm_wire_skip(p, end, tag, last_known[out->kind]);
    if (!p)
      return false;
  }
  return true;
}

static bool is_question(uint64_t number) {
  return number > VSM_ASK_NOTHING && number < VSM_ASK_END;
}

static bool read_request(struct vsm_str frame, struct vsm_request *out) {
  const uint8_t *p = (const uint8_t *)frame.p, *end = p + frame.n;
  while (p < end) {
    uint64_t tag;
    struct vsm_str question;
    if (!(p = vsm_wire_tag(p, end, &tag)))
      return false;
    if (!is_question(tag >> 3) || (tag & 7) != VSM_WIRE_BYTES) {
      if (!(p = vsm_wire_skip(p, end, tag, is_question(tag >> 3) ? VSM_ASK_END - 1 : 0)))
        return false;
      continue;
    }
    p = vsm_wire_bytes(p, end, &question);
    *out = (struct vsm_request){.kind = (enum vsm_request_kind)(tag >> 3)}; // of a oneof the last
    if (!p || !read_question(question, out))
      return false;
  }
  return true;
}

static bool has_good_texts(const struct vsm_request *r) {
  for (unsigned i = 1; i <= LARGEST_NUMBER; i++) {
    size_t text = texts[r->kind][i];
    if (text && !vsm_utf8_valid(*(const struct vsm_str *)((const char *)r + text)))
      return false;
  }
  for (uint32_t i = 0; i < r->n_keys; i++)
    if (!vsm_utf8_valid(r->keys[i]))
      return false;
  return true;
}

const struct vsm_str vsm_wire_forgotten = {"\x7a\x00", 2};

int vsm_wire_forget(struct vsm_str stream, const struct vsm_str *keys, size_t n, bool sealed, struct vsm_arena *arena,
                    struct vsm_str *out) {
  Vsm__V1__ForgetRequest forget = VSM__V1__FORGET_REQUEST__INIT;
  Vsm__V1__Request request = VSM__V1__REQUEST__INIT;
  char *copies[VSM_LINKS_MAX];
  request.kind_case = VSM__V1__REQUEST__KIND_FORGET;
  request.forget = &forget;
  forget.stream = vsm_arena_strndup(arena, stream.p, stream.n);
  forget.keys = copies;
  forget.sealed = sealed;
  for (; forget.n_keys < n; forget.n_keys++)
    if (!(copies[forget.n_keys] = vsm_arena_strndup(arena, keys[forget.n_keys].p, keys[forget.n_keys].n)))
      return VSM_ENOMEM;
  size_t bytes = forget.stream ? vsm__v1__request__get_packed_size(&request) : 0;
  uint8_t *packed = bytes ? vsm_arena_alloc(arena, bytes) : NULL;
  if (!packed)
    return VSM_ENOMEM;
  *out = (struct vsm_str){(const char *)packed, vsm__v1__request__pack(&request, packed)};
  return 0;
}

int vsm_wire_decode_request(struct vsm_str frame, struct vsm_request *out) {
  *out = (struct vsm_request){0};
  if (frame.n && !read_request(frame, out))
    return VSM_EFORMAT;
  if (!has_good_texts(out))
    return VSM_EFORMAT;
  uint32_t most = most_rows[out->kind];
  if (most > 0 && out->limit == 0)
    out->limit = VSM_ITEMS_DEFAULT;
  if (most > 0 && out->limit > most)
    out->limit = most;
  return 0;
}

size_t vsm_wire_encode_rebuild(uint64_t from, uint8_t out[VSM_REBUILD_BYTES_MAX]) {
  Vsm__V1__RebuildRequest rebuild = VSM__V1__REBUILD_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  rebuild.from = from;
  r.kind_case = VSM__V1__REQUEST__KIND_REBUILD;
  r.rebuild = &rebuild;
  return protobuf_c_message_pack(&r.base, out);
}
