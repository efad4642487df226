// What takes several questions to find out, without a connection of its own: the caller asks for the next question,
// brings it to the daemon in whatever way it has, and hands over the answer. Used by the command line, which waits for
// each answer, and by the gateway, which does not.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "vsm/messages.h"

enum { VSM_INQUIRY_WHY_BYTES = 1024 };

struct vsm_inquiry {
  // Fills in the next question, which borrows from the inquiry. False: there is none, all is there, or *why says why
  // not.
  bool (*next)(struct vsm_inquiry *q, Vsm__V1__Request *out);
  // Takes the answer to it, which is valid during the call; refusals as well. False: it ends here, and why says so.
  bool (*take)(struct vsm_inquiry *q, const Vsm__V1__Reply *reply);
  void (*destroy)(struct vsm_inquiry *q);
  char why[VSM_INQUIRY_WHY_BYTES]; // ""; or why it failed, in words of the daemon's where it refused
};

// False where the daemon refused, or answered something else; then that is why.
bool vsm_inquiry_granted(struct vsm_inquiry *q, const Vsm__V1__Reply *reply, int kind); // of VSM__V1__REPLY__KIND_*
bool vsm_inquiry_fail(struct vsm_inquiry *q, const char *fmt, ...) __attribute__((format(printf, 2, 3))); // false
void vsm_inquiry_destroy(struct vsm_inquiry *q);                                                          // NULL-safe
