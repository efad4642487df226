// Where a page ended: numbers in decimal, with dots between, behind a letter for the order that they belong to.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

// False: it is none of n numbers in that order. Numbers have 18 digits at most.
bool vsm_cursor_parse(struct vsm_str text, char order, uint64_t *numbers, unsigned n);
// In the arena; empty: no memory.
struct vsm_str vsm_cursor_print(struct vsm_arena *arena, char order, const uint64_t *numbers, unsigned n);
