// Alerts as people read them, for vsm alerts and vsm watch.
#pragma once
#include <stddef.h>

#include "vsm/messages.h"

// Who gives an order where no other name is given: the user.
const char *vsm_alerts_user(void);
// "2 critical, 1 warning"; "none". Of those that fire and are not silenced.
const char *vsm_alerts_counts(const Vsm__V1__AlertCounts *c, char *buf, size_t size);
// "RCV-01/planning", "RCV-01", "source crm"
const char *vsm_alerts_place(const Vsm__V1__Alert *a, char *buf, size_t size);
// "firing, silenced, acknowledged"
const char *vsm_alerts_state(const Vsm__V1__Alert *a, char *buf, size_t size);
// What can be told of it line by line: its sentence, marks, items, what ends it, where to look. `say` gets each line.
typedef void vsm_alerts_line_fn(void *ctx, const char *line);
void vsm_alerts_tell(const Vsm__V1__Alert *a, vsm_alerts_line_fn *say, void *ctx);
