// What each kind of question needs, in a table. Questions take the role watch, orders the role control; how the daemon
// fares may be known to either. Whoever watches some streams alone is answered about those: a snapshot has no others,
// what names one has to name one of theirs, and tables that are of no stream would tell of all.
#include "shell/answers.h"

enum about {
  A_STREAM,   // names one, or one is chosen where there is but one; else refused
  ANY_STREAM, // of none it is of all that the caller may watch
  NO_STREAM,  // and so for those alone who watch all
};

static const struct {
  unsigned roles; // either of them; 0: no such question
  enum about about;
} needed[VSM_ASK_END] = {
    [VSM_ASK_SNAPSHOT] = {VSM_WATCH, ANY_STREAM},
    [VSM_ASK_ITEMS] = {VSM_WATCH, A_STREAM},
    [VSM_ASK_ITEM] = {VSM_WATCH, A_STREAM},
    [VSM_ASK_UNMAPPED] = {VSM_WATCH, NO_STREAM},
    [VSM_ASK_REJECTED] = {VSM_WATCH, NO_STREAM},
    [VSM_ASK_SOURCES] = {VSM_WATCH, NO_STREAM},
    [VSM_ASK_STATUS] = {VSM_WATCH | VSM_CONTROL, ANY_STREAM},
    [VSM_ASK_SERIES] = {VSM_WATCH, A_STREAM},
    [VSM_ASK_EDGES] = {VSM_WATCH, A_STREAM},
    [VSM_ASK_BOTTLENECK] = {VSM_WATCH, ANY_STREAM},
    [VSM_ASK_FORECAST] = {VSM_WATCH, A_STREAM},
    [VSM_ASK_SEGMENTS] = {VSM_WATCH, A_STREAM},
    [VSM_ASK_VISITS] = {VSM_WATCH, A_STREAM},
    [VSM_ASK_ALERTS] = {VSM_WATCH, A_STREAM},
    [VSM_ASK_RELOAD] = {VSM_CONTROL, ANY_STREAM},
    [VSM_ASK_WITHDRAW] = {VSM_CONTROL, ANY_STREAM},
    [VSM_ASK_FORGET] = {VSM_CONTROL, ANY_STREAM},
    [VSM_ASK_REBUILD] = {VSM_CONTROL, ANY_STREAM},
    [VSM_ASK_CLOCK_ACCEPT] = {VSM_CONTROL, ANY_STREAM},
    [VSM_ASK_SILENCE] = {VSM_CONTROL, ANY_STREAM},
    [VSM_ASK_ACKNOWLEDGE] = {VSM_CONTROL, ANY_STREAM},
};

bool vsm_answer_is_order(const struct vsm_request *r) {
  return r->kind < VSM_ASK_END && needed[r->kind].roles == VSM_CONTROL;
}

bool vsm_answer_may_watch(const struct vsm_query_socket *q, unsigned stream) {
  return vsm_caller_may_watch(&q->caller, vsm_str_of(q->model->streams[stream].id));
}

static const char *not_theirs(struct vsm_query_socket *q, const char *what) {
  const char *text = vsm_arena_printf(&q->arena, "not_allowed: %s; client %s may watch: %s", what, q->caller.name,
                                      vsm_caller_streams(&q->caller, &q->arena));
  return text ? text : "not_allowed";
}

static const char *refuse_stream(struct vsm_query_socket *q, struct vsm_request *r) {
  const struct vsm_conf_words *theirs = &q->caller.client->streams;
  if (needed[r->kind].about == NO_STREAM)
    return not_theirs(q, "this is of all value streams");
  if (r->stream.n > 0)
    return vsm_caller_may_watch(&q->caller, r->stream) ? NULL : not_theirs(q, "this value stream");
  if (needed[r->kind].about == ANY_STREAM)
    return NULL;
  if (theirs->n > 1)
    return not_theirs(q, "a value stream has to be named");
  r->stream = vsm_str_of(theirs->at[0].z);
  return NULL;
}

const char *vsm_answer_refuse(struct vsm_query_socket *q, struct vsm_request *r) {
  const struct vsm_caller *c = &q->caller;
  unsigned roles = r->kind < VSM_ASK_END ? needed[r->kind].roles : 0;
  bool watches = (roles & VSM_WATCH) && vsm_caller_may(c, VSM_WATCH);
  if (c->anybody)
    return NULL;
  if (!watches && !((roles & VSM_CONTROL) && vsm_caller_may(c, VSM_CONTROL))) {
    const char *text = vsm_arena_printf(&q->arena, "not_allowed: client %s has not the role %s", c->name,
                                        roles & VSM_WATCH ? "watch" : "control");
    return text ? text : "not_allowed";
  }
  return watches && !vsm_caller_watches_all(c) ? refuse_stream(q, r) : NULL;
}
