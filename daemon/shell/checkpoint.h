// `vsmd --checkpoint DIR`: makes a checkpoint of what the journal in that directory holds now, as a process of its own
// beside the daemon that appends to it.
#pragma once

// config: the daemon's configuration file, for a journal whose first configuration is gone; NULL: none. 0: one was
// made, or nothing came since the last; a negative enum vsm_err, logged.
int vsm_checkpoint_make(const char *directory, const char *config);
