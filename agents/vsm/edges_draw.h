// The observed map as a drawing: text for Mermaid, and for Graphviz.
#pragma once
#include "cmd.h"

// What is drawn: the arrows of the drawing, and everything that something went along in the window. Lines are as thick
// as what went along them is much; what is not drawn by the architects is dashed and named.
void vsm_edges_mermaid(FILE *out, const Vsm__V1__Edges *map);
void vsm_edges_dot(FILE *out, const Vsm__V1__Edges *map);

bool vsm_edge_is_drawn(const Vsm__V1__Edge *edge);
// Of all that went on in the window from where the edge begins, what went along it: 0 to 1.
double vsm_edge_share(const Vsm__V1__Edges *map, const Vsm__V1__Edge *edge);
