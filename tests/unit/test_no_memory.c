// No memory, at every point: a process is split before each allocation, and in the child that one is refused. What
// follows is one of two ends. Whoever asked is told so (VSM_ENOMEM, "out of memory"), nothing has changed, and the same
// can be done again with the same outcome as if nothing had been; nothing is lost on the way. Or, where the state would
// be half-changed, the process ends with a line in the log, which a daemon recovers from as from any other end. A point
// is known by the calls that lead to it, and is tried a few times.
//
// NO_MEMORY_TRIES=0: as often as it is met. NO_MEMORY_TRACE=1: how each try ended.
#undef NDEBUG
#include <assert.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/kept.h"
#include "core/alert.h"
#include "tests/lib/daemon_rig.h"
#include "tests/lib/rig.h"
#include "tests/lib/rig_save.h"
#include "wire/batch.h"
#include "wire/recover.h"

enum { TRIES = 1, FRAMES = 24, PLACES = 1 << 16, INPUT_BYTES_MAX = 64 * 1024 };
enum { REFUSED = 10, WENT_ON = 11, LEAKED = 12 }; // how a child ends

static struct {
  bool on;       // allocations are tried
  bool child;    // one was refused here
  int log;       // what children say
  unsigned most; // tries of one place; 0: no bound
  unsigned tried, refused, went_on, ended;
  uint64_t refusals; // of a child: how often it was told so
  bool trace;
} run;

// ---- places

static struct place {
  uint64_t hash;
  unsigned tries;
} places[PLACES];

static struct place *place_of(void) {
  void *frames[FRAMES];
  int n = backtrace(frames, FRAMES);
  uint64_t hash = 14695981039346656037u; // FNV-1a
  for (int i = 2; i < n; i++)
    hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211u;
  size_t at = hash % PLACES;
  while (places[at].hash && places[at].hash != hash)
    at = (at + 1) % PLACES;
  places[at].hash = hash;
  return &places[at];
}

// ---- children

static void say_stack(void) {
  void *frames[FRAMES];
  int n = backtrace(frames, FRAMES);
  backtrace_symbols_fd(frames + 2, n - 2, STDERR_FILENO);
}

static void fail(const char *what, int status, const char *said) {
  fprintf(stderr, "after a refusal here: %s (status %x)\n%s", what, (unsigned)status, said);
  say_stack();
  exit(1);
}

static void judge(pid_t pid) {
  char said[8192];
  int status;
  assert(waitpid(pid, &status, 0) == pid);
  ssize_t n = pread(run.log, said, sizeof said - 1, 0);
  said[n > 0 ? n : 0] = '\0';
  run.tried++;
  bool clear_end = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strncmp(said, "event=out_of_memory ", 20) == 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED)
    run.refused++;
  else if (WIFEXITED(status) && WEXITSTATUS(status) == WENT_ON)
    run.went_on++;
  else if (clear_end && strchr(said, '\n') == said + n - 1)
    run.ended++;
  else
    fail("neither a clean refusal nor the one clear end", status, said);
  if (run.trace) {
    fprintf(stderr, "%s", clear_end ? "end\n" : WEXITSTATUS(status) == REFUSED ? "refusal\n" : "goes on\n");
    say_stack();
  }
}

static bool refuse(void) {
  if (!run.on)
    return false;
  run.on = false; // what follows may allocate
  struct place *p = place_of();
  bool child = false;
  if (run.most == 0 || p->tries < run.most) {
    p->tries++;
    assert(ftruncate(run.log, 0) == 0);
    fflush(NULL);
    pid_t pid = fork();
    assert(pid >= 0);
    child = pid == 0;
    if (pid > 0)
      judge(pid);
  }
  if (child) {
    dup2(run.log, STDERR_FILENO);
    lseek(STDERR_FILENO, 0, SEEK_SET);
    run.child = true;
  } else {
    run.on = true;
  }
  return child;
}

// In the place of the C library's, by the linker.
#define WRAP(type, name, parameters, arguments)                                                                        \
  type __real_##name parameters;                                                                                       \
  type __wrap_##name parameters;                                                                                       \
  type __wrap_##name parameters {                                                                                      \
    return refuse() ? NULL : __real_##name arguments;                                                                  \
  }
WRAP(void *, malloc, (size_t n), (n))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t n), (p, n))
WRAP(void *, aligned_alloc, (size_t line, size_t n), (line, n))
WRAP(char *, strdup, (const char *z), (z))
WRAP(char *, strndup, (const char *z, size_t n), (z, n))
WRAP(FILE *, open_memstream, (char **p, size_t *n), (p, n))
// An arena asks for memory now and then; each of its callers must do with none.
WRAP(void *, vsm_arena_alloc, (struct vsm_arena * a, size_t n), (a, n))
WRAP(void *, vsm_arena_zalloc, (struct vsm_arena * a, size_t n), (a, n))
WRAP(char *, vsm_arena_strndup, (struct vsm_arena * a, const char *p, size_t n), (a, p, n))
WRAP(char *, vsm_arena_strdup, (struct vsm_arena * a, const char *z), (a, z))

char *__wrap_vsm_arena_printf(struct vsm_arena *a, const char *fmt, ...);
char *__wrap_vsm_arena_printf(struct vsm_arena *a, const char *fmt, ...) {
  char text[4096]; // none of those here is longer
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  assert(n >= 0 && (size_t)n < sizeof text);
  return vsm_arena_strdup(a, text);
}

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

// Told so: only a child that was refused something may be.
static bool told(int err) {
  assert(err == 0 || err == VSM_ENOMEM);
  assert(err == 0 || run.child);
  run.refusals += err != 0;
  return err != 0;
}

