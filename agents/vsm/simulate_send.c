// Where simulated events go: acked to the daemon's submit socket, fire and forget to its subscribe socket (each system
// has its own emitter there, as it would in life), or as lines of CloudEvents JSON to standard output.
#include "simulate.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "agents/vsm/spooled.h"
#include "agents/vsm/text.h"
#include "base/err.h"
#include "base/name.h"
#include "vsm/vsm.h"

enum { BATCH_EVENTS = 500, QUEUE_EVENTS = 50000, EMITTERS_MAX = 256 };

struct outlet {
  struct vsm_emitter *emitter;
  char source[VSM_SOURCE_BYTES_MAX + 1]; // "": of all systems
};

struct vsm_sim_sink {
  FILE *out, *err; // out: of JSON lines, else NULL
  const char *publish;
  const struct vsm_spooled *spooled;
  struct outlet outlets[EMITTERS_MAX];
  unsigned n;
  uint64_t lines;
  char refused[160]; // the first reason
};

static void on_ack(void *ctx, const struct vsm_emitter_ack *ack) {
  struct vsm_sim_sink *s = ctx;
  if (ack->n_errors && !s->refused[0])
    snprintf(s->refused, sizeof s->refused, "%s: %s", ack->errors[0].reason, ack->errors[0].detail);
}

static struct outlet *open_outlet(struct vsm_sim_sink *s, const char *source, const char *submit) {
  if (s->n == EMITTERS_MAX) {
    fprintf(s->err, "more than %d systems\n", EMITTERS_MAX);
    return NULL;
  }
  struct outlet *o = &s->outlets[s->n];
  struct vsm_emitter_options options = {.source = source,
                                        .submit = submit,
                                        .publish = submit ? NULL : s->publish,
                                        .batch_events = BATCH_EVENTS,
                                        .queue_events = QUEUE_EVENTS,
                                        .on_ack = on_ack,
                                        .ctx = s};
  if (vsm_spooled_create(s->spooled, &options, &o->emitter) != 0)
    return NULL;
  snprintf(o->source, sizeof o->source, "%s", source ? source : "");
  s->n++;
  return o;
}

struct vsm_sim_sink *vsm_sim_sink_create(const char *submit, const char *publish, const struct vsm_spooled *spooled,
                                         FILE *out, FILE *err) {
  struct vsm_sim_sink *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->err = err;
  s->publish = publish;
  s->spooled = spooled;
  if (!submit && !publish)
    s->out = out;
  if (submit && !open_outlet(s, NULL, submit)) {
    free(s);
    return NULL;
  }
  return s;
}

void vsm_sim_sink_destroy(struct vsm_sim_sink *s) {
  if (!s)
    return;
  for (unsigned i = 0; i < s->n; i++)
    vsm_emitter_destroy(s->outlets[i].emitter);
  free(s);
}

static void write_text(FILE *out, const char *key, const char *value) {
  fprintf(out, "\"%s\":", key);
  vsm_text_json(out, value, strlen(value));
}

static int write_line(struct vsm_sim_sink *s, const struct vsm_sim_event *event) {
  char time[32];
  vsm_sim_time_write(event->time_us, time);
  const struct {
    const char *key, *value;
  } parts[] = {{"specversion", "1.0"}, {"id", event->id},           {"source", event->source},
               {"type", event->type},  {"subject", event->subject}, {"time", time}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    fputc(i ? ',' : '{', s->out);
    write_text(s->out, parts[i].key, parts[i].value);
  }
  fputs(",\"data\":{", s->out);
  for (unsigned i = 0; i < event->n_data; i++) {
    if (i)
      fputc(',', s->out);
    write_text(s->out, event->data[i].key, event->data[i].value);
  }
  fputs("}}\n", s->out);
  s->lines++;
  return ferror(s->out) ? VSM_EIO : 0;
}

static struct outlet *outlet_of(struct vsm_sim_sink *s, const char *source) {
  if (!s->publish)
    return s->outlets;
  for (unsigned i = 0; i < s->n; i++)
    if (!strcmp(s->outlets[i].source, source))
      return &s->outlets[i];
  return open_outlet(s, source, NULL);
}

int vsm_sim_sink_put(struct vsm_sim_sink *s, const struct vsm_sim_event *event) {
  if (s->out)
    return write_line(s, event);
  struct outlet *o = outlet_of(s, event->source);
  if (!o)
    return VSM_EIO;
  if (vsm_emitter_pending(o->emitter) >= QUEUE_EVENTS)
    return VSM_EAGAIN;
  bool has_spool = s->spooled->recover || s->spooled->spool;
  bool dropped = s->publish && event->dropped;
  if (dropped && !has_spool) {
    vsm_emitter_lose(o->emitter);
    return 0;
  }
  struct vsm_emitter_attribute data[VSM_SIM_DATA_MAX];
  for (unsigned i = 0; i < event->n_data; i++)
    data[i] = (struct vsm_emitter_attribute){event->data[i].key, event->data[i].value};
  struct vsm_emitter_event out = {.source = s->publish ? NULL : event->source,
                                  .id = event->id,
                                  .type = event->type,
                                  .subject = event->subject,
                                  .time_unix_nano = (uint64_t)event->time_us * 1000,
                                  .data = data,
                                  .n_data = event->n_data};
  int err = (dropped ? vsm_emitter_keep : vsm_emitter_emit)(o->emitter, &out);
  if (err)
    fprintf(s->err, "%s: %s\n", event->id, vsm_client_error(err));
  return err ? VSM_EIO : 0;
}

int vsm_sim_sink_alive(struct vsm_sim_sink *s, const char *source) {
  if (s->out)
    return 0;
  struct outlet *o = outlet_of(s, source);
  return o && vsm_emitter_alive(o->emitter, source) == 0 ? 0 : VSM_EIO;
}

int vsm_sim_sink_work(struct vsm_sim_sink *s, int stop_fd, int timeout_ms) {
  struct pollfd fds[EMITTERS_MAX + 1] = {{.fd = stop_fd, .events = POLLIN}};
  if (s->out && fflush(s->out))
    return VSM_EIO;
  for (unsigned i = 0; i < s->n; i++) {
    int wait = vsm_emitter_timeout_ms(s->outlets[i].emitter);
    fds[i + 1] = (struct pollfd){.fd = vsm_emitter_fd(s->outlets[i].emitter), .events = POLLIN};
    if (wait >= 0 && (timeout_ms < 0 || wait < timeout_ms))
      timeout_ms = wait;
  }
  if (poll(fds, s->n + 1, timeout_ms) < 0 && errno != EINTR)
    return VSM_EIO;
  for (unsigned i = 0; i < s->n; i++)
    vsm_emitter_process(s->outlets[i].emitter);
  return fds[0].revents ? 1 : 0;
}

void vsm_sim_sink_flush(struct vsm_sim_sink *s) {
  for (unsigned i = 0; i < s->n; i++)
    vsm_emitter_flush(s->outlets[i].emitter);
  if (s->out)
    fflush(s->out);
}

struct vsm_sim_figures vsm_sim_sink_figures(const struct vsm_sim_sink *s) {
  struct vsm_sim_figures sum = {.accepted = s->lines, .refused = s->refused};
  for (unsigned i = 0; i < s->n; i++) {
    struct vsm_emitter_counts counts = vsm_emitter_counts(s->outlets[i].emitter);
    size_t pending = vsm_emitter_pending(s->outlets[i].emitter);
    sum.pending += pending;
    sum.accepted += s->publish ? counts.emitted - pending : counts.accepted;
    sum.rejected += counts.rejected;
  }
  return sum;
}
