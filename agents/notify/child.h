// Programs that are run for a message: argv as it is, never a shell; the message on standard input; a limit of time,
// after which the whole process group is killed.
#pragma once
#include <poll.h>

#include "agents/notify/transfer.h"

struct vsm_child; // one run; a list of them belongs to its user

// fn is called from _turn(), also where the program could not be started.
void vsm_child_begin(struct vsm_child **all, const struct vsm_command_settings *c, const char *delivery,
                     const char *body, int64_t mono_us, vsm_tried_fn *fn, void *ctx);
void vsm_child_turn(struct vsm_child **all, int64_t mono_us);
// What to wait for: adds to fds, at most `room`; returns how many.
unsigned vsm_child_fds(const struct vsm_child *all, struct curl_waitfd *fds, unsigned room);
int64_t vsm_child_due(const struct vsm_child *all); // by the clock that does not jump; INT64_MAX: none
void vsm_child_kill_all(struct vsm_child **all);    // uncalled
