/* What an ack rests on, as a model that spin searches whole: receive, append, step, commit, ack, checkpoint, trim,
   kill, power cut and restart. docs/durability.md says which functions are meant; `ctest -R ^model/` runs it.

   A record is at a position. What became of its bytes: MEMORY (appended), WRITTEN (the system has it), SYNCED (the disk
   has it), LOST (a sync failed: the system believes that the disk has it). A kill takes what is in MEMORY. A power cut
   takes all from the first record on that is not SYNCED, as the log is read up to its first hole; of WRITTEN ones as
   many as it likes stay. A checkpoint's file has a name, which is on disk once its directory was synced.

   Properties: `kept` what was acked is there after each start; `once` nothing is counted twice, no record and no batch;
   `covered` a checkpoint covers nothing that is not on disk; `acks` (LTL) in the end all is acked, as faults are
   bounded: the disk has room again, and after a sync that failed somebody starts the daemon again.

   Each of these breaks a rule, and the property behind it must not hold then:

   BREAK_early     kept     an ack goes out when its record was appended
   BREAK_unsynced  kept     a group counts as committed when it was written
   BREAK_resync    kept     a sync that failed is tried again
   BREAK_settle    kept     a start takes what the system says is in the log for what is on disk
   BREAK_trim      kept     the journal is trimmed up to the newest checkpoint
   BREAK_rename    kept     a checkpoint gets its name before it was synced
   BREAK_trust     kept     a checkpoint counts whose process failed, so whose name may not be on disk
   BREAK_repeat    once     a batch that is there is counted again
   BREAK_resume    once     a start steps through the record at the checkpoint's position, too
   BREAK_visible   covered  the process that makes checkpoints reads what was written and not synced
   BREAK_news      acks     nobody tells the loop that a group was committed
   BREAK_full      acks     a group for which the disk had no room is not tried again
   BREAK_hold      acks     the loop, once it stopped receiving as too much waited, does not begin again
*/
#define BATCHES 2
#define POSITIONS 10 /* enough for all that are sent again */
#define PENDING_MOST 2
#define SLOTS 3 /* checkpoints: the last two, and one that was just renamed */
#define ALL ((1 << BATCHES) - 1)
#define HOW_MANY(bits) (((bits) & 1) + (((bits) >> 1) & 1))

/* which properties are checked, as bits */
#define KEPT 1
#define ONCE 2
#define COVERED 4
#ifndef CHECKED
#define CHECKED (KEPT + ONCE + COVERED)
#endif

#ifndef FAULTS
#define FAULTS 3 /* at most so many, of any kind */
#endif
#ifndef REPEATS
#define REPEATS 1 /* a batch is sent once more, acked or not */
#endif

mtype = { NONE, MEMORY, WRITTEN, SYNCED, LOST };     /* a record */
mtype = { WELL, TRYING, FAILED };                    /* the journal */
mtype = { IDLE, SYNCING };                           /* the commit thread */
mtype = { READ, SYNC, RENAME, NAME, REMOVE };        /* the process that makes a checkpoint, or IDLE */

/* the disk, and what the system holds of it */
mtype state[POSITIONS + 1] = NONE;
byte batch[POSITIONS + 1]; /* as a bit */
byte first = 1;            /* below it the journal was trimmed */
typedef checkpoint {
  byte position; /* 0: none */
  byte there;    /* batches that it has, as bits */
  byte counted;
  byte received;
  bit synced, named; /* its bytes, its name are on disk */
};
checkpoint slot[SLOTS]; /* the newest first */
bool no_room;

/* the daemon's memory */
bool up;
mtype health = WELL;
mtype committing = IDLE;
byte appended, group, committed, heard; /* positions: last record, end of the group under way, committed, acked */
bool news, held;
byte ack_at[BATCHES]; /* the position with which a batch is acked; 0: nobody waits */
byte there, counted, received; /* the core: batches as bits, how many were counted, records */
byte known[2]; /* checkpoints by which the journal is trimmed, the newest first */

/* its child's */
mtype making = IDLE;
checkpoint made;

/* the clients */
byte sent, acked; /* bits */

byte faults_left = FAULTS, repeats = REPEATS;

byte i; /* scratch, within a step; 0 between */
bool kept, once, covered;

inline step(b) {
  received++;
#ifdef BREAK_repeat
  counted++;
#else
  counted = counted + ((there & b) == 0);
#endif
  there = there | b
}

inline clear(c) {
  c.position = 0; c.there = 0; c.counted = 0; c.received = 0; c.synced = 0; c.named = 0
}

