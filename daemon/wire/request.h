// Bytes of a Request -> what is asked. Zero-copy: everything points into the frame.
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "core/model.h"

enum vsm_request_kind {
  VSM_ASK_NOTHING, // a kind that this version does not know, or none
  VSM_ASK_SNAPSHOT,
  VSM_ASK_ITEMS,
  VSM_ASK_ITEM,
  VSM_ASK_UNMAPPED,
  VSM_ASK_REJECTED,
  VSM_ASK_SOURCES,
  VSM_ASK_STATUS,
  VSM_ASK_RELOAD,
  VSM_ASK_SERIES,
  VSM_ASK_EDGES,
  VSM_ASK_BOTTLENECK,
  VSM_ASK_FORECAST,
  VSM_ASK_SEGMENTS,
  VSM_ASK_WITHDRAW,
  VSM_ASK_FORGET,
  VSM_ASK_REBUILD = 16,
  VSM_ASK_CLOCK_ACCEPT = 17,
  VSM_ASK_ALERTS,
  VSM_ASK_SILENCE,
  VSM_ASK_ACKNOWLEDGE,
  VSM_ASK_VISITS,
  VSM_ASK_END,
};

enum { VSM_ITEMS_DEFAULT = 100, VSM_ITEMS_MAX = 1000, VSM_VISITS_MAX = 2000, VSM_BOUNDS_MAX = 1001 };

// Fields that do not belong to the kind are empty.
struct vsm_request {
  enum vsm_request_kind kind;
  struct vsm_str stream;                  // of all but tables; empty: all
  struct vsm_str stage, attribute, value; // items, visits, segments, alerts, silence; empty: all
  struct vsm_str source, alert_kind;      // alerts, silence; empty: all
  struct vsm_str state, sort, cursor;     // items; visits: cursor
  uint32_t limit;                         // items, visits: from 1, as asked or cut to the most; alerts: 0: all
  struct vsm_str key;                     // item, forecast, withdraw, forget, silence; acknowledge: the alert
  struct vsm_str author, why;             // silence, acknowledge
  uint64_t until_ns, end;                 // silence
  uint64_t history, lost;                 // alerts; acknowledge
  struct vsm_str by;                      // forecast
  uint64_t items, seed;                   // forecast
  uint64_t partial, from;                 // rebuild; from: of its record
  struct vsm_str window;                  // edges, bottleneck, visits, series; empty: the stream's longest, the bounds
  uint64_t bounds_ns[VSM_BOUNDS_MAX];     // series
  struct vsm_str keys[VSM_LINKS_MAX];     // forget, of its record
  uint64_t sealed;                        // forget
  uint32_t n_keys;
  uint32_t n_bounds; // those that were given, also beyond VSM_BOUNDS_MAX
};

// Returns 0, or VSM_EFORMAT: no Request, or text that is not UTF-8 without NUL.
int vsm_wire_decode_request(struct vsm_str frame, struct vsm_request *out);

// The record of a rebuild that began with a position. Returns how many bytes it takes.
enum { VSM_REBUILD_BYTES_MAX = 32 };
size_t vsm_wire_encode_rebuild(uint64_t from, uint8_t out[VSM_REBUILD_BYTES_MAX]);
// An order to forget without keys: what its record is in the end.
extern const struct vsm_str vsm_wire_forgotten;
// The record of an order to forget, in the arena: all keys of an item of the stream (n <= VSM_LINKS_MAX). 0 or
// VSM_ENOMEM.
int vsm_wire_forget(struct vsm_str stream, const struct vsm_str *keys, size_t n, bool sealed, struct vsm_arena *arena,
                    struct vsm_str *out);
