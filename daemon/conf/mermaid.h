// The drawing: a Mermaid graph in a Markdown file, under the heading that names a value stream.
#pragma once
#include "conf/reader.h"

struct vsm_mermaid_node {
  struct vsm_conf_word name;  // in the drawing: A
  struct vsm_conf_word label; // as people read it; where it has none, its name
  unsigned n_next;            // arrows that begin here
};

struct vsm_mermaid_arrow {
  unsigned from, to; // nodes
  struct vsm_conf_word at;
};

struct vsm_mermaid {
  struct vsm_mermaid_node *nodes; // in the order of their first appearance
  unsigned n_nodes;
  struct vsm_mermaid_arrow *arrows; // each pair once
  unsigned n_arrows;
};

// Reads the graph under the heading of `text` that names `id`; everything in the arena. Mistakes are reported in
// r->file; false where no graph was found at all, which is left to the caller to say.
bool vsm_mermaid_read(struct vsm_conf_reader *r, const char *text, const char *id, struct vsm_mermaid *out);
