// Where in a Markdown text the drawing of a value stream is.
#pragma once
#include <stdbool.h>

// The inside of the first fence ```mermaid (or ~~~mermaid) below a heading that names `id`: from its first character,
// on line *line, up to *end, the beginning of the closing fence. False: there is none.
bool vsm_markdown_find(const char *text, const char *id, const char **from, const char **end, unsigned *line);
