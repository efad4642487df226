#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "now.h"
#include "stop.h"
#include "text.h"

#define TRANSITIONS "v1/transition/"
#define STATUS "v1/status/"
enum { ROUNDS = 2 }; // so many statuses, and all that is published was heard: it comes as often

// Whether there is the stream asked for: nothing is published of one that there is not.
struct search {
  const char *stream;
  struct vsm_subscriber *subscriber; // NULL: found, or none is asked for
  char known[1024];                  // "A, B", in the order in which they were heard
  unsigned rounds;
  bool found;
};

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

// --- is there such a stream?

static bool is_listed(const char *list, const char *id) {
  size_t n = strlen(id);
  for (const char *at = list; (at = strstr(at, id)) != NULL; at += n)
    if ((at == list || at[-1] == ' ') && (at[n] == ',' || at[n] == '\0'))
      return true;
  return false;
}

static void on_any_publication(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  struct search *s = ctx;
  (void)topic;
  s->rounds += p->body_case == VSM__V1__PUBLICATION__BODY_STATUS;
  if (p->body_case != VSM__V1__PUBLICATION__BODY_METRIC)
    return;
  const char *id = p->metric->value_stream;
  size_t n = strlen(s->known);
  s->found = s->found || strcmp(id, s->stream) == 0;
  if (!is_listed(s->known, id))
    snprintf(s->known + n, sizeof s->known - n, "%s%s", n ? ", " : "", id);
}

static int begin_search(struct search *s, const char *publish) {
  return vsm_subscriber_create(&(struct vsm_subscriber_options){.publish = publish,
                                                                .topics = (const char *[]){"v1/metric/", STATUS},
                                                                .n_topics = 2,
                                                                .keys = vsm_cli_keys(),
                                                                .on_publication = on_any_publication,
                                                                .ctx = s},
                               &s->subscriber);
}

// VSM_FAILED: there is no such stream, which was said.
static int search_on(struct search *s) {
  vsm_subscriber_process(s->subscriber);
  if (!s->found && s->rounds < ROUNDS)
    return VSM_DONE;
  if (!s->found)
    fprintf(stderr, "vsm: no value stream \"%s\" in the configuration in force; known: %s\n", s->stream, s->known);
  vsm_subscriber_destroy(s->subscriber);
  s->subscriber = NULL;
  return s->found ? VSM_DONE : VSM_FAILED;
}

// --- the loop

static void mind_silence(struct tailing *t) {
  if (t->told || vsm_now_us() - t->heard_us < VSM_NOW_SILENT_US)
    return;
  fprintf(stderr, "vsm: nothing heard from %s for %d s; is vsmd running? Still listening\n", t->publish,
          VSM_NOW_SILENT_US / 1000000);
  t->told = true;
}

static int open_both(struct tailing *t, struct search *search, struct vsm_subscriber **s) {
  char topic[128];
  snprintf(topic, sizeof topic, TRANSITIONS "%.64s%s", t->stream ? t->stream : "", t->stream ? "/" : "");
  int err = vsm_subscriber_create(&(struct vsm_subscriber_options){.publish = t->publish,
                                                                   .topics = (const char *[]){topic, STATUS},
                                                                   .n_topics = 2,
                                                                   .keys = vsm_cli_keys(),
                                                                   .on_publication = on_publication,
                                                                   .on_gap = on_gap,
                                                                   .ctx = t},
                                  s);
  if (!err && t->stream)
    err = begin_search(search, t->publish);
  if (err)
    vsm_say_endpoint(t->publish, err);
  return err;
}

static int tail(struct tailing *t, struct search *search, struct vsm_subscriber *s) {
  int stop = vsm_stop_open(), status = VSM_DONE;
  t->heard_us = vsm_now_us();
  while (!t->done && status == VSM_DONE) {
    struct pollfd p[] = {{.fd = vsm_subscriber_fd(s), .events = POLLIN},
                         {.fd = stop, .events = POLLIN},
                         {.fd = search->subscriber ? vsm_subscriber_fd(search->subscriber) : -1, .events = POLLIN}};
    int ms = vsm_now_sooner(vsm_subscriber_timeout_ms(s), 1000);
    poll(p, 3, search->subscriber ? vsm_now_sooner(vsm_subscriber_timeout_ms(search->subscriber), ms) : ms);
    vsm_subscriber_process(s);
    if (search->subscriber)
      status = search_on(search);
    mind_silence(t);
    t->done = t->done || (p[1].revents & POLLIN);
  }
  close(stop);
  return status;
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
  struct search search = {.stream = t.stream};
  struct vsm_subscriber *s = NULL;
  status = open_both(&t, &search, &s) ? VSM_FAILED : tail(&t, &search, s);
  vsm_subscriber_destroy(search.subscriber);
  vsm_subscriber_destroy(s);
  return status;
}
