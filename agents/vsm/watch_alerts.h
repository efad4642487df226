// Alerts in vsm watch: their pages, and what a person says about one: a line typed at the foot, then an order.
#pragma once
#include "watch_page.h"

// Those that are pending or fire, each with its sentence; picks are alerts, in the order of the model.
void vsm_page_alerts(struct vsm_page *p, const struct vsm_watch_model *m);
// One in full.
void vsm_page_alert(struct vsm_page *p, const struct vsm_watch_model *m, const char *id);

enum vsm_alert_prompt_kind { VSM_NO_PROMPT, VSM_PROMPT_ACK, VSM_PROMPT_SILENCE };
struct vsm_alert_prompt {
  enum vsm_alert_prompt_kind kind;
  char text[100];
  size_t n;
  char id[600], of_kind[40], stream[80], stage[80], source[140];
  Vsm__V1__AcknowledgeRequest ack; // of what is typed, while it is asked
  Vsm__V1__SilenceRequest silence;
};

void vsm_alert_prompt_begin(struct vsm_alert_prompt *p, enum vsm_alert_prompt_kind kind, const Vsm__V1__Alert *a);
// What is asked for, and what was typed so far. Into buf; returns it.
const char *vsm_alert_prompt_line(const struct vsm_alert_prompt *p, char *buf, size_t size);
// A key was pressed: true once all is typed. Escape ends it (kind VSM_NO_PROMPT). backspace: the key deletes.
bool vsm_alert_prompt_key(struct vsm_alert_prompt *p, int key, bool backspace);
// Ends it: the order, which borrows from *p. now_ns: the daemon's. False with what is wrong with what was typed.
bool vsm_alert_prompt_order(struct vsm_alert_prompt *p, uint64_t now_ns, Vsm__V1__Request *out, char *wrong,
                            size_t size);
