// How long the loop stands still for a question, and for a round of publications.
#pragma once
#include <stdbool.h>

// Prints publish/round_ms and query/KIND_ms: ms of the processor from the core to packed bytes; of a kind that of its
// slowest question. A million open items, two attributes of 64 values, tables full.
void bench_queries(bool json);
