#include "conf/kept.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/load.h"
#include "conf/reader.h"
#include "core/calendar.h"

static const char FIRST_LINE[] = "vsmd configuration 1";

// --- writing

static bool zone_was_written(const struct vsm_model *m, unsigned i) {
  for (unsigned k = 0; k < i; k++)
    if (strcmp(m->calendars[k].zone.name, m->calendars[i].zone.name) == 0)
      return true;
  return false;
}

static void write_zone(const struct vsm_zone *z, FILE *out) {
  fprintf(out, "zone %s %" PRId32 " %u", z->name, z->offset_s, z->n_changes);
  for (unsigned i = 0; i < z->n_changes; i++)
    fprintf(out, " %" PRIu32 ":%" PRId32, z->changes[i].at_s, z->changes[i].offset_s);
  fputc('\n', out);
}

char *vsm_config_keep(const struct vsm_config *c, size_t *n) {
  char *text = NULL;
  FILE *out = open_memstream(&text, n);
  if (!out)
    return NULL;
  const char *slash = strrchr(c->path, '/');
  fprintf(out, "%s\nfile %s\nrules", FIRST_LINE, slash ? slash + 1 : c->path);
  for (unsigned i = 0; i < c->model.n_rules; i++)
    fprintf(out, " %u", c->model.rules[i].line);
  fputc('\n', out);
  for (unsigned i = 0; i < c->model.n_calendars; i++)
    if (!zone_was_written(&c->model, i))
      write_zone(&c->model.calendars[i].zone, out);
  fputs("text\n", out);
  struct vsm_conf_printer p = {.out = out};
  vsm_conf_print_map(&p, &VSM_CONF_ROOT, c);
  if (fclose(out) == 0)
    return text;
  free(text);
  return NULL;
}

// --- reading

// What is left of the lines above the text.
struct lines {
  struct vsm_arena *arena;
  char *at;
};

// The next line behind a word, NUL-terminated; NULL: it begins otherwise.
static char *line(struct lines *l, const char *word) {
  size_t n = strlen(word);
  char *end = strchr(l->at, '\n');
  if (!end || strncmp(l->at, word, n) != 0)
    return NULL;
  char *rest = l->at + n;
  *end = '\0';
  l->at = end + 1;
  return rest;
}

static bool number(char **at, int64_t least, int64_t most, int64_t *out) {
  char *end;
  *out = strtoll(*at, &end, 10);
  if (end == *at || *out < least || *out > most)
    return false;
  *at = end;
  return true;
}

static void *need(struct lines *l, size_t bytes) {
  return vsm_mem_need(vsm_arena_zalloc(l->arena, bytes), bytes);
}

static bool read_rules(struct lines *l, struct vsm_conf_kept *kept) {
  char *at = line(l, "rules");
  int64_t n;
  if (!at)
    return false;
  unsigned *rules = need(l, (strlen(at) / 2 + 1) * sizeof *rules);
  while (*at && number(&at, 0, UINT32_MAX, &n))
    rules[kept->n_rules++] = (unsigned)n;
  kept->rule_lines = rules;
  return *at == '\0';
}

static bool read_zone(struct lines *l, char *at, struct vsm_zone *z) {
  int64_t offset, n, when;
  z->name = at;
  at += strcspn(at, " ");
  if (*at != ' ')
    return false;
  *at++ = '\0';
  if (!number(&at, INT32_MIN, INT32_MAX, &offset) || !number(&at, 0, (int64_t)strlen(at) / 4, &n))
    return false;
  struct vsm_zone_change *changes = need(l, ((size_t)n + 1) * sizeof *changes);
  z->offset_s = (int32_t)offset;
  z->changes = changes;
  for (; z->n_changes < n; z->n_changes++) {
    if (!number(&at, 1, UINT32_MAX, &when) || *at++ != ':' || !number(&at, INT32_MIN, INT32_MAX, &offset))
      return false;
    changes[z->n_changes] = (struct vsm_zone_change){(uint32_t)when, (int32_t)offset};
  }
  return *at == '\0';
}

static bool read_zones(struct lines *l, struct vsm_conf_kept *kept) {
  struct vsm_zone *zones = need(l, VSM_CALENDARS_MAX * sizeof *zones);
  kept->zones = zones;
  for (char *at; (at = line(l, "zone ")) != NULL; kept->n_zones++)
    if (kept->n_zones == VSM_CALENDARS_MAX || !read_zone(l, at, &zones[kept->n_zones]))
      return false;
  return true;
}

int vsm_config_parse_kept(struct vsm_str text, struct vsm_config **config, struct vsm_conf_report *report) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  struct lines l = {.arena = &arena, .at = vsm_mem_need(vsm_arena_strndup(&arena, text.p, text.n), text.n)};
  struct vsm_conf_kept kept = {0};
  const char *file = "";
  bool good = strlen(l.at) == text.n && line(&l, FIRST_LINE) && (file = line(&l, "file ")) && read_rules(&l, &kept) &&
              read_zones(&l, &kept) && line(&l, "text");
  int err = vsm_config_parse_with(good ? file : "(journal)", good ? l.at : NULL, &kept, config, report);
  vsm_arena_fini(&arena);
  return err;
}
