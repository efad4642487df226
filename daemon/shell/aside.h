// What is asked of the state directory's disk for the loop, which waits for no disk: lines of the audit log are
// written, and what is free is looked up, by a thread of its own.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct vsm_aside;

// The thread begins with the first thing to do. NULL: no memory.
struct vsm_aside *vsm_aside_create(const char *directory);
void vsm_aside_destroy(struct vsm_aside *a); // when all that waits is written. NULL-safe

// At a start, when the directory is there: looks up what is free, and waits for it.
void vsm_aside_begin(struct vsm_aside *a);

// A line for audit.log. VSM_ELIMIT: so much waits that it was dropped; VSM_ENOMEM: there is no thread.
int vsm_aside_write(struct vsm_aside *a, const char *line, size_t n);
// Bytes that were free when it was looked up last, 0: it cannot be told; and has it looked up again.
uint64_t vsm_aside_free_bytes(struct vsm_aside *a);
