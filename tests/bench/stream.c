#include "stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { DATA_MAX = 3 };

// # stands for the item's number.
struct step {
  const char *source, *type, *subject;
  struct {
    const char *key, *value;
  } data[DATA_MAX];
};

static const struct step connection[] = {
    {"crm", "case.opened", "C-#", {{"channel", "web"}, {"area", "north"}}},
    {"crm", "application.submitted", "C-#", {{"service_order", "SO-#"}, {"area", "north"}, {"product", "residential"}}},
    {"cis", "account.pending", "SO-#", {{"premise", "P-7741"}, {"product", "residential"}}},
    {"credit-bureau", "inquiry.sent", "SO-#", {{"bureau", "east"}, {"product", "soft"}}},
    {"credit-bureau", "report.returned", "SO-#", {{"score", "712"}, {"bureau", "east"}}},
    {"cis", "deposit.requested", "SO-#", {{"amount", "250.00"}, {"due", "14 days"}}},
    {"cis", "deposit.received", "SO-#", {{"amount", "250.00"}, {"by", "card"}}},
    {"cis", "application.approved", "SO-#", {{"account", "A-#"}, {"rate", "R-1"}}},
    {"gis-design", "design.requested", "D-#", {{"service_order", "SO-#"}, {"feeder", "F-118"}}},
    {"gis-design", "design.started", "D-#", {{"designer", "kmiller"}, {"feeder", "F-118"}}},
    {"gis-design", "permit.filed", "D-#", {{"authority", "county"}, {"kind", "road opening"}}},
    {"gis-design", "permit.granted", "D-#", {{"authority", "county"}, {"kind", "road opening"}}},
    {"gis-design", "design.issued", "D-#", {{"sheets", "4"}, {"feeder", "F-118"}}},
    {"wms", "WOSTATUS", "W-#", {{"status", "APPR"}, {"service_order", "SO-#"}, {"site", "depot 4"}}},
    {"wms", "WOSTATUS", "W-#", {{"status", "WMATL"}, {"site", "depot 4"}, {"item", "pole 40 ft"}}},
    {"wms", "WOSTATUS", "W-#", {{"status", "INPRG"}, {"site", "depot 4"}, {"crew", "L-17"}}},
    {"wms", "WOSTATUS", "W-#", {{"status", "COMP"}, {"site", "depot 4"}, {"crew", "L-17"}}},
    {"ami", "connect.sent", "R-#", {{"service_order", "SO-#"}, {"meter", "M-20193"}}},
    {"ami", "connect.ok", "R-#", {{"meter", "M-20193"}, {"took", "3.2 s"}}},
    {"ami", "meter.reachable", "M-20193", {{"service_order", "SO-#"}, {"signal", "-81"}}},
    {"cis", "sa.activated", "SA-#", {{"service_order", "SO-#"}, {"rate", "R-1"}}},
    {"crm", "welcome.sent", "C-#", {{"channel", "mail"}, {"template", "welcome 3"}}},
    {"billing", "cycle.assigned", "SA-#", {{"cycle", "17"}, {"portion", "B"}}},
    {"docgen", "bill.delivered", "B-#", {{"agreement", "SA-#"}, {"channel", "mail"}}},
};

static const struct step operating_hour[] = {
    {"lfs", "hourahead.run.started", "north:#", {{"deadline", "2030-01-01T11:30:00Z"}, {"model", "hybrid"}}},
    {"lfs", "hourahead.published", "north:#", {{"model", "hybrid"}, {"peak", "1832.5"}}},
    {"gms", "commitment.started", "north:#", {{"deadline", "2030-01-01T12:00:00Z"}, {"units", "14"}}},
    {"gms", "hour.plan.approved", "north:#", {{"units", "14"}, {"reserve", "210.0 MW"}}},
    {"ems", "rtca.started", "north:#", {{"deadline", "2030-01-01T12:15:00Z"}, {"cases", "1204"}}},
    {"ems", "hour.secured", "north:#", {{"violations", "none"}, {"cases", "1204"}}},
    {"adms", "hour.opened", "north:#", {{"deadline", "2030-01-01T13:00:00Z"}, {"desk", "west 2"}}},
    {"adms", "hour.closed", "north:#", {{"desk", "west 2"}, {"operator", "rgarcia"}}},
    {"historian", "hour.frozen", "north:#", {{"deadline", "2030-01-01T13:10:00Z"}, {"tags", "48211"}}},
    {"historian", "hour.certified", "north:#", {{"tags", "48211"}, {"quality", "99.98"}}},
    {"pqms", "hour.collected", "north:#", {{"deadline", "2030-01-01T15:00:00Z"}, {"sites", "310"}}},
    {"pqms", "hour.evaluated", "north:#", {{"sites", "310"}, {"class", "A"}}},
    {"mdms", "intervals.vee.completed", "north:#", {{"deadline", "2030-01-08T00:00:00Z"}, {"share", "99.7"}}},
    {"settle", "s7.validated", "north:#", {{"statement", "S7"}, {"amount", "48120.11"}}},
};

