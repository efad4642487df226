// A load of which some comes from elsewhere than from files; for kept.c.
#pragma once
#include "conf/conf.h"

struct vsm_zone;

// What a configuration kept beside its text.
struct vsm_conf_kept {
  const unsigned *rule_lines;
  unsigned n_rules;
  const struct vsm_zone *zones;
  unsigned n_zones;
};

// As vsm_config_parse(), with what was kept, which is borrowed during the call. text NULL: it was not understood, which
// is the one mistake.
int vsm_config_parse_with(const char *path, const char *text, const struct vsm_conf_kept *kept,
                          struct vsm_config **config, struct vsm_conf_report *report);
