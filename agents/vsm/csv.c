// RFC 4180: fields apart by commas, in double quotes where they hold commas, quotes (doubled) or line ends. A record
// that is broken (a quote that never closes, say) costs its first line alone: reading goes on with the next one.
#include "logs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd.h"
#include "base/when.h"

enum { COLUMNS_MAX = 300, DATA_MAX = 256, RECORD_BYTES_MAX = 1 << 20, CHUNK_BYTES = 64 * 1024 };
enum meaning { SOURCE, ID, TYPE, SUBJECT, TIME, MEANINGS };
static const char *const MEANING[MEANINGS] = {"source", "id", "type", "subject", "time"};

struct csv {
  FILE *in;
  const struct vsm_log_reader *r;
  char *raw; // what was read; the record at hand begins at `begin`
  size_t begin, end, cap;
  bool eof;
  uint64_t read;
  unsigned long line; // of the record at hand, from 1
  char *text;         // its cells, unquoted, NUL-terminated
  size_t n_text, cap_text;
  size_t cells[COLUMNS_MAX]; // where they begin in text
  size_t n_cells;
};

struct columns {
  char *names;
  const char *name[COLUMNS_MAX];
  size_t n;
  int at[MEANINGS]; // -1: absent
  bool is_data[COLUMNS_MAX];
  bool records; // no column means anything
};

// --- records

static void put(struct csv *c, char ch) {
  c->text = vsm_mem_grow(c->text, c->n_text, &c->cap_text, 1);
  c->text[c->n_text++] = ch;
}

static void load(struct csv *c) {
  size_t want = c->end - c->begin > CHUNK_BYTES ? c->end - c->begin : CHUNK_BYTES;
  if (c->begin > 0)
    memmove(c->raw, c->raw + c->begin, c->end - c->begin);
  c->end -= c->begin;
  c->begin = 0;
  if (c->end + want > c->cap) {
    c->cap = c->end + want;
    c->raw = vsm_mem_resize(c->raw, c->cap);
  }
  size_t n = fread(c->raw + c->end, 1, want, c->in);
  c->end += n;
  c->read += n;
  c->eof = n < want;
}

enum found { FOUND, MORE, WRONG };

// Cuts the record at hand into cells. FOUND: *next is where the one after it begins. MORE: its end is not loaded yet.
static enum found scan(struct csv *c, size_t *next, const char **wrong) {
  enum { BEGIN, PLAIN, QUOTED, QUOTE } state = BEGIN;
  c->n_text = 0;
  c->n_cells = 1;
  c->cells[0] = 0;
  for (size_t i = c->begin;; i++) {
    if (i >= c->end && !c->eof)
      return MORE;
    char ch = i < c->end ? c->raw[i] : '\n';
    if (state == QUOTED && i >= c->end)
      return *wrong = "a quote is opened and never closed", WRONG;
    if (ch == '\0')
      return *wrong = "a NUL byte", WRONG;
    if (state == QUOTED && ch == '"') {
      state = QUOTE;
    } else if (state == QUOTED) {
      put(c, ch);
    } else if (state == QUOTE && ch == '"') {
      put(c, ch);
      state = QUOTED;
    } else if (ch == '\n') {
      put(c, '\0');
      *next = i < c->end ? i + 1 : c->end;
      return FOUND;
    } else if (ch == ',') {
      put(c, '\0');
      if (c->n_cells == COLUMNS_MAX)
        return *wrong = "more than 300 columns", WRONG;
      c->cells[c->n_cells++] = c->n_text;
      state = BEGIN;
    } else if (ch == '\r') {
      continue; // of the line end
    } else if (state == QUOTE) {
      return *wrong = "text behind a closing quote; within quotes, a quote is written twice", WRONG;
    } else if (state == BEGIN && ch == '"') {
      state = QUOTED;
    } else {
      put(c, ch);
      state = PLAIN;
    }
  }
}

static size_t line_end(const struct csv *c) {
  const char *end = memchr(c->raw + c->begin, '\n', c->end - c->begin);
  return end ? (size_t)(end - c->raw) + 1 : c->end;
}

