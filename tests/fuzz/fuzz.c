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
