#include "agents/lib/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

size_t vsm_number_print(char out[VSM_NUMBER_BYTES], double value) {
  int n = 0;
  if (!isfinite(value))
    value = 0;
  for (int digits = 15; digits <= 17; digits++) {
    n = snprintf(out, VSM_NUMBER_BYTES, "%.*g", digits, value);
    if (strtod(out, NULL) == value)
      break;
  }
  return (size_t)n;
}

bool vsm_number_read(const char *text, uint64_t *out) {
  char *end;
  errno = 0;
  *out = strtoull(text, &end, 10);
  return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}