inline copy(from, to) {
  to.position = from.position; to.there = from.there; to.counted = from.counted; to.received = from.received;
  to.synced = from.synced; to.named = from.named
}

inline drop_newest() {
  copy(slot[1], slot[0]); copy(slot[2], slot[1]); clear(slot[2])
}

/* The last position up to which all is on disk. */
inline find_on_disk(out) {
  out = first - 1;
  do
  :: out < POSITIONS && state[out + 1] == SYNCED -> out++
  :: else -> break
  od
}

/* What was only in the memory of the two processes is gone. */
inline die() {
  for (i : 1 .. POSITIONS) {
    if
    :: state[i] == MEMORY -> state[i] = NONE; batch[i] = 0
    :: else
    fi
  }
  for (i : 0 .. BATCHES - 1) { ack_at[i] = 0 }
  i = 0;
  up = false; health = WELL; committing = IDLE; news = false; held = false;
  appended = 0; group = 0; committed = 0; heard = 0;
  there = 0; counted = 0; received = 0; known[0] = 0; known[1] = 0;
  making = IDLE; clear(made);
  sent = acked /* who has no ack sends again */
}

/* --- clients */

active proctype clients() {
  byte n;
  do
  :: atomic { up && !held && health != FAILED && appended < POSITIONS && (sent != ALL || repeats > 0) ->
       if
       :: (sent & 1) == 0 -> n = 0
       :: (sent & 2) == 0 -> n = 1
       :: repeats > 0 && (sent & 1) -> repeats--; n = 0 /* once more, acked or not */
       fi;
       /* the loop receives, appends and steps: nothing of it can be told apart from outside */
       sent = sent | (1 << n);
       appended++;
       batch[appended] = 1 << n;
       state[appended] = MEMORY;
       step(1 << n);
       ack_at[n] = appended;
#ifdef BREAK_early
       acked = acked | (1 << n);
#endif
       held = appended - heard >= PENDING_MOST;
       once = counted == HOW_MANY(there);
       assert(once || !(CHECKED & ONCE));
       once = false;
       n = 0
     }
  od
}

/* --- the loop is told that more was committed */

active proctype loop() {
  do
  :: atomic { up && news ->
       news = false;
       heard = committed;
       for (i : 0 .. BATCHES - 1) {
         if
         :: ack_at[i] > 0 && ack_at[i] <= heard -> acked = acked | (1 << i); ack_at[i] = 0
         :: else
         fi
       }
       i = 0;
#ifndef BREAK_hold
       held = appended - heard >= PENDING_MOST
#endif
     }
  od
}

/* --- the commit thread */

inline turn_group(into) {
  for (i : committed + 1 .. group) { state[i] = into }
  i = 0
}

