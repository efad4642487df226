#undef NDEBUG
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/alert.h"
#include "tests/lib/rig.h"
#include "tests/lib/rig_save.h"

static const unsigned char mark[] = {0xff, 0xfe};

bool fuzz_piece(struct vsm_str *rest, struct vsm_str *piece) {
  if (!rest->p)
    return false;
  const char *end = rest->n ? memmem(rest->p, rest->n, mark, sizeof mark) : NULL;
  *piece = (struct vsm_str){rest->p, end ? (size_t)(end - rest->p) : rest->n};
  if (end)
    *rest = (struct vsm_str){end + sizeof mark, rest->n - piece->n - sizeof mark};
  else
    *rest = (struct vsm_str){0};
  return true;
}

const char *fuzz_file(struct vsm_str bytes) {
  static int fd = -1;
  static char path[32];
  if (fd < 0)
    fd = memfd_create("fuzz", MFD_CLOEXEC);
  assert(fd >= 0 && ftruncate(fd, 0) == 0);
  assert(pwrite(fd, bytes.n ? bytes.p : "", bytes.n, 0) == (ssize_t)bytes.n);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return path;
}

static char directory[] = "/tmp/vsmd-fuzz.XXXXXX";
static const char *const *files_in_it;

static void clean(void) {
  char path[sizeof directory + 32];
  for (const char *const *name = files_in_it; *name; name++) {
    snprintf(path, sizeof path, "%s/%s", directory, *name);
    unlink(path);
  }
  rmdir(directory);
}

const char *fuzz_directory(const char *const *files) {
  if (!files_in_it) {
    files_in_it = files;
    assert(mkdtemp(directory));
    atexit(clean);
  }
  return directory;
}

// The linker puts it in the place of the log's own: a line for each input takes longer than the input.
void __wrap_vsm_log(const char *event, const char *fmt, ...);
void __wrap_vsm_log(const char *event, const char *fmt, ...) {
  (void)event, (void)fmt;
}

static const char *const texts[FUZZ_CONFIGURATIONS] = {
    "daemon: {windows: [1m, 1h]}\n"
    "sources: [{id: crm, silent_after: 30m}]\n"
    "value_streams:\n"
    "  - id: S\n"
    "    segments: [region]\n"
    "    expected: [{name: all, within: 2h, share: 0.5, window: 1h, min_count: 1}]\n"
    "    stall_after: 1h\n"
    "    stages:\n"
    "      - {id: a, next: [b, c], fork: all, expected: {within: 10m}, wip_limit: 2}\n"
    "      - {id: b, next: [d], stage_stall_after: 20m}\n"
    "      - {id: c, next: [d], stall_after: p85 x 2}\n"
    "      - {id: d}\n"
    "  - id: T\n"
    "    stages: [{id: a}, {id: z}]\n"
    "mappings:\n"
    "  - {source: crm, type: a.*, stage: S/a, lifecycle: start, item: \"{subject}\", links: [\"o:{data.o}\"],\n"
    "     segments: {region: \"{data.r}\"}, due: \"{data.due}\"}\n"
    "  - {source: crm, type: b, stage: S/b, lifecycle: complete, item: \"o:{data.o}\"}\n"
    "  - {source: crm, type: c, stage: S/c, lifecycle: suspend, item: \"{subject}\", reason: \"{data.why}\"}\n"
    "  - {source: \"*\", type: d, stage: S/d, lifecycle: complete, item: \"{subject}\", creates: false}\n"
    "  - {source: \"*\", type: end, stream: S, lifecycle: finish, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: z, stage: T/z, lifecycle: progress, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: y, stage: T/a, lifecycle: schedule, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: no, ignore: true}\n",
    "daemon: {windows: [1m, 1h]}\n"
    "calendars: [{id: office, zone: UTC, week: [\"mon-fri 08:00-17:00\"]}]\n"
    "value_streams:\n"
    "  - id: S\n"
    "    calendar: office\n"
    "    segments: [region]\n"
    "    stages: [{id: a, stall_after: 1wd}, {id: e, was: b}, {id: d}]\n"
    "mappings:\n"
    "  - {source: crm, type: a.*, stage: S/a, lifecycle: start, item: \"{subject}\"}\n"
    "  - {source: crm, type: b, stage: S/e, lifecycle: complete, item: \"o:{data.o}\"}\n"
    "  - {source: \"*\", type: d, stage: S/d, lifecycle: complete, item: \"{subject}\"}\n",
    "daemon: {windows: [5m, 24h], items: {keep: 30d}}\n"
    "value_streams:\n"
    "  - id: S\n"
    "    expected: [{within: 1d, from: b/entered, to: d/left}]\n"
    "    stages: [{id: d}, {id: c}, {id: b, next: outcome}, {id: a}]\n"
    "  - id: U\n"
    "    stages: [{id: a}]\n"
    "mappings:\n"
    "  - {source: crm, type: a.*, stage: S/a, lifecycle: start, item: \"{subject}\", links: [\"{id}\"]}\n"
    "  - {source: crm, type: b, stage: U/a, lifecycle: complete, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: d, stage: S/d, lifecycle: complete, item: \"{subject}\"}\n"
    "  - {source: \"*\", type: end, stream: S, lifecycle: withdraw, item: \"{subject}\"}\n",
};

