// Readers of event logs: each calls back with one event at a time, and with each place that it could not read, and goes
// on behind that.
#pragma once
#include <stdio.h>

#include "cmd.h"

struct vsm_log_reader {
  const char *path; // for messages
  // Stops the reading where it returns other than 0, which then is the reader's result.
  int (*on_event)(void *ctx, const struct vsm_emitter_event *event);
  void (*on_mistake)(void *ctx, unsigned long line, const char *what);
  void (*on_bytes)(void *ctx, uint64_t bytes); // so far, of the file; may be NULL
  void *ctx;
};

// Which columns of a CSV mean what; NULL: the column of that name.
struct vsm_csv_map {
  const char *source, *id, *type, *subject, *time;
};

// 0, what on_event returned, or VSM_FAILED where the file is not readable or is no such log at all (said on_mistake).
int vsm_csv_read(FILE *in, const struct vsm_csv_map *map, const struct vsm_log_reader *r);
int vsm_xes_read(const char *path, const struct vsm_log_reader *r); // .xes, .xes.gz
int vsm_jsonl_read(FILE *in, const struct vsm_log_reader *r);       // CloudEvents, a line each
