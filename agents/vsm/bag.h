// Texts that belong together and come apart: put in as they come, taken out group by group. They lie in a temporary
// file, so that they take no memory however many there are.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct vsm_bag;

struct vsm_bag *vsm_bag_create(void); // NULL: said on standard error, as every failure here
void vsm_bag_destroy(struct vsm_bag *b);

// Within a group texts are in the order of `at`, then in that in which they were put; groups in the order of their
// earliest `at`, then in that in which they came; the group without a name last. once: only as the first of its group.
// 0 or -1.
int vsm_bag_put(struct vsm_bag *b, struct vsm_str group, int64_t at, struct vsm_str text, bool once);

// text: valid during the call, as the group. Other than 0 ends it.
typedef int vsm_bag_fn(void *ctx, struct vsm_str group, bool first, struct vsm_str text);
// 0, -1, or what fn returned. Nothing can be put in any more.
int vsm_bag_each(struct vsm_bag *b, vsm_bag_fn *fn, void *ctx);