const struct vsm_config *fuzz_configuration(unsigned which) {
  static struct vsm_config *configs[FUZZ_CONFIGURATIONS];
  struct vsm_conf_report report;
  struct vsm_config **c = &configs[which % FUZZ_CONFIGURATIONS];
  if (*c)
    return *c;
  if (vsm_config_parse("fuzz.yaml", texts[which % FUZZ_CONFIGURATIONS], c, &report) != 0) {
    for (unsigned i = 0; i < report.n_mistakes; i++)
      fprintf(stderr, "configuration %u, line %u: %s\n", which, report.mistakes[i].line, report.mistakes[i].text);
    abort();
  }
  vsm_conf_report_fini(&report);
  return *c;
}

void fuzz_check_balances(struct vsm_core *core, const struct vsm_model *model) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  for (unsigned s = 0; s < model->n_streams; s++) {
    struct vsm_stream_view v;
    assert(vsm_core_view_stream(core, s, &arena, &v) == 0);
    if (rig_check_balances(stderr, &v) > 0)
      abort();
  }
  vsm_arena_fini(&arena);
}

// All figures, items and alerts, but for what is told as of the last look, which reading is.
static char *say(struct vsm_core *core, const struct vsm_model *model) {
  char *figures = rig_print_core(core, model), *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  struct vsm_arena arena;
  struct vsm_alert_view *rows;
  vsm_arena_init(&arena, 0);
  fputs(figures, out);
  for (int history = 0; history < 2; history++) {
    long n_rows = vsm_core_list_alerts(core, &(struct vsm_alerts_query){.kind = -1, .history = history}, &arena, &rows);
    assert(n_rows >= 0);
    for (long i = 0; i < n_rows; i++)
      fprintf(out, "alert %s state %d end %d since %lld fired %lld resolved %lld\n", rows[i].id, (int)rows[i].state,
              (int)rows[i].end, (long long)rows[i].since.us, (long long)rows[i].fired.us,
              (long long)rows[i].resolved.us);
  }
  fclose(out);
  free(figures);
  vsm_arena_fini(&arena);
  return text;
}

// Writes it and reads that; *bytes are for free().
static struct vsm_core *again(struct vsm_core *core, const struct vsm_model *model, struct vsm_str *bytes) {
  struct vsm_core *read;
  *bytes = rig_save(core);
  assert(rig_load(model, *bytes, &read) == 0);
  return read;
}

struct vsm_core *fuzz_check_saved(struct vsm_core *core, const struct vsm_model *model) {
  struct vsm_str first, second, third;
  struct vsm_core *once = again(core, model, &first), *twice = again(once, model, &second);
  char *was = say(core, model), *is = say(once, model);
  third = rig_save(twice);
  if (!vsm_str_eq(second, third) || strcmp(was, is) != 0 || vsm_core_deadline(core).us != vsm_core_deadline(once).us) {
    fprintf(stderr, "as it was, %zu bytes:\n%sread again, %zu and %zu bytes:\n%s", first.n, was, second.n, third.n, is);
    abort();
  }
  free((char *)first.p);
  free((char *)second.p);
  free((char *)third.p);
  free(was);
  free(is);
  vsm_core_destroy(core);
  vsm_core_destroy(twice);
  return once;
}
