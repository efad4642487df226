// A message ready to be packed: built in an arena, packed straight into memory of the caller's (a zmq_msg).
#pragma once
#include <stddef.h>

struct vsm_message {
  const void *content; // in the arena
  size_t bytes;        // packed
};

void vsm_message_pack(const struct vsm_message *m, void *out); // m->bytes of room
