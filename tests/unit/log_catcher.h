// What a reader of event logs said, as lines of text: "LINE source|id|type|subject|time|k=v k=v" and "LINE! mistake".
#pragma once
#include <stdio.h>

#include "agents/vsm/logs.h"

struct log_catcher {
  char *text; // owned; complete after log_catcher_close()
  size_t n;
  FILE *out;
  int stop_after; // events; 0: never
};

struct vsm_log_reader log_catcher_open(struct log_catcher *c);
void log_catcher_close(struct log_catcher *c);
