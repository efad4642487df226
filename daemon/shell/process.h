// The process as the system sees it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

uint64_t vsm_process_resident_bytes(void);
// What the process may take: of the machine, or of its control group where that has less.
uint64_t vsm_process_memory_max(void);
bool vsm_process_can_take(uint64_t bytes); // in one piece, now; they are not taken
void vsm_process_trim(void);               // gives memory that is free back to the system; may take some 100 ms
bool vsm_process_has_descriptors(void);    // at least one more
// Starts this program with other arguments; `idle`: it takes the processor only where nothing else wants it at all, for
// good, as a process without privileges cannot leave that. A descriptor that is readable when it has ended, to be
// closed; VSM_EIO.
int vsm_process_start(const char *const argv[], bool idle);
// After it ended: the status with which it did so; -1: it was killed. `kill`: ends it first, and waits for that.
int vsm_process_reap(int fd, bool kill);
void vsm_process_thread_stays_behind(void); // the calling thread takes processor and disk only where nobody else does
// Takes processor and disk only where nobody else wants them, and ends with the process that started it.
void vsm_process_stay_behind(void);
// Each connection takes a descriptor; the limit that a shell gives is for programs of another kind.
void vsm_process_raise_descriptor_limit(void);
uint64_t vsm_process_descriptors_max(void); // that may be open at once
// No core dump is made of it, and no other process of its user may look into its memory: it holds a secret, of which
// libzmq has copies too.
void vsm_process_hide(void);