static bool at_end(struct csv *c) {
  while (c->begin == c->end && !c->eof)
    load(c);
  return c->begin == c->end;
}

static enum found scan_loaded(struct csv *c, size_t *next, const char **wrong) {
  enum found f;
  while ((f = scan(c, next, wrong)) == MORE) {
    if (c->end - c->begin > RECORD_BYTES_MAX)
      return *wrong = "a row of more than 1 MiB; is a quote not closed?", WRONG;
    load(c);
  }
  return f;
}

static void go_on(struct csv *c, size_t next) {
  for (; c->begin < next; c->begin++)
    c->line += c->raw[c->begin] == '\n';
}

static const char *cell(const struct csv *c, size_t i) {
  return c->text + c->cells[i];
}

// --- the header

static int column_of(const struct columns *k, const char *name) {
  for (size_t i = 0; i < k->n; i++)
    if (strcmp(k->name[i], name) == 0)
      return (int)i;
  return -1;
}

static bool no_header(const struct csv *c, const char *what) {
  return c->r->on_mistake(c->r->ctx, 1, what), false;
}

bool vsm_csv_is_taken(struct vsm_str key) {
  for (int m = 0; m < MEANINGS; m++)
    if (vsm_str_eq(key, vsm_str_of(MEANING[m])))
      return true;
  return vsm_str_begins(key, VSM_STR(VSM_CSV_DATA));
}

static const char *key_of(const char *name) {
  size_t n = sizeof VSM_CSV_DATA - 1;
  return strncmp(name, VSM_CSV_DATA, n) == 0 && vsm_csv_is_taken(vsm_str_of(name + n)) ? name + n : name;
}

// The columns of data have the names of their keys from here on.
static bool find_keys(const struct csv *c, struct columns *k) {
  char what[256];
  for (size_t i = 0; i < k->n; i++) {
    k->name[i] = k->is_data[i] ? key_of(k->name[i]) : k->name[i];
    for (size_t j = 0; j < i && k->is_data[i]; j++)
      if (k->is_data[j] && strcmp(k->name[i], k->name[j]) == 0) {
        snprintf(what, sizeof what, "two columns are data named \"%.60s\"", k->name[i]);
        return no_header(c, what);
      }
  }
  return true;
}

// Which column means what; map NULL: none means anything.
static bool find_columns(const struct csv *c, struct columns *k, const struct vsm_csv_map *map) {
  char what[256];
  for (size_t i = 0; i < k->n; i++) {
    if (*k->name[i] && column_of(k, k->name[i]) < (int)i) {
      snprintf(what, sizeof what, "two columns are named \"%.60s\"", k->name[i]);
      return no_header(c, what);
    }
    k->is_data[i] = *k->name[i];
  }
  k->records = !map;
  if (k->records)
    return memset(k->at, -1, sizeof k->at), true;
  const char *const wanted[MEANINGS] = {map->source, map->id, map->type, map->subject, map->time};
  for (int m = 0; m < MEANINGS; m++) {
    const char *name = wanted[m] ? wanted[m] : MEANING[m];
    k->at[m] = column_of(k, name);
    if (k->at[m] >= 0) {
      k->is_data[k->at[m]] = false;
    } else if (wanted[m] || m == TYPE || m == SUBJECT || m == TIME) {
      const char *near = vsm_nearest(name, k->name, k->n);
      snprintf(what, sizeof what, "no column \"%.60s\" for the %s%s%.60s%s; --map %s=COLUMN says which it is%s", name,
               MEANING[m], near ? " (near it: \"" : "", near ? near : "", near ? "\")" : "", MEANING[m],
               k->n == 1 ? "; columns are set apart by commas" : "");
      return no_header(c, what);
    }
  }
  return find_keys(c, k);
}

