// A folder as the outlet of a system that cannot emit: each file dropped there is sent whole, and put aside once all of
// it is acked. A file whose end was not acked stays, and is sent again from its beginning; what the daemon has of it by
// then it counts as repeated, so no cursor has to be kept that could be wrong. That needs every event to have a time.
// No signal is waited for: the agent may be ended at any moment.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd.h"
#include "logs.h"
#include "sender.h"

enum { AGAIN_MS = 5000, TRIES_MAX = 10000 };
static const char DONE[] = "done", REFUSED[] = "refused";

struct agent {
  const char *folder, *submit;
  bool once;
  int fd;      // of the folder, locked
  int changes; // inotify
  struct vsm_sender *sender;
};

static bool ends_with(const char *name, const char *end) {
  size_t n = strlen(name), m = strlen(end);
  return n > m && strcmp(name + n - m, end) == 0;
}

// A file in the making has another name, or one that begins with a point.
static int is_wanted(const struct dirent *d) {
  return d->d_name[0] != '.' && (ends_with(d->d_name, ".csv") || ends_with(d->d_name, ".jsonl"));
}

static int on_event(void *ctx, const struct vsm_emitter_event *event, unsigned long line) {
  struct agent *a = ctx;
  if (event->time_unix_nano == 0) {
    vsm_sender_mistake(a->sender, line, "no time: an event that may be sent again needs the one at which it happened");
    return VSM_DONE;
  }
  return vsm_sender_send(a->sender, event, line);
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  vsm_sender_mistake(((struct agent *)ctx)->sender, line, what);
}

// Into the subfolder, under its own name or, where that is taken, the next one with a number.
static bool put_aside(struct agent *a, const char *name, const char *folder) {
  char to[PATH_MAX];
  if (mkdirat(a->fd, folder, 0777) != 0 && errno != EEXIST)
    return perror(folder), false;
  for (int i = 0; i < TRIES_MAX; i++) {
    snprintf(to, sizeof to, i ? "%s/%s.%d" : "%s/%s", folder, name, i);
    if (renameat2(a->fd, name, a->fd, to, RENAME_NOREPLACE) == 0)
      return true;
    if (errno != EEXIST)
      break;
  }
  return perror(to), false;
}

// VSM_DONE: it is put aside. VSM_FAILED: it stays.
static int deliver(struct agent *a, const char *name) {
  int fd = openat(a->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
  if (!in)
    return perror(name), VSM_FAILED;
  a->sender = vsm_sender_open(a->submit, NULL, NULL, name);
  int read = VSM_FAILED;
  if (a->sender) {
    const struct vsm_log_reader reader = {on_event, on_mistake, NULL, a};
    static const struct vsm_csv_map as_named = {0};
    read = ends_with(name, ".csv") ? vsm_csv_read(in, &as_named, &reader) : vsm_jsonl_read(in, &reader);
  }
  fclose(in);
  if (!a->sender)
    return vsm_say_endpoint(a->submit, VSM_CLIENT_EINVAL), VSM_FAILED;
  bool acked = vsm_sender_await(a->sender) == VSM_DONE;
  printf("%s: ", name);
  int status = vsm_sender_close(a->sender, stdout, false);
  fflush(stdout);
  if (!acked)
    return VSM_FAILED;
  return put_aside(a, name, status == VSM_DONE && read == VSM_DONE ? DONE : REFUSED) ? VSM_DONE : VSM_FAILED;
}

// All files that are there, by name. VSM_FAILED: at least one stays.
static int deliver_all(struct agent *a) {
  struct dirent **names;
  int n = scandirat(a->fd, ".", &names, is_wanted, alphasort), status = VSM_DONE;
  if (n < 0)
    return perror(a->folder), VSM_FAILED;
  for (int i = 0; i < n; i++) {
    if (status == VSM_DONE) // in their order: a later one does not overtake
      status = deliver(a, names[i]->d_name);
    free(names[i]);
  }
  free(names);
  return status;
}

static void wait_for_change(struct agent *a, int most_ms) {
  char events[4096];
  if (poll(&(struct pollfd){.fd = a->changes, .events = POLLIN}, 1, most_ms) > 0)
    while (read(a->changes, events, sizeof events) > 0)
      continue;
}

static bool open_folder(struct agent *a) {
  a->fd = open(a->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  a->changes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (a->fd < 0 || a->changes < 0 || inotify_add_watch(a->changes, a->folder, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
    return perror(a->folder), false;
  if (flock(a->fd, LOCK_EX | LOCK_NB) == 0)
    return true;
  fprintf(stderr, "vsm: another agent follows %s\n", a->folder);
  return false;
}

static int follow(struct agent *a) {
  if (!open_folder(a))
    return VSM_FAILED;
  for (;;) {
    int status = deliver_all(a);
    if (a->once)
      return status;
    wait_for_change(a, status == VSM_DONE ? -1 : AGAIN_MS);
  }
}

int vsm_cmd_agent(int argc, char **argv) {
  struct agent a = {.submit = VSM_SUBMIT_DEFAULT};
  const struct vsm_flag flags[] = {
      {"submit", VSM_FLAG_TEXT, &a.submit, "ENDPOINT", "the daemon's submit socket (" VSM_SUBMIT_DEFAULT ")"},
      {"once", VSM_FLAG, &a.once, NULL, "ends when all that is there was sent"},
  };
  const struct vsm_usage usage = {
      "vsm agent file FOLDER [--once] [--submit ENDPOINT]",
      "Sends each file that is put into a folder: .csv with a header, as vsm replay reads it, and .jsonl, as vsm emit\n"
      "does. A file goes to FOLDER/done once the daemon has acked all of it, to FOLDER/refused where some of it could\n"
      "not be read or was refused. The agent may be ended at any moment; every event needs a time. Write a file under\n"
      "another name (or one that begins with a point) and rename it when it is whole.",
      "  vsm agent file /var/spool/orders\n  vsm agent file /var/spool/orders --once\n",
      VSM_ARRAY(flags),
      2,
      2};
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  if (strcmp(argv[1], "file") != 0) {
    fprintf(stderr, "vsm: no agent \"%s\"; there is: file\n", argv[1]);
    return VSM_WRONG_USAGE;
  }
  a.folder = argv[2];
  return follow(&a);
}
