// Bytes as a time zone file: what is read is a zone of changes in order, and a calendar in it works up to the end of
// time, and back.
#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/tzif.h"
#include "core/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_zone(const struct vsm_zone *z) {
  int32_t before = z->offset_s;
  uint32_t at_s = 0;
  for (unsigned i = 0; i < z->n_changes; i++) {
    assert(z->changes[i].at_s > at_s && z->changes[i].at_s < VSM_TIME_MAX / VSM_SECOND_US);
    assert(z->changes[i].offset_s != before && abs(z->changes[i].offset_s) < 26 * 3600 + 1);
    at_s = z->changes[i].at_s;
    before = z->changes[i].offset_s;
  }
}

static void check_calendar(struct vsm_arena *arena, const struct vsm_zone *zone) {
  static const struct vsm_hours hours[] = {{0, 0, 60}, {0, 120, 1440}, {3, 0, 30}, {6, 1435, 1440}};
  static const int32_t holidays[] = {-1, 0, 20000};
  struct vsm_calendar c = {.zone = *zone, .hours = hours, .n_hours = 4, .holidays = holidays, .n_holidays = 3};
  assert(vsm_calendar_expand(&c, arena) == 0);
  int64_t worked_us = 0;
  for (int64_t us = 0; us <= VSM_TIME_MAX; us += 37 * VSM_DAY_US + 12345678901) {
    int64_t now_us = vsm_calendar_worked(&c, us), when_us = vsm_calendar_when(&c, now_us);
    assert(now_us >= worked_us && now_us <= us && when_us <= us && vsm_calendar_worked(&c, when_us) == now_us);
    worked_us = now_us;
  }
  for (uint32_t i = 1; i < c.n_runs; i++)
    assert(c.runs[i].from_s > c.runs[i - 1].from_s && c.runs[i].before_s <= c.runs[i + 1].before_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct vsm_arena arena;
  struct vsm_zone zone;
  const char *why = NULL;
  unsigned char *copy = malloc(size); // its end is the memory's end
  if (size)
    memcpy(copy, data, size);
  vsm_arena_init(&arena, 0);
  int err = vsm_tzif_read(&arena, copy, size, &zone, &why);
  assert(err == 0 || (err == VSM_EFORMAT && why));
  if (err == 0) {
    check_zone(&zone);
    check_calendar(&arena, &zone);
  }
  vsm_arena_fini(&arena);
  free(copy);
  return 0;
}
