#include "shell/zevent.h"

#include <string.h>
#include <zmq.h>

// Not ACCEPT_FAILED: where descriptors have run out, libzmq tries again without a pause, and tells of each try.
static const struct {
  uint16_t event;
  const char *word;
} connection_events[] = {{ZMQ_EVENT_CONNECTED, "connected"},
                         {ZMQ_EVENT_ACCEPTED, "accepted"},
                         {ZMQ_EVENT_DISCONNECTED, "disconnected"},
                         {ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, "handshake_failed"},
                         {ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, "handshake_failed"},
                         {ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, "handshake_failed"}};
enum { CONNECTION_EVENTS = sizeof connection_events / sizeof *connection_events };

int vsm_zevents(void) {
  int events = 0;
  for (unsigned i = 0; i < CONNECTION_EVENTS; i++)
    events |= connection_events[i].event;
  return events;
}

// The event's number (16 bits) and a value (32); the endpoint is in the frame that follows.
struct vsm_zevent vsm_zevent_read(struct vsm_str frame) {
  struct vsm_zevent e = {0};
  if (frame.n < sizeof e.number + sizeof e.value)
    return e;
  memcpy(&e.number, frame.p, sizeof e.number);
  memcpy(&e.value, frame.p + sizeof e.number, sizeof e.value);
  for (unsigned i = 0; i < CONNECTION_EVENTS; i++)
    if (connection_events[i].event == e.number)
      e.word = connection_events[i].word;
  return e;
}
