// A process that gives way to the one that started it: told to, it stands still until it is told to go on, for a moment
// at most.
#pragma once
#include <signal.h>
#include <stdbool.h>

// From here on the calling process, of one thread, does as it is told; what it was told before changes nothing.
void vsm_pause_allow(void);
// Tells the process of that descriptor (pidfd_open()). Told both at about the same time it may go on whatever came
// last, and it stands for a tenth of a second at most: so who wants it to stand still tells it now and then.
void vsm_pause_tell(int fd, bool stand_still);
// Between the two the calling thread does not stand still: it holds what others wait for.
void vsm_pause_put_off(sigset_t *before);
void vsm_pause_resume(const sigset_t *before);
