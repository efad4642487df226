// What a text of the configuration must look like. Each returns NULL where the text is good, else what is wrong and
// what is allowed, with *at = offset of the mistake where it is known.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// UTF-8 that can be printed to a terminal and between quotes: no control characters, no line breaks.
const char *vsm_form_text(const char *text, size_t *at);
const char *vsm_form_id(const char *text, size_t *at);
const char *vsm_form_stream_id(const char *text, size_t *at);   // an id, but not `source`
const char *vsm_form_stage_id(const char *text, size_t *at);    // an id, but not `outcome`
const char *vsm_form_calendar_id(const char *text, size_t *at); // an id, but not `none`
const char *vsm_form_source(const char *text, size_t *at);      // of an event, 1 to 128 bytes
const char *vsm_form_glob_source(const char *text, size_t *at);
const char *vsm_form_template(const char *text, size_t *at);
const char *vsm_form_field(const char *text, size_t *at);
const char *vsm_form_zone(const char *text, size_t *at); // as of a time zone; whether there is one the text cannot say
const char *vsm_form_week(const char *text, size_t *at); // "mon-fri 08:00-17:00"
const char *vsm_form_date(const char *text, size_t *at); // "2026-12-25"
const char *vsm_form_span(const char *text, size_t *at); // "STAGE/entered", "STAGE/left"
const char *vsm_form_key(const char *text, size_t *at);  // a public key, 40 characters of Z85
const char *vsm_form_role(const char *text, size_t *at); // emit, watch, control
