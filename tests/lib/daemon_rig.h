// A daemon without sockets, clock and disk: a core, and what answers questions about it. It takes bytes in pieces, so
// that fuzzers and tests can say anything to it; the first byte of a piece says what the rest is:
//
//   b  an EventBatch, as it stands in a frame
//   q  a Request, likewise; its answer is told
//   c  another configuration: one of ours by its number (a byte), or YAML
//   t  time goes on: by 2^n us (n a byte, below 37)
//   s  a start
//   v  the state is written as bytes and read again, and goes on from there
#pragma once
#include "conf/conf.h"
#include "shell/answers.h"
#include "tests/lib/pieces.h"

struct daemon_rig {
  struct vsm_query_socket q;
  struct vsm_config *own; // of a piece; NULL: one of ours is in force
  struct vsm_effects effects;
  struct vsm_time now;
  size_t taken; // events of a batch, of which there was no memory for the next
  void (*on_answer)(struct daemon_rig *d, struct vsm_str packed);
};

// One of some configurations that follow each other: stages go, come and get other names, thresholds and calendars
// change. Parsed once.
enum { DAEMON_RIG_CONFIGURATIONS = 3 };
const struct vsm_config *daemon_rig_configuration(unsigned which);

void daemon_rig_init(struct daemon_rig *d); // with the first of ours
void daemon_rig_fini(struct daemon_rig *d);
// 0, or VSM_ENOMEM: nothing changed, but for events of a batch, and the same piece can be given again.
int daemon_rig_take(struct daemon_rig *d, struct vsm_str piece);
