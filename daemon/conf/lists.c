// The compound types of the configuration: lists of words and durations, maps, lists of maps, and maps whose keys the
// configuration itself chooses. A list is {members, n} in the arena, sized once by the number of nodes.
#include "conf/reader.h"

#include <string.h>

#include "base/mem.h"

enum { FREE_KEYS_MAX = 64 };

// Any {member *at; unsigned n;}.
struct list {
  void *at;
  unsigned n;
};

static struct list load(const void *at) {
  struct list l;
  memcpy(&l, at, sizeof l);
  return l;
}

static bool list_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  return load(at).n > 0;
}

typedef void read_fn(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at);

// A single value where a list may be written as its one member.
static const struct vsm_yaml *list_of_one(struct vsm_conf_reader *r, const struct vsm_yaml *n) {
  struct vsm_yaml *list = vsm_conf_alloc(r, 1, sizeof *list), *member = vsm_conf_alloc(r, 1, sizeof *member);
  *member = *n;
  member->next = NULL;
  *list = (struct vsm_yaml){.kind = VSM_YAML_LIST, .line = n->line, .column = n->column, .first = member, .n = 1};
  return list;
}

// A default: its words are the members.
static const struct vsm_yaml *list_of_words(struct vsm_conf_reader *r, const char *text) {
  struct vsm_yaml *list = vsm_conf_alloc(r, 1, sizeof *list), **tail = &list->first;
  list->kind = VSM_YAML_LIST;
  while (*text) {
    size_t len = strcspn(text, " ");
    struct vsm_yaml *member = *tail = vsm_conf_alloc(r, 1, sizeof *member);
    *member = (struct vsm_yaml){.kind = VSM_YAML_SCALAR, .text = vsm_conf_copy(r, "%.*s", (int)len, text)};
    tail = &member->next;
    list->n++;
    text += len + strspn(text + len, " ");
  }
  return list;
}

static const struct vsm_yaml *as_list(struct vsm_conf_reader *r, const struct vsm_conf_field *f,
                                      const struct vsm_yaml *n) {
  if (n->kind == VSM_YAML_LIST)
    return n;
  if (n->line == 0) // no place in the file
    return list_of_words(r, n->text);
  return f->flags & VSM_CONF_ONE ? list_of_one(r, n) : n;
}

static void list_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at,
                      size_t size, read_fn *read, const char *what) {
  n = as_list(r, f, n);
  if (n->kind != VSM_YAML_LIST) {
    vsm_conf_complain(r, n->line, n->column, "no list; allowed for %s: a list of %s", f->key, what);
    return;
  }
  if (n->n == 0 && f->least)
    vsm_conf_complain(r, n->line, n->column, "an empty list; allowed for %s: at least one", f->key);
  if (f->most && n->n > f->most)
    vsm_conf_complain(r, n->line, n->column, "%u in %s; allowed: at most %d", n->n, f->key, (int)f->most);
  struct list l = {vsm_conf_alloc(r, n->n + 1, size), 0};
  for (const struct vsm_yaml *m = n->first; m; m = m->next)
    if (!m->broken)
      read(r, f, m, (char *)l.at + size * l.n++);
  memcpy(at, &l, sizeof l);
}

// --- words: [a, b]

static void one_word(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  VSM_T_WORD.read(r, f, n, at);
}

// What was wrong is left out, so that nobody behind meets a word without text.
static void words_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  struct vsm_conf_words *l = at;
  list_read(r, f, n, at, sizeof *l->at, one_word, "texts");
  unsigned kept = 0;
  for (unsigned i = 0; i < l->n; i++)
    if (l->at[i].z)
      l->at[kept++] = l->at[i];
  l->n = kept;
}

static void print_words(struct vsm_conf_printer *p, const struct vsm_conf_words *l) {
  for (unsigned i = 0; i < l->n; i++) {
    fputs(i ? ", " : " [", p->out);
    vsm_conf_print_text(p, l->at[i].z);
  }
  fputs("]\n", p->out);
}

static void words_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  print_words(p, at);
}

const struct vsm_conf_type VSM_T_WORDS = {NULL, words_read, list_given, words_print};

// --- durations: [1h, 24h]

static void one_duration(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                         void *at) {
  struct vsm_conf_field plain = *f;
  plain.least = VSM_MINUTE_US; // the field's own are of the list
  plain.most = 0;
  VSM_T_DURATION.read(r, &plain, n, at);
}

static void durations_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                           void *at) {
  struct vsm_conf_durations *l = at;
  list_read(r, f, n, at, sizeof *l->at, one_duration, "durations");
  unsigned kept = 0;
  for (unsigned i = 0; i < l->n; i++)
    if (l->at[i].text)
      l->at[kept++] = l->at[i];
  l->n = kept;
}

static void durations_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  const struct vsm_conf_durations *l = at;
  for (unsigned i = 0; i < l->n; i++)
    fprintf(p->out, "%s%s", i ? ", " : " [", l->at[i].text);
  fputs("]\n", p->out);
}

const struct vsm_conf_type VSM_T_DURATIONS = {NULL, durations_read, list_given, durations_print};

