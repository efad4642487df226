#include "agents/lib/unpack.h"

static void *alloc(void *arena, size_t bytes) {
  return vsm_arena_alloc(arena, bytes);
}

static void leave(void *arena, void *p) {
  (void)arena;
  (void)p;
}

void *vsm_unpack(struct vsm_arena *arena, const ProtobufCMessageDescriptor *type, const void *p, size_t n) {
  ProtobufCAllocator allocator = {alloc, leave, arena};
  return protobuf_c_message_unpack(type, &allocator, n, p);
}
