// Times as people and logs write them.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// RFC 3339 ("2025-01-31T12:00:05.25+01:00"; a space for T; no zone: UTC), or Unix seconds with fractions. False where
// it is neither, or lies outside 1970 to 2100 or at its very first instant, which cannot be sent.
bool vsm_when_parse(const char *text, uint64_t *unix_nano);

// What it takes, for messages.
#define VSM_WHEN_ALLOWED "RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before 2100"

// "2025-01-31T12:00:05Z", of microseconds since 1970; cut to the second.
enum { VSM_WHEN_BYTES = 24 };
void vsm_when_print(int64_t us, char out[VSM_WHEN_BYTES]);
