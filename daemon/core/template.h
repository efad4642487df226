// Templates of the mapping: text with {fields}; doubled braces stand for themselves.
#pragma once
#include "base/arena.h"
#include "core/event.h"
#include "core/model.h"

// Parses text into out (parts live in arena and borrow from text). Returns 0, VSM_ENOMEM, or VSM_EFORMAT with
// *at = offset of the mistake and *what = static text: what is wrong, what is allowed.
int vsm_template_parse(struct vsm_arena *arena, const char *text, struct vsm_template *out, size_t *at,
                       const char **what);

// Parses the name of one field ("subject", "data.KEY") for a condition. Errors as above.
int vsm_field_parse(const char *text, struct vsm_field *out, const char **what);

// The field's value in an event; missing and empty are the same (n = 0).
struct vsm_str vsm_field_value(const struct vsm_field *field, const struct vsm_event *event);

// Expands into buf. Returns the length, or -1 with *missing = the field that is empty (if asked for), or -2 where
// the text is longer than size.
long vsm_template_expand(const struct vsm_template *t, const struct vsm_event *event, char *buf, size_t size,
                         const struct vsm_field **missing);
