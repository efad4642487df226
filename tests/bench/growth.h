// What is measured in this process, each in a child of its own, so that memory begins anew.
#pragma once

// Growth of resident memory per open item of 8 transitions, its key left out.
double bench_item_bytes(void);
// Memory of the quarter hours of 400 days, and the longest answer about them, in ms.
double bench_series_bytes(void);
double bench_series_ms(void);
// ns per event with so many open items.
double bench_event_ns(unsigned n_open, int late);

// Calls fn in a process of its own.
double bench_in_child(double (*fn)(unsigned, int), unsigned a, int b);
