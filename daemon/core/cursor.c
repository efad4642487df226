#include "core/cursor.h"

enum { DIGITS_MAX = 18 };

bool vsm_cursor_parse(struct vsm_str text, char order, uint64_t *numbers, unsigned n) {
  unsigned k = 0, digits = 0;
  if (text.n < 2 || text.p[0] != order)
    return false;
  numbers[0] = 0;
  for (size_t i = 1; i < text.n; i++) {
    if (text.p[i] == '.' && digits > 0 && k + 1 < n) {
      numbers[++k] = 0;
      digits = 0;
    } else if (text.p[i] >= '0' && text.p[i] <= '9' && digits++ < DIGITS_MAX) {
      numbers[k] = numbers[k] * 10 + (uint64_t)(text.p[i] - '0');
    } else {
      return false;
    }
  }
  return k + 1 == n && digits > 0;
}

struct vsm_str vsm_cursor_print(struct vsm_arena *arena, char order, const uint64_t *numbers, unsigned n) {
  const char *text = vsm_arena_printf(arena, "%c", order);
  for (unsigned i = 0; text && i < n; i++)
    text = vsm_arena_printf(arena, "%s%s%llu", text, i ? "." : "", (unsigned long long)numbers[i]);
  return vsm_str_of(text ? text : "");
}
