// Names: of sources, which both sides of the wire check, and the known one nearest to one that is not.
#pragma once
#include "base/str.h"

enum { VSM_SOURCE_BYTES_MAX = 128 };

// 1 to 128 bytes of [A-Za-z0-9._:/~%@+#-].
bool vsm_name_is_source(struct vsm_str s);
// How many bytes at the begin of a text may stand in the name of a source.
size_t vsm_name_source_span(const char *text);

// The name at `index` of whatever is searched; NULL: no more.
typedef const char *vsm_name_fn(const void *of, size_t index);
int vsm_name_index(const char *given, vsm_name_fn *name, const void *of); // of the first such name; -1: there is none
// The name nearest to the given one; NULL: none is near, which is at most a third of the given letters wrong, one in
// three letters or fewer, two in four or five. Two swapped neighbours are one wrong letter.
const char *vsm_name_nearest(const char *given, vsm_name_fn *name, const void *of);
