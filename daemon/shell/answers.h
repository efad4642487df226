// How a question is answered. Seen by query.c, whose the socket is, answers.c and alert_answers.c alone.
#pragma once
#include "shell/acks.h"
#include "shell/query.h"

struct vsm_query_socket {
  struct vsm_query_socket_options o;
  struct vsm_core *core;         // borrowed
  const struct vsm_model *model; // borrowed
  struct vsm_zsock *sock;
  struct vsm_arena arena;
  uint64_t bad_frames, answers_lost;
  struct vsm_str frame;     // of the question that is answered
  struct vsm_caller caller; // who asked it
  uint64_t recorded;        // the position of its record; 0: it needs none
  struct vsm_acks acks;     // answers that wait until theirs is on disk
  uint64_t committed;       // up to which position all is
};

// Of the value stream asked for; -1: of none. Returns 0 with *out, or a negative enum vsm_err with *why (in the arena),
// or NULL for the error's own text.
typedef int vsm_answer_fn(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                          const char **why);
// The index of a stream (stream -1) or of a stage of one; -1 where none is asked for; VSM_ENOENT with *why.
int vsm_answer_find(struct vsm_query_socket *q, int stream, struct vsm_str name, const char **why);
vsm_answer_fn vsm_answer_alerts, vsm_answer_silence, vsm_answer_acknowledge; // alert_answers.c

bool vsm_answer_is_order(const struct vsm_request *r); // it takes the role control
// May the caller watch a stream of the model in force?
bool vsm_answer_may_watch(const struct vsm_query_socket *q, unsigned stream);
// May the caller ask so? Asked of one who watches a single stream it is taken to be about that one. NULL, or why not.
const char *vsm_answer_refuse(struct vsm_query_socket *q, struct vsm_request *r); // rights.c

// The answer to the request in a frame, in the socket's arena. 0 or VSM_ENOMEM.
int vsm_answer(struct vsm_query_socket *q, struct vsm_str frame, struct vsm_message *out);
