// What segments, a calendar and expectations cost, beside the same events without them.
#pragma once

struct bench_features {
  double plain_ns, full_ns; // an event
  double rate_share;        // plain_ns / full_ns, of the core alone
};
// Two attributes of 8 values, a calendar and an expectation at each stage and stream.
struct bench_features bench_features(void);
// Memory of the figures of 4 streams x 8 stages x 5 windows with 2 attributes x 64 values, all of them in use, above
// what the same takes without attributes.
double bench_segments_bytes(void);
