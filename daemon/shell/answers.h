// How a question is answered. Seen by query.c, whose the socket is, and answers.c alone.
#pragma once
#include "shell/acks.h"
#include "shell/query.h"

struct vsm_query_socket {
  struct vsm_query_socket_options o;
  struct vsm_core *core;         // borrowed
  const struct vsm_model *model; // borrowed
  struct vsm_zsock *sock;
  struct vsm_arena arena;
  uint64_t bad_frames;
  struct vsm_str frame; // of the question that is answered
  uint64_t recorded;    // the position of its record; 0: it needs none
  struct vsm_acks acks; // answers that wait until theirs is on disk
  uint64_t committed;   // up to which position all is
};

// The answer to the request in a frame, in the socket's arena. 0 or VSM_ENOMEM.
int vsm_answer(struct vsm_query_socket *q, struct vsm_str frame, struct vsm_message *out);
