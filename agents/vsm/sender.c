// One emitter where acked; where not, one for each source, as the sequence of a source is its emitter's. The daemon
// names events by their number: `lines` remembers where each one on the way stands in the file.
#include "sender.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/name.h"
#include "cmd.h"
#include "now.h"
#include "spooled.h"
#include "stop.h"
#include "text.h"

enum {
  NEVER_HEARD_S = 10, // until nobody is there
  SILENCE_S = 30,     // the daemon was there: it may be starting anew
  BATCH_EVENTS = 500,
  QUEUE_EVENTS = 50000, // the most on the way; of lines, too
  SOURCES_MAX = 64,
  SHOWN_MAX = 20, // of mistakes, and of refused events
  REASONS_MAX = 32,
};

struct outlet {
  struct vsm_sender *s;
  struct vsm_emitter *emitter;
  char source[VSM_SOURCE_BYTES_MAX + 1]; // "" where acked
};

struct vsm_sender {
  const char *submit, *pub, *path;
  const struct vsm_spooled *spooled;
  struct outlet outlets[SOURCES_MAX];
  int n_outlets;
  unsigned long *lines; // by number of the event, modulo QUEUE_EVENTS
  int64_t begun_us, heard_us;
  size_t pending;   // when last looked at
  bool heard, gone; // gone: given up, and said
  uint64_t sent, mistakes, refused_shown;
  struct {
    char name[32];
    uint64_t n;
  } reasons[REASONS_MAX];
  int n_reasons;
};

uint64_t vsm_sender_sent(const struct vsm_sender *s) {
  return s->sent;
}

static void say(const struct vsm_sender *s, unsigned long line, const char *what, const char *detail) {
  char plain[400];
  if (s->path && line)
    fprintf(stderr, "%s:%lu: ", s->path, line);
  else
    fprintf(stderr, "%s: ", s->path ? s->path : "vsm");
  fprintf(stderr, "%s%s%s\n", what, detail && *detail ? ": " : "",
          vsm_text_plain(detail ? detail : "", plain, sizeof plain));
}

void vsm_sender_mistake(struct vsm_sender *s, unsigned long line, const char *what) {
  if (s->mistakes++ < SHOWN_MAX)
    say(s, line, what, NULL);
  else if (s->mistakes == SHOWN_MAX + 1)
    fprintf(stderr, "vsm: further mistakes are counted, not shown\n");
}

// --- acks

// s->n_reasons: not yet among them.
static int reason_at(const struct vsm_sender *s, const char *reason) {
  int i = 0;
  while (i < s->n_reasons && strcmp(s->reasons[i].name, reason) != 0)
    i++;
  return i;
}

uint64_t vsm_sender_refused(const struct vsm_sender *s, const char *reason) {
  int i = reason_at(s, reason);
  return i < s->n_reasons ? s->reasons[i].n : 0;
}

static void count_reason(struct vsm_sender *s, const char *reason) {
  int i = reason_at(s, reason);
  if (i == REASONS_MAX)
    return;
  if (i == s->n_reasons)
    snprintf(s->reasons[s->n_reasons++].name, sizeof s->reasons->name, "%s", reason);
  s->reasons[i].n++;
}

static void on_ack(void *ctx, const struct vsm_emitter_ack *ack) {
  struct vsm_sender *s = ((struct outlet *)ctx)->s;
  char what[80];
  s->heard = true;
  for (size_t i = 0; i < ack->n_errors; i++) {
    count_reason(s, ack->errors[i].reason);
    if (s->refused_shown++ >= SHOWN_MAX)
      continue;
    snprintf(what, sizeof what, "refused: %s", ack->errors[i].reason);
    say(s, s->lines[ack->errors[i].event % QUEUE_EVENTS], what, ack->errors[i].detail);
  }
}

static struct outlet *open_outlet(struct vsm_sender *s, const char *source) {
  struct outlet *o = &s->outlets[s->n_outlets];
  const struct vsm_emitter_options options = {.source = source,
                                              .submit = s->pub ? NULL : s->submit,
                                              .publish = s->pub,
                                              .batch_events = BATCH_EVENTS,
                                              .queue_events = QUEUE_EVENTS,
                                              .on_ack = on_ack,
                                              .ctx = o};
  o->s = s;
  if (vsm_spooled_create(s->spooled, &options, &o->emitter) != 0) {
    s->gone = true;
    return NULL;
  }
  snprintf(o->source, sizeof o->source, "%s", source ? source : "");
  s->n_outlets++;
  return o;
}

