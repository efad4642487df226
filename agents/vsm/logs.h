// Readers of event logs: each calls back with one event at a time, and with each place that it could not read, and goes
// on behind that.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "agents/lib/cloudevent.h"
#include "base/str.h"
#include "vsm/vsm.h"

struct vsm_log_reader {
  // The event is valid during the call; line: where it begins, from 1. Other than 0 stops the reading, and is then the
  // reader's result.
  int (*on_event)(void *ctx, const struct vsm_emitter_event *event, unsigned long line);
  void (*on_mistake)(void *ctx, unsigned long line, const char *what); // line 0: the file as a whole
  void (*on_bytes)(void *ctx, uint64_t bytes);                         // so far, of the file; may be NULL
  void *ctx;
};

// Which columns of a CSV mean what; NULL: the column of that name.
struct vsm_csv_map {
  const char *source, *id, *type, *subject, *time;
};

// What a column of data has before its key where it would be taken for something else by the key alone.
#define VSM_CSV_DATA "vsm:data:"
bool vsm_csv_is_taken(struct vsm_str key);

// Each returns 0, or what on_event returned, or VSM_FAILED where it cannot go on (said by on_mistake).
// map NULL: records, events of which all columns are data.
int vsm_csv_read(FILE *in, const struct vsm_csv_map *map, const struct vsm_log_reader *r);
int vsm_xes_read(const char *path, const struct vsm_log_reader *r); // .xes, .xes.gz
// A line of JSON each. read: vsm_cloudevent_read or vsm_json_record_read.
int vsm_jsonl_read(FILE *in, vsm_json_read_fn *read, const struct vsm_log_reader *r);
