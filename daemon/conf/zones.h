// Time zones by their names, from the system's tzdata: /usr/share/zoneinfo, or the folder that TZDIR names.
#pragma once
#include "conf/reader.h"

struct vsm_arena;
struct vsm_zone;

// The zone of a name, in the arena; NULL, or what is wrong and what is allowed, in the arena too.
const char *vsm_zone_by_name(const char *name, struct vsm_arena *arena, struct vsm_zone *zone);

// The zone of a name, in the configuration's arena; false after a complaint.
bool vsm_conf_zone(struct vsm_conf_reader *r, const struct vsm_conf_word *name, struct vsm_zone *zone);
