// Every item that is held is told, and the store finds out which of them changed.
#include "shell/history.h"

#include <stdlib.h>

#include "base/err.h"
#include "core/view.h"
#include "shell/clock.h"
#include "shell/log.h"
#include "store/history.h"

static int tell_stages(struct vsm_history *h, const struct vsm_model *m) {
  int err = 0;
  for (unsigned i = 0; i < m->n_streams; i++)
    for (unsigned k = 0; k < m->streams[i].n_stages && !err; k++) {
      const struct vsm_stage *stage = &m->streams[i].stages[k];
      err = vsm_history_put_stage(h, &(struct vsm_history_stage){.stream = m->streams[i].id,
                                                                 .stream_name = m->streams[i].name,
                                                                 .stage = stage->id,
                                                                 .name = stage->name,
                                                                 .place = k});
    }
  return err;
}

// Visits that have ended.
static unsigned convert_visits(const struct vsm_item_view *view, struct vsm_history_visit *out) {
  unsigned n = 0;
  for (unsigned i = 0; i < view->n_visits; i++) {
    const struct vsm_visit_view *v = &view->visits[i];
    if (v->how != VSM_OPEN)
      out[n++] = (struct vsm_history_visit){.number = i + 1,
                                            .stage = v->stage,
                                            .how = vsm_how_name(v->how),
                                            .entered_us = v->entered.us,
                                            .left_us = v->left.us,
                                            .queue_us = v->queued_us,
                                            .active_us = v->active_us,
                                            .suspended_us = v->suspended_us,
                                            .rework = v->rework,
                                            .unobserved = v->unobserved};
  }
  return n;
}

static int convert(const struct vsm_model *m, const struct vsm_item_view *view, struct vsm_arena *arena,
                   struct vsm_history_item *out) {
  struct vsm_history_visit *visits = vsm_arena_alloc(arena, (view->n_visits + 1) * sizeof *visits);
  struct vsm_history_segment *segments = vsm_arena_alloc(arena, (view->n_segments + 1) * sizeof *segments);
  if (!visits || !segments)
    return VSM_ENOMEM;
  for (unsigned i = 0; i < view->n_segments; i++)
    segments[i] = (struct vsm_history_segment){view->segments[i].attribute, view->segments[i].value};
  *out = (struct vsm_history_item){.stream = m->streams[view->stream].id,
                                   .state = view->state,
                                   .item = view->item,
                                   .keys = view->keys,
                                   .n_keys = view->n_keys,
                                   .started_us = view->started.us,
                                   .ended_us = view->ended.us,
                                   .lead_us = view->lead_us,
                                   .visits = visits,
                                   .n_visits = convert_visits(view, visits),
                                   .segments = segments,
                                   .n_segments = view->n_segments};
  return 0;
}

static int tell_stream(struct vsm_history *h, const struct vsm_recovered *r, unsigned stream, struct vsm_arena *arena) {
  struct vsm_history_item item;
  struct vsm_item_view view;
  uint32_t place = 0;
  int err = 0;
  while (!err) {
    vsm_arena_reset(arena);
    err = vsm_core_next_item(r->core, stream, &place, arena, &view);
    if (!err)
      err = convert(&r->config->model, &view, arena, &item);
    if (!err)
      err = vsm_history_put(h, &item);
  }
  return err == VSM_ENOENT ? 0 : err;
}

static int tell(struct vsm_history *h, const struct vsm_recovered *r) {
  struct vsm_arena arena;
  int err = tell_stages(h, &r->config->model);
  vsm_arena_init(&arena, 0);
  for (unsigned i = 0; i < r->config->model.n_streams && !err; i++)
    err = tell_stream(h, r, i, &arena);
  vsm_arena_fini(&arena);
  return err == VSM_EIO ? 0 : err; // the store says why in the end
}

int vsm_history_bring(const char *directory, const struct vsm_recovered *r) {
  struct vsm_history *h;
  struct vsm_history_counts counts;
  struct vsm_journal_why why;
  int64_t begun = vsm_clock_boot_us();
  int err = vsm_history_open(directory, &h, &why);
  if (!err && *why.text)
    vsm_log("history_set_aside", "why=\"%s\"", why.text);
  bool news = !err && vsm_history_position(h) != r->position;
  if (news && (err = tell(h, r)) != 0)
    why = (struct vsm_journal_why){"out of memory"};
  if (news && !err)
    err = vsm_history_finish(h, r->position, r->last.us, &counts, &why);
  if (err)
    vsm_log("history_failed", "why=\"%s\"", why.text);
  else if (news)
    vsm_log("history", "position=%llu items=%llu written=%llu removed=%llu seconds=%.1f",
            (unsigned long long)r->position, (unsigned long long)counts.items, (unsigned long long)counts.written,
            (unsigned long long)counts.removed, vsm_seconds(vsm_clock_boot_us() - begun));
  vsm_history_close(h);
  return err;
}
