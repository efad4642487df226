#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cmd.h"
#include "now.h"
#include "sender.h"
#include "text.h"

#define TRANSITIONS "v1/transition/"
enum { SILENT_US = 12000000 }; // the status comes every 5 s

struct tailing {
  const char *publish, *stream;
  uint64_t limit, shown;
  int64_t heard_us;
  bool json, done, told; // told: that nothing is heard
};

static void on_publication(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  struct tailing *t = ctx;
  (void)topic;
  t->heard_us = vsm_now_us();
  t->told = false;
  if (p->body_case != VSM__V1__PUBLICATION__BODY_TRANSITION || t->done)
    return;
  const Vsm__V1__Transition *x = p->transition;
  char at[32], item[300];
  if (t->json)
    vsm_print_json(&x->base);
  else
    printf("%s  %-8s %-32s %-9s %-20s %s %s\n", vsm_text_time(x->time_unix_nano, at, sizeof at), x->value_stream,
           *x->stage ? x->stage : "(item)", x->lifecycle, vsm_text_plain(x->item, item, sizeof item), x->source,
           x->type);
  fflush(stdout);
  t->done = t->limit > 0 && ++t->shown >= t->limit;
}

static void on_gap(void *ctx, const char *topic, uint64_t first, uint64_t last) {
  (void)ctx;
  if (strncmp(topic, TRANSITIONS, strlen(TRANSITIONS)) == 0)
    fprintf(stderr, "vsm: %llu transitions of %s were not received\n", (unsigned long long)(last - first + 1), topic);
}

static void mind_silence(struct tailing *t) {
  if (t->told || vsm_now_us() - t->heard_us < SILENT_US)
    return;
  fprintf(stderr, "vsm: nothing heard from %s for %d s; is vsmd running? Still listening\n", t->publish,
          SILENT_US / 1000000);
  t->told = true;
}

static int signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int vsm_cmd_tail(int argc, char **argv) {
  struct tailing t = {.publish = VSM_PUBLISH_DEFAULT};
  const struct vsm_flag flags[] = {
      {"publish", VSM_FLAG_TEXT, &t.publish, "ENDPOINT", "the daemon's publish socket (" VSM_PUBLISH_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &t.stream, "ID", "of this value stream alone"},
      {"limit", VSM_FLAG_COUNT, &t.limit, "N", "ends after so many"},
      {"json", VSM_FLAG, &t.json, NULL, "as JSON, a line each"},
  };
  int n,
      status = vsm_options(
          argc, argv,
          &(struct vsm_usage){"vsm tail [--stream ID] [--limit N] [--json]", "Transitions as they come, until Ctrl-C.",
                              "  vsm tail --stream RCV-01\n  vsm tail --json --limit 10\n", VSM_ARRAY(flags), 0, 0},
          &n);
  if (status >= 0)
    return status;
  char topic[128];
  snprintf(topic, sizeof topic, TRANSITIONS "%.64s%s", t.stream ? t.stream : "", t.stream ? "/" : "");
  struct vsm_subscriber *s;
  int err = vsm_subscriber_create(&(struct vsm_subscriber_options){.publish = t.publish,
                                                                   .topics = (const char *[]){topic, "v1/status/"},
                                                                   .n_topics = 2,
                                                                   .on_publication = on_publication,
                                                                   .on_gap = on_gap,
                                                                   .ctx = &t},
                                  &s);
  if (err) {
    vsm_say_endpoint(t.publish, err);
    return VSM_FAILED;
  }
  int stop = signals();
  t.heard_us = vsm_now_us();
  while (!t.done) {
    struct pollfd p[] = {{.fd = vsm_subscriber_fd(s), .events = POLLIN}, {.fd = stop, .events = POLLIN}};
    int ms = vsm_subscriber_timeout_ms(s);
    poll(p, 2, ms < 0 || ms > 1000 ? 1000 : ms);
    vsm_subscriber_process(s);
    mind_silence(&t);
    t.done = t.done || (p[1].revents & POLLIN);
  }
  vsm_subscriber_destroy(s);
  close(stop);
  return VSM_DONE;
}
