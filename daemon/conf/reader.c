// Reading and printing by tables: a map finds each key's field, hands the value to the field's type, and at the end
// gives what is missing its default, by reading the default's text as if it stood there. So a default cannot differ in
// form from what a person would write, and what is printed is what would be read.
#include "conf/reader.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"

void vsm_conf_complain(struct vsm_conf_reader *r, unsigned line, unsigned column, const char *fmt, ...) {
  char text[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  vsm_conf_report_add(r->report, r->file, line, column, "%s", text);
}

void vsm_conf_blame(struct vsm_conf_reader *r, const struct vsm_conf_word *w, const char *fmt, ...) {
  char text[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  vsm_conf_report_add(r->report, w->file ? w->file : r->file, w->line, w->column, "%s", text);
}

void *vsm_conf_alloc(struct vsm_conf_reader *r, size_t n, size_t size) {
  return vsm_mem_need(vsm_arena_zalloc(r->arena, n * size), n * size);
}

const char *vsm_conf_copy(struct vsm_conf_reader *r, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *text = vsm_conf_alloc(r, (size_t)n + 1, 1);
  va_start(ap, fmt);
  vsnprintf(text, (size_t)n + 1, fmt, ap);
  va_end(ap);
  return text;
}

const char *vsm_conf_scalar(struct vsm_conf_reader *r, const struct vsm_yaml *n, const char *what) {
  static const char *const kinds[] = {"", "a list", "a map"};
  if (n->kind == VSM_YAML_SCALAR)
    return n->text;
  vsm_conf_complain(r, n->line, n->column, "%s; allowed: %s", kinds[n->kind], what);
  return NULL;
}

static const char *key_name(const void *of, size_t i) {
  const struct vsm_conf_map *map = of;
  return i < map->n_fields ? map->fields[i].key : NULL;
}

static void unknown_key(struct vsm_conf_reader *r, const struct vsm_conf_map *map, const struct vsm_yaml *key) {
  vsm_conf_complain(r, key->line, key->column, "unknown key \"%s\" of %s%s", key->text, map->what,
                    vsm_conf_choice(r->report, key->text, key_name, map));
}

static bool is_null(const struct vsm_yaml *n) {
  return n->kind == VSM_YAML_SCALAR && !n->quoted &&
         (n->text[0] == '\0' || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

static void read_field(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                       char *base) {
  if (n->broken)
    return;
  if (is_null(n))
    vsm_conf_complain(r, n->key->line, n->key->column, "\"%s\" has no value; allowed: a value, or to leave the key out",
                      f->key);
  else
    f->type->read(r, f, n, base + f->offset);
}

// The default, read as if it stood in the file: a scalar, or for a map an empty one, whose fields have their own.
static void read_fallback(struct vsm_conf_reader *r, const struct vsm_conf_field *f, char *base) {
  struct vsm_yaml n = {.kind = f->type == &VSM_T_MAP ? VSM_YAML_MAP : VSM_YAML_SCALAR, .text = f->fallback};
  f->type->read(r, f, &n, base + f->offset);
}

static const struct vsm_conf_field *find(const struct vsm_conf_map *map, const char *key) {
  for (unsigned i = 0; i < map->n_fields; i++)
    if (strcmp(map->fields[i].key, key) == 0)
      return &map->fields[i];
  return NULL;
}

static uint64_t read_members(struct vsm_conf_reader *r, const struct vsm_conf_map *map, const struct vsm_yaml *n,
                             char *base) {
  uint64_t seen = 0;
  for (const struct vsm_yaml *m = n->first; m; m = m->next) {
    const struct vsm_conf_field *f = find(map, m->key->text);
    if (!f && !m->key->broken)
      unknown_key(r, map, m->key);
    if (!f)
      continue;
    uint64_t bit = UINT64_C(1) << (f - map->fields);
    if (seen & bit)
      vsm_conf_complain(r, m->key->line, m->key->column, "\"%s\" is given twice; allowed: once", f->key);
    else
      read_field(r, f, m, base);
    seen |= bit;
  }
  return seen;
}

// A scalar in place of the map: the value of the one key that can stand for it.
static uint64_t read_shorthand(struct vsm_conf_reader *r, const struct vsm_conf_map *map, const struct vsm_yaml *n,
                               char *base) {
  const struct vsm_conf_field *f = find(map, map->shorthand);
  f->type->read(r, f, n, base + f->offset);
  return UINT64_C(1) << (f - map->fields);
}

void vsm_conf_clear_map(const struct vsm_conf_map *map, void *at) {
  for (unsigned i = 0; i < map->n_fields; i++)
    if (map->fields[i].type->clear)
      map->fields[i].type->clear(&map->fields[i], (char *)at + map->fields[i].offset);
}

void vsm_conf_read_map(struct vsm_conf_reader *r, const struct vsm_conf_map *map, const struct vsm_yaml *n, void *at) {
  vsm_conf_clear_map(map, at);
  if (map->has_place)
    memcpy(at, (unsigned[]){n->line, n->column}, 2 * sizeof(unsigned));
  uint64_t seen = ~UINT64_C(0);
  if (n->kind == VSM_YAML_MAP)
    seen = read_members(r, map, n, at);
  else if (map->shorthand && n->kind == VSM_YAML_SCALAR)
    seen = read_shorthand(r, map, n, at);
  else
    vsm_conf_complain(r, n->line, n->column, "no map; allowed for %s: a map of keys and values", map->what);
  for (unsigned i = 0; i < map->n_fields; i++) {
    const struct vsm_conf_field *f = &map->fields[i];
    if (seen >> i & 1)
      continue;
    if (f->flags & VSM_CONF_REQUIRED)
      vsm_conf_complain(r, n->line, n->column, "\"%s\" is missing; %s needs it", f->key, map->what);
    if (f->fallback)
      read_fallback(r, f, at);
  }
}

bool vsm_conf_map_given(const struct vsm_conf_map *map, const void *at) {
  for (unsigned i = 0; i < map->n_fields; i++) {
    const struct vsm_conf_field *f = &map->fields[i];
    if (f->type->given(f, (const char *)at + f->offset))
      return true;
  }
  return false;
}

void vsm_conf_print_line(struct vsm_conf_printer *p, const char *key) {
  fprintf(p->out, "%*s%s%s", p->dash ? p->indent - 2 : p->indent, "", p->dash ? "- " : "", key);
  p->dash = false;
}

void vsm_conf_print_map(struct vsm_conf_printer *p, const struct vsm_conf_map *map, const void *at) {
  for (unsigned i = 0; i < map->n_fields; i++) {
    const struct vsm_conf_field *f = &map->fields[i];
    const void *value = (const char *)at + f->offset;
    if (!f->type->given(f, value))
      continue;
    vsm_conf_print_line(p, f->key);
    fputc(':', p->out);
    f->type->print(p, f, value);
  }
}
