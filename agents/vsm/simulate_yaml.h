// How the simulation's file is read. Each map of the file is a table of fields: key, how its value is read, where it
// goes in a C struct. Fields are read in the order of the table, not of the file, so that what is referred to can
// stand first. Every mistake is said with its place; reading goes on.
#pragma once
#include <yaml.h>

#include "simulate.h"

struct vsm_sim_reader {
  yaml_document_t document;
  const char *path;
  FILE *err;
  struct vsm_arena *arena; // of what is kept
  struct vsm_sim_world *world;
  struct vsm_sim_stream *stream; // being read
  unsigned mistakes;
};

struct vsm_sim_field;
typedef void vsm_sim_read_fn(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_sim_field *f, void *at);

// The fields of a map; close says what they must be together (NULL: nothing).
struct vsm_sim_shape {
  const struct vsm_sim_field *fields;
  unsigned n;
  size_t size_bytes;
  void (*close)(struct vsm_sim_reader *r, yaml_node_t *n, void *at);
};

struct vsm_sim_field {
  const char *key;
  vsm_sim_read_fn *read;
  size_t offset;
  const struct vsm_sim_shape *shape; // of a map or a list of maps
  bool required;
};

// 0, VSM_EIO or VSM_ECONFIG (said on err). The root is a map of that shape, read into at.
int vsm_sim_read_file(struct vsm_sim_reader *r, const struct vsm_sim_shape *root, void *at);

void vsm_sim_complain(struct vsm_sim_reader *r, const yaml_node_t *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void *vsm_sim_memory(struct vsm_sim_reader *r, size_t bytes); // cleared; ends the program where there is none
yaml_node_t *vsm_sim_node(struct vsm_sim_reader *r, int id);
yaml_node_t *vsm_sim_find(struct vsm_sim_reader *r, yaml_node_t *map, const char *key); // NULL: not there
// Texts that outlive the document; NULL and a complaint where the node is none.
const char *vsm_sim_scalar(struct vsm_sim_reader *r, yaml_node_t *n, const char *what);
double vsm_sim_number(struct vsm_sim_reader *r, yaml_node_t *n, double most, const char *what);
int64_t vsm_sim_duration(struct vsm_sim_reader *r, yaml_node_t *n, const struct vsm_calendar *calendar);

// Readers of fields, with the type of what stands at the offset.
vsm_sim_read_fn vsm_sim_read_map;      // the shape's struct
vsm_sim_read_fn vsm_sim_read_list;     // struct vsm_sim_list of the shape's struct; a map alone is a list of one
vsm_sim_read_fn vsm_sim_read_texts;    // struct vsm_sim_list of const char *
vsm_sim_read_fn vsm_sim_read_text;     // const char *
vsm_sim_read_fn vsm_sim_read_share;    // double, 0 to 1
vsm_sim_read_fn vsm_sim_read_number;   // double
vsm_sim_read_fn vsm_sim_read_count;    // int64_t
vsm_sim_read_fn vsm_sim_read_duration; // int64_t, microseconds of elapsed time
