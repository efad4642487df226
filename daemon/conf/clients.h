// Who may connect where daemon.curve is given: the clients file, a list of its own beside the configuration.
#pragma once
#include "conf/conf.h"

enum { VSM_CLIENTS_MAX = 10000 };
enum vsm_role { VSM_EMIT = 1, VSM_WATCH = 2, VSM_CONTROL = 4 };

unsigned vsm_role_of(const char *word); // 0: there is none of this name

struct vsm_conf_client {
  struct vsm_conf_word name, key; // its public key, in Z85
  struct vsm_conf_words roles;
  struct vsm_conf_words sources; // globs that it may emit for, with that role; none: all
  struct vsm_conf_words streams; // ids that it may watch, with that role; none: all
  unsigned may;                  // enum vsm_role
};

struct vsm_clients {
  struct vsm_arena arena;
  struct vsm_conf_client *at;
  unsigned n;
};

// Reads daemon.curve.clients of a configuration. 0 with *out, which the caller owns (NULL where there is no
// daemon.curve); VSM_ECONFIG where there is any mistake. *report is set up by this call and must be given to
// vsm_conf_report_fini() in any case.
int vsm_clients_load(const struct vsm_config *config, struct vsm_clients **out, struct vsm_conf_report *report);
void vsm_clients_destroy(struct vsm_clients *clients); // NULL-safe
