// Agents speak for systems that cannot emit: each follows one, sends what it says as events, and lets go of it there
// once the daemon has acked it. What they share: how they are called, and how a record goes to the daemon.
#pragma once
#include "record.h"
#include "sender.h"

enum { VSM_AGENT_AGAIN_MS = 5000 }; // at most, after something failed

struct vsm_agent_call {
  const char *what;         // a folder, or the file that describes the source
  const char *map, *submit; // map: NULL: none
  bool once;                // ends when all that is there was sent
};
typedef int vsm_agent_fn(const struct vsm_agent_call *call); // the exit status
vsm_agent_fn vsm_agent_file, vsm_agent_sql, vsm_agent_mqtt;

// Where the records of an agent go.
struct vsm_agent_out {
  const struct vsm_agent_call *call;
  const char *name;                 // of the source, in messages
  const struct vsm_record_map *map; // NULL: records are events as they are
  struct vsm_sender *sender;        // NULL: not open
  struct vsm_arena record;          // of the record at hand
};

void vsm_agent_out_init(struct vsm_agent_out *o, const struct vsm_agent_call *call, const struct vsm_record_map *map);
void vsm_agent_out_fini(struct vsm_agent_out *o);
// Opens the sender where it is not open. name: borrowed until the sender is closed. VSM_DONE, or VSM_FAILED, said.
int vsm_agent_out_open(struct vsm_agent_out *o, const char *name);
// Prints what became of all since it was opened, and closes it, where it is open. Result as of vsm_sender_close().
int vsm_agent_out_close(struct vsm_agent_out *o);
// Sends a record; one that is no event is a mistake, which is said, and VSM_DONE. VSM_FAILED: nobody takes events.
int vsm_agent_out_take(struct vsm_agent_out *o, const struct vsm_emitter_event *record, unsigned long line);
// Waits until all is acked. VSM_FAILED: it is not, or the daemon does not let us speak for the source: said, and the
// source is not to be let go of.
int vsm_agent_out_await(struct vsm_agent_out *o);

// One agent at a time: a lock on that file or folder, kept until the process ends. False: said.
bool vsm_agent_alone(int fd, const char *path);

// --- a source that is connected to

enum { VSM_AGENT_GIVE_UP = -1 };

struct vsm_agent_source {
  const struct vsm_conf_map *file; // how the file that describes it is read,
  void *settings;                  // and into what; its texts live until the end
  struct vsm_record_map *map;      // within
  // Begins: makes of the settings what connections need; NULL: nothing. VSM_DONE, or VSM_FAILED, said.
  int (*begin)(void *ctx, struct vsm_conf_reader *r);
  // As long as one connection lasts. VSM_DONE: all that was there is sent (where the call is for that alone).
  // VSM_FAILED: to be tried again. VSM_AGENT_GIVE_UP: or not. All is said.
  int (*follow)(void *ctx, struct vsm_agent_out *out);
  void *ctx;
};
// Follows it with one connection after another. The exit status.
int vsm_agent_follow(const struct vsm_agent_call *call, const struct vsm_agent_source *source);
