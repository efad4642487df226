// Mistakes, collected as they are found; and the nearest known name for one that is not known.
#pragma once
#include <stddef.h>

#include "base/name.h"
#include "conf/conf.h"

void vsm_conf_report_init(struct vsm_conf_report *report);
// A copy that lives as long as the report: of a file's name, which mistakes then borrow.
const char *vsm_conf_report_keep(struct vsm_conf_report *report, const char *text);
// `file` is borrowed, the text copied.
void vsm_conf_report_add(struct vsm_conf_report *report, const char *file, unsigned line, unsigned column,
                         const char *fmt, ...) __attribute__((format(printf, 5, 6)));
// By file, line and column, each mistake once.
void vsm_conf_report_sort(struct vsm_conf_report *report);

// For a vsm_name_fn: an id that was refused is no name, but not the end either.
static inline const char *vsm_conf_or_empty(const char *name) {
  return name ? name : "";
}

// `; did you mean "NAME"? allowed:`, or `; allowed:` where no name is near. Lives as long as the report; not looked for
// once that is full.
const char *vsm_conf_hint(struct vsm_conf_report *report, const char *given, vsm_name_fn *name, const void *of);
// The same, with all names behind it: few, and known when the program is built.
const char *vsm_conf_choice(struct vsm_conf_report *report, const char *given, vsm_name_fn *name, const void *of);
