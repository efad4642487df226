#include "agents/lib/outbatch.h"

#include <stdlib.h>
#include <string.h>

#include "agents/lib/clock.h"
#include "vsm/v1/event.pb-c.h"
#include "vsm/vsm.h"

// The message on the stack; everything in it is borrowed from the event.
struct message {
  Vsm__V1__Event event;
  Vsm__V1__Attribute attrs[VSM_OUTBATCH_ATTRS];
  Vsm__V1__Attribute *pointers[VSM_OUTBATCH_ATTRS];
};

static void fill(struct message *m, const struct vsm_emitter_event *e, uint64_t sequence) {
  vsm__v1__event__init(&m->event);
  m->event.source = (char *)e->source;
  m->event.id = (char *)e->id;
  m->event.type = (char *)e->type;
  m->event.subject = (char *)e->subject;
  m->event.time_unix_nano = e->time_unix_nano ? e->time_unix_nano : vsm_clock_nanos();
  m->event.sequence = sequence;
  m->event.n_data = e->n_data;
  m->event.data = m->pointers;
  for (size_t i = 0; i < e->n_data; i++) {
    vsm__v1__attribute__init(&m->attrs[i]);
    m->attrs[i].key = (char *)e->data[i].key;
    m->attrs[i].value = (char *)e->data[i].value;
    m->pointers[i] = &m->attrs[i];
  }
}

static int reserve(struct vsm_outbatch *b, size_t bytes) {
  if (b->n + bytes <= b->cap)
    return 0;
  size_t cap = b->cap ? b->cap * 2 : 4096;
  while (cap < b->n + bytes)
    cap *= 2;
  uint8_t *p = realloc(b->p, cap);
  if (!p)
    return VSM_CLIENT_ENOMEM;
  b->p = p;
  b->cap = cap;
  return 0;
}

struct vsm_outbatch *vsm_outbatch_create(const char *source, uint64_t epoch) {
  struct vsm_outbatch *b = calloc(1, sizeof *b);
  Vsm__V1__EventBatch head = VSM__V1__EVENT_BATCH__INIT; // the events follow, one field each
  head.source = (char *)source;
  head.epoch = epoch;
  if (!b || reserve(b, vsm__v1__event_batch__get_packed_size(&head)) != 0) {
    free(b);
    return NULL;
  }
  b->n = vsm__v1__event_batch__pack(&head, b->p);
  return b;
}

void vsm_outbatch_destroy(struct vsm_outbatch *b) {
  if (b)
    free(b->p);
  free(b);
}

enum { EVENTS_TAG = 3 << 3 | 2, HEAD_BYTES = 1 + 3 }; // a tag, and a length below 2^21

int vsm_outbatch_add(struct vsm_outbatch *b, const struct vsm_emitter_event *event, uint64_t sequence) {
  struct message m;
  if (event->n_data > VSM_OUTBATCH_ATTRS)
    return VSM_CLIENT_ELIMIT;
  fill(&m, event, sequence);
  size_t n = vsm__v1__event__get_packed_size(&m.event);
  if (n > VSM_OUTBATCH_EVENT_BYTES)
    return VSM_CLIENT_ELIMIT;
  if (reserve(b, HEAD_BYTES + n) != 0)
    return VSM_CLIENT_ENOMEM;
  uint8_t *p = b->p + b->n;
  *p++ = EVENTS_TAG;
  size_t v = n;
  for (; v >= 0x80; v >>= 7)
    *p++ = (uint8_t)(v | 0x80);
  *p++ = (uint8_t)v;
  b->n = (size_t)(p - b->p) + vsm__v1__event__pack(&m.event, p);
  b->events++;
  return 0;
}
