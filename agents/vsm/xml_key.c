#include "xml_key.h"

#include <stdio.h>
#include <string.h>

bool vsm_xml_is_exports(struct vsm_str key) {
  return vsm_str_begins(key, VSM_STR("vsm:")) || vsm_str_eq(key, VSM_STR("concept:name")) ||
         vsm_str_eq(key, VSM_STR("time:timestamp")) || vsm_str_eq(key, VSM_STR("lifecycle:transition"));
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == ':' || c == '-';
}

static bool is_name(struct vsm_str key) {
  if (key.n == 0 || (!is_letter(key.p[0]) && key.p[0] != '_'))
    return false;
  for (size_t i = 0; i < key.n; i++)
    if (!is_plain(key.p[i]) && key.p[i] != '_')
      return false;
  return true;
}

const char *vsm_xml_key(struct vsm_str key, char *out) {
  char *at = out;
  if (is_name(key) && !vsm_xml_is_exports(key)) {
    memcpy(out, key.p, key.n);
    out[key.n] = '\0';
    return out;
  }
  at += sprintf(at, "%s", VSM_XML_DATA);
  for (size_t i = 0; i < key.n; i++) {
    if (is_plain(key.p[i]))
      *at++ = key.p[i];
    else
      at += sprintf(at, "_x%02X_", (unsigned char)key.p[i]);
  }
  *at = '\0';
  return out;
}

static int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool vsm_xml_unkey(char *text) {
  char *to = text;
  for (const char *at = text; *at; to++) {
    if (*at != '_') {
      *to = *at++;
      continue;
    }
    if (at[1] != 'x' || digit(at[2]) < 0 || digit(at[3]) < 0 || at[4] != '_')
      return false;
    *to = (char)(digit(at[2]) * 16 + digit(at[3]));
    if (!*to)
      return false;
    at += 5;
  }
  *to = '\0';
  return true;
}
