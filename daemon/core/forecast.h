// What is to be expected of a stream, from what it has done: when so many items are done, how many by a date, when one
// item is. Method and limits: docs/concepts.md, "Forecast".
#pragma once
#include "core/montecarlo.h"
#include "core/view.h"

enum vsm_forecast_kind {
  VSM_FORECAST_OPEN,  // when as many items have ended as are open now
  VSM_FORECAST_ITEMS, // when so many are finished
  VSM_FORECAST_BY,    // how many are finished by the end of a day
  VSM_FORECAST_ITEM,  // when this one is finished
};
const char *vsm_forecast_kind_name(enum vsm_forecast_kind k); // "open", "items", "by", "item"

enum { VSM_FORECAST_LIKE_MIN = 20 }; // fewer stays like the item's tell too little

struct vsm_forecast_query {
  unsigned stream;
  enum vsm_forecast_kind kind;
  uint64_t items;      // of VSM_FORECAST_ITEMS
  int64_t by;          // of VSM_FORECAST_BY: a day since 1970-01-01, in the zone of the stream's calendar
  struct vsm_str item; // of VSM_FORECAST_ITEM: a key
  uint64_t seed;
};

struct vsm_forecast_chance {
  bool told;            // false: not within the days that are looked ahead
  uint64_t items;       // of VSM_FORECAST_BY
  struct vsm_time when; // of the others; where days are drawn, the end of one
  int64_t day;          // since 1970-01-01: the day of it, in the zone
  unsigned inside;      // back-tests that came out within the statement
};

struct vsm_forecast_view {
  const char *id, *zone; // zone: of the stream's calendar, or "UTC"
  enum vsm_forecast_kind kind;
  enum vsm_forecast_trouble trouble; // other than VSM_FORECAST_TOLD: chances and tests are empty
  uint64_t items;                    // asked for; of VSM_FORECAST_OPEN those open now
  int64_t by;
  struct vsm_forecast_chance chances[VSM_CHANCES]; // by vsm_chance_percent
  unsigned tests, test_days;                       // test_days: how far each looked ahead; 0 of an item
  uint32_t trials;
  // What it is told from: days, of which the newest is yesterday.
  int64_t first_day;
  unsigned days;
  uint64_t done;           // in them: finished, or of VSM_FORECAST_OPEN ended
  uint64_t started, ended; // in them
  bool growing;            // more started than ended, beyond chance
  // Of an item.
  const char *stage;             // "": between stages
  double in_stage_seconds;       // elapsed
  unsigned like, like_withdrawn; // stays that lasted longer, of items that finished, and of those that were withdrawn
};

// 0; VSM_ENOMEM; VSM_ENOENT: no such item; VSM_EINVAL: the item is not open, or `by` is not one of the days ahead.
int vsm_core_forecast(struct vsm_core *core, const struct vsm_forecast_query *query, struct vsm_arena *arena,
                      struct vsm_forecast_view *out);
// Of one item; the rest of the view is set.
int vsm_core_forecast_item(struct vsm_core *core, const struct vsm_forecast_query *query,
                           struct vsm_forecast_view *out);
