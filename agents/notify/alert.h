// What vsm-notify asks of an alert, as the daemon tells it (proto/vsm/v1/metric.proto).
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "vsm/messages.h"

// It is not to be told: its sources are silent, it is silenced, or acknowledged and nothing joined since.
bool vsm_alert_is_blocked(const Vsm__V1__Alert *a);
bool vsm_alert_is(const Vsm__V1__Alert *a, const char *state);
// What was announced last is the same: who joined and who left.
bool vsm_alert_same_news(const Vsm__V1__Alert *a, const Vsm__V1__Alert *b);
// "RCV-01/meter-installation", "RCV-01", "source crm", "daemon". Into buf; returns it.
const char *vsm_alert_where(const Vsm__V1__Alert *a, char *buf, size_t size);
// As bytes, for free().
void *vsm_alert_pack(const Vsm__V1__Alert *a, size_t *n);
