// The signals of a stage: a table of named cases, worked out by hand.
#include "core/bottleneck.h"

#include "tests/lib/test.h"

static const struct {
  const char *name;
  struct vsm_strain strain;
  uint32_t signals[VSM_SIGNALS]; // overload, growth, queue, late
} cases[] = {
    {"nothing at all", {.usual_older_ppm = -1}, {0}},
    {"as many leave as come", {.wip = 10, .arrivals = 50, .departures = 50, .usual_older_ppm = -1}, {0}},
    {"fewer come than leave", {.wip = 10, .arrivals = 10, .departures = 50, .usual_older_ppm = -1}, {0}},
    // (20 - 1)^2 = 361 is not above 4 x 180 = 720; (30 - 1)^2 = 841 is above 4 x 170 = 680.
    {"chance", {.wip = 40, .arrivals = 100, .departures = 80, .usual_older_ppm = -1}, {0}},
    {"growing", {.wip = 40, .arrivals = 100, .departures = 70, .usual_older_ppm = -1}, {300000, 750000}},
    {"five came, none left", {.wip = 5, .arrivals = 5, .usual_older_ppm = -1}, {0}}, // 16 is not above 20
    {"six came, none left", {.wip = 6, .arrivals = 6, .usual_older_ppm = -1}, {1000000, 1000000}},
    {"queue alone", {.wip = 1, .queue_ppm = 420000, .usual_older_ppm = -1}, {0, 0, 420000}},
    {"queued before, and empty now", {.queue_ppm = 420000, .usual_older_ppm = -1}, {0}},
    {"p85 not told", {.wip = 10, .older = 10, .usual_older_ppm = -1}, {0}},
    {"as old as usual", {.wip = 100, .older = 16, .usual_older_ppm = 16000000}, {0}},
    // 24.5 - 16 = 8.5 is above 2 x sqrt(16) = 8; 23.5 - 16 is not.
    {"older by chance", {.wip = 100, .older = 24, .usual_older_ppm = 16000000}, {0}},
    {"older", {.wip = 100, .older = 25, .usual_older_ppm = 16000000}, {0, 0, 0, 90000}},
    {"one alone says nothing", {.wip = 1, .older = 1, .usual_older_ppm = 150000}, {0}},
    {"all are old, as nothing new comes", {.wip = 16, .older = 16, .usual_older_ppm = 16000000}, {0}},
    {"all are older", {.wip = 10, .older = 10, .usual_older_ppm = 1000000}, {0, 0, 0, 900000}},
    {"none is ever older", {.wip = 4, .older = 1, .usual_older_ppm = 0}, {0, 0, 0, 250000}},
    {"the largest numbers",
     {.wip = 10000000, .older = 10000000, .arrivals = UINT64_C(1) << 40, .usual_older_ppm = 0, .queue_ppm = VSM_PPM},
     {1000000, 1000000, 1000000, 1000000}},
};

static void test_cases(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t got[VSM_SIGNALS];
    vsm_strain_signals(&cases[i].strain, got);
    for (unsigned k = 0; k < VSM_SIGNALS; k++)
      if (got[k] != cases[i].signals[k])
        fail_msg("%s: %s is %u, not %u", cases[i].name, vsm_signal_name((enum vsm_signal)k), got[k],
                 cases[i].signals[k]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
