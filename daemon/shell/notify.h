// Tells the service manager of our state, where there is one (NOTIFY_SOCKET).
#pragma once
void vsm_notify(const char *state); // "READY=1", "STOPPING=1", ...
void vsm_notify_reloading(void);
