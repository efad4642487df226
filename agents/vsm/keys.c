// One set of keys for all connections of the program, whichever subcommand makes them. Only names of files are ever
// arguments: those are seen by everybody who can list processes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/keys.h"
#include "cmd.h"

static struct vsm_keys_options options;
static struct vsm_keys *keys;
static bool loaded;

static void drop(void) {
  vsm_keys_destroy(keys);
  keys = NULL;
}

const struct vsm_keys *vsm_cli_keys(void) {
  if (loaded)
    return keys;
  loaded = true;
  if (!vsm_keys_of_program("vsm", &options, &keys))
    exit(VSM_FAILED);
  if (keys)
    atexit(drop);
  return keys;
}

static const char **place_of(const char *name, size_t n) {
  const struct {
    const char *name;
    const char **to;
  } all[] = {{"--key", &options.key}, {"--server-key", &options.server_key}, {"--profile", &options.profile}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strlen(all[i].name) == n && strncmp(all[i].name, name, n) == 0)
      return all[i].to;
  return NULL;
}

bool vsm_cli_take_keys(int *argc, char **argv) {
  int n = 1;
  bool plain = false;
  for (int i = 1; i < *argc; i++) {
    size_t len = strcspn(argv[i], "=");
    const char **to = plain ? NULL : place_of(argv[i], len);
    plain |= strcmp(argv[i], "--") == 0;
    if (!to) {
      argv[n++] = argv[i];
      continue;
    }
    *to = argv[i][len] == '=' ? argv[i] + len + 1 : i + 1 < *argc ? argv[++i] : NULL;
    if (!*to) {
      fprintf(stderr, "vsm: a value is missing for %s: the name of %s\n", argv[i],
              to == &options.profile ? "a profile" : "a file");
      return false;
    }
  }
  argv[n] = NULL;
  *argc = n;
  return true;
}
