// Questions and answers: the query socket.
#pragma once
#include "core/core.h"
#include "shell/audit.h"
#include "shell/auth.h"
#include "shell/log.h"
#include "shell/zsock.h"
#include "wire/reply.h"
#include "wire/request.h"
#include "wire/status.h"

struct vsm_query_socket;

// What became of an order.
struct vsm_ordered {
  uint64_t recorded; // the position of its record, 0 where nothing is kept
  uint64_t id;       // of a silence that it began; 0: none
};

struct vsm_query_socket_options {
  struct vsm_zcontext *zcontext;
  struct vsm_loop *loop;
  struct vsm_log_gates *gates;
  struct vsm_auth *auth;                   // borrowed, as all of these
  struct vsm_aside *aside;                 // writes the audit log; NULL: none
  const uint64_t *epoch;                   // as it is at each answer
  struct vsm_time (*pass_time)(void *ctx); // before each question
  void (*status)(void *ctx, struct vsm_status_view *out);
  // Takes the configuration file anew. 0, or a negative enum vsm_err with all mistakes in *text, for free(). The
  // position of its record in *recorded, 0 where nothing is kept.
  int (*reload)(void *ctx, char **text, uint64_t *recorded);
  // Carries out what changes the state, of the value stream asked for (-1: none), and makes the frame a record. As
  // vsm_control().
  int (*order)(void *ctx, const struct vsm_request *request, int stream, struct vsm_str frame, struct vsm_arena *arena,
               struct vsm_ordered *done, const char **why);
  void (*clock_accept)(void *ctx);
  // Begins to map the whole journal anew. 0, or a negative enum vsm_err with *why (in the arena).
  int (*rebuild)(void *ctx, bool partial, struct vsm_arena *arena, const char **why);
  void *ctx;
  vsm_sequence_fn *sequence;
  void *sequence_ctx;
};

struct vsm_query_socket *vsm_query_socket_create(const struct vsm_query_socket_options *options);
void vsm_query_socket_destroy(struct vsm_query_socket *q);
int vsm_query_socket_open(struct vsm_query_socket *q, const struct vsm_config *config);
// The same anew, with the keys and the clients in force: all clients are cut off, and come again.
int vsm_query_socket_renew(struct vsm_query_socket *q, const struct vsm_config *config);
uint64_t vsm_query_socket_bad_frames(const struct vsm_query_socket *q);
void vsm_query_socket_tell_bounds(const struct vsm_query_socket *q, struct vsm_bounds *out);
void vsm_query_socket_hold(struct vsm_query_socket *q, bool held); // questions wait meanwhile
void vsm_query_socket_set_core(struct vsm_query_socket *q, struct vsm_core *core, const struct vsm_model *model);
// Records up to this position are on disk: answers that waited for them go out.
void vsm_query_socket_committed(struct vsm_query_socket *q, uint64_t position);
