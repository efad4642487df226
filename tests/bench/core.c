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

void bench_core_step(struct bench_core *c, const struct vsm_event *events, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (i % BATCH == 0)
      vsm_core_advance(c->core, events[i].received);
    if (vsm_core_step(c->core, &events[i], &c->effects) != 0 || c->effects.result == VSM_REJECTED ||
        c->effects.result == VSM_UNMAPPED) {
      fprintf(stderr, "bench: %.*s %.*s: %s %s\n", (int)events[i].source.n, events[i].source.p, (int)events[i].type.n,
              events[i].type.p, vsm_result_name(c->effects.result), c->effects.detail);
      exit(1);
    }
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
