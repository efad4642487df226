// The process as the system sees it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

uint64_t vsm_process_resident_bytes(void);
bool vsm_process_has_descriptors(void); // at least one more
// Each connection takes a descriptor; the limit that a shell gives is for programs of another kind.
void vsm_process_raise_descriptor_limit(void);
