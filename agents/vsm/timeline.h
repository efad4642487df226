// A visit's place in the life of its item, drawn, and what was expected of it, in words.
#pragma once
#include "vsm/messages.h"

enum { VSM_TIMELINE_BYTES = 27 };
#define VSM_TIMELINE_LEGEND "- queued  # active  ~ held, waits for somebody"

// "[..---####~~....]": where it was queued, active and held, from the item's first entry to its last leaving, or now.
// Long waits show; what is shorter than a character may not, the figures tell.
void vsm_timeline(const Vsm__V1__Item *item, const Vsm__V1__Visit *visit, uint64_t now_unix_nano,
                  char out[VSM_TIMELINE_BYTES]);
// When an item's dates are looked at: now, or for one that has ended its last leaving.
uint64_t vsm_item_end(const Vsm__V1__Item *item, uint64_t now_unix_nano);
// "expected 2 d 0 h: kept", "..., over by 3 h 00 m", "..., 5 h 00 m left"; "" where nothing is expected.
const char *vsm_text_expected(const Vsm__V1__Visit *visit, char *buf, size_t size);
// "completed, rework, implied"
const char *vsm_text_how(const Vsm__V1__Visit *visit, char *buf, size_t size);
