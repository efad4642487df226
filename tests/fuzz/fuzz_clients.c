// Bytes as a file of who may connect, as one with a key of CURVE, and as one with a secret: what is taken is within the
// limits, what is not is said with its place, and no key is taken that is none.
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/secret.h"
#include "base/key.h"
#include "conf/clients.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/daemon_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void clients(const char *path) {
  struct vsm_config config = *daemon_rig_configuration(0);
  struct vsm_clients *c;
  struct vsm_conf_report report;
  config.curve.clients = path;
  int err = vsm_clients_load(&config, &c, &report);
  assert((err == 0) == (report.n_mistakes == 0) && (err == 0) == (c != NULL));
  for (unsigned i = 0; i < report.n_mistakes; i++)
    assert(report.mistakes[i].line > 0 && report.mistakes[i].column > 0 && report.mistakes[i].text[0]);
  for (unsigned i = 0; c && i < c->n; i++)
    assert(vsm_key_well_formed(c->at[i].key.z) && c->at[i].name.z[0] && c->at[i].may < 8);
  assert(!c || c->n <= VSM_CLIENTS_MAX);
  vsm_conf_report_fini(&report);
  vsm_clients_destroy(c);
}

static void key(const char *path, bool secret) {
  char why[VSM_KEY_WHY_BYTES] = "";
  struct vsm_key *k = vsm_key_read(path, secret, why);
  assert(k ? vsm_key_well_formed(secret ? k->secret_key : k->public_key) : *why);
  assert(!k || secret || !*k->secret_key);
  vsm_key_destroy(k);
}

static void secret(const char *path) {
  struct vsm_secret s;
  char room[512];
  const char *why = vsm_secret_read(path, &s, room, sizeof room);
  assert(why ? *why && !s.z : s.n > 0 && s.n == strlen(s.z) && s.n <= VSM_SECRET_BYTES_MAX);
  vsm_secret_wipe(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return -1;
  const char *path = fuzz_file((struct vsm_str){(const char *)data + 1, size - 1});
  if (data[0] % 4 == 0)
    key(path, false);
  else if (data[0] % 4 == 1)
    key(path, true);
  else if (data[0] % 4 == 2)
    secret(path);
  else
    clients(path);
  return 0;
}
