// A line is put together in a buffer of its own and written with one call, so that lines of several programs on one
// terminal or pipe do not mix. Standard error is not waited for longer than the kernel does; what does not fit into
// a line is cut. Where standard error is a stream to systemd's journal, each line begins with its level as that reads
// it. The level that is set is the process's, as standard error is.
#include "shell/log.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 2048 };

static atomic_int level_set = VSM_LOG_INFO;

bool vsm_log_wants(enum vsm_log_level level) {
  return (int)level <= atomic_load_explicit(&level_set, memory_order_relaxed);
}

// The journal names its stream by device and inode, so that what was redirected since is not taken for it.
static bool to_journal(void) {
  const char *text = getenv("JOURNAL_STREAM");
  unsigned long long device, inode;
  struct stat s;
  return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &s) == 0 &&
         s.st_dev == device && s.st_ino == inode;
}

static size_t end_of(int written, size_t at) {
  size_t n = at + (written > 0 ? (size_t)written : 0);
  return n < LINE_BYTES_MAX - 1 ? n : LINE_BYTES_MAX - 2;
}

static void write_line(enum vsm_log_level level, const char *event, const char *fmt, va_list ap) {
  char line[LINE_BYTES_MAX];
  size_t n = to_journal() ? end_of(snprintf(line, sizeof line, "<%d>", (int)level), 0) : 0;
  n = end_of(snprintf(line + n, sizeof line - n, "event=%s ", event), n);
  n = end_of(vsnprintf(line + n, sizeof line - n, fmt, ap), n);
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
      line[i] = ' ';
  line[n++] = '\n';
  if (write(STDERR_FILENO, line, n) < 0)
    return; // nobody to tell
}

static void put(const char *event, const char *fmt, va_list ap) {
  enum vsm_log_level level = vsm_log_level_of(event);
  if (vsm_log_wants(level))
    write_line(level, event, fmt, ap);
}

void vsm_log(const char *event, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  put(event, fmt, ap);
  va_end(ap);
}

// Said at every level: who turned the log down sees that it was.
static void say_level(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  write_line(VSM_LOG_NOTICE, "log_level", fmt, ap);
  va_end(ap);
}

void vsm_log_signal(int signal) {
  static const char *const NAMES[] = {
      [VSM_LOG_ERROR] = "error", [VSM_LOG_WARNING] = "warning", "notice", "info", "debug"};
  int level = atomic_load(&level_set) + (signal == SIGUSR1) - (signal == SIGUSR2);
  if (level < VSM_LOG_ERROR || level > VSM_LOG_DEBUG || (signal != SIGUSR1 && signal != SIGUSR2))
    return;
  atomic_store(&level_set, level);
  say_level("level=%s", NAMES[level]);
}

static struct vsm_log_gate *gate_of(struct vsm_log_gates *gates, struct vsm_str peer, const char *event) {
  uint32_t hash = 2166136261u; // FNV-1a
  for (const char *c = event; *c; c++)
    hash = (hash ^ (uint8_t)*c) * 16777619u;
  for (size_t i = 0; i < peer.n; i++)
    hash = (hash ^ (uint8_t)peer.p[i]) * 16777619u;
  return &gates->at[hash % VSM_LOG_GATES];
}

void vsm_log_gated(struct vsm_log_gates *gates, struct vsm_str peer, const char *event, const char *fmt, ...) {
  struct vsm_log_gate *gate = gate_of(gates, peer, event);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t minute = now.tv_sec / 60;
  if (minute != gate->minute) {
    if (gate->held > 0)
      vsm_log(event, "held_back=%u", gate->held);
    *gate = (struct vsm_log_gate){.minute = minute};
  }
  if (gate->passed == VSM_LOG_BURST) {
    gate->held++;
    return;
  }
  gate->passed++;
  va_list ap;
  va_start(ap, fmt);
  put(event, fmt, ap);
  va_end(ap);
}
