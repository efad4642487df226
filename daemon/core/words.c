// All that is held is gone through, which takes as long as a look at every item; so it waits until there are many
// words. What decides about it is part of the state, so that the same records give words the same numbers.
#include "core/words.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/guard.h"
#include "core/sealed.h"

enum { WORDS_LEAST = 4096 };

static void mark_item(const struct vsm_item *it, bool *used) {
  for (unsigned i = 0; i < it->n; i++)
    used[vsm_item_origins(it)[i]] = true;
  for (unsigned i = 0; i < it->n_progress; i++)
    used[vsm_item_progress(it)[i].origin] = true;
  for (unsigned i = 0; i < it->n_holds; i++)
    used[vsm_wait_words(vsm_item_holds(it)[i].wait)] = true;
  for (unsigned i = 0; i < it->n_values; i++)
    used[vsm_item_values(it)[i].word] = used[vsm_item_values(it)[i].name] = true;
}

static void mark_expected(const struct vsm_expectings *x, bool *used) {
  for (unsigned i = 0; i < x->n; i++)
    vsm_fits_mark(&x->at[i].fits, used);
}

static void mark_figures(const struct vsm_stream_state *s, bool *used) {
  for (unsigned i = 0; i < s->n_attributes; i++) {
    used[s->attributes[i].name] = true;
    for (unsigned k = 0; k < s->attributes[i].n; k++)
      used[s->attributes[i].values[k]->word] = true;
  }
  if (s->guard)
    vsm_guard_mark_words(s->guard, used);
  mark_expected(&s->expected, used);
  for (unsigned place = 0; s->stages && place < s->graph->n; place++) {
    const struct vsm_stage_state *stage = &s->stages[place];
    mark_expected(&stage->expected, used);
    for (size_t i = 0; i < stage->waits.n; i++)
      used[vsm_wait_words(stage->waits.at[i]->wait)] = true;
  }
}

static void mark(const struct vsm_stream_state *s, const struct vsm_intern *words, bool *used) {
  for (uint32_t id = 0; id < s->items.n; id++) {
    const struct vsm_item *it = vsm_items_at(&s->items, id);
    if (it->n_keys > 0)
      mark_item(it, used);
  }
  mark_figures(s, used);
  if (s->sealed.figures)
    mark_figures(s->sealed.figures, used);
  vsm_sealed_mark_words(&s->sealed, words, used);
}

void vsm_words_tidy_now(struct vsm_core *core) {
  bool *used = vsm_mem_alloc(core->words.n * sizeof *used);
  for (size_t i = 0; i < core->n_streams; i++)
    mark(&core->streams[i], &core->words, used);
  vsm_matcher_clear(core->matcher);
  vsm_intern_sweep(&core->words, used);
  free(used);
  core->words_most = 2 * vsm_intern_used(&core->words) + WORDS_LEAST;
}

void vsm_words_tidy(struct vsm_core *core) {
  size_t n = vsm_intern_used(&core->words);
  if (core->words_most == 0)
    core->words_most = n + WORDS_LEAST;
  if (n >= core->words_most)
    vsm_words_tidy_now(core);
}
