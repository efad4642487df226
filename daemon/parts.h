// What the daemon owns. Seen by daemon.c (its life), reload.c (its configuration), status.c (how it fares) and turn.c
// (its time) alone.
#pragma once
#include "conf/conf.h"
#include "core/view.h"
#include "daemon.h"
#include "shell/aside.h"
#include "shell/audit.h"
#include "shell/auth.h"
#include "shell/clock.h"
#include "shell/ingest.h"
#include "shell/keep.h"
#include "shell/log.h"
#include "shell/publish.h"
#include "shell/pulse.h"
#include "shell/query.h"

struct vsm_daemon {
  struct vsm_daemon_options options;
  struct vsm_config *config; // the file's
  struct vsm_config *kept;   // the journal's, where it is the same: then the core's model is its; else NULL
  const struct vsm_model *model;
  struct vsm_core *core;
  struct vsm_wall_clock clock;
  struct vsm_log_gates gates;
  struct vsm_loop *loop;
  struct vsm_zcontext *zcontext;
  struct vsm_auth *auth;
  struct vsm_aside *aside; // with a state directory
  struct vsm_ingest *ingest;
  struct vsm_publish *publish;
  struct vsm_query_socket *query;
  struct vsm_keep *keep;    // the state directory; NULL: none
  struct vsm_timer *step;   // when the core's next time step is due
  struct vsm_time step_due; // for when it is set; VSM_TIME_NEVER: it is not
  struct vsm_timer *look;   // for trouble
  struct vsm_timer *alive;  // for the next sign of life to the service manager
  struct vsm_timer *renew;  // of the query socket
  struct vsm_catch *terminate, *interrupt, *hangup;
  struct vsm_catch *more, *less; // is said in the log

  uint64_t
      epoch; // milliseconds since 1970 at the start, or greater where one before had that; greater after each rebuild
  int64_t started_boot_us;
  unsigned runs;          // how often one began
  uint64_t memory_there;  // bytes that the process may take
  int64_t memory_boot_us; // when memory was last looked at, and given back
  int64_t trimmed_boot_us;
  int64_t passed_boot_us;    // when time last passed in the core; 0: this run did not begin yet
  bool held_back;            // a time step is due, and waits for what is to be read first
  int64_t behind_us;         // when that one was due which waits until all is read
  int64_t behind_until_us;   // until when (by the clock of boot_us) it waits in any case
  int64_t backlog_boot_us;   // since when something waited in the sockets at every look; 0: nothing did at the last one
  int64_t backlog_looked_us; // when that was
  int64_t reading_boot_us;   // since when there is always more to read, where there is a journal; 0: there is not
  struct vsm_pulse pulse;
  struct vsm_time configured;
  char trouble[512];
  bool folding;   // all held items anew, while nothing is received or answered
  bool recovered; // and everything is open
  bool hung_up;   // before that: a reload waits
  int err;        // why the loop was stopped
};

// --- turn.c

// Before anything is done to the core or read from it. Returns the time of receipt: of a wall clock that was set back a
// little the core's now, so that a record says all that there is to know of time. (ctx: the daemon)
struct vsm_time vsm_daemon_pass_time(void *ctx);
// Likewise before a batch, which was sent before now.
struct vsm_time vsm_daemon_pass_time_of_batch(void *ctx);
// Likewise before a question. With the event clock what waits for the next whole minute is looked at, too, and that is
// recorded, as it follows from no event.
struct vsm_time vsm_daemon_look(void *ctx);
// This run begins: what came to pass while nothing ran is looked at by the start alone, so no time passes before it.
struct vsm_time vsm_daemon_begin_run(struct vsm_daemon *d);
// Likewise after time in which it did not run; recorded.
struct vsm_time vsm_daemon_begin_again(struct vsm_daemon *d);
// After each call that the loop makes, whatever it did: nobody has to think of it.
void vsm_daemon_after_turn(void *ctx);

// --- room.c

// Bytes that the daemon may take before it holds no more items.
uint64_t vsm_daemon_memory_max(const struct vsm_daemon *d);
// Before a configuration is read (fresh NULL), and before it is put in force: NULL, or why there may not be memory for
// it, for free().
char *vsm_daemon_lacks_room(const struct vsm_daemon *d, const struct vsm_config *fresh);
// Why nothing is to be ordered now: so much waits for the disk, though nothing is received, or all does for ever. NULL:
// it may be.
const char *vsm_daemon_refuses_orders(const struct vsm_daemon *d);
// From time to time, once it runs: is there memory for more items?
void vsm_daemon_look_at_memory(struct vsm_daemon *d, int64_t boot_us, struct vsm_time now);

// --- status.c

// What a person must act on, also logged when it changes; "": nothing.
const char *vsm_daemon_trouble(struct vsm_daemon *d);
void vsm_daemon_status(void *ctx, struct vsm_status_view *out);

// --- reload.c

// What a load found.
struct vsm_loaded {
  struct vsm_config *config;
  struct vsm_auth_keys keys;
  struct vsm_clients *clients; // NULL: nothing is encrypted
};

// Loads and completes a configuration, with the files that it names. On error *text holds every mistake, for free(),
// and *out is empty.
int vsm_daemon_load(const struct vsm_daemon *d, struct vsm_loaded *out, char **text);
void vsm_daemon_unload(struct vsm_loaded *l);
void vsm_daemon_log_security(const struct vsm_daemon *d);
// Tells every part of the core and its model.
void vsm_daemon_wire(struct vsm_daemon *d);
// The core takes another model, and the journal the configuration that it is of.
int vsm_daemon_fold_under(struct vsm_daemon *d, const struct vsm_config *fresh);
void vsm_daemon_renew_query(void *ctx); // the query socket is opened anew
void vsm_daemon_renew_publish(void *ctx);
// Takes the configuration file anew, as the query socket asks for it.
int vsm_daemon_reload(void *ctx, char **text, uint64_t *recorded);
