// The text has a section for each kind of change, in it a paragraph for each alert: the daemon's sentence, then what a
// person asks next. Names come from outside, so control characters do not pass.
#include "agents/notify/page.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agents/vsm/text.h"
#include "base/mem.h"
#include "base/time.h"
#include "vsm/json.h"

enum { TEXT_BYTES = 2048, NAME_BYTES = 400 };

static const struct {
  const char *change, *heading, *word;
} CHANGES[] = {
    {"firing", "NEW", "firing"},
    {"joined", "MORE JOINED", "joined"},
    {"repeated", "STILL FIRING", "still firing"},
    {"still", "GOING ON", "going on"},
    {"resolved", "OVER", "resolved"},
    {"passed", "CAME AND WENT", "came and went"},
};
enum { N_CHANGES = sizeof CHANGES / sizeof *CHANGES };

void vsm_page_begin(struct vsm_page *p, const char *kind, const char *receiver, const char *owner, const char *stream,
                    int64_t now_us) {
  unsigned char random[16];
  *p = (struct vsm_page){.kind = kind, .receiver = receiver, .owner = owner, .stream = stream, .made_us = now_us};
  vsm_mem_need(getrandom(random, sizeof random, 0) == sizeof random ? random : NULL, sizeof random);
  for (size_t i = 0; i < sizeof random; i++)
    snprintf(p->delivery + 2 * i, 3, "%02x", random[i]);
}

void vsm_page_add(struct vsm_page *p, const char *change, Vsm__V1__Alert *alert) {
  if (!alert)
    return;
  p->at = vsm_mem_grow(p->at, p->n, &p->cap, sizeof *p->at);
  snprintf(p->at[p->n].change, sizeof p->at[p->n].change, "%s", change);
  p->at[p->n++].alert = alert;
}

void vsm_page_fini(struct vsm_page *p) {
  for (size_t i = 0; i < p->n; i++)
    vsm__v1__alert__free_unpacked(p->at[i].alert, NULL);
  free(p->at);
}

static size_t count(const struct vsm_page *p, const char *change) {
  size_t n = 0;
  for (size_t i = 0; i < p->n; i++)
    n += strcmp(p->at[i].change, change) == 0;
  return n;
}

// --- the title

static void put_counts(FILE *out, const struct vsm_page *p) {
  const char *separator = "";
  for (size_t i = 0; i < N_CHANGES; i++) {
    size_t n = count(p, CHANGES[i].change);
    if (n)
      fprintf(out, "%s%zu %s", separator, n, CHANGES[i].word);
    separator = n ? ", " : separator;
  }
}

char *vsm_page_title(const struct vsm_page *p) {
  char *title = NULL, where[NAME_BYTES], plain[NAME_BYTES];
  size_t n;
  FILE *out = open_memstream(&title, &n);
  vsm_mem_need(out, sizeof *out);
  const char *digest = strcmp(p->kind, "digest") == 0 ? "digest: " : strcmp(p->kind, "test") == 0 ? "test: " : "";
  if (p->n == 1) {
    const Vsm__V1__Alert *a = p->at[0].alert;
    fprintf(out, "[vsm] %s", digest);
    put_counts(out, p);
    vsm_alert_where(a, where, sizeof where);
    fprintf(out, ": %s %s at %s", a->severity, a->kind, vsm_text_plain(where, plain, sizeof plain));
  } else {
    fprintf(out, "[vsm] %s%s%s", digest, *p->stream ? p->stream : "sources and daemon", p->n ? ": " : "");
    put_counts(out, p);
  }
  if (*p->owner)
    fprintf(out, " (%s)", vsm_text_plain(p->owner, plain, sizeof plain));
  fclose(out);
  return title;
}

// --- the text

static void put_plain(FILE *out, const char *before, const char *text, const char *after) {
  char plain[TEXT_BYTES];
  if (*text)
    fprintf(out, "%s%s%s", before, vsm_text_plain(text, plain, sizeof plain), after);
}

static void put_times(FILE *out, const Vsm__V1__Alert *a) {
  char since[32], ended[32], threshold[32], observed[32];
  fprintf(out, "   since %s UTC", vsm_text_time(a->since_unix_nano, since, sizeof since));
  if (vsm_alert_is(a, "resolved") && a->resolved_unix_nano)
    fprintf(out, ", over %s UTC", vsm_text_time(a->resolved_unix_nano, ended, sizeof ended));
  put_plain(out, "; rule ", a->rule, "");
  if (a->threshold_seconds > 0)
    fprintf(out, "; threshold %s, observed %s",
            vsm_text_worked(a->threshold_seconds, a->working_day_seconds, threshold, sizeof threshold),
            vsm_text_worked(a->observed_seconds, a->working_day_seconds, observed, sizeof observed));
  else if (a->threshold > 0 || a->observed > 0)
    fprintf(out, "; threshold %.6g, observed %.6g", a->threshold, a->observed);
  fputc('\n', out);
}

