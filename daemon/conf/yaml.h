// YAML text as a tree whose every node knows its place. No anchors, tags, or several documents: a configuration says
// everything where it is read.
#pragma once
#include "conf/report.h"

enum vsm_yaml_kind { VSM_YAML_SCALAR, VSM_YAML_LIST, VSM_YAML_MAP };

struct vsm_yaml {
  enum vsm_yaml_kind kind;
  bool quoted;                   // a scalar in quotes, or a block scalar
  bool broken;                   // reported already: whoever meets it passes on
  unsigned line, column;         // from 1
  const char *text;              // of a scalar
  struct vsm_yaml *key;          // of a member of a map
  struct vsm_yaml *first, *next; // members; siblings
  unsigned n;                    // of members
};

// `text` is followed by a NUL. The document's root in `arena`, or NULL with the mistakes in `report`. A broken text
// ends at its first mistake of form; what is merely not allowed is reported and left out.
struct vsm_yaml *vsm_yaml_read(struct vsm_arena *arena, struct vsm_conf_report *report, const char *file,
                               const char *text, size_t n);
