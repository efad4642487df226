// Views made by hand are packed, and read back with protobuf-c alone.
#include "wire/publication.h"
#include "wire/reply.h"

#include <stdlib.h>

#include "base/err.h"
#include "tests/lib/packed.h"
#include "tests/lib/test.h"
#include "vsm/v1/query.pb-c.h"

static const struct vsm_stage stages[] = {{.id = "a", .name = "A"}, {.id = "b", .name = "B"}};
static const struct vsm_stream streams[] = {{.id = "S-1", .name = "One", .stages = stages, .n_stages = 2}};
static const struct vsm_model model = {.streams = streams, .n_streams = 1};

static const struct vsm_stage_window_view stage_windows[] = {{.window = "all",
                                                              .arrivals = 1,
                                                              .departures = 2,
                                                              .completed = 3,
                                                              .implied = 4,
                                                              .skipped = 5,
                                                              .returned = 6,
                                                              .withdrawn = 7,
                                                              .rework = 8,
                                                              .unobserved = 9,
                                                              .bypassed = 10,
                                                              .redundant = 11,
                                                              .cycle_time = {12, 0.5, 0.25, 2, 3, 4, 5, 6},
                                                              .flow_efficiency = 0.75,
                                                              .first_pass_yield = 0.9},
                                                             {.window = "24h"}};
static const struct vsm_stage_view stage_views[] = {{.id = "a",
                                                     .name = "A",
                                                     .wip = 6,
                                                     .queued = 1,
                                                     .active = 2,
                                                     .suspended = 3,
                                                     .age = {1, 2, 3, 4},
                                                     .windows = stage_windows,
                                                     .n_windows = 2},
                                                    {.id = "b", .name = "B"}};
static const struct vsm_stream_window_view stream_windows[] = {{.window = "all",
                                                                .started = 1,
                                                                .finished = 2,
                                                                .withdrawn = 3,
                                                                .reopened = 4,
                                                                .redundant = 5,
                                                                .throughput_per_day = 1.5,
                                                                .flow_efficiency = 0.5,
                                                                .lead_time = {.count = 2, .p95 = 9}}};
static const struct vsm_stream_view stream_view = {.id = "S-1",
                                                   .name = "One",
                                                   .wip = 7,
                                                   .between = 1,
                                                   .windows = stream_windows,
                                                   .n_windows = 1,
                                                   .stages = stage_views,
                                                   .n_stages = 2};
static const struct vsm_status_view status_view = {
    .version = "1.2.3",
    .clock = "wall",
    .time = {1000000},
    .epoch = 77,
    .ingest = {6, 5, 4, 3, 2, 1, 9},
    .items_open = 3,
    .items_held = 4,
    .memory_bytes = 5,
    .uptime_seconds = 6.5,
    .configuration = "x.yaml",
    .configured = {5},
    .bad_frames = 8,
    .bounds = {{{"items", "", 1, 2, 3}, {"connections", "query", 4, 5, 6}}, 2},
    .lags = {{{{"crm", 3}, 1.5, {7}}}, 1},
    .state = "/var/lib/vsmd"};
static const struct vsm_publication head = {.epoch = 77, .sequence = 5, .time = {2}};

static Vsm__V1__Publication *read_publication(struct packed *x, int err, int body) {
  assert_int_equal(err, 0);
  Vsm__V1__Publication *p = vsm__v1__publication__unpack(NULL, x->message.bytes, pack(x));
  assert_non_null(p);
  assert_int_equal(p->body_case, body);
  assert_int_equal(p->epoch, 77);
  assert_int_equal(p->sequence, 5);
  assert_int_equal(p->time_unix_nano, 2000);
  return p;
}

static void check_stage(const Vsm__V1__Stage *s, uint64_t sequence) {
  assert_string_equal(s->id, "a");
  assert_string_equal(s->name, "A");
  assert_int_equal(s->sequence, sequence);
  assert_int_equal(s->wip * 1000 + s->queued * 100 + s->active * 10 + s->suspended, 6123);
  assert_true(s->age->p50 == 1 && s->age->p85 == 2 && s->age->p95 == 3 && s->age->max == 4);
  assert_int_equal(s->n_windows, 2);
  const Vsm__V1__StageWindow *w = s->windows[0];
  const uint64_t counts[] = {w->arrivals,  w->departures, w->completed,  w->implied,  w->skipped,  w->returned,
                             w->withdrawn, w->rework,     w->unobserved, w->bypassed, w->redundant};
  for (size_t i = 0; i < 11; i++)
    assert_int_equal(counts[i], i + 1);
  const Vsm__V1__Distribution *d = w->cycle_time;
  assert_int_equal(d->count, 12);
  assert_true(d->mean == 0.5 && d->min == 0.25 && d->max == 2 && d->p50 == 3 && d->p85 == 4 && d->p95 == 5 &&
              d->p99 == 6);
  assert_true(w->flow_efficiency == 0.75 && w->first_pass_yield == 0.9);
  assert_string_equal(s->windows[1]->window, "24h");
}

