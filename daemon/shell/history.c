// In the end every item that is held is told, and the store finds out which of them changed. One that is let go of
// meanwhile is told at that moment, for the last time; where the reading began before the place at which the history
// stands, it was told then. Only where all is mapped anew, or where the history is of another journal, is nothing
// believed of what was told before, but for what was sealed where the journal's first records are gone: nothing else
// knows of that.
#include "shell/history.h"

#include <stdlib.h>

#include "base/err.h"
#include "core/view.h"
#include "shell/clock.h"
#include "shell/forget.h"
#include "shell/log.h"
#include "store/forgetting.h"
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

struct vsm_chronicle {
  const char *directory;
  struct vsm_history *history;
  struct vsm_arena arena;
  int64_t begun_boot_us;
  bool anew, foreign; // of another journal
  int err;            // what the history cannot do it says in the end itself
};

static void note(struct vsm_chronicle *c, int err) {
  if (err && err != VSM_EIO && !c->err)
    c->err = err;
}

// The item at or behind a place, into item. 0, VSM_ENOENT: there is none; VSM_ENOMEM.
static int look_at(struct vsm_chronicle *c, struct vsm_core *core, const struct vsm_model *m, unsigned stream,
                   uint32_t *place, struct vsm_history_item *item) {
  struct vsm_item_view view;
  vsm_arena_reset(&c->arena);
  int err = vsm_core_next_item(core, stream, place, &c->arena, &view);
  return err ? err : convert(m, &view, &c->arena, item);
}

void vsm_chronicle_on_sealed(void *ctx, const struct vsm_recovery_sealed *sealed) {
  struct vsm_chronicle *c = ctx;
  struct vsm_history_item item;
  uint32_t place = sealed->place;
  if (!c->anew && sealed->position <= vsm_history_position(c->history))
    return;
  int err = look_at(c, sealed->core, sealed->model, sealed->stream, &place, &item);
  note(c, err ? err : vsm_history_seal(c->history, &item));
}

void vsm_chronicle_on_anew(void *ctx) {
  struct vsm_chronicle *c = ctx;
  c->anew = true;
  note(c, vsm_history_renew(c->history));
}

static bool is_of_this_journal(const char *directory, const struct vsm_history *h) {
  struct vsm_journal_reader *journal;
  struct vsm_journal_why why;
  bool is = vsm_journal_reader_open(directory, 1, &journal, &why) != 0 ||
            vsm_journal_reader_last(journal) >= vsm_history_position(h);
  vsm_journal_reader_close(journal);
  return is;
}

struct vsm_chronicle *vsm_chronicle_begin(const char *directory) {
  struct vsm_journal_why why = {"out of memory"};
  struct vsm_chronicle *c = calloc(1, sizeof *c);
  int err = c ? vsm_history_open(directory, &c->history, &why) : VSM_ENOMEM;
  if (*why.text)
    vsm_log(err ? "history_failed" : "history_set_aside", "why=\"%s\"", why.text);
  if (err) {
    free(c);
    return NULL;
  }
  vsm_arena_init(&c->arena, 0);
  c->directory = directory;
  c->begun_boot_us = vsm_clock_boot_us();
  c->foreign = !is_of_this_journal(directory, c->history);
  if (c->foreign)
    vsm_chronicle_on_anew(c);
  return c;
}

void vsm_chronicle_end(struct vsm_chronicle *c) {
  if (!c)
    return;
  vsm_history_close(c->history);
  vsm_arena_fini(&c->arena);
  free(c);
}

static void tell_items(struct vsm_chronicle *c, const struct vsm_recovered *r) {
  const struct vsm_model *m = &r->config->model;
  struct vsm_history_item item;
  for (unsigned i = 0; i < m->n_streams; i++) {
    uint32_t place = 0;
    int err = 0;
    while (!err) {
      err = look_at(c, r->core, m, i, &place, &item);
      if (!err)
        err = vsm_history_put(c->history, &item);
    }
    note(c, err == VSM_ENOENT ? 0 : err);
  }
}

static int forget(void *ctx, struct vsm_str stream, struct vsm_str key) {
  struct vsm_chronicle *c = ctx;
  note(c, vsm_history_forget(c->history, stream, key));
  return 0;
}

static int forget_all(struct vsm_chronicle *c, uint64_t position) {
  int err = vsm_forget_orders(c->directory, vsm_history_position(c->history) + 1, position, forget, c);
  if (err && err != VSM_ENOENT && !c->err)
    c->err = err;
  return err;
}

// Where a change failed, and a checkpoint was made all the same, nobody tells of what was let go of meanwhile; and of
// what was sealed before a rebuild nobody does whose first records are gone. What was sealed stays; what was forgotten
// goes, and where it is not known any more what that was, all goes of which nobody tells.
static void settle_untold(struct vsm_chronicle *c, const struct vsm_recovered *r) {
  bool behind = !c->anew && vsm_history_position(c->history) < r->checkpoint,
       in_part = c->anew && !c->foreign && r->first > 1, forgetting = vsm_forgetting_is_marked(c->directory);
  bool known = !forgetting || forget_all(c, r->position) != VSM_ENOENT;
  if (behind && known)
    vsm_history_keep_closed(c->history);
  if (in_part && known)
    vsm_history_keep_sealed(c->history);
}

int vsm_chronicle_finish(struct vsm_chronicle *c, const struct vsm_recovered *r) {
  struct vsm_history_counts counts;
  struct vsm_journal_why why = {""};
  if (vsm_history_position(c->history) == r->position)
    return 0;
  settle_untold(c, r);
  note(c, tell_stages(c->history, &r->config->model));
  tell_items(c, r);
  int err = c->err ? c->err : vsm_history_finish(c->history, r->position, r->last.us, &counts, &why);
  if (err)
    vsm_log("history_failed", "why=\"%s\"", *why.text ? why.text : vsm_err_text(err));
  else
    vsm_log("history", "position=%llu items=%llu written=%llu removed=%llu seconds=%.1f",
            (unsigned long long)r->position, (unsigned long long)counts.items, (unsigned long long)counts.written,
            (unsigned long long)counts.removed, vsm_seconds(vsm_clock_boot_us() - c->begun_boot_us));
  return err;
}
