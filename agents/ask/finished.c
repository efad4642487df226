#include "agents/ask/finished.h"

#include <string.h>

#include "agents/ask/copy.h"
#include "base/text.h"

static bool next(struct vsm_inquiry *inquiry, Vsm__V1__Request *out) {
  struct vsm_finished *q = (struct vsm_finished *)inquiry;
  if (*inquiry->why || (q->visits && !*q->visits->cursor))
    return false;
  q->request.cursor = q->visits ? q->visits->cursor : (char *)"";
  out->kind_case = VSM__V1__REQUEST__KIND_VISITS;
  out->visits = &q->request;
  return true;
}

static int by_left(const void *pa, const void *pb) {
  const Vsm__V1__FinishedVisit *a = *(Vsm__V1__FinishedVisit *const *)pa, *b = *(Vsm__V1__FinishedVisit *const *)pb;
  if (a->left_unix_nano != b->left_unix_nano)
    return a->left_unix_nano > b->left_unix_nano ? -1 : 1;
  int c = strcmp(a->item, b->item);
  return c ? c : (a->entered_unix_nano > b->entered_unix_nano) - (a->entered_unix_nano < b->entered_unix_nano);
}

// The newest of them, in order; what is cut off is older than all that stays.
static void put_in_order(struct vsm_finished *q) {
  Vsm__V1__Visits *v = q->visits;
  vsm_sort(v->visits, v->n_visits, sizeof *v->visits, by_left);
  for (; v->n_visits > q->request.limit; v->more = true)
    vsm_drop(v->visits[--v->n_visits]);
}

static bool take(struct vsm_inquiry *inquiry, const Vsm__V1__Reply *reply) {
  struct vsm_finished *q = (struct vsm_finished *)inquiry;
  if (!vsm_inquiry_granted(inquiry, reply, VSM__V1__REPLY__KIND_VISITS))
    return false;
  Vsm__V1__Visits *page = vsm_copy(&reply->visits->base);
  if (q->visits)
    vsm_copy_append_visits(q->visits, page);
  else
    q->visits = page;
  if (!*q->visits->cursor || q->visits->n_visits > 2 * (size_t)q->request.limit)
    put_in_order(q);
  if (!*q->visits->cursor && q->visits->more && q->visits->n_visits > 0)
    q->visits->since_unix_nano = q->visits->visits[q->visits->n_visits - 1]->left_unix_nano;
  return true;
}

static void destroy(struct vsm_inquiry *inquiry) {
  struct vsm_finished *q = (struct vsm_finished *)inquiry;
  vsm_drop(q->visits);
  q->visits = NULL;
}

void vsm_finished_init(struct vsm_finished *q, const Vsm__V1__VisitsRequest *request, uint64_t limit,
                       const char *dash) {
  *q = (struct vsm_finished){.inquiry = {.next = next, .take = take, .destroy = destroy}, .request = *request};
  q->request.limit = limit ? (uint32_t)limit : VSM_FINISHED_ROWS_DEFAULT;
  if (limit > VSM_FINISHED_ROWS_MAX)
    vsm_inquiry_fail(&q->inquiry, "%slimit is at most %d", dash, VSM_FINISHED_ROWS_MAX);
}
