// How the configuration is read and printed: by tables. A map of the file is a table of fields; a field is a key, a
// type, the place of its value in a C struct, and what is allowed. Reading, hints, defaults and printing all follow
// from the same table (schema.c).
#pragma once
#include "conf/conf.h"
#include "conf/report.h"
#include "conf/yaml.h"

struct vsm_conf_field;
struct vsm_conf_kept;

// One load.
struct vsm_conf_reader {
  struct vsm_arena *arena; // the configuration's
  struct vsm_conf_report *report;
  const char *file;
  const struct vsm_conf_kept *kept;     // what comes from there rather than from files; NULL: nothing
  const struct vsm_yaml *listeners[32]; // endpoints to listen on, so far
  unsigned n_listeners;
};

struct vsm_conf_printer {
  FILE *out;
  int indent;
  bool dash; // the next line begins a member of a list
};

struct vsm_conf_type {
  void (*clear)(const struct vsm_conf_field *f, void *at); // to "not given"; NULL: zeroed memory says so
  void (*read)(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at);
  bool (*given)(const struct vsm_conf_field *f, const void *at);
  // Writes what follows "key:", the line's end included.
  void (*print)(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at);
};

// NULL where the text is good, else what is wrong and what is allowed, with *at = offset of the mistake.
typedef const char *vsm_conf_check_fn(const char *text, size_t *at);

enum {
  VSM_CONF_REQUIRED = 1,
  VSM_CONF_ONE = 4,      // a list of one may be written as its member
  VSM_CONF_NONE = 8,     // `none` may stand for it
  VSM_CONF_SIGNED = 16,  // a duration may be negative
  VSM_CONF_WORKING = 32, // a duration may be in working days
};

struct vsm_conf_field {
  const char *key;
  const struct vsm_conf_type *type;
  size_t offset;
  unsigned flags;
  const char *fallback;           // the default, as it would be written; members of a list apart by a space
  vsm_conf_check_fn *check;       // of words
  const struct vsm_conf_map *map; // of a map, or of the members of a list
  const char *const *names;       // of a choice, by value; ends with NULL
  int64_t least, most;            // of numbers; of durations in microseconds (most 0: none)
};

struct vsm_conf_map {
  const char *what; // "a stage"
  const struct vsm_conf_field *fields;
  unsigned n_fields;
  size_t size;           // of its struct
  bool has_place;        // the struct begins with `unsigned line, column`
  const char *shorthand; // a scalar in place of the map is the value of this key
};

void vsm_conf_complain(struct vsm_conf_reader *r, unsigned line, unsigned column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// The same about a word, wherever it stands.
void vsm_conf_blame(struct vsm_conf_reader *r, const struct vsm_conf_word *w, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void *vsm_conf_alloc(struct vsm_conf_reader *r, size_t n, size_t size); // n zeroed, from the arena
const char *vsm_conf_copy(struct vsm_conf_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void vsm_conf_read_map(struct vsm_conf_reader *r, const struct vsm_conf_map *map, const struct vsm_yaml *n, void *at);
void vsm_conf_clear_map(const struct vsm_conf_map *map, void *at); // all of it to "not given"
void vsm_conf_print_map(struct vsm_conf_printer *p, const struct vsm_conf_map *map, const void *at);
bool vsm_conf_map_given(const struct vsm_conf_map *map, const void *at);

// A scalar's text, or NULL after a complaint that `what` is expected.
const char *vsm_conf_scalar(struct vsm_conf_reader *r, const struct vsm_yaml *n, const char *what);
void vsm_conf_print_text(struct vsm_conf_printer *p, const char *text); // quoted where it must be
void vsm_conf_print_line(struct vsm_conf_printer *p, const char *key);  // indent, dash, "key:"

void vsm_conf_print_value(struct vsm_conf_printer *p, const char *text); // the rest of the line behind "key:"

bool vsm_conf_whole(const char *text, size_t n, int64_t most, int64_t *out); // digits alone, up to most
bool vsm_conf_fraction(const char *text, double *out);                       // digits, at most one point
// "3d", "5wd": VSM_EFORMAT with *what, or 0.
int vsm_conf_duration_parse(const char *text, struct vsm_conf_duration *out, const char **what);

extern const struct vsm_conf_type VSM_T_TEXT;      // const char *
extern const struct vsm_conf_type VSM_T_WORD;      // struct vsm_conf_word
extern const struct vsm_conf_type VSM_T_WORDS;     // struct vsm_conf_words
extern const struct vsm_conf_type VSM_T_CHOICE;    // int, -1: not given, -2: not understood
extern const struct vsm_conf_type VSM_T_COUNT;     // int64_t, -1: not given
extern const struct vsm_conf_type VSM_T_BYTES;     // int64_t, -1: not given
extern const struct vsm_conf_type VSM_T_SHARE;     // double, 0: not given
extern const struct vsm_conf_type VSM_T_DURATION;  // struct vsm_conf_duration
extern const struct vsm_conf_type VSM_T_DURATIONS; // struct vsm_conf_durations
extern const struct vsm_conf_type VSM_T_LISTENER;  // const char *, NULL: none
extern const struct vsm_conf_type VSM_T_LISTENERS; // struct vsm_conf_endpoints
extern const struct vsm_conf_type VSM_T_PEER;      // const char *: an endpoint to connect to
extern const struct vsm_conf_type VSM_T_MAP;       // the struct of .map
extern const struct vsm_conf_type VSM_T_ITEMS;     // {struct of .map *at; unsigned n;}
extern const struct vsm_conf_type VSM_T_PAIRS;     // struct vsm_conf_pairs
extern const struct vsm_conf_type VSM_T_WHERE;     // struct vsm_conf_where
extern const struct vsm_conf_type VSM_T_THRESHOLD; // struct vsm_conf_threshold, the time in it alone

// The root of all tables.
extern const struct vsm_conf_map VSM_CONF_ROOT;
// The whole of a clients file: a list.
extern const struct vsm_conf_field VSM_CONF_CLIENTS;
