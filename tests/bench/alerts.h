// How soon alerts are told.
#pragma once
#include <stdbool.h>

// From an event to the alert that follows from it, beside a bare hop of ZeroMQ; how late an alert is that falls due by
// time, at half of what the daemon can take with a million open items, beside a plain timer; and what it costs when a
// tenth of the open items stall within a minute.
void bench_alerts(bool json);
