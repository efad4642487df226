// A file `forgetting`: while it is there something is to be forgotten that may still stand in the directory.
#pragma once
#include <stdbool.h>

int vsm_forgetting_mark(const char *directory); // 0 or VSM_EIO
bool vsm_forgetting_is_marked(const char *directory);
void vsm_forgetting_unmark(const char *directory);
#define VSM_FORGETTING "forgetting"