// Everything was given back. The parent goes on.
static void finish(void) {
  run.on = false;
  if (!run.child)
    return;
  if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check() != 0)
    exit(LEAKED);
  exit(run.refusals ? REFUSED : WENT_ON);
}

// ---- decode

static struct vsm_str input(const char *name) {
  static char bytes[INPUT_BYTES_MAX];
  char path[512];
  snprintf(path, sizeof path, "%s/%s", VSM_SEEDS, name);
  FILE *f = fopen(path, "r");
  assert(f);
  size_t n = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  return (struct vsm_str){bytes, n};
}

static void try_decode(void) {
  struct vsm_str frame = input("decode/batch");
  struct vsm_arena arena;
  struct vsm_batch batch;
  vsm_arena_init(&arena, VSM_BATCH_ARENA_BYTES);
  run.on = true;
  while (told(vsm_wire_decode_batch(frame, (struct vsm_time){7}, &arena, &batch)))
    vsm_arena_reset(&arena);
  run.on = false;
  assert(batch.refused == VSM_R_NONE && batch.n_events > 0 && batch.events[0].refused == VSM_R_NONE);
  vsm_arena_fini(&arena);
  finish();
}

// ---- configuration

static char *printed(const struct vsm_config *c) {
  char *text = NULL;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  vsm_config_print(c, out);
  fclose(out);
  return text;
}

static void check_same(const struct vsm_config *c, const char *expected) {
  char *text = printed(c);
  assert(strcmp(text, expected) == 0);
  free(text);
}

// As it is read from its file, as the journal keeps it, and as that is read.
static void try_configuration(void) {
  struct vsm_config *c = NULL, *same = NULL;
  struct vsm_conf_report report;
  assert(vsm_config_load(VSM_EVERYTHING, &c, &report) == 0);
  vsm_conf_report_fini(&report);
  char *expected = printed(c), *kept;
  size_t n;
  vsm_config_destroy(c);
  run.on = true;
  bool again = told(vsm_config_load(VSM_EVERYTHING, &c, &report));
  vsm_conf_report_fini(&report);
  assert(!again); // whoever reads a configuration ends, rather than take it for one with mistakes
  while (!(kept = vsm_config_keep(c, &n)))
    told(VSM_ENOMEM);
  again = told(vsm_config_parse_kept((struct vsm_str){kept, n}, &same, &report));
  vsm_conf_report_fini(&report);
  run.on = false;
  assert(!again);
  check_same(c, expected);
  vsm_config_destroy(same);
  vsm_config_destroy(c);
  free(kept);
  free(expected);
  finish();
}

// ---- core, and all that is asked of it

static char *said_at_the_end(struct daemon_rig *d) {
  char *figures = rig_print_core(d->q.core, d->q.model), *text = NULL;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  struct vsm_ingest_view v = vsm_core_ingest(d->q.core);
  fputs(figures, out);
  fprintf(out, "received %llu applied %llu duplicates %llu rejected %llu\n", (unsigned long long)v.received,
          (unsigned long long)v.applied, (unsigned long long)v.duplicates, (unsigned long long)v.rejected);
  fclose(out);
  free(figures);
  return text;
}

// All of the input. expected: what is said at the end; NULL: nothing is tried, and it is returned.
static char *take_all(struct vsm_str bytes, const char *expected) {
  struct daemon_rig d;
  struct vsm_str rest = bytes, piece;
  daemon_rig_init(&d);
  run.on = expected != NULL;
  while (daemon_rig_piece(&rest, &piece))
    while (told(daemon_rig_take(&d, piece)))
      continue;
  run.on = false;
  char *said = said_at_the_end(&d);
  if (expected && strcmp(said, expected) != 0) {
    fprintf(stderr, "it says something else:\n%s--- than without:\n%s", said, expected);
    abort();
  }
  daemon_rig_fini(&d);
  if (!expected)
    return said;
  free(said);
  finish();
  return NULL;
}

static void try_core(const char *name) {
  struct vsm_str bytes = input(name);
  char *expected = take_all(bytes, NULL);
  take_all(bytes, expected);
  free(expected);
}

static void try_create(void) {
  const struct vsm_model *model = &daemon_rig_configuration(0)->model;
  struct vsm_core *core;
  run.on = true;
  while (!(core = vsm_core_create(model)))
    told(VSM_ENOMEM);
  run.on = false;
  vsm_core_destroy(core);
  finish();
}

// ----

static void report_and_clear(const char *what) {
  printf("%s: %u refused: %u told so, %u ended, %u went on\n", what, run.tried, run.refused, run.ended, run.went_on);
  fflush(stdout);
  assert(run.tried > 0);
  run.tried = run.refused = run.went_on = run.ended = 0;
}

int main(void) {
  static const char *const inputs[] = {"daemon/life",           "daemon/questions", "daemon/orders",
                                       "daemon/configurations", "daemon/numbers",   "daemon/pages"};
  const char *tries = getenv("NO_MEMORY_TRIES");
  void *frame;
  backtrace(&frame, 1); // what it needs is there from now on
  run.most = tries ? (unsigned)atoi(tries) : TRIES;
  run.trace = getenv("NO_MEMORY_TRACE") != NULL;
  run.log = memfd_create("log", MFD_CLOEXEC);
  for (unsigned i = 0; i < DAEMON_RIG_CONFIGURATIONS; i++)
    daemon_rig_configuration(i);
  try_decode();
  assert(run.refused > 0 && run.ended == 0);
  report_and_clear("decode");
  try_configuration();
  report_and_clear("configuration");
  try_create();
  report_and_clear("create");
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
    try_core(inputs[i]);
    report_and_clear(inputs[i]);
  }
  return 0;
}
