// A report is an array of mistakes in an arena of its own, so that it outlives the configuration that was refused. A
// mistake never ends the reading: what is wrong is left out and the rest is read on, so that one run tells all. That
// one mistake may be met twice (an identifier is looked up from several places), so doubles go when it is sorted.
#include "conf/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MISTAKES_MAX = 1000 };

void vsm_conf_report_init(struct vsm_conf_report *report) {
  *report = (struct vsm_conf_report){0};
  vsm_arena_init(&report->arena, 0);
}

void vsm_conf_report_fini(struct vsm_conf_report *report) {
  vsm_arena_fini(&report->arena);
  free(report->mistakes);
  *report = (struct vsm_conf_report){0};
}

const char *vsm_conf_report_keep(struct vsm_conf_report *report, const char *text) {
  return vsm_mem_need(vsm_arena_strdup(&report->arena, text), strlen(text));
}

void vsm_conf_report_add(struct vsm_conf_report *report, const char *file, unsigned line, unsigned column,
                         const char *fmt, ...) {
  if (report->n_mistakes == MISTAKES_MAX) {
    report->dropped++;
    return;
  }
  size_t cap = report->cap_mistakes;
  report->mistakes = vsm_mem_grow(report->mistakes, report->n_mistakes, &cap, sizeof *report->mistakes);
  report->cap_mistakes = (unsigned)cap;
  va_list ap;
  va_start(ap, fmt);
  char text[1024];
  int n = vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  if (n >= (int)sizeof text)
    memcpy(text + sizeof text - 4, "...", 4);
  report->mistakes[report->n_mistakes++] =
      (struct vsm_conf_mistake){file, line, column, vsm_conf_report_keep(report, text)};
}

static int by_place(const void *pa, const void *pb) {
  const struct vsm_conf_mistake *a = pa, *b = pb;
  int c = strcmp(a->file, b->file);
  if (c == 0)
    c = (a->line > b->line) - (a->line < b->line);
  if (c == 0)
    c = (a->column > b->column) - (a->column < b->column);
  return c ? c : strcmp(a->text, b->text);
}

void vsm_conf_report_sort(struct vsm_conf_report *report) {
  if (report->n_mistakes == 0)
    return;
  qsort(report->mistakes, report->n_mistakes, sizeof *report->mistakes, by_place);
  unsigned n = 1;
  for (unsigned i = 1; i < report->n_mistakes; i++)
    if (by_place(&report->mistakes[n - 1], &report->mistakes[i]) != 0)
      report->mistakes[n++] = report->mistakes[i];
  report->n_mistakes = n;
}

void vsm_conf_report_print(const struct vsm_conf_report *report, FILE *out) {
  for (unsigned i = 0; i < report->n_mistakes; i++) {
    const struct vsm_conf_mistake *m = &report->mistakes[i];
    fprintf(out, "%s:%u:%u: %s\n", m->file, m->line, m->column, m->text);
  }
  if (report->dropped)
    fprintf(out, "and %u more mistakes\n", report->dropped);
}

const char *vsm_conf_hint(struct vsm_conf_report *report, const char *given, vsm_name_fn *name, const void *of) {
  const char *near = report->n_mistakes < MISTAKES_MAX ? vsm_name_nearest(given, name, of) : NULL;
  return near ? vsm_mem_need(vsm_arena_printf(&report->arena, "; did you mean \"%s\"? allowed:", near), strlen(near))
              : "; allowed:";
}

const char *vsm_conf_choice(struct vsm_conf_report *report, const char *given, vsm_name_fn *name, const void *of) {
  char names[512];
  const char *one;
  size_t n = 0;
  for (size_t i = 0; (one = name(of, i)) != NULL && n < sizeof names; i++)
    n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", one);
  return vsm_mem_need(vsm_arena_printf(&report->arena, "%s %s", vsm_conf_hint(report, given, name, of), names), n);
}
