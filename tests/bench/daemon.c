#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "receivers.h"

enum { PORTS = 4, START_MS = 10000 };

static int connect_to(int port) {
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int err = connect(fd, (struct sockaddr *)&a, sizeof a);
  close(fd);
  return err;
}

// Ports that are free now, all different.
static void find_ports(int ports[PORTS]) {
  int fds[PORTS];
  for (int i = 0; i < PORTS; i++) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    fds[i] = socket(AF_INET, SOCK_STREAM, 0);
    if (fds[i] < 0 || bind(fds[i], (struct sockaddr *)&a, n) != 0 ||
        getsockname(fds[i], (struct sockaddr *)&a, &n) != 0)
      bench_fail("no free port");
    ports[i] = ntohs(a.sin_port);
  }
  for (int i = 0; i < PORTS; i++)
    close(fds[i]);
}

// What comes behind this line of the shipped configuration.
static void write_beside(FILE *out, const char *line, const struct bench_daemon_options *o) {
  bool daemon = strcmp(line, "daemon:\n") == 0;
  if (daemon && o->state)
    fputs("  state: state\n", out);
  if (daemon && o->keys)
    fputs("  curve: { key: vsmd.key, clients: clients.yaml }\n", out);
  if (daemon && o->journal_max)
    fprintf(out, "  journal: { max: %s }\n", o->journal_max);
  if (o->streams && strcmp(line, "value_streams:\n") == 0)
    fputs(o->streams, out);
  if (o->mappings && strcmp(line, "mappings:\n") == 0)
    fputs(o->mappings, out);
}

// The shipped configuration, its four ports (5570 to 5573) replaced.
static void write_config(const char *directory, const int ports[PORTS], const struct bench_daemon_options *o) {
  char path[PATH_MAX], line[4096];
  snprintf(path, sizeof path, "%s/value-stream-diagrams.md", directory);
  if (symlink(VSM_SOURCE_DIR "/config/value-stream-diagrams.md", path) != 0)
    bench_fail("cannot link the diagram");
  snprintf(path, sizeof path, "%s/vsmd.yaml", directory);
  FILE *in = fopen(VSM_SOURCE_DIR "/config/quantum-energy.yaml", "r"), *out = fopen(path, "w");
  if (!in || !out)
    bench_fail("cannot copy the configuration");
  while (fgets(line, sizeof line, in)) {
    char *port = strstr(line, "127.0.0.1:557");
    if (port && port[13] >= '0' && port[13] < '0' + PORTS)
      fprintf(out, "%.*s%d%s", (int)(port + 10 - line), line, ports[port[13] - '0'], port + 14);
    else
      fputs(line, out);
    write_beside(out, line, o);
  }
  fclose(in);
  fclose(out);
}

static FILE *create(const char *directory, const char *name) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *out = fopen(path, "w");
  if (!out)
    bench_fail("cannot write the keys");
  return out;
}

static void write_keys(const char *directory, const struct bench_keys *k) {
  FILE *key = create(directory, "vsmd.key"), *clients = create(directory, "clients.yaml");
  fprintf(key, "public_key: \"%s\"\nsecret_key: \"%s\"\n", k->server, k->server_secret);
  fprintf(clients, "- { name: bench, public_key: \"%s\", roles: [emit, watch, control] }\n", k->client);
  fclose(key);
  fclose(clients);
}

static void run(const char *directory, bool anywhere) {
  char config[PATH_MAX], log[PATH_MAX];
  snprintf(config, sizeof config, "%s/vsmd.yaml", directory);
  snprintf(log, sizeof log, "%s/log", directory);
  int fd = open(log, O_CREAT | O_WRONLY, 0600);
  dup2(fd, STDERR_FILENO);
  dup2(fd, STDOUT_FILENO);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!anywhere)
    bench_pin(1);
  execl(VSM_DAEMON, "vsmd", "--config", config, (char *)NULL);
  _exit(127);
}

void bench_daemon_start(struct bench_receiver *r, const struct bench_daemon_options *o) {
  int ports[PORTS];
  *r = (struct bench_receiver){.directory = "/tmp/vsm-bench.XXXXXX"};
  if (!mkdtemp(r->directory))
    bench_fail("no temporary directory");
  find_ports(ports);
  write_config(r->directory, ports, o);
  if (o->keys)
    write_keys(r->directory, o->keys);
  snprintf(r->endpoint, sizeof r->endpoint, "tcp://127.0.0.1:%d", ports[1]);
  snprintf(r->publish, sizeof r->publish, "tcp://127.0.0.1:%d", ports[2]);
  r->pid = fork();
  if (r->pid == 0)
    run(r->directory, o->anywhere);
  int64_t until = bench_now_ns() + START_MS * INT64_C(1000000);
  while (connect_to(ports[1]) != 0) {
    if (bench_now_ns() > until || waitpid(r->pid, NULL, WNOHANG) != 0) {
      fprintf(stderr, "bench: the daemon did not start; %s/log says why\n", r->directory);
      exit(1);
    }
    usleep(1000);
  }
}

void bench_receiver_stop(struct bench_receiver *r) {
  kill(r->pid, r->directory[0] ? SIGTERM : SIGKILL);
  waitpid(r->pid, NULL, 0);
  if (r->directory[0])
    bench_remove(r->directory);
}
