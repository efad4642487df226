#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/number.h"
#include "base/name.h"
#include "cmd.h"

struct names {
  const char *const *at;
  size_t n;
};

static const char *name_at(const void *of, size_t i) {
  const struct names *names = of;
  return i < names->n ? names->at[i] : NULL;
}

const char *vsm_nearest(const char *name, const char *const *names, size_t n) {
  return vsm_name_nearest(name, name_at, &(struct names){names, n});
}

static void help(const struct vsm_usage *u) {
  printf("usage: %s\n\n%s\n", u->line, u->text);
  if (u->n_flags > 0)
    putchar('\n');
  for (size_t i = 0; i < u->n_flags; i++) {
    char left[48];
    snprintf(left, sizeof left, "--%s%s%s", u->flags[i].name, u->flags[i].value ? " " : "",
             u->flags[i].value ? u->flags[i].value : "");
    printf("  %-22s %s\n", left, u->flags[i].help);
  }
  printf("\nexamples:\n%s", u->examples);
}

static int wrong(const struct vsm_usage *u, const char *what, const char *name, const char *hint) {
  fprintf(stderr, "vsm: %s%s%s%s%s\nusage: %s\n", what, name, hint ? "; do you mean --" : "", hint ? hint : "",
          hint ? "?" : "", u->line);
  return VSM_WRONG_USAGE;
}

static const struct vsm_flag *find(const struct vsm_usage *u, const char *name, size_t n) {
  for (size_t i = 0; i < u->n_flags; i++)
    if (strlen(u->flags[i].name) == n && strncmp(u->flags[i].name, name, n) == 0)
      return &u->flags[i];
  return NULL;
}

static bool store(const struct vsm_flag *f, const char *value) {
  struct vsm_flag_list *list = f->to;
  switch (f->kind) {
  case VSM_FLAG:
    *(bool *)f->to = true;
    return true;
  case VSM_FLAG_TEXT:
    *(const char **)f->to = value;
    return true;
  case VSM_FLAG_LIST:
    if (list->n == VSM_FLAG_LIST_MAX)
      return false;
    list->at[list->n++] = value;
    return true;
  case VSM_FLAG_COUNT:
    return vsm_number_read(value, f->to);
  }
  return false;
}

static int unknown(const struct vsm_usage *u, const char *arg) {
  const char *names[64];
  char name[64];
  size_t count = u->n_flags < 64 ? u->n_flags : 64, dashes = strspn(arg, "-");
  for (size_t i = 0; i < count; i++)
    names[i] = u->flags[i].name;
  snprintf(name, sizeof name, "%.*s", (int)strcspn(arg, "="), arg);
  return wrong(u, "no option ", name, vsm_nearest(name + dashes, names, count));
}

static bool wants_help(int argc, char **argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      return true;
  return false;
}

int vsm_options(int argc, char **argv, const struct vsm_usage *u, int *n) {
  *n = 0;
  bool all_plain = false;
  if (wants_help(argc, argv)) {
    help(u);
    return VSM_DONE;
  }
  for (int i = 1; i < argc; i++) {
    const char *arg = argv[i];
    if (all_plain || *arg != '-' || arg[1] == '\0') {
      argv[++*n] = argv[i];
      continue;
    }
    if (arg[1] != '-')
      return unknown(u, arg);
    arg += 2;
    if (*arg == '\0') {
      all_plain = true;
      continue;
    }
    size_t len = strcspn(arg, "=");
    const struct vsm_flag *f = find(u, arg, len);
    if (!f)
      return unknown(u, argv[i]);
    const char *value = arg[len] == '=' ? arg + len + 1 : NULL;
    if (f->kind == VSM_FLAG && value)
      return wrong(u, "no value is allowed for --", f->name, NULL);
    if (f->kind != VSM_FLAG && !value && !(value = i + 1 < argc ? argv[++i] : NULL))
      return wrong(u, "a value is missing for --", f->name, NULL);
    if (!store(f, value))
      return wrong(u, f->kind == VSM_FLAG_COUNT ? "a whole number is needed for --" : "given too often: --", f->name,
                   NULL);
  }
  if (*n < u->least)
    return wrong(u, "an argument is missing; ", "see --help", NULL);
  if (*n > u->most)
    return wrong(u, "too many arguments: ", argv[u->most + 1], NULL);
  return -1;
}
