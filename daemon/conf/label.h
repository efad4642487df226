// The shape of a node in a drawing, and the label in it: [Label], (("Label")), {Label}, ...
#pragma once
#include "conf/reader.h"

// Reads the shape that begins at p and ends before `end`, the end of the line: returns the label as people read it (in
// the arena; perhaps empty) and sets *behind; NULL: no shape that closes.
const char *vsm_mermaid_label(struct vsm_conf_reader *r, const char *p, const char *end, const char **behind);
