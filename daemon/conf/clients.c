// Read by the same tables as the configuration (schema.c), and with the same complaints. It is a file of its own since
// it changes more often, and by other hands.
#include "conf/clients.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/files.h"
#include "conf/names.h"
#include "conf/reader.h"

unsigned vsm_role_of(const char *word) {
  static const struct {
    const char *name;
    enum vsm_role role;
  } roles[] = {{"emit", VSM_EMIT}, {"watch", VSM_WATCH}, {"control", VSM_CONTROL}};
  for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
    if (strcmp(word, roles[i].name) == 0)
      return roles[i].role;
  return 0;
}

static const char *stream_name(const void *of, size_t i) {
  const struct vsm_config *c = of;
  return i < c->value_streams.n ? vsm_conf_or_empty(c->value_streams.at[i].id.z) : NULL;
}

static bool is_stream(const struct vsm_config *c, const char *id) {
  for (unsigned i = 0; i < c->value_streams.n; i++)
    if (strcmp(c->value_streams.at[i].id.z, id) == 0)
      return true;
  return false;
}

static void check(struct vsm_conf_reader *r, const struct vsm_config *config, struct vsm_conf_client *c) {
  for (unsigned i = 0; i < c->roles.n; i++)
    c->may |= vsm_role_of(c->roles.at[i].z);
  for (unsigned i = 0; i < c->streams.n; i++)
    if (!is_stream(config, c->streams.at[i].z))
      vsm_conf_blame(r, &c->streams.at[i], "no value stream \"%s\"%s", c->streams.at[i].z,
                     vsm_conf_choice(r->report, c->streams.at[i].z, stream_name, config));
}

static void read_clients(struct vsm_conf_reader *r, const struct vsm_config *config, struct vsm_clients *clients,
                         const char *path) {
  struct vsm_conf_word top = {.file = r->file, .line = 1, .column = 1};
  struct {
    struct vsm_conf_client *at;
    unsigned n;
  } list = {0};
  size_t n = 0;
  const char *text = vsm_conf_file(r, &top, path, &n);
  const struct vsm_yaml *tree = text ? vsm_yaml_read(r->arena, r->report, r->file, text, n) : NULL;
  if (!tree)
    return;
  VSM_CONF_CLIENTS.type->read(r, &VSM_CONF_CLIENTS, tree, &list);
  clients->at = list.at;
  clients->n = list.n;
  if (r->report->n_mistakes)
    return;
  for (unsigned i = 0; i < list.n; i++)
    check(r, config, &list.at[i]);
  if (list.n) {
    vsm_conf_check_twice(r, &list.at->name, list.n, sizeof *list.at, "client");
    vsm_conf_check_twice(r, &list.at->key, list.n, sizeof *list.at, "public key");
  }
}

int vsm_clients_load(const struct vsm_config *config, struct vsm_clients **out, struct vsm_conf_report *report) {
  vsm_conf_report_init(report);
  *out = NULL;
  if (!config->curve.clients)
    return 0;
  struct vsm_clients *clients = vsm_mem_alloc(sizeof *clients);
  vsm_arena_init(&clients->arena, 0);
  const char *path = config->curve.clients;
  struct vsm_conf_reader r = {.arena = &clients->arena, .report = report, .file = vsm_conf_report_keep(report, path)};
  read_clients(&r, config, clients, path);
  vsm_conf_report_sort(report);
  if (report->n_mistakes == 0) {
    *out = clients;
    return 0;
  }
  vsm_clients_destroy(clients);
  return VSM_ECONFIG;
}

void vsm_clients_destroy(struct vsm_clients *clients) {
  if (!clients)
    return;
  vsm_arena_fini(&clients->arena);
  free(clients);
}
