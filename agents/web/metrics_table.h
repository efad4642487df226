// The families of /metrics as a table: what each is called, of what it is, and where in that message its values stand.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum vsm_metric_type { VSM_METRIC_GAUGE, VSM_METRIC_COUNTER, VSM_METRIC_INFO };

// Of what: a sample for each of them, with the labels that tell it.
enum vsm_metric_of {
  VSM_METRIC_OF_STATUS,
  VSM_METRIC_OF_INGEST,
  VSM_METRIC_OF_ALERT_COUNTS,
  VSM_METRIC_OF_BOUND,                 // bound, socket
  VSM_METRIC_OF_STREAM,                // stream
  VSM_METRIC_OF_STREAM_WINDOW,         // stream, window
  VSM_METRIC_OF_STREAM_EXPECTATION,    // stream, expectation, place, window
  VSM_METRIC_OF_STREAM_SEGMENT,        // stream, segment
  VSM_METRIC_OF_STREAM_SEGMENT_WINDOW, // stream, segment, window
  VSM_METRIC_OF_STAGE,                 // stream, stage; and so on
  VSM_METRIC_OF_STAGE_WINDOW,
  VSM_METRIC_OF_STAGE_EXPECTATION,
  VSM_METRIC_OF_STAGE_WAIT,        // stream, stage, party
  VSM_METRIC_OF_STAGE_WAIT_WINDOW, // stream, stage, party, window
  VSM_METRIC_OF_STAGE_SEGMENT,
  VSM_METRIC_OF_STAGE_SEGMENT_WINDOW,
  VSM_METRIC_OF_SOURCE, // source
  VSM_METRIC_OF_ALERT,  // kind, severity, state, stream, stage, source, expectation, muted
  VSM_METRIC_OFS,
};

// How the field at an offset is read.
enum vsm_metric_read {
  VSM_METRIC_COUNT,        // uint64
  VSM_METRIC_KNOWN,        // uint64. 0: no sample
  VSM_METRIC_NUMBER,       // double
  VSM_METRIC_DAYS,         // double of days; as seconds. 0: no sample
  VSM_METRIC_SHARE,        // double, of as many as the uint64 at made_of says. 0 of them: no sample
  VSM_METRIC_SHARE_OF,     // double, of as many as the Distribution at made_of counts; likewise
  VSM_METRIC_PER_DAY,      // double, a day; as a second
  VSM_METRIC_NANOS,        // fixed64 of a time; as seconds. 0: no sample
  VSM_METRIC_FLAG,         // bool
  VSM_METRIC_FILLED,       // text: is it not empty?
  VSM_METRIC_LABEL,        // text, as a label of an info
  VSM_METRIC_AGE,          // Age: a sample for each statistic
  VSM_METRIC_DISTRIBUTION, // Distribution: likewise. None where it is empty
  VSM_METRIC_ONE,          // 1
};

struct vsm_metric_value {
  const char *label; // its value of the family's label; of VSM_METRIC_LABEL the name of the label; NULL: none
  enum vsm_metric_read read;
  size_t at, made_of; // offsets
};

enum { VSM_METRIC_VALUES_MAX = 5 };

struct vsm_metric {
  const char *name; // without _total and _info; ends with its unit, if it has one
  const char *help;
  enum vsm_metric_type type;
  enum vsm_metric_of of;
  const char *label;                                     // that tells its values apart; NULL: there is one
  struct vsm_metric_value values[VSM_METRIC_VALUES_MAX]; // those behind the first one as far as they have a label
};

extern const struct vsm_metric vsm_metrics_table[];
extern const size_t vsm_metrics_table_n;

// A stage's waits for one party, over the reasons, of which there may be many.
struct vsm_metric_wait {
  uint64_t wip;
};
struct vsm_metric_wait_window {
  uint64_t count;
  double seconds;
};
