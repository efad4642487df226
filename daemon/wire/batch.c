// Two walks over the frame. The first sees the fields of the batch alone: it counts the events, so that their array is
// allocated once, and finds the batch's source and epoch, which may stand behind them. The second reads each event.
// What protobuf itself would refuse, anywhere, refuses the frame; what is merely against our limits refuses the one
// event, which goes on with its reason so that it is counted under its source and type. Attributes of all events lie in
// chunks of the arena, filled one after the other; the shortest attribute takes 2 bytes of the frame, so a chunk never
// has to be larger than half of what is left of it.
#include "wire/batch.h"

#include "base/err.h"
#include "wire/fields.h"
#include "wire/utf8.h"

enum { BATCH_SOURCE = 1, BATCH_EPOCH, BATCH_EVENTS };
enum { EVENT_SOURCE = 1, EVENT_ID, EVENT_TYPE, EVENT_SUBJECT, EVENT_TIME, EVENT_SEQUENCE, EVENT_DATA };
enum { ATTR_KEY = 1, ATTR_VALUE };

enum { ATTRS_CHUNK = 2048 };

struct decoder {
  struct vsm_arena *arena;
  const uint8_t *at, *end; // of the frame
  struct vsm_attr *attrs;  // free ones
  size_t n_attrs;
  struct vsm_event base; // what the batch gives to each of its events
  bool source_is_text, source_is_good;
};

static const bool source_bytes[256] = {
    ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true, ['.'] = true, ['_'] = true,
    [':'] = true,         ['/'] = true,         ['~'] = true,         ['%'] = true, ['@'] = true,
    ['+'] = true,         ['#'] = true,         ['-'] = true,
};

static bool is_source(struct vsm_str s) {
  if (s.n == 0 || s.n > VSM_SOURCE_BYTES_MAX)
    return false;
  bool good = true;
  for (size_t i = 0; i < s.n; i++)
    good &= source_bytes[(uint8_t)s.p[i]];
  return good;
}

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

static bool read_attr(struct vsm_str bytes, struct vsm_attr *attr) {
  const uint8_t *p = (const uint8_t *)bytes.p, *end = p + bytes.n;
  struct vsm_wire_field f;
  *attr = (struct vsm_attr){0};
  while (p < end) {
    if (!(p = vsm_wire_next(p, end, &f)))
      return false;
    if (f.number != ATTR_KEY && f.number != ATTR_VALUE)
      continue;
    if (f.type != VSM_WIRE_BYTES)
      return false;
    *(f.number == ATTR_KEY ? &attr->key : &attr->value) = f.text;
  }
  return true;
}

// What was read of an event beside itself.
struct reading {
  size_t n_attrs; // all of them, also beyond the limit
  bool bad_text;
};

// Puts one field where it belongs. False: of the wrong type, or not an attribute.
static inline bool take_field(const struct vsm_wire_field *f, struct vsm_event *e, struct vsm_attr *attrs,
                              struct reading *r) {
  static const uint8_t types[] = {0,
                                  VSM_WIRE_BYTES,
                                  VSM_WIRE_BYTES,
                                  VSM_WIRE_BYTES,
                                  VSM_WIRE_BYTES,
                                  VSM_WIRE_64BIT,
                                  VSM_WIRE_VARINT,
                                  VSM_WIRE_BYTES};
  if (f->number - 1 >= EVENT_DATA)
    return true;
  if (f->type != types[f->number])
    return false;
  struct vsm_attr spare, *attr = r->n_attrs < VSM_ATTRS_MAX ? &attrs[r->n_attrs] : &spare;
  switch (f->number) {
  case EVENT_SOURCE:
    e->source = f->text;
    break;
  case EVENT_ID:
    e->id = f->text;
    break;
  case EVENT_TYPE:
    e->type = f->text;
    break;
  case EVENT_SUBJECT:
    e->subject = f->text;
    break;
  case EVENT_TIME:
    e->time_ns = f->value;
    break;
  case EVENT_SEQUENCE:
    e->sequence = f->value;
    break;
  default:
    if (!read_attr(f->text, attr))
      return false;
    r->bad_text |= !vsm_utf8_valid(attr->key) || !vsm_utf8_valid(attr->value);
    r->n_attrs++;
  }
  return true;
}

// Judges an event that is well-formed, and blanks what must not be shown of one at fault.
static void judge(const struct decoder *d, struct vsm_event *e, size_t bytes, const struct reading *r) {
  bool own = e->source.n != 0;
  if (!own)
    e->source = d->base.source;
  bool source_text = own ? vsm_utf8_valid(e->source) : d->source_is_text;
  bool source_good = own ? is_source(e->source) : d->source_is_good;
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

// 0, VSM_ENOMEM, or VSM_EFORMAT: not an Event.
static int read_event(struct decoder *d, struct vsm_str bytes, struct vsm_event *e) {
  if (reserve_attrs(d, bytes.n) != 0)
    return VSM_ENOMEM;
  const uint8_t *p = (const uint8_t *)bytes.p, *end = p + bytes.n;
  struct vsm_wire_field f;
  struct reading r = {0};
  *e = d->base;
  e->source = (struct vsm_str){0};
  while (p < end)
    if (!(p = vsm_wire_next(p, end, &f)) || !take_field(&f, e, d->attrs, &r))
      return VSM_EFORMAT;
  e->attrs = d->attrs;
  e->n_attrs = (uint32_t)r.n_attrs;
  judge(d, e, bytes.n, &r);
  return 0;
}

// The batch's own fields, and the number of its events.
static bool survey(struct vsm_str frame, struct vsm_batch *out) {
  const uint8_t *p = (const uint8_t *)frame.p, *end = p + frame.n;
  struct vsm_wire_field f;
  while (p < end) {
    if (!(p = vsm_wire_next(p, end, &f)))
      return false;
    if (f.number - 1 >= BATCH_EVENTS)
      continue;
    if (f.type != (f.number == BATCH_EPOCH ? VSM_WIRE_VARINT : VSM_WIRE_BYTES))
      return false;
    if (f.number == BATCH_SOURCE)
      out->source = f.text;
    else if (f.number == BATCH_EPOCH)
      out->epoch = f.value;
    else
      out->n_events++;
  }
  return true;
}

// Too many events are read over each other: whether they are events at all is asked first.
static int read_events(struct decoder *d, struct vsm_batch *out) {
  bool keep = out->n_events <= VSM_BATCH_EVENTS_MAX;
  out->events = vsm_arena_alloc(d->arena, (keep ? out->n_events : 1) * sizeof *out->events);
  if (!out->events)
    return VSM_ENOMEM;
  size_t n = 0;
  int err = 0;
  while (d->at < d->end && err == 0) {
    struct vsm_wire_field f;
    d->at = vsm_wire_next(d->at, d->end, &f);
    if (f.number != BATCH_EVENTS)
      continue;
    err = read_event(d, f.text, &out->events[n]);
    if (!keep || err)
      continue;
    d->attrs += out->events[n].n_attrs;
    d->n_attrs -= out->events[n].n_attrs;
    n++;
  }
  return err;
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
                      .source_is_good = is_batch && is_source(out->source)};
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
