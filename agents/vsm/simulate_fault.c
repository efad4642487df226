// What goes wrong between an event and its arrival. None of it changes what happens in the simulated company, but for
// storms, in which the work of some stages stands still.
#include "simulate.h"

#include <string.h>

bool vsm_sim_which_fits(const struct vsm_sim_which *which, const struct vsm_sim_say *say) {
  const char *const *systems = which->systems.at;
  if (which->type && strcmp(which->type, say->type))
    return false;
  if (which->mark && (!say->mark || strcmp(which->mark, say->mark)))
    return false;
  for (unsigned i = 0; i < which->systems.n; i++)
    if (!strcmp(systems[i], say->source))
      return true;
  return false;
}

// Where the last period that began by then begins; false: none has.
static bool last_begin(const struct vsm_sim_period *p, int64_t since_us, int64_t *begin_us) {
  if (since_us < p->starts_us)
    return false;
  *begin_us = p->starts_us + (p->every_us ? (since_us - p->starts_us) / p->every_us * p->every_us : 0);
  return true;
}

// How long it still lasts at t; 0: there is none.
static int64_t outage_left(const struct vsm_sim_outage *o, int64_t start_us, int64_t t_us) {
  int64_t begin, since = t_us - start_us;
  if (o->when.n_hours)
    return vsm_sim_left(&o->when, t_us);
  if (!last_begin(&o->period, since, &begin) || since >= begin + o->period.lasts_us)
    return 0;
  return begin + o->period.lasts_us - since;
}

int64_t vsm_sim_fault_sent(const struct vsm_sim_faults *f, struct vsm_sim_random *r, const struct vsm_sim_say *say,
                           int64_t start_us, int64_t when_us) {
  int64_t sent = when_us;
  const struct vsm_sim_late *late = f->late.at;
  for (unsigned i = 0; i < f->late.n; i++)
    if (vsm_sim_which_fits(&late[i].which, say) && vsm_sim_random_unit(r) < late[i].share)
      sent += late[i].from_us + (int64_t)(vsm_sim_random_unit(r) * (double)(late[i].to_us - late[i].from_us));
  const struct vsm_sim_batches *batches = f->batches.at;
  for (unsigned i = 0; i < f->batches.n; i++)
    if (vsm_sim_which_fits(&batches[i].which, say))
      sent = (sent / batches[i].every_us + 1) * batches[i].every_us;
  const struct vsm_sim_outage *outages = f->outages.at;
  for (unsigned i = 0; i < f->outages.n; i++) // what lies in its hours waits for their end
    if (vsm_sim_which_fits(&outages[i].which, say))
      sent += outage_left(&outages[i], start_us, sent);
  return sent;
}

bool vsm_sim_fault_down(const struct vsm_sim_faults *f, const char *source, int64_t start_us, int64_t when_us) {
  const struct vsm_sim_outage *outages = f->outages.at;
  const struct vsm_sim_say any = {.source = source, .type = ""};
  for (unsigned i = 0; i < f->outages.n; i++)
    if (vsm_sim_which_fits(&outages[i].which, &any) && outage_left(&outages[i], start_us, when_us) > 0)
      return true;
  return false;
}

int64_t vsm_sim_fault_clock(const struct vsm_sim_faults *f, const struct vsm_sim_say *say, int64_t when_us) {
  const struct vsm_sim_ahead *clocks = f->clocks.at;
  for (unsigned i = 0; i < f->clocks.n; i++)
    if (vsm_sim_which_fits(&clocks[i].which, say))
      when_us += clocks[i].ahead_us;
  return when_us;
}

const char *vsm_sim_fault_type(const struct vsm_sim_faults *f, const struct vsm_sim_say *say, int64_t since_us) {
  const struct vsm_sim_renamed *renamed = f->renamed.at;
  for (unsigned i = 0; i < f->renamed.n; i++) {
    int64_t begin;
    if (vsm_sim_which_fits(&renamed[i].which, say) && last_begin(&renamed[i].period, since_us, &begin) &&
        since_us < begin + renamed[i].period.lasts_us)
      return renamed[i].to;
  }
  return say->type;
}

static bool names_stage(const struct vsm_sim_storm *storm, const char *stream, const char *stage) {
  const char *const *names = storm->stages.at;
  size_t n = strlen(stream);
  for (unsigned i = 0; i < storm->stages.n; i++)
    if (!strncmp(names[i], stream, n) && names[i][n] == '/' && !strcmp(names[i] + n + 1, stage))
      return true;
  return false;
}

int64_t vsm_sim_fault_later(const struct vsm_sim_faults *f, const char *stream, const char *stage, int64_t start_us,
                            const struct vsm_calendar *calendar, int64_t t_us, int64_t work_us) {
  const struct vsm_sim_storm *storms = f->storms.at;
  int64_t end = vsm_sim_later(calendar, t_us, work_us);
  for (unsigned i = 0; i < f->storms.n; i++) {
    int64_t begin;
    if (!names_stage(&storms[i], stream, stage) || !last_begin(&storms[i].period, end - start_us, &begin))
      continue;
    int64_t from = start_us + begin, over = from + storms[i].period.lasts_us;
    if (over <= t_us)
      continue;
    int64_t done = from > t_us ? vsm_calendar_worked(calendar, from) - vsm_calendar_worked(calendar, t_us) : 0;
    end = vsm_sim_later(calendar, over, work_us > done ? work_us - done : 0);
  }
  return end;
}
