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
