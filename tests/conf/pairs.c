// Runs the pairs of this folder: NAME.yaml with NAME.ok, what --check prints of it, or with NAME.err, its mistakes.
// What is printed must load and print to the same again. With VSM_CONF_UPDATE set, writes what comes out in place of
// comparing (a new pair needs an empty NAME.ok or NAME.err). Without arguments all, else the names given; after
// --again files, of which only that is asked; after --doc documents, whose examples must load.
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"

// Printed configuration, or mistakes, of a file; for free().
static char *outcome(const char *path, bool *good) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  char *text = NULL;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  *good = vsm_config_load(path, &config, &report) == 0;
  if (*good)
    vsm_config_print(config, out);
  else
    vsm_conf_report_print(&report, out);
  vsm_conf_report_fini(&report);
  vsm_config_destroy(config);
  fclose(out);
  return text;
}

static char *slurp(const char *path) {
  FILE *f = fopen(path, "r");
  char *text = NULL;
  size_t size = 0;
  if (!f)
    return NULL;
  if (getdelim(&text, &size, '\0', f) < 0) {
    free(text);
    text = strdup("");
  }
  fclose(f);
  return text;
}

static bool spill(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  bool good = f && fputs(text, f) >= 0;
  return f && fclose(f) == 0 && good;
}

// What is printed loads, and prints to the same.
static bool comes_back(const char *name, const char *yaml) {
  char path[] = "/tmp/vsm-conf-XXXXXX";
  int fd = mkstemp(path);
  if (fd < 0)
    return false;
  close(fd);
  bool good, first;
  char *once = outcome(yaml, &first);
  spill(path, once);
  char *again = outcome(path, &good);
  unlink(path);
  bool same = good && strcmp(once, again) == 0;
  if (!same)
    fprintf(stderr, "%s: what is printed does not come back:\n%s--- printed again:\n%s", name, once, again);
  free(once);
  free(again);
  return same;
}

static void show_difference(const char *name, const char *want, const char *got) {
  size_t at = 0;
  while (want[at] && want[at] == got[at])
    at++;
  while (at && want[at - 1] != '\n')
    at--;
  fprintf(stderr, "%s differs (VSM_CONF_UPDATE=1 takes what came out)\n  want: %.*s\n  got:  %.*s\n", name,
          (int)strcspn(want + at, "\n"), want + at, (int)strcspn(got + at, "\n"), got + at);
}

static bool pair(const char *name) {
  char yaml[300], expected[300];
  snprintf(yaml, sizeof yaml, "%s.yaml", name);
  bool good;
  char *got = outcome(yaml, &good);
  snprintf(expected, sizeof expected, "%s.%s", name, good ? "ok" : "err");
  char *want = slurp(expected);
  bool passed = want && strcmp(want, got) == 0;
  if (want && getenv("VSM_CONF_UPDATE"))
    passed = spill(expected, got);
  else if (!want)
    fprintf(stderr, "%s: no %s to compare with; came out:\n%s", name, expected, got);
  else if (!passed)
    show_difference(name, want, got);
  if (good)
    passed = comes_back(name, yaml) && passed;
  free(want);
  free(got);
  return passed;
}

// The next ```yaml block of a document but those it calls wrong, NUL-terminated in place; NULL: none. *at moves behind.
static char *next_block(char **at) {
  char *fence = strstr(*at, "\n```yaml");
  while (fence && strncmp(fence, "\n```yaml wrong", 14) == 0)
    fence = strstr(fence + 1, "\n```yaml");
  char *from = fence ? strchr(fence + 1, '\n') : NULL;
  char *to = from ? strstr(from, "\n```\n") : NULL;
  if (!to)
    return NULL;
  to[1] = '\0';
  *at = to + 2;
  return from + 1;
}

// Examples in a document load: whole ones as they stand, single rules behind the first whole one.
static bool document(const char *path) {
  char *text = slurp(path), *at = text, *block;
  const char *first = "";
  int n = 0, failed = 0;
  for (; text && (block = next_block(&at)) != NULL; n++) {
    bool rule = strncmp(block, "  - ", 4) == 0;
    char *whole = NULL;
    struct vsm_config *config;
    struct vsm_conf_report report;
    if (asprintf(&whole, "%s%s", rule ? first : "", block) < 0)
      return false;
    if (vsm_config_parse(path, whole, &config, &report) != 0) {
      fprintf(stderr, "%s: an example does not load:\n%s", path, block);
      vsm_conf_report_print(&report, stderr);
      failed++;
    }
    vsm_conf_report_fini(&report);
    vsm_config_destroy(config);
    free(whole);
    first = *first ? first : block;
  }
  free(text);
  printf("%s: %d examples, %d failed\n", path, n, failed);
  return n > 0 && failed == 0;
}

static int is_yaml(const struct dirent *e) {
  const char *dot = strrchr(e->d_name, '.');
  return dot && strcmp(dot, ".yaml") == 0;
}

int main(int argc, char **argv) {
  struct dirent **found;
  int failed = 0, n = argc - 1;
  bool again = argc > 1 && strcmp(argv[1], "--again") == 0;
  bool doc = argc > 1 && strcmp(argv[1], "--doc") == 0;
  for (int i = 1 + (again || doc); i < argc; i++)
    failed += again ? !comes_back(argv[i], argv[i]) : doc ? !document(argv[i]) : !pair(argv[i]);
  if (argc == 1) {
    n = scandir(".", &found, is_yaml, alphasort);
    for (int i = 0; i < n; i++) {
      *strrchr(found[i]->d_name, '.') = '\0';
      failed += !pair(found[i]->d_name);
      free(found[i]);
    }
    free(n >= 0 ? found : NULL);
  }
  printf("%d pairs, %d failed\n", n, failed);
  return n < 1 || failed;
}
