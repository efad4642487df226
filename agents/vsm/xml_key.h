// Keys of our own export: XES allows names alone as keys (xs:Name), and the export's own keys stand beside those of the
// event's data. So data whose key is no plain name, or begins as the export's own ones, is written as vsm:data:KEY, in
// which every byte but ASCII letters, digits, '.', ':' and '-' is "_xHH_".
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define VSM_XML_DATA "vsm:data:"

// Is the key one of those that the export writes beside data?
bool vsm_xml_is_exports(struct vsm_str key);
// Room that the written key takes at most, the NUL counted.
static inline size_t vsm_xml_key_room(size_t n) {
  return sizeof VSM_XML_DATA + 5 * n;
}
// A key of data as it is written.
const char *vsm_xml_key(struct vsm_str key, char *out);
// And back, in place, of what follows VSM_XML_DATA. False: nobody writes such.
bool vsm_xml_unkey(char *text);
