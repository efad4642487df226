#include "wire/request.h"

#include <stddef.h>

#include "base/err.h"
#include "wire/fields.h"
#include "wire/utf8.h"

enum { LARGEST_NUMBER = 5 };

// Where the fields of each kind of question go: by kind and number, the offset of its text in struct vsm_request.
#define AT(member) offsetof(struct vsm_request, member)
static const size_t texts[][LARGEST_NUMBER + 1] = {
    [VSM_ASK_SNAPSHOT] = {[1] = AT(stream)},
    [VSM_ASK_ITEMS] = {[1] = AT(stream), [2] = AT(stage), [3] = AT(state), [5] = AT(cursor)},
    [VSM_ASK_ITEM] = {[1] = AT(key), [2] = AT(stream)},
    [VSM_ASK_RELOAD] = {0},
};
#undef AT
enum { ITEMS_LIMIT = 4 };

static bool read_question(struct vsm_str bytes, struct vsm_request *out) {
  const uint8_t *p = (const uint8_t *)bytes.p, *end = p + bytes.n;
  struct vsm_wire_field f;
  while (p < end) {
    if (!(p = vsm_wire_next(p, end, &f)))
      return false;
    bool is_limit = out->kind == VSM_ASK_ITEMS && f.number == ITEMS_LIMIT;
    size_t text = f.number <= LARGEST_NUMBER ? texts[out->kind][f.number] : 0;
    if ((is_limit && f.type != VSM_WIRE_VARINT) || (text && f.type != VSM_WIRE_BYTES))
      return false;
    if (is_limit)
      out->limit = (uint32_t)f.value;
    if (text)
      *(struct vsm_str *)((char *)out + text) = f.text;
  }
  return true;
}

static bool read_request(struct vsm_str frame, struct vsm_request *out) {
  const uint8_t *p = (const uint8_t *)frame.p, *end = p + frame.n;
  struct vsm_wire_field f;
  while (p < end) {
    if (!(p = vsm_wire_next(p, end, &f)))
      return false;
    if (f.number - 1 >= VSM_ASK_RELOAD)
      continue;
    if (f.type != VSM_WIRE_BYTES)
      return false;
    if (out->kind != (enum vsm_request_kind)f.number) // of a oneof the last; two of one kind are one
      *out = (struct vsm_request){.kind = (enum vsm_request_kind)f.number};
    if (!read_question(f.text, out))
      return false;
  }
  return true;
}

int vsm_wire_decode_request(struct vsm_str frame, struct vsm_request *out) {
  *out = (struct vsm_request){0};
  if (frame.n && !read_request(frame, out))
    return VSM_EFORMAT;
  const struct vsm_str all[] = {out->stream, out->stage, out->state, out->cursor, out->key};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (!vsm_utf8_valid(all[i]))
      return VSM_EFORMAT;
  if (out->kind == VSM_ASK_ITEMS) {
    if (out->limit == 0)
      out->limit = VSM_ITEMS_DEFAULT;
    if (out->limit > VSM_ITEMS_MAX)
      out->limit = VSM_ITEMS_MAX;
  }
  return 0;
}
