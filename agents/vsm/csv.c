// RFC 4180: fields apart by commas, in double quotes where they hold commas, quotes (doubled) or line ends.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "logs.h"
#include "when.h"

enum { COLUMNS_MAX = 300, MEANINGS = 5 };

struct csv {
  FILE *in;
  unsigned long line, row_line; // of the file, from 1
  char *bytes;                  // of one record, fields NUL-terminated
  size_t n, cap;
  size_t fields[COLUMNS_MAX];
  size_t n_fields;
  uint64_t read;
  bool unclosed;
};

static int next(struct csv *c) {
  int ch = getc_unlocked(c->in);
  if (ch != EOF)
    c->read++;
  if (ch == '\n')
    c->line++;
  return ch;
}

static void put(struct csv *c, char ch) {
  c->bytes = vsm_mem_grow(c->bytes, c->n, &c->cap, 1);
  c->bytes[c->n++] = ch;
}

static void begin_field(struct csv *c) {
  if (c->n_fields < COLUMNS_MAX)
    c->fields[c->n_fields] = c->n;
  c->n_fields++;
}

// One record; false at the end of the file.
static bool read_record(struct csv *c) {
  int ch;
  bool quoted = false, any = false;
  c->n = c->n_fields = 0;
  c->unclosed = false;
  c->row_line = c->line;
  begin_field(c);
  while ((ch = next(c)) != EOF) {
    any = true;
    if (quoted && ch == '"') {
      int after = next(c);
      if (after == '"') {
        put(c, '"');
        continue;
      }
      quoted = false;
      ch = after;
      if (ch == EOF)
        break;
    } else if (quoted) {
      put(c, (char)ch);
      continue;
    } else if (ch == '"' && c->n == c->fields[c->n_fields <= COLUMNS_MAX ? c->n_fields - 1 : 0]) {
      quoted = true;
      continue;
    }
    if (ch == '\n')
      break;
    if (ch == ',') {
      put(c, '\0');
      begin_field(c);
    } else if (ch != '\r') {
      put(c, (char)ch);
    }
  }
  put(c, '\0');
  c->unclosed = quoted;
  return any;
}

static const char *field(const struct csv *c, size_t i) {
  return c->bytes + c->fields[i];
}

struct columns {
  char *names; // NUL-terminated, one after the other
  const char *name[COLUMNS_MAX];
  size_t n;
  int means[MEANINGS]; // source, id, type, subject, time; -1: absent
  bool is_data[COLUMNS_MAX];
};

static const char *const meaning[MEANINGS] = {"source", "id", "type", "subject", "time"};

static bool read_header(struct csv *c, const struct vsm_csv_map *map, struct columns *k,
                        const struct vsm_log_reader *r) {
  const char *wanted[MEANINGS] = {map->source, map->id, map->type, map->subject, map->time};
  if (!read_record(c) || c->n_fields > COLUMNS_MAX) {
    r->on_mistake(r->ctx, 1, "no header, or more than 300 columns; needed: type, subject, time");
    return false;
  }
  k->n = c->n_fields;
  k->names = vsm_mem_alloc(c->n);
  memcpy(k->names, c->bytes, c->n);
  for (size_t i = 0; i < k->n; i++) {
    k->name[i] = k->names + c->fields[i];
    if (i == 0 && strncmp(k->name[0], "\xef\xbb\xbf", 3) == 0)
      k->name[0] += 3; // a byte order mark
    k->is_data[i] = true;
  }
  for (int m = 0; m < MEANINGS; m++) {
    k->means[m] = -1;
    for (size_t i = 0; i < k->n; i++)
      if (strcmp(k->name[i], wanted[m] ? wanted[m] : meaning[m]) == 0)
        k->means[m] = (int)i;
    if (k->means[m] >= 0)
      k->is_data[k->means[m]] = false;
    if (k->means[m] < 0 && (m >= 2 || wanted[m])) {
      char what[200];
      snprintf(what, sizeof what, "no column \"%s\" for %s; --map %s=COLUMN names it",
               wanted[m] ? wanted[m] : meaning[m], meaning[m], meaning[m]);
      r->on_mistake(r->ctx, 1, what);
      return false;
    }
  }
  return true;
}

static const char *meant(const struct csv *c, const struct columns *k, int m) {
  return k->means[m] < 0 ? "" : field(c, (size_t)k->means[m]);
}

static int emit(const struct csv *c, const struct columns *k, unsigned long row, const struct vsm_log_reader *r) {
  struct vsm_emitter_attribute data[COLUMNS_MAX];
  char id[32];
  snprintf(id, sizeof id, "%lu", row);
  struct vsm_emitter_event e = {.source = *meant(c, k, 0) ? meant(c, k, 0) : "csv",
                                .id = k->means[1] >= 0 ? meant(c, k, 1) : id,
                                .type = meant(c, k, 2),
                                .subject = meant(c, k, 3),
                                .data = data};
  if (!vsm_when_parse(meant(c, k, 4), &e.time_unix_nano)) {
    char what[200];
    snprintf(what, sizeof what, "time \"%.60s\" is not RFC 3339 or Unix seconds, after 1970 and before 2100",
             meant(c, k, 4));
    r->on_mistake(r->ctx, c->row_line, what);
    return 0;
  }
  if (!*e.type) {
    r->on_mistake(r->ctx, c->row_line, "the type is empty");
    return 0;
  }
  for (size_t i = 0; i < k->n; i++)
    if (k->is_data[i] && *field(c, i))
      data[e.n_data++] = (struct vsm_emitter_attribute){k->name[i], field(c, i)};
  return r->on_event(r->ctx, &e);
}

int vsm_csv_read(FILE *in, const struct vsm_csv_map *map, const struct vsm_log_reader *r) {
  struct csv c = {.in = in, .line = 1};
  struct columns k = {0};
  char what[160];
  int status = read_header(&c, map, &k, r) ? 0 : VSM_FAILED;
  for (unsigned long row = 1; status == 0 && read_record(&c); row++) {
    if (c.n_fields == 1 && !*field(&c, 0))
      continue; // an empty line
    if (c.unclosed) {
      r->on_mistake(r->ctx, c.row_line, "a quote that opens here is not closed");
    } else if (c.n_fields != k.n) {
      snprintf(what, sizeof what, "%zu columns where the header has %zu", c.n_fields, k.n);
      r->on_mistake(r->ctx, c.row_line, what);
    } else {
      status = emit(&c, &k, row, r);
    }
    if (r->on_bytes)
      r->on_bytes(r->ctx, c.read);
  }
  free(c.bytes);
  free(k.names);
  return status;
}
