// A program, and a log: what needs no network.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/notify/channel.h"
#include "agents/vsm/text.h"
#include "base/mem.h"

void vsm_channel_command(struct vsm_carrier *c, const struct vsm_receiver *to, const struct vsm_parcel *p,
                         vsm_tried_fn *fn, void *ctx) {
  vsm_child_begin(&c->children, &to->command, p->delivery, p->body, p->mono_us, fn, ctx);
}

// --- the log

static const char *word(json_t *map, const char *key) {
  const char *text = json_string_value(json_object_get(map, key));
  return text ? text : "";
}

static void put(FILE *out, const char *before, const char *text) {
  char plain[2048];
  if (*text)
    fprintf(out, "%s%s", before, vsm_text_plain(text, plain, sizeof plain));
}

static void put_alert(FILE *out, json_t *body, json_t *entry) {
  json_t *a = json_object_get(entry, "alert");
  char at[32];
  uint64_t made_ns = (uint64_t)json_integer_value(json_object_get(body, "made_unix_nano"));
  fprintf(out, "%s ", vsm_text_time(made_ns, at, sizeof at));
  put(out, "", word(entry, "change"));
  put(out, " ", word(a, "severity"));
  put(out, " ", word(a, "kind"));
  put(out, " ", *word(a, "value_stream") ? word(a, "value_stream") : word(a, "source"));
  put(out, "/", word(a, "stage"));
  put(out, ": ", word(a, "reason"));
  if (json_array_size(json_object_get(a, "blinds")) > 0)
    fputs(strcmp(word(entry, "change"), "resolved") == 0 ? " Seen again:" : " Not seen while it is silent:", out);
  size_t i;
  json_t *blind;
  json_array_foreach(json_object_get(a, "blinds"), i, blind) {
    put(out, i ? ", " : " ", json_string_value(blind) ? json_string_value(blind) : "");
  }
  fprintf(out, " [%s]\n", word(body, "id"));
}

static char *lines_of(const char *text, size_t *n) {
  char *lines = NULL;
  size_t i;
  json_t *body = json_loads(text, 0, NULL), *entry;
  FILE *out = open_memstream(&lines, n);
  vsm_mem_need(out, sizeof *out);
  json_array_foreach(json_object_get(body, "alerts"), i, entry) {
    put_alert(out, body, entry);
  }
  fclose(out);
  json_decref(body);
  return lines;
}

static int write_all(int fd, const char *p, size_t n) {
  for (size_t at = 0; at < n;) {
    ssize_t k = write(fd, p + at, n - at);
    if (k < 0 && errno != EINTR)
      return errno;
    at += k > 0 ? (size_t)k : 0;
  }
  return 0;
}

// The file is opened for each message, so that one that was moved away is begun anew.
void vsm_channel_log(struct vsm_carrier *c, const struct vsm_receiver *to, const struct vsm_parcel *p, vsm_tried_fn *fn,
                     void *ctx) {
  (void)c;
  struct vsm_tried r = {.outcome = VSM_SENT};
  size_t n;
  char *lines = lines_of(p->body, &n);
  int fd = to->log_path ? open(to->log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640) : STDERR_FILENO;
  int err = fd < 0 ? errno : write_all(fd, lines, n);
  if (fd >= 0 && to->log_path && close(fd) != 0 && err == 0)
    err = errno;
  free(lines);
  snprintf(r.said, sizeof r.said, "%s%s%s", err ? to->log.z : "written", err ? ": " : "", err ? strerror(err) : "");
  r.outcome = err ? VSM_AGAIN : VSM_SENT;
  fn(ctx, &r);
}
