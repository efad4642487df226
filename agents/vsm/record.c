// The record is laid out once as an event of the core, so that the templates are those of the rules.
#include "record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/cloudevent.h"
#include "agents/lib/number.h"
#include "base/mem.h"
#include "base/when.h"
#include "cmd.h"
#include "conf/files.h"
#include "conf/forms.h"
#include "core/template.h"

enum { PART_BYTES_MAX = 4096 };
enum time_unit { SECONDS, MILLISECONDS, MICROSECONDS };

static const char *const NAMES[VSM_RECORD_PARTS] = {"source", "type", "subject", "time", "id"};
static const char *const UNITS[] = {"s", "ms", "us", NULL};

// --- the file

#define AT(member) .offset = offsetof(struct vsm_record_map, member)
#define PART(k, n, more)                                                                                               \
  { .key = k, .type = &VSM_T_WORD, AT(part[n]), .check = vsm_form_template, .flags = more }

static const struct vsm_conf_field EVENT_FIELDS[] = {
    PART("source", VSM_RECORD_SOURCE, VSM_CONF_REQUIRED),
    PART("type", VSM_RECORD_TYPE, VSM_CONF_REQUIRED),
    PART("subject", VSM_RECORD_SUBJECT, VSM_CONF_REQUIRED),
    PART("time", VSM_RECORD_TIME, VSM_CONF_REQUIRED),
    PART("id", VSM_RECORD_ID, 0),
    {.key = "time_unit", .type = &VSM_T_CHOICE, AT(time_unit), .names = UNITS, .fallback = "s"},
    {.key = "data", .type = &VSM_T_WORDS, AT(data), .check = vsm_form_text, .flags = VSM_CONF_ONE},
};
const struct vsm_conf_map VSM_RECORD_MAP = {.what = "an event",
                                            .fields = EVENT_FIELDS,
                                            .n_fields = sizeof EVENT_FIELDS / sizeof *EVENT_FIELDS,
                                            .size = sizeof(struct vsm_record_map)};

static const struct vsm_conf_field FILE_FIELDS[] = {
    {.key = "event", .type = &VSM_T_MAP, .map = &VSM_RECORD_MAP, .flags = VSM_CONF_REQUIRED},
};
const struct vsm_conf_map VSM_RECORD_FILE = {
    .what = "the file", .fields = FILE_FIELDS, .n_fields = 1, .size = sizeof(struct vsm_record_map)};

static const struct vsm_yaml *member(const struct vsm_yaml *map, const char *key) {
  const struct vsm_yaml *n = map->first;
  while (n && (!n->key || strcmp(n->key->text, key) != 0))
    n = n->next;
  return n;
}

static void read_tree(struct vsm_conf_reader *r, const char *path, const struct vsm_conf_map *root, void *at) {
  const struct vsm_conf_word top = {.file = r->file, .line = 1, .column = 1};
  size_t n = 0;
  const char *text = vsm_conf_file(r, &top, path, &n);
  const struct vsm_yaml *tree = text ? vsm_yaml_read(r->arena, r->report, r->file, text, n) : NULL;
  const struct vsm_yaml *event = tree && !root ? member(tree, "event") : NULL;
  if (event)
    vsm_conf_read_map(r, &VSM_RECORD_MAP, event, at);
  else if (tree)
    vsm_conf_read_map(r, root ? root : &VSM_RECORD_FILE, tree, at);
}

// Of a field that a record cannot have; NULL: there is none.
static const char *stranger(const struct vsm_template *t) {
  static const char *const names[] = {
      [VSM_F_SUBJECT] = "subject", [VSM_F_SOURCE] = "source", [VSM_F_TYPE] = "type", [VSM_F_ID] = "id"};
  for (unsigned i = 0; i < t->n; i++)
    if (t->parts[i].kind != VSM_F_LITERAL && t->parts[i].kind != VSM_F_DATA)
      return names[t->parts[i].kind];
  return NULL;
}

static void make_templates(struct vsm_conf_reader *r, struct vsm_record_map *map) {
  for (int i = 0; i < VSM_RECORD_PARTS; i++) {
    const struct vsm_conf_word *word = &map->part[i];
    const char *what, *name;
    size_t at;
    if (!word->z || vsm_template_parse(r->arena, word->z, &map->template[i], &at, &what) != 0)
      continue; // the form has said it
    if ((name = stranger(&map->template[i])) != NULL)
      vsm_conf_blame(r, word, "a record has no {%s}; allowed: its fields, as {data.%s}", name, name);
  }
}

