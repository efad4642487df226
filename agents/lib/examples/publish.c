// Publishes each line of standard input, "TYPE SUBJECT [NOTE]", as an event of the source "example", and keeps the last
// of them in a file, from which the daemon fetches what it missed: while it was away, or this program was.
//   example_publish tcp://127.0.0.1:5600 tcp://127.0.0.1:5601 example.spool
// beside, in the daemon's configuration,
//   sources: [ { id: example, connect: tcp://127.0.0.1:5600, recover: tcp://127.0.0.1:5601 } ]
// After each line it says how many there were. It ends with its input.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vsm/vsm.h>

struct lines {
  char text[256 * 1024];
  size_t n;
};

static int emit_line(struct vsm_emitter *e, char *line) {
  char *rest = line, *type = strsep(&rest, " "), *subject = strsep(&rest, " ");
  struct vsm_emitter_attribute note = {"note", rest};
  struct vsm_emitter_event event = {.type = type, .subject = subject, .data = &note, .n_data = rest ? 1 : 0};
  int err = vsm_emitter_emit(e, &event);
  printf("%llu\n", (unsigned long long)vsm_emitter_counts(e).emitted);
  fflush(stdout);
  return err;
}

// Reads what is there and emits its whole lines. 0, an error, or 1 at the end.
static int read_lines(struct vsm_emitter *e, struct lines *in) {
  ssize_t n = read(STDIN_FILENO, in->text + in->n, sizeof in->text - in->n);
  if (n <= 0)
    return 1;
  in->n += (size_t)n;
  int err = 0;
  for (char *end; err == 0 && (end = memchr(in->text, '\n', in->n)) != NULL;) {
    *end = '\0';
    err = emit_line(e, in->text);
    in->n -= (size_t)(end + 1 - in->text);
    memmove(in->text, end + 1, in->n);
  }
  return err;
}

int main(int argc, char **argv) {
  static struct lines in;
  struct vsm_emitter_options options = {.source = "example"};
  if (argc < 4) {
    fprintf(stderr, "example_publish PUBLISH RECOVER SPOOL [BATCHES]: two endpoints to bind, and a file\n");
    return 2;
  }
  options.bind = argv[1];
  options.recover = argv[2];
  options.spool_path = argv[3];
  options.publish_batches = argc > 4 ? (unsigned)atoi(argv[4]) : 0; // that may wait for a slow daemon
  struct vsm_emitter *e;
  int err = vsm_emitter_create(&options, &e);
  while (err == 0) {
    struct pollfd fds[] = {{.fd = vsm_emitter_fd(e), .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    poll(fds, 2, vsm_emitter_timeout_ms(e));
    err = vsm_emitter_process(e);
    if (err == 0 && fds[1].revents)
      err = read_lines(e, &in);
  }
  if (err < 0)
    fprintf(stderr, "%s\n", vsm_client_error(err));
  vsm_emitter_destroy(e);
  return err < 0 ? 1 : 0;
}