static void check_stream(const Vsm__V1__ValueStream *s, uint64_t sequence) {
  assert_string_equal(s->id, "S-1");
  assert_int_equal(s->sequence, sequence);
  assert_int_equal(s->wip, 7);
  assert_int_equal(s->between, 1);
  const Vsm__V1__StreamWindow *w = s->windows[0];
  assert_int_equal(w->started * 10000 + w->finished * 1000 + w->withdrawn * 100 + w->reopened * 10 + w->redundant,
                   12345);
  assert_true(w->throughput_per_day == 1.5 && w->flow_efficiency == 0.5 && w->lead_time->p95 == 9);
}

static void check_status(const Vsm__V1__Status *s) {
  assert_string_equal(s->version, "1.2.3");
  assert_string_equal(s->clock, "wall");
  assert_int_equal(s->time_unix_nano, 1000000000);
  assert_int_equal(s->epoch, 77);
  assert_int_equal(s->ingest->received, 6);
  assert_int_equal(s->ingest->gaps, 9);
  assert_int_equal(s->items_open * 100 + s->items_held * 10 + s->memory_bytes, 345);
  assert_true(s->uptime_seconds == 6.5 && s->bad_frames == 8 && !s->durable);
  assert_string_equal(s->configuration, "x.yaml");
  assert_int_equal(s->configured_unix_nano, 5000);
  assert_string_equal(s->trouble, "");
  assert_string_equal(s->state, "/var/lib/vsmd");
  assert_int_equal(s->n_bounds, 2);
  const Vsm__V1__Bound *b = s->bounds[1];
  assert_string_equal(b->name, "connections");
  assert_string_equal(b->socket, "query");
  assert_int_equal(b->now * 100 + b->most * 10 + b->beyond, 456);
  assert_int_equal(s->n_lags, 1);
  assert_string_equal(s->lags[0]->source, "crm");
  assert_true(s->lags[0]->delay_p95_seconds == 1.5 && s->lags[0]->last_unix_nano == 7000);
}

static uint64_t sequence(void *ctx, const char *stream, const char *stage) {
  assert_string_equal(stream, "S-1");
  return *(uint64_t *)ctx + (stage ? (uint64_t)stage[0] : 0);
}

static void test_snapshot(void **state) {
  struct packed *x = *state;
  uint64_t base = 1000;
  struct vsm_snapshot_view view = {.time = {3},
                                   .epoch = 77,
                                   .ingest = {1, 2, 3, 4, 5, 6, 7},
                                   .streams = &stream_view,
                                   .n_streams = 1,
                                   .sequence = sequence,
                                   .sequence_ctx = &base};
  Vsm__V1__Reply *r = read_reply(x, vsm_reply_snapshot(&view, &x->arena, &x->message), VSM__V1__REPLY__KIND_SNAPSHOT);
  assert_int_equal(r->snapshot->time_unix_nano, 3000);
  assert_int_equal(r->snapshot->epoch, 77);
  const Vsm__V1__Ingest *i = r->snapshot->ingest;
  assert_int_equal(i->received, 1);
  assert_int_equal(i->applied * 100000 + i->duplicates * 10000 + i->unmapped * 1000 + i->ignored * 100 +
                       i->rejected * 10 + i->gaps,
                   234567);
  check_stream(r->snapshot->value_streams[0], 1000);
  check_stage(r->snapshot->value_streams[0]->stages[0], 1000 + 'a');
  assert_string_equal(r->snapshot->value_streams[0]->stages[1]->id, "b");
  vsm__v1__reply__free_unpacked(r, NULL);
}

