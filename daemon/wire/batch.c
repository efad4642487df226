// Two walks over the frame. The first sees the fields of the batch alone: it counts the events, so that their array is
// allocated once, and finds the batch's source and epoch, which may stand behind them. The second reads each event.
// What protobuf itself would refuse, anywhere, refuses the frame; what is merely against our limits refuses the one
// event, which goes on with its reason so that it is counted under its source and type. Attributes of all events lie in
// chunks of the arena, filled one after the other; the shortest attribute takes 2 bytes of the frame, so a chunk never
// has to be larger than half of what is left of it.
#include "wire/batch.h"

#include "base/err.h"
#include "base/name.h"
#include "wire/fields.h"
#include "wire/utf8.h"

#define BYTES(number) VSM_WIRE_TAG(number, VSM_WIRE_BYTES)
enum batch_tag { BATCH_SOURCE = BYTES(1), BATCH_EPOCH = VSM_WIRE_TAG(2, VSM_WIRE_VARINT), BATCH_EVENT = BYTES(3) };
enum event_tag {
  EVENT_SOURCE = BYTES(1),
  EVENT_ID = BYTES(2),
  EVENT_TYPE = BYTES(3),
  EVENT_SUBJECT = BYTES(4),
  EVENT_TIME = VSM_WIRE_TAG(5, VSM_WIRE_64BIT),
  EVENT_SEQUENCE = VSM_WIRE_TAG(6, VSM_WIRE_VARINT),
  EVENT_ATTR = BYTES(7),
};
enum attr_tag { ATTR_KEY = BYTES(1), ATTR_VALUE = BYTES(2) };
#undef BYTES
enum { BATCH_KNOWN = 3, EVENT_KNOWN = 7, ATTR_KNOWN = 2 }; // numbers of fields: 1 to these

enum { ATTRS_CHUNK = 2048 };

struct decoder {
  struct vsm_arena *arena;
  const uint8_t *at, *end; // of the frame
  struct vsm_attr *attrs;  // free ones
  size_t n_attrs;
  struct vsm_event base; // what the batch gives to each of its events
  bool source_is_text, source_is_good;
};

static const char *const details[] = {
    [VSM_R_FRAME_TOO_LARGE] = "a frame has at most 4 MiB",
    [VSM_R_BAD_FRAME] = "not an EventBatch",
    [VSM_R_BATCH_TOO_LARGE] = "a batch has at most 65536 events",
    [VSM_R_EVENT_TOO_LARGE] = "an event has at most 64 KiB",
    [VSM_R_TOO_MANY_ATTRIBUTES] = "an event has at most 256 attributes",
    [VSM_R_BAD_UTF8] = "text is UTF-8 without NUL",
    [VSM_R_BAD_SOURCE] = "a source has 1 to 128 bytes of A-Z a-z 0-9 . _ : / ~ % @ + # -",
    [VSM_R_NO_TYPE] = "an event has a type",
};

// The room that an event of so many bytes can need, at most VSM_ATTRS_MAX.
static int reserve_attrs(struct decoder *d, size_t event_bytes) {
  size_t need = event_bytes / 2 < VSM_ATTRS_MAX ? event_bytes / 2 : VSM_ATTRS_MAX;
  if (d->n_attrs >= need)
    return 0;
  size_t left = (size_t)(d->end - d->at) / 2 + need;
  d->n_attrs = left < ATTRS_CHUNK ? left : ATTRS_CHUNK;
  d->attrs = vsm_arena_alloc(d->arena, d->n_attrs * sizeof *d->attrs);
  return d->attrs ? 0 : VSM_ENOMEM;
}

static inline bool read_attr(struct vsm_str bytes, struct vsm_attr *attr) {
  const uint8_t *p = (const uint8_t *)bytes.p, *end = p + bytes.n;
  while (p < end) {
    uint64_t tag;
    if (!(p = vsm_wire_tag(p, end, &tag)))
      return false;
    if (tag == ATTR_KEY)
      p = vsm_wire_bytes(p, end, &attr->key);
    else if (tag == ATTR_VALUE)
      p = vsm_wire_bytes(p, end, &attr->value);
    else
      p = vsm_wire_skip(p, end, tag, ATTR_KNOWN);
    if (!p)
      return false;
  }
  return true;
}

// What was read of an event's attributes.
struct reading {
  size_t n_attrs; // all of them, also beyond the limit
  bool bad_text;
};

static inline bool take_attr(struct vsm_str bytes, struct vsm_attr *attrs, struct reading *r) {
  struct vsm_attr attr = {0};
  if (!read_attr(bytes, &attr))
    return false;
  r->bad_text |= !vsm_utf8_valid(attr.key) || !vsm_utf8_valid(attr.value);
  if (r->n_attrs < VSM_ATTRS_MAX)
    attrs[r->n_attrs] = attr;
  r->n_attrs++;
  return true;
}

