// A page has a head, then where each cell is, in the order of rows, and at its end the cells, with free blocks between
// them. What lies in the middle is not in use. Whatever the bytes are, nothing is read or written beside the page.
#include "store/page.h"

#include <string.h>

enum { LEAF = 0x0d, INNER = 0x05, HEAD_OF_FILE = 100, LEAF_HEAD = 8, INNER_HEAD = 12, FREE_HEAD = 4, CELL_MIN = 4 };

struct cell {
  size_t at, bytes;
  uint32_t child;
  int64_t row;
};

static uint32_t big(const unsigned char *p, unsigned n) {
  uint32_t v = 0;
  for (unsigned i = 0; i < n; i++)
    v = v << 8 | p[i];
  return v;
}

// Seven bits a byte, and eight of the ninth. How many bytes it takes; 0: it does not end.
static size_t number(const unsigned char *p, size_t n, uint64_t *v) {
  *v = 0;
  for (size_t i = 0; i < n && i < 9; i++) {
    *v = i == 8 ? *v << 8 | p[i] : *v << 7 | (p[i] & 0x7f);
    if (i == 8 || p[i] < 0x80)
      return i + 1;
  }
  return 0;
}

// What a row of so many bytes takes in its page; the rest is in pages of its own.
static size_t row_bytes(size_t usable, uint64_t n) {
  uint64_t most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
  if (n <= most)
    return n;
  uint64_t here = least + (n - least) % (usable - 4);
  return (here <= most ? here : least) + 4;
}

static bool read_cell(const struct vsm_page *p, size_t i, struct cell *c) {
  size_t at = big(p->bytes + p->pointers + 2 * i, 2), of_n = 4;
  uint64_t n = 0, row = 0;
  *c = (struct cell){.at = at};
  if (at < p->content || at + CELL_MIN > p->usable)
    return false;
  if (p->leaf)
    of_n = number(p->bytes + at, p->usable - at, &n);
  else
    c->child = big(p->bytes + at, 4);
  size_t of_row = number(p->bytes + at + of_n, p->usable - at - of_n, &row);
  c->bytes = of_n + of_row + (p->leaf ? row_bytes(p->usable, n) : 0);
  if (c->bytes < CELL_MIN)
    c->bytes = CELL_MIN;
  c->row = (int64_t)row;
  return of_n > 0 && of_row > 0;
}

// False: there is no such room in the page, or it is taken.
static bool take(const struct vsm_page *p, size_t at, size_t n) {
  if (at < p->content || at > p->usable || n > p->usable - at || memchr(p->taken + at, 0xff, n))
    return false;
  memset(p->taken + at, 0xff, n);
  return true;
}

// Between two pages below an inner one there is always a row; so its own last one is below `high`.
static bool take_cells(const struct vsm_page *p, int64_t low, int64_t high) {
  for (size_t i = 0; i < p->n; i++) {
    struct cell c;
    bool good = read_cell(p, i, &c) && take(p, c.at, c.bytes) && c.row >= low;
    if (!good || c.row > high || (c.row == high && (!p->leaf || i + 1 < p->n)))
      return false;
    low = c.row < high ? c.row + 1 : high;
  }
  return true;
}

// Of a free block only the head is in use.
static bool take_free(const struct vsm_page *p) {
  size_t end = p->content;
  for (size_t at = big(p->bytes + p->head + 1, 2), n; at; at = big(p->bytes + at, 2)) {
    if (at < end || at + FREE_HEAD > p->usable)
      return false;
    n = big(p->bytes + at + 2, 2);
    if (n < FREE_HEAD || !take(p, at, n))
      return false;
    memset(p->taken + at + FREE_HEAD, 0, n - FREE_HEAD);
    end = at + n;
  }
  return true;
}

bool vsm_page_understand(struct vsm_page *p, uint32_t number, int64_t low, int64_t high) {
  p->head = number == 1 ? HEAD_OF_FILE : 0;
  const unsigned char *head = p->bytes + p->head;
  p->leaf = head[0] == LEAF;
  p->pointers = p->head + (p->leaf ? LEAF_HEAD : INNER_HEAD);
  p->n = big(head + 3, 2);
  p->content = big(head + 5, 2);
  if (p->content == 0)
    p->content = 1 << 16;
  size_t end = p->pointers + 2 * p->n;
  if ((!p->leaf && head[0] != INNER) || end > p->content || p->content > p->usable)
    return false;
  memset(p->taken, 0xff, end);
  memset(p->taken + end, 0, p->usable - end);
  memset(p->taken + p->usable, 0xff, p->size - p->usable);
  return take_cells(p, low, high) && take_free(p);
}

bool vsm_page_clear(struct vsm_page *p) {
  unsigned char found = 0;
  for (size_t i = 0; i < p->size; i++) {
    found |= p->bytes[i] & (unsigned char)~p->taken[i];
    p->bytes[i] &= p->taken[i];
  }
  return found != 0;
}

uint32_t vsm_page_child(const struct vsm_page *p, size_t i, int64_t *last) {
  struct cell c;
  if (i >= p->n)
    return big(p->bytes + p->head + INNER_HEAD - 4, 4);
  read_cell(p, i, &c);
  *last = c.row;
  return c.child;
}
