#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmd.h"

enum { GIVE_UP_S = 30, REFUSED_SHOWN = 10 };

struct vsm_sender {
  struct vsm_emitter *emitter;
  const char *endpoint;
  time_t heard; // when the daemon last took something
  uint64_t refused_shown;
};

static time_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec;
}

static void on_ack(void *ctx, const struct vsm_emitter_ack *ack) {
  struct vsm_sender *s = ctx;
  s->heard = now();
  for (size_t i = 0; i < ack->n_errors && s->refused_shown < REFUSED_SHOWN; i++, s->refused_shown++)
    fprintf(stderr, "vsm: event %llu refused: %s%s%s\n", (unsigned long long)ack->errors[i].event + 1,
            ack->errors[i].reason, *ack->errors[i].detail ? ": " : "", ack->errors[i].detail);
}

struct vsm_sender *vsm_sender_open(const char *submit, const char *pub, const char *source) {
  struct vsm_sender *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->endpoint = pub ? pub : submit;
  s->heard = now();
  int err = vsm_emitter_create(&(struct vsm_emitter_options){.source = source,
                                                             .submit = pub ? NULL : submit,
                                                             .publish = pub,
                                                             .batch_events = 500,
                                                             .on_ack = on_ack,
                                                             .ctx = s},
                               &s->emitter);
  if (err) {
    fprintf(stderr, "vsm: %s: %s\n", s->endpoint, vsm_client_error(err));
    free(s);
    return NULL;
  }
  return s;
}

// Waits for what the loop has to do. VSM_FAILED: nobody answers.
static int turn(struct vsm_sender *s, bool wait) {
  if (wait) {
    int ms = vsm_emitter_timeout_ms(s->emitter);
    struct pollfd p = {.fd = vsm_emitter_fd(s->emitter), .events = POLLIN};
    poll(&p, 1, ms < 0 || ms > 1000 ? 1000 : ms);
  }
  vsm_emitter_process(s->emitter);
  if (now() - s->heard <= GIVE_UP_S)
    return VSM_DONE;
  fprintf(stderr, "vsm: no answer from %s for %d s; %zu events are not acked; is vsmd running?\n", s->endpoint,
          GIVE_UP_S, vsm_emitter_pending(s->emitter));
  return VSM_FAILED;
}

int vsm_sender_send(struct vsm_sender *s, const struct vsm_emitter_event *event) {
  int err;
  if (vsm_emitter_pending(s->emitter) == 0)
    s->heard = now();
  while ((err = vsm_emitter_emit(s->emitter, event)) == VSM_CLIENT_EFULL)
    if (turn(s, true) != VSM_DONE)
      return VSM_FAILED;
  if (err) {
    fprintf(stderr, "vsm: event not sent: %s\n", vsm_client_error(err));
    return VSM_FAILED;
  }
  return vsm_emitter_timeout_ms(s->emitter) == 0 ? turn(s, false) : VSM_DONE;
}

int vsm_sender_close(struct vsm_sender *s, struct vsm_emitter_counts *counts) {
  int status = VSM_DONE;
  vsm_emitter_flush(s->emitter);
  s->heard = now();
  while (status == VSM_DONE && vsm_emitter_pending(s->emitter) > 0)
    status = turn(s, true);
  struct vsm_emitter_counts c = vsm_emitter_counts(s->emitter);
  if (c.rejected > s->refused_shown)
    fprintf(stderr, "vsm: and %llu more; vsm rejected lists them\n",
            (unsigned long long)(c.rejected - s->refused_shown));
  if (counts)
    *counts = c;
  vsm_emitter_destroy(s->emitter);
  free(s);
  return c.rejected > 0 ? VSM_FAILED : status;
}
