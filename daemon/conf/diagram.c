// From a drawing to stages: a node that nothing follows is the outcome, every other node a stage, in the order in which
// they appear. A stage's id comes from its label. What the configuration says about a stage is added to it by id; its
// `next` takes the place of the arrows.
#include "conf/mermaid.h"
#include "conf/resolve.h"

#include <ctype.h>
#include <string.h>

#include "conf/files.h"
#include "conf/names.h"

// Lower case, every run of anything but ASCII letters and digits one hyphen, none at either end.
static char *id_of(struct vsm_conf_reader *r, const char *label) {
  char *id = vsm_conf_alloc(r, strlen(label) + 1, 1);
  size_t n = 0;
  for (const char *p = label; *p; p++) {
    char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      id[n++] = c;
    else if (n && id[n - 1] != '-')
      id[n++] = '-';
  }
  while (n && id[n - 1] == '-')
    n--;
  id[n] = '\0';
  return id;
}

static struct vsm_conf_word stage_word(struct vsm_conf_reader *r, const struct vsm_conf_word *label) {
  struct vsm_conf_word w = *label;
  w.z = id_of(r, label->z);
  if (*w.z == '\0' || strlen(w.z) > VSM_ID_MAX || strcmp(w.z, "outcome") == 0)
    vsm_conf_blame(r, label,
                   "a stage whose label \"%s\" makes the id \"%s\"; allowed: an id of 1 to 64 characters, not "
                   "outcome",
                   label->z, w.z);
  return w;
}

// A stage as it would be read if its id and label stood in the configuration.
static void draw_stage(struct vsm_conf_reader *r, const struct vsm_conf_word *id, const char *label,
                       struct vsm_conf_stage *out) {
  struct vsm_yaml key = {.kind = VSM_YAML_SCALAR, .text = "id"};
  struct vsm_yaml value = {.kind = VSM_YAML_SCALAR, .text = "x", .key = &key};
  struct vsm_yaml map = {.kind = VSM_YAML_MAP, .first = &value, .n = 1};
  vsm_conf_read_map(r, &VSM_CONF_STAGE, &map, out);
  out->id = *id;
  out->name = label;
}

struct drawn {
  struct vsm_mermaid graph;
  struct vsm_conf_word *ids; // by node; z NULL: the outcome
  struct vsm_conf_stages stages;
};

static const char *drawn_id(const void *of, size_t i) {
  const struct drawn *d = of;
  return i < d->stages.n ? d->stages.at[i].id.z : NULL;
}

static struct vsm_conf_stage *find_drawn(const struct drawn *d, const char *id) {
  for (unsigned i = 0; i < d->stages.n; i++)
    if (strcmp(d->stages.at[i].id.z, id) == 0)
      return &d->stages.at[i];
  return NULL;
}

static void draw_next(struct vsm_conf_reader *r, struct drawn *d, unsigned node, struct vsm_conf_stage *stage) {
  stage->next.at = vsm_conf_alloc(r, d->graph.nodes[node].n_next + 1, sizeof *stage->next.at);
  bool to_outcome = false; // several nodes are the outcome, which stands once
  for (unsigned i = 0; i < d->graph.n_arrows; i++) {
    const struct vsm_mermaid_arrow *a = &d->graph.arrows[i];
    if (a->from != node || (to_outcome && !d->ids[a->to].z))
      continue;
    struct vsm_conf_word *w = &stage->next.at[stage->next.n++];
    *w = a->at;
    w->z = d->ids[a->to].z ? d->ids[a->to].z : "outcome";
    to_outcome = to_outcome || !d->ids[a->to].z;
  }
}

static void draw_stages(struct vsm_conf_reader *r, struct drawn *d, struct vsm_conf_stream *s) {
  const struct vsm_mermaid *g = &d->graph;
  d->ids = vsm_conf_alloc(r, g->n_nodes + 1, sizeof *d->ids);
  d->stages.at = vsm_conf_alloc(r, g->n_nodes + 1, sizeof *d->stages.at);
  for (unsigned i = 0; i < g->n_nodes; i++) {
    if (g->nodes[i].n_next)
      d->ids[i] = stage_word(r, &g->nodes[i].label);
    else if (!s->outcome.z)
      s->outcome = g->nodes[i].label;
  }
  for (unsigned i = 0; i < g->n_nodes; i++)
    if (d->ids[i].z)
      draw_stage(r, &d->ids[i], g->nodes[i].label.z, &d->stages.at[d->stages.n++]);
  for (unsigned i = 0, k = 0; i < g->n_nodes; i++)
    if (d->ids[i].z)
      draw_next(r, d, i, &d->stages.at[k++]);
  // Equal ids are seen here, where their labels stand, and once.
  vsm_conf_check_twice(r, &d->stages.at->id, d->stages.n, sizeof *d->stages.at, "stage");
}

static void add_stage(struct vsm_conf_reader *r, struct drawn *d, const struct vsm_conf_stream *s,
                      const struct vsm_conf_stage *from) {
  struct vsm_conf_stage *to = from->id.z ? find_drawn(d, from->id.z) : NULL;
  if (!from->id.z)
    return;
  if (!to) {
    vsm_conf_blame(r, &from->id, "no stage \"%s\" in the diagram of value stream %s%s the id of a drawn stage",
                   from->id.z, s->id.z, vsm_conf_hint(r->report, from->id.z, drawn_id, d));
    return;
  }
  struct vsm_conf_stage drawn = *to;
  *to = *from;
  if (!to->name)
    to->name = drawn.name;
  if (!to->next.n)
    to->next = drawn.next;
}

bool vsm_conf_take_diagram(struct vsm_conf_reader *r, struct vsm_conf_stream *s) {
  const char *path = vsm_conf_beside(r, s->diagram.z);
  size_t n;
  const char *text = vsm_conf_file(r, &s->diagram, path, &n);
  if (!text)
    return false;
  const char *config_file = r->file;
  unsigned before = r->report->n_mistakes + r->report->dropped;
  struct drawn d = {0};
  r->file = vsm_conf_report_keep(r->report, path);
  bool found = vsm_mermaid_read(r, text, s->id.z, &d.graph);
  draw_stages(r, &d, s);
  r->file = config_file;
  if (!found) {
    vsm_conf_blame(r, &s->diagram,
                   "no mermaid graph under a heading that names %s in %s; allowed: ```mermaid below "
                   "such a heading",
                   s->id.z, path);
    return false;
  }
  bool good = before == r->report->n_mistakes + r->report->dropped;
  if (s->stages.n)
    vsm_conf_check_twice(r, &s->stages.at->id, s->stages.n, sizeof *s->stages.at, "stage");
  for (unsigned i = 0; i < s->stages.n; i++)
    add_stage(r, &d, s, &s->stages.at[i]);
  s->stages = d.stages;
  s->diagram.z = NULL; // all that it said is in the stages now, and is printed from there
  return good;
}
