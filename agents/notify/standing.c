// startsAt is since when the alert's rule has held. With the event clock that may lie ahead of our clock, where an
// Alertmanager refuses an end before the start: so neither lies later than now.
#include "agents/notify/standing.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/date.h"
#include "base/time.h"

enum { TIME_BYTES = 40 };

void vsm_standing_fire(struct vsm_store *store, const char *receiver, const Vsm__V1__Alert *a, int64_t now_us) {
  int64_t starts_us = (int64_t)(a->since_unix_nano / 1000);
  bool stands = false;
  struct sqlite3_stmt *st = vsm_store_ask(store, VSM_SQL_STANDING_GET, "tt", receiver, a->id);
  while (vsm_store_row(store, st))
    stands = vsm_store_int(st, 1, 0) == 0;
  if (stands)
    return;
  size_t n;
  void *p = vsm_alert_pack(a, &n);
  if (starts_us > now_us || starts_us <= 0)
    starts_us = now_us;
  vsm_store_do(store, VSM_SQL_STANDING_PUT, "ttbiii", receiver, a->id, p, n, starts_us, (int64_t)0, now_us);
  free(p);
}

void vsm_standing_refresh(struct vsm_store *store, const Vsm__V1__Alert *a, int64_t now_us) {
  size_t n;
  void *p = vsm_alert_pack(a, &n);
  vsm_store_do(store, VSM_SQL_STANDING_REFRESH, "bit", p, n, now_us, a->id);
  free(p);
}

void vsm_standing_end(struct vsm_store *store, const Vsm__V1__Alert *a, int64_t now_us) {
  size_t n;
  void *p = vsm_alert_pack(a, &n);
  int64_t ends_us = (int64_t)(a->resolved_unix_nano / 1000);
  if (ends_us <= 0 || ends_us > now_us)
    ends_us = now_us;
  vsm_store_do(store, VSM_SQL_STANDING_END, "biit", p, n, ends_us, now_us, a->id);
  free(p);
}

void vsm_standing_wake(struct vsm_store *store, int64_t now_us) {
  vsm_store_do(store, VSM_SQL_STANDING_ALL_DUE, "i", now_us);
}

int64_t vsm_standing_due(struct vsm_store *store, const char *receiver) {
  int64_t due_us = INT64_MAX;
  struct sqlite3_stmt *st = vsm_store_ask(store, VSM_SQL_STANDING_DUE, "t", receiver);
  while (vsm_store_row(store, st))
    due_us = vsm_store_int(st, 0, INT64_MAX);
  return due_us;
}

// --- the body

static const char *rfc3339(int64_t us, char *buf) {
  char date[VSM_DATE_BYTES];
  int64_t s = us / VSM_SECOND_US % 86400;
  vsm_date_print(us / VSM_DAY_US, date);
  snprintf(buf, TIME_BYTES, "%sT%02d:%02d:%02d.%06dZ", date, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60),
           (int)(us % VSM_SECOND_US));
  return buf;
}

// Alertmanager knows no empty values.
static void put(json_t *map, const char *key, const char *value) {
  if (*value)
    json_object_set_new(map, key, json_string(value));
}

// The same for the whole life of an alert: Alertmanager tells alerts apart by them.
static json_t *labels_of(const Vsm__V1__Alert *a) {
  json_t *l = json_object();
  put(l, "alertname", a->kind);
  put(l, "stream", a->value_stream);
  put(l, "stage", a->stage);
  put(l, "source", a->source);
  put(l, "severity", a->severity);
  put(l, "owner", a->owner);
  put(l, "id", a->id);
  return l;
}

