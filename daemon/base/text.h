// The C library's formatting and sorting for those who may not call it themselves: the core names base alone.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Like snprintf, but returns what was written (without the NUL), cut to fit.
size_t vsm_text_format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void vsm_sort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *));
bool vsm_text_ends(const char *text, const char *end); // with it, letter by letter
