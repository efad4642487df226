// The generic half of reading: maps, lists, values. simulate_yaml.h says how it goes.
#include "simulate_yaml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

void vsm_sim_complain(struct vsm_sim_reader *r, const yaml_node_t *n, const char *fmt, ...) {
  va_list args;
  fprintf(r->err, "%s:%zu:%zu: ", r->path, n->start_mark.line + 1, n->start_mark.column + 1);
  va_start(args, fmt);
  vfprintf(r->err, fmt, args);
  va_end(args);
  fputc('\n', r->err);
  r->mistakes++;
}

void *vsm_sim_memory(struct vsm_sim_reader *r, size_t bytes) {
  void *p = vsm_arena_zalloc(r->arena, bytes ? bytes : 1);
  if (!p) {
    fprintf(r->err, "%s: out of memory\n", r->path);
    exit(1);
  }
  return p;
}

yaml_node_t *vsm_sim_node(struct vsm_sim_reader *r, int id) {
  return yaml_document_get_node(&r->document, id);
}

const char *vsm_sim_scalar(struct vsm_sim_reader *r, yaml_node_t *n, const char *what) {
  if (n->type == YAML_SCALAR_NODE && n->data.scalar.length)
    return memcpy(vsm_sim_memory(r, n->data.scalar.length + 1), n->data.scalar.value, n->data.scalar.length + 1);
  vsm_sim_complain(r, n, "expected %s", what);
  return NULL;
}

// --- Maps and lists ------------------------------------------------------------------------------------------------

yaml_node_t *vsm_sim_find(struct vsm_sim_reader *r, yaml_node_t *map, const char *key) {
  for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
    yaml_node_t *k = vsm_sim_node(r, p->key);
    if (k->type == YAML_SCALAR_NODE && !strcmp((const char *)k->data.scalar.value, key))
      return vsm_sim_node(r, p->value);
  }
  return NULL;
}

static void check_keys(struct vsm_sim_reader *r, yaml_node_t *map, const struct vsm_sim_shape *shape) {
  for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
    yaml_node_t *k = vsm_sim_node(r, p->key);
    const char *name = k->type == YAML_SCALAR_NODE ? (const char *)k->data.scalar.value : "";
    unsigned i = 0;
    while (i < shape->n && strcmp(shape->fields[i].key, name))
      i++;
    if (i < shape->n)
      continue;
    char allowed[512] = "";
    for (i = 0; i < shape->n; i++)
      snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s", i ? ", " : "",
               shape->fields[i].key);
    vsm_sim_complain(r, k, "unknown key '%s'; allowed: %s", name, allowed);
  }
}

static void read_shape(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_shape *shape, void *at) {
  if (n->type != YAML_MAPPING_NODE) {
    vsm_sim_complain(r, n, "expected a map, as in key: value");
    return;
  }
  check_keys(r, n, shape);
  for (unsigned i = 0; i < shape->n; i++) {
    const struct vsm_sim_field *f = &shape->fields[i];
    yaml_node_t *value = vsm_sim_find(r, n, f->key);
    if (value)
      f->read(r, value, f, (char *)at + f->offset);
    else if (f->required)
      vsm_sim_complain(r, n, "'%s' is missing", f->key);
  }
  if (shape->close)
    shape->close(r, n, at);
}

void vsm_sim_read_map(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  read_shape(r, n, f->shape, at);
}

// A list of maps; one map alone is a list of one.
void vsm_sim_read_list(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  struct vsm_sim_list *list = at;
  if (n->type == YAML_MAPPING_NODE) {
    *list = (struct vsm_sim_list){vsm_sim_memory(r, f->shape->size_bytes), 1};
    read_shape(r, n, f->shape, list->at);
    return;
  }
  if (n->type != YAML_SEQUENCE_NODE) {
    vsm_sim_complain(r, n, "expected a list");
    return;
  }
  unsigned count = (unsigned)(n->data.sequence.items.top - n->data.sequence.items.start);
  list->at = vsm_sim_memory(r, count * f->shape->size_bytes);
  for (unsigned i = 0; i < count; i++) {
    list->n = i + 1;
    read_shape(r, vsm_sim_node(r, n->data.sequence.items.start[i]), f->shape,
               (char *)list->at + i * f->shape->size_bytes);
  }
}

