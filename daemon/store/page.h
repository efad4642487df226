// A page of a table's tree, as SQLite's file format has it: what of it is in use, and what is not.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vsm_page {
  unsigned char *bytes, *taken; // the page, and of each byte 0xff: in use, or 0; of the caller
  size_t size, usable;          // the rest, at its end, is no matter of the tree's
  size_t head, pointers, n, content;
  bool leaf;
};
// Whether the bytes are those of the page of this number, with rows that rise from low to high. False: they are some
// other page's, or damaged.
bool vsm_page_understand(struct vsm_page *p, uint32_t number, int64_t low, int64_t high);
// Of a page that was understood: what is not in use becomes 0. Whether there was anything else.
bool vsm_page_clear(struct vsm_page *p);
// Of one that is no leaf: the page below it of this number, 0 .. n, with rows up to *last; the last page has no such
// bound, and *last stays.
uint32_t vsm_page_child(const struct vsm_page *p, size_t i, int64_t *last);
