#include "restart.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/kept.h"
#include "measure.h"
#include "sender.h"
#include "shell/recovery.h"
#include "store/journal.h"

enum { ITEMS = 1000000, BEFORE = 8000000, BEHIND = 1000000, BATCH = 100, AT_ONCE = 500000 };

struct state {
  char directory[32];
  struct vsm_journal *journal;
  struct bench_stream stream;
};

static void record(struct state *s, enum vsm_record_kind kind, const void *p, size_t n) {
  const struct vsm_record r = {
      .kind = kind, .channel = VSM_CHANNEL_SUBMIT, .received = {s->stream.now_us}, .payload = {p, n}};
  if (vsm_journal_append(s->journal, &r) < 0)
    bench_fail("the journal takes nothing");
}

static void await_committed(struct state *s) {
  vsm_journal_push(s->journal, false);
  while (vsm_journal_committed(s->journal) < vsm_journal_state(s->journal).appended) {
    if (vsm_journal_state(s->journal).health != VSM_JOURNAL_WELL)
      bench_fail("the journal cannot be written");
    usleep(1000);
  }
}

// Up to n events; while opening, until all items are open.
static size_t append(struct state *s, bool opening, size_t n) {
  size_t done = 0;
  for (size_t some = 1; some > 0 && done < n; done += some) {
    struct bench_frames frames;
    bench_frames_pack(&frames, &s->stream, opening, AT_ONCE, BATCH);
    for (size_t i = 0; i < frames.n && frames.at[i].n_events > 0; i++)
      record(s, VSM_RECORD_BATCH, frames.at[i].p, frames.at[i].n);
    some = frames.n_events;
    bench_frames_free(&frames);
    await_committed(s);
  }
  return done;
}

static void open_journal(struct state *s) {
  struct vsm_journal_why why;
  if (vsm_journal_open(s->directory, &s->journal, &why) != 0)
    bench_fail(why.text);
  vsm_journal_begin(s->journal);
}

static void fill(struct state *s) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  size_t n;
  if (vsm_config_load(VSM_SOURCE_DIR "/config/quantum-energy.yaml", &config, &report) != 0)
    bench_fail("the shipped configuration has mistakes");
  char *kept = vsm_config_keep(config, &n);
  vsm_conf_report_fini(&report);
  open_journal(s);
  record(s, VSM_RECORD_CONFIGURATION, kept, n);
  append(s, false, BEFORE - append(s, true, SIZE_MAX));
  vsm_journal_close(s->journal);
  vsm_config_destroy(config);
  free(kept);
}

// Seconds, and those of the processor.
static void start(const struct state *s, bool json, const char *name, bool from_checkpoint) {
  char row[64];
  int64_t began = bench_now_ns(), used = bench_used_ns();
  struct vsm_recovery *r = vsm_recovery_create(&(struct vsm_recovery_options){.directory = s->directory});
  int result = r ? 1 : -1;
  while (result == 1)
    result = vsm_recovery_go_on(r, VSM_SECOND_US);
  double seconds = (double)(bench_now_ns() - began) / 1e9, cpu = (double)(bench_used_ns() - used) / 1e9;
  struct vsm_recovered out = result == 0 ? vsm_recovery_take(r) : (struct vsm_recovered){0};
  if (!out.core || (out.checkpoint > 0) != from_checkpoint)
    bench_fail("nothing was recovered");
  vsm_core_destroy(out.core);
  vsm_config_destroy(out.config);
  free(out.kept);
  vsm_recovery_destroy(r);
  snprintf(row, sizeof row, "restart/seconds/%s", name);
  bench_print(json, row, seconds, "s");
  snprintf(row, sizeof row, "restart/cpu/%s", name);
  bench_print(json, row, cpu, "s");
}

static void checkpoint(const struct state *s, bool json) {
  int64_t began = bench_now_ns();
  int status = -1;
  struct rusage used;
  pid_t pid = fork();
  if (pid == 0) {
    execl(VSM_DAEMON, "vsmd", "--checkpoint", s->directory, (char *)NULL);
    _exit(127);
  }
  if (wait4(pid, &status, 0, &used) != pid || status != 0)
    bench_fail("no checkpoint was made");
  bench_print(json, "checkpoint/memory_bytes/1m", (double)used.ru_maxrss * 1024, "bytes");
  bench_print(json, "checkpoint/seconds/1m", (double)(bench_now_ns() - began) / 1e9, "s");
}

// Of all files that have this name, with nothing behind it but such characters.
static double size_of(const struct state *s, const char *name, const char *behind) {
  double bytes = 0;
  DIR *dir = opendir(s->directory);
  for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
    char path[PATH_MAX];
    struct stat st;
    size_t n = strlen(name);
    snprintf(path, sizeof path, "%s/%s", s->directory, e->d_name);
    if (strncmp(e->d_name, name, n) == 0 && strspn(e->d_name + n, behind) == strlen(e->d_name + n) &&
        stat(path, &st) == 0)
      bytes += (double)st.st_size;
  }
  closedir(dir);
  return bytes;
}

void bench_restart(bool json) {
  struct state s = {.directory = "/tmp/vsm-bench.XXXXXX"};
  if (!mkdtemp(s.directory))
    bench_fail("no temporary directory");
  bench_stream_init(&s.stream, BENCH_MIXED, ITEMS, bench_wall_us() - 3600 * INT64_C(1000000), 1);
  fill(&s);
  bench_print(json, "journal/event_bytes", size_of(&s, "journal.db", "") / s.stream.n_events, "bytes");
  start(&s, json, "journal_8m", false);
  checkpoint(&s, json);
  open_journal(&s);
  append(&s, false, BEHIND);
  vsm_journal_close(s.journal);
  start(&s, json, "checkpoint_1m", true);
  bench_print(json, "checkpoint/bytes/1m", size_of(&s, "checkpoint.", "0123456789"), "bytes");
  bench_remove(s.directory);
  bench_stream_fini(&s.stream);
}