// Judges an event that is well-formed, and blanks what must not be shown of one at fault.
static void judge(const struct decoder *d, struct vsm_event *e, size_t bytes, const struct reading *r) {
  bool own = e->source.n != 0;
  if (!own)
    e->source = d->base.source;
  bool source_text = own ? vsm_utf8_valid(e->source) : d->source_is_text;
  bool source_good = own ? vsm_name_is_source(e->source) : d->source_is_good;
  bool type_text = vsm_utf8_valid(e->type);
  bool text = source_text && type_text && vsm_utf8_valid(e->id) && vsm_utf8_valid(e->subject) && !r->bad_text;
  if (text && source_good && e->type.n && bytes <= VSM_EVENT_BYTES_MAX && r->n_attrs <= VSM_ATTRS_MAX)
    return;
  e->refused = bytes > VSM_EVENT_BYTES_MAX  ? VSM_R_EVENT_TOO_LARGE
               : r->n_attrs > VSM_ATTRS_MAX ? VSM_R_TOO_MANY_ATTRIBUTES
               : !text                      ? VSM_R_BAD_UTF8
               : !source_good               ? VSM_R_BAD_SOURCE
                                            : VSM_R_NO_TYPE;
  e->refused_detail = details[e->refused];
  e->attrs = NULL;
  e->n_attrs = 0;
  e->id = e->subject = (struct vsm_str){0};
  if (!source_good)
    e->source = (struct vsm_str){0};
  if (!type_text)
    e->type = (struct vsm_str){0};
}

static bool read_fields(struct vsm_str bytes, struct vsm_event *e, struct vsm_attr *attrs, struct reading *r) {
  const uint8_t *p = (const uint8_t *)bytes.p, *end = p + bytes.n;
  while (p < end) {
    uint64_t tag;
    struct vsm_str attr;
    if (!(p = vsm_wire_tag(p, end, &tag)))
      return false;
    switch (tag) {
    case EVENT_SOURCE:
      p = vsm_wire_bytes(p, end, &e->source);
      break;
    case EVENT_ID:
      p = vsm_wire_bytes(p, end, &e->id);
      break;
    case EVENT_TYPE:
      p = vsm_wire_bytes(p, end, &e->type);
      break;
    case EVENT_SUBJECT:
      p = vsm_wire_bytes(p, end, &e->subject);
      break;
    case EVENT_TIME:
      p = vsm_wire_64bit(p, end, &e->time_ns);
      break;
    case EVENT_SEQUENCE:
      p = vsm_wire_varint(p, end, 10, &e->sequence);
      break;
    case EVENT_ATTR:
      p = vsm_wire_bytes(p, end, &attr);
      if (p && !take_attr(attr, attrs, r))
        return false;
      break;
    default:
      p = vsm_wire_skip(p, end, tag, EVENT_KNOWN);
    }
    if (!p)
      return false;
  }
  return true;
}

// 0, VSM_ENOMEM, or VSM_EFORMAT: not an Event.
static int read_event(struct decoder *d, struct vsm_str bytes, struct vsm_event *e) {
  if (reserve_attrs(d, bytes.n) != 0)
    return VSM_ENOMEM;
  struct reading r = {0};
  *e = d->base;
  e->source = (struct vsm_str){0};
  if (!read_fields(bytes, e, d->attrs, &r))
    return VSM_EFORMAT;
  e->attrs = d->attrs;
  e->n_attrs = (uint32_t)r.n_attrs;
  judge(d, e, bytes.n, &r);
  return 0;
}

// The batch's own fields, and the number of its events.
static bool survey(struct vsm_str frame, struct vsm_batch *out) {
  const uint8_t *p = (const uint8_t *)frame.p, *end = p + frame.n;
  while (p < end) {
    uint64_t tag;
    struct vsm_str event;
    if (!(p = vsm_wire_tag(p, end, &tag)))
      return false;
    if (tag == BATCH_EVENT) {
      p = vsm_wire_bytes(p, end, &event);
      out->n_events++;
    } else if (tag == BATCH_SOURCE)
      p = vsm_wire_bytes(p, end, &out->source);
    else if (tag == BATCH_EPOCH)
      p = vsm_wire_varint(p, end, 10, &out->epoch);
    else
      p = vsm_wire_skip(p, end, tag, BATCH_KNOWN);
    if (!p)
      return false;
  }
  return true;
}

