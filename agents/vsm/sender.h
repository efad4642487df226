// Sending events from a file or the command line: as fast as the daemon acks them, and what became of them.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vsm/vsm.h"

struct vsm_sender;
struct vsm_spooled;

// Acked to submit, or with pub fire and forget to the daemon's subscribe socket, and then with a spool (NULL: none).
// path: of the file that the events come from, named in messages; NULL: none. Borrows its arguments. NULL: said on
// standard error.
struct vsm_sender *vsm_sender_open(const char *submit, const char *pub, const struct vsm_spooled *spooled,
                                   const char *path);
// A descriptor as a file to read; while nothing is there the sender goes on with its work. NULL: no memory.
FILE *vsm_sender_input(struct vsm_sender *s, int fd);

// Takes the event; waits where too many are not acked. line: where it stands in the file. An event that cannot be sent
// (too large) is a mistake. VSM_DONE, or VSM_FAILED: nobody takes events any more (said on standard error).
int vsm_sender_send(struct vsm_sender *s, const struct vsm_emitter_event *event, unsigned long line);
// Counts a place that could not be read, and says it. line 0: the whole file.
void vsm_sender_mistake(struct vsm_sender *s, unsigned long line, const char *what);
// Takes acks until then (monotonic clock). Result as of vsm_sender_send().
int vsm_sender_wait(struct vsm_sender *s, int64_t until_us);
uint64_t vsm_sender_sent(const struct vsm_sender *s);
// How many events were refused for that reason, as far as acks named them.
uint64_t vsm_sender_refused(const struct vsm_sender *s, const char *reason);

// Waits until all is acked. Result as of vsm_sender_send().
int vsm_sender_await(struct vsm_sender *s);
// Waits until all is acked, with a recover socket then until a signal ends it; prints what became of the events to out,
// and frees s. VSM_FAILED: not all was read, sent and accepted.
int vsm_sender_close(struct vsm_sender *s, FILE *out, bool json);