// --- maps, and lists of them

static void map_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  static const struct vsm_yaml nothing = {.kind = VSM_YAML_SCALAR, .text = "none", .line = 1, .column = 1};
  bool none = (f->flags & VSM_CONF_NONE) && n->kind == VSM_YAML_SCALAR && strcmp(n->text, "none") == 0;
  if (!none) {
    vsm_conf_read_map(r, f->map, n, at);
    return;
  }
  for (unsigned i = 0; i < f->map->n_fields; i++) // each of its fields is none
    f->map->fields[i].type->read(r, &f->map->fields[i], &nothing, (char *)at + f->map->fields[i].offset);
}

static void map_clear(const struct vsm_conf_field *f, void *at) {
  vsm_conf_clear_map(f->map, at);
}

static bool map_given(const struct vsm_conf_field *f, const void *at) {
  return vsm_conf_map_given(f->map, at);
}

static void map_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  fputc('\n', p->out);
  p->indent += 2;
  vsm_conf_print_map(p, f->map, at);
  p->indent -= 2;
}

const struct vsm_conf_type VSM_T_MAP = {map_clear, map_read, map_given, map_print};

static void one_map(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  vsm_conf_read_map(r, f->map, n, at);
}

static void items_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  list_read(r, f, n, at, f->map->size, one_map, "maps");
}

static void items_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  struct list l = load(at);
  fputc('\n', p->out);
  p->indent += 4;
  for (unsigned i = 0; i < l.n; i++) {
    p->dash = true;
    vsm_conf_print_map(p, f->map, (const char *)l.at + i * f->map->size);
  }
  p->indent -= 4;
}

const struct vsm_conf_type VSM_T_ITEMS = {NULL, items_read, list_given, items_print};

// --- maps with free keys: {region: "{data.area}"}, {region: [north, south]}

static bool twice(struct vsm_conf_reader *r, const struct vsm_yaml *map, const struct vsm_yaml *m) {
  for (const struct vsm_yaml *e = map->first; e != m; e = e->next)
    if (strcmp(e->key->text, m->key->text) == 0) {
      vsm_conf_complain(r, m->key->line, m->key->column, "\"%s\" is given twice; allowed: once", m->key->text);
      return true;
    }
  return false;
}

// Calls `read` for the value of each key, with room for `size` bytes that begin with the key as a word.
static void free_map_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at,
                          size_t size, size_t value, read_fn *read) {
  if (n->kind != VSM_YAML_MAP) {
    vsm_conf_complain(r, n->line, n->column, "no map; allowed for %s: attributes with their values", f->key);
    return;
  }
  if (n->n > FREE_KEYS_MAX) {
    vsm_conf_complain(r, n->line, n->column, "%u keys in %s; allowed: at most %d", n->n, f->key, FREE_KEYS_MAX);
    return;
  }
  struct list l = {vsm_conf_alloc(r, n->n + 1, size), 0};
  for (const struct vsm_yaml *m = n->first; m; m = m->next) {
    if (m->broken || m->key->broken || twice(r, n, m))
      continue;
    struct vsm_conf_word *name = (void *)((char *)l.at + size * l.n++);
    *name = (struct vsm_conf_word){m->key->text, r->file, m->key->line, m->key->column};
    read(r, f, m, (char *)name + value);
  }
  memcpy(at, &l, sizeof l);
}

static void pairs_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  struct vsm_conf_pairs *l = at;
  free_map_read(r, f, n, at, sizeof *l->at, offsetof(struct vsm_conf_pair, value), one_word);
  unsigned kept = 0;
  for (unsigned i = 0; i < l->n; i++)
    if (l->at[i].value.z)
      l->at[kept++] = l->at[i];
  l->n = kept;
}

static void pairs_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  const struct vsm_conf_pairs *l = at;
  fputs(" {", p->out);
  for (unsigned i = 0; i < l->n; i++) {
    fputs(i ? ", " : " ", p->out);
    vsm_conf_print_text(p, l->at[i].name.z);
    fputs(": ", p->out);
    vsm_conf_print_text(p, l->at[i].value.z);
  }
  fputs(" }\n", p->out);
}

const struct vsm_conf_type VSM_T_PAIRS = {NULL, pairs_read, list_given, pairs_print};

static void where_values(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                         void *at) {
  struct vsm_conf_field one = {.key = f->key, .flags = VSM_CONF_ONE, .least = 1};
  words_read(r, &one, n, at);
}

static void where_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  free_map_read(r, f, n, at, sizeof(struct vsm_conf_where_entry), offsetof(struct vsm_conf_where_entry, values),
                where_values);
}

static void where_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  const struct vsm_conf_where *l = at;
  fputc('\n', p->out);
  p->indent += 2;
  for (unsigned i = 0; i < l->n; i++) {
    vsm_conf_print_line(p, "");
    vsm_conf_print_text(p, l->at[i].name.z);
    fputc(':', p->out);
    print_words(p, &l->at[i].values);
  }
  p->indent -= 2;
}

const struct vsm_conf_type VSM_T_WHERE = {NULL, where_read, list_given, where_print};