static void put_items(FILE *out, const Vsm__V1__Alert *a) {
  char age[32], item[NAME_BYTES];
  if (a->n_items == 0)
    return;
  if (a->count > a->n_items)
    fprintf(out, "   %" PRIu64 " items, the worst %zu:\n", a->count, a->n_items);
  else
    fprintf(out, "   %" PRIu64 " item%s:\n", a->count, a->count == 1 ? "" : "s");
  for (size_t i = 0; i < a->n_items; i++)
    fprintf(out, "     %-9s %s\n",
            vsm_text_worked(a->items[i]->age_seconds, a->age_working_day_seconds, age, sizeof age),
            vsm_text_plain(a->items[i]->item, item, sizeof item));
}

static void put_names(FILE *out, const char *what, char *const *names, size_t n, uint64_t all) {
  char plain[NAME_BYTES];
  if (n == 0)
    return;
  fprintf(out, "   %s", what);
  for (size_t i = 0; i < n; i++)
    fprintf(out, "%s %s", i ? "," : "", vsm_text_plain(names[i], plain, sizeof plain));
  if (all > n)
    fprintf(out, " and %" PRIu64 " more", all - n);
  fputc('\n', out);
}

static void put_entry(FILE *out, const struct vsm_page_entry *e) {
  const Vsm__V1__Alert *a = e->alert;
  bool over = vsm_alert_is(a, "resolved");
  char where[NAME_BYTES], plain[NAME_BYTES];
  fprintf(out, "\n * %s %s at %s", a->severity, a->kind,
          vsm_text_plain(vsm_alert_where(a, where, sizeof where), plain, sizeof plain));
  put_plain(out, " (", *a->stage_name ? a->stage_name : a->value_stream_name, ")");
  put_plain(out, "\n   ", a->reason, "");
  fputc('\n', out);
  put_times(out, a);
  if (!over)
    put_items(out, a);
  if (strcmp(e->change, "joined") == 0) {
    put_names(out, "joined:", a->joined, a->n_joined, a->joined_count);
    put_names(out, "left:", a->left, a->n_left, a->left_count);
  }
  put_names(out, over ? "seen again:" : "not seen while it is silent:", a->blinds, a->n_blinds, a->n_blinds);
  put_plain(out, over ? "   ended: " : "   ends: ", a->ends_when, "\n");
  if (!over)
    put_plain(out, "   look: ", a->look, "\n");
  put_plain(out, "   runbook: ", over ? "" : a->runbook, "\n");
}

char *vsm_page_text(const struct vsm_page *p) {
  char *text = NULL, made[32];
  size_t n;
  FILE *out = open_memstream(&text, &n);
  vsm_mem_need(out, sizeof *out);
  put_counts(out, p);
  put_plain(out, " in ", p->stream, "");
  put_plain(out, ", owned by ", p->owner, "");
  fprintf(out, "; as of %s UTC\n", vsm_text_time((uint64_t)p->made_us * 1000, made, sizeof made));
  for (size_t c = 0; c < N_CHANGES; c++) {
    if (count(p, CHANGES[c].change) == 0)
      continue;
    fprintf(out, "\n%s\n", CHANGES[c].heading);
    for (size_t i = 0; i < p->n; i++)
      if (strcmp(p->at[i].change, CHANGES[c].change) == 0)
        put_entry(out, &p->at[i]);
  }
  fclose(out);
  return text;
}

// --- for programs

static json_t *text_value(const char *text) {
  json_t *v = json_string(text);
  return v ? v : json_string(""); // no UTF-8
}

static json_t *entry_value(const struct vsm_page_entry *e) {
  char *text = vsm_json_message(&e->alert->base, NULL);
  json_t *alert = text ? json_loads(text, 0, NULL) : NULL;
  free(text);
  return json_pack("{s:s, s:o}", "change", e->change, "alert", alert ? alert : json_object());
}

char *vsm_page_json(const struct vsm_page *p) {
  char *title = vsm_page_title(p), *text = vsm_page_text(p);
  json_t *alerts = json_array();
  for (size_t i = 0; i < p->n; i++)
    json_array_append_new(alerts, entry_value(&p->at[i]));
  json_t *all = json_pack("{s:s, s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "id", p->delivery, "kind", p->kind,
                          "receiver", text_value(p->receiver), "made_unix_nano", (json_int_t)(p->made_us * 1000),
                          "owner", text_value(p->owner), "value_stream", text_value(p->stream), "title",
                          text_value(title), "text", text_value(text), "alerts", alerts);
  char *out = all ? json_dumps(all, JSON_COMPACT) : NULL;
  json_decref(all);
  free(title);
  free(text);
  return vsm_mem_need(out, 0);
}
