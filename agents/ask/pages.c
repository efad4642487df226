#include "agents/ask/pages.h"

#include <string.h>

#include "agents/ask/copy.h"

static bool next(struct vsm_inquiry *inquiry, Vsm__V1__Request *out) {
  struct vsm_pages *q = (struct vsm_pages *)inquiry;
  size_t n = q->rows ? q->rows->n_items : 0;
  if (*inquiry->why || (q->rows && (!*q->rows->cursor || n >= q->limit)))
    return false;
  q->request.limit = (uint32_t)(q->limit - n);
  q->request.cursor = q->rows ? q->rows->cursor : (char *)q->cursor;
  out->kind_case = VSM__V1__REQUEST__KIND_ITEMS;
  out->items = &q->request;
  return true;
}

static bool take(struct vsm_inquiry *inquiry, const Vsm__V1__Reply *reply) {
  struct vsm_pages *q = (struct vsm_pages *)inquiry;
  if (!vsm_inquiry_granted(inquiry, reply, VSM__V1__REPLY__KIND_ITEMS))
    return false;
  Vsm__V1__Items *page = vsm_copy(&reply->items->base);
  if (q->rows)
    vsm_copy_append(q->rows, page);
  else
    q->rows = page;
  return true;
}

static void destroy(struct vsm_inquiry *inquiry) {
  struct vsm_pages *q = (struct vsm_pages *)inquiry;
  vsm_drop(q->rows);
  q->rows = NULL;
}

static bool is_sort(const char *name) {
  return !*name || strcmp(name, "age") == 0 || strcmp(name, "pace") == 0 || strcmp(name, "last") == 0;
}

static void check(struct vsm_pages *q, const char *dash) {
  const Vsm__V1__ItemsRequest *r = &q->request;
  if (q->limit > VSM_PAGES_ROWS_MAX)
    vsm_inquiry_fail(&q->inquiry, "%slimit is at most %d; %scursor goes on where a page ended", dash,
                     VSM_PAGES_ROWS_MAX, dash);
  else if (!is_sort(r->sort))
    vsm_inquiry_fail(&q->inquiry, "%ssort %s; allowed: age, pace, last", dash, r->sort);
  else if (*r->stage && !*r->stream)
    vsm_inquiry_fail(&q->inquiry, "%sstage %s without %sstream: a stage is one of a value stream", dash, r->stage,
                     dash);
  else if (*r->attribute && !*r->stream)
    vsm_inquiry_fail(&q->inquiry, "%ssegment %s=%s without %sstream: each value stream has segments of its own", dash,
                     r->attribute, r->value, dash);
}

void vsm_pages_init(struct vsm_pages *q, const Vsm__V1__ItemsRequest *request, uint64_t limit, const char *dash) {
  *q = (struct vsm_pages){.inquiry = {.next = next, .take = take, .destroy = destroy}, .request = *request};
  q->limit = limit ? limit : VSM_PAGES_ROWS_DEFAULT;
  q->cursor = request->cursor;
  check(q, dash);
}
