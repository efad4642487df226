// Places at which a test ends the process, as a crash would. In the daemon they do nothing.
#pragma once

#define VSM_FAILPOINTS(X)                                                                                              \
  X(append)             /* a record was appended */                                                                    \
  X(step)               /* and the core has taken it */                                                                \
  X(commit)             /* a group is about to be committed */                                                         \
  X(durable)            /* it is on disk, and nobody was told */                                                       \
  X(ack)                /* an ack is about to go out */                                                                \
  X(checkpoint_read)    /* a checkpoint's child has stepped through the journal */                                     \
  X(history_commit)     /* history.db is about to be changed */                                                        \
  X(history_committed)  /* it was */                                                                                   \
  X(backup_history)     /* a backup has copied history.db, and nothing of the journal */                               \
  X(backup_step)        /* a backup has copied some of the journal */                                                  \
  X(backup_rename)      /* all of it, which has no name yet */                                                         \
  X(checkpoint_write)   /* some of the checkpoint was written */                                                       \
  X(checkpoint_sync)    /* all of it, but for its checksum */                                                          \
  X(checkpoint_rename)  /* it is on disk, and has no name */                                                           \
  X(checkpoint_renamed) /* it has one, which is not on disk */                                                         \
  X(checkpoint_remove)  /* it is there, and those before the last two are too */                                       \
  X(rebuild_read)       /* a rebuild has read the journal to the end it had */                                         \
  X(rebuild_level)      /* and is level with the live state */                                                         \
  X(rebuild_recorded)   /* its record was appended, and it is live */                                                  \
  X(trim)               /* some of the journal is about to go */                                                       \
  X(trimmed)            /* it went */                                                                                  \
  X(rewrite)            /* some of the journal is in other words, and about to be committed */                         \
  X(unused)             /* what some of its pages hold beside their rows is overwritten, and not synced */

enum vsm_failpoint {
#define X(name) VSM_FAIL_##name,
  VSM_FAILPOINTS(X)
#undef X
      VSM_FAILPOINT_COUNT
};

void vsm_failpoint(enum vsm_failpoint at);
