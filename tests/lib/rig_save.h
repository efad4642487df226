// A core as bytes, and back.
#pragma once
#include "core/core.h"

struct vsm_str rig_save(const struct vsm_core *core); // p: for free(); NULL: no memory
int rig_load(const struct vsm_model *model, struct vsm_str bytes, struct vsm_core **core); // as vsm_loading_go_on()