active proctype commits() {
  do
#ifdef BREAK_full
  :: atomic { up && committing == IDLE && health == WELL && appended > committed && !no_room ->
#else
  :: atomic { up && committing == IDLE && health != FAILED && appended > committed && !no_room ->
#endif
       group = appended; turn_group(WRITTEN); health = WELL; committing = SYNCING
     }
  :: atomic { up && committing == IDLE && health == WELL && appended > committed && no_room ->
       health = TRYING
     }
  :: atomic { up && committing == SYNCING -> /* what the system believes to be on disk is not written again */
#ifndef BREAK_unsynced
       for (i : committed + 1 .. group) { state[i] = (state[i] == WRITTEN -> SYNCED : state[i]) }
       i = 0;
#endif
       committed = group; committing = IDLE;
#ifndef BREAK_news
       news = true
#endif
     }
  :: atomic { up && committing == SYNCING && faults_left > 0 ->
       faults_left--;
       turn_group(LOST);
#ifndef BREAK_resync
       health = FAILED; committing = IDLE
#endif
     }
  /* between two commits it trims; that none of it comes back after a power cut is the worst that can be */
  :: atomic { up && committing == IDLE && health == WELL && first < committed &&
#ifdef BREAK_trim
       first < known[0] ->
#else
       first < known[1] ->
#endif
       state[first] = NONE; batch[first] = 0; first++
     }
  od
}

/* --- the process that makes checkpoints; it does what a start does, on what it may see */

inline fold_behind(position, end) {
  for (i : position + 1 .. end) { step(batch[i]) }
  i = 0
}

active proctype child() {
  byte end, on_disk;
  do
  :: atomic { up && making == IDLE && health != FAILED && committed > slot[0].position && slot[SLOTS - 1].position == 0 ->
       making = READ
     }
  :: atomic { making == READ ->
       end = committed;
#ifdef BREAK_visible
       if
       :: committing == SYNCING -> end = group
       :: else
       fi;
#endif
       copy(slot[0], made);
       for (i : made.position + 1 .. end) {
         made.received++;
         made.counted = made.counted + ((made.there & batch[i]) == 0);
         made.there = made.there | batch[i]
       }
       i = 0;
       made.position = end; made.synced = 0; made.named = 0;
       end = 0;
       making = SYNC
     }
#ifdef BREAK_rename
  :: atomic { making == SYNC -> making = RENAME }
#endif
  :: atomic { making == SYNC -> made.synced = 1; making = RENAME }
  :: atomic { making == RENAME ->
       find_on_disk(on_disk);
       covered = made.position <= on_disk;
       assert(covered || !(CHECKED & COVERED));
       on_disk = 0; covered = false;
       copy(slot[1], slot[2]); copy(slot[0], slot[1]); copy(made, slot[0]);
       clear(made);
       making = NAME
     }
  :: atomic { making == NAME ->
       slot[0].named = 1; slot[1].named = (slot[1].position > 0); slot[2].named = (slot[2].position > 0);
       making = REMOVE
     }
  :: atomic { making == REMOVE ->
       clear(slot[2]);
       known[0] = slot[0].position; known[1] = slot[1].position; /* the daemon sees it end well */
       making = IDLE
     }
  od
}

/* --- faults */

active proctype faults() {
  byte on_disk;
  do
  :: atomic { up && faults_left > 0 -> faults_left--; die() }
  :: atomic { making != IDLE && faults_left > 0 -> /* the daemon sees it fail */
       faults_left--;
#ifdef BREAK_trust
       known[0] = slot[0].position; known[1] = slot[1].position;
#endif
       clear(made); making = IDLE
     }
  :: atomic { faults_left > 0 ->
       faults_left--;
       die();
       find_on_disk(on_disk);
       do /* of what was written some may have got there */
       :: on_disk < POSITIONS && state[on_disk + 1] == WRITTEN -> on_disk++
       :: break
       od;
       for (i : 1 .. POSITIONS) {
         if
         :: i > on_disk -> state[i] = NONE; batch[i] = 0
         :: i <= on_disk && state[i] == WRITTEN -> state[i] = SYNCED
         :: else
         fi
       }
       on_disk = 0; i = 0;
       do /* likewise of names */
       :: slot[0].position > 0 && slot[0].named == 0 -> drop_newest()
       :: break
       od;
#ifdef BREAK_rename
       do /* a file without all of its bytes is set aside at the next start */
       :: slot[0].position > 0 && slot[0].synced == 0 -> drop_newest()
       :: else -> break
       od
#endif
     }
  :: atomic { !no_room && faults_left > 0 -> faults_left--; no_room = true }
  od
}

active proctype makes_room() {
  do
  :: atomic { no_room -> no_room = false }
  od
}

/* --- somebody starts it, also anew where it says that it failed */

active proctype starts() {
  byte last;
  do
  :: atomic { up && health == FAILED -> die() }
  :: atomic { !up ->
       /* a checkpoint that cannot be read is set aside */
       if
       :: faults_left > 0 && slot[0].position > 0 -> faults_left--; drop_newest()
       :: skip
       fi;
       for (i : 0 .. SLOTS - 1) { slot[i].named = (slot[i].position > 0) }
       /* what the system has of the log is written anew, into the database, and synced */
       last = first - 1;
       do
       :: last < POSITIONS && state[last + 1] != NONE ->
          last++;
#ifndef BREAK_settle
          state[last] = SYNCED;
#endif
       :: else -> break
       od;
       kept = slot[0].position + 1 >= first;
       assert(kept || !(CHECKED & KEPT)); /* else records are missing behind it, and the start is refused */
       there = slot[0].there; counted = slot[0].counted; received = slot[0].received;
#ifdef BREAK_resume
       i = (slot[0].position > first -> slot[0].position : slot[0].position + 1);
#else
       i = slot[0].position + 1;
#endif
       do
       :: i <= last -> step(batch[i]); i++
       :: else -> break
       od;
       i = 0;
       kept = (acked & there) == acked;
       assert(kept || !(CHECKED & KEPT));
       once = received == last && counted == HOW_MANY(there);
       assert(once || !(CHECKED & ONCE));
       kept = false; once = false;
       appended = last; committed = last; heard = last;
       known[0] = slot[0].position; known[1] = slot[1].position;
       last = 0;
       up = true
     }
  od
}

ltl acks { <> (acked == ALL) }
