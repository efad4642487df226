// Names that a configuration gives.
#pragma once
#include "conf/reader.h"

// Ids, `size` apart, that are given twice.
void vsm_conf_check_twice(struct vsm_conf_reader *r, const struct vsm_conf_word *first, size_t n, size_t size,
                          const char *what);
vsm_name_fn vsm_conf_stage_id, vsm_conf_segment; // of a struct vsm_conf_stream