static void test_publications(void **state) {
  struct packed *x = *state;
  struct vsm_stream_view alone = stream_view;
  alone.n_stages = 0;
  Vsm__V1__Publication *p =
      read_publication(x, vsm_publish_stream(&head, &alone, &x->arena, &x->message), VSM__V1__PUBLICATION__BODY_METRIC);
  assert_string_equal(p->metric->value_stream, "S-1");
  assert_int_equal(p->metric->node_case, VSM__V1__METRIC__NODE_STREAM);
  check_stream(p->metric->stream, 5);
  assert_int_equal(p->metric->stream->n_stages, 0);
  vsm__v1__publication__free_unpacked(p, NULL);

  p = read_publication(x, vsm_publish_stage(&head, "S-1", &stage_views[0], &x->arena, &x->message),
                       VSM__V1__PUBLICATION__BODY_METRIC);
  assert_int_equal(p->metric->node_case, VSM__V1__METRIC__NODE_STAGE);
  check_stage(p->metric->stage, 5);
  vsm__v1__publication__free_unpacked(p, NULL);

  p = read_publication(x, vsm_publish_status(&head, &status_view, &x->arena, &x->message),
                       VSM__V1__PUBLICATION__BODY_STATUS);
  check_status(p->status);
  vsm__v1__publication__free_unpacked(p, NULL);
}

static void test_transitions(void **state) {
  struct packed *x = *state;
  struct vsm_change change = {.stage = 1, .lifecycle = VSM_COMPLETE, .time = {4}, .item = VSM_STR("k1")};
  Vsm__V1__Publication *p = read_publication(
      x, vsm_publish_transition(&head, &model, &change, VSM_STR("crm"), VSM_STR("done"), &x->arena, &x->message),
      VSM__V1__PUBLICATION__BODY_TRANSITION);
  const Vsm__V1__Transition *t = p->transition;
  assert_int_equal(t->time_unix_nano, 4000);
  assert_string_equal(t->value_stream, "S-1");
  assert_string_equal(t->stage, "b");
  assert_string_equal(t->lifecycle, "complete");
  assert_string_equal(t->item, "k1");
  assert_string_equal(t->source, "crm");
  assert_string_equal(t->type, "done");
  vsm__v1__publication__free_unpacked(p, NULL);
  change.stage = -1;
  change.lifecycle = VSM_FINISH;
  p = read_publication(
      x, vsm_publish_transition(&head, &model, &change, VSM_STR("crm"), VSM_STR("done"), &x->arena, &x->message),
      VSM__V1__PUBLICATION__BODY_TRANSITION);
  assert_string_equal(p->transition->stage, "");
  assert_string_equal(p->transition->lifecycle, "finish");
  vsm__v1__publication__free_unpacked(p, NULL);
}

static void test_items(void **state) {
  struct packed *x = *state;
  static const struct vsm_str keys[] = {{"k1", 2}, {"k2", 2}};
  static const struct vsm_item_row rows[] = {
      {.item = {"k1", 2},
       .keys = keys,
       .n_keys = 2,
       .stage = 1,
       .state = VSM_SUSPENDED,
       .party = "customer",
       .reason = {"docs", 4},
       .in_stage_seconds = 1.5,
       .age_seconds = 2.5},
      {.item = {"k3", 2}, .stage = -1, .state = VSM_BETWEEN, .party = ""},
  };
  Vsm__V1__Reply *r = read_reply(x, vsm_reply_items(&model, rows, 2, VSM_STR("next"), &x->arena, &x->message),
                                 VSM__V1__REPLY__KIND_ITEMS);
  assert_string_equal(r->items->cursor, "next");
  assert_int_equal(r->items->n_items, 2);
  const Vsm__V1__ItemRow *row = r->items->items[0];
  assert_string_equal(row->item, "k1");
  assert_string_equal(row->value_stream, "S-1");
  assert_int_equal(row->n_keys, 2);
  assert_string_equal(row->keys[1], "k2");
  assert_string_equal(row->stage, "b");
  assert_string_equal(row->state, "suspended");
  assert_string_equal(row->party, "customer");
  assert_string_equal(row->reason, "docs");
  assert_true(row->in_stage_seconds == 1.5 && row->age_seconds == 2.5);
  assert_string_equal(r->items->items[1]->stage, "");
  assert_string_equal(r->items->items[1]->state, "between");
  vsm__v1__reply__free_unpacked(r, NULL);
}

