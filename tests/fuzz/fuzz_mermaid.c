// Bytes as a drawing, below a heading of their own or as the inside of the fence: arrows join nodes that are there, and
// every node has a name, and a label that can be printed.
#include <assert.h>
#include <stdlib.h>

#include "conf/forms.h"
#include "conf/mermaid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vsm_mermaid *g) {
  unsigned arrows = 0;
  size_t at;
  for (unsigned i = 0; i < g->n_nodes; i++) {
    assert(g->nodes[i].name.z[0] && g->nodes[i].label.z[0] && !vsm_form_text(g->nodes[i].label.z, &at));
    assert(g->nodes[i].label.line > 0 && g->nodes[i].label.column > 0);
    arrows += g->nodes[i].n_next;
  }
  assert(arrows == g->n_arrows);
  for (unsigned i = 0; i < g->n_arrows; i++)
    assert(g->arrows[i].from < g->n_nodes && g->arrows[i].to < g->n_nodes && g->arrows[i].at.line > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const char *before = data[0] & 1 ? "# S\n```mermaid\ngraph LR\n" : "# S\n";
  char *text = malloc(strlen(before) + size);
  memcpy(text, before, strlen(before));
  memcpy(text + strlen(before), data + 1, size - 1);
  text[strlen(before) + size - 1] = '\0';
  struct vsm_arena arena;
  struct vsm_conf_report report;
  vsm_arena_init(&arena, 0);
  vsm_conf_report_init(&report);
  struct vsm_conf_reader r = {.arena = &arena, .report = &report, .file = "fuzz.md"};
  struct vsm_mermaid g;
  if (vsm_mermaid_read(&r, text, "S", &g))
    check(&g);
  vsm_conf_report_fini(&report);
  vsm_arena_fini(&arena);
  free(text);
  return 0;
}
