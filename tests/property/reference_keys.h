// The keys of a stream, numbered as they were met, and to which item each belongs.
#pragma once
#include <stddef.h>

struct vsm_arena;

struct ref_keys {
  const char **key;
  size_t *item; // the number of the item that each belongs to; at first its own
  size_t n;
  // By address, so that the same text is not looked for once more for every item.
  struct {
    const char *key;
    size_t at;
  } known[1 << 13];
};

// The number of a key; one that is new comes last. Of an address that was asked for the text must not change.
size_t ref_keys_index(struct vsm_arena *arena, struct ref_keys *keys, const char *key);