void vsm_sim_read_texts(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  struct vsm_sim_list *list = at;
  if (n->type != YAML_SEQUENCE_NODE) {
    vsm_sim_complain(r, n, "expected a list of texts");
    return;
  }
  unsigned count = (unsigned)(n->data.sequence.items.top - n->data.sequence.items.start);
  const char **texts = list->at = vsm_sim_memory(r, count * sizeof *texts);
  for (unsigned i = 0; i < count; i++) {
    const char *text = vsm_sim_scalar(r, vsm_sim_node(r, n->data.sequence.items.start[i]), "a text");
    if (text)
      texts[list->n++] = text;
  }
}

// --- Values --------------------------------------------------------------------------------------------------------

void vsm_sim_read_text(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  const char *text = vsm_sim_scalar(r, n, f->key);
  if (text)
    *(const char **)at = text;
}

double vsm_sim_number(struct vsm_sim_reader *r, yaml_node_t *n, double most, const char *what) {
  const char *text = vsm_sim_scalar(r, n, what);
  char *end;
  double value = text ? strtod(text, &end) : 0;
  if (text && (*end || !(value >= 0) || value > most)) {
    vsm_sim_complain(r, n, "'%s' is not %s", text, what);
    return 0;
  }
  return value;
}

void vsm_sim_read_share(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  *(double *)at = vsm_sim_number(r, n, 1, "a share, 0 to 1");
}

void vsm_sim_read_number(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  *(double *)at = vsm_sim_number(r, n, 1e6, "a number, 0 to 1000000");
}

void vsm_sim_read_count(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  *(int64_t *)at = (int64_t)vsm_sim_number(r, n, 1000, "a number, 0 to 1000");
}

int64_t vsm_sim_duration(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_calendar *calendar) {
  const char *text = vsm_sim_scalar(r, n, "a duration");
  int64_t us = 0;
  if (!text)
    return 0;
  bool minus = *text == '-';
  if (!vsm_sim_duration_parse(text + minus, calendar, &us))
    vsm_sim_complain(r, n, "'%s' is not a duration; allowed: a whole number and ms, s, m, h, d, w%s", text,
                     calendar ? ", wd" : " (wd with a calendar)");
  return minus ? -us : us;
}

void vsm_sim_read_duration(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at) {
  (void)f;
  *(int64_t *)at = vsm_sim_duration(r, n, NULL);
}

// --- The file ------------------------------------------------------------------------------------------------------

static bool load(struct vsm_sim_reader *r, FILE *file) {
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser))
    return false;
  yaml_parser_set_input_file(&parser, file);
  bool good = yaml_parser_load(&parser, &r->document);
  if (!good)
    fprintf(r->err, "%s:%zu:%zu: %s\n", r->path, parser.problem_mark.line + 1, parser.problem_mark.column + 1,
            parser.problem ? parser.problem : "not YAML");
  yaml_parser_delete(&parser);
  return good;
}

int vsm_sim_read_file(struct vsm_sim_reader *r, const struct vsm_sim_shape *root, void *at) {
  FILE *file = fopen(r->path, "r");
  if (!file) {
    fprintf(r->err, "%s: cannot be read: %m\n", r->path);
    return VSM_EIO;
  }
  bool good = load(r, file);
  fclose(file);
  if (!good)
    return VSM_ECONFIG;
  yaml_node_t *top = yaml_document_get_root_node(&r->document);
  if (top) {
    read_shape(r, top, root, at);
  } else {
    fprintf(r->err, "%s:1:1: the file is empty\n", r->path);
    r->mistakes++;
  }
  yaml_document_delete(&r->document);
  return r->mistakes ? VSM_ECONFIG : 0;
}