// The next event of a frame that was surveyed.
static struct vsm_str next_event(struct decoder *d) {
  for (;;) {
    uint64_t tag = 0;
    struct vsm_str event = {0};
    d->at = vsm_wire_tag(d->at, d->end, &tag);
    if (tag == BATCH_EVENT) {
      d->at = vsm_wire_bytes(d->at, d->end, &event);
      return event;
    }
    d->at = vsm_wire_skip(d->at, d->end, tag, 0);
  }
}

// Too many events are read over each other: whether they are events at all is asked first.
static int read_events(struct decoder *d, struct vsm_batch *out) {
  bool keep = out->n_events <= VSM_BATCH_EVENTS_MAX;
  out->events = vsm_arena_alloc(d->arena, (keep ? out->n_events : 1) * sizeof *out->events);
  if (!out->events)
    return VSM_ENOMEM;
  for (size_t i = 0; i < out->n_events; i++) {
    struct vsm_event *e = &out->events[keep ? i : 0];
    int err = read_event(d, next_event(d), e);
    if (err)
      return err;
    if (keep) {
      d->attrs += e->n_attrs;
      d->n_attrs -= e->n_attrs;
    }
  }
  return 0;
}

static int refuse(struct vsm_batch *out, enum vsm_reason reason, const char *detail, uint64_t events) {
  out->refused = reason;
  out->refused_detail = detail ? detail : details[reason];
  out->refused_events = events;
  out->events = NULL;
  out->n_events = 0;
  return 0;
}

int vsm_wire_decode_batch(struct vsm_str frame, struct vsm_time received, struct vsm_arena *arena,
                          struct vsm_batch *out) {
  *out = (struct vsm_batch){0};
  if (frame.n == 0)
    frame = VSM_STR("");
  bool is_batch = survey(frame, out);
  uint64_t told = is_batch && out->n_events ? out->n_events : 1;
  struct decoder d = {.arena = arena,
                      .at = (const uint8_t *)frame.p,
                      .end = (const uint8_t *)frame.p + frame.n,
                      .base = {.source = out->source, .epoch = out->epoch, .received = received},
                      .source_is_text = is_batch && vsm_utf8_valid(out->source),
                      .source_is_good = is_batch && vsm_name_is_source(out->source)};
  if (!d.source_is_good)
    out->source = (struct vsm_str){0};
  if (frame.n > VSM_FRAME_BYTES_MAX)
    return refuse(out, VSM_R_FRAME_TOO_LARGE, NULL, told);
  if (!is_batch)
    return refuse(out, VSM_R_BAD_FRAME, NULL, told);
  if (out->epoch > VSM_EPOCH_MAX)
    return refuse(out, VSM_R_BAD_FRAME, "an epoch is below 2^53", told);
  if (out->n_events == 0) // a sign of life
    return d.source_is_good ? 0 : refuse(out, d.source_is_text ? VSM_R_BAD_SOURCE : VSM_R_BAD_UTF8, NULL, 0);
  int err = read_events(&d, out);
  if (err == VSM_EFORMAT)
    return refuse(out, VSM_R_BAD_FRAME, "an event of it is not an Event", told);
  if (err == 0 && out->n_events > VSM_BATCH_EVENTS_MAX)
    return refuse(out, VSM_R_BATCH_TOO_LARGE, NULL, told);
  return err;
}

void vsm_batch_bound(struct vsm_batch *b, size_t frame_bytes, const struct vsm_batch_bounds *most) {
  uint64_t told = b->refused != VSM_R_NONE ? b->refused_events : b->n_events;
  if (frame_bytes > most->frame_bytes && b->refused != VSM_R_FRAME_TOO_LARGE)
    refuse(b, VSM_R_FRAME_TOO_LARGE, "a frame has at most as many bytes as limits.frame says", told ? told : 1);
  else if (b->refused == VSM_R_NONE && b->n_events > most->events)
    refuse(b, VSM_R_BATCH_TOO_LARGE, "a batch has at most as many events as limits.batch says", told);
}

size_t vsm_wire_without(struct vsm_str frame, const bool *drop, unsigned char *out) {
  const uint8_t *p = (const uint8_t *)frame.p, *end = p + frame.n;
  size_t n = 0, event = 0;
  while (p && p < end) {
    const uint8_t *field = p;
    struct vsm_str bytes;
    uint64_t tag;
    p = vsm_wire_tag(p, end, &tag);
    if (p)
      p = tag == BATCH_EVENT ? vsm_wire_bytes(p, end, &bytes) : vsm_wire_skip(p, end, tag, 0);
    if (p && !(tag == BATCH_EVENT && drop[event++])) {
      memcpy(out + n, field, (size_t)(p - field));
      n += (size_t)(p - field);
    }
  }
  return n;
}
