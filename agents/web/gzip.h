// gzip, of answers and of what is embedded.
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct evbuffer;
enum { VSM_GZIP_LEAST_BYTES = 1024 }; // smaller ones are not worth it

// Both append to `out`; false, and nothing appended: no memory, or no gzip.
bool vsm_gzip(const void *p, size_t n, struct evbuffer *out);
bool vsm_gunzip(const void *p, size_t n, struct evbuffer *out);
