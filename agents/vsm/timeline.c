// The wire tells how long a visit was queued, active and held altogether; when it was, the item's transitions tell:
// after start and resume active, after suspend held, before the first of them queued.
#include "timeline.h"

#include <string.h>

#include "text.h"

enum { CELLS = VSM_TIMELINE_BYTES - 3 };

static uint64_t left_at(const Vsm__V1__Visit *v, uint64_t now) {
  uint64_t end = v->left_unix_nano ? v->left_unix_nano : now;
  return end > v->entered_unix_nano ? end : v->entered_unix_nano;
}

static char mark_of(const Vsm__V1__ItemTransition *t, char before) {
  if (strcmp(t->lifecycle, "suspend") == 0)
    return '~';
  return strcmp(t->lifecycle, "start") == 0 || strcmp(t->lifecycle, "resume") == 0 ? '#' : before;
}

static char mark_at(const Vsm__V1__Item *item, const Vsm__V1__Visit *visit, uint64_t at) {
  char mark = '-';
  for (size_t i = 0; i < item->n_transitions; i++) {
    const Vsm__V1__ItemTransition *t = item->transitions[i];
    if (strcmp(t->stage, visit->stage) == 0 && t->time_unix_nano >= visit->entered_unix_nano && t->time_unix_nano <= at)
      mark = mark_of(t, mark);
  }
  return mark;
}

void vsm_timeline(const Vsm__V1__Item *item, const Vsm__V1__Visit *visit, uint64_t now, char out[VSM_TIMELINE_BYTES]) {
  uint64_t begin = visit->entered_unix_nano, end = left_at(visit, now), first = begin, last = end;
  for (size_t i = 0; i < item->n_visits; i++) {
    const Vsm__V1__Visit *v = item->visits[i];
    first = v->entered_unix_nano < first ? v->entered_unix_nano : first;
    last = left_at(v, now) > last ? left_at(v, now) : last;
  }
  double cell = last > first ? (double)(last - first) / CELLS : 1;
  int from = (int)((double)(begin - first) / cell), to = (int)((double)(end - first) / cell);
  from = from < CELLS ? from : CELLS - 1;
  to = to > from ? to : from + 1; // a moment shows, too
  memset(out, '.', VSM_TIMELINE_BYTES);
  out[0] = '[';
  memcpy(out + 1 + CELLS, "]", 2);
  for (int i = from; i < to; i++) {
    uint64_t middle = first + (uint64_t)((i + 0.5) * cell);
    out[1 + i] = mark_at(item, visit, middle < begin ? begin : middle < end ? middle : end);
  }
}

uint64_t vsm_item_end(const Vsm__V1__Item *item, uint64_t now) {
  uint64_t end = 0;
  if (strcmp(item->state, "open") == 0)
    return now;
  for (size_t i = 0; i < item->n_visits; i++)
    end = item->visits[i]->left_unix_nano > end ? item->visits[i]->left_unix_nano : end;
  return end;
}

const char *vsm_text_expected(const Vsm__V1__Visit *v, char *buf, size_t size) {
  char within[32], by[32];
  double left = v->expected_seconds - v->counted_seconds;
  bool open = v->left_unix_nano == 0, counts = open || (strcmp(v->how, "completed") == 0 && !v->unobserved);
  buf[0] = '\0';
  if (v->expected_seconds <= 0)
    return buf;
  vsm_text_worked(v->expected_seconds, v->expected_working_day_seconds, within, sizeof within);
  vsm_text_worked(left < 0 ? -left : left, v->expected_working_day_seconds, by, sizeof by);
  if (!counts)
    snprintf(buf, size, "expected %s", within);
  else if (left < 0)
    snprintf(buf, size, "expected %s: over by %s", within, by);
  else if (open)
    snprintf(buf, size, "expected %s: %s left", within, by);
  else
    snprintf(buf, size, "expected %s: kept", within);
  return buf;
}

const char *vsm_text_how(const Vsm__V1__Visit *v, char *buf, size_t size) {
  snprintf(buf, size, "%s%s%s%s", *v->how ? v->how : v->state, v->rework ? ", rework" : "",
           v->unobserved ? ", entry not observed" : "", v->implied ? ", implied" : "");
  return buf;
}
