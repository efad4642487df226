// Tells the service manager of our state, where there is one (NOTIFY_SOCKET).
#pragma once
#include <stdint.h>

void vsm_notify(const char *state); // "READY=1", "STOPPING=1", "WATCHDOG=1", ...
// How often it wants "WATCHDOG=1" of us: half of the time after which it takes us for hung. INT64_MAX: never.
int64_t vsm_notify_alive_every_us(void);
// Says it where it is due; *due_us, at first 0, becomes the time of the next one (INT64_MAX: none).
void vsm_notify_alive(int64_t *due_us, int64_t now_us);
void vsm_notify_reloading(void);
