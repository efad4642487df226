// Numbers as text for other programs: the shortest that reads back the same.
#pragma once
#include <stddef.h>

enum { VSM_NUMBER_BYTES = 40 };
// With a point where the locale of the thread has one. Returns the length. What is not finite is 0.
size_t vsm_number_print(char out[VSM_NUMBER_BYTES], double value);
