#include "watch_alerts.h"

#include <stdio.h>
#include <string.h>

#include "alerts.h"
#include "conf/reader.h"
#include "text.h"

// --- pages

// Text in lines no wider than the page, broken at blanks.
static void add_wrapped(struct vsm_page *p, enum vsm_line_style style, const char *text) {
  char line[512];
  int width = p->width > 24 ? p->width - 4 : 20;
  while (*text) {
    size_t n = strlen(text), fits = 0;
    for (size_t i = 0; i <= n && i < sizeof line - 1; i++)
      if (i == n || text[i] == ' ') {
        snprintf(line, sizeof line, "%.*s", (int)i, text);
        if (vsm_text_width(line) > width && fits)
          break;
        fits = i;
      }
    if (fits == 0)
      fits = n < sizeof line - 1 ? n : sizeof line - 1;
    vsm_page_add(p, style, -1, "    %.*s", (int)fits, text);
    text += fits + (text[fits] == ' ');
  }
}

void vsm_page_alerts(struct vsm_page *p, const struct vsm_watch_model *m) {
  char counts[128], place[256], state[64], since[32];
  Vsm__V1__AlertCounts c = vsm_watch_model_counts(m);
  vsm_page_title(p, "alerts: %s", vsm_alerts_counts(&c, counts, sizeof counts));
  if (!m->alerts) {
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "asking the daemon ...");
    return;
  }
  if (m->alerts->n_alerts == 0)
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "All is well: no alert is pending or fires.");
  for (size_t i = 0; i < m->alerts->n_alerts; i++) {
    const Vsm__V1__Alert *a = m->alerts->alerts[i];
    bool grave = strcmp(a->severity, "critical") == 0 || strcmp(a->severity, "error") == 0;
    vsm_page_add(p, grave ? VSM_LINE_WORST : VSM_LINE_HEAD, (int)i, "  %-8s %-14s %s since %s, %s", a->severity,
                 a->kind, vsm_alerts_place(a, place, sizeof place),
                 vsm_text_time(a->since_unix_nano, since, sizeof since), vsm_alerts_state(a, state, sizeof state));
    add_wrapped(p, VSM_LINE_PLAIN, a->reason);
  }
}

static void add_told(void *ctx, const char *line) {
  struct vsm_page *p = ctx;
  if (p->n == 0 || vsm_text_width(line) + 4 > p->width) // its sentence first, which is long
    add_wrapped(p, p->n == 0 ? VSM_LINE_HEAD : VSM_LINE_PLAIN, line);
  else
    vsm_page_add(p, VSM_LINE_PLAIN, -1, "    %s", line);
}

void vsm_page_alert(struct vsm_page *p, const struct vsm_watch_model *m, const char *id) {
  vsm_page_title(p, "alert %s", id);
  for (size_t i = 0; m->alerts && i < m->alerts->n_alerts; i++)
    if (strcmp(m->alerts->alerts[i]->id, id) == 0) {
      vsm_alerts_tell(m->alerts->alerts[i], add_told, p);
      return;
    }
  vsm_page_add(p, VSM_LINE_PLAIN, -1, "It is over.");
}

// --- what a person says

void vsm_alert_prompt_begin(struct vsm_alert_prompt *p, enum vsm_alert_prompt_kind kind, const Vsm__V1__Alert *a) {
  *p = (struct vsm_alert_prompt){.kind = kind};
  snprintf(p->id, sizeof p->id, "%s", a->id);
  snprintf(p->of_kind, sizeof p->of_kind, "%s", a->kind);
  snprintf(p->stream, sizeof p->stream, "%s", a->value_stream);
  snprintf(p->stage, sizeof p->stage, "%s", a->stage);
  snprintf(p->source, sizeof p->source, "%s", a->source);
}

const char *vsm_alert_prompt_line(const struct vsm_alert_prompt *p, char *buf, size_t size) {
  snprintf(buf, size, " %s: %s_",
           p->kind == VSM_PROMPT_ACK ? "acknowledge, why (enter; escape leaves it)"
                                     : "silence for how long, as 4h, 3d (enter; escape leaves it)",
           p->text);
  return buf;
}

bool vsm_alert_prompt_key(struct vsm_alert_prompt *p, int key, bool backspace) {
  if (backspace) {
    while (p->n > 0 && ((unsigned char)p->text[--p->n] & 0xc0) == 0x80)
      ;
    p->text[p->n] = '\0';
  } else if (key == 27) {
    p->kind = VSM_NO_PROMPT;
  } else if (key == '\n' || key == '\r') {
    return true;
  } else if (key >= ' ' && key < 256 && p->n + 1 < sizeof p->text) {
    p->text[p->n++] = (char)key;
    p->text[p->n] = '\0';
  }
  return false;
}

static void acknowledge(struct vsm_alert_prompt *p, Vsm__V1__Request *out) {
  vsm__v1__acknowledge_request__init(&p->ack);
  p->ack.id = p->id;
  p->ack.by = (char *)vsm_alerts_user();
  p->ack.why = p->text;
  out->kind_case = VSM__V1__REQUEST__KIND_ACKNOWLEDGE;
  out->acknowledge = &p->ack;
}

static void silence(struct vsm_alert_prompt *p, uint64_t until_ns, Vsm__V1__Request *out) {
  vsm__v1__silence_request__init(&p->silence);
  p->silence.kind = p->of_kind;
  p->silence.stream = p->stream;
  p->silence.stage = p->stage;
  p->silence.source = p->source;
  p->silence.until_unix_nano = until_ns;
  p->silence.by = (char *)vsm_alerts_user();
  out->kind_case = VSM__V1__REQUEST__KIND_SILENCE;
  out->silence = &p->silence;
}

bool vsm_alert_prompt_order(struct vsm_alert_prompt *p, uint64_t now_ns, Vsm__V1__Request *out, char *wrong,
                            size_t size) {
  struct vsm_conf_duration lasts;
  const char *what;
  bool of_ack = p->kind == VSM_PROMPT_ACK;
  p->kind = VSM_NO_PROMPT;
  *wrong = '\0';
  vsm__v1__request__init(out);
  if (of_ack) {
    acknowledge(p, out);
    return true;
  }
  if (vsm_conf_duration_parse(p->text, &lasts, &what) != 0 || lasts.us <= 0) {
    snprintf(wrong, size, "no duration; allowed: 90s, 15m, 8h, 3d, 2w");
    return false;
  }
  silence(p, now_ns + (uint64_t)lasts.us * 1000, out);
  return true;
}
