// The tables by which the configuration of vsm-notify is read and printed.
#pragma once
#include "conf/reader.h"

extern const struct vsm_conf_map VSM_NOTIFY_ROOT;       // of struct vsm_settings
extern const struct vsm_conf_map VSM_NOTIFY_CHANNELS[]; // by enum vsm_channel; fields of struct vsm_receiver
