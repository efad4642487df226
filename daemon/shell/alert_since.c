#include "shell/alert_since.h"

struct vsm_time vsm_alert_silent_since(void *ctx, struct vsm_str source) {
  const struct vsm_alert_since *s = ctx;
  struct vsm_alerts_query query = {.source = source, .kind = VSM_SOURCE_SILENT, .limit = 1};
  struct vsm_alert_view *rows;
  return vsm_core_list_alerts(s->core, &query, s->arena, &rows) == 1 ? rows->since : (struct vsm_time){0};
}
