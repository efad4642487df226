// Messages that outlive the answer they came in.
#pragma once
#include "vsm/messages.h"

void *vsm_copy(const struct ProtobufCMessage *m); // of the same type; for vsm_drop()
void vsm_drop(void *message);                     // NULL-safe
// The rows of a page, and where it ends, go over to those before it; the page is dropped.
void vsm_copy_append(Vsm__V1__Items *to, Vsm__V1__Items *page);
void vsm_copy_append_visits(Vsm__V1__Visits *to, Vsm__V1__Visits *page);
// Puts copies in the place of the segments that a stream or stage had.
void vsm_copy_segments(Vsm__V1__Segment ***to, size_t *n_to, Vsm__V1__Segment *const *from, size_t n);
