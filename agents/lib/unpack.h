// Unpacks messages into an arena: one bound for all that a message can ask for, one step to free it.
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

// NULL: malformed, or larger than the arena allows. Lives until the arena is reset.
void *vsm_unpack(struct vsm_arena *arena, const ProtobufCMessageDescriptor *type, const void *p, size_t n);
