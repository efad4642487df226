// What encryption costs: the daemon with keys beside one without.
#pragma once
#include <stdbool.h>

void bench_curve(bool json);
