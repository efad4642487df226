// Remembers what each node said when it was last looked at.
#include <stdlib.h>
#include <string.h>

#include "property/scenario_check.h"

enum { STREAMS_MAX = 2, NODES_MAX = REF_STAGES_MAX + 1 };

struct said {
  char *figures, *expectations; // the latter as of the time of the last look
};

struct watch {
  struct said said[STREAMS_MAX][NODES_MAX]; // the stream itself last
  int64_t now;                              // of the last look
};

struct watch *watch_create(void) {
  return calloc(1, sizeof(struct watch));
}

void watch_forget(struct watch *w) {
  for (unsigned s = 0; s < STREAMS_MAX; s++)
    for (unsigned n = 0; n < NODES_MAX; n++) {
      free(w->said[s][n].figures);
      free(w->said[s][n].expectations);
      w->said[s][n] = (struct said){0};
    }
}

void watch_destroy(struct watch *w) {
  if (w)
    watch_forget(w);
  free(w);
}

// As text, without what changes with time alone; expectations, which do so too, if time stands still.
static char *text_of(struct vsm_stream_view v, bool expectations, struct vsm_arena *arena) {
  struct vsm_stream_window_view *windows = vsm_arena_alloc(arena, (v.n_windows + 1) * sizeof *windows);
  struct vsm_stage_view *stages = vsm_arena_alloc(arena, (v.n_stages + 1) * sizeof *stages);
  v.age = (struct vsm_age_view){0};
  for (unsigned i = 0; i < v.n_windows; i++) {
    windows[i] = v.windows[i];
    windows[i].throughput_per_day = 0;
    windows[i].n_sle = expectations ? windows[i].n_sle : 0;
  }
  for (unsigned i = 0; i < v.n_stages; i++) {
    stages[i] = v.stages[i];
    stages[i].age = (struct vsm_age_view){0};
    struct vsm_stage_window_view *own = vsm_arena_alloc(arena, (stages[i].n_windows + 1) * sizeof *own);
    for (unsigned k = 0; k < stages[i].n_windows; k++) {
      own[k] = stages[i].windows[k];
      own[k].n_sle = expectations ? own[k].n_sle : 0;
    }
    stages[i].windows = own;
  }
  v.windows = windows;
  v.stages = stages;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  rig_print_stream(out, &v);
  fclose(out);
  return text;
}

static bool says_else(char **said, char *now) {
  bool changed = *said && strcmp(*said, now) != 0;
  free(*said);
  *said = now;
  return changed;
}

static void look_at(struct watch *w, struct check *c, struct said *said, const struct vsm_stream_view *v,
                    const char *name, bool announced) {
  bool changed = says_else(&said->figures, text_of(*v, false, c->arena));
  changed = (says_else(&said->expectations, text_of(*v, true, c->arena)) && w->now == ref_now(c->ref)) || changed;
  if (changed)
    check_equal(c, "changed figures are announced", name, 1, announced);
}

// A stage's own view, dressed as a stream of that one stage, to be printed by the same hand.
static struct vsm_stream_view alone(const struct vsm_stage_view *stage) {
  return (struct vsm_stream_view){.id = "", .name = "", .stages = stage, .n_stages = 1};
}

static void look_at_stage(struct watch *w, struct check *c, unsigned s, unsigned stage,
                          const struct vsm_stage_view *of_stream) {
  struct vsm_stage_view own;
  check_equal(c, "stage view", "error", 0, vsm_core_view_stage(c->core, s, stage, c->arena, &own));
  struct vsm_stream_view view = alone(&own);
  char *here = text_of(view, true, c->arena), *there = text_of(alone(of_stream), true, c->arena);
  check_equal(c, "a stage's view is that of its stream", own.id, 0, strcmp(here, there));
  free(here);
  free(there);
  look_at(w, c, &w->said[s][stage], &view, own.id, vsm_core_take_changed(c->core, s, (int)stage));
}

void watch_look(struct watch *w, struct check *c, const struct vsm_model *model) {
  for (unsigned s = 0; s < model->n_streams && s < STREAMS_MAX; s++) {
    const struct vsm_stream *stream = &model->streams[s];
    struct vsm_stream_view v;
    check_equal(c, "view", "error", 0, vsm_core_view_stream(c->core, s, c->arena, &v));
    for (unsigned k = 0; k < v.n_stages; k++)
      for (unsigned i = 0; i < stream->n_stages; i++)
        if (strcmp(stream->stages[i].id, v.stages[k].id) == 0)
          look_at_stage(w, c, s, i, &v.stages[k]);
    check_equal(c, "node view", "error", 0, vsm_core_view_node(c->core, s, c->arena, &v));
    check_equal(c, "node view", "stages", 0, v.n_stages);
    look_at(w, c, &w->said[s][NODES_MAX - 1], &v, stream->id, vsm_core_take_changed(c->core, s, -1));
  }
  w->now = ref_now(c->ref);
}
