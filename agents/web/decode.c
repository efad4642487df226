#include "agents/web/decode.h"

#include <string.h>

#include "wire/utf8.h"

static int digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(char *text, bool plus) {
  char *out = text;
  for (const char *p = text; *p; p++) {
    if (*p != '%') {
      *out++ = *p == '+' && plus ? ' ' : *p;
      continue;
    }
    int high = digit(p[1]), low = high < 0 ? -1 : digit(p[2]);
    if (low < 0 || high + low == 0)
      return false;
    *out++ = (char)(high * 16 + low);
    p += 2;
  }
  *out = '\0';
  return vsm_utf8_check((struct vsm_str){text, (size_t)(out - text)});
}

bool vsm_decode(char *text) {
  return decode(text, false);
}

bool vsm_decode_plus(char *text) {
  return decode(text, true);
}
