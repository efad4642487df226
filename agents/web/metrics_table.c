#include "agents/web/metrics_table.h"

#include "vsm/messages.h"

#define FAMILY(name, type, of, help, ...)                                                                              \
  {                                                                                                                    \
    name, help, VSM_METRIC_##type, VSM_METRIC_OF_##of, NULL, {                                                         \
      __VA_ARGS__                                                                                                      \
    }                                                                                                                  \
  }
// label tells the values apart.
#define FAMILY_BY(label, name, type, of, help, ...)                                                                    \
  {                                                                                                                    \
    name, help, VSM_METRIC_##type, VSM_METRIC_OF_##of, label, {                                                        \
      __VA_ARGS__                                                                                                      \
    }                                                                                                                  \
  }

#define AT(message, field) offsetof(Vsm__V1__##message, field)
#define VALUE(read, message, field)                                                                                    \
  { NULL, VSM_METRIC_##read, AT(message, field), 0 }
#define COUNT(message, field) VALUE(COUNT, message, field)
#define NUMBER(message, field) VALUE(NUMBER, message, field)
#define LABEL(message, field)                                                                                          \
  { #field, VSM_METRIC_LABEL, AT(message, field), 0 }
#define COUNT_AS(text, message, field)                                                                                 \
  { text, VSM_METRIC_COUNT, AT(message, field), 0 }
#define SHARE(message, field, made_of)                                                                                 \
  { NULL, VSM_METRIC_SHARE, AT(message, field), AT(message, made_of) }
#define SHARE_OF(message, field, made_of)                                                                              \
  { NULL, VSM_METRIC_SHARE_OF, AT(message, field), AT(message, made_of) }
#define ONE                                                                                                            \
  { NULL, VSM_METRIC_ONE, 0, 0 }

// What became of events, of the daemon's and of a source's.
#define RESULTS(message)                                                                                               \
  COUNT_AS("applied", message, applied), COUNT_AS("duplicate", message, duplicates),                                   \
      COUNT_AS("unmapped", message, unmapped), COUNT_AS("ignored", message, ignored),                                  \
      COUNT_AS("rejected", message, rejected)
#define DEPARTURES(message)                                                                                            \
  COUNT_AS("completed", message, completed), COUNT_AS("skipped", message, skipped),                                    \
      COUNT_AS("returned", message, returned), COUNT_AS("withdrawn", message, withdrawn)

#define WORKING " Working time where a calendar counts."

const struct vsm_metric vsm_metrics_table[] = {
    // --- the daemon
    FAMILY("vsm_build", INFO, STATUS, "The daemon's version, and which clock it goes by.", LABEL(Status, version),
           LABEL(Status, clock)),
    FAMILY("vsm_now_timestamp_seconds", GAUGE, STATUS, "The daemon's now; with the event clock that of the events.",
           VALUE(NANOS, Status, time_unix_nano)),
    FAMILY("vsm_uptime_seconds", GAUGE, STATUS, "Time since the daemon's start.", NUMBER(Status, uptime_seconds)),
    FAMILY("vsm_durable", GAUGE, STATUS, "1: acks mean on disk, and do not stand still.", VALUE(FLAG, Status, durable)),
    FAMILY("vsm_trouble", GAUGE, STATUS, "1: the status tells of something that a person must act on.",
           VALUE(FILLED, Status, trouble)),
    FAMILY("vsm_configured_timestamp_seconds", GAUGE, STATUS, "When the configuration in force was taken.",
           VALUE(NANOS, Status, configured_unix_nano)),
    FAMILY("vsm_items_open", GAUGE, STATUS, "Items that have not ended, of all streams.", COUNT(Status, items_open)),
    FAMILY("vsm_items_held", GAUGE, STATUS, "Items in memory, open and ended.", COUNT(Status, items_held)),
    FAMILY("vsm_memory_resident_bytes", GAUGE, STATUS, "Memory of the daemon.", COUNT(Status, memory_bytes)),
    FAMILY("vsm_waiting_bytes", GAUGE, STATUS, "Records and acks that wait for the disk.",
           COUNT(Status, waiting_bytes)),
    FAMILY("vsm_commit_worst_seconds", GAUGE, STATUS,
           "From the receipt of a batch until it was on disk: the longest of the last minutes.",
           NUMBER(Status, commit_worst_seconds)),
    FAMILY("vsm_disk_free_bytes", GAUGE, STATUS, "What is free where the state directory is.",
           VALUE(KNOWN, Status, disk_free_bytes)),
    FAMILY("vsm_disk_left_seconds", GAUGE, STATUS, "Time until that disk is full, at the pace of the last hour.",
           VALUE(DAYS, Status, disk_days_left)),
    FAMILY("vsm_bad_frames", COUNTER, STATUS, "Messages refused before they were a batch of events.",
           COUNT(Status, bad_frames)),
    FAMILY("vsm_acks_lost", COUNTER, STATUS, "Acks that their client did not read.", COUNT(Status, acks_lost)),
    FAMILY_BY("result", "vsm_events", COUNTER, INGEST, "Events received, by what became of them.", RESULTS(Ingest)),
    FAMILY("vsm_sequence_gaps", GAUGE, INGEST, "Sequence numbers that are missing now, of all sources.",
           COUNT(Ingest, gaps)),
    FAMILY_BY("severity", "vsm_alerts_firing", GAUGE, ALERT_COUNTS, "Alerts that fire, those that are silenced aside.",
              COUNT_AS("critical", AlertCounts, critical), COUNT_AS("error", AlertCounts, error),
              COUNT_AS("warning", AlertCounts, warning), COUNT_AS("info", AlertCounts, info)),
    FAMILY("vsm_alerts_silenced", GAUGE, ALERT_COUNTS, "Alerts that fire and are silenced.",
           COUNT(AlertCounts, silenced)),
    FAMILY("vsm_bound_used", GAUGE, BOUND, "How much of a bound is taken; 0 too where that cannot be known.",
           COUNT(Bound, now)),
    FAMILY("vsm_bound_limit", GAUGE, BOUND, "A bound of the configuration: a number, bytes, or milliseconds.",
           COUNT(Bound, most)),
    FAMILY("vsm_bound_overflows", COUNTER, BOUND,
           "What was refused, was lost, or is counted under other, for the sake of a bound.", COUNT(Bound, beyond)),

    // --- streams
    FAMILY("vsm_stream", INFO, STREAM, "A value stream's name.", LABEL(ValueStream, name)),
    FAMILY("vsm_stream_wip", GAUGE, STREAM, "Open items.", COUNT(ValueStream, wip)),
    FAMILY("vsm_stream_between", GAUGE, STREAM, "Open items that are in no stage.", COUNT(ValueStream, between)),
    FAMILY("vsm_stream_age_seconds", GAUGE, STREAM, "Ages of open items, since their first transition." WORKING,
           VALUE(AGE, ValueStream, age)),
    FAMILY("vsm_stream_working_day_seconds", GAUGE, STREAM,
           "Length of a day in the stream's times; 0: they are elapsed time.",
           NUMBER(ValueStream, working_day_seconds)),
    FAMILY("vsm_stream_started", GAUGE, STREAM_WINDOW, "Items that began in the window.", COUNT(StreamWindow, started)),
    FAMILY("vsm_stream_finished", GAUGE, STREAM_WINDOW, "Items that were finished in the window.",
           COUNT(StreamWindow, finished)),
    FAMILY("vsm_stream_withdrawn", GAUGE, STREAM_WINDOW, "Items that were withdrawn in the window.",
           COUNT(StreamWindow, withdrawn)),
    FAMILY("vsm_stream_reopened", GAUGE, STREAM_WINDOW, "Items that came back in the window after they had ended.",
           COUNT(StreamWindow, reopened)),
    FAMILY("vsm_stream_throughput_per_second", GAUGE, STREAM_WINDOW, "Items finished a second, over the window.",
           VALUE(PER_DAY, StreamWindow, throughput_per_day)),
    FAMILY("vsm_stream_flow_efficiency_ratio", GAUGE, STREAM_WINDOW,
           "Share of the lead time of items finished in the window in which somebody worked on them.",
           SHARE_OF(StreamWindow, flow_efficiency, lead_time)),
    FAMILY("vsm_stream_lead_time_seconds", GAUGE, STREAM_WINDOW, "Lead times of items finished in the window." WORKING,
           VALUE(DISTRIBUTION, StreamWindow, lead_time)),
    FAMILY("vsm_stream_expectation_attained_ratio", GAUGE, STREAM_EXPECTATION,
           "Share of items within the time that is expected.", SHARE(Sle, attained, count)),
    FAMILY("vsm_stream_expectation_target_ratio", GAUGE, STREAM_EXPECTATION, "The share that is asked for.",
           NUMBER(Sle, target)),
    FAMILY("vsm_stream_expectation_within_seconds", GAUGE, STREAM_EXPECTATION, "The time that is expected." WORKING,
           NUMBER(Sle, within_seconds)),
    FAMILY("vsm_stream_segment_wip", GAUGE, STREAM_SEGMENT, "Open items with this value of a segment attribute.",
           COUNT(Segment, wip)),
    FAMILY("vsm_stream_segment_finished", GAUGE, STREAM_SEGMENT_WINDOW,
           "Items with this value that were finished in the window.", COUNT(SegmentWindow, finished)),
    FAMILY("vsm_stream_segment_lead_time_seconds", GAUGE, STREAM_SEGMENT_WINDOW,
           "Lead times of items with this value that were finished in the window." WORKING,
           VALUE(DISTRIBUTION, SegmentWindow, lead_time)),

    // --- stages
    FAMILY("vsm_stage", INFO, STAGE, "A stage's name.", LABEL(Stage, name)),
    FAMILY_BY("state", "vsm_stage_wip", GAUGE, STAGE, "Open visits, by state.", COUNT_AS("queued", Stage, queued),
              COUNT_AS("active", Stage, active), COUNT_AS("suspended", Stage, suspended)),
    FAMILY("vsm_stage_age_seconds", GAUGE, STAGE, "Ages of open visits." WORKING, VALUE(AGE, Stage, age)),
    FAMILY("vsm_stage_working_day_seconds", GAUGE, STAGE,
           "Length of a day in the stage's times; 0: they are elapsed time.", NUMBER(Stage, working_day_seconds)),
    FAMILY("vsm_stage_arrivals", GAUGE, STAGE_WINDOW, "Visits that began in the window.", COUNT(StageWindow, arrivals)),
    FAMILY_BY("how", "vsm_stage_departures", GAUGE, STAGE_WINDOW, "Visits that ended in the window, by how.",
              DEPARTURES(StageWindow)),
    FAMILY("vsm_stage_rework", GAUGE, STAGE_WINDOW, "Visits of items that had been there before.",
           COUNT(StageWindow, rework)),
    FAMILY("vsm_stage_bypassed", GAUGE, STAGE_WINDOW, "Items that went past without a visit.",
           COUNT(StageWindow, bypassed)),
    FAMILY("vsm_stage_unobserved", GAUGE, STAGE_WINDOW, "Completed visits whose beginning nobody reported.",
           COUNT(StageWindow, unobserved)),
    FAMILY("vsm_stage_implied", GAUGE, STAGE_WINDOW, "Completed visits whose end nobody reported.",
           COUNT(StageWindow, implied)),
    FAMILY("vsm_stage_cycle_time_seconds", GAUGE, STAGE_WINDOW, "Times of visits completed in the window." WORKING,
           VALUE(DISTRIBUTION, StageWindow, cycle_time)),
    FAMILY("vsm_stage_queue_time_seconds", GAUGE, STAGE_WINDOW, "Of these: until somebody began." WORKING,
           VALUE(DISTRIBUTION, StageWindow, queue_time)),
    FAMILY("vsm_stage_active_time_seconds", GAUGE, STAGE_WINDOW, "Of these: while somebody worked." WORKING,
           VALUE(DISTRIBUTION, StageWindow, active_time)),
    FAMILY("vsm_stage_suspended_time_seconds", GAUGE, STAGE_WINDOW,
           "Of these: while they waited for something." WORKING, VALUE(DISTRIBUTION, StageWindow, suspended_time)),
    FAMILY("vsm_stage_flow_efficiency_ratio", GAUGE, STAGE_WINDOW,
           "Share of the time of completed visits in which somebody worked.",
           SHARE_OF(StageWindow, flow_efficiency, active_time)),
    FAMILY("vsm_stage_first_pass_yield_ratio", GAUGE, STAGE_WINDOW,
           "Share of the items completed here that never came back.", SHARE(StageWindow, first_pass_yield, completed)),
    FAMILY("vsm_stage_expectation_attained_ratio", GAUGE, STAGE_EXPECTATION,
           "Share of visits within the time that is expected.", SHARE(Sle, attained, count)),
    FAMILY("vsm_stage_expectation_target_ratio", GAUGE, STAGE_EXPECTATION, "The share that is asked for.",
           NUMBER(Sle, target)),
    FAMILY("vsm_stage_expectation_within_seconds", GAUGE, STAGE_EXPECTATION, "The time that is expected." WORKING,
           NUMBER(Sle, within_seconds)),
    FAMILY("vsm_stage_waiting", GAUGE, STAGE_WAIT, "Suspended visits, by who is waited for.",
           {NULL, VSM_METRIC_COUNT, offsetof(struct vsm_metric_wait, wip), 0}),
    FAMILY("vsm_stage_waits", GAUGE, STAGE_WAIT_WINDOW, "Suspensions that ended in the window.",
           {NULL, VSM_METRIC_COUNT, offsetof(struct vsm_metric_wait_window, count), 0}),
    FAMILY("vsm_stage_waited_seconds", GAUGE, STAGE_WAIT_WINDOW, "Their lengths together." WORKING,
           {NULL, VSM_METRIC_NUMBER, offsetof(struct vsm_metric_wait_window, seconds), 0}),
    FAMILY("vsm_stage_segment_wip", GAUGE, STAGE_SEGMENT, "Open visits of items with this value.", COUNT(Segment, wip)),
    FAMILY("vsm_stage_segment_departures", GAUGE, STAGE_SEGMENT_WINDOW,
           "Visits of items with this value that ended in the window.", COUNT(SegmentWindow, departures)),
    FAMILY("vsm_stage_segment_cycle_time_seconds", GAUGE, STAGE_SEGMENT_WINDOW,
           "Times of visits of items with this value that were completed in the window." WORKING,
           VALUE(DISTRIBUTION, SegmentWindow, cycle_time)),

    // --- sources
    FAMILY_BY("result", "vsm_source_events", COUNTER, SOURCE, "Events of a source, by what became of them.",
              RESULTS(SourceRow)),
    FAMILY("vsm_source_last_event_timestamp_seconds", GAUGE, SOURCE, "When the source was last heard.",
           VALUE(NANOS, SourceRow, last_unix_nano)),
    FAMILY("vsm_source_sequence_gaps", GAUGE, SOURCE, "Sequence numbers of the source that are missing now.",
           COUNT(SourceRow, gaps)),
    FAMILY("vsm_source_delay_p95_seconds", GAUGE, SOURCE,
           "How long after an event it is received: 95 of 100 events come sooner.",
           NUMBER(SourceRow, delay_p95_seconds)),

    // --- alerts
    FAMILY("vsm_alert", GAUGE, ALERT, "1: the alert is pending or firing. muted: by what people are not told of it.",
           ONE),
    FAMILY("vsm_alert_members", GAUGE, ALERT, "Items, missing numbers or events that the alert counts.",
           COUNT(Alert, count)),
    FAMILY("vsm_alert_since_timestamp_seconds", GAUGE, ALERT, "Since when its rule has held.",
           VALUE(NANOS, Alert, since_unix_nano)),
};

const size_t vsm_metrics_table_n = sizeof vsm_metrics_table / sizeof *vsm_metrics_table;
