// Keys come from files and lie in memory that no core dump has (base/key.c); libzmq's own copies of them it does have.
#include "agents/lib/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <zmq.h>

#include "vsm/vsm.h"

enum { PATH_BYTES = 1024 };

struct why {
  char *text;
  size_t size;
};

static int fail(struct why why, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(why.text, why.size, fmt, ap);
  va_end(ap);
  return VSM_CLIENT_EKEY;
}

// --- loading

// ~/.config/vsm/NAME.key, and beside it NAME.server.pub.
static void profile_path(const char *name, const char *ending, char out[PATH_BYTES]) {
  const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  if (config && *config == '/')
    snprintf(out, PATH_BYTES, "%s/vsm/%s%s", config, name, ending);
  else
    snprintf(out, PATH_BYTES, "%s/.config/vsm/%s%s", home ? home : "", name, ending);
}

static struct vsm_key *read_own(const char *path, char why[VSM_KEY_WHY_BYTES]) {
  struct vsm_key *key = vsm_key_read(path, true, why);
  if (!key || zmq_curve_public(key->public_key, key->secret_key) == 0)
    return key;
  snprintf(why, VSM_KEY_WHY_BYTES, "%.150s: no secret key of CURVE; vsm keygen makes one", path);
  vsm_key_destroy(key);
  return NULL;
}

static int load(const char *own, const char *server, struct vsm_keys *keys, struct why why) {
  char what[VSM_KEY_WHY_BYTES];
  if (!(keys->own = read_own(own, what)) || !(keys->server = vsm_key_read(server, false, what)))
    return fail(why, "%s", what);
  return 0;
}

int vsm_keys_load(const struct vsm_keys_options *o, struct vsm_keys **out, char *text, size_t size) {
  struct why why = {text, size};
  char own[PATH_BYTES], server[PATH_BYTES];
  const char *profile = o->profile ? o->profile : "default";
  *out = NULL;
  if (!o->key != !o->server_key)
    return fail(why, "%s is given without %s: CURVE needs a key of ours and the server's",
                o->key ? "a key" : "a server's key", o->key ? "the server's" : "one of ours");
  if (o->key && o->profile)
    return fail(why, "a profile and a key are given: one of them");
  if (!*profile || strchr(profile, '/'))
    return fail(why, "\"%s\" is no name of a profile", profile);
  profile_path(profile, ".key", own);
  profile_path(profile, ".server.pub", server);
  if (!o->key && !o->profile && access(own, F_OK) != 0)
    return 0; // nothing is said anywhere: unencrypted
  struct vsm_keys *keys = calloc(1, sizeof *keys);
  if (!keys)
    return VSM_CLIENT_ENOMEM;
  int err = load(o->key ? o->key : own, o->server_key ? o->server_key : server, keys, why);
  if (err)
    vsm_keys_destroy(keys);
  else
    *out = keys;
  return err;
}

bool vsm_keys_of_program(const char *program, const struct vsm_keys_options *files, struct vsm_keys **keys) {
  char why[512];
  if (vsm_keys_load(files, keys, why, sizeof why) != 0) {
    fprintf(stderr, "%s: %s\n", program, why);
    return false;
  }
  if (*keys)
    prctl(PR_SET_DUMPABLE, 0); // libzmq has copies, which no core dump is to have
  return true;
}

void vsm_keys_destroy(struct vsm_keys *keys) {
  if (!keys)
    return;
  vsm_key_destroy(keys->own);
  vsm_key_destroy(keys->server);
  free(keys);
}

// --- making

static int create(const char *path, int mode, const char *text, struct why why) {
  size_t n = strlen(text);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  bool written = fd >= 0 && write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
  int err = written ? 0 : fail(why, "%s: %s", path, strerror(errno));
  if (fd >= 0)
    close(fd);
  return err;
}

int vsm_keys_make(const char *name, char public_key[VSM_KEY_CHARS + 1], char *text, size_t size) {
  struct why why = {text, size};
  char path[PATH_BYTES], pub[PATH_BYTES], secret_key[VSM_KEY_CHARS + 1], file[512];
  if (snprintf(path, sizeof path, "%s.key", name) >= PATH_BYTES ||
      snprintf(pub, sizeof pub, "%s.pub", name) >= PATH_BYTES)
    return fail(why, "the name is too long");
  if (access(pub, F_OK) == 0)
    return fail(why, "%s: %s", pub, strerror(EEXIST));
  if (zmq_curve_keypair(public_key, secret_key) != 0)
    return fail(why, "this system's libzmq has no CURVE");
  snprintf(file, sizeof file,
           "# Whoever can read this file can speak as its owner: it never leaves this machine.\n"
           "public_key: \"%s\"\nsecret_key: \"%s\"\n",
           public_key, secret_key);
  int err = create(path, 0600, file, why);
  explicit_bzero(secret_key, sizeof secret_key);
  explicit_bzero(file, sizeof file);
  if (err)
    return err;
  snprintf(file, sizeof file, "# To be given to whoever is to know the owner of the other half.\npublic_key: \"%s\"\n",
           public_key);
  err = create(pub, 0644, file, why);
  if (err)
    unlink(path);
  return err;
}