static json_t *annotations_of(const Vsm__V1__Alert *a) {
  json_t *l = json_object();
  char where[400], summary[512], *blinds = NULL;
  size_t n;
  snprintf(summary, sizeof summary, "%s at %s", a->kind, vsm_alert_where(a, where, sizeof where));
  put(l, "summary", summary);
  put(l, "description", a->reason);
  put(l, "runbook_url", a->runbook);
  put(l, "ends_when", a->ends_when);
  put(l, "look", a->look);
  put(l, "silenced", a->silenced);
  put(l, "acknowledged", a->acknowledged);
  put(l, "inhibited_by", a->inhibited_by);
  FILE *out = open_memstream(&blinds, &n);
  vsm_mem_need(out, sizeof *out);
  for (size_t i = 0; i < a->n_blinds; i++)
    fprintf(out, "%s%s", i ? ", " : "", a->blinds[i]);
  fclose(out);
  put(l, "blinds", blinds);
  free(blinds);
  return l;
}

static json_t *alert_value(const Vsm__V1__Alert *a, int64_t starts_us, int64_t ends_us) {
  char starts[TIME_BYTES], ends[TIME_BYTES];
  if (ends_us < starts_us)
    ends_us = starts_us;
  return json_pack("{s:o, s:o, s:s, s:s}", "labels", labels_of(a), "annotations", annotations_of(a), "startsAt",
                   rfc3339(starts_us, starts), "endsAt", rfc3339(ends_us, ends));
}

static char *dump(json_t *list) {
  char *text = vsm_mem_need(json_dumps(list, JSON_COMPACT), 0);
  json_decref(list);
  return text;
}

char *vsm_standing_one(const Vsm__V1__Alert *a, int64_t starts_us, int64_t ends_us) {
  json_t *list = json_array();
  json_array_append_new(list, alert_value(a, starts_us, ends_us));
  return dump(list);
}

static void add_row(struct sqlite3_stmt *st, json_t *list, int64_t until_us, struct vsm_standing_sent *sent) {
  size_t n;
  const void *p = vsm_store_blob(st, 1, &n);
  Vsm__V1__Alert *a = vsm__v1__alert__unpack(NULL, n, p);
  int64_t ends_us = vsm_store_int(st, 3, 0);
  if (!a)
    return;
  sent->at[sent->n].alert = vsm_mem_copy(vsm_str_of(vsm_store_text(st, 0)));
  sent->at[sent->n++].ends_us = ends_us;
  json_array_append_new(list, alert_value(a, vsm_store_int(st, 2, 0), ends_us ? ends_us : until_us));
  vsm__v1__alert__free_unpacked(a, NULL);
}

char *vsm_standing_batch(struct vsm_store *store, const char *receiver, int64_t resend_us, int64_t now_us,
                         struct vsm_standing_sent *sent) {
  json_t *list = json_array();
  sent->n = 0;
  struct sqlite3_stmt *st =
      vsm_store_ask(store, VSM_SQL_STANDING_BATCH, "tii", receiver, now_us, (int64_t)VSM_STANDING_BATCH);
  while (vsm_store_row(store, st))
    add_row(st, list, now_us + VSM_STANDING_ROUNDS * resend_us, sent);
  if (sent->n > 0)
    return dump(list);
  json_decref(list);
  return NULL;
}

void vsm_standing_took(struct vsm_store *store, const char *receiver, int64_t resend_us, int64_t now_us,
                       const struct vsm_standing_sent *sent, bool done) {
  for (size_t i = 0; i < sent->n; i++) {
    int64_t keep_from_us = done ? INT64_MAX : now_us - VSM_STANDING_ROUNDS * resend_us;
    vsm_store_do(store, VSM_SQL_STANDING_TOOK, "itti", now_us + resend_us, receiver, sent->at[i].alert,
                 sent->at[i].ends_us);
    if (sent->at[i].ends_us)
      vsm_store_do(store, VSM_SQL_STANDING_DROP, "tti", receiver, sent->at[i].alert, keep_from_us);
  }
}

void vsm_standing_free(struct vsm_standing_sent *sent) {
  for (size_t i = 0; i < sent->n; i++)
    free(sent->at[i].alert);
  sent->n = 0;
}
