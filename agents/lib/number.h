// Numbers as text for other programs: the shortest that reads back the same.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VSM_NUMBER_BYTES = 40 };
// With a point where the locale of the thread has one. Returns the length. What is not finite is 0.
size_t vsm_number_print(char out[VSM_NUMBER_BYTES], double value);
// A whole number in decimal digits alone. False: it is none, or above 2^64 - 1; *out is then not to be used.
bool vsm_number_read(const char *text, uint64_t *out);
