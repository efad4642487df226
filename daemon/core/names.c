#include "core/alert.h"
#include "core/event.h"
#include "core/view.h"

const char *vsm_reason_name(enum vsm_reason r) {
  static const char *const name[] = {
#define X(id, text) [VSM_R_##id] = text,
      VSM_REASONS(X)
#undef X
  };
  return name[r];
}

const char *vsm_lifecycle_name(enum vsm_lifecycle l) {
  static const char *const name[] = {
      [VSM_SCHEDULE] = "schedule", [VSM_START] = "start",       [VSM_SUSPEND] = "suspend",
      [VSM_RESUME] = "resume",     [VSM_COMPLETE] = "complete", [VSM_FINISH] = "finish",
      [VSM_WITHDRAW] = "withdraw", [VSM_PROGRESS] = "progress", [VSM_NO_LIFECYCLE] = ""};
  return name[l];
}

const char *vsm_party_name(enum vsm_party p) {
  static const char *const name[] = {[VSM_US] = "us", [VSM_CUSTOMER] = "customer", [VSM_THIRD_PARTY] = "third-party"};
  return name[p];
}

const char *vsm_result_name(enum vsm_result r) {
  static const char *const name[] = {[VSM_APPLIED] = "applied",
                                     [VSM_DUPLICATE] = "duplicate",
                                     [VSM_UNMAPPED] = "unmapped",
                                     [VSM_IGNORED] = "ignored",
                                     [VSM_REJECTED] = "rejected"};
  return name[r];
}

const char *vsm_items_sort_name(enum vsm_items_sort s) {
  static const char *const name[] = {[VSM_BY_AGE] = "age", [VSM_BY_PACE] = "pace", [VSM_BY_LAST] = "last"};
  return name[s];
}

const char *vsm_visit_state_name(enum vsm_visit_state s) {
  static const char *const name[] = {[VSM_QUEUED] = "queued",
                                     [VSM_ACTIVE] = "active",
                                     [VSM_SUSPENDED] = "suspended",
                                     [VSM_CLOSED] = "",
                                     [VSM_BETWEEN] = "between"};
  return name[s];
}

const char *vsm_how_name(enum vsm_how h) {
  static const char *const name[] = {[VSM_OPEN] = "",
                                     [VSM_COMPLETED] = "completed",
                                     [VSM_SKIPPED] = "skipped",
                                     [VSM_RETURNED] = "returned",
                                     [VSM_WITHDRAWN] = "withdrawn"};
  return name[h];
}

const char *vsm_alert_kind_name(enum vsm_alert_kind k) {
  static const char *const name[VSM_ALERT_KINDS] = {
      [VSM_ITEM_STALLED] = "item_stalled",     [VSM_ITEM_OVERDUE] = "item_overdue",
      [VSM_STAGE_STALLED] = "stage_stalled",   [VSM_WIP_LIMIT] = "wip_limit",
      [VSM_SLE_MISSED] = "sle_missed",         [VSM_SOURCE_SILENT] = "source_silent",
      [VSM_SOURCE_REFUSED] = "source_refused", [VSM_SOURCE_GAP] = "source_gap"};
  return name[k];
}

const char *vsm_severity_name(enum vsm_severity s) {
  static const char *const name[] = {
      [VSM_CRITICAL] = "critical", [VSM_ERROR] = "error", [VSM_WARNING] = "warning", [VSM_INFO] = "info"};
  return name[s];
}

const char *vsm_alert_state_name(enum vsm_alert_state s) {
  static const char *const name[] = {
      [VSM_QUIET] = "", [VSM_PENDING] = "pending", [VSM_FIRING] = "firing", [VSM_RESOLVED] = "resolved"};
  return name[s];
}

const char *vsm_alert_change_name(enum vsm_alert_change c) {
  static const char *const name[] = {
      [VSM_BECAME_PENDING] = "pending", [VSM_FIRED] = "firing",    [VSM_JOINED] = "joined", [VSM_REPEATED] = "repeated",
      [VSM_ENDED] = "resolved",         [VSM_DROPPED] = "dropped", [VSM_MARKED] = "marked"};
  return name[c];
}
