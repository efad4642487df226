#include "core.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/conf.h"

enum { BATCH = 100 };

void bench_core_init(struct bench_core *c, enum vsm_clock clock) {
  struct vsm_conf_report report;
  *c = (struct bench_core){0};
  int err = vsm_config_load(VSM_SOURCE_DIR "/config/quantum-energy.yaml", &c->config, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  if (err)
    exit(1);
  c->config->model.clock = clock;
  c->core = vsm_core_create(&c->config->model);
}

void bench_core_fini(struct bench_core *c) {
  vsm_effects_fini(&c->effects);
  vsm_core_destroy(c->core);
  vsm_config_destroy(c->config);
}

static void check(void *ctx, const struct vsm_event *e, const struct vsm_effects *fx) {
  (void)ctx;
  if (fx->result != VSM_REJECTED && fx->result != VSM_UNMAPPED)
    return;
  fprintf(stderr, "bench: %.*s %.*s: %s %s\n", (int)e->source.n, e->source.p, (int)e->type.n, e->type.p,
          vsm_result_name(fx->result), fx->detail);
  exit(1);
}

void bench_core_step(struct bench_core *c, const struct vsm_event *events, size_t n) {
  for (size_t at = 0, batch; at < n; at += batch) {
    batch = n - at < BATCH ? n - at : BATCH;
    vsm_core_advance(c->core, events[at].received);
    if (vsm_core_step_all(c->core, events + at, batch, &c->effects, check, NULL) != 0)
      exit(1);
  }
}

size_t bench_core_events(struct bench_stream *s, bool opening, unsigned steps, struct vsm_arena *arena,
                         struct vsm_event *events, size_t n) {
  size_t made = 0;
  for (; made < n && (!opening || bench_stream_open(s, steps, arena, &events[made])); made++)
    if (!opening)
      bench_stream_next(s, arena, &events[made]);
  return made;
}
