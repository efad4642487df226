// A file of its own, so that a test links one that ends the process in its place.
#include "store/failpoint.h"

void vsm_failpoint(enum vsm_failpoint at) {
  (void)at;
}
