#include "property/reference_keys.h"

#include <stdint.h>
#include <string.h>

#include "property/reference.h"

static size_t find(const struct ref_keys *keys, const char *key) {
  size_t i = 0;
  while (i < keys->n && strcmp(keys->key[i], key) != 0)
    i++;
  return i;
}

size_t ref_keys_index(struct vsm_arena *arena, struct ref_keys *keys, const char *key) {
  size_t place = ((uintptr_t)key * 0x9e3779b97f4a7c15U >> 40) % (sizeof keys->known / sizeof *keys->known);
  if (keys->known[place].key != key) {
    keys->known[place].at = find(keys, key);
    keys->known[place].key = key;
  }
  size_t at = keys->known[place].at, again = at;
  if (at < keys->n)
    return at;
  REF_PUSH(arena, keys->item, again, at);
  REF_PUSH(arena, keys->key, keys->n, key);
  return at;
}