struct way {
  const struct step *steps;
  unsigned n;
};
static const struct way ways[] = {{connection, sizeof connection / sizeof *connection},
                                  {operating_hour, sizeof operating_hour / sizeof *operating_hour}};

static const struct way *way_of(const struct bench_stream *s, uint32_t item) {
  if (s->kind == BENCH_MIXED)
    return &ways[item % 2];
  return s->kind == BENCH_LINKED ? &ways[0] : &ways[1];
}

static uint32_t below(struct bench_stream *s, uint32_t n) { // xorshift64*
  s->random ^= s->random >> 12;
  s->random ^= s->random << 25;
  s->random ^= s->random >> 27;
  return (uint32_t)(((s->random * UINT64_C(2685821657736338717) >> 32) * n) >> 32);
}

void bench_stream_init(struct bench_stream *s, enum bench_kind kind, uint32_t n_open, int64_t start_us,
                       int64_t gap_us) {
  *s = (struct bench_stream){.kind = kind, .n_slots = n_open, .now_us = start_us, .gap_us = gap_us};
  s->random = UINT64_C(0x9e3779b97f4a7c15);
  s->slots = vsm_mem_alloc(n_open * sizeof *s->slots);
  for (uint32_t i = 0; i < n_open; i++)
    s->slots[i].item = ++s->n_items;
}

void bench_stream_fini(struct bench_stream *s) {
  free(s->slots);
}

static struct vsm_str fill(struct vsm_arena *arena, const char *pattern, uint32_t item) {
  const char *hash = strchr(pattern, '#');
  if (!hash)
    return vsm_str_of(pattern);
  return vsm_str_of(vsm_arena_printf(arena, "%.*s%08u%s", (int)(hash - pattern), pattern, item, hash + 1));
}

// The slot's next event. Of two that change places, the one that arrives late happened just before the other.
static void make(struct bench_stream *s, struct bench_slot *slot, struct vsm_arena *arena, struct vsm_event *out) {
  const struct way *way = way_of(s, slot->item);
  unsigned nth = slot->step;
  int64_t us = s->now_us += s->gap_us;
  s->n_events++;
  if (s->late && (nth ^ 1) < way->n) {
    nth ^= 1;
    us = nth & 1 ? us : slot->last_us - 1;
  }
  slot->last_us = us;
  slot->step++;
  const struct step *step = &way->steps[nth];
  struct vsm_attr *attrs = vsm_arena_alloc(arena, DATA_MAX * sizeof *attrs);
  *out = (struct vsm_event){.source = vsm_str_of(step->source),
                            .id = fill(arena, "e#", s->n_events),
                            .type = vsm_str_of(step->type),
                            .subject = fill(arena, step->subject, slot->item),
                            .attrs = attrs,
                            .time_ns = (uint64_t)us * 1000,
                            .received = {s->now_us}};
  for (; out->n_attrs < DATA_MAX && step->data[out->n_attrs].key; out->n_attrs++)
    attrs[out->n_attrs] = (struct vsm_attr){vsm_str_of(step->data[out->n_attrs].key),
                                            fill(arena, step->data[out->n_attrs].value, slot->item)};
}

bool bench_stream_open(struct bench_stream *s, unsigned steps, struct vsm_arena *arena, struct vsm_event *out) {
  static const unsigned spread[] = {3, 7, 1, 11, 5, 9, 2, 13, 4, 8, 6, 10, 12};
  while (s->n_opened < s->n_slots &&
         s->slots[s->n_opened].step == (steps ? steps : spread[s->n_opened % (sizeof spread / sizeof *spread)]))
    s->n_opened++;
  if (s->n_opened == s->n_slots)
    return false;
  make(s, &s->slots[s->n_opened], arena, out);
  return true;
}

void bench_stream_next(struct bench_stream *s, struct vsm_arena *arena, struct vsm_event *out) {
  struct bench_slot *slot = &s->slots[below(s, s->n_slots)];
  make(s, slot, arena, out);
  if (slot->step == way_of(s, slot->item)->n)
    *slot = (struct bench_slot){.item = ++s->n_items};
}
