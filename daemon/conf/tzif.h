// A time zone as systems keep it: a TZif file (RFC 8536), version 2 or later.
#pragma once
#include <stddef.h>

struct vsm_arena;
struct vsm_zone;

// What its clocks show from 1970 to 2100, the rule of its last line written out; all but the name. Any bytes may come.
// 0, or VSM_EFORMAT with *why: "no time zone file".
int vsm_tzif_read(struct vsm_arena *arena, const unsigned char *bytes, size_t n, struct vsm_zone *zone,
                  const char **why);