static void test_item(void **state) {
  struct packed *x = *state;
  static const struct vsm_str keys[] = {{"k1", 2}};
  static const struct vsm_transition_view transitions[] = {{.time = {7},
                                                            .stage = "a",
                                                            .lifecycle = VSM_SUSPEND,
                                                            .source = {"crm", 3},
                                                            .type = {"held", 4},
                                                            .rule = {"x.yaml:9", 8},
                                                            .reason = {"docs", 4},
                                                            .party = "us"}};
  static const struct vsm_visit_view visits[] = {
      {.stage = "a",
       .entered = {1},
       .left = {9},
       .how = VSM_SKIPPED,
       .state = VSM_CLOSED,
       .rework = true,
       .implied = true,
       .queued_us = 500000,
       .active_us = 1500000,
       .suspended_us = 2500000},
      {.stage = "b", .entered = {9}, .how = VSM_OPEN, .state = VSM_ACTIVE, .unobserved = true}};
  static const struct vsm_item_view view = {.item = {"k1", 2},
                                            .keys = keys,
                                            .n_keys = 1,
                                            .state = "open",
                                            .transitions = transitions,
                                            .n_transitions = 1,
                                            .visits = visits,
                                            .n_visits = 2};
  Vsm__V1__Reply *r = read_reply(x, vsm_reply_item(&model, &view, &x->arena, &x->message), VSM__V1__REPLY__KIND_ITEM);
  assert_string_equal(r->item->item, "k1");
  assert_string_equal(r->item->state, "open");
  assert_string_equal(r->item->keys[0], "k1");
  const Vsm__V1__ItemTransition *t = r->item->transitions[0];
  assert_int_equal(t->time_unix_nano, 7000);
  assert_string_equal(t->stage, "a");
  assert_string_equal(t->lifecycle, "suspend");
  assert_string_equal(t->source, "crm");
  assert_string_equal(t->type, "held");
  assert_string_equal(t->rule, "x.yaml:9");
  assert_string_equal(t->reason, "docs");
  assert_string_equal(t->party, "us");
  const Vsm__V1__Visit *v = r->item->visits[0];
  assert_string_equal(v->how, "skipped");
  assert_string_equal(v->state, "");
  assert_true(v->rework && v->implied && !v->unobserved);
  assert_true(v->queue_seconds == 0.5 && v->active_seconds == 1.5 && v->suspended_seconds == 2.5);
  assert_int_equal(v->left_unix_nano, 9000);
  assert_string_equal(r->item->visits[1]->how, "");
  assert_string_equal(r->item->visits[1]->state, "active");
  assert_true(r->item->visits[1]->unobserved);
  vsm__v1__reply__free_unpacked(r, NULL);
}

static void test_tables(void **state) {
  struct packed *x = *state;
  static const struct vsm_unmapped_view unmapped[] = {{{"crm", 3}, {"t", 1}, 5, {6}}};
  Vsm__V1__Reply *r =
      read_reply(x, vsm_reply_unmapped(unmapped, 1, &x->arena, &x->message), VSM__V1__REPLY__KIND_UNMAPPED);
  assert_string_equal(r->unmapped->unmapped[0]->source, "crm");
  assert_string_equal(r->unmapped->unmapped[0]->type, "t");
  assert_int_equal(r->unmapped->unmapped[0]->count, 5);
  assert_int_equal(r->unmapped->unmapped[0]->last_unix_nano, 6000);
  vsm__v1__reply__free_unpacked(r, NULL);

  static const struct vsm_rejected_view rejected[] = {{{"crm", 3}, {"t", 1}, VSM_R_MISSING_FIELD, {"data.x", 6}, 5}};
  r = read_reply(x, vsm_reply_rejected(rejected, 1, &x->arena, &x->message), VSM__V1__REPLY__KIND_REJECTED);
  assert_string_equal(r->rejected->rejected[0]->source, "crm");
  assert_string_equal(r->rejected->rejected[0]->type, "t");
  assert_string_equal(r->rejected->rejected[0]->reason, "missing_field");
  assert_string_equal(r->rejected->rejected[0]->detail, "data.x");
  assert_int_equal(r->rejected->rejected[0]->count, 5);
  vsm__v1__reply__free_unpacked(r, NULL);

  static const struct vsm_source_view sources[] = {
      {{"crm", 3}, {6}, {1, 2, 3, 4, 5, 6, 7}, 0.5, 0, {21, 14 * VSM_MINUTE_US, 45000}}};
  r = read_reply(x, vsm_reply_sources(sources, 1, &x->arena, &x->message), VSM__V1__REPLY__KIND_SOURCES);
  const Vsm__V1__SourceRow *s = r->sources->sources[0];
  assert_string_equal(s->source, "crm");
  assert_int_equal(s->last_unix_nano, 6000);
  assert_int_equal(s->received * 1000000 + s->applied * 100000 + s->duplicates * 10000 + s->unmapped * 1000 +
                       s->ignored * 100 + s->rejected * 10 + s->gaps,
                   1234567);
  assert_true(s->delay_p95_seconds == 0.5);
  assert_true(s->per_minute == 1.5 && s->usual_per_minute == 3);
  vsm__v1__reply__free_unpacked(r, NULL);

  r = read_reply(x, vsm_reply_unmapped(NULL, 0, &x->arena, &x->message), VSM__V1__REPLY__KIND_UNMAPPED);
  assert_int_equal(r->unmapped->n_unmapped, 0);
  vsm__v1__reply__free_unpacked(r, NULL);
}