static bool read_header(struct csv *c, const struct vsm_csv_map *map, struct columns *k) {
  const char *wrong = NULL;
  size_t next;
  if (at_end(c))
    return no_header(c, "the file is empty; a header is needed: source,id,type,subject,time");
  if (c->end - c->begin >= 3 && memcmp(c->raw + c->begin, "\xef\xbb\xbf", 3) == 0)
    c->begin += 3; // a byte order mark
  if (scan_loaded(c, &next, &wrong) != FOUND)
    return no_header(c, wrong);
  k->n = c->n_cells;
  k->names = vsm_mem_alloc(c->n_text);
  memcpy(k->names, c->text, c->n_text);
  for (size_t i = 0; i < k->n; i++)
    k->name[i] = k->names + c->cells[i];
  go_on(c, next);
  return find_columns(c, k, map);
}

// --- rows

static const char *meant(const struct csv *c, const struct columns *k, enum meaning m) {
  return k->at[m] < 0 ? "" : cell(c, (size_t)k->at[m]);
}

// The parts of the event that are no data; false: why is in `what`.
static bool convert_meant(const struct csv *c, const struct columns *k, struct vsm_emitter_event *e, char *what,
                          size_t size) {
  e->source = *meant(c, k, SOURCE) ? meant(c, k, SOURCE) : "csv";
  e->id = meant(c, k, ID);
  e->type = meant(c, k, TYPE);
  e->subject = meant(c, k, SUBJECT);
  if (!vsm_when_parse(meant(c, k, TIME), &e->time_unix_nano))
    return snprintf(what, size, "time \"%.60s\" is not " VSM_WHEN_ALLOWED, meant(c, k, TIME)), false;
  if (!*e->type)
    return snprintf(what, size, "the type is empty"), false;
  return true;
}

// What is wrong with the row, or NULL with its event.
static const char *convert(const struct csv *c, const struct columns *k, struct vsm_emitter_event *e,
                           struct vsm_emitter_attribute *data, char *what, size_t size) {
  if (c->n_cells != k->n)
    return snprintf(what, size, "%zu columns, where the header has %zu", c->n_cells, k->n), what;
  *e = (struct vsm_emitter_event){.data = data};
  if (!k->records && !convert_meant(c, k, e, what, size))
    return what;
  for (size_t i = 0; i < k->n; i++) {
    if (!k->is_data[i] || !*cell(c, i))
      continue;
    if (e->n_data == DATA_MAX)
      return "more than 256 columns of data";
    data[e->n_data++] = (struct vsm_emitter_attribute){k->name[i], cell(c, i)};
  }
  return NULL;
}

static int read_row(struct csv *c, const struct columns *k, unsigned long row) {
  struct vsm_emitter_attribute data[DATA_MAX];
  struct vsm_emitter_event e;
  const char *wrong = NULL;
  char what[160], id[24];
  size_t next;
  int status = 0;
  if (scan_loaded(c, &next, &wrong) == WRONG) {
    next = line_end(c);
  } else if (c->n_cells == 1 && !*cell(c, 0) && k->n > 1) {
    return go_on(c, next), 0; // an empty line
  } else {
    wrong = convert(c, k, &e, data, what, sizeof what);
  }
  if (!wrong && !k->records && k->at[ID] < 0) {
    snprintf(id, sizeof id, "%lu", row);
    e.id = id;
  }
  if (wrong)
    c->r->on_mistake(c->r->ctx, c->line, wrong);
  else
    status = c->r->on_event(c->r->ctx, &e, c->line);
  go_on(c, next);
  return status;
}

int vsm_csv_read(FILE *in, const struct vsm_csv_map *map, const struct vsm_log_reader *r) {
  struct csv c = {.in = in, .r = r, .line = 1};
  struct columns k = {0};
  int status = read_header(&c, map, &k) ? 0 : VSM_FAILED;
  for (unsigned long row = 1; status == 0 && !at_end(&c); row++) {
    status = read_row(&c, &k, row);
    if (r->on_bytes)
      r->on_bytes(r->ctx, c.read - (c.end - c.begin));
  }
  if (status == 0 && ferror(in)) {
    r->on_mistake(r->ctx, c.line, "the file cannot be read on");
    status = VSM_FAILED;
  }
  free(c.raw);
  free(c.text);
  free(k.names);
  return status;
}
