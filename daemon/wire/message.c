#include "wire/message.h"

#include <protobuf-c/protobuf-c.h>

void vsm_message_pack(const struct vsm_message *m, void *out) {
  protobuf_c_message_pack(m->content, out);
}
