// A message of proto/vsm/v1 as JSON text, field by field with the names of the .proto files. Empty fields are written,
// and an absent message as an object of empty fields; of a oneof only the member that is set. 64-bit integers are
// numbers, doubles the shortest text that reads back the same, with a point whatever the locale.
#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ProtobufCMessage;

// One line without newline, NUL-terminated, for free(). *n: its length, where n is not NULL. NULL: out of memory.
char *vsm_json_message(const struct ProtobufCMessage *message, size_t *n);

#ifdef __cplusplus
}
#endif
