// `vsmd --checkpoint DIR`: makes a checkpoint of what the journal in that directory holds now, as a process of its own
// beside the daemon that appends to it.
#pragma once

// With what status the process ends. What failed was logged.
enum vsm_checkpoint_status {
  VSM_CHECKPOINT_MADE = 0,         // or nothing came since the last
  VSM_CHECKPOINT_FAILED = 1,       // any other status likewise
  VSM_CHECKPOINT_NO_HISTORY = 3,   // made, yet history.db could not be brought up to date
  VSM_CHECKPOINT_NOT_FORGOTTEN = 4 // made, yet what is to be forgotten could not be looked for
};

// config: the daemon's configuration file, for a journal whose first configuration is gone; NULL: none.
enum vsm_checkpoint_status vsm_checkpoint_make(const char *directory, const char *config);
