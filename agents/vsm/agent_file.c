// A folder as the outlet of a system that cannot emit: each file dropped there is sent whole, and put aside once all of
// it is acked. A file whose end was not acked stays, and is sent again from its beginning; what the daemon has of it by
// then it counts as repeated, so no cursor has to be kept that could be wrong. That needs every event to have a time.
// So does one that was changed, or replaced under its name, while it was sent: what was read of it is not all of it.
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd.h"
#include "logs.h"

enum { TRIES_MAX = 10000, CHANGED = -1 };
static const char DONE[] = "done", REFUSED[] = "refused";

struct agent {
  const char *folder;
  int fd;      // of the folder, locked
  int changes; // inotify
  struct vsm_agent_out out;
};

// A file in the making has another name, or one that begins with a point.
static int is_wanted(const struct dirent *d) {
  return d->d_name[0] != '.' && (vsm_text_ends(d->d_name, ".csv") || vsm_text_ends(d->d_name, ".jsonl"));
}

static int on_event(void *ctx, const struct vsm_emitter_event *event, unsigned long line) {
  return vsm_agent_out_take(&((struct agent *)ctx)->out, event, line);
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  vsm_sender_mistake(((struct agent *)ctx)->out.sender, line, what);
}

static int read_file(struct agent *a, FILE *in, const char *name) {
  const struct vsm_log_reader reader = {on_event, on_mistake, NULL, a};
  static const struct vsm_csv_map as_named = {0};
  if (vsm_text_ends(name, ".csv"))
    return vsm_csv_read(in, a->out.map ? NULL : &as_named, &reader);
  return vsm_jsonl_read(in, a->out.map ? vsm_json_record_read : vsm_cloudevent_read, &reader);
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

static bool is_same(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
         a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

// What was sent of it was read from a file that was like this.
static int let_go(struct agent *a, const char *name, const char *folder, const struct stat *read) {
  struct stat now;
  if (fstatat(a->fd, name, &now, AT_SYMLINK_NOFOLLOW) != 0)
    return perror(name), VSM_FAILED;
  if (is_same(read, &now))
    return put_aside(a, name, folder) ? VSM_DONE : VSM_FAILED;
  fprintf(stderr, "%s: was changed while it was sent; it is sent again\n", name);
  return CHANGED;
}

static int send_file(struct agent *a, const char *name, FILE *in, const struct stat *opened) {
  if (vsm_agent_out_open(&a->out, name) != VSM_DONE)
    return VSM_FAILED;
  int read = read_file(a, in, name);
  bool acked = vsm_agent_out_await(&a->out) == VSM_DONE;
  int status = vsm_agent_out_close(&a->out);
  if (!acked)
    return VSM_FAILED;
  return let_go(a, name, status == VSM_DONE && read == VSM_DONE ? DONE : REFUSED, opened);
}

// VSM_DONE: it is put aside. VSM_FAILED, CHANGED: it stays. Open until then, so that no other has its inode.
static int deliver(struct agent *a, const char *name) {
  struct stat opened;
  int fd = openat(a->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
  if (!in)
    return perror(name), VSM_FAILED;
  int status = fstat(fd, &opened) == 0 ? send_file(a, name, in, &opened) : (perror(name), VSM_FAILED);
  fclose(in);
  return status;
}

// All files that are there, by name. VSM_FAILED, CHANGED: at least one stays.
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
  return vsm_agent_alone(a->fd, a->folder);
}

static int follow(struct agent *a) {
  if (!open_folder(a))
    return VSM_FAILED;
  for (;;) {
    int status = deliver_all(a);
    if (a->out.call->once && status != CHANGED)
      return status;
    wait_for_change(a, status == VSM_DONE ? -1 : VSM_AGENT_AGAIN_MS);
  }
}

int vsm_agent_file(const struct vsm_agent_call *call) {
  struct agent a = {.folder = call->what};
  struct vsm_record_map map = {0};
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  vsm_agent_out_init(&a.out, call, call->map ? &map : NULL);
  int status = call->map ? vsm_record_load(call->map, &VSM_RECORD_FILE, &map, &map, &arena) : VSM_DONE;
  if (status == VSM_DONE)
    status = follow(&a);
  vsm_agent_out_fini(&a.out);
  vsm_arena_fini(&arena);
  return status;
}