struct vsm_sender *vsm_sender_open(const char *submit, const char *pub, const struct vsm_spooled *spooled,
                                   const char *path) {
  static const struct vsm_spooled none = {0};
  struct vsm_sender *s = vsm_mem_alloc(sizeof *s);
  s->submit = submit;
  s->pub = pub;
  s->spooled = spooled ? spooled : &none;
  s->path = path && strcmp(path, "-") == 0 ? "(standard input)" : path;
  s->lines = vsm_mem_alloc(QUEUE_EVENTS * sizeof *s->lines);
  s->begun_us = s->heard_us = vsm_now_us();
  if (!pub && !open_outlet(s, NULL)) {
    free(s->lines);
    free(s);
    return NULL;
  }
  return s;
}

static size_t pending(const struct vsm_sender *s) {
  size_t n = 0;
  for (int i = 0; i < s->n_outlets; i++)
    n += vsm_emitter_pending(s->outlets[i].emitter);
  return n;
}

// Gives up where nothing on the way arrives for too long.
static int look(struct vsm_sender *s) {
  if (s->gone)
    return VSM_FAILED;
  int64_t now = vsm_now_us();
  size_t left = pending(s);
  if (left == 0 || left < s->pending) {
    s->heard = s->heard || left < s->pending;
    s->heard_us = now;
  }
  s->pending = left;
  if (now - s->heard_us < (s->heard ? SILENCE_S : NEVER_HEARD_S) * INT64_C(1000000))
    return VSM_DONE;
  fprintf(
      stderr,
      "vsm: nobody takes events at %s; %zu of them are not %s. Is vsmd running there? vsmd --config FILE starts it\n",
      s->pub ? s->pub : s->submit, left, s->pub ? "sent" : "acked");
  s->gone = true;
  return VSM_FAILED;
}

// Lets the emitters work, and waits at most so long (-1: without end) until there is something for them or the
// descriptor (-1: none). True: that is readable.
static bool work(struct vsm_sender *s, int most_ms, int fd) {
  struct pollfd fds[SOURCES_MAX + 1] = {{.fd = fd, .events = POLLIN}};
  for (int i = 0; i < s->n_outlets; i++) {
    int ms = vsm_emitter_timeout_ms(s->outlets[i].emitter);
    fds[i + 1] = (struct pollfd){.fd = vsm_emitter_fd(s->outlets[i].emitter), .events = POLLIN};
    most_ms = ms >= 0 && (most_ms < 0 || ms < most_ms) ? ms : most_ms;
  }
  poll(fds, (nfds_t)s->n_outlets + 1, most_ms);
  for (int i = 0; i < s->n_outlets; i++)
    vsm_emitter_process(s->outlets[i].emitter);
  return fds[0].revents != 0;
}

static int turn(struct vsm_sender *s, int most_ms) {
  work(s, most_ms, -1);
  return look(s);
}

struct input {
  struct vsm_sender *s;
  int fd;
};

static ssize_t read_input(void *cookie, char *buf, size_t size) {
  const struct input *in = cookie;
  while (!work(in->s, -1, in->fd))
    ;
  return read(in->fd, buf, size);
}

static int close_input(void *cookie) {
  free(cookie);
  return 0;
}

FILE *vsm_sender_input(struct vsm_sender *s, int fd) {
  struct input *in = vsm_mem_alloc(sizeof *in);
  *in = (struct input){s, fd};
  FILE *f = fopencookie(in, "r", (cookie_io_functions_t){.read = read_input, .close = close_input});
  if (!f)
    free(in);
  return f;
}

int vsm_sender_wait(struct vsm_sender *s, int64_t until_us) {
  int status = VSM_DONE;
  for (int64_t left; status == VSM_DONE && (left = until_us - vsm_now_us()) > 0;)
    status = turn(s, left > 1000000 ? 1000 : (int)(left / 1000) + 1);
  return status;
}

// NULL: there is none for this source, and *wrong says why; or none at all.
static struct outlet *outlet_of(struct vsm_sender *s, const char *source, const char **wrong) {
  if (!s->pub)
    return &s->outlets[0];
  for (int i = 0; i < s->n_outlets; i++)
    if (strcmp(s->outlets[i].source, source) == 0)
      return &s->outlets[i];
  if (!vsm_name_is_source(vsm_str_of(source)))
    *wrong = "the source is not 1 to 128 characters of A-Z a-z 0-9 . _ : / ~ % @ + # -";
  else if (s->n_outlets == SOURCES_MAX)
    *wrong = "more than 64 sources; --submit takes any number";
  return *wrong ? NULL : open_outlet(s, source);
}

