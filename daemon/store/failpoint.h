// Places at which a test ends the process, as a crash would. In the daemon they do nothing.
#pragma once

#define VSM_FAILPOINTS(X)                                                                                              \
  X(append)  /* a record was appended */                                                                               \
  X(step)    /* and the core has taken it */                                                                           \
  X(commit)  /* a group is about to be committed */                                                                    \
  X(durable) /* it is on disk, and nobody was told */                                                                  \
  X(ack)     /* an ack is about to go out */

enum vsm_failpoint {
#define X(name) VSM_FAIL_##name,
  VSM_FAILPOINTS(X)
#undef X
      VSM_FAILPOINT_COUNT
};

void vsm_failpoint(enum vsm_failpoint at);
