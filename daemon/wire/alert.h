// An alert's view -> the message that answers and publications share; for reply.c and publication.c alone.
#pragma once
#include "wire/build.h"
#include "wire/sentence.h"

// Fills in a message.
void vsm_build_alert(struct vsm_build *b, const struct vsm_sentence_context *context, const struct vsm_alert_view *v,
                     Vsm__V1__Alert *out);
void vsm_build_mark(struct vsm_build *b, const struct vsm_mark_view *v, Vsm__V1__AlertMark *out);