int vsm_record_load(const char *path, const struct vsm_conf_map *root, void *at, struct vsm_record_map *map,
                    struct vsm_arena *arena) {
  struct vsm_conf_report report;
  vsm_conf_report_init(&report);
  struct vsm_conf_reader r = {.arena = arena, .report = &report, .file = vsm_conf_report_keep(&report, path)};
  read_tree(&r, path, root, at);
  make_templates(&r, map);
  int status = report.n_mistakes ? VSM_FAILED : VSM_DONE;
  vsm_conf_report_sort(&report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  return status;
}

// --- records

void vsm_record_init(struct vsm_record *r) {
  *r = (struct vsm_record){0};
  vsm_arena_init(&r->arena, 0);
}

void vsm_record_fini(struct vsm_record *r) {
  vsm_arena_fini(&r->arena);
  free(r->at);
}

void vsm_record_clear(struct vsm_record *r) {
  vsm_arena_reset(&r->arena);
  r->n = 0;
}

void vsm_record_add(struct vsm_record *r, const char *key, const char *value) {
  r->at = vsm_mem_grow(r->at, r->n, &r->cap, sizeof *r->at);
  r->at[r->n++] = (struct vsm_emitter_attribute){key, value};
}

bool vsm_record_add_members(struct vsm_record *r, const char *prefix, const char *text, size_t n) {
  struct vsm_emitter_event members;
  struct vsm_cloudevent_wrong wrong;
  json_t *object = json_loadb(text, n, 0, NULL);
  bool good = vsm_json_record_read(object, &r->arena, &members, &wrong);
  for (size_t i = 0; good && i < members.n_data; i++)
    vsm_record_add(
        r, vsm_mem_need(vsm_arena_printf(&r->arena, *prefix ? "%s.%s" : "%s%s", prefix, members.data[i].key), 0),
        vsm_mem_need(vsm_arena_strdup(&r->arena, members.data[i].value), 0));
  json_decref(object);
  return good;
}

struct vsm_emitter_event vsm_record_raw(const struct vsm_record *r) {
  return (struct vsm_emitter_event){.data = r->at, .n_data = r->n};
}

// --- and their events

static bool lay_out(const struct vsm_emitter_event *record, struct vsm_arena *arena, struct vsm_event *out) {
  struct vsm_attr *attrs = vsm_arena_alloc(arena, record->n_data * sizeof *attrs + 1);
  if (!attrs)
    return false;
  for (size_t i = 0; i < record->n_data; i++)
    attrs[i] = (struct vsm_attr){vsm_str_of(record->data[i].key), vsm_str_of(record->data[i].value)};
  *out = (struct vsm_event){.attrs = attrs, .n_attrs = (uint32_t)record->n_data};
  return true;
}

// NULL with the reason in `why`.
static const char *expand(const struct vsm_record_map *map, enum vsm_record_part part, const struct vsm_event *record,
                          struct vsm_arena *arena, char *why, size_t size) {
  const struct vsm_field *missing = NULL;
  char text[PART_BYTES_MAX];
  long n = vsm_template_expand(&map->template[part], record, text, sizeof text, &missing);
  const char *z = n >= 0 ? vsm_arena_strndup(arena, text, (size_t)n) : NULL;
  if (n == -1)
    snprintf(why, size, "no data.%.*s, of which the %s is made", (int)missing->text.n, missing->text.p, NAMES[part]);
  else if (!z)
    snprintf(why, size, "a %s of more than %d bytes", NAMES[part], PART_BYTES_MAX);
  return z;
}

// A bare number in another unit than seconds: "1767225600123" as "1767225600.123".
static bool read_time(const char *text, enum time_unit unit, uint64_t *unix_nano) {
  static const struct {
    int digits;
    uint64_t in_a_second;
  } units[] = {[MILLISECONDS] = {3, 1000}, [MICROSECONDS] = {6, 1000000}};
  char seconds[48];
  uint64_t n;
  if (unit == SECONDS || !vsm_number_read(text, &n))
    return vsm_when_parse(text, unix_nano);
  snprintf(seconds, sizeof seconds, "%" PRIu64 ".%0*" PRIu64, n / units[unit].in_a_second, units[unit].digits,
           n % units[unit].in_a_second);
  return vsm_when_parse(seconds, unix_nano);
}

static bool is_wanted(const struct vsm_conf_words *names, const char *key) {
  for (unsigned i = 0; i < names->n; i++)
    if (strcmp(names->at[i].z, key) == 0)
      return true;
  return names->n == 0;
}

static void choose_data(const struct vsm_record_map *map, const struct vsm_emitter_event *record,
                        struct vsm_arena *arena, struct vsm_emitter_event *out) {
  struct vsm_emitter_attribute *data =
      vsm_mem_need(vsm_arena_alloc(arena, record->n_data * sizeof *data + 1), record->n_data * sizeof *data);
  for (size_t i = 0; i < record->n_data; i++)
    if (is_wanted(&map->data, record->data[i].key))
      data[out->n_data++] = record->data[i];
  out->data = data;
}

bool vsm_record_event(const struct vsm_record_map *map, const struct vsm_emitter_event *record, struct vsm_arena *arena,
                      struct vsm_emitter_event *out, char *why, size_t size) {
  struct vsm_event e;
  const char *text[VSM_RECORD_PARTS] = {0};
  snprintf(why, size, "out of memory");
  if (!lay_out(record, arena, &e))
    return false;
  for (int i = 0; i < VSM_RECORD_PARTS; i++)
    if (map->part[i].z && !(text[i] = expand(map, (enum vsm_record_part)i, &e, arena, why, size)))
      return false;
  *out = (struct vsm_emitter_event){.source = text[VSM_RECORD_SOURCE],
                                    .id = text[VSM_RECORD_ID],
                                    .type = text[VSM_RECORD_TYPE],
                                    .subject = text[VSM_RECORD_SUBJECT]};
  if (!read_time(text[VSM_RECORD_TIME], (enum time_unit)map->time_unit, &out->time_unix_nano))
    return snprintf(why, size, "time \"%.60s\" is not " VSM_WHEN_ALLOWED, text[VSM_RECORD_TIME]), false;
  choose_data(map, record, arena, out);
  return true;
}