int vsm_sender_send(struct vsm_sender *s, const struct vsm_emitter_event *event, unsigned long line) {
  const char *wrong = NULL;
  struct outlet *o = outlet_of(s, event->source, &wrong);
  if (wrong)
    return vsm_sender_mistake(s, line, wrong), VSM_DONE;
  if (!o)
    return VSM_FAILED;
  while (vsm_emitter_pending(o->emitter) >= QUEUE_EVENTS)
    if (turn(s, 1000) != VSM_DONE)
      return VSM_FAILED;
  s->lines[vsm_emitter_counts(o->emitter).emitted % QUEUE_EVENTS] = line;
  int err = vsm_emitter_emit(o->emitter, event);
  if (err)
    return vsm_sender_mistake(s, line, vsm_client_error(err)), VSM_DONE;
  s->sent++;
  if (s->pending == 0)
    s->heard_us = vsm_now_us();
  s->pending++;
  return vsm_emitter_timeout_ms(o->emitter) == 0 ? turn(s, 0) : VSM_DONE;
}

// --- the end

static struct vsm_emitter_counts add_up(const struct vsm_sender *s) {
  struct vsm_emitter_counts sum = {0};
  for (int i = 0; i < s->n_outlets; i++) {
    struct vsm_emitter_counts c = vsm_emitter_counts(s->outlets[i].emitter);
    sum.accepted += c.accepted;
    sum.rejected += c.rejected;
    sum.lost += c.lost;
  }
  return sum;
}

static void print_json(const struct vsm_sender *s, const struct vsm_emitter_counts *c, size_t left, double seconds,
                       FILE *out) {
  fprintf(out, "{\"sent\": %llu, \"accepted\": %llu, \"rejected\": %llu, \"reasons\": {", (unsigned long long)s->sent,
          (unsigned long long)c->accepted, (unsigned long long)c->rejected);
  for (int i = 0; i < s->n_reasons; i++)
    fprintf(out, "%s\"%s\": %llu", i ? ", " : "", s->reasons[i].name, (unsigned long long)s->reasons[i].n);
  fprintf(out, "}, \"unanswered\": %zu, \"mistakes\": %llu, \"seconds\": %.3f}\n", left,
          (unsigned long long)s->mistakes, seconds);
}

static void print_text(const struct vsm_sender *s, const struct vsm_emitter_counts *c, size_t left, double seconds,
                       FILE *out) {
  char number[32], rate[32];
  uint64_t told = 0;
  fprintf(out, "%s event%s sent", vsm_text_number(s->sent, number, sizeof number), s->sent == 1 ? "" : "s");
  if (s->sent >= 1000)
    fprintf(out, " in %.1f s (%s a second)", seconds,
            vsm_text_number((uint64_t)((double)s->sent / seconds), rate, sizeof rate));
  if (!s->pub)
    fprintf(out, ": %s accepted", vsm_text_number(c->accepted, number, sizeof number));
  if (!s->pub)
    fprintf(out, ", %s refused", vsm_text_number(c->rejected, number, sizeof number));
  if (left)
    fprintf(out, ", %s without an answer", vsm_text_number(left, number, sizeof number));
  fputc('\n', out);
  for (int i = 0; i < s->n_reasons; told += s->reasons[i++].n)
    fprintf(out, "  refused: %s %s\n", vsm_text_number(s->reasons[i].n, number, sizeof number), s->reasons[i].name);
  if (c->rejected > told)
    fprintf(out, "  refused: %s more; `vsm rejected` has their reasons\n",
            vsm_text_number(c->rejected - told, number, sizeof number));
  if (s->mistakes)
    fprintf(out, "  not read: %s place%s of %s\n", vsm_text_number(s->mistakes, number, sizeof number),
            s->mistakes == 1 ? "" : "s", s->path ? s->path : "the command line");
}

// Answers what the daemon asks for, until a signal ends it.
static void stay(struct vsm_sender *s) {
  int stop = vsm_stop_open();
  if (stop < 0)
    return;
  fprintf(stderr, "vsm: all is sent; staying for what was lost, until interrupted\n");
  while (!work(s, -1, stop))
    ;
  close(stop);
}

int vsm_sender_await(struct vsm_sender *s) {
  int status = s->gone ? VSM_FAILED : VSM_DONE;
  for (int i = 0; i < s->n_outlets; i++)
    vsm_emitter_flush(s->outlets[i].emitter);
  while (status == VSM_DONE && pending(s) > 0)
    status = turn(s, 1000);
  return status;
}

int vsm_sender_close(struct vsm_sender *s, FILE *out, bool json) {
  int status = s->gone && pending(s) == 0 ? VSM_DONE : vsm_sender_await(s);
  if (status == VSM_DONE && !s->gone && s->spooled->recover)
    stay(s);
  struct vsm_emitter_counts c = add_up(s);
  double seconds = (double)(vsm_now_us() - s->begun_us + 1) / 1e6;
  (json ? print_json : print_text)(s, &c, pending(s), seconds, out);
  if (c.rejected > 0 || s->mistakes > 0 || c.lost > 0)
    status = VSM_FAILED;
  for (int i = 0; i < s->n_outlets; i++)
    vsm_emitter_destroy(s->outlets[i].emitter);
  free(s->lines);
  free(s);
  return status;
}
