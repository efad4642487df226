// A configuration as a record of the journal keeps it: all that the core's figures depend on, whatever becomes of the
// files that it was read from. It is a text:
//
//   vsmd configuration 1
//   file NAME                     of the file, as rules are shown with it
//   rules LINE LINE ...           of each rule, in the file
//   zone NAME OFFSET N AT:OFFSET ...   of each zone in use: what its clocks show, in seconds
//   text
//   ...                           what vsm_config_print() writes, diagrams and defaults written out
#pragma once
#include "base/str.h"
#include "conf/conf.h"

// Owned by the caller, for free(); NULL: out of memory. Two configurations that are kept alike mean the same.
char *vsm_config_keep(const struct vsm_config *config, size_t *n);
// As vsm_config_parse(); no file is read.
int vsm_config_parse_kept(struct vsm_str kept, struct vsm_config **config, struct vsm_conf_report *report);