static void test_others(void **state) {
  struct packed *x = *state;
  Vsm__V1__Reply *r =
      read_reply(x, vsm_reply_status(&status_view, &x->arena, &x->message), VSM__V1__REPLY__KIND_STATUS);
  check_status(r->status);
  vsm__v1__reply__free_unpacked(r, NULL);
  r = read_reply(x, vsm_reply_reloaded("x.yaml", &x->arena, &x->message), VSM__V1__REPLY__KIND_RELOAD);
  assert_string_equal(r->reload->configuration, "x.yaml");
  vsm__v1__reply__free_unpacked(r, NULL);
  r = read_reply(x, vsm_reply_error("no such stream", &x->arena, &x->message), VSM__V1__REPLY__KIND__NOT_SET);
  assert_string_equal(r->error, "no such stream");
  vsm__v1__reply__free_unpacked(r, NULL);
}

// With every amount of memory that does not suffice, each says so.
static void test_no_memory(void **state) {
  struct packed *x = *state;
  struct vsm_snapshot_view view = {.streams = &stream_view, .n_streams = 1};
  struct vsm_item_view item = {.state = "open"};
  struct vsm_change change = {.stage = 0};
  struct vsm_str empty = {0};
  bool done = false;
  for (size_t cap = 16; cap < 10000 && !done; cap += 16) {
    struct vsm_arena a;
    vsm_arena_init(&a, cap);
    int worst = vsm_reply_snapshot(&view, &a, &x->message);
    done = worst == 0;
#define TRY(call)                                                                                                      \
  do {                                                                                                                 \
    vsm_arena_reset(&a);                                                                                               \
    int err = (call);                                                                                                  \
    assert_true(err == 0 || err == VSM_ENOMEM);                                                                        \
    if (cap == 16)                                                                                                     \
      assert_int_equal(err, VSM_ENOMEM);                                                                               \
  } while (0)
    TRY(vsm_reply_error("x", &a, &x->message));
    TRY(vsm_reply_items(&model, NULL, 0, empty, &a, &x->message));
    TRY(vsm_reply_item(&model, &item, &a, &x->message));
    TRY(vsm_reply_unmapped(NULL, 0, &a, &x->message));
    TRY(vsm_reply_rejected(NULL, 0, &a, &x->message));
    TRY(vsm_reply_sources(NULL, 0, &a, &x->message));
    TRY(vsm_reply_status(&status_view, &a, &x->message));
    TRY(vsm_reply_reloaded("x", &a, &x->message));
    TRY(vsm_publish_stream(&head, &stream_view, &a, &x->message));
    TRY(vsm_publish_stage(&head, "S-1", &stage_views[0], &a, &x->message));
    TRY(vsm_publish_transition(&head, &model, &change, empty, empty, &a, &x->message));
    TRY(vsm_publish_status(&head, &status_view, &a, &x->message));
#undef TRY
    vsm_arena_fini(&a);
  }
  assert_true(done);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, packed_setup, packed_teardown)
  const struct CMUnitTest tests[] = {TEST(test_snapshot), TEST(test_publications), TEST(test_transitions),
                                     TEST(test_items),    TEST(test_item),         TEST(test_tables),
                                     TEST(test_others),   TEST(test_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
