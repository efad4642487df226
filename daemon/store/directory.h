// The state directory: made where it is missing, and one process's alone.
#pragma once
#include "store/journal.h"

// Makes the directory (mode 0700; not its parents) and takes it. Returns a descriptor that holds it until closed;
// VSM_EINUSE, VSM_EIO.
int vsm_directory_take(const char *directory, struct vsm_journal_why *why);
// What was made or renamed in it outlasts a power cut from here on. 0 or VSM_EIO.
int vsm_directory_sync(const char *directory);
