#include "agents/notify/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agents/vsm/text.h"
#include "base/mem.h"

extern char **environ;

struct vsm_child {
  pid_t pid;          // 0: it could not be started
  int alive, in, out; // descriptors: it lives; its input; its output. -1: closed
  char *body;         // owned
  size_t n, at;       // what of it was written
  int64_t until_us;   // by the clock that does not jump
  bool late;          // it was killed for that
  char said[200], why[160];
  size_t n_said;
  vsm_tried_fn *fn;
  void *ctx;
  struct vsm_child *next;
};

static void close_fd(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

// --- start

static char **arguments(const struct vsm_conf_words *run) {
  char **argv = vsm_mem_alloc((run->n + 1) * sizeof *argv);
  for (unsigned i = 0; i < run->n; i++)
    argv[i] = (char *)run->at[i].z;
  return argv;
}

// Ours, and VSM_DELIVERY.
static char **environment(char *delivery) {
  size_t n = 0;
  while (environ[n])
    n++;
  char **env = vsm_mem_alloc((n + 2) * sizeof *env);
  memcpy(env, environ, n * sizeof *env);
  env[n] = delivery;
  return env;
}

// posix_spawn() itself asks no shell where a file is no program.
static int spawn(struct vsm_child *c, const struct vsm_command_settings *s, char *delivery, int in, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, pipes;
  char **argv = arguments(&s->run), **env = environment(delivery);
  sigemptyset(&none);
  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipes);
  int err = posix_spawn(&c->pid, argv[0], &actions, &attributes, argv, env);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  free(argv);
  free(env);
  return err;
}

static int start(struct vsm_child *c, const struct vsm_command_settings *s, const char *delivery) {
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  char variable[80];
  snprintf(variable, sizeof variable, "VSM_DELIVERY=%s", delivery);
  int err = pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ? errno : spawn(c, s, variable, in[0], out[1]);
  close_fd(&in[0]);
  close_fd(&out[1]);
  c->in = in[1];
  c->out = out[0];
  if (err)
    return c->pid = 0, err;
  fcntl(c->in, F_SETFL, O_NONBLOCK);
  fcntl(c->out, F_SETFL, O_NONBLOCK);
  c->alive = pidfd_open(c->pid, 0);
  return 0;
}

void vsm_child_begin(struct vsm_child **all, const struct vsm_command_settings *s, const char *delivery,
                     const char *body, int64_t mono_us, vsm_tried_fn *fn, void *ctx) {
  struct vsm_child *c = vsm_mem_alloc(sizeof *c);
  *c = (struct vsm_child){.alive = -1,
                          .in = -1,
                          .out = -1,
                          .body = vsm_mem_copy(vsm_str_of(body)),
                          .n = strlen(body),
                          .until_us = mono_us + s->timeout.us,
                          .fn = fn,
                          .ctx = ctx,
                          .next = *all};
  *all = c;
  int err = start(c, s, delivery);
  if (err)
    snprintf(c->why, sizeof c->why, "%s: %s", s->run.at[0].z, strerror(err));
}

// --- what goes on

static void write_some(struct vsm_child *c) {
  while (c->in >= 0 && c->at < c->n) {
    ssize_t n = write(c->in, c->body + c->at, c->n - c->at);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n < 0)
      break; // it reads no more
    c->at += (size_t)n;
  }
  close_fd(&c->in);
}

static void read_some(struct vsm_child *c) {
  char buf[1024];
  ssize_t n = -1;
  while (c->out >= 0 && (n = read(c->out, buf, sizeof buf)) > 0)
    for (ssize_t i = 0; i < n && c->n_said + 1 < sizeof c->said; i++)
      c->said[c->n_said++] = buf[i];
  if (c->out >= 0 && (n == 0 || (errno != EAGAIN && errno != EINTR)))
    close_fd(&c->out);
}

static void free_child(struct vsm_child *c) {
  close_fd(&c->in);
  close_fd(&c->out);
  close_fd(&c->alive);
  free(c->body);
  free(c);
}

static void finish(struct vsm_child **link, int status) {
  struct vsm_child *c = *link;
  struct vsm_tried r = {.outcome = VSM_AGAIN};
  char said[sizeof c->said];
  read_some(c);
  vsm_text_plain(c->said, said, sizeof said);
  if (c->pid == 0)
    snprintf(r.said, sizeof r.said, "%s", c->why);
  else if (c->late)
    snprintf(r.said, sizeof r.said, "not done within its timeout, and killed");
  else if (WIFSIGNALED(status))
    snprintf(r.said, sizeof r.said, "ended by signal %d%s%s", WTERMSIG(status), *said ? ": " : "", said);
  else
    snprintf(r.said, sizeof r.said, "exit status %d%s%s", WEXITSTATUS(status), *said ? ": " : "", said);
  if (c->pid && !c->late && WIFEXITED(status) && WEXITSTATUS(status) == 0)
    r.outcome = VSM_SENT;
  *link = c->next;
  vsm_tried_fn *fn = c->fn;
  void *ctx = c->ctx;
  free_child(c);
  fn(ctx, &r);
}

void vsm_child_turn(struct vsm_child **all, int64_t mono_us) {
  for (struct vsm_child **link = all; *link;) {
    struct vsm_child *c = *link;
    int status = 0;
    write_some(c);
    read_some(c);
    if (c->pid && !c->late && mono_us >= c->until_us) {
      c->late = true;
      kill(-c->pid, SIGKILL);
    }
    if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) == c->pid)
      finish(link, status);
    else
      link = &c->next;
  }
}

unsigned vsm_child_fds(const struct vsm_child *c, struct curl_waitfd *fds, unsigned room) {
  unsigned n = 0;
  for (; c && n + 3 <= room; c = c->next) {
    if (c->in >= 0)
      fds[n++] = (struct curl_waitfd){.fd = c->in, .events = CURL_WAIT_POLLOUT};
    if (c->out >= 0)
      fds[n++] = (struct curl_waitfd){.fd = c->out, .events = CURL_WAIT_POLLIN};
    if (c->alive >= 0)
      fds[n++] = (struct curl_waitfd){.fd = c->alive, .events = CURL_WAIT_POLLIN};
  }
  return n;
}

int64_t vsm_child_due(const struct vsm_child *c) {
  int64_t due_us = INT64_MAX;
  for (; c; c = c->next)
    if (c->pid == 0)
      return 0;
    else if (!c->late && c->until_us < due_us)
      due_us = c->until_us;
  return due_us;
}

void vsm_child_kill_all(struct vsm_child **all) {
  while (*all) {
    struct vsm_child *c = *all;
    *all = c->next;
    if (c->pid) {
      kill(-c->pid, SIGKILL);
      waitpid(c->pid, NULL, 0);
    }
    free_child(c);
  }
}
