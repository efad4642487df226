// How often wrong tokens may be tried: by one address, and by all of them together, within a minute.
#pragma once
#include <stdint.h>

enum { VSM_ATTEMPTS_OF_ONE = 10, VSM_ATTEMPTS_OF_ALL = 100, VSM_ATTEMPTS_MS = 60000, VSM_ATTEMPTS_ADDRESS_BYTES = 48 };

struct vsm_attempts_of {
  char address[VSM_ATTEMPTS_ADDRESS_BYTES];
  int64_t until_ms; // then it begins anew
  unsigned n;
};

// All zero: nobody has tried. There are as many places as may be taken within a minute.
struct vsm_attempts {
  struct vsm_attempts_of all, of[VSM_ATTEMPTS_OF_ALL];
  uint64_t failed, put_off; // since the start
};

// For how many seconds that address has to wait; 0: it may try. Counts who has to.
int vsm_attempts_wait_s(struct vsm_attempts *a, const char *address, int64_t now_ms);
void vsm_attempts_failed(struct vsm_attempts *a, const char *address, int64_t now_ms);
