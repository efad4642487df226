// The core's working time for a program that checks it. worktime FILE: then on standard input lines of CALENDAR FROM TO
// (microseconds since 1970), and for each a line with what was worked between them, and the earliest time at which so
// much is worked after FROM. CALENDAR alone: its working day.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "core/calendar.h"

static const struct vsm_calendar *find(const struct vsm_model *m, const char *id) {
  for (unsigned i = 0; i < m->n_calendars; i++)
    if (strcmp(m->calendars[i].id, id) == 0)
      return &m->calendars[i];
  return NULL;
}

static bool answer(const struct vsm_model *m, const char *line) {
  char id[VSM_ID_MAX + 1];
  int64_t from_us, to_us;
  int n = sscanf(line, "%64s %" SCNd64 " %" SCNd64, id, &from_us, &to_us);
  const struct vsm_calendar *c = n == 1 || n == 3 ? find(m, id) : NULL;
  if (!c)
    return false;
  if (n == 1) {
    printf("%" PRId64 "\n", vsm_calendar_day_us(c));
    return true;
  }
  int64_t before_us = vsm_calendar_worked(c, from_us), after_us = vsm_calendar_worked(c, to_us);
  printf("%" PRId64 " %" PRId64 "\n", after_us - before_us, vsm_calendar_when(c, after_us));
  return true;
}

int main(int argc, char **argv) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  char line[200];
  bool good = argc == 2 && vsm_config_load(argv[1], &config, &report) == 0;
  if (argc == 2)
    vsm_conf_report_print(&report, stderr);
  while (good && fgets(line, sizeof line, stdin))
    good = answer(&config->model, line);
  if (argc == 2) {
    vsm_conf_report_fini(&report);
    vsm_config_destroy(config);
  }
  return good ? 0 : 1;
}
