// The command, and what its agents share. No signal is waited for: an agent may be ended at any moment, as what it sent
// twice is counted once.
#include "agent.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cmd.h"
#include "now.h"

enum { AGAIN_FIRST_MS = 500 }; // of a connection, and twice as long each time

static const struct {
  const char *name;
  vsm_agent_fn *run;
} agents[] = {{"file", vsm_agent_file}, {"sql", vsm_agent_sql}, {"mqtt", vsm_agent_mqtt}};

// --- where records go

void vsm_agent_out_init(struct vsm_agent_out *o, const struct vsm_agent_call *call, const struct vsm_record_map *map) {
  *o = (struct vsm_agent_out){.call = call, .map = map};
  vsm_arena_init(&o->record, 0);
}

void vsm_agent_out_fini(struct vsm_agent_out *o) {
  vsm_agent_out_close(o);
  vsm_arena_fini(&o->record);
}

int vsm_agent_out_open(struct vsm_agent_out *o, const char *name) {
  if (!o->sender) {
    o->name = name;
    o->sender = vsm_sender_open(o->call->submit, NULL, NULL, name);
  }
  if (o->sender)
    return VSM_DONE;
  vsm_say_endpoint(o->call->submit, VSM_CLIENT_EINVAL);
  return VSM_FAILED;
}

int vsm_agent_out_close(struct vsm_agent_out *o) {
  if (!o->sender)
    return VSM_DONE;
  printf("%s: ", o->name);
  int status = vsm_sender_close(o->sender, stdout, false);
  fflush(stdout);
  o->sender = NULL;
  return status;
}

int vsm_agent_out_take(struct vsm_agent_out *o, const struct vsm_emitter_event *record, unsigned long line) {
  struct vsm_emitter_event event = *record;
  char why[200];
  vsm_arena_reset(&o->record);
  if (o->map && !vsm_record_event(o->map, record, &o->record, &event, why, sizeof why))
    return vsm_sender_mistake(o->sender, line, why), VSM_DONE;
  if (event.time_unix_nano != 0)
    return vsm_sender_send(o->sender, &event, line);
  vsm_sender_mistake(o->sender, line, "no time: an event that may be sent again needs the one at which it happened");
  return VSM_DONE;
}

int vsm_agent_out_await(struct vsm_agent_out *o) {
  int status = vsm_sender_await(o->sender);
  if (status != VSM_DONE || vsm_sender_refused(o->sender, "not_allowed") == 0)
    return status;
  fprintf(stderr, "%s: the daemon does not let this key speak for the source; what was refused stays where it is\n",
          o->name);
  return VSM_FAILED;
}

bool vsm_agent_alone(int fd, const char *path) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0)
    return true;
  fprintf(stderr, "vsm: another agent follows %s\n", path);
  return false;
}

// --- a source that is connected to

static int connect_again(const struct vsm_agent_call *call, const struct vsm_agent_source *source,
                         struct vsm_agent_out *out) {
  for (int wait_ms = AGAIN_FIRST_MS;; wait_ms = wait_ms * 2 < VSM_AGENT_AGAIN_MS ? wait_ms * 2 : VSM_AGENT_AGAIN_MS) {
    int64_t begun_us = vsm_now_us();
    int status = source->follow(source->ctx, out);
    if (vsm_agent_out_close(out) != VSM_DONE && status == VSM_DONE)
      status = VSM_FAILED;
    if (status == VSM_AGENT_GIVE_UP || call->once)
      return status == VSM_DONE ? VSM_DONE : VSM_FAILED;
    if (vsm_now_us() - begun_us > VSM_AGENT_AGAIN_MS * INT64_C(1000))
      wait_ms = AGAIN_FIRST_MS;
    poll(NULL, 0, wait_ms);
  }
}

int vsm_agent_follow(const struct vsm_agent_call *call, const struct vsm_agent_source *source) {
  struct vsm_arena arena;
  struct vsm_agent_out out;
  int fd = open(call->what, O_RDONLY | O_CLOEXEC); // where there is none, the reader says so
  if (fd >= 0 && !vsm_agent_alone(fd, call->what))
    return close(fd), VSM_FAILED;
  vsm_arena_init(&arena, 0);
  vsm_agent_out_init(&out, call, source->map);
  int status = vsm_record_load(call->what, source->file, source->settings, source->map, &arena);
  if (status == VSM_DONE && source->begin)
    status = source->begin(source->ctx, &(struct vsm_conf_reader){.arena = &arena, .file = call->what});
  if (status == VSM_DONE)
    status = connect_again(call, source, &out);
  vsm_agent_out_fini(&out);
  vsm_arena_fini(&arena);
  if (fd >= 0)
    close(fd);
  return status;
}

// --- the command

static int run(const char *name, const struct vsm_agent_call *call) {
  for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
    if (strcmp(agents[i].name, name) == 0)
      return agents[i].run(call);
  fprintf(stderr, "vsm: no agent \"%s\"; there are:", name);
  for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
    fprintf(stderr, "%s %s", i ? "," : "", agents[i].name);
  fputc('\n', stderr);
  return VSM_WRONG_USAGE;
}

int vsm_cmd_agent(int argc, char **argv) {
  struct vsm_agent_call call = {.submit = VSM_SUBMIT_DEFAULT};
  const struct vsm_flag flags[] = {
      {"submit", VSM_FLAG_TEXT, &call.submit, "ENDPOINT", "the daemon's submit socket (" VSM_SUBMIT_DEFAULT ")"},
      {"map", VSM_FLAG_TEXT, &call.map, "FILE", "file: how lines of any other form become events"},
      {"once", VSM_FLAG, &call.once, NULL, "ends when all that is there was sent"},
  };
  const struct vsm_usage usage = {
      "vsm agent file FOLDER [--map FILE] | sql FILE | mqtt FILE [--once] [--submit ENDPOINT]",
      "Speaks for a system that cannot emit, and lets go of what it read there once the daemon has acked it. It may "
      "be\n"
      "ended at any moment; every event needs a time. docs/emitting.md has the files' keys.\n\n"
      "file: each file that is put into a folder: .csv with a header, as vsm replay reads it, and .jsonl, as vsm emit\n"
      "does; with --map, any columns or members. It goes to FOLDER/done, or to FOLDER/refused where some of it could\n"
      "not be read or was refused. Write a file under another name (or one that begins with a point) and rename it\n"
      "when it is whole.\n\n"
      "sql: the rows of an outbox table of PostgreSQL; mqtt: the messages of topics of an MQTT broker. FILE says "
      "which,\n"
      "and how each becomes an event.",
      "  vsm agent file /var/spool/orders\n"
      "  vsm agent file /var/spool/orders --map orders.yaml --once\n"
      "  vsm agent sql /etc/vsm/orders.yaml\n"
      "  vsm agent mqtt /etc/vsm/plant.yaml --once\n",
      VSM_ARRAY(flags),
      2,
      2};
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  if (call.map && strcmp(argv[1], "file") != 0) {
    fprintf(stderr, "vsm: --map is of vsm agent file alone; for another the file that describes it says it all\n");
    return VSM_WRONG_USAGE;
  }
  call.what = argv[2];
  return run(argv[1], &call);
}
