// Records of systems that know nothing of us, rows, lines, messages, as events: by a few lines of YAML in the language
// of the daemon's rules (docs/mapping.md), in which the fields of a record are data.
#pragma once
#include "conf/reader.h"
#include "vsm/vsm.h"

enum vsm_record_part { VSM_RECORD_SOURCE, VSM_RECORD_TYPE, VSM_RECORD_SUBJECT, VSM_RECORD_TIME, VSM_RECORD_ID };
enum { VSM_RECORD_PARTS = VSM_RECORD_ID + 1 };

struct vsm_record_map {
  struct vsm_conf_word part[VSM_RECORD_PARTS]; // templates
  struct vsm_conf_words data;                  // the fields that are sent on; none: all
  int time_unit;                               // of a time that is a bare number
  struct vsm_template template[VSM_RECORD_PARTS];
};

// The table of the key `event`, for the tables of agents; and such a file with nothing else in it.
extern const struct vsm_conf_map VSM_RECORD_MAP, VSM_RECORD_FILE;

// Reads a file by the table of its root into *at, whose texts lie in the arena, and then makes the record map in it
// ready. root NULL: only its `event`, whatever else stands there. VSM_DONE, or VSM_FAILED with each mistake on standard
// error.
int vsm_record_load(const char *path, const struct vsm_conf_map *root, void *at, struct vsm_record_map *map,
                    struct vsm_arena *arena);

// A record in the making. Keys and values are borrowed, or lie in its arena.
struct vsm_record {
  struct vsm_arena arena;
  struct vsm_emitter_attribute *at;
  size_t n, cap;
};
void vsm_record_init(struct vsm_record *r);
void vsm_record_fini(struct vsm_record *r);
void vsm_record_clear(struct vsm_record *r);
void vsm_record_add(struct vsm_record *r, const char *key, const char *value);
// The members of a JSON object, as "PREFIX.MEMBER", or "MEMBER" where the prefix is empty. False: it is none.
bool vsm_record_add_members(struct vsm_record *r, const char *prefix, const char *text, size_t n);
struct vsm_emitter_event vsm_record_raw(const struct vsm_record *r); // what vsm_record_event() takes

// The event of a record, which is an event with nothing but data; it borrows from both and has the rest in the arena.
// False: what is wrong is in `why`.
bool vsm_record_event(const struct vsm_record_map *map, const struct vsm_emitter_event *record, struct vsm_arena *arena,
                      struct vsm_emitter_event *out, char *why, size_t size);
