// Times as people and logs write them.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// RFC 3339 ("2025-01-31T12:00:05.25+01:00"; a space for T; no zone: UTC), or Unix seconds with fractions. False where
// it is neither, or lies outside 1970 to 2100 or at its very first instant, which cannot be sent.
bool vsm_when_parse(const char *text, uint64_t *unix_nano);

// What it takes, for messages.
#define VSM_WHEN_ALLOWED "RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before 2100"
